"""The commands that have no key, for the command palette: back up, and export what is read on several screens.

Each asks what it needs, does its work in the background, and says where the file is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from workbench.screens.base import ProjectScreen
from workbench.screens.choose_run import choose_run
from workbench.screens.export_over import ask_where, export_beside
from workbench.screens.run_carry import carry_commands
from workbench.screens.shell import CancelledCall, ProgressCall

if TYPE_CHECKING:
    from store.datasets import DatasetRow


def keyless_commands(screen: ProjectScreen) -> Iterator[SystemCommand]:
    """Yield the commands that no key stands for."""
    yield SystemCommand(
        "Back up the project's store", "a copy in backups/; the last five are kept", partial(_back_up, screen)
    )
    yield from carry_commands(screen)
    yield SystemCommand(
        "Export a review", "verdicts, notes and marks, as Markdown or JSON lines", partial(_ask_review, screen)
    )
    yield SystemCommand(
        "Export pairs: the newest dataset", "in any form that trainers and people read", partial(_ask_dataset, screen)
    )


def _back_up(screen: ProjectScreen) -> None:
    app, project = screen.app, screen.project

    def operate(progress: ProgressCall, cancelled: CancelledCall) -> Path:
        from workbench.operations.maintenance import backup

        return backup(project)

    app.background("Backup", operate, lambda path: app.say(f"Backed up: {path}"), about="datasets")


def _ask_dataset(screen: ProjectScreen) -> None:
    from workbench.screens.dataset_export import ask_export

    def ask() -> list[DatasetRow]:
        from workbench.operations.freezing import dataset_rows

        return dataset_rows(screen.project)

    def show(rows: list[DatasetRow]) -> None:
        if rows:
            ask_export(screen, max(rows, key=lambda row: row.number))
        else:
            screen.say(
                "Nothing is frozen yet: freeze what is accepted in Datasets (3) with f, then export it.", "warning"
            )

    screen.ask(ask, show, group="export")


def _ask_review(screen: ProjectScreen) -> None:
    def ask() -> list[str]:
        from workbench.operations.reviewing import reviewable_runs

        return reviewable_runs(screen.project)

    choose_run(
        screen,
        "Export the review of which run?",
        ask,
        partial(_ask_path, screen),
        none="No run can be reviewed yet: launch one in Runs (4) with r.",
        group="export",
    )


def _ask_path(screen: ProjectScreen, run: str) -> None:
    project, app = screen.project, screen.app

    def export(path: Path) -> None:
        def write(force: bool, progress: ProgressCall, cancelled: CancelledCall) -> Path:
            from workbench.operations.exporting import export_review

            return export_review(project, run, path, force=force)

        export_beside(screen, write, lambda written: app.say(f"Written: {written}"))

    words = "Markdown; JSON lines where the name ends in .jsonl."
    ask_where(screen, "Into which file?", words, f"exports/review-{run}.md", export)
