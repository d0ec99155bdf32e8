"""Which run's review is opened, and at which of its pairs; no widget is touched here, only data asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.operations.project import Project
    from workbench.operations.reviewing import ReviewView
    from workbench.screens.review_lines import Stand

# In the place of a pair: the tally, after the last one. No prompt has an empty name.
TALLY = ("", -1)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back when a review was asked for.

    Attributes:
        view: the review; None where there is none.
        run: whose; None where no run can be reviewed.
        waiting: where there is none, why, and what to do.
        masked: as it was kept; None where that was not asked for.
        pair: prompt and index of the pair to stand at; None where nothing says so.
    """

    view: ReviewView | None
    run: str | None
    waiting: tuple[str, str] = ("", "")
    masked: bool | None = None
    pair: tuple[str, int] | None = None


def ask_review(project: Project, run: str | None, pair: tuple[str, int] | None, *, recall: bool) -> Answer:
    """Return the review of a run.

    Args:
        project: whose runs.
        run: the run; None for the one that was kept, or the first that can be reviewed.
        pair: prompt and index of the pair to stand at; None for the one that was kept.
        recall: whether to look for what was kept.
    """
    from workbench.operations import guide
    from workbench.operations.awaiting import nothing_to_review
    from workbench.operations.errors import NothingToDoError
    from workbench.operations.reviewing import is_masked, review, reviewable_runs

    place = guide.recall(project, "review.place") if recall else None
    masked = is_masked(project) if recall else None
    kept = place if isinstance(place, dict) else {}
    run = run or kept.get("run") or next(iter(reviewable_runs(project)), None)
    if run is None:
        return Answer(view=None, run=None, waiting=nothing_to_review(project), masked=masked)
    try:
        view = review(project, run)
    except NothingToDoError:
        return Answer(view=None, run=run, waiting=nothing_to_review(project, run), masked=masked)
    if pair is None and kept.get("run") == run:
        pair = TALLY if kept.get("tally") else (str(kept.get("slug", "")), int(kept.get("index", 0)))
    return Answer(view=view, run=run, masked=masked, pair=pair)


def kept_place(stand: Stand) -> dict[str, object]:
    """Return where a review stands as it is kept."""
    comparison = stand.comparison
    if comparison is None:
        return {"run": stand.view.run, "tally": True}
    return {"run": stand.view.run, "slug": comparison.base.canary_slug, "index": comparison.base.idx}


def first_place(view: ReviewView, pair: tuple[str, int] | None) -> int:
    """Return the index to open a review at: of a pair by prompt and index, else of the first without a verdict."""
    keys = _keys(view)
    if pair in keys:
        return keys.index(pair)
    if pair == TALLY:
        return len(keys)
    return next((index for index, item in enumerate(view.comparisons) if item.verdict is None), 0)


def same_place(before: Stand, view: ReviewView) -> int:
    """Return the index, in a review that was asked for again, of the pair that stood there before."""
    here = before.comparison
    if here is None:
        return len(view.comparisons)
    keys, wanted = _keys(view), (here.base.canary_slug, here.base.idx)
    return keys.index(wanted) if wanted in keys else 0


def touched_place(before: Stand, view: ReviewView) -> int | None:
    """Return the index of the first pair whose verdict or annotations are others than before; None if there is none."""
    for index, (old, new) in enumerate(zip(before.view.comparisons, view.comparisons, strict=False)):
        ids = (new.base.id, new.adapter.id)
        said_anew = any(before.view.annotations.get(key) != view.annotations.get(key) for key in ids)
        if said_anew or old.verdict != new.verdict:
            return index
    return None


def _keys(view: ReviewView) -> list[tuple[str, int]]:
    return [(item.base.canary_slug, item.base.idx) for item in view.comparisons]
