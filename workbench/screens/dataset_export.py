"""Export a dataset from the Datasets screen: which form, then which folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen

if TYPE_CHECKING:
    from store.datasets import DatasetRow
    from workbench.operations.dataset_files import DatasetExport
    from workbench.operations.errors import WouldReplaceError

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
    from workbench.widgets.path_dialog import PathDialog

    def chosen(given: str | None) -> None:
        if given and given.strip():
            _export(screen, row, form, screen.project.root / Path(given.strip()).expanduser())

    words = "It is made where it is not there; what an export wrote there before is replaced, nothing else."
    value = f"exports/dataset-{row.number}-{form}"
    screen.app.push_screen(PathDialog("Into which folder?", words, root=screen.project.root, value=value), chosen)


def _export(screen: ProjectScreen, row: DatasetRow, form: str, folder: Path, *, force: bool = False) -> None:
    from workbench.operations.errors import WouldReplaceError

    app, project = screen.app, screen.project

    def operate(
        progress: Callable[[int, int, str], None], cancelled: Callable[[], bool]
    ) -> DatasetExport | WouldReplaceError | None:
        from workbench.operations.exporting_job import export_in_child

        try:
            return export_in_child(
                project, row.number, folder, form=form, force=force, progress=progress, cancelled=cancelled
            )
        except WouldReplaceError as error:
            return error

    def done(report: DatasetExport | WouldReplaceError | None) -> None:
        if report is None:
            app.say("The export was cancelled: a file that was written is whole.")
            return
        if isinstance(report, WouldReplaceError):
            _ask_force(screen, row, form, folder, report)
            return
        said = [str(problem) for problem in report.said]
        app.say("\n".join([f"{report.summary}.", *said]), "warning" if said else "information")

    app.background("Export", operate, done, about="datasets")


def _ask_force(screen: ProjectScreen, row: DatasetRow, form: str, folder: Path, standing: WouldReplaceError) -> None:
    from workbench.widgets.dialogs import ConfirmDialog

    def answered(yes: bool | None) -> None:
        if yes:
            _export(screen, row, form, folder, force=True)
        else:
            screen.app.say("Nothing was written.")

    listed = "\n".join(map(str, standing.paths))
    words = f"{listed}\n\nNo export of this project left them like this. What they say now would be lost."
    screen.app.push_screen(ConfirmDialog("Replace what stands there?", words), answered)
