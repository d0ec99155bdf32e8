"""How the lines of the draft screen are laid out: who writes and how it is, and the answers in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from curation.counted import counted
from workbench.screens.run_lines import short_name
from workbench.widgets.plain import cell, one_line, visible, wrap

if TYPE_CHECKING:
    from runners.questions import Written
    from workbench.operations.infilling import Gap
    from workbench.operations.sessions import SessionView, Writer

# How much of the draft stands around an answer, in characters.
_AROUND = 60

Row = tuple[int, "Written"]


def answer_line(row: Row, width: int) -> Content:
    """Lay an answer out as one line."""
    number, written = row
    return Content.assemble((f"{number + 1}  ", "bold $accent"), (cell(one_line(written.text), max(1, width - 3)), ""))


def answer_in_place(gap: Gap, written: Written, width: int) -> list[Content]:
    """Lay an answer out between the words that it stands between."""
    before = _tail(gap.text[: gap.start])
    after = _head(gap.text[gap.end :])
    words = visible(written.text)
    text = Content.assemble((before, "$text-muted"), (words, "bold $accent"), (after, "$text-muted"))
    return [text[start:end] for start, end in wrap(before + words + after, width)]


def title_line(title: str, words: tuple[int, int], width: int) -> Content:
    """Name the draft; to the right how many of its words are the model's, where any are."""
    model, all_words = words
    said = f"{model} of {counted(all_words, 'word')} the model's, in italics" if model else ""
    room = max(8, width - cell_len(said) - 2)
    return Content.assemble(
        (cell(f"Draft · {one_line(title)}", room), "bold"), "  " if said else "", (said, "$text-accent italic")
    )


def model_line(
    writer: Writer | None, view: SessionView | None, width: int, *, other: SessionView | None = None
) -> Content:
    """Say who writes, whether it is loaded, or what is in its place, and how long its latest answer took."""
    if writer is None:
        return Content("")
    name = one_line(writer.adapter_run or writer.words)
    if view is None or not view.lives:
        error = None if view is None else view.error
        state, style = (f"failed: {one_line(error)}", "$text-error") if error else ("not loaded", "")
        if other is not None and not error:
            state, style = f"not loaded; loaded is {_whose(other, writer)}", "$text-warning"
    elif view.status == "stopping":
        state, style = "ending", ""
    elif view.loaded:
        took = "" if view.seconds is None else f", the last answer took {view.seconds:.1f} s"
        state, style = f"loaded{took}", "$text-success"
    else:
        state, style = "loading", "$text-warning"
    # How it is comes before how it is called: of the name what is left is shown.
    room = max(width // 4, width - len("model   · ") - cell_len(state))
    return Content.assemble(
        ("model  ", "$text-muted"), cell(name, min(room, cell_len(name))), " · ", (state, style or "$text-muted")
    )


def _whose(view: SessionView, writer: Writer) -> str:
    """Name what is loaded, where it is not who writes."""
    if view.adapter_run is None:
        return one_line(view.model)
    return "another checkpoint of it" if view.adapter_run == writer.adapter_run else short_name(view.adapter_run)


def _tail(text: str) -> str:
    """Return the last words of a text, from a word on, on its last line."""
    line = text.rpartition("\n")[2]
    cut = line[-_AROUND:]
    return visible(cut if len(line) <= _AROUND else "…" + cut.partition(" ")[2])


def _head(text: str) -> str:
    """Return the first words of a text, up to the end of a word on its first line."""
    line = text.partition("\n")[0]
    cut = line[:_AROUND]
    return visible(cut if len(line) <= _AROUND else cut.rpartition(" ")[0] + "…")
