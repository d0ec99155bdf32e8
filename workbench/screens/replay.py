"""Replay: the canvas of a sample fills step by step, as it was committed; both sides in step where there is room.

It lies over Review and knows of it only what it is given: the samples, what to call them, and whether names are hidden.
A timer plays; it moves the step and draws what that changes, so a key never waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Static

from workbench.screens.base import ProjectScreen
from workbench.screens.replay_lines import LEGEND, canvas_pieces, fact_lines, piece_at, side_line, step_line, title_line
from workbench.screens.review_lines import SIDES, Side
from workbench.widgets.canvas_text import CanvasText
from workbench.widgets.plain import visible
from workbench.widgets.status_line import KeyLine, StatusLine
from workbench.widgets.step_line import StepLine

if TYPE_CHECKING:
    from workbench.operations.replaying import Frame, Replay

# Steps a second that can be chosen.
SPEEDS = (1, 2, 4, 8, 16, 32, 64)
# How often the canvas is drawn at most while it plays, in seconds.
_TICK_S = 0.05
# A replay plays in about this time at first, in seconds.
_WHOLE_S = 16.0
# From this rank correlation on commits go down the canvas.
_ORDERLY = 0.9
# From this width on both sides are shown at once, in cells.
_BOTH = 110


@dataclass(frozen=True, kw_only=True)
class ReplayedSide:
    """A sample to replay, and what to call its side."""

    sample_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What is replayed.

    Attributes:
        title: of the pair.
        left: the left side.
        right: the right side.
        side: which one the keys act on first.
        hidden: whether nothing may tell which side is the base.
    """

    title: str
    left: ReplayedSide
    right: ReplayedSide
    side: Side
    hidden: bool


class ReplayScreen(ProjectScreen, ModalScreen[None]):
    """The replay of a pair of samples."""

    NAME = "replay"
    LEGEND = LEGEND
    CSS_PATH = "replay.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play", "play", tooltip="play, or pause", id="replay.play"),
        Binding("right,l", "step(1)", "step", key_display="← →", tooltip="one step on", id="replay.next"),
        Binding("left,h", "step(-1)", "step back", show=False, tooltip="one step back", id="replay.before"),
        Binding(
            "right_square_bracket", "block(1)", "block", key_display="[ ]", tooltip="the next block", id="replay.block"
        ),
        Binding("left_square_bracket", "block(-1)", "block before", show=False, id="replay.block-before"),
        Binding("c", "collapse", "collapse", tooltip="where the repetition begins", id="replay.collapse"),
        Binding("escape,p,q", "leave", "back", id="replay.leave"),
        Binding("tab", "side", "other side", id="replay.side"),
        Binding("shift+tab", "side", "other side", show=False, id="replay.side-back"),
        Binding("plus,equals_sign", "speed(1)", "faster", show=False, tooltip="play faster", id="replay.faster"),
        Binding("minus", "speed(-1)", "slower", show=False, tooltip="play slower", id="replay.slower"),
        Binding("g,home", "edge(-1)", "empty canvas", show=False, id="replay.first"),
        Binding("G,end", "edge(1)", "last step", show=False, id="replay.last"),
        Binding("y", "copy", "copy", show=False, tooltip="copy the text so far", id="replay.copy"),
        Binding("question_mark", "app.help", "all keys", show=False, id="replay.help"),
    ]

    def __init__(self, replayed: Replayed) -> None:
        super().__init__()
        self._replayed = replayed
        self._side: Side = replayed.side
        self._found: dict[Side, Replay | str] = {}
        self._step = 0
        self._speed = SPEEDS[0]
        self._due = 0.0
        self._timer: Timer | None = None
        self._playing = False

    def compose(self) -> ComposeResult:
        """Lay out both sides and what is said around them."""
        yield Static("", id="replay-title", markup=False)
        with Horizontal(id="replay-sides"):
            for side in SIDES:
                with Vertical(id=f"side-{side}", classes="replay-side"):
                    yield Static("", id=f"replay-head-{side}", classes="replay-head", markup=False)
                    yield StepLine(id=f"steps-{side}")
                    yield Static("", id=f"facts-{side}", classes="replay-facts", markup=False)
                    yield Static("Reading the trace …", id=f"reason-{side}", classes="replay-reason", markup=False)
                    yield CanvasText(id=f"canvas-{side}")
        yield Static("", id="replay-step", markup=False)
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the traces."""
        for side in SIDES:
            self._canvas(side).display = False
        self._timer = self.set_interval(_TICK_S, self._tick, pause=True)
        self._show_sides()
        given, project = self._replayed, self.project

        def ask() -> Sequence[Replay | str]:
            from workbench.operations.replaying import replay_or_reason

            ids = (given.left.sample_id, given.right.sample_id)
            return [replay_or_reason(project, sample, hidden=given.hidden) for sample in ids]

        self.ask(ask, self._show, group="replay")

    def on_screen_resume(self) -> None:
        """Draw the lines of what is replayed again."""
        self._draw_lines()

    def on_screen_suspend(self) -> None:
        """Pause under whatever comes over it."""
        self._playing = False
        if self._timer is not None:
            self._timer.pause()

    def on_resize(self) -> None:
        """Show one side or both, and lay the lines around them out for the new width."""
        self._show_sides()
        self.call_after_refresh(self._draw_around)

    def next_here(self) -> str:
        """Name what there is to do here, and the way back."""
        found = self.replay_of(self._side)
        begins = "c goes to where the repetition begins, " if found and found.facts.begins else ""
        return f"{begins}space plays, esc goes back to judge"

    @property
    def wide(self) -> bool:
        """Whether both sides are shown at once."""
        return self.size.width >= _BOTH

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._playing

    @property
    def step(self) -> int:
        """The step that is shown, from 1; 0 for the empty canvas."""
        return self._step

    def replay_of(self, side: Side) -> Replay | None:
        """Return a side's replay; None where there is none, or not yet."""
        found = self._found.get(side)
        return None if found is None or isinstance(found, str) else found

    @property
    def _last(self) -> int:
        return max((found.steps for side in SIDES if (found := self.replay_of(side))), default=0)

    def _canvas(self, side: Side) -> CanvasText:
        return self.query_one(f"#canvas-{side}", CanvasText)

    def _show(self, answers: Sequence[Replay | str]) -> None:
        self._found = dict(zip(SIDES, answers, strict=True))
        for side in SIDES:
            self._show_side(side)
        fitting = next((speed for speed in SPEEDS if self._last <= speed * _WHOLE_S), SPEEDS[-1])
        self._speed = max(fitting, SPEEDS[2])
        if self.replay_of(self._side) is None and not self.wide:
            self._draw_around()
            return
        self._focus()
        self._go(0)
        self._draw_around()
        self._play(self._last > 0)
        self.refresh_status()

    def _show_side(self, side: Side) -> None:
        found, reason = self.replay_of(side), self.query_one(f"#reason-{side}", Static)
        canvas, line = self._canvas(side), self.query_one(f"#steps-{side}", StepLine)
        reason.display, canvas.display, line.display = found is None, found is not None, found is not None
        if found is None:
            reason.update(visible(str(self._found[side])))
            return
        begins = found.facts.begins
        onset = None if begins is None else found.frame_at(begins[0])
        mark = piece_at(found, begins[1]) if begins is not None and begins[1] is not None else None
        blocks = [frame.block for frame in found.frames if frame.block is not None]
        canvas.show(canvas_pieces(found), blocks=blocks if found.blocks else (), mark=mark)
        line.show([frame.confidence for frame in found.frames], onset=onset, last=found.steps)

    def _show_sides(self) -> None:
        for side in SIDES:
            self.query_one(f"#side-{side}").display = self.wide or side == self._side

    def _focus(self) -> None:
        if self.replay_of(self._side) is not None:
            self._canvas(self._side).focus(scroll_visible=False)

    def _go(self, step: int, *, follow: bool = True) -> None:
        """Show a step on both sides."""
        self._step = max(0, min(step, self._last))
        for side in SIDES:
            if found := self.replay_of(side):
                frame = found.frame_at(self._step)
                self._canvas(side).go(frame, follow=follow and (not self._playing or _moves_on(found)))
                self.query_one(f"#steps-{side}", StepLine).go(frame)
        self._draw_lines()

    def _draw_around(self) -> None:
        """Draw what only changes with the width, and the lines of the step."""
        if not self.is_mounted:
            return
        given = self._replayed
        self._put("#replay-title", title_line(given.title, hidden=given.hidden, width=self.size.width - 2))
        for side in SIDES:
            found = self.replay_of(side)
            width = self._width - 4
            facts = self.query_one(f"#facts-{side}", Static)
            facts.display = found is not None
            if found is not None:
                facts.update(fact_lines(found, width))
        self._draw_lines()

    def _draw_lines(self) -> None:
        given = self._replayed
        for side in SIDES:
            name = given.left.name if side == "left" else given.right.name
            found = self.replay_of(side)
            frame = found.frame_at(self._step) if found else 0
            head = side_line(name, found, frame, focused=side == self._side, width=self._width - 2)
            self._put(f"#replay-head-{side}", head)
        found = self.replay_of(self._side)
        line = step_line(
            found, self._step, self._last, playing=self.playing, speed=self._speed, width=self.size.width - 2
        )
        self._put("#replay-step", line)

    @property
    def _width(self) -> int:
        return self.size.width // 2 if self.wide else self.size.width

    def _put(self, selector: str, content: object) -> None:
        self.query_one(selector, Static).update(content, layout=False)  # type: ignore[arg-type]

    def _play(self, play: bool) -> None:
        self._playing, self._due = play, 0.0
        if self._timer is not None:
            if play:
                self._timer.resume()
            else:
                self._timer.pause()
        self._draw_lines()

    def _tick(self) -> None:
        self._due += self._speed * _TICK_S
        steps, self._due = int(self._due), self._due % 1
        if steps:
            self._go(self._step + steps)
        if self._step >= self._last:
            self._play(False)

    def action_play(self) -> None:
        """Play on, from the beginning where it is over, or pause."""
        if not self.playing and self._step >= self._last:
            self._go(0)
        self._play(not self.playing and self._last > 0)

    def action_step(self, steps: int) -> None:
        """Pause, and go one step on or back."""
        self._play(False)
        self._go(self._step + steps)

    def action_edge(self, side: int) -> None:
        """Pause at the empty canvas, or at the last step."""
        self._play(False)
        self._go(0 if side < 0 else self._last)

    def action_block(self, blocks: int) -> None:
        """Pause where another block begins."""
        found = self.replay_of(self._side)
        starts = _block_starts(found.frames) if found else []
        if len(starts) < 2:
            self.say("This canvas is one block: it has no other to go to.")
            return
        ahead = [step for step in starts if step > self._step]
        behind = [step for step in starts if step < self._step]
        if blocks > 0 and not ahead:
            self.say("This is the last block.")
            return
        self._play(False)
        self._go(ahead[0] if blocks > 0 else behind[-1] if behind else 0)

    def action_speed(self, faster: int) -> None:
        """Play faster or slower."""
        self._speed = SPEEDS[max(0, min(len(SPEEDS) - 1, SPEEDS.index(self._speed) + faster))]
        self.say(f"{self._speed} {'step' if self._speed == 1 else 'steps'} a second.")
        self._draw_lines()

    def action_collapse(self) -> None:
        """Pause where the repetition begins."""
        found = self.replay_of(self._side)
        if found is None:
            return
        begins = found.facts.begins
        if begins is None:
            known = (
                "No repetition takes over in this sample." if found.facts.known else "Where it repeats is not known."
            )
            self.say(known)
            return
        step, position = begins
        self._play(False)
        self._go(step, follow=position is None)
        if position is not None:
            self._canvas(self._side).show_piece(piece_at(found, position))

    def action_side(self) -> None:
        """Give the keys to the other side, which a narrow terminal shows in place of this one."""
        self._side = "left" if self._side == "right" else "right"
        self._show_sides()
        self._focus()
        self._draw_around()
        # The side that comes has its width with the next refresh, and is then scrolled to what is new.
        self.call_after_refresh(lambda: self._go(self._step))

    def action_copy(self) -> None:
        """Copy the text so far."""
        found = self.replay_of(self._side)
        if found is None:
            return
        from workbench.operations.replaying import canvas_text

        self.app.copy_to_clipboard(canvas_text(found, self._step))
        self.say(f"Copied the text as it stands at step {self._step}.")

    def action_leave(self) -> None:
        """Go back to the review."""
        self.dismiss(None)

    @on(StepLine.Chosen)
    def _chosen(self, event: StepLine.Chosen) -> None:
        side: Side = "right" if event.line.id == "steps-right" else "left"
        if found := self.replay_of(side):
            self._play(False)
            self._go(found.frames[event.frame - 1].step)


def _moves_on(found: Replay) -> bool:
    """Whether what is new moves down a canvas, so that it can be scrolled to without jumping up and down."""
    return len(found.blocks) > 1 or (found.facts.order or 0.0) >= _ORDERLY


def _block_starts(frames: Sequence[Frame]) -> list[int]:
    """Return the steps that begin a block."""
    starts, before = [], None
    for frame in frames:
        if frame.block is not None and frame.block != before:
            starts.append(frame.step)
            before = frame.block
    return starts
