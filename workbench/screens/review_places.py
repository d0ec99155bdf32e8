"""Which run's review is opened, and at which of its pairs; no widget is touched here, only data asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.screens.run_lines import short_name

if TYPE_CHECKING:
    from workbench.operations.project import Project
    from workbench.operations.reviewing import ReviewView
    from workbench.screens.review_lines import Stand

# In the place of a pair: the tally, after the last one. No prompt has an empty name.
TALLY = ("", -1)
# What the newest run whose review she has had open is kept under.
KNOWN = "known"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back when a review was asked for.

    Attributes:
        view: the review; None where there is none.
        run: whose; None where no run can be reviewed.
        waiting: where there is none, why, and what to do.
        masked: as it was kept; None where that was not asked for.
        pair: prompt and index of the pair to stand at; None where nothing says so.
        left_step: of training, of the samples that were left there; None where that was not asked for or is not known.
        known: the newest run whose review she has had open.
        newer: the newest run that can be reviewed, where it is newer than that.
    """

    view: ReviewView | None
    run: str | None
    waiting: tuple[str, str] = ("", "")
    masked: bool | None = None
    pair: tuple[str, int] | None = None
    left_step: int | None = None
    known: str | None = None
    newer: str | None = None


def ask_review(
    project: Project, run: str | None, pair: tuple[str, int] | None, *, recall: bool, known: str | None = None
) -> Answer:
    """Return the review of a run, and whether samples of a newer one came meanwhile.

    Args:
        project: whose runs.
        run: the run; None for the one that was kept, or the first that can be reviewed.
        pair: prompt and index of the pair to stand at; None for the one that was kept.
        recall: whether to look for what was kept.
        known: the newest run whose review she has had open; None for the one that was kept.
    """
    from workbench.operations import guide
    from workbench.operations.awaiting import nothing_to_review
    from workbench.operations.errors import NothingToDoError
    from workbench.operations.reviewing import is_masked, news, review, reviewable_runs

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
    left_step = None
    if pair is None and kept.get("run") == run:
        pair = TALLY if kept.get("tally") else (str(kept.get("slug", "")), int(kept.get("index", 0)))
        left_step = kept.get("step")
    kept_known = known or guide.recall(project, f"review.{KNOWN}")
    known, newer = news(project, run, kept_known if isinstance(kept_known, str) else None)
    return Answer(view=view, run=run, masked=masked, pair=pair, left_step=left_step, known=known, newer=newer)


def kept_place(stand: Stand) -> dict[str, object]:
    """Return where a review stands as it is kept."""
    comparison = stand.comparison
    place: dict[str, object] = {"run": stand.view.run, "step": step_of(stand.view)}
    if comparison is None:
        return place | {"tally": True}
    return place | {"slug": comparison.base.canary_slug, "index": comparison.base.idx}


def step_of(view: ReviewView) -> int | None:
    """Return the step of training that the samples of a review are of; None where there are none."""
    return view.comparisons[0].adapter.step if view.comparisons else None


def news_words(answer: Answer, left_step: int | None) -> str:
    """Say what came since she stood there last; empty where nothing did.

    Args:
        answer: what came back.
        left_step: the step of training that the samples there were of; None where that is not known.
    """
    step = step_of(answer.view) if answer.view is not None else None
    said = []
    if left_step is not None and step is not None and step != left_step:
        said.append(f"These are samples of step {step}: they came in place of those of step {left_step}.")
    if answer.newer is not None:
        said.append(f"Newer samples came, of {short_name(answer.newer, 40)}: O goes there.")
    return " ".join(said)


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
