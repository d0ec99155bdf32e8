"""What the replay says around its canvases: whose they are, which step it is, how it filled, what the colours mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from curation.counted import counted
from workbench.widgets.canvas_text import LEVELS, SURE, CanvasPiece
from workbench.widgets.plain import cell, lines_of, one_line

if TYPE_CHECKING:
    from workbench.operations.replaying import Replay

# Without a tokenizer, what stands for a token.
_SQUARE = "■"
LEGEND = (
    "Row under a name: a bar a step, higher where surer, ┃ the step shown, ▼ repetition begins. In no order "
    "(-0.02): 1 is left to right, -1 right to left, 0 neither. Canvas: ▒ open, ░ in a block that waits, ▓ half a "
    "character, │ between blocks, ∎ ends the text, ▸ repetition begins; reversed: new in this step; by "
    "confidence: underlined under .05, italic .2 to .5, bold from .9"
)


def canvas_pieces(found: Replay) -> tuple[CanvasPiece, ...]:
    """Return what a canvas shows, in order: text where it is known, else a square for each position."""
    at = {commit.position: number for number, frame in enumerate(found.frames, start=1) for commit in frame.commits}
    sure = {commit.position: commit.confidence for frame in found.frames for commit in frame.commits}
    block = {position: number for number, positions in enumerate(found.blocks) for position in positions}
    if not found.units:
        return tuple(
            CanvasPiece(text=_SQUARE, begun=at[place], at=at[place], confidence=sure[place], block=block.get(place, 0))
            for place in range(found.canvas)
        )
    pieces = []
    for unit in found.units:
        places = range(unit.first, unit.last + 1)
        pieces.append(
            CanvasPiece(
                text=unit.text,
                begun=min(at[place] for place in places),
                at=max(at[place] for place in places),
                confidence=min(sure[place] for place in places),
                block=block.get(unit.first, 0),
                beyond=unit.kind == "beyond",
                special=unit.special,
                ends=unit.kind == "end",
            )
        )
    return tuple(pieces)


def piece_at(found: Replay, position: int) -> int:
    """Return which piece of a canvas stands at a position."""
    return next(number for number, unit in enumerate(found.units) if unit.last >= position)


def title_line(title: str, *, hidden: bool, width: int) -> Content:
    """Name what is replayed; to the right that names are hidden."""
    right = "masked" if hidden else ""
    room = max(8, width - len(right) - 1)
    return Content.assemble((cell(one_line(title), room), "bold"), " ", (right, "$text-warning"))


def side_line(name: str, found: Replay | None, frame: int, *, focused: bool, width: int) -> Content:
    """Name a side, and say how much of its canvas stands."""
    end = ""
    if found is not None:
        done = sum(len(item.commits) for item in found.frames[:frame])
        end = f"{done} of {counted(found.canvas, 'position')}"
    room = max(4, width - 2 - len(end))
    return Content.assemble(
        ("▌ " if focused else "  ", "$accent"),
        (cell(one_line(name), room), "bold $accent" if focused else "bold $foreground-muted"),
        (end, "$foreground-muted"),
    )


def fact_lines(found: Replay, width: int) -> Content:
    """Say how a canvas filled, in a quiet line, and what is missing to show more of it."""
    order = "written left to right, each step the token after the last, so no canvas fills"
    text = found.facts.words(order if found.order == "left to right" else "")
    quiet = "\n".join(lines_of(text, width))
    if not found.problem:
        return Content.styled(quiet, "$text-muted")
    missing = f"{found.problem} Until then each token is a square."
    return Content.assemble(("\n".join(lines_of(missing, width)) + "\n", "$text-warning"), (quiet, "$text-muted"))


def step_line(found: Replay | None, step: int, last: int, *, playing: bool, speed: int, width: int) -> Content:
    """Say which step it is, and what it commits; to the right what the colours mean."""
    said = [f"step {step} of {last}"]
    frame = found.frame_at(step) if found else 0
    if found is not None and len(found.blocks) > 1 and frame:
        block = found.frames[frame - 1].block
        said.append(f"block {(block or 0) + 1} of {len(found.blocks)}")
    pace = f"{speed} a second" if playing else "paused" if 0 < step < last else "space plays"
    # What the colours mean is worth more than how fast it plays.
    for words, of in (
        ([*said, pace], "height and colour: confidence"),
        ([*said, pace], "confidence"),
        (said, "confidence"),
    ):
        rest = "".join(f" · {word}" for word in words[1:])
        left = Content.assemble(
            (f"{'▶' if playing else '▷'} ", "bold $accent"), (words[0], "bold"), (rest, "$text-muted")
        )
        right = legend(of)
        room = width - left.cell_length - right.cell_length
        if room >= 2:
            return left + " " * room + right
    return left


def legend(of: str) -> Content:
    """Say what the colours mean, each in its own, behind a word for what they show."""
    parts = [(f"<{limit:g}".replace("0.", "."), style) for limit, style in LEVELS]
    parts.append(("sure", SURE))
    shown = Content(" ").join(Content.styled(text, style) for text, style in parts)
    return Content.styled(f"{of} ", "$text-muted") + shown
