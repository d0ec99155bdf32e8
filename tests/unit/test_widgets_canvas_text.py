"""A canvas of text: laid out once, drawn by its frames, and redrawn only where it looks different."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from workbench.themes import DARK
from workbench.widgets.canvas_text import LEVELS, SURE, CanvasPiece, CanvasText, confidence_style


class Shown(App[None]):
    """A canvas alone."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"text-disabled": "#655f55"}

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.theme = "night"

    def compose(self) -> ComposeResult:
        yield CanvasText(id="canvas")


@asynccontextmanager
async def canvas(
    pieces: Sequence[CanvasPiece], *, blocks: Sequence[int] = (), mark: int | None = None, width: int = 40
) -> AsyncIterator[tuple[CanvasText, Pilot[None]]]:
    app = Shown()
    async with app.run_test(size=(width, 12)) as pilot:
        shown = app.query_one(CanvasText)
        shown.show(pieces, blocks=blocks, mark=mark)
        await pilot.pause()
        yield shown, pilot


def pieces(*texts: str, at: Sequence[int] = (), blocks: Sequence[int] = (), **more: object) -> list[CanvasPiece]:
    """Return a piece for each text; by default each step commits one, from left to right."""
    made = []
    for number, text in enumerate(texts):
        frame = at[number] if at else number + 1
        block = blocks[number] if blocks else 0
        made.append(CanvasPiece(text=text, begun=frame, at=frame, confidence=0.6, block=block, **more))  # type: ignore[arg-type]
    return made


def lines(shown: CanvasText) -> list[str]:
    return [shown.render_line(y).text.rstrip() for y in range(len(shown._rows))]


def styles(shown: CanvasText, text: str) -> str:
    """Return the style that a text is drawn in on the first line."""
    return next(str(segment.style) for segment in shown.render_line(0) if segment.text == text)


async def test_what_is_open_is_as_wide_as_its_text_and_nothing_moves_while_it_fills() -> None:
    texts = ["The", " tyre", " was", " 手紙", ".", "\n", "So"]
    async with canvas(pieces(*texts, at=[4, 1, 7, 2, 3, 5, 6])) as (shown, _pilot):
        assert lines(shown) == ["  ▒▒▒ ▒▒▒▒ ▒▒▒ ▒▒▒▒▒▒", "  ▒▒"]
        widths = [cell_len(line) for line in lines(shown)]
        shown.go(2)
        assert lines(shown) == ["  ▒▒▒ tyre ▒▒▒ 手紙▒▒", "  ▒▒"]
        for frame in range(8):
            shown.go(frame)
            assert [cell_len(line) for line in lines(shown)] == widths
        assert lines(shown) == ["  The tyre was 手紙.⏎", "  So"]
        shown.go(0)
        assert "tyre" not in lines(shown)[0]


async def test_only_lines_that_look_different_are_drawn_again() -> None:
    words = [f" word{number:02}" for number in range(40)]
    async with canvas(pieces(*words), width=30) as (shown, pilot):
        drawn: list[int] = []
        shown.refresh_line = drawn.append  # type: ignore[method-assign]
        shown.go(1)
        assert drawn == [0]
        kept = {row: shown.render_line(row) for row in range(5)}
        drawn.clear()
        shown.go(5)
        assert drawn == [0, 1], "what was new is not, on the line above; what comes is, on the line below"
        assert [shown.render_line(row) is kept[row] for row in (2, 3, 4)] == [True] * 3
        drawn.clear()
        shown.go(5)
        assert drawn == []
        await pilot.pause()


async def test_blocks_have_borders_and_those_that_wait_look_dimmer() -> None:
    made = pieces(" one", " two", " six", " ten", blocks=[0, 0, 1, 1])
    async with canvas(made, blocks=[0, 0, 1, 1]) as (shown, _pilot):
        assert lines(shown) == ["   ▒▒▒ ▒▒▒│ ░░░ ░░░"]
        shown.go(1)
        assert lines(shown) == ["   one ▒▒▒│ ░░░ ░░░"]
        shown.go(2)
        assert lines(shown) == ["   one two│ ▒▒▒ ▒▒▒"]


async def test_a_character_of_which_a_part_is_there_is_neither_open_nor_text() -> None:
    part = CanvasPiece(text="é", begun=1, at=3, confidence=0.5)
    async with canvas([part]) as (shown, _pilot):
        seen = []
        for frame in range(4):
            shown.go(frame)
            seen.append(lines(shown)[0].strip())
        assert seen == ["▒", "▓", "▓", "é"]


async def test_what_is_new_stands_out_and_then_has_the_colour_of_its_confidence() -> None:
    async with canvas([CanvasPiece(text="sure", begun=1, at=1, confidence=0.95), *pieces(" x", at=[2])]) as (shown, _):
        shown.go(1)
        assert "reverse" in styles(shown, "sure")
        shown.go(2)
        assert "reverse" not in styles(shown, "sure")
        assert "bold" in styles(shown, "sure")


@pytest.mark.parametrize(
    ("confidence", "style"),
    [(0.0, LEVELS[0][1]), (0.05, LEVELS[1][1]), (0.3, LEVELS[2][1]), (0.89, LEVELS[3][1]), (0.9, SURE), (1.0, SURE)],
)
def test_a_confidence_has_a_style(confidence: float, style: str) -> None:
    assert confidence_style(confidence) == style


def test_a_guess_a_doubt_and_what_is_sure_are_told_apart_without_colours() -> None:
    assert "underline" in confidence_style(0.01)
    assert "bold" in confidence_style(0.99)
    assert "italic" in confidence_style(0.3)
    assert not {"underline", "italic", "bold"} & set(confidence_style(0.6).split())
    assert {confidence_style(value, bar=True)[0] for value in (0.01, 0.1, 0.3, 0.6, 0.99)} == {"$"}


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        (" ", "␣"),
        ("\t", "⇥"),
        ("\u0301", "◌\u0301"),
        ("\x1b[31m", "␛[31m"),
        ("[bold]", "[bold]"),
        ("\u00a0", "␣"),
        ("\n\n", "⏎\n  ⏎"),
        ("\r\n", "␍"),
        ("", "◌"),
    ],
)
async def test_no_piece_is_without_a_cell_and_none_is_obeyed(text: str, drawn: str) -> None:
    async with canvas(pieces("a", text, "b")) as (shown, _pilot):
        shown.go(3)
        assert "\n".join(lines(shown)).strip().replace("\n  b", "b").startswith(f"a{drawn}")
        assert shown._places == sorted(shown._places)
        assert min(shown._places) == 0


async def test_what_ends_the_text_has_a_sign_and_what_stands_behind_it_is_dim() -> None:
    made = [
        *pieces("end"),
        CanvasPiece(text="<|eos|>", begun=2, at=2, confidence=0.5, special=True, ends=True),
        CanvasPiece(text="<|eos|>", begun=3, at=3, confidence=0.5, special=True, beyond=True),
        CanvasPiece(text="lost", begun=4, at=4, confidence=0.5, beyond=True),
        CanvasPiece(text="<|x|>", begun=5, at=5, confidence=0.5, special=True),
    ]
    async with canvas(made) as (shown, _pilot):
        shown.go(6)
        assert lines(shown) == ["  end∎∎lost[<|x|>]"]


async def test_where_the_repetition_begins_is_marked_in_the_margin_and_shown_when_it_is_asked_for() -> None:
    words = [f" word{number:02}" for number in range(90)]
    async with canvas(pieces(*words), mark=80, width=30) as (shown, pilot):
        (marked,) = [row for row, line in enumerate(lines(shown)) if line.startswith("▸")]
        assert "word" not in lines(shown)[marked]
        shown.show_piece(80)
        await pilot.pause()
        top = shown.scroll_offset.y
        assert top <= marked < top + 12
        shown.go(1)
        await pilot.pause()
        assert shown.scroll_offset.y == 0, "what is committed is scrolled to"


async def test_another_width_and_another_theme_are_drawn_anew() -> None:
    words = [f" word{number:02}" for number in range(20)]
    async with canvas(pieces(*words)) as (shown, pilot):
        shown.go(20)
        before = lines(shown)
        await pilot.resize_terminal(30, 12)
        await pilot.pause()
        assert lines(shown) != before
        assert "".join(lines(shown)).split() == "".join(words).split() or len(lines(shown)) > len(before)
        colours = str([segment.style for segment in shown.render_line(0)])
        pilot.app.theme = "textual-light"
        await pilot.pause()
        assert str([segment.style for segment in shown.render_line(0)]) != colours
