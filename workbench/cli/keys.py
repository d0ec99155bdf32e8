"""The commands of keys: list the names of all that have one, give a command keys of your own."""

from __future__ import annotations

from typing import Any

import click

from curation.counted import counted
from workbench.cli.output import emit, errors_as_sentences, json_option, say, table
from workbench.operations import own_keys


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def keys_command(ctx: click.Context, as_json: bool) -> None:
    """List every command of the terminal program with its name and its keys; `set` gives it others."""
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
        say(f"{name} is {' '.join(keys)} now, from the next start on. Take the line out of {path} to have it back.")
