"""Review: samples of the base against samples of a run, paired by prompt and index, with verdict, notes and marks."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from store import annotations as notes
from store import program, runs, samples
from store.annotations import Annotation
from store.samples import Sample
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.project import Project

Verdict = Literal["left", "right", "tie", "both bad"]
MASKED = "review.masked"
"""Where the program keeps whether Review hides the names."""
LABELS = ("voice", "cliche", "collapse", "leak", "copied")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One canary prompt and index: the base's sample and the run's.

    Attributes:
        base: as the base wrote it.
        adapter: as the run's adapter wrote it, from the same seed.
        swapped: with masking on, whether the base stands on the right; the same for good.
        verdict: `left` is the base, `right` the run, whatever side they were shown on; None before she judged.
        masked: whether names were hidden when she judged.
    """

    base: Sample
    adapter: Sample
    swapped: bool
    verdict: Verdict | None
    masked: bool


@dataclass(frozen=True, kw_only=True)
class ReviewView:
    """A run's review: every comparison in order, and the annotations of their samples by sample id."""

    run: str
    base_run: str
    comparisons: tuple[Comparison, ...]
    annotations: dict[int, tuple[Annotation, ...]]

    @property
    def judged(self) -> int:
        """How many have a verdict."""
        return sum(1 for item in self.comparisons if item.verdict)


def is_masked(project: Project) -> bool:
    """Say whether Review hides the names: what tells whose a sample is waits for its verdict then."""
    return program.recall(project.db, MASKED) is True


def reviewable_runs(project: Project) -> list[str]:
    """Return the runs that have adapter samples and a base to compare with, newest first."""
    return [name for name in samples.runs_with(project.db, "adapter") if _base_run(project, name)]


def news(project: Project, run: str, known: str | None) -> tuple[str, str | None]:
    """Return the newest run whose review the author has had open, and a newer one that can be reviewed, or None.

    Args:
        project: whose runs.
        run: the run that is shown.
        known: the newest she has had open before; None for none.
    """
    written = samples.runs_with(project.db, "adapter")
    seen = next((name for name in written if name in (run, known)), run)
    newer = written[: written.index(seen)] if seen in written else []
    return seen, next((name for name in newer if _base_run(project, name)), None)


def review(project: Project, run: str) -> ReviewView:
    """Return the review of one run.

    Raises:
        NothingToDoError: it has no adapter samples, or no base samples to compare with, yet.
    """
    base_run = _base_run(project, run)
    written = samples.of_run(project.db, run, "adapter")
    if not written:
        raise NothingToDoError(f"{run} has no samples of its adapter yet. They come when it has trained.")
    if base_run is None:
        raise NothingToDoError(f"{run}: the base has not been sampled with these prompts. Run `workbench sample`.")
    base = {(item.canary_slug, item.idx): item for item in samples.of_run(project.db, base_run, "base")}
    both = [(base[item.canary_slug, item.idx], item) for item in written if (item.canary_slug, item.idx) in base]
    verdicts = notes.verdicts(project.db, [(left.id, right.id) for left, right in both])
    noted = notes.of_samples(project.db, [item.id for pair in both for item in pair])
    grouped: dict[int, list[Annotation]] = {}
    for item in noted:
        grouped.setdefault(item.sample_id, []).append(item)
    comparisons = []
    for left, right in both:
        verdict = verdicts.get((left.id, right.id))
        comparisons.append(
            Comparison(
                base=left,
                adapter=right,
                swapped=random.Random(f"{left.id}-{right.id}").random() < 0.5,
                verdict=verdict.verdict if verdict else None,
                masked=verdict.masked if verdict else False,
            )
        )
    return ReviewView(
        run=run,
        base_run=base_run,
        comparisons=tuple(comparisons),
        annotations={key: tuple(value) for key, value in grouped.items()},
    )


def only(view: ReviewView, sample_ids: Collection[int]) -> ReviewView:
    """Return a review of those pairs only of which one of some samples is a side."""
    kept = [item for item in view.comparisons if item.base.id in sample_ids or item.adapter.id in sample_ids]
    return replace(view, comparisons=tuple(kept))


def judge(
    project: Project, comparison: Comparison, verdict: Verdict, *, masked: bool, replace_masked: bool = False
) -> None:
    """Record a verdict; judging again replaces it, and undo brings the old one back.

    One with the names shown never takes the place of a masked one unless it is told to; where it says the same, the
    masked one stays.

    Args:
        project: whose review.
        comparison: what was judged.
        verdict: `left` for the base, `right` for the run: turn the shown side back before calling, see `side`.
        masked: whether names were hidden.
        replace_masked: whether it may take the place of a masked one though the names are shown.

    Raises:
        Conflict: a masked verdict stands that says something else.
    """
    notes.set_verdict(
        project.db, comparison.base.id, comparison.adapter.id, verdict, masked, replace_masked=replace_masked
    )


def side(comparison: Comparison, shown: Literal["left", "right"], *, masked: bool) -> Verdict:
    """Turn the side of the screen into the base (`left`) or the run (`right`)."""
    if masked and comparison.swapped:
        return "right" if shown == "left" else "left"
    return shown


def set_note(project: Project, sample_id: int, text: str) -> None:
    """Write the note of a sample; an empty text removes it."""
    notes.set_note(project.db, sample_id, text.strip(), whose=not is_masked(project))


def add_mark(project: Project, sample_id: int, label: str, start: int, end: int) -> int:
    """Mark characters `start` to `end` of a sample's text.

    Raises:
        WorkbenchError: an unknown label, or a span outside the text.
    """
    text = samples.get(project.db, sample_id).text
    if label not in LABELS:
        raise WorkbenchError(f"No mark named {label!r}. Known: {', '.join(LABELS)}.")
    if not 0 <= start < end <= len(text):
        raise WorkbenchError(f"The mark {start} to {end} lies outside the sample's {len(text)} characters.")
    return notes.add_mark(project.db, sample_id, label, start, end, whose=not is_masked(project))


def toggle_flag(project: Project, sample_id: int) -> bool:
    """Flag a sample, or take the flag off; return whether it is flagged now."""
    return notes.toggle_flag(project.db, sample_id, whose=not is_masked(project))


def remove_annotation(project: Project, annotation_id: int) -> None:
    """Remove a note or a mark; undo brings it back."""
    notes.remove(project.db, annotation_id, whose=not is_masked(project))


def tally(view: ReviewView) -> dict[str, int]:
    """Count the verdicts: base, run, tie, both bad. Counts, not a score."""
    names = {"left": "base", "right": "run", "tie": "tie", "both bad": "both bad"}
    counts = dict.fromkeys(names.values(), 0)
    for item in view.comparisons:
        if item.verdict:
            counts[names[item.verdict]] += 1
    return counts


def prompts_of(view: ReviewView) -> Sequence[str]:
    """Return the canary slugs in order."""
    return list(dict.fromkeys(item.base.canary_slug for item in view.comparisons))


def _base_run(project: Project, run: str) -> str | None:
    return runs.base_run(project.db, runs.get(project.db, run).sample_key)
