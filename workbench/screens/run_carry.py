"""Runs that are carried by hand: bring results back, zip a bundle; and what is said before any run is ended.

Results find their own run, so they can be brought from every screen, several at once: a terminal that files are dragged
into writes their paths one behind the other.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from workbench.screens.base import ProjectScreen
from workbench.screens.choose_run import choose_run

if TYPE_CHECKING:
    from store.runs import RunRow
    from workbench.operations.carrying import Brought


def stop_words(row: RunRow) -> str:
    """Say what happens to a run that is asked to stop."""
    if row.carried:
        return (
            "Nothing here reaches it. A file `stop` is put into its folder: where that is synced, it ends after the "
            "step it is in and keeps a checkpoint. Elsewhere, stop the notebook or the terminal that it runs in."
        )
    return "It ends after the step it is in and keeps a checkpoint; R resumes it."


def kill_words(row: RunRow) -> str:
    """Say what happens to a run that is killed, or that is counted as killed since nothing reaches it."""
    if row.carried:
        return (
            "It is carried by hand, and nothing here reaches its process: stop the notebook or the terminal that it "
            "runs in. It is only counted as killed. R has it started again."
        )
    if row.unreached_at:
        return f"{row.place} cannot be reached: its job may go on there. R starts another one."
    return "Its process ends at once. What it wrote stands; steps since the last checkpoint are lost."


def carry_commands(screen: ProjectScreen) -> Iterator[SystemCommand]:
    """Yield the commands about runs that are carried by hand."""
    yield SystemCommand(
        "Bring results of a run carried by hand",
        "results.zip as it was downloaded, or a folder; several at once",
        partial(ask_results, screen),
    )
    yield SystemCommand(
        "Zip the bundle of a run carried by hand", "one file, for uploading it", partial(_ask_bundle, screen)
    )


def ask_results(screen: ProjectScreen) -> None:
    """Ask which files were brought, and take them in."""
    from workbench.widgets.path_dialog import PathDialog

    def chosen(given: str | None) -> None:
        if given and given.strip():
            _bring(screen, paths_of(given, screen.project.root))

    words = "Drag results.zip here, or type its path; several may stand one behind the other. Each finds its own run."
    screen.app.push_screen(
        PathDialog("Bring which results?", words, root=screen.project.root, suffixes=(".zip",)), chosen
    )


def paths_of(given: str, root: Path) -> list[Path]:
    """Return the paths in a line, as typed or as a terminal writes those of files that are dragged into it.

    Args:
        given: the line; spaces in a path are quoted or escaped, unless it is the only one.
        root: what relative ones are relative to.
    """
    line = given.strip()
    try:
        parts = shlex.split(line)
    except ValueError:
        parts = [line]
    whole = root / Path(line).expanduser()
    found = [whole] if whole.exists() else [root / Path(part).expanduser() for part in parts]
    return list(dict.fromkeys(found))


def _bring(screen: ProjectScreen, paths: list[Path]) -> None:
    app, project = screen.app, screen.project

    def operate(progress: Callable[[int, int, str], None], cancelled: Callable[[], bool]) -> list[Brought]:
        from workbench.operations.carrying import bring

        progress(0, 1, paths[0].name)
        return bring(project, paths, cancelled=cancelled)

    def done(brought: list[Brought]) -> None:
        app.project_changed()
        app.say(" ".join(item.words for item in brought))

    app.background("Bring results", operate, done, about="runs")


def _ask_bundle(screen: ProjectScreen) -> None:
    def ask() -> list[str]:
        from workbench.operations.running import run_rows

        return [row.name for row in run_rows(screen.project) if row.carried]

    choose_run(
        screen,
        "Zip the bundle of which run?",
        ask,
        partial(_zip, screen),
        none="No run is carried by hand: launch one at a place of the kind bundle.",
        group="bundle",
    )


def _zip(screen: ProjectScreen, name: str) -> None:
    app, project = screen.app, screen.project

    def operate(progress: Callable[[int, int, str], None], cancelled: Callable[[], bool]) -> Path:
        from workbench.operations.carrying import zip_bundle

        progress(0, 1, name)
        return zip_bundle(project, name)

    app.background("Zip", operate, lambda path: app.say(f"Written: {path}. Upload it with its notebook."), about="runs")
