"""The `workbench` command: each command's module is imported when it is called, so that the program opens at once.

Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from workbench import __version__

_COMMANDS = {
    "init": ("workbench.cli.project", "Make a project in a folder."),
    "import": ("workbench.cli.project", "Import essays, notes and whatever else files and folders hold."),
    "watch": ("workbench.cli.watch", "Watch the essay folders: what is saved comes in, and its pairs follow."),
    "essays": ("workbench.cli.curate", "List the essays, hold whole ones out, edit them, see what goes of them."),
    "pairs": ("workbench.cli.pair_edits", "Propose, list, accept, reject and change pairs."),
    "models": ("workbench.cli.models", "The models that pairs are counted for: list, show, add, remove."),
    "canaries": ("workbench.cli.curate", "The canary prompts: list, import, export, add, remove."),
    "check": ("workbench.cli.datasets", "Look for leaks and broken rules before freezing."),
    "waive": ("workbench.cli.datasets", "Set a rule aside, with a reason that is recorded."),
    "dataset": ("workbench.cli.datasets", "Freeze the accepted pairs; list, show and compare datasets."),
    "undo": ("workbench.cli.edits", "Undo the last edit."),
    "redo": ("workbench.cli.edits", "Redo what was undone last."),
    "history": ("workbench.cli.edits", "List the edits; undo down to one, or set one aside."),
    "search": ("workbench.cli.search", "Search essays, pairs, canary prompts, samples, and all notes."),
    "run": ("workbench.cli.runs", "Launch a training run."),
    "sample": ("workbench.cli.runs", "Sample the canary prompts from the base or from a run's adapter."),
    "score": (
        "workbench.cli.runs",
        "Measure the loss of the base or of an adapter on a dataset's held-out pairs.",
    ),
    "runs": ("workbench.cli.runs", "List, show, stop, kill and resume runs."),
    "places": ("workbench.cli.places", "Where runs go: list the places, check a host, add one."),
    "collect": ("workbench.cli.runs", "Fold what the jobs wrote into the store."),
    "infill": (
        "workbench.cli.sessions",
        "Let the model write in a draft: a span from both sides, or a paragraph more.",
    ),
    "session": (
        "workbench.cli.sessions",
        "Keep a model loaded for writing: start, list, stop, and what was taken of it.",
    ),
    "review": (
        "workbench.cli.review",
        "Read base and adapter side by side; judge, mark, rate, tag; which are mine?",
    ),
    "experiments": ("workbench.cli.experiments", "The tree of runs, what is noise in it, and what was learnt."),
    "export": ("workbench.cli.review", "Export a dataset or a review to files."),
    "keys": ("workbench.cli.keys", "List the names of all keys, and give a command keys of your own."),
    "backup": ("workbench.cli.project", "Back the store up; the last five are kept."),
    "doctor": ("workbench.cli.project", "Say what works here and what does not."),
    "demo": ("workbench.cli.project", "Play the whole loop on the sample essays."),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command = getattr(module, cmd_name.replace("-", "_") + "_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, invoke_without_command=True)
@click.version_option(__version__, prog_name="workbench")
@click.option("-p", "--project", "folder", type=click.Path(path_type=Path), help="The project (default: here).")
@click.pass_context
def cli(ctx: click.Context, folder: Path | None) -> None:
    """Turn essays into pairs, train on them, and judge by reading.

    Without a command, open the terminal program.
    """
    ctx.obj = folder or Path.cwd()
    if ctx.invoked_subcommand is None:
        sys.exit(open_program(ctx.obj))


def open_program(folder: Path, screen: str | None = None) -> int:
    """Open the terminal program on a folder; one that holds no project is welcomed."""
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        click.echo("The program needs a terminal. See `workbench --help` for the commands that do not.", err=True)
        return 2
    from workbench.app import run

    # The project is opened behind the first frame, by the program itself.
    return run(None, folder, screen)


def main() -> None:
    """Run the command line."""
    cli(prog_name="workbench")
