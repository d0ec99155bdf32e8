"""The terminal program: opens the project behind the first frame, holds the screens, and follows the runs.

Nothing here imports the store or an operation that does: the frame paints first, and the first worker opens the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.worker import Worker

from workbench.closing import say_what_stays
from workbench.every_command import EveryCommand, short_word
from workbench.following import COLLECT_S, Following
from workbench.key_order import KeyOrder
from workbench.noticing import EVERY_S, Noticer
from workbench.pauses import Pauses
from workbench.screens.base import ProjectScreen
from workbench.screens.main_screens import AHEAD, MAIN
from workbench.screens.opening import OpeningScreen
from workbench.screens.shell import Shell, sentence_of
from workbench.themes import ANSI_VARIABLES, DARK, KEPT_THEMES, LIGHT
from workbench.widgets.status_line import Severity
from workbench.widgets.tabs import SCREENS

if TYPE_CHECKING:
    from workbench.operations.collecting import CollectReport
    from workbench.operations.edits import Reversal
    from workbench.operations.looking import LookReport
    from workbench.operations.project import Project
    from workbench.watching import Watching

# How long after the project was opened its essays are watched: the first frames come first.
_WATCH_AFTER_S = 1.0
# How often a pause is looked for, in seconds.
_PAUSE_LOOK_S = 0.1


class WorkbenchApp(Shell):
    """The workbench on one project folder."""

    TITLE = "workbench"
    # All styles at once, six kilobytes: a screen that brought its own on its first visit would have all parsed anew.
    CSS_PATH = [str(path) for path in sorted((Path(__file__).parent / "screens").glob("*.tcss"))]
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {EveryCommand}
    SCREENS: ClassVar[dict[str, Callable[[], Screen[None]]]] = MAIN
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('essays')", "Essays", show=False, id="screen.essays"),
        Binding("2", "go('pairs')", "Pairs", show=False, id="screen.pairs"),
        Binding("3", "go('datasets')", "Datasets", show=False, id="screen.datasets"),
        Binding("4", "go('runs')", "Runs", show=False, id="screen.runs"),
        Binding("5", "go('review')", "Review", show=False, id="screen.review"),
        Binding("6", "go('experiments')", "Experiments", show=False, id="screen.experiments"),
        Binding("u", "reverse('undo')", "undo", show=False, id="edit.undo"),
        Binding("U,ctrl+r", "reverse('redo')", "redo", show=False, id="edit.redo"),
        Binding("F", "search", "find in everything", show=False, id="program.search"),
        Binding("I", "draft", "draft", show=False, tooltip="write in a draft with the model", id="program.draft"),
        Binding("L", "history", "history", show=False, tooltip="every edit, and undo down to one", id="edit.history"),
        Binding("question_mark,f1", "help", "all keys", show=False, id="program.help"),
        Binding("colon,ctrl+p", "command_palette", "every command", show=False, id="program.commands"),
        Binding("escape", "cancel_background", "cancel what is going on", show=False, id="program.cancel"),
        Binding("q,ctrl+q", "quit", "close", show=False, id="program.quit"),
    ]

    @dataclass
    class Looked(Message):
        """Essays changed on the disk; or the sentence of an error."""

        found: LookReport | str

    def __init__(self, project: Project | None, start: Path, *, screen: str | None = None) -> None:
        """Make the app.

        Args:
            project: an open project, or None to look for one in `start` and above.
            start: where to look, and the folder that is welcomed when there is none.
            screen: the screen to open; None for the one that was left.
        """
        super().__init__()
        self._project = project
        self._folder = start
        self._first_screen = screen
        self._pauses = Pauses(AHEAD)
        self.keys_in_order = KeyOrder(self)
        self._watching: Watching | None = None
        self._noticer: Noticer | None = None
        self._following: Following | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        for name in set(self.available_themes) - set(KEPT_THEMES):
            self.unregister_theme(name)

    def get_css_variables(self) -> dict[str, str]:
        """Name the colours for the theme in force."""
        variables = super().get_css_variables()
        if self.current_theme.ansi:
            self.theme_variables = variables = variables | ANSI_VARIABLES
        return variables

    def get_default_screen(self) -> Screen[None]:
        """Return the first frame."""
        self._first_frame = OpeningScreen((self._project.root if self._project else self._folder.absolute()).name)
        return self._first_frame

    def on_mount(self) -> None:
        """Open the project once the first frame is painted."""
        self._pauses.start()
        self.call_after_refresh(self._open)

    async def on_event(self, event: events.Event) -> None:
        """Note the author's keys and clicks on their way, and let each key take effect before the next."""
        if isinstance(event, events.Key | events.MouseEvent | events.Paste):
            self._pauses.key()
            if isinstance(event, events.Key) and event.key == "escape" and self._notifications:
                self.clear_notifications()
                if not isinstance(self.screen, ModalScreen):
                    # Here it would cancel what is going on, say; a dialog is left by it all the same.
                    return
        await self.keys_in_order.take(event, super().on_event)

    def simulate_key(self, key: str) -> None:
        """Press a key for the author, ahead of those that wait behind the one that stands for it."""
        if not self.keys_in_order.simulate(key):
            super().simulate_key(key)

    def _open(self) -> None:
        async def work() -> None:
            try:
                keys, trouble = await asyncio.to_thread(self._find_keys)
                project, screen, theme = await asyncio.to_thread(self._find)
            except Exception as error:  # noqa: BLE001 - the worker boundary
                # A list of keys may lie over it.
                self._first_frame.fail(sentence_of(error))
                return
            self.set_keymap(keys)
            if project is None:
                from workbench.screens.welcome import WelcomeScreen

                self._show(WelcomeScreen(self._folder))
            else:
                self._enter(project, screen, theme)
            if trouble:
                self.call_after_refresh(self.say, trouble, "error")

        _worker: Worker[None] = self.run_worker(work, group="open")

    @staticmethod
    def _find_keys() -> tuple[dict[str, str], str]:
        from workbench.every_key import own_keymap

        return own_keymap()

    def _find(self) -> tuple[Project | None, object | None, object | None]:
        from workbench.operations import guide
        from workbench.operations.errors import NoProjectError
        from workbench.operations.project import Project

        project = self._project
        if project is None:
            try:
                project = Project.open(self._folder)
            except NoProjectError:
                return None, None, None
            if project.is_behind:
                self.call_from_thread(self._first_frame.bring_up)
        return project, guide.recall(project, "program.screen"), guide.recall(project, "program.theme")

    def _enter(self, project: Project, screen: object | None, theme: object | None) -> None:
        self._project = project
        if isinstance(theme, str) and theme in self.available_themes:
            self.theme = theme
        self.theme_changed_signal.subscribe(self, lambda chosen: self._remember("program.theme", chosen.name))
        self.sub_title = project.root.name
        wanted = self._first_screen or screen
        name = wanted if isinstance(wanted, str) and wanted in self.SCREENS else "essays"
        self._show(name)
        if name != screen:
            self._remember("program.screen", name)
        if self._following is not None:
            self._following.stop()
        self._following = Following(
            self,
            project,
            collected=self._show_collected,
            unreached=lambda sentence: self.call_later(self.say, sentence, "warning"),
        )
        self._noticer = Noticer(self, project, self._show_changed_on_disk)
        self.set_timer(0.1, self._notice)
        self.set_interval(EVERY_S, self._notice)
        self.set_interval(COLLECT_S, self._follow)
        self.set_interval(_PAUSE_LOOK_S, self._pauses.tick)
        self.set_timer(_WATCH_AFTER_S, self._watch)

    def _show(self, screen: Screen[None] | str) -> None:
        """Put a screen over the first frame, which Textual 8.2 cannot switch away from, or in the place of another."""
        if len(self.screen_stack) == 1:
            self.push_screen(screen)
        else:
            self.switch_screen(screen)

    def open_project(self, project: Project, *, screen: str | None = None) -> None:
        """Show a project, from the welcome screen."""
        self._first_screen = screen
        self._enter(project, None, None)

    def action_go(self, name: str) -> None:
        """Go to a screen."""
        self.go(name)

    def go(self, name: str) -> None:
        """Go to a screen by its name."""
        screen = self.screen
        if not isinstance(screen, ProjectScreen) or name == screen.NAME:
            return
        self.switch_screen(name)
        self._remember("program.screen", name)

    def action_reverse(self, direction: str) -> None:
        """Undo or redo, and go to what was touched."""
        screen = self.screen
        if not isinstance(screen, ProjectScreen):
            return

        from workbench.screens.reversing import reverse

        def follow(reversal: Reversal | None) -> None:
            if reversal is None:
                self.say(f"Nothing to {direction}.")
                return
            self.say(reversal.sentence)
            # One that was large is over on whatever screen she went to.
            if any(screen is other for other in self.screen_stack):
                screen.on_reversal(reversal)
                screen.refresh_status()
            else:
                self.project_changed()

        reverse(screen, "undo" if direction == "undo" else "redo", follow)

    def action_help(self) -> None:
        """Show all keys."""
        from workbench.widgets.help_overlay import HelpOverlay

        if not isinstance(self.screen, HelpOverlay):
            legend = self.screen.LEGEND if isinstance(self.screen, ProjectScreen) else ""
            self.push_screen(HelpOverlay(self.screen, legend))

    def action_search(self) -> None:
        """Search everything, and open what was found."""
        screen = self.screen
        if isinstance(screen, ProjectScreen):
            from workbench.screens.found import open_hit
            from workbench.screens.search_view import SearchView

            self.push_screen(SearchView(screen), lambda hit: open_hit(self, hit) if hit is not None else None)

    def action_history(self) -> None:
        """Show every edit."""
        screen = self.screen
        if isinstance(screen, ProjectScreen):
            from workbench.screens.history_view import HistoryView

            self.push_screen(HistoryView(screen))

    def action_draft(self) -> None:
        """Open the draft that is written with the model."""
        if isinstance(self.screen, ProjectScreen):
            from workbench.screens.draft import DraftScreen

            self.push_screen(DraftScreen())

    def action_cancel_background(self) -> None:
        """Cancel the background work."""
        self.cancel_background()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """List every command: those of the screen with their keys, the screens, the theme."""
        from workbench.widgets.status_line import key_display

        for name, key, title in SCREENS:
            yield SystemCommand(f"Go to {title}", f"key {key}", lambda name=name: self.action_go(name))
        seen: set[str] = set()
        for _node, binding, enabled, _tooltip in screen.active_bindings.values():
            wanted = binding.description and binding.action not in seen and not binding.action.startswith("go(")
            if enabled and wanted and not binding.system:
                seen.add(binding.action)
                title = binding.tooltip or binding.description
                shown = key_display(self, binding.key, binding.key_display)
                words = f"key {shown}: {short}" if (short := short_word(binding)) else f"key {shown}"
                yield SystemCommand(title[0].upper() + title[1:], words, lambda key=binding.key: self.simulate_key(key))
        yield SystemCommand("Theme", "night, paper, or the terminal's own colours", self.action_change_theme)

    def say(self, text: str, severity: Severity = "information") -> None:
        """Say something on the screen that is shown."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, ProjectScreen):
                screen.say(text, severity)
                return
        self.notify(text, severity=severity, markup=False)

    def project_changed(self) -> None:
        """Let the project's screens ask again."""
        for screen in self.screen_stack:
            if isinstance(screen, ProjectScreen):
                screen.on_project_changed()
                screen.refresh_status()

    def _remember(self, key: str, value: object) -> None:
        def remember() -> None:
            from workbench.operations import guide

            guide.remember(self.project, key, value)

        if self.has_project:
            self.write(remember)

    def _watch(self) -> None:
        """Begin to watch the project's essays."""
        from workbench.watching import Watching

        if self._watching is not None:
            self._watching.stop()
        self._watching = Watching(
            self.project,
            busy=lambda: self.is_at("writing"),
            found=lambda report: self.post_message(self.Looked(report)),
            failed=lambda sentence: self.post_message(self.Looked(sentence)),
        )
        self._watching.start()

    def far_runs_changed(self) -> None:
        """Ask the far hosts at once: a run was launched, stopped or resumed."""
        if self._following is not None:
            self._following.wake()

    def on_workbench_app_looked(self, message: WorkbenchApp.Looked) -> None:
        """Show what the disk did."""
        if isinstance(message.found, str):
            self.say(message.found, "error")
            return
        self._show_changed_on_disk()
        self.say(message.found.summary, "warning" if message.found.problems else "information")

    def _show_changed_on_disk(self) -> None:
        """Let the screens ask for what changed without the author, and leave their lists as they stand."""
        for screen in self.screen_stack:
            if isinstance(screen, ProjectScreen):
                screen.on_essays_changed()
                screen.refresh_status()

    def _follow(self) -> None:
        if self._following is not None:
            _worker: Worker[None] = self.run_worker(self._following.tick, group="collect", exit_on_error=False)

    def _show_collected(self, report: CollectReport) -> None:
        if self._noticer is not None:
            self._noticer.collected()
        for screen in self.screen_stack:
            if isinstance(screen, ProjectScreen):
                if screen.FOLLOWS_RUNS:
                    screen.on_project_changed()
                if report.statuses:
                    screen.refresh_status()

    def _notice(self) -> None:
        if self._noticer is not None:
            _worker: Worker[None] = self.run_worker(self._noticer.tick, group="collect", exit_on_error=False)

    def on_unmount(self) -> None:
        """End what goes on beside, and in pauses."""
        self._pauses.stop()
        for work in (self._watching, self._following):
            if work is not None:
                work.stop()


def run(project: Project | None, start: Path, screen: str | None = None) -> int:
    """Run the program and return its exit code.

    Args:
        project: an open project, or None: then one is looked for in `start` and above, behind the first frame.
        start: the folder it was started on.
        screen: the screen to open; None for the one that was left.
    """
    app = WorkbenchApp(project, start, screen=screen)
    code = app.run()
    app.finish_writes()
    say_what_stays(app)
    return code or app.return_code or 0
