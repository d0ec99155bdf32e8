"""Export a dataset from the Datasets screen: which form, then which folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen
from workbench.screens.export_over import ask_where, export_beside
from workbench.screens.shell import CancelledCall, ProgressCall

if TYPE_CHECKING:
    from store.datasets import DatasetRow
    from workbench.operations.dataset_files import DatasetExport

_LAST_FORM = "export-form"


def ask_export(screen: ProjectScreen, row: DatasetRow) -> None:
    """Ask for form and folder, and write the dataset's files there."""
    from workbench.operations import guide

    screen.ask(
        lambda: guide.recall(screen.project, f"{screen.NAME}.{_LAST_FORM}"),
        lambda last: _ask_form(screen, row, last if isinstance(last, str) else None),
        group="export",
    )


def _ask_form(screen: ProjectScreen, row: DatasetRow, last: str | None) -> None:
    from workbench.operations.dataset_files import FORMS
    from workbench.widgets.dialogs import Choice, ChoiceDialog

    choices = [Choice(value=form.name, name=form.name, words=form.words) for form in FORMS]

    def chosen(form: str | None) -> None:
        if form is not None:
            screen.keep(_LAST_FORM, form)
            _ask_folder(screen, row, form)

    words = "A file for each side of the split. What is frozen is written, not what was edited since."
    screen.app.push_screen(
        ChoiceDialog(
            f"Export dataset {row.number} in which form?", choices, words=words, current=last, typed_next=True
        ),
        chosen,
    )


def _ask_folder(screen: ProjectScreen, row: DatasetRow, form: str) -> None:
    project, app = screen.project, screen.app

    def export(folder: Path) -> None:
        def write(force: bool, progress: ProgressCall, cancelled: CancelledCall) -> DatasetExport | None:
            from workbench.operations.exporting_job import export_in_child

            return export_in_child(
                project, row.number, folder, form=form, force=force, progress=progress, cancelled=cancelled
            )

        export_beside(screen, write, done)

    def done(report: DatasetExport | None) -> None:
        if report is None:
            app.say("The export was cancelled: a file that was written is whole.")
            return
        said = [str(problem) for problem in report.said]
        app.say("\n".join([f"{report.summary}.", *said]), "warning" if said else "information")

    words = "It is made where it is not there; what an export wrote there before is replaced, nothing else."
    ask_where(screen, "Into which folder?", words, f"exports/dataset-{row.number}-{form}", export)
