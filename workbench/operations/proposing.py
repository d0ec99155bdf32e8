"""Propose pairs from essays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from curation.pairs import PairText, propose
from curation.paragraphs import Paragraph
from store import essays, pairs
from workbench.operations.curating import new_pair
from workbench.operations.project import Project
from workbench.operations.tokens import counter


def propose_pairs(
    project: Project,
    source_ids: Sequence[int] = (),
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Propose continuation pairs for the named sources, or for all that have none; return how many.

    Proposals nobody decided on are replaced; decided pairs stay.
    """
    rows = essays.rows(project.db)
    if source_ids:
        wanted = set(source_ids)
        rows = [row for row in rows if row.id in wanted]
    else:
        rows = [row for row in rows if not (row.proposed or row.accepted or row.rejected)]
    count = counter(project).count
    made = 0
    for number, row in enumerate(rows, start=1):
        if cancelled():
            break
        progress(number, len(rows), row.title)
        text = essays.text(project.db, row.id)
        blocks = [
            Paragraph(kind=block.kind, start=block.start, end=block.end)
            for block in essays.paragraphs(project.db, row.id)
        ]
        proposals = propose(
            text,
            blocks,
            count_tokens=count,
            response_tokens=project.settings.response_tokens,
            context_tokens=project.settings.context_tokens,
            cleaning=project.settings.cleaning,
        )
        new = [new_pair(item.tier, PairText(item.prompt, item.response), item.start, item.end) for item in proposals]
        if new or row.proposed:
            made += len(pairs.propose(project.db, row.id, new, f"propose {len(new)} pairs from {row.title}"))
    return made
