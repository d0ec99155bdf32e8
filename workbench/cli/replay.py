"""The command that replays a sample: its canvas at a step, or every step as a line of JSON."""

from __future__ import annotations

import json
from typing import Any, cast

import click

from workbench.cli.output import emit, json_option, say, with_project
from workbench.operations import replaying, running
from workbench.operations.project import Project
from workbench.operations.replaying import Frame, Replay


@click.command("replay")
@click.argument("run")
@click.argument("prompt")
@click.argument("number", type=int)
@click.option("--of", type=click.Choice(["base", "adapter"]), default="adapter", show_default=True)
@click.option("--step", type=click.IntRange(0), help="The canvas after this step, from 0, where it is empty.")
@json_option
@with_project
def review_replay(
    project: Project, run: str, prompt: str, number: int, of: str, step: int | None, as_json: bool
) -> None:
    """Replay how the canvas of the NUMBER-th sample (from 1) of a canary PROMPT filled.

    Prints the canvas after a step (default: the last), ▒ for what is open. With --json: a line for each step with what
    it commits, or the one of --step.
    """
    sample = replaying.sample_named(project, running.run_named(project, run), prompt, number, cast(Any, of))
    found = replaying.replay(project, sample.id)
    at = found.steps if step is None else min(step, found.steps)
    if as_json:
        for frame in found.frames:
            if step is None or frame.step == at:
                click.echo(json.dumps(_line(found, frame), ensure_ascii=False))
    else:
        emit(None, False, replaying.canvas_text(found, at).split("\n"))
    if found.problem:
        say(found.problem)
    say(f"Step {at} of {found.steps}. {found.facts.words()}.")


def _line(found: Replay, frame: Frame) -> dict[str, Any]:
    commits = [
        {
            "position": commit.position,
            "token_id": commit.token_id,
            "text": found.texts[commit.position] if found.texts else None,
            "confidence": commit.confidence,
        }
        for commit in frame.commits
    ]
    return {"step": frame.step, "block": frame.block, "confidence": round(frame.confidence, 6), "commits": commits}
