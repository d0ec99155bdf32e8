"""Runs: every run with what it says now; launch, stop, resume, and go on to its review.

The job writes its directory, the app's collector folds it into the store, and this screen asks again when something
came. Nothing here waits for a job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.screens.run_keys import LIVING, RunKeys
from workbench.screens.run_lines import put, run_heading, run_line
from workbench.screens.run_note import take_note
from workbench.screens.run_panel import (
    VIEWS,
    facts,
    log_lines,
    no_loss,
    sample_lines,
    spec_lines,
    tabs_line,
    title_line,
)
from workbench.screens.run_validation import validation_lines
from workbench.widgets.curve import Curve
from workbench.widgets.page_list import PageList
from workbench.widgets.text_view import Lines, TextView

if TYPE_CHECKING:
    from store.runs import RunRow
    from store.samples import Sample
    from workbench.operations.running import RunView

_EMPTY = "No runs yet. Press r to launch one: base samples, training on the newest dataset, samples of the adapter."
# How often the ages are counted anew, in seconds.
AGES_S = 60.0


class RunsScreen(RunKeys):
    """The list of runs, and the selected one."""

    NAME = "runs"
    FOLLOWS_RUNS = True
    LEGEND = "Marks: ✎ has a note of what was learnt from it."
    CSS_PATH = "runs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "launch('train')", "launch", tooltip="launch a run, as a copy of this one", id="runs.launch"),
        Binding("l", "next_view", "other view", tooltip="curve, log, samples, validation, spec", id="runs.view"),
        Binding("s", "launch('sample')", "sample", tooltip="sample the base, or this run's adapter", id="runs.sample"),
        Binding(
            "m",
            "launch('score')",
            "score",
            show=False,
            tooltip="measure the loss of the base, or of this run's adapter, on the held-out pairs of a dataset",
            id="runs.score",
        ),
        Binding("S", "stop", "stop", tooltip="ask it to stop after its step; a checkpoint stays", id="runs.stop"),
        Binding("K", "kill", "kill", tooltip="end its process at once", id="runs.kill"),
        Binding("R", "resume", "resume", tooltip="go on from the last checkpoint", id="runs.resume"),
        Binding("f", "make_fit", "make it fit", tooltip="launch a copy that fits into memory", id="runs.make-fit"),
        Binding("n", "note", "note", tooltip="what was learnt from it", id="runs.note"),
        Binding("o", "review", "review", key_display="enter", tooltip="review its samples", id="runs.review"),
        Binding("y", "copy", "copy path", tooltip="copy its directory", show=False, id="runs.copy"),
        Binding("tab,shift+tab", "other_pane", "other pane", show=False, id="runs.pane"),
        Binding("escape", "back", "back", show=False, id="runs.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self._place: str | None = None
        self._view: RunView | None = None
        self._samples: list[Sample] = []
        self._shown = "curve"
        self._recalled = False

    def compose_body(self) -> ComposeResult:
        """Lay out the list above, the selected run beneath."""
        yield RunHeading(id="runs-heading")
        yield PageList(run_line, id="runs-list", empty=_EMPTY, markable=False)
        yield Static("", id="run-title")
        with Vertical(id="run-body"):
            yield Static("", id="run-facts")
            with Vertical(id="run-views"):
                yield Static("", id="run-tabs")
                yield Curve()
                yield TextView(id="run-text")

    @property
    def runs(self) -> PageList[RunRow]:
        """The list of runs."""
        return self.query_one("#runs-list", PageList)

    @property
    def selected(self) -> str | None:
        """The name of the run under the cursor."""
        current = self.runs.current
        return None if current is None else self._names[current]

    def on_mount(self) -> None:
        """Put the focus on the list; take in a note that a killed program left."""
        self.add_class("-none")
        self.runs.focus()
        self.set_interval(AGES_S, self._age)
        take_note(self)

    def _age(self) -> None:
        """Draw the ages anew: they go on while nothing else changes."""
        self.runs.redraw()
        self._draw(keep_scroll=True)

    def on_project_changed(self) -> None:
        """Ask for the runs again."""
        first, project = not self._recalled, self.project

        def ask() -> tuple[list[RunRow], object | None]:
            from workbench.operations import guide
            from workbench.operations.running import run_rows

            return run_rows(project), guide.recall(project, "runs.cursor") if first else None

        self.ask(ask, self._show_rows, group="rows")

    def select(self, run: str) -> None:
        """Put the cursor on a run as soon as the list holds it."""
        self._place = run
        if run in self._names:
            self.runs.go_to(self._names.index(run))
            self._place = None

    def _show_rows(self, answer: tuple[list[RunRow], object | None]) -> None:
        rows, place = answer
        self._recalled = True
        # Ids count from the oldest run: they stay the same while new runs come.
        self._names = [row.name for row in reversed(rows)]
        wanted = self._place or (place if isinstance(place, str) else None)
        cursor = self._names.index(wanted) if wanted in self._names else None
        if cursor is not None:
            self._place = None
        self.set_class(not rows, "-none")
        if rows:
            self.runs.styles.height = min(len(rows), 6 if self.size.height < 35 else 12)
        self.runs.put(dict(enumerate(reversed(rows))))
        self.runs.show(list(range(len(rows) - 1, -1, -1)), cursor=cursor)
        self._ask_run()

    @on(PageList.Moved)
    def _moved(self) -> None:
        name = self.selected
        if name is not None:
            self.keep("cursor", name)
        self._ask_run()

    @on(PageList.Opened)
    async def _opened(self) -> None:
        await self.action_review()

    def _ask_run(self) -> None:
        name = self.selected
        if name is None:
            self._view = None
            self.refresh_bindings()
            return
        self.ask(lambda: self._read(name), self._show_run, group="run")

    def _read(self, name: str) -> tuple[RunView, list[Sample]]:
        from workbench.operations.running import run_samples, run_view

        return run_view(self.project, name), run_samples(self.project, name)

    @property
    def _shown_here(self) -> RunView | None:
        """What is shown of the run under the cursor; None until it is read."""
        return self._view if self._view is not None and self._view.row.name == self.selected else None

    async def run_here(self) -> RunView | None:
        """Return the run under the cursor, read now where the panel still shows another one; None for none."""
        name = self.selected
        if name is None or self._shown_here is not None:
            return self._shown_here
        answer = await self.read_now(lambda: self._read(name))
        if answer is not None and name == self.selected:
            self._show_run(answer)
        return None if answer is None else answer[0]

    def _show_run(self, answer: tuple[RunView, list[Sample]]) -> None:
        same = self._view is not None and self._view.row.name == answer[0].row.name
        self._view, self._samples = answer
        self._draw(keep_scroll=same)
        self.refresh_bindings()

    def _draw(self, *, keep_scroll: bool) -> None:
        view = self._view
        if view is None:
            return
        put(self.query_one("#run-title", Static), title_line(view, self.size.width - 2))
        put(self.query_one("#run-facts", Static), facts(view), fixed=False)
        put(self.query_one("#run-tabs", Static), tabs_line(self._shown, view, len(self._samples)))
        curve = self.query_one(Curve)
        curve.display = self._shown == "curve"
        self.query_one("#run-text").display = not curve.display
        if curve.display:
            curve.empty = no_loss(view)
            curve.unit = "as its log says, by epoch" if view.imported else "nats a token, by step"
            curve.last_step = view.spec.train.max_steps if view.spec and view.spec.train else None
            curve.loss, curve.validation, curve.probe = view.loss, view.validation, view.probe
        else:
            self._draw_text(view, keep_scroll=keep_scroll)

    def _draw_text(self, view: RunView, *, keep_scroll: bool) -> None:
        shown, samples = self._shown, self._samples

        def make(width: int) -> Lines:
            if shown == "log":
                return log_lines(view.log_tail, width)
            if shown == "validation":
                return validation_lines(view, width)
            return sample_lines(samples, width) if shown == "samples" else spec_lines(view, width)

        pane = self.query_one("#run-text", TextView)
        at_end = pane.scroll_offset.y >= pane.max_scroll_y
        pane.lay(make, keep_scroll=keep_scroll)
        if shown == "log" and (at_end or not keep_scroll):
            self.call_after_refresh(self._to_end_of_log)

    def _to_end_of_log(self) -> None:
        # Another view may have been chosen meanwhile.
        if self._shown == "log":
            self.query_one("#run-text", TextView).scroll_end(animate=False)

    def on_resize(self) -> None:
        """Lay the panel out again."""
        self.call_after_refresh(self._draw, keep_scroll=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the selected run allows."""
        # By its line in the list: what is read of it comes after the cursor.
        row = self.runs.current_row if self.is_mounted else None
        if action == "make_fit":
            view = self._shown_here if row is not None else None
            return row is not None and (view is None or view.shortage is not None)
        if action in ("stop", "kill", "resume", "note", "copy", "next_view"):
            if row is None:
                return False
            if action in ("stop", "kill"):
                return row.status in LIVING
            if action == "resume":
                return row.status in ("stopped", "failed", "killed")
        return True

    def action_view(self, name: str) -> None:
        """Show one of the views."""
        self._shown = name
        self._draw(keep_scroll=False)

    def action_next_view(self) -> None:
        """Show the next of curve, log, samples, validation, spec."""
        self.action_view(VIEWS[(VIEWS.index(self._shown) + 1) % len(VIEWS)])

    def action_other_pane(self) -> None:
        """Go between the list and the text beneath it."""
        pane = self.query_one("#run-text", TextView)
        if self.runs.has_focus and self._shown != "curve" and self._view is not None:
            pane.focus()
        else:
            self.runs.focus()

    def action_back(self) -> None:
        """Go back to the list; else cancel what is going on."""
        if self.runs.has_focus:
            self.app.cancel_background()
        else:
            self.runs.focus()


class RunHeading(Static):
    """The names of the columns, laid out for the list's width."""

    def render(self) -> Content:
        """Draw the line."""
        return run_heading(self.size.width - 1)
