"""What the blind test says: where it stands, what a round is, a text, its end, its result; plain lines for a width.

The decision to know: before the result was seen nothing here is given whose a text is, so nothing can show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual.content import Content

from curation.counted import counted
from workbench.screens.run_lines import short_name
from workbench.widgets.plain import cell, lines_of, visible
from workbench.widgets.text_view import MEASURE, Lines

if TYPE_CHECKING:
    from workbench.operations.blind import BlindTest
    from workbench.operations.blind_result import BlindResult, Source

Stage = Literal["loading", "start", "reading", "end", "result"]
_UNANSWERED = "no answer yet"


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A round as the list of rounds shows it.

    Attributes:
        number: of the run.
        day: it was begun on.
        said: its result in a few words, or why it has none.
        counts: whether it has one.
    """

    number: int
    day: str
    said: str
    counts: bool = True


@dataclass(frozen=True, kw_only=True)
class BlindView:
    """What was asked for.

    Attributes:
        run: whose adapter; empty where no run can be tested.
        problem: why nothing can be tested, or empty.
        earlier: the rounds whose results were seen, oldest first.
        how: what is done to all texts.
        test: the round that is read; None at the start page and at a result.
        result: of the round that is looked at; None elsewhere.
        said: that result in sentences.
    """

    run: str
    problem: str = ""
    earlier: tuple[Earlier, ...] = ()
    how: str = ""
    test: BlindTest | None = None
    result: BlindResult | None = None
    said: tuple[str, ...] = ()

    @property
    def stage(self) -> Stage:
        """Which page this is, as long as nothing was answered since."""
        if self.result is not None:
            return "result"
        if self.test is None:
            return "start"
        return "reading" if self.test.left else "end"


def title_line(view: BlindView, at: int, width: int, *, reading: bool) -> Content:
    """Say whose blind test it is and where it stands; to the right the answer so far."""
    right = ""
    where = ""
    if view.result is not None:
        where = f"round {view.result.round.number}, result"
    elif view.test is not None:
        where = f"round {view.test.round.number}"
        if reading:
            text = view.test.texts[at]
            where += f", text {at + 1} of {len(view.test.texts)}"
            right = (text.answer or _UNANSWERED) + (f", sure {text.sure} of 3" if text.sure else "")
    room = width - len("Which are mine?  ") - len(where) - len(right) - 4
    name = f"run {short_name(view.run, max(8, room - 4))}" if view.run and room > 12 else ""
    left = Content.assemble(
        ("Which are mine?", "bold"), (f"  {where}" if where else "", "$accent"), (f"  {name}", "$foreground-muted")
    )
    return left + " " * max(1, width - left.cell_length - len(right)) + Content.styled(right, "bold")


def start_lines(view: BlindView, width: int) -> Lines:
    """Say what a round is, and what the earlier ones found."""
    if view.problem:
        return [Content(""), *_said(view.problem, width, "bold")]
    lines = [Content("")]
    lines += _said("Real paragraphs that this run never saw, among texts of its adapter: whose is each?", width, "bold")
    lines += [Content(""), *_said(view.how, width, "$foreground-muted"), Content("")]
    lines += _said(
        "Nothing is told before the end. Answer for each text, say how sure you are if you wish, and read nothing of "
        "this run in Review meanwhile.",
        width,
    )
    lines += [Content(""), Content.assemble(("enter", "bold $accent"), " draws a round")]
    lines += [
        Content.assemble(("a", "bold $accent"), "     draws one from texts, too, that an earlier round has shown")
    ]
    lines += [
        Content.assemble(
            ("p", "bold $accent"), "     adds held-out prompts to the canary prompts, to sample the adapter on"
        )
    ]
    if view.earlier:
        lines += [Content(""), Content.styled("Rounds so far ([ shows the last)", "bold")]
        for item in view.earlier:
            lines.append(
                Content.assemble(
                    (f"{item.number:>4}  ", "$foreground-muted"), (f"{item.day}  ", "$foreground-muted"), item.said
                )
            )
        lines += [Content(""), *_said("Counts of your reading, not a score of the run.", width, "$foreground-muted")]
    return lines


def text_lines(view: BlindView, at: int, width: int) -> Lines:
    """Lay a text out, with the note on it below."""
    assert view.test is not None
    text = view.test.texts[at]
    lines = [Content(""), *_said(text.text, width)]
    if text.note:
        lines += [Content(""), *_said(f"note  {text.note}", width, "$foreground-muted")]
    return lines


def end_lines(view: BlindView, width: int) -> Lines:
    """Say that all is answered, and what the result ends."""
    assert view.test is not None
    skipped = sum(item.answer == "skipped" for item in view.test.texts)
    given = len(view.test.texts) - skipped
    what = f"{counted(given, 'text has', 'texts have')} an answer" + (f", {skipped} skipped" if skipped else "")
    lines = [Content(""), *_said(f"{what}.", width, "bold"), Content("")]
    lines += _said(
        "enter shows the result, and whose each text is. After that the answers of this round stay as they are.", width
    )
    lines += [
        Content(""),
        *_said("[ goes back to the texts, u takes the last answer back.", width, "$foreground-muted"),
    ]
    return lines


def result_lines(view: BlindView, width: int) -> Lines:
    """Say what was told rightly and what that shows; then each text with its source."""
    assert view.result is not None
    lines: Lines = [Content("")]
    for number, sentence in enumerate(view.said):
        lines += [*_said(sentence, width, "bold" if number == 0 else ""), Content("")]
    for source in view.result.sources:
        lines += [_source_line(source, width), *_said(source.text, width - 4, "$foreground-muted", indent=4)]
        if source.note:
            lines += _said(f"note  {source.note}", width - 4, indent=4)
        lines.append(Content(""))
    return lines


def _source_line(source: Source, width: int) -> Content:
    style = "$text-success" if source.real else "$text-accent"
    told = source.told or _UNANSWERED
    told += f", sure {source.sure}" if source.sure else ""
    told += ", known before" if source.known else ""
    room = max(8, min(width, MEASURE) - 4 - 10 - len(told) - 2)
    return Content.assemble(
        (f"{source.number:>2}  ", "$foreground-muted"),
        (cell(source.whose, 10), f"bold {style}"),
        (cell(source.where, room) + "  ", "$foreground-muted"),
        (told, "bold $text-error" if source.right is False else "bold"),
    )


def hint(stage: Stage, view: BlindView) -> str:
    """Name the next useful step."""
    if stage == "reading" and view.test is not None:
        return f"{view.test.left} of {len(view.test.texts)} to answer: m mine, x not mine; 1 2 3 how sure, before it"
    if stage == "end":
        return "all are answered: enter shows the result"
    if stage == "result":
        return "enter goes on to another round, [ ] to other rounds of this run"
    return "" if view.problem else "begin a round with enter"


def _said(text: str, width: int, style: str = "", *, indent: int = 0) -> Lines:
    room = max(10, min(width, MEASURE))
    return [Content.styled(" " * indent + line, style) for line in lines_of(visible(text), room)]
