"""A replay's frames add up to its sample, and the command line prints them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from store import samples
from store.samples import Sample
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_reviewed_project
from tests.journeys.traces import encoded, trace
from workbench.cli.main import cli
from workbench.operations import replaying
from workbench.operations.project import Project
from workbench.operations.replaying import Replay, blocks_of, canvas_text, replay, replay_or_reason
from workbench.operations.traces import Trace, TraceError, trace_of


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice", runs_made=1, traced=True)


def first(project: Project, of: samples.Of = "base") -> Sample:
    return samples.of_run(project.db, BASE_RUN, of)[0]


def trace_path(project: Project, sample: Sample) -> Path:
    return project.root / "runs" / BASE_RUN / str(sample.trace_path)


def visible(found: Replay) -> str:
    shown = [unit for unit in found.units if unit.kind == "text"]
    return "".join(found.texts[place] for unit in shown for place in range(unit.first, unit.last + 1))


def trace_made(ids: list[int], *, block: int = 16) -> Trace:
    made = trace_of(trace(ids, seed="x", block=block))
    assert isinstance(made, Trace)
    return made


def test_the_frames_of_every_sample_add_up_to_its_text_and_its_tokens(project: Project) -> None:
    for of in ("base", "adapter"):
        for sample in samples.of_run(project.db, BASE_RUN, of):  # type: ignore[arg-type]
            found = replay(project, sample.id)
            assert visible(found) == sample.text
            committed = {commit.position: commit.token_id for frame in found.frames for commit in frame.commits}
            assert [committed[place] for place in range(found.canvas)] == samples.token_ids(project.db, sample.id)
            assert found.problem == ""


def test_blocks_are_those_of_the_runs_spec_and_each_frame_names_the_one_it_fills(project: Project) -> None:
    found = replay(project, first(project).id)
    assert [len(block) for block in found.blocks] == [16] * (found.canvas // 16)
    assert [frame.block for frame in found.frames] == [step // 16 for step in range(found.canvas)]
    assert [frame.step for frame in found.frames] == list(range(1, found.canvas + 1))


def test_the_text_so_far_has_a_sign_for_what_is_open_and_nothing_behind_the_last_commit(project: Project) -> None:
    sample = first(project)
    found = replay(project, sample.id)
    assert canvas_text(found, 0) == ""
    whole = canvas_text(found, found.steps)
    assert whole.startswith(sample.text)
    assert whole.removeprefix(sample.text).startswith("[<|")
    half = canvas_text(found, 5)
    first_block = {commit.position for frame in found.frames[:5] for commit in frame.commits}
    assert half.count("▒") == max(first_block) + 1 - len(first_block)


def test_a_loop_is_found_where_the_text_falls_into_it(project: Project) -> None:
    sample = first(project)
    found = replay(project, sample.id)
    assert found.facts.repetition is not None
    place = found.facts.repetition.first
    assert sample.text.count(" The tyre") == 1
    before = "".join(found.texts[:place])
    assert sample.text.startswith(before)
    assert before.rstrip().endswith(sample.text[: sample.text.index(" The tyre")])
    assert replay(project, first(project, "adapter").id).facts.repetition is None


def test_blocks_that_the_commits_do_not_keep_to_are_not_drawn(project: Project) -> None:
    made = trace_made(encoded(project, "Some words, and others."))
    assert [len(block) for block in blocks_of(made, 16, aligned=False)] == [16] * (made.canvas // 16)
    assert blocks_of(made, 8, aligned=False) == ()


def test_blocks_counted_from_the_beginning_of_the_sequence_are_cut_by_the_canvas() -> None:
    made = trace_of({"prompt_tokens": 6, "canvas": 8, "commits": [[at, at, 1, 0.5] for at in range(8)]})
    assert isinstance(made, Trace)
    assert blocks_of(made, 4, aligned=True) == (range(2), range(2, 6), range(6, 8))


def test_a_missing_trace_names_its_file_unless_names_are_hidden(project: Project) -> None:
    sample = first(project)
    trace_path(project, sample).unlink()
    shown = replay_or_reason(project, sample.id, hidden=False)
    assert isinstance(shown, str)
    assert f"runs/{BASE_RUN}/{sample.trace_path}: is not there any more" in shown
    masked = replay_or_reason(project, sample.id, hidden=True)
    assert isinstance(masked, str)
    assert "The trace is not there any more" in masked
    assert "base" not in masked


def test_a_fault_that_is_not_the_traces_does_not_unmask_either(project: Project) -> None:
    hidden, shown = (replay_or_reason(project, 99999, hidden=hidden) for hidden in (True, False))
    assert hidden == "This sample cannot be replayed. Show the names to see why."
    assert isinstance(shown, str)
    assert "99999" in shown


def test_another_samples_trace_is_refused(project: Project) -> None:
    base, adapter = first(project), first(project, "adapter")
    trace_path(project, base).write_bytes(trace_path(project, adapter).read_bytes())
    with pytest.raises(TraceError, match="It is another sample's"):
        replay(project, base.id)


def test_a_sample_without_a_trace_says_who_has_one(tmp_path: Path) -> None:
    made = make_reviewed_project(tmp_path / "plain", runs_made=1)
    with pytest.raises(TraceError, match="^This sample has no trace"):
        replay(made, first(made).id)


@pytest.mark.parametrize("path", ["../other/traces/x.json", "/etc/passwd"])
def test_a_trace_outside_of_its_run_is_not_read(project: Project, path: str) -> None:
    sample = first(project)
    with project.db.transaction() as connection:
        connection.execute("UPDATE sample SET trace_path = ? WHERE id = ?", (path, sample.id))
    with pytest.raises(TraceError, match="lies outside of its run's directory"):
        replay(project, sample.id)


def of_model(project: Project, model: str, **sampling: object) -> None:
    """Make the run one of another model or sampler."""
    (row,) = project.db.all("SELECT spec_json FROM run WHERE name = ?", (BASE_RUN,))
    spec = json.loads(row[0])
    spec["model"]["id"] = model
    spec["sampling"] |= sampling
    with project.db.transaction() as connection:
        connection.execute("UPDATE run SET spec_json = ? WHERE name = ?", (json.dumps(spec), BASE_RUN))


def test_without_the_models_tokenizer_positions_are_replayed_and_how_to_fetch_it_is_said(project: Project) -> None:
    of_model(project, "GSAI-ML/LLaDA-8B-Instruct")
    found = replay(project, first(project).id)
    assert "workbench models add GSAI-ML/LLaDA-8B-Instruct" in found.problem
    assert (found.units, found.texts) == ((), ())
    assert len(found.frames) == found.canvas
    assert canvas_text(found, found.steps) == "■" * found.canvas
    assert found.facts.begins is None
    assert "Repetition takes over after" in found.facts.words()


def test_a_text_written_on_from_its_end_has_no_blocks(project: Project) -> None:
    of_model(project, "embedded", sampler="autoregressive")
    found = replay(project, first(project).id)
    assert (found.order, found.blocks) == ("left to right", ())
    assert {frame.block for frame in found.frames} == {None}


def run(project: Project, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["-p", str(project.root), "review", "replay", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_the_canvas_at_a_step(project: Project) -> None:
    sample = first(project, "adapter")
    code, out, err = run(project, BASE_RUN, sample.canary_slug, "1", "--step", "3")
    assert code == 0
    assert out == canvas_text(replay(project, sample.id), 3) + "\n"
    assert err.startswith("Step 3 of ")
    _, whole, _ = run(project, BASE_RUN[:8], sample.canary_slug, "1")
    assert whole.startswith(sample.text)
    _, most, err = run(project, BASE_RUN, sample.canary_slug, "1", "--step", "9999")
    assert most == whole
    assert "9999" not in err


def test_the_command_prints_a_line_of_json_for_each_step_or_for_one(project: Project) -> None:
    sample = first(project)
    _, out, _ = run(project, BASE_RUN, sample.canary_slug, "1", "--of", "base", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    assert set(lines[0]) == {"step", "block", "confidence", "commits"}
    commits = sorted((commit for line in lines for commit in line["commits"]), key=lambda commit: commit["position"])
    assert [commit["token_id"] for commit in commits] == samples.token_ids(project.db, sample.id)
    assert "".join(commit["text"] for commit in commits).startswith(sample.text)
    _, one, _ = run(project, BASE_RUN, sample.canary_slug, "1", "--of", "base", "--step", "4", "--json")
    assert json.loads(one) == lines[3]
    _, none, _ = run(project, BASE_RUN, sample.canary_slug, "1", "--of", "base", "--step", "0", "--json")
    assert none == ""


def test_the_command_says_what_it_does_not_find(project: Project) -> None:
    slug = first(project).canary_slug
    code, _, err = run(project, BASE_RUN, "no-such-prompt", "1")
    assert (code, slug in err) == (1, True)
    code, _, err = run(project, BASE_RUN, slug, "9", "--of", "base")
    assert (code, f"no sample 9 for '{slug}'" in err) == (1, True)
    assert run(project, SECOND_RUN, slug, "1")[0] == 1
    trace_path(project, first(project)).write_text("{")
    code, out, err = run(project, BASE_RUN, slug, "1", "--of", "base")
    assert (code, out) == (1, "")
    assert "is not whole" in err


def test_a_prompt_of_a_run_without_adapter_samples_says_so(project: Project) -> None:
    with project.db.transaction() as connection:
        connection.execute("DELETE FROM sample WHERE of = 'adapter'")
    code, _, err = run(project, BASE_RUN, "slow", "1")
    assert (code, "no samples of its adapter yet" in err) == (1, True)
    assert replaying.HIDDEN == "▒"
