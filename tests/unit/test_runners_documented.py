"""docs/run-directory.md is the public interface: what it names and what the program writes are one."""

import dataclasses
import re
from pathlib import Path

import pytest

from runners.events import FIELDS, EventWriter, read_lines
from runners.questions import Answer, Question, Written
from runners.rundir import RunDir
from runners.spec import AdapterSpec, LoraSpec, RunSpec, ScoreSpec, SessionSpec, TrainSpec
from runners.status import Status
from runners.tasks.reporter import HEARTBEAT_S, Reporter

DOCUMENT = (Path(__file__).parents[2] / "docs" / "run-directory.md").read_text(encoding="utf-8")


def documented_files():
    names = set()
    for line in DOCUMENT.split("```")[1].strip().splitlines()[1:]:
        first, *more = re.split(r"\s{2,}", line.strip())[0].split(", ")
        names |= {first.rstrip("/"), *(str(Path(first).parent / other) for other in more)}
    return names


def documented_events():
    """Return the fields by type: what is in backticks before the colon, outside of brackets of any kind."""
    rows = re.findall(r"^\| `([a-z]+)` \| (.*) \|$", DOCUMENT, flags=re.M)
    return {
        type: set(re.findall(r"`(\w+)`", re.sub(r"\{.*?\}|\[.*?\]|\(.*?\)", "", text).split(":")[0]))
        for type, text in rows
    }


def test_every_file_stands_under_the_name_the_document_gives_it():
    run = RunDir(Path("run"))
    ours = {
        *(run.spec_json, run.manifest_json, run.train_jsonl, run.holdout_jsonl, run.prompts_jsonl, run.adapter),
        *(
            run.job_json(1),
            run.contact_json(1),
            run.events(1),
            run.log(1),
            run.pid(1),
            run.rc(1),
            run.stop_reason(1),
            run.beat(1),
            run.kill(1),
        ),
        *(run.request_json(1), run.answer_json(1)),
        *(run.samples, run.traces / "NAME.json", run.checkpoint(120), run.best_json, run.stop),
    }
    assert {path.relative_to("run").as_posix() for path in ours} == documented_files()


def test_a_created_run_directory_holds_exactly_the_documented_files_of_the_terminal(tmp_path):
    train = RunSpec(name="r", task="train", train=TrainSpec(), lora=LoraSpec(), dataset_hash="sha256:d")
    given = {"train_jsonl": b"", "holdout_jsonl": b"", "manifest_json": b"{}", "prompts_jsonl": b""}
    RunDir.create(tmp_path / "r", train, **given)
    (tmp_path / "a").mkdir()
    sample = RunSpec(name="s", task="sample", adapter=AdapterSpec(run="r", checkpoint="c"))
    RunDir.create(tmp_path / "s", sample, prompts_jsonl=b"", adapter=tmp_path / "a")
    terminal = {name for name in documented_files() if re.search(rf"{re.escape(name)}\S*\s.*\(terminal\)", DOCUMENT)}
    terminal |= {"dataset/holdout.jsonl"}
    RunDir.create(tmp_path / "t", RunSpec(name="t", task="session", session=SessionSpec()))
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["attempts", "requests", "spec.json"]
    score = RunSpec(name="c", task="score", score=ScoreSpec(), dataset_hash="sha256:d")
    RunDir.create(tmp_path / "c", score, holdout_jsonl=b"", manifest_json=b"{}")
    in_score = {path.relative_to(tmp_path / "c").as_posix() for path in (tmp_path / "c").rglob("*.json*")}
    assert in_score == {"spec.json", "dataset/holdout.jsonl", "dataset/manifest.json"}
    made = {path.relative_to(tmp_path / run).as_posix() for run in "rs" for path in (tmp_path / run).rglob("*")}
    assert made - {"attempts", "dataset"} == terminal - {"stop", "requests/000001.json"}


def test_every_type_of_event_carries_exactly_its_documented_fields():
    assert documented_events() == {type: set(fields) for type, fields in FIELDS.items()}


@pytest.mark.parametrize("type", FIELDS)
def test_every_event_has_attempt_seq_at_and_type_and_then_its_own_fields(tmp_path, type):
    EventWriter(tmp_path / "e", 1).emit(type, dict.fromkeys(FIELDS[type], 1))
    (event,), _ = read_lines(tmp_path / "e", 0)
    assert tuple(event) == ("attempt", "seq", "at", "type", *FIELDS[type])


def test_a_sample_has_exactly_the_documented_fields(tmp_path):
    run_dir = RunDir.create(tmp_path / "s", RunSpec(name="s", task="sample"), prompts_jsonl=b"")
    Reporter(run_dir, run_dir.new_attempt()).sample(
        of="base", step=0, prompt="p", index=0, seed=1, text="t", token_ids=[1], tokens=1, seconds=0.1, trace={}
    )
    (row,), _ = read_lines(run_dir.samples, 0)
    example = DOCUMENT.split("One JSON object a line in `samples.jsonl`:")[1].split("```")[1]
    assert list(row) == re.findall(r'"(\w+)":', example)


def test_a_question_and_its_answer_have_exactly_the_documented_fields():
    section = DOCUMENT.split("## Sessions")[1].split("## Status")[0]
    asked, answered = section.split("```")[1::2]
    names = [field.name for field in dataclasses.fields(Question)]
    assert re.findall(r'"(\w+)":', asked) == names[:6]
    assert all(f"`{name}`" in section for name in names)
    answer = [field.name for field in dataclasses.fields(Answer)]
    at = answer.index("samples") + 1
    answer[at:at] = [field.name for field in dataclasses.fields(Written)]
    assert re.findall(r'"(\w+)":', answered) == answer


def test_every_status_is_documented():
    section = DOCUMENT.split("## Status")[1].split("##")[0]
    assert set(Status.__args__) == set(re.findall(r"`([a-z]+)`", section))


def test_the_heart_beats_more_often_than_documented():
    promised = re.search(r"at least every (\d+) s", DOCUMENT)
    assert int(promised.group(1)) > HEARTBEAT_S
