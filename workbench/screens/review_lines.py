"""What Review says around the two texts: where it stands, whose text is whose, marks, notes, and the tally.

The decision to know: a side of the screen is A (left) or B (right); who that is, base or run, is said only where names
are shown. Everything here takes a `Stand` and gives `Content`, so it can be tested without a screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from textual.content import Content

from curation.counted import counted
from workbench.screens.run_lines import seed_words, short_name, size_words
from workbench.widgets.plain import cell, one_line, visible, wrap
from workbench.widgets.sample_text import LABEL_NAMES, MARK_KEYS, Mark, mark_style

if TYPE_CHECKING:
    from store.annotations import Annotation
    from store.samples import Sample
    from workbench.operations.reviewing import Comparison, ReviewView, Verdict

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
LETTERS = {"left": "A", "right": "B"}
Part = tuple[str, str] | str
# What is open over the two texts: nothing, the whole prompt, or the real piece.
Opened = Literal["", "prompt", "reference"]
# What is counted of a pair's samples beside its verdict.
_COUNTED = ("mark", "note", "flag", "rating", "tag")
# How much of a prompt is seen while it is not open, in lines.
PROMPT_LINES = 3


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Where a review stands.

    Attributes:
        view: the run's comparisons and annotations.
        index: of the pair shown; one past the last for the tally.
        masked: names are hidden and sides shuffled.
        revealed: the names of this pair are shown all the same.
    """

    view: ReviewView
    index: int = 0
    masked: bool = False
    revealed: bool = False

    @property
    def comparison(self) -> Comparison | None:
        """The pair shown; None at the tally."""
        return self.view.comparisons[self.index] if self.index < len(self.view.comparisons) else None

    @property
    def hidden(self) -> bool:
        """Whether names are hidden now."""
        return self.masked and not self.revealed

    def is_base(self, side: Side) -> bool:
        """Whether the base stands on a side."""
        swapped = self.masked and self.comparison is not None and self.comparison.swapped
        return (side == "left") != swapped

    def sample(self, side: Side) -> Sample:
        """Return the sample on a side."""
        assert self.comparison is not None
        return self.comparison.base if self.is_base(side) else self.comparison.adapter

    def annotations(self, side: Side) -> tuple[Annotation, ...]:
        """Return what was said of the sample on a side."""
        return self.view.annotations.get(self.sample(side).id, ())

    def marks(self, side: Side) -> tuple[Mark, ...]:
        """Return the marked spans of the sample on a side."""
        return tuple(
            Mark(item.id, item.label or "", item.start, item.end)
            for item in self.annotations(side)
            if item.kind == "mark" and item.start is not None and item.end is not None
        )

    def note(self, side: Side) -> str:
        """Return the note on a side's sample, or nothing."""
        return next((item.body for item in self.annotations(side) if item.kind == "note"), "")

    def ratings(self, side: Side) -> dict[str, int]:
        """Return how a side's sample is rated, by criterion."""
        return {
            item.label: item.value
            for item in self.annotations(side)
            if item.kind == "rating" and item.label is not None and item.value is not None
        }

    def tags(self, side: Side) -> tuple[str, ...]:
        """Return the tags of a side's sample."""
        return tuple(item.body for item in self.annotations(side) if item.kind == "tag")

    def flagged(self, side: Side) -> bool:
        """Whether a side's sample is flagged."""
        return any(item.kind == "flag" for item in self.annotations(side))

    def verdict_words(self) -> str:
        """Say the verdict in the words of the sides, or of base and run where names are shown."""
        if self.comparison is None or self.comparison.verdict is None:
            return "not judged"
        return verdict_words(self, self.comparison.verdict)

    def next_unjudged(self) -> int:
        """Return the index of the next pair without a verdict, from here on and around; past the end when all have."""
        count = len(self.view.comparisons)
        order = [*range(self.index + 1, count), *range(min(self.index + 1, count))]
        return next((index for index in order if self.view.comparisons[index].verdict is None), count)


def verdict_words(stand: Stand, verdict: Verdict) -> str:
    """Say a verdict."""
    if verdict in ("tie", "both bad"):
        return verdict
    is_base = verdict == "left"
    if not stand.hidden:
        return "base better" if is_base else "run better"
    side: Side = "left" if stand.is_base("left") == is_base else "right"
    return f"{LETTERS[side]} better"


def head_line(stand: Stand, width: int) -> Content:
    """Say where the review stands: pair, prompt, index, seed; to the right verdict and masking.

    Where that is too wide, the kind of prompt gives way first, then the seed, then the end of the prompt's name.
    """
    view, comparison = stand.view, stand.comparison
    count = len(view.comparisons)
    right: list[Part] = []
    name, abouts = "", [f"  {view.judged} of {count} judged"]
    if comparison is not None:
        sample = comparison.base
        name, index = f"  {one_line(sample.canary_slug)}", f"sample {sample.idx + 1}"
        abouts = [f"  {_kind(sample)}{index} · {seed_words(sample)}", f"  {index} · {seed_words(sample)}", f"  {index}"]
        judged = comparison.verdict is not None
        right = [(stand.verdict_words(), "bold $text-success" if judged else "$foreground-muted")]
        if judged and comparison.masked and not stand.masked:
            right.append((", judged masked", "$foreground-muted"))
    if stand.masked:
        right += [("  " if right else "", ""), ("masked" if stand.hidden else "revealed", "$text-warning")]
    end = Content.assemble(*right)
    first = (f"pair {stand.index + 1} of {count}" if comparison is not None else "tally", "bold")
    room = max(0, width - end.cell_length - 2)
    left = room - len(first[0])
    about = next((words for words in abouts if cell_len(name) + len(words) <= left), abouts[-1])
    if name and cell_len(name) + len(about) > left:
        name = cell(name, max(0, left - len(about)))
    start = Content.assemble(first, (name, "$accent"), (about, "$foreground-muted")).truncate(room, ellipsis=True)
    return start + " " * (width - start.cell_length - end.cell_length) + end


def _kind(sample: Sample) -> str:
    """Say what kind of prompt it is, as far as anybody knows."""
    said = [word for word in (sample.topic, sample.length) if word != "unknown"]
    return f"{', '.join(said)} · " if said else ""


def side_name(stand: Stand, side: Side, width: int) -> str:
    """Name a side: A or B, and who that is where names are shown; a run's name takes `width` cells at most."""
    if stand.hidden:
        return LETTERS[side]
    if stand.masked:
        return f"{LETTERS[side]} is {'the base' if stand.is_base(side) else 'the run'}"
    return "base" if stand.is_base(side) else f"run {short_name(stand.sample(side).run, width)}"


def side_head(stand: Stand, side: Side, width: int, *, focused: bool) -> Content:
    """Name a side: A or B, and who that is where names are shown; its tokens and flag to the right."""
    end = size_words(stand.sample(side))
    name = side_name(stand, side, max(8, width - len(end) - 10))
    flag = "⚑ " if stand.flagged(side) else ""
    start = cell(name, max(1, width - 2 - len(end) - len(flag)))
    return Content.assemble(
        ("▌ " if focused else "  ", "$accent"),
        (start, "bold $accent" if focused else "bold $foreground-muted"),
        (flag, "bold $text-warning"),
        (end, "$foreground-muted"),
    )


def side_foot(stand: Stand, side: Side, hint: str = "") -> Content:
    """Say what is marked in a side's text, how it is rated and tagged, then its note; or a hint in place of it all."""
    if hint:
        return Content.styled(hint, "$accent")
    counts: dict[str, int] = {}
    for mark in stand.marks(side):
        counts[mark.label] = counts.get(mark.label, 0) + 1
    parts: list[Part] = []
    for _, label in MARK_KEYS:
        if label in counts:
            times = f" {counts[label]}" if counts[label] > 1 else ""
            parts += [
                (LABEL_NAMES.get(label, label), mark_style(label, tinted=False)),
                (f"{times}  ", "$foreground-muted"),
            ]
    quiet = " · ".join(f"{name} {value}" for name, value in stand.ratings(side).items())
    tagged = " ".join(f"#{tag}" for tag in stand.tags(side))
    if said := "  ".join(filter(None, (quiet, tagged))):
        parts += ["\n" if parts else "", (visible(said), "$foreground-muted")]
    if note := stand.note(side):
        parts += ["\n" if parts else "", ("note  ", "$foreground-muted"), visible(note)]
    return Content.assemble(*parts)


def prompt_lines(sample: Sample, width: int, opened: Opened) -> list[Content]:
    """Lay out a sample's prompt: its first lines, the whole of it, or all of it with the real piece under it."""
    lines = _wrapped(sample.canary_prompt or "What this prompt says is not known.", width, "$foreground-muted")
    if opened == "reference":
        lines += [Content(""), Content.styled("the real piece", "$accent")]
        lines += _wrapped(sample.reference, width, "$foreground")
    elif not opened and len(lines) > PROMPT_LINES:
        cut = lines[PROMPT_LINES - 1].truncate(width - 16, ellipsis=False)
        lines = [*lines[: PROMPT_LINES - 1], cut + Content.styled(" … enter: whole", "$foreground-disabled")]
    return lines


def _wrapped(text: str, width: int, style: str) -> list[Content]:
    shown = visible(text)
    return [Content.styled(shown[start:end], style) for start, end in wrap(shown, width)]


def tally_lines(stand: Stand, counts: dict[str, int]) -> Content:
    """Say how the pairs were judged, in plain words and counts, and list them."""
    view = stand.view
    total, judged = len(view.comparisons), view.judged
    if judged < total and stand.masked:
        return Content.assemble(
            (f"{judged} of {counted(total, 'pair is', 'pairs are')} judged.\n\n", "bold"),
            ("The tally names base and run, so it waits for the last verdict. ", ""),
            ("[ goes back, M shows names and tally now.", "$foreground-muted"),
        )
    masked = sum(item.masked for item in view.comparisons if item.verdict)
    of = f"of {counted(total, 'pair')}" if judged == total else f"of {counted(judged, 'judged pair')} ({total} in all)"
    words = f"{of}: run {counts['run']}, base {counts['base']}, ties {counts['tie']}, both bad {counts['both bad']}"
    how = "masked" if judged and masked == judged else f"{masked} of them judged masked" if masked else "names shown"
    parts: list[Part] = [(words, "bold"), (f" · {how}\n\n", "$foreground-muted")]
    shown = {"left": "base", "right": "run", "tie": "tie", "both bad": "both bad", None: "not judged"}
    for number, item in enumerate(view.comparisons, start=1):
        said = [*view.annotations.get(item.base.id, ()), *view.annotations.get(item.adapter.id, ())]
        kinds = [one.kind for one in said]
        extra = [counted(kinds.count(kind), kind) for kind in _COUNTED if kind in kinds]
        parts += [
            (f"{number:>4}  ", "$foreground-muted"),
            cell(one_line(item.base.canary_slug), 26),
            (f" sample {item.base.idx + 1}  ", "$foreground-muted"),
            (cell(shown[item.verdict], 12), "" if item.verdict else "$foreground-muted"),
            (cell(" masked" if item.verdict and item.masked else "", 9), "$foreground-muted"),
            (", ".join(extra) + "\n", "$foreground-muted"),
        ]
    parts += [
        ("\nThese are counts of your reading, not a score. [ goes back, o opens another run.", "$foreground-muted"),
        ("\nb asks which are mine: real paragraphs among texts of this run.", "$foreground-muted"),
    ]
    return Content.assemble(*parts)
