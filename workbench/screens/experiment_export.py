"""Export the experiments from their screen: in which form, then into which file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen
from workbench.screens.export_over import ask_where, export_beside
from workbench.screens.shell import CancelledCall, ProgressCall

if TYPE_CHECKING:
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
    project, app = screen.project, screen.app

    def export(path: Path) -> None:
        def write(force: bool, progress: ProgressCall, cancelled: CancelledCall) -> ExperimentExport:
            from workbench.operations.experiment_export import export_experiments

            progress(0, 1, form.name)
            return export_experiments(project, path, form=form.name, force=force)

        export_beside(screen, write, lambda written: app.say(f"{written.summary}: {written.path}"))

    words = "What an export wrote there before is replaced, nothing else."
    ask_where(screen, "Into which file?", words, f"exports/experiments-{form.name}{form.suffix}", export)
