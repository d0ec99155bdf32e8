"""Propose pairs from essays: of the tiers the author chose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from curation.pairs import Tier
from curation.paragraphs import Paragraph
from curation.reshape import PairText
from curation.tiers import propose_tier
from store import essays, history, pair_reading, pairs
from store.essays import SourceRow
from store.pairs import NewPair
from workbench.operations.curating import some
from workbench.operations.project import Project
from workbench.operations.reshaping import new_pair
from workbench.operations.tokens import counter

# What a layout adds to a pair, at most, in tokens.
_LAYOUT_TOKENS = 8


def propose_pairs(
    project: Project,
    source_ids: Sequence[int] = (),
    *,
    tiers: Sequence[Tier] = ("continuation",),
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Propose pairs of some tiers for the named sources, or for all that have none of the tier; return how many.

    All of it is one edit. Proposals of these tiers that nobody decided on or wrote in are replaced; all others stay.
    """
    rows = essays.rows(project.db)
    having: dict[Tier, set[int]] = {}
    if source_ids:
        wanted = set(source_ids)
        rows = [row for row in rows if row.id in wanted]
    else:
        having = {tier: pairs.sources_having(project.db, tier) for tier in tiers}
        rows = [row for row in rows if any(row.id not in having[tier] for tier in tiers)]
    made = 0
    label = "propose pairs"
    with history.spanning(project.db, label) as span:
        for number, row in enumerate(rows, start=1):
            if cancelled():
                break
            progress(number, len(rows), row.title)
            chosen = [tier for tier in tiers if row.id not in having.get(tier, ())]
            new = _proposals(project, row, chosen)
            if new or row.proposed:
                made += len(pairs.propose(project.db, row.id, new, label, tiers=chosen))
            span.label = f"propose {some(made)} from {row.title if len(rows) == 1 else f'{len(rows)} essays'}"
    if len(rows) > 1 and not cancelled():
        pair_reading.put_together(project.db)
    return made


def _proposals(project: Project, row: SourceRow, tiers: Sequence[Tier]) -> list[NewPair]:
    settings = project.settings
    text = essays.text(project.db, row.id)
    blocks = [
        Paragraph(kind=block.kind, start=block.start, end=block.end) for block in essays.paragraphs(project.db, row.id)
    ]
    room = settings.max_length - settings.context_tokens - _LAYOUT_TOKENS
    found = [
        item
        for tier in tiers
        for item in propose_tier(
            tier,
            text,
            blocks,
            source_kind=row.kind,
            count_tokens=counter(project).count,
            response_tokens=settings.response_tokens,
            context_tokens=settings.context_tokens,
            longest_tokens=max(room, settings.response_tokens),
            cleaning=settings.cleaning,
        )
    ]
    return [new_pair(project, item.tier, PairText(item.prompt, item.response), item.start, item.end) for item in found]
