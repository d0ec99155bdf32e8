"""Let pairs follow the texts they were made from, after essays were read again.

This is no edit of the author's, and undone by none: where the text only moved, the pair moves with it; where it reads
otherwise, the pair is marked and says what it said until she settles it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from curation.following import Comparison, Tied
from store import essays, following
from store.following import Move, StaleSource, TiedPair
from workbench.operations.project import Project


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What became of the pairs of one essay that was changed.

    Attributes:
        source_id: the essay.
        title: its title.
        moved: pairs that say what they said, wherever it stands now.
        changed: pairs whose text reads otherwise now, to be settled.
        fresh: paragraphs that came.
    """

    source_id: int
    title: str
    moved: int
    changed: int
    fresh: int


def catch_up(project: Project, *, cancelled: Callable[[], bool] = lambda: False) -> list[Followed]:
    """Compare the pairs of every essay that was changed with its text as it stands; return what became of them."""
    done = []
    for source in following.stale(project.db):
        if cancelled():
            break
        found = _follow(project, source)
        if found is not None:
            done.append(found)
    return done


def after_reversal(project: Project, source_ids: Sequence[int]) -> None:
    """Let pairs and new paragraphs follow what an undo or a redo did to some sources."""
    catch_up(project)
    for source in following.reproposed(project.db, source_ids):
        fresh = []
        if source.proposed_hash not in (None, source.text_hash):
            before = essays.text_of(project.db, str(source.proposed_hash))
            fresh = Comparison(before, essays.text_of(project.db, source.text_hash), project.settings.cleaning).fresh()
        following.freshen(project.db, source, fresh)


def tie(pair: TiedPair) -> Tied:
    """Return a pair as the comparison takes it."""
    return Tied(
        id=pair.id,
        prompt=pair.prompt,
        response=pair.response,
        start=pair.start,
        end=pair.end,
        position=pair.position,
    )


def _follow(project: Project, source: StaleSource) -> Followed | None:
    db = project.db
    now = essays.text_of(db, source.text_hash)
    comparisons: dict[str, Comparison] = {}

    def compared_with(digest: str) -> Comparison:
        if digest not in comparisons:
            comparisons[digest] = Comparison(essays.text_of(db, digest), now, project.settings.cleaning)
        return comparisons[digest]

    moves = []
    for pair in following.tied(db, source.id):
        found = compared_with(pair.text_hash).follow(tie(pair))
        moves.append(
            Move(
                id=pair.id,
                made_from=pair.text_hash,
                changed=found.changed,
                start=found.start,
                end=found.end,
                position=found.position,
            )
        )
    fresh = []
    if source.proposed_hash not in (None, source.text_hash):
        fresh = compared_with(str(source.proposed_hash)).fresh()
    if not following.follow(db, source, moves, fresh):
        return None
    changed = sum(move.changed for move in moves)
    return Followed(
        source_id=source.id, title=source.title, moved=len(moves) - changed, changed=changed, fresh=len(fresh)
    )
