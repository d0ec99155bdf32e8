"""The commands of the blind test, which are mine: begin, next, answer, end, reveal, list, show, prompts."""

from __future__ import annotations

from typing import Any

import click

from curation.blind import WANTED
from curation.counted import counted
from store.blind import Answer, Round
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import blind, blind_result, running
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.project import Project

_ANSWERS: dict[str, Answer] = {"mine": "mine", "not-mine": "not mine", "skip": "skipped"}
_round_option = click.option("--round", "number", type=int, help="Which round (default: the newest).")


@click.group()
def mine_group() -> None:
    """Which are mine?: tell real held-out paragraphs from a run's samples, blind."""


@mine_group.command("begin")
@click.argument("run")
@click.option("--texts", "wanted", type=int, default=WANTED, show_default=True, help="How many texts at most.")
@click.option("--seed", type=int, help="Draw with this seed (default: a drawn one, which is kept).")
@click.option("--again", is_flag=True, help="Take texts too that an earlier round has shown.")
@json_option
@with_project
def mine_begin(project: Project, run: str, wanted: int, seed: int | None, again: bool, as_json: bool) -> None:
    """Draw and freeze the next round of RUN."""
    made = blind.begin(project, running.run_named(project, run), wanted=wanted, seed=seed, again=again)
    row = made.round
    texts = counted(len(made.texts), "text")
    emit(_facts(row) | {"texts": len(made.texts)}, as_json, [f"{row.run}, round {row.number}: {texts}"])
    say(blind_result.HOW)
    say(f"`workbench review mine next {row.run}` shows the first.")


@mine_group.command("next")
@click.argument("run")
@json_option
@with_project
def mine_next(project: Project, run: str, as_json: bool) -> None:
    """Show the next text of RUN's newest round without an answer."""
    made = _test(project, run, None)
    text = next((item for item in made.texts if item.answer is None), None)
    if text is None:
        raise NothingToDoError(
            f"All {len(made.texts)} texts of round {made.round.number} have an answer: `workbench review mine reveal "
            f"{made.round.run}` shows the result."
        )
    data = {
        "run": made.round.run,
        "round": made.round.number,
        "number": text.position + 1,
        "of": len(made.texts),
        "left": made.left,
        "words": text.words,
        "text": text.text,
        "sure": text.sure,
        "note": text.note,
    }
    emit(data, as_json, [text.text])
    say(f"Text {text.position + 1} of {len(made.texts)}, {made.left} without an answer. Whose is it?")


@mine_group.command("answer")
@click.argument("run")
@click.argument("number", type=int)
@click.argument("given", metavar="ANSWER", type=click.Choice(list(_ANSWERS)))
@click.option("--sure", type=int, help="How sure: 1, 2 or 3.")
@click.option("--note", help="A note on the text.")
@with_project
def mine_answer(project: Project, run: str, number: int, given: str, sure: int | None, note: str | None) -> None:
    """Say of the NUMBER-th text (from 1) of RUN's newest round whose it is: mine, not-mine or skip."""
    made = _test(project, run, None)
    if not 1 <= number <= len(made.texts):
        raise WorkbenchError(f"Round {made.round.number} of {made.round.run} has texts 1 to {len(made.texts)}.")
    blind.answer(project, made.texts[number - 1].id, answer=_ANSWERS[given], sure=sure, note=note)
    left = _test(project, run, None).left
    say(
        f"Kept. {left} to answer."
        if left
        else "Kept. All are answered: `workbench review mine reveal` shows the result."
    )


@mine_group.command("end")
@click.argument("run")
@with_project
def mine_end(project: Project, run: str) -> None:
    """Skip what is left of RUN's newest round; `workbench undo` takes that back until the result was seen."""
    made = _test(project, run, None)
    if made.round.revealed_at is not None or not made.left:
        raise NothingToDoError(f"Round {made.round.number} of {made.round.run} has nothing left to skip.")
    say(f"Skipped {counted(blind.skip_rest(project, made), 'text')}.")


@mine_group.command("reveal")
@click.argument("run")
@click.option("--unmask", is_flag=True, help="Name sources even where that unmasks a masked review.")
@json_option
@with_project
def mine_reveal(project: Project, run: str, unmask: bool, as_json: bool) -> None:
    """Show the result of RUN's newest round, once all its texts are answered; then its answers stay."""
    _print(blind_result.reveal(project, _test(project, run, None), unmask=unmask), as_json)


@mine_group.command("show")
@click.argument("run")
@_round_option
@click.option("--unmask", is_flag=True, help="Name sources even where that unmasks a masked review.")
@json_option
@with_project
def mine_show(project: Project, run: str, number: int | None, unmask: bool, as_json: bool) -> None:
    """Show the result of a round of RUN again."""
    name = blind.tested_run(project, running.run_named(project, run))
    _print(blind_result.result(project, name, number, unmask=unmask), as_json)


@mine_group.command("list")
@click.argument("run", required=False)
@json_option
@with_project
def mine_list(project: Project, run: str | None, as_json: bool) -> None:
    """List the rounds of RUN, or of all runs, oldest first."""
    name = blind.tested_run(project, running.run_named(project, run)) if run else None
    data: list[dict[str, Any]] = []
    lines = []
    for row in blind.rounds(project, name):
        entry: dict[str, Any] = _facts(row)
        made = blind.round_of(project, row.run, row.number)
        entry |= {"texts": len(made.texts), "left": 0 if row.revealed_at else made.left}
        if row.revealed_at is None:
            said = f"{made.left} of {len(made.texts)} to answer"
        else:
            found = blind_result.told(project, row)
            if isinstance(found, str):
                entry["problem"] = found
            else:
                entry |= {"right": found.right, "answered": found.answered, "interval": found.interval}
            said = blind_result.short(found)
        data.append(entry)
        lines.append([row.run, row.number, row.created_at[:10], said])
    emit(data, as_json, table(["run", "round", "begun", "result"], lines))


@mine_group.command("prompts")
@click.argument("run")
@click.option("--count", type=int, default=WANTED, show_default=True, help="How many at most.")
@with_project
def mine_prompts(project: Project, run: str, count: int) -> None:
    """Add prompts of pairs that RUN's dataset holds out to the canary prompts, as one edit."""
    name = running.run_named(project, run)
    added = blind.add_held_out_prompts(project, name, count=count)
    if not added:
        raise NothingToDoError(f"{name}: every held-out prompt is among the canary prompts already, or there is none.")
    say(
        f"Added {counted(added, 'canary prompt')}. `workbench sample --adapter {name} --prompts held-out` samples them."
    )


def _test(project: Project, run: str, number: int | None) -> blind.BlindTest:
    return blind.round_of(project, blind.tested_run(project, running.run_named(project, run)), number)


def _facts(row: Round) -> dict[str, Any]:
    return {
        "run": row.run,
        "round": row.number,
        "seed": row.seed,
        "length": row.length,
        "same_prompt": row.same_prompt,
        "left_out": row.left_out,
        "content_hash": row.content_hash,
        "created_at": row.created_at,
        "revealed_at": row.revealed_at,
    }


def _print(found: blind_result.BlindResult, as_json: bool) -> None:
    lines = [*blind_result.sentences(found), ""]
    for item in found.sources:
        sure = f", sure {item.sure}" if item.sure else ""
        lines += [f"{item.number}. {item.whose} ({item.where}): {item.told or 'no answer'}{sure}", f"    {item.text}"]
        lines += [f"    note: {item.note}"] if item.note else []
    emit(found, as_json, lines)
