"""The launch form: a copy of a parent, what differs from it in words, what it takes; `r` goes to Launch, and launches.

How its fields are shown and changed stands in `launch_form`; the headless part is `operations/drafting.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.screens.launch_expected import Expected
from workbench.screens.launch_form import LaunchForm
from workbench.screens.launch_left import changed_in, left_key, open_as_left
from workbench.screens.launch_lines import LAUNCH, explanation, title_line
from workbench.screens.launch_own import OwnRuns
from workbench.screens.run_lines import put
from workbench.screens.run_work import is_far, work_on_run

if TYPE_CHECKING:
    from workbench.operations.drafting import Form, Kind
    from workbench.screens.launch_left import Start


class LaunchScreen(LaunchForm):
    """The form; it lies over Runs."""

    NAME = "launch"
    TAB = "runs"
    CSS_PATH = "launch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "to_launch", "launch", tooltip="go to Launch; there, launch", id="launch.to-launch"),
        Binding("ctrl+s", "launch", "launch now", show=False, id="launch.launch"),
        Binding(
            "e", "edit", "edit", key_display="enter", tooltip="edit the value, or choose the next", id="launch.edit"
        ),
        Binding("left,h", "turn(-1)", "choice before", show=False, id="launch.before"),
        Binding("right,l", "turn(1)", "choose", key_display="← →", tooltip="choose the next", id="launch.next"),
        Binding(
            "x", "take_back", "as parent", tooltip="give the field its parent's value again", id="launch.as-parent"
        ),
        Binding("v", "seen", "what the model sees", show=False, id="launch.seen"),
        Binding("f", "cards", "memory", tooltip="what it takes, and on which cards it fits", id="launch.cards"),
        Binding("c", "make_fit", "make it fit", tooltip="choose a change that makes it fit here", id="launch.make-fit"),
        Binding("s", "smoke", "smoke", tooltip="run three steps, to measure time and memory", id="launch.smoke"),
        Binding("escape", "leave", "leave", id="launch.leave"),
    ]

    def __init__(
        self,
        kind: Kind,
        *,
        parent: str | None = None,
        adapter_run: str | None = None,
        like: str | None = None,
        changes: Mapping[str, Any] | None = None,
        dataset_id: int | None = None,
        launched: Callable[[str], None] = lambda name: None,
    ) -> None:
        """Make the form.

        Args:
            kind: what to launch.
            parent: the run to copy; None for the newest of its task.
            adapter_run: whose adapter to sample.
            like: the run whose model and sampling a sample run takes over.
            changes: values to begin with, by dotted path, beside the parent's.
            dataset_id: what to train on; None for the newest.
            launched: is given the name of the run.
        """
        super().__init__()
        self._start: Start = (kind, parent, adapter_run, like)
        self._left_key = left_key(self._start)
        self._changes, self._dataset_id = changes, dataset_id
        # What was changed when this form was left the last time, without a launch.
        self._left: dict[str, Any] = {}
        self._expected = Expected(self, self._expect)
        self._own = OwnRuns(self, self._explain)
        self._launched = launched
        self._begun: dict[str, Any] = {}
        self._launching = False

    def compose_body(self) -> ComposeResult:
        """Lay out list, editor, explanation and summary."""
        yield Static(Content.styled("Opening the form…", "$foreground-muted"), id="launch-title")
        yield from self.compose_fields()
        with Vertical(id="launch-field"):
            yield Static("", id="launch-explanation")
            yield Static("", id="launch-own", markup=False)
        yield Static("", id="launch-summary")

    def on_mount(self) -> None:
        """Put the focus on the list, and open the form."""
        self.fields.focus()

    def on_project_changed(self) -> None:
        """Open the form once; what is typed in it stands whatever happens elsewhere."""
        if self._form is None:
            project, start, changes, key = self.project, self._start, self._changes, f"{self.NAME}.{self._left_key}"
            data = self._dataset_id
            self.ask(
                lambda: open_as_left(project, start, changes, key, data),
                self._opened_with,
                group="form",
                failed=self._refused,
            )

    def _opened_with(self, opened: tuple[Form, dict[str, Any]]) -> None:
        form, self._left = opened
        self._show(form)
        if self._left:
            self.say("As you left it: what you changed stands; x takes a value back.")

    def _show(self, form: Form) -> None:
        if self._form is None:
            self._begun = {path: value for path, value in form.changes.items() if path not in self._left}
        super()._show(form)
        if self._changes is None:
            self.keep(self._left_key, self._changed())
        self._draw(form)

    def _draw(self, form: Form) -> None:
        self.query_one("#launch-title", Static).update(title_line(form))
        self._summarise()
        self._explain()
        self._expected.ask(form)

    def _expect(self) -> None:
        self._summarise()
        self.refresh_bindings()

    def _summarise(self) -> None:
        from workbench.screens.launch_forecast import summary

        if self._form is not None:
            text = summary(
                self._form,
                self._expected.forecast,
                self._expected.too_long,
                measuring=self._expected.measuring,
                sampling=self._expected.sampling,
            )
            self.query_one("#launch-summary", Static).update(text)

    def _explain(self) -> None:
        line, form = self.current, self._form
        put(self.query_one("#launch-explanation", Static), explanation(line))
        own = self._own.said(form, line.path) if line is not None and form is not None else ""
        put(self.query_one("#launch-own", Static), Content(own), fixed=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the field under the cursor allows; while a value is typed, letters are letters."""
        keys = ("launch", "to_launch", "edit", "turn", "take_back", "cards", "make_fit", "smoke")
        forecast = self._expected.forecast
        if action in keys and self.is_mounted and self.editor.is_open:
            return False
        if action in ("cards", "smoke"):
            return forecast is not None
        if action == "make_fit":
            return forecast is not None and bool(forecast.changes)
        if action == "turn":
            return self.current is not None and bool(self.current.choices)
        if action == "take_back":
            return self.current is not None and bool(self.current.parent or self.current.problem)
        return True

    def action_seen(self) -> None:
        """Show what the model sees of the pairs, as this run would take them."""
        from workbench.screens.seen_from import see_run

        if self._form is not None:
            see_run(self, self._form.draft.spec, self._form.draft.dataset_id)

    def action_to_launch(self) -> None:
        """Go to the Launch line, and launch from there: `r` opened the form, so pressed twice it must start nothing."""
        if self.current is not None and self.current.path == LAUNCH:
            self.action_launch()
        elif self._lines:
            self.fields.go_to(len(self._lines) - 1)
            self.say("Launch? Enter or r starts it.")

    def action_launch(self) -> None:
        """Launch, if every value holds."""
        from workbench.operations.launching import launch

        form, project = self._form, self.project
        if form is None or self._launching:
            return
        if not form.ready:
            paths = [line.path for line in self._lines]
            self.fields.go_to(next(index for index, path in enumerate(paths) if path in form.problems))
            self.say("A value does not hold: mend it, or press x to take the parent's.", "error")
            return
        draft = form.draft
        start = partial(launch, project, draft)
        if work_on_run(self, draft.place, "Launch", start, self._done, failed=self._not_launched):
            self._launching = True
            self.say("Launching…")
            # What is sent to a host may take its time: meanwhile the form is in nobody's way.
            if is_far(draft.place):
                self.dismiss(None)

    def action_cards(self) -> None:
        """Show what the run takes, and on which cards it fits."""
        from workbench.screens.launch_forecast import forecast_page
        from workbench.widgets.dialogs import TextOverlay

        forecast = self._expected.forecast
        if forecast is not None:
            self.app.push_screen(TextOverlay("Memory", forecast_page(forecast)))

    def action_make_fit(self) -> None:
        """Choose a change that makes the run fit here."""
        from workbench.screens.launch_forecast import fitting_choices
        from workbench.widgets.dialogs import ChoiceDialog

        forecast = self._expected.forecast
        if forecast is None or not forecast.changes:
            return
        choices = fitting_choices((dict(item.changes), item.words, item.memory.total) for item in forecast.changes)
        self.app.push_screen(ChoiceDialog("Make it fit", choices), self._take_changes)

    def _take_changes(self, changes: dict[str, Any] | None) -> None:
        from workbench.operations.drafting import with_changes

        form, project = self._form, self.project
        if form is not None and changes:
            self._ask(lambda: with_changes(project, form, changes))

    def action_smoke(self) -> None:
        """Run three steps of it, to measure time and memory; the form stays for the whole run."""
        from workbench.operations.forecasting import smoke

        form, project = self._form, self.project
        if form is None or not form.ready or self._launching:
            self.say("A value does not hold: mend it first.", "error")
            return
        draft = form.draft
        start = partial(smoke, project, draft)
        if work_on_run(self, draft.place, "Smoke", start, self._smoked, failed=self._not_launched):
            # On a far host the work itself says whether it still goes on.
            self._launching = not is_far(draft.place)
            self.say("Starting three steps …")

    def _smoked(self, name: str) -> None:
        """Go on with the form; its forecast is made anew until the steps are measured."""
        self._launching = False
        if not self.is_attached:
            return
        self.say("Three steps are taken; then their time stands above.")
        self._expected.follow_smoke(name)

    def _done(self, name: str) -> None:
        # Of a run that went to a far host, the form is closed already.
        self._kept[f"{self.NAME}.{self._left_key}"] = {}
        self._keep_now()
        if self.is_attached:
            self.dismiss(None)
        self._launched(name)

    def _not_launched(self, _sentence: str) -> None:
        self._launching = False

    def action_leave(self) -> None:
        """Leave the value, then the form."""
        if self.editor.is_open:
            self._end_editing()
        else:
            if self._changed():
                words = "Not launched. What you changed is kept: opened again, it stands there."
                self.app.call_later(self.app.say, words)
            self.dismiss(None)

    def _changed(self) -> dict[str, Any]:
        return changed_in(self._form, self._start, self._begun)
