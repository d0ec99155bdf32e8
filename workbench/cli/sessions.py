"""The commands for writing with the model: infill, session."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from curation.counted import counted
from curation.textfile import read_text
from runners.questions import Answer
from workbench.cli.output import emit, json_option, say, table, with_project
from workbench.operations import infilling, running, sessions, taking
from workbench.operations.adapters import LATEST
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

_adapter_option = click.option("--adapter", help="The training run whose adapter writes (default: the base).")
_checkpoint_option = click.option(
    "--checkpoint", default=LATEST, help="Of the adapter: latest, best, or a step.", show_default=True
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mark", is_flag=True, help="Replace what stands between [[ and ]], the one span so marked.")
@click.option("--line", "lines", metavar="A[:B]", help="Replace these lines, counted from 1.")
@click.option("--continue", "go_on", is_flag=True, help="Write a further paragraph, at the end or after --line A.")
@_adapter_option
@_checkpoint_option
@click.option("--tokens", type=click.IntRange(1), help="How long (default: as long as what is replaced).")
@click.option("--samples", type=click.IntRange(1), default=3, show_default=True, help="How many to choose from.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another one gives others.")
@click.option("--apply", "number", type=click.IntRange(1), help="Write this one into FILE; the old text is kept.")
@click.option("--to", type=click.Path(path_type=Path), help="With --apply: write to this new file, and leave FILE.")
@json_option
@with_project
def infill_command(
    project: Project,
    file: Path,
    mark: bool,
    lines: str | None,
    go_on: bool,
    adapter: str | None,
    checkpoint: str,
    tokens: int | None,
    samples: int,
    seed: int,
    number: int | None,
    to: Path | None,
    as_json: bool,
) -> None:
    """Let the model write in a draft: replace a span from both sides, or go on with a paragraph.

    Prints what there is to choose from, and changes nothing. The same command with --apply writes one of them: the
    answers are kept, so it is what was printed.
    """
    if mark == (lines is not None) and not (go_on and not mark):
        raise click.UsageError("Give --mark, --line, or --continue.")
    if go_on and mark:
        raise click.UsageError("Give --mark or --continue, not both.")
    if to is not None and number is None:
        raise click.UsageError("--to goes with --apply.")
    if number is not None and number > samples:
        raise click.UsageError(f"--apply {number}: there are {samples}.")
    text = read_text(file)
    gap = _gap(text, mark=mark, lines=lines, go_on=go_on)
    adapter = running.run_named(project, adapter) if adapter else None
    name = sessions.start(project, adapter_run=adapter, checkpoint=checkpoint)
    wanted = infilling.given(
        project, gap, sessions.spec_named(project, name), tokens=tokens, samples=samples, seed=seed
    )
    say(f"{name}: {wanted.summary}")
    request = sessions.put(project, name, wanted.question)
    answer = _wait(project, name, request)
    for warning in answer.warnings:
        say(f"warning: {warning}")
    if answer.error is not None:
        raise WorkbenchError(answer.error)
    if number is None:
        shown = [f"{item.index + 1}  {item.text}" for item in answer.samples]
        emit({"session": name, "request": request, "answer": answer}, as_json, shown)
        say(f"{_took(answer)}. Take one with --apply; the model stays loaded: `workbench session stop` ends that.")
        return
    chosen = answer.samples[number - 1]
    done = taking.write_draft(project, file, standing=text, text=gap.filled(chosen.text), to=to)
    taking.remember_taken(
        project,
        body=chosen.text,
        session=name,
        request=request,
        index=chosen.index,
        draft=project.relative(done.path),
    )
    emit(
        {"session": name, "request": request, "path": done.path, "backup": done.backup, "text": chosen.text},
        as_json,
        [chosen.text],
    )
    back = f"copy {done.backup} over it" if done.backup else "delete it"
    say(f"{done.path}: written. To take that back, {back}: `workbench undo` does not change files.")
    say("These words are the model's: an import of this text will say so.")


def _gap(text: str, *, mark: bool, lines: str | None, go_on: bool) -> infilling.Gap:
    if mark:
        return infilling.marked(text)
    if lines is None:
        return infilling.paragraph_after(text)
    first, _, last = lines.partition(":")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise click.UsageError(f"--line {lines}: give A or A:B, such as 12:14.")
    place = infilling.lines_of(text, int(first), int(last or first))
    return infilling.paragraph_after(text, place.end) if go_on else place


def _wait(project: Project, name: str, request: int) -> Answer:
    """Wait for an answer, telling what the session does; an interrupt withdraws the question."""
    told = ""

    def tell(view: sessions.SessionView) -> None:
        nonlocal told
        words = "writing" if view.loaded else "loading the model"
        if words != told:
            say(f"{words} ...")
            told = words

    try:
        answer = sessions.wait_for(project, name, request, say=tell)
    except KeyboardInterrupt:
        sessions.take_back(project, name, request)
        say("The question was withdrawn.")
        sys.exit(1)
    assert answer is not None
    return answer


def _took(answer: Answer) -> str:
    return f"{counted(len(answer.samples), 'text')} in {answer.seconds:.1f} s"


@click.group()
def session_command() -> None:
    """Keep a model loaded for writing: start, list, stop; and what was taken of it."""


@session_command.command("start")
@_adapter_option
@_checkpoint_option
@click.option("--idle-minutes", type=float, help="Minutes without a question after which it ends.  [default: 30]")
@json_option
@with_project
def session_start(
    project: Project, adapter: str | None, checkpoint: str, idle_minutes: float | None, as_json: bool
) -> None:
    """Load the project's model, or a run's with its adapter, and keep it loaded; one that is loaded is named.

    One model is loaded at a time: a session of another one is asked to stop.
    """
    adapter = running.run_named(project, adapter) if adapter else None
    name = sessions.start(project, adapter_run=adapter, checkpoint=checkpoint, idle_minutes=idle_minutes)
    emit({"session": name}, as_json, [name])


@session_command.command("list")
@json_option
@with_project
def session_list(project: Project, as_json: bool) -> None:
    """List the sessions, newest first."""
    rows = sessions.session_views(project)
    lines = table(
        ["session", "status", "phase", "adapter of", "answered", "open", "last took (s)"],
        [[r.name, r.status, r.phase or None, r.adapter_run, r.answered, r.open, r.seconds] for r in rows],
    )
    emit(rows, as_json, lines)


@session_command.command("stop")
@click.argument("name", required=False)
@with_project
def session_stop(project: Project, name: str | None) -> None:
    """End a session, or all that live, and give the memory back."""
    names = [sessions.session_named(project, name)] if name else []
    for each in names or [view.name for view in sessions.session_views(project) if view.lives]:
        say(sessions.stop(project, each))


@session_command.command("taken")
@json_option
@with_project
def session_taken(project: Project, as_json: bool) -> None:
    """List what a model wrote and you took into a draft."""
    rows = taking.taken(project)
    lines = table(["taken", "draft", "words"], [[r.taken_at[:16], r.draft, r.body] for r in rows])
    emit(rows, as_json, lines)
