"""Export the experiments from their screen: in which form, then into which file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen

if TYPE_CHECKING:
    from workbench.operations.errors import WouldReplaceError
    from workbench.operations.experiment_export import ExperimentExport, ExperimentForm

_LAST_FORM = "export-form"


def ask_export(screen: ProjectScreen) -> None:
    """Ask for form and file, and write the experiments there."""
    from workbench.operations import guide
    from workbench.operations.experiment_export import FORMS
    from workbench.widgets.dialogs import Choice, ChoiceDialog

    def chosen(form: ExperimentForm | None) -> None:
        if form is not None:
            screen.keep(_LAST_FORM, form.name)
            _ask_path(screen, form)

    def show(last: object | None) -> None:
        choices = [Choice(value=form, name=form.name, words=form.words) for form in FORMS]
        current = next((form for form in FORMS if form.name == last), None)
        screen.app.push_screen(
            ChoiceDialog("Export the experiments in which form?", choices, current=current, typed_next=True), chosen
        )

    screen.ask(lambda: guide.recall(screen.project, f"{screen.NAME}.{_LAST_FORM}"), show, group="export")


def _ask_path(screen: ProjectScreen, form: ExperimentForm) -> None:
    from workbench.widgets.path_dialog import PathDialog

    def chosen(given: str | None) -> None:
        if given and given.strip():
            _export(screen, form, screen.project.root / Path(given.strip()).expanduser())

    words = "What an export wrote there before is replaced, nothing else."
    value = f"exports/experiments-{form.name}{form.suffix}"
    screen.app.push_screen(PathDialog("Into which file?", words, root=screen.project.root, value=value), chosen)


def _export(screen: ProjectScreen, form: ExperimentForm, path: Path, *, force: bool = False) -> None:
    from workbench.operations.errors import WouldReplaceError

    app, project = screen.app, screen.project

    def operate(
        progress: Callable[[int, int, str], None], cancelled: Callable[[], bool]
    ) -> ExperimentExport | WouldReplaceError:
        from workbench.operations.experiment_export import export_experiments

        progress(0, 1, form.name)
        try:
            return export_experiments(project, path, form=form.name, force=force)
        except WouldReplaceError as error:
            return error

    def done(written: ExperimentExport | WouldReplaceError) -> None:
        if isinstance(written, WouldReplaceError):
            _ask_force(screen, form, path)
        else:
            app.say(f"{written.summary}: {written.path}")

    app.background("Export", operate, done, about="datasets")


def _ask_force(screen: ProjectScreen, form: ExperimentForm, path: Path) -> None:
    from workbench.widgets.dialogs import ConfirmDialog

    def answered(yes: bool | None) -> None:
        if yes:
            _export(screen, form, path, force=True)
        else:
            screen.app.say("Nothing was written.")

    words = f"{path}\n\nNo export of this project left it like this. What it says now would be lost."
    screen.app.push_screen(ConfirmDialog("Replace what stands there?", words), answered)
