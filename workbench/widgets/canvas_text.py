"""A canvas of text that fills: committed pieces coloured by confidence, blocks for what is still open.

The decision to know: the canvas is laid out once, for its finished text, so that nothing on it moves while it fills; an
open piece is drawn as wide as its text will be. A step redraws the lines that look different after it, and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from workbench.widgets.plain import visible, wrap

LEVELS = ((0.05, "underline $error"), (0.2, "$error"), (0.5, "italic $warning"), (0.9, "$foreground"))
"""Confidences below which a piece has a style; without colours, and where a terminal has two of them alike, a guess is
underlined, doubt is italic, and what is sure is bold."""
SURE = "bold $success"
OPEN, WAITING, HALF, BORDER, END = "▒", "░", "▓", "│", "∎"
_MARK = "▸"
# The widest a line of the canvas gets, and what stands in front of it, in cells.
_MEASURE, _GUTTER = 84, 2

State = Literal["waiting", "open", "half", "new", "there", "beyond"]


@dataclass(frozen=True, kw_only=True)
class CanvasPiece:
    """What is shown together.

    Attributes:
        text: as the model wrote it.
        begun: the frame, from 1, that commits its first part.
        at: the frame that commits the last of it.
        confidence: of its least confident part.
        block: which block it stands in, from 0.
        beyond: whether it stands behind the end of the text, and so is no part of it.
        special: whether `text` is the name of a special token.
        ends: whether it is the token that ends the text.
    """

    text: str
    begun: int
    at: int
    confidence: float
    block: int = 0
    beyond: bool = False
    special: bool = False
    ends: bool = False


@dataclass(frozen=True, kw_only=True)
class _Fragment:
    """A piece, or the part of it that stands on one line; `piece` is -1 for what belongs to none."""

    text: str
    piece: int


def confidence_style(confidence: float, *, bar: bool = False) -> str:
    """Return the style of a piece by its confidence, 0 to 1; of a bar the colour alone."""
    style = next((style for limit, style in LEVELS if confidence < limit), SURE)
    return style.rpartition(" ")[2] if bar else style


class CanvasText(ScrollView, can_focus=True, inherit_bindings=False):
    """One canvas, at one of its frames."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "lines(1)", "line down", show=False, id="canvas.down"),
        Binding("up,k", "lines(-1)", "line up", show=False, id="canvas.up"),
        Binding("pagedown,ctrl+f", "pages(1)", "page down", show=False, id="canvas.page-down"),
        Binding("pageup,ctrl+b", "pages(-1)", "page up", show=False, id="canvas.page-up"),
    ]
    DEFAULT_CSS = """
    CanvasText {
        background: $background; scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: scroll;
    }
    CanvasText:focus { background: $background; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._pieces: tuple[CanvasPiece, ...] = ()
        self._blocks: tuple[int, ...] = ()
        self._mark: int | None = None
        self._frame = 0
        self._rows: list[tuple[_Fragment, ...]] = []
        self._places: list[int] = []
        self._looks: list[tuple[State, ...]] = []
        self._strips: dict[int, Strip] = {}
        self._laid_for = Size(0, 0)

    def show(self, pieces: Sequence[CanvasPiece], *, blocks: Sequence[int] = (), mark: int | None = None) -> None:
        """Show a canvas, at its frame 0.

        Args:
            pieces: in order.
            blocks: for each frame, from 1, which block it fills; without blocks every open piece looks alike.
            mark: the piece where the repetition begins, pointed at in the margin; None for none.
        """
        self._pieces, self._blocks, self._mark, self._frame = tuple(pieces), tuple(blocks), mark, 0
        # A canvas that is not on the screen has no width, and is laid out when it gets one.
        self._rows, self._places = [], []
        self._lay()
        self.scroll_home(animate=False, immediate=True)

    @property
    def frame(self) -> int:
        """The frame that is shown."""
        return self._frame

    def go(self, frame: int, *, follow: bool = True) -> None:
        """Show another frame.

        Args:
            frame: from 0, the empty canvas.
            follow: whether what it commits is scrolled into view.
        """
        self._frame = frame
        for row in range(len(self._rows)):
            look = self._look(row)
            if look != self._looks[row]:
                self._looks[row] = look
                self._strips.pop(row, None)
                self.refresh_line(row)
        if follow and self._rows:
            new = [self._places[index] for index, piece in enumerate(self._pieces) if piece.at == frame]
            if new:
                self.show_row(new[-1])

    def show_piece(self, index: int) -> None:
        """Scroll to a piece."""
        if self._rows:
            self.show_row(self._places[index])

    def show_row(self, row: int) -> None:
        """Scroll so that a row is in view, with one around it; a row in view stays where it is."""
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if not top <= row < top + height:
            self.scroll_to_region(Region(0, max(0, row - 1), 1, 3), animate=False, force=True, immediate=True)

    def state(self, index: int, frame: int) -> State:
        """Return what a piece looks like at a frame."""
        piece = self._pieces[index]
        if frame < piece.begun:
            filling = self._blocks[min(frame, len(self._blocks) - 1)] if self._blocks else piece.block
            return "open" if piece.block <= filling else "waiting"
        if frame < piece.at:
            return "half"
        if frame == piece.at:
            return "new"
        return "beyond" if piece.beyond else "there"

    def on_resize(self) -> None:
        """Lay the canvas out for its new width."""
        if self.scrollable_content_region.size != self._laid_for:
            self._lay()

    def notify_style_update(self) -> None:
        """Draw everything anew in the colours of another theme."""
        self._strips.clear()
        super().notify_style_update()

    def action_lines(self, lines: int) -> None:
        """Scroll by lines; the animation of the library would lag behind held keys."""
        self.scroll_relative(y=lines, animate=False)

    def action_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.scroll_relative(y=pages * max(1, self.size.height - 2), animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        style = self.visual_style
        if not 0 <= row < len(self._rows):
            return Strip.blank(width, style.rich_style)
        found = self._strips.get(row)
        if found is None:
            strips = Visual.to_strips(self, self._content(row), 10_000, 1, style, apply_selection=False)
            found = strips[0] if strips else Strip([])
            found = self._strips[row] = found.crop(0, width).extend_cell_length(width, style.rich_style)
        return found

    def _lay(self) -> None:
        self._laid_for = size = self.scrollable_content_region.size
        if not size.width:
            return
        texts, owners = self._written()
        starts = [0, *accumulate(map(len, texts))]
        # A place to break is a space or the end of a line; signs that stand for either have one behind them.
        lines = wrap("".join(texts), max(10, min(_MEASURE, size.width - _GUTTER - 1)))
        self._rows, self._places = [], [-1] * len(self._pieces)
        number = 0
        for begin, end in lines:
            row: list[_Fragment] = []
            while number < len(texts) and starts[number] < end:
                part = texts[number][max(0, begin - starts[number]) : end - starts[number]]
                if part:
                    row.append(_Fragment(text=part, piece=owners[number]))
                    if owners[number] >= 0 and self._places[owners[number]] < 0:
                        self._places[owners[number]] = len(self._rows)
                if starts[number + 1] > end:
                    break
                number += 1
            self._rows.append(tuple(row))
        self._looks = [self._look(row) for row in range(len(self._rows))]
        self._strips.clear()
        # A size that changes makes Textual 8.2 lay the whole screen out again: canvases that fit are all of one size.
        self.virtual_size = Size(size.width, max(len(self._rows), size.height))
        self.refresh()

    def _written(self) -> tuple[list[str], list[int]]:
        """Return the texts to lay out, borders of blocks among them, and which piece each belongs to, -1 for none."""
        texts: list[str] = []
        owners: list[int] = []
        for index, piece in enumerate(self._pieces):
            if index and piece.block != self._pieces[index - 1].block:
                texts.append(BORDER)
                owners.append(-1)
            texts.append(_shown(piece))
            owners.append(index)
        return texts, owners

    def _look(self, row: int) -> tuple[State, ...]:
        return tuple(self.state(item.piece, self._frame) for item in self._rows[row] if item.piece >= 0)

    def _content(self, row: int) -> Content:
        marked = self._mark is not None and self._places[self._mark] == row
        reached = self._mark is not None and self._frame >= self._pieces[self._mark].at
        mark = (_MARK + " ", "bold $error" if reached else "$text-disabled") if marked else ("  ", "")
        parts = [mark]
        for item in self._rows[row]:
            if item.piece < 0:
                parts.append((item.text, "$text-disabled"))
            else:
                parts += self._drawn(item)
        return Content.assemble(*parts)

    def _drawn(self, item: _Fragment) -> list[tuple[str, str]]:
        """Draw a piece in its state; the space in front of it is never coloured."""
        piece = self._pieces[item.piece]
        bare = item.text.strip(" ")
        left = item.text[: len(item.text) - len(item.text.lstrip(" "))]
        right = item.text[len(left) + len(bare) :]
        style = SURE if piece.ends else confidence_style(piece.confidence)
        match self.state(item.piece, self._frame):
            case "waiting":
                bare, style = WAITING * cell_len(bare), "$text-disabled"
            case "open":
                bare, style = OPEN * cell_len(bare), "$text-disabled"
            case "half":
                bare = HALF * cell_len(bare)
            case "new":
                style = f"reverse {style.removeprefix('underline ')}"
            case "beyond":
                style = "$text-disabled"
        return [(left, ""), (bare, style), (right, "")]


def _shown(piece: CanvasPiece) -> str:
    """Return a piece's text to lay out: never without a cell of its own, its line ends marked and kept."""
    if piece.ends:
        return END
    if piece.special:
        return END if piece.beyond else f"[{visible(piece.text)}]"
    text = piece.text.replace("\r\n", "␍\n").replace("\r", "␍").replace("\t", "⇥")
    text = visible(text).replace("\n", "⏎\n")
    if text and not text.strip():
        return "␣" * len(text)
    if cell_len(text) == 0:
        return "◌" + text
    return text
