"""Which samples of a run are worth reading in a report: those the author flagged or noted on, else the first judged."""

from __future__ import annotations

from dataclasses import dataclass

from curation.quoted import quoted
from store.annotations import Annotation
from workbench.operations.errors import NothingToDoError
from workbench.operations.experiment_records import Records
from workbench.operations.project import Project
from workbench.operations.reviewing import Comparison, review

# More than this nobody reads in a report of many runs; Review holds them all.
_MOST = 6
_VERDICTS = {"left": "the base was better", "right": "the run was better", "tie": "a tie", "both bad": "both bad"}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Two samples of one prompt and index, and what the author said of them."""

    prompt: str
    index: int
    base: str
    run: str
    verdict: str
    notes: tuple[str, ...]


def chosen_samples(project: Project, records: Records, run: str) -> tuple[Chosen, ...]:
    """Return some samples of a run with those of its base; none where its review is masked and goes on."""
    return () if records.verdicts.is_withheld(run) else _worth_reading(project, records, run)


def withholds_samples(project: Project, records: Records, run: str) -> bool:
    """Say whether a report leaves out samples of a run that it would show if its review were not masked."""
    return records.verdicts.is_withheld(run) and bool(_worth_reading(project, records, run))


def _worth_reading(project: Project, records: Records, run: str) -> tuple[Chosen, ...]:
    if records.verdicts.against_base(run) is None:
        return ()
    try:
        view = review(project, run)
    except NothingToDoError:
        return ()

    def said(item: Comparison) -> tuple[str, ...]:
        words = []
        for name, sample in (("base", item.base), ("run", item.adapter)):
            for note in view.annotations.get(sample.id, ()):
                words.append(f"{name}: {_said_words(note, sample.text)}")
        return tuple(words)

    noted = [item for item in view.comparisons if said(item)]
    judged = [item for item in view.comparisons if item.verdict]
    return tuple(
        Chosen(
            prompt=item.base.canary_slug,
            index=item.base.idx,
            base=item.base.text,
            run=item.adapter.text,
            verdict=_VERDICTS[item.verdict] if item.verdict else "not judged",
            notes=said(item),
        )
        for item in (noted or judged[:1])[:_MOST]
    )


def _said_words(note: Annotation, text: str) -> str:
    """Say what the author said of a sample: what it is, what it is on or how it was rated, and her words."""
    what = note.label or note.kind
    if note.kind == "mark":
        what += f" {quoted(text[note.start : note.end])}"
    elif note.kind == "rating":
        what += f" {note.value} of 5"
    return f"{what}: {note.body}" if note.body else what
