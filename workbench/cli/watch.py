"""Watch the essays from the command line, and settle the pairs that changed with them."""

from __future__ import annotations

import json
import signal
import threading
from typing import Any

import click

from curation.counted import counted
from workbench.cli.output import emit, json_option, plain, say, table, visible, with_project
from workbench.operations import curating, settling
from workbench.operations.looking import LookReport, look, places
from workbench.operations.project import Project


@click.command()
@json_option
@with_project
def watch_command(project: Project, as_json: bool) -> None:
    """Watch the essay folders until ctrl+c: what is saved in any editor comes in, and its pairs follow."""
    from curation.watch import Watcher

    def changed(paths: frozenset[str]) -> bool:
        report = look(project, only=paths)
        if report.anything:
            emit_look(report, as_json, in_one_line=True)
        return True

    # In the background of a script ctrl+c is ignored, and `kill` is the way to end it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    watcher = Watcher(lambda: places(project), changed)
    watcher.start()
    try:
        say("Watching. ctrl+c ends it.")
        threading.Event().wait()
    except KeyboardInterrupt:
        watcher.stop()


def emit_look(report: LookReport, as_json: bool, *, in_one_line: bool = False) -> None:
    """Print what a look at the disk found."""
    rows = [["new", slug, ""] for slug in report.added]
    rows += [["changed", slug, ""] for slug in report.changed]
    rows += [["renamed", item.title, f"{item.earlier} → {item.path}"] for item in report.renamed]
    rows += [["missing", title, ""] for title in report.missing]
    rows += [["back", title, ""] for title in report.back]
    rows += [
        ["pairs", item.title, f"{item.changed} changed, {item.moved} moved, {counted(item.fresh, 'new paragraph')}"]
        for item in report.followed
    ]
    if as_json and in_one_line:
        click.echo(json.dumps(plain(report), ensure_ascii=False))
    elif in_one_line:
        for row in rows:
            click.echo(visible("  ".join(filter(None, row))))
    else:
        emit(report, as_json, [line for line in table(["", "", ""], rows) if line] if rows else [])
    for problem in report.problems:
        say(str(problem))
    say(report.told(settle_with="`workbench pairs settle`"))


@click.command("changed")
@json_option
@with_project
def changed_command(project: Project, as_json: bool) -> None:
    """List the pairs whose essays read otherwise now, with the old text and the new."""
    views = [settling.change_view(project, pair_id) for pair_id in settling.changed_ids(project)]
    found: list[dict[str, Any]] = [
        {
            "id": view.pair.id,
            "essay": view.pair.source,
            "status": view.pair.status,
            "prompt": view.pair.prompt,
            "response": view.pair.response,
            "before": {"prompt": view.before[0], "response": view.before[1]},
            "after": {"prompt": view.after[0], "response": view.after[1]},
            "edited": view.own,
            "gone": view.gone,
        }
        for view in views
    ]
    rows = [
        [item["id"], item["status"], item["essay"], "gone" if item["gone"] else item["after"]["response"][:60]]
        for item in found
    ]
    emit(found, as_json, table(["id", "status", "essay", "now"], rows) if rows else [])
    say(f"{len(found)} to settle.")


@click.command("settle")
@click.argument("ids", nargs=-1, type=int)
@click.option("--take", "how", flag_value="take", help="Take what the essay says now.")
@click.option("--keep", "how", flag_value="keep", help="Keep what the pair says.")
@click.option("--all", "everything", is_flag=True, help="All that are to be settled.")
@json_option
@with_project
def settle_command(
    project: Project, ids: tuple[int, ...], how: settling.How | None, everything: bool, as_json: bool
) -> None:
    """Settle pairs whose essays changed, by id, or all of them."""
    if how is None or bool(ids) == everything:
        raise click.UsageError("Give --take or --keep, and pair ids or --all.")
    chosen = list(ids) or settling.changed_ids(project)
    unwritten = {row.id for row in curating.pair_rows(project, chosen) if not row.prompt_words}
    waiting = [pair_id for pair_id in chosen if not settling.settle(project, pair_id, how)]
    emit({"settled": len(chosen), "without_prompt": waiting}, as_json, [str(len(chosen))])
    left = curating.pair_counts(project).changed
    say(f"{len(chosen)} settled, {left} left.")
    for pair_id in waiting:
        what = "is still to be written" if pair_id in unwritten else "is gone from its essay"
        say(f"The prompt of pair {pair_id} {what}: write one (`pairs edit`), or reject it.")
