"""Welcome: a folder that holds no project yet, and the three things to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker

from workbench.screens.shell import CancelledCall, ProgressCall, Shell, sentence_of
from workbench.widgets.plain import one_line
from workbench.widgets.status_line import KeyLine, Progress, StatusLine
from workbench.widgets.tabs import Tabs

if TYPE_CHECKING:
    from workbench.operations.project import Project

# Where the sample project is made, beside whatever else is in the folder.
_SAMPLE_FOLDER = "demo-project"


class WelcomeScreen(Screen[None]):
    """What an empty folder shows."""

    CSS_PATH = "welcome.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i,enter", "start", "import", tooltip="make a project here and import essays", id="welcome.import"),
        Binding("s", "sample", "sample project", tooltip="make and open the sample project", id="welcome.sample"),
        Binding("o", "open", "open", tooltip="open another folder", id="welcome.open"),
        Binding("escape", "app.cancel_background", "cancel", show=False, id="welcome.cancel"),
    ]

    app = getters.app(Shell)

    def __init__(self, folder: Path) -> None:
        super().__init__(id="welcome")
        self._folder = folder.absolute()

    def compose(self) -> ComposeResult:
        """Lay out the frame and the three offers."""
        yield Tabs(project=self._folder.name, current="")
        with VerticalScroll(id="welcome-body", can_focus=True):
            yield Static(self._text(), id="welcome-text", markup=False)
        yield StatusLine("Import with i, or look at the sample project with s")
        yield KeyLine()

    def on_mount(self) -> None:
        """Show background work."""
        self.watch(self.app, "progress", self._show_progress)

    def _text(self) -> Content:
        offers = (
            ("i", "Import your essays", "Makes a project in this folder. Your files are read, never changed."),
            ("s", "The sample project", "Twelve essays and ten notes, the whole loop played in a few minutes."),
            ("o", "Open another folder", "One that holds a project, or is to hold one."),
        )
        parts: list[Content | str | tuple[str, str]] = [
            ("Can a model learn my voice?", "bold $accent"),
            "\n\nThis folder holds no project yet:\n",
            (one_line(str(self._folder)), "$text-muted"),
            "\n",
        ]
        for key, title, words in offers:
            parts += ["\n", (f" {key} ", "bold reverse"), f"  {title}\n", (f"     {words}\n", "$text-muted")]
        return Content.assemble(*parts)

    def _show_progress(self, progress: Progress | None) -> None:
        self.query_one(StatusLine).progress = progress

    def _say(self, words: str) -> None:
        self.query_one(StatusLine).say(words, "error")

    def action_start(self) -> None:
        """Ask for the essays, make a project here and import them."""
        from workbench.widgets.path_dialog import PathDialog

        self.app.push_screen(
            PathDialog(
                "Import",
                "A folder of Markdown files, or one file. Enter with nothing makes an empty project.",
                root=self._folder,
            ),
            self._start,
        )

    def _start(self, given: str | None) -> None:
        if given is None:
            return
        path = self._folder / Path(given.strip()).expanduser() if given.strip() else None

        def operate() -> Project:
            from workbench.operations.errors import WorkbenchError
            from workbench.operations.project import Project

            if path is not None and not path.exists():
                raise WorkbenchError(f"{path}: not there. Name a folder of Markdown files, or one file.")
            inside = path is not None and path.is_dir() and path.resolve().is_relative_to(self._folder.resolve())
            listed = (path.resolve().relative_to(self._folder.resolve()).as_posix(),) if inside and path else ()
            return Project.create(self._folder, essays=listed)

        def opened(project: Project) -> None:
            self.app.open_project(project, screen="essays")
            if path is not None:
                self.app.call_after_refresh(self._import, path)

        self._ask(operate, opened)

    def _import(self, path: Path) -> None:
        from workbench.screens.essays import EssaysScreen

        screen = self.app.screen
        if isinstance(screen, EssaysScreen):
            screen.import_paths([path])

    def action_sample(self) -> None:
        """Make the sample project and play the loop in it; where this machine cannot train, say what to install."""
        target, app = self._folder / _SAMPLE_FOLDER, self.app

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> str:
            from workbench.operations.demo import play
            from workbench.operations.errors import LaunchError

            try:
                play(target, say=lambda words: progress(0, 0, words.strip()))
            except LaunchError as error:
                # The essays, pairs and dataset stand: a laptop that cannot train shows those.
                return str(error)
            return ""

        def done(problem: str) -> None:
            from workbench.operations.project import Project

            app.open_project(Project.open(target), screen="essays" if problem else "review")
            if problem:
                app.call_after_refresh(app.say, problem, "warning")

        self.app.background("The sample project", operate, done)

    def action_open(self) -> None:
        """Ask for a folder and open the project in it."""
        from workbench.widgets.path_dialog import PathDialog

        self.app.push_screen(PathDialog("Open", "A folder that holds a project.", root=self._folder), self._open_folder)

    def _open_folder(self, given: str | None) -> None:
        if not given or not given.strip():
            return
        folder = self._folder / Path(given.strip()).expanduser()

        def operate() -> Project:
            from workbench.operations.project import Project

            return Project.open(folder)

        self._ask(operate, lambda project: self.app.open_project(project))

    def _ask(self, operate: Callable[[], Project], then: Callable[[Project], None]) -> None:
        async def work() -> None:
            try:
                result = await asyncio.to_thread(operate)
            except Exception as error:  # noqa: BLE001 - the worker boundary
                self._say(sentence_of(error))
                return
            then(result)

        _worker: Worker[None] = self.run_worker(work, group="welcome", exclusive=True)
