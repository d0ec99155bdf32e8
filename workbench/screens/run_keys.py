"""Keys of Runs that do something with the run under the cursor: launch a copy, end it, resume it, note, review.

The decision to know: the cursor moves at once, and what the panel shows of its run is read behind it. Of keys that come
in one burst, the later ones come before that is read. So a key acts on the run under the cursor, by its name, and reads
it first where the panel still shows another one; what is shown never says which run is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.screens.base import ProjectScreen
from workbench.screens.run_carry import kill_words, stop_words
from workbench.screens.run_forms import form_of
from workbench.screens.run_lines import short_name
from workbench.screens.run_note import write_note
from workbench.screens.run_work import work_on_run

if TYPE_CHECKING:
    from store.runs import RunRow
    from workbench.operations.drafting import Kind
    from workbench.operations.launching import LaunchedTask
    from workbench.operations.running import RunView

LIVING = ("submitted", "starting", "running", "stopping")


class RunKeys(ProjectScreen):
    """What is done with the run under the cursor; `RunsScreen` binds the keys."""

    @property
    def selected(self) -> str | None:
        """The name of the run under the cursor."""
        raise NotImplementedError

    def select(self, run: str) -> None:
        """Put the cursor on a run as soon as the list holds it."""
        raise NotImplementedError

    async def run_here(self) -> RunView | None:
        """Return the run under the cursor, read now where the panel still shows another one; None for none."""
        raise NotImplementedError

    async def action_launch(self, task: LaunchedTask) -> None:
        """Open the form, as a copy of the selected run where its task is the same."""
        kind, start = form_of(await self.run_here(), task)
        self._open_form(kind, **start)

    def _open_form(self, kind: Kind, **start: Any) -> None:
        from workbench.screens.launch import LaunchScreen

        self.app.push_screen(LaunchScreen(kind, launched=self._launched, **start))

    def _launched(self, name: str) -> None:
        from workbench.operations.running import launched_words

        self.select(name)
        self.app.project_changed()
        project = self.project
        self.ask(lambda: launched_words(project, name), self.say, group="launched")

    async def action_make_fit(self) -> None:
        """Choose what makes a run fit that ran out of memory, and open the form with it."""
        from workbench.screens.launch_forecast import fitting_choices
        from workbench.widgets.dialogs import ChoiceDialog

        view = await self.run_here()
        if view is None or view.shortage is None:
            return
        options = [(item["changes"], item["words"], item["bytes"]) for item in view.shortage["alternatives"]]
        if not options:
            self.say("Nothing known makes this fit there: a smaller model, or a larger card.", "warning")
            return
        self.app.push_screen(
            ChoiceDialog("Make it fit", fitting_choices(options)),
            lambda changes: self._open_form("train", parent=view.row.name, changes=changes) if changes else None,
        )

    async def action_stop(self) -> None:
        """Ask the run to stop, once she says yes."""
        from workbench.operations.running import stop

        if (view := await self.run_here()) is not None:
            self._confirm(view.row, "Stop", stop_words(view.row), stop)

    async def action_kill(self) -> None:
        """End the run's process, once she says yes."""
        from workbench.operations.running import give_up, kill

        if (view := await self.run_here()) is None:
            return
        row = view.row
        if row.unreached_at or row.carried:
            # Nothing can be asked to end it.
            self._confirm(row, "Count as killed:", kill_words(row), lambda project, name, **_: give_up(project, name))
        else:
            self._confirm(row, "Kill", kill_words(row), kill)

    async def action_resume(self) -> None:
        """Go on from the last checkpoint."""
        from workbench.operations.running import resume

        if (view := await self.run_here()) is not None:
            self._work(view.row, "Resume", resume)

    def _work(self, row: RunRow, word: str, operation: Callable[..., str]) -> None:
        """Do something to a run, wherever it is."""
        work_on_run(self, row.place, word.rstrip(":"), partial(operation, self.project, row.name), self._done)

    def _confirm(self, row: RunRow, word: str, words: str, operation: Callable[..., str]) -> None:
        from workbench.widgets.dialogs import ConfirmDialog

        if row.status not in LIVING:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._work(row, word, operation)

        self.app.push_screen(ConfirmDialog(f"{word} {short_name(row.name, 50)}?", words), answered)

    def _done(self, sentence: str) -> None:
        self.say(sentence)
        self.on_project_changed()
        self.refresh_status()

    async def action_note(self) -> None:
        """Write what was learnt from the run; what is typed is kept, however it is left."""
        if (view := await self.run_here()) is None:
            return
        if "\n" in view.noted:
            self.say("Its note has several lines: edit it in Experiments (6) with e.", "warning")
            return
        write_note(self, view.row.name, view.noted, self._done)

    async def action_review(self) -> None:
        """Go to Review with the selected run; without a selection to Review as it was left."""
        from workbench.screens.review import ReviewScreen

        screen = self.app.get_screen("review")
        assert isinstance(screen, ReviewScreen)
        view = await self.run_here()
        if view is not None and (view.row.task == "train" or (view.spec and view.spec.adapter)):
            screen.open_run(view.row.name)
        self.app.go("review")

    async def action_copy(self) -> None:
        """Copy the path of the run's directory."""
        if (view := await self.run_here()) is not None:
            self.app.copy_to_clipboard(str(view.directory))
            self.say(f"Copied {view.directory}")
