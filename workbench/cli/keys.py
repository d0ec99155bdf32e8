"""The commands of keys: list the names of all that have one, give a command keys of your own."""

from __future__ import annotations

import sys
from typing import Any

import click

from curation.counted import counted
from workbench.cli.output import emit, errors_as_sentences, json_option, say, table
from workbench.operations import own_keys
from workbench.operations.errors import NothingToDoError


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def keys_command(ctx: click.Context, as_json: bool) -> None:
    """List every command of the screens with its name and keys; `set` gives it others, `reset` its own back."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(_listed, as_json=as_json)


@keys_command.command("list", hidden=True)
@json_option
def _listed(as_json: bool) -> None:
    """List the commands."""
    from workbench.every_key import every_command
    from workbench.every_key import own_keys as own

    with errors_as_sentences():
        found, path = own(), own_keys.keys_path()
        rows: list[dict[str, Any]] = [
            {
                "name": command.id,
                "keys": list(found.keys.get(command.id, command.keys)),
                "own": command.id in found.keys,
                "words": command.words,
            }
            for command in every_command()
        ]
        listed = [[row["name"], " ".join(row["keys"]), "own" if row["own"] else "", row["words"]] for row in rows]
        emit(rows, as_json, table(["name", "keys", "", "what it does"], listed))
        for problem in found.problems:
            say(problem)
        say(f"{counted(len(found.keys), 'command')} with keys of your own, in {path}.")


@keys_command.command("set")
@click.argument("name")
@click.argument("keys", nargs=-1, required=True)
def keys_set(name: str, keys: tuple[str, ...]) -> None:
    """Give a command these keys in the place of its own: `workbench keys set pairs.skip Z f6`."""
    from workbench.every_key import every_command, named
    from workbench.every_key import own_keys as own

    with errors_as_sentences():
        path = own_keys.keys_path()
        named_keys = [named(key) for key in keys]
        own_keys.give_keys(path, name, named_keys, own=own().keys, commands=every_command())
        say(
            f"{name} is {' '.join(keys)} now, from the next start on. `workbench keys reset {name}` gives its own back."
        )


@keys_command.command("reset")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "every", is_flag=True, help="Of every command that has keys of your own; asks first.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@json_option
def keys_reset(names: tuple[str, ...], every: bool, yes: bool, as_json: bool) -> None:
    """Give commands their own keys back, in the place of those of yours: `workbench keys reset pairs.skip`."""
    if bool(names) == every:
        raise click.UsageError("Name the commands, or give --all.")
    from workbench.every_key import every_command
    from workbench.every_key import own_keys as own

    with errors_as_sentences():
        path, commands = own_keys.keys_path(), every_command()
        said = own_keys.read_keys(path)
        chosen = list(said) if every else list(dict.fromkeys(names))
        if every and not chosen:
            raise NothingToDoError(f"No command has keys of your own: {path} names none.")
        whose = f"{counted(len(chosen), 'command')} {'its' if len(chosen) == 1 else 'their'}"
        if every and not (yes or _agreed(f"Give {whose} own keys back, in {path}?")):
            say("Nothing was changed.")
            sys.exit(1)
        own_keys.take_back(path, chosen, said=said, own=own().keys, commands=commands)
        keys = {command.id: command.keys for command in commands}
        rows = [{"name": name, "keys": list(keys.get(name, ()))} for name in chosen]
        emit(rows, as_json, [f"{row['name']} is {' '.join(row['keys']) or 'no command'}" for row in rows])
        say(f"{counted(len(rows), 'line')} taken out of {path}, from the next start on.")


def _agreed(question: str) -> bool:
    """Ask on standard error, so that standard output is data only; no answer is a no."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        return False
