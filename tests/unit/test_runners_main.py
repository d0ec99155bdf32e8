import json
import sys
import types

import pytest

from runners.__main__ import main
from runners.errors import ModelError
from runners.events import read_lines
from runners.rundir import RunDir
from runners.spec import RunSpec


@pytest.fixture
def run_dir(tmp_path):
    made = RunDir.create(tmp_path / "s1", RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")
    made.new_attempt()
    return made


@pytest.fixture
def carry_out(run_dir, monkeypatch):
    """Run the job with a function in the place of the tasks; return its exit status and its events."""

    def run(task, by_hand=False):
        module = types.ModuleType("runners.tasks.run")
        module.run_task = task
        monkeypatch.setitem(sys.modules, "runners.tasks.run", module)
        status = main([str(run_dir.path), *([] if by_hand else ["--attempt", "1"])])
        return status, read_lines(run_dir.events(run_dir.latest_attempt()), 0)[0]

    return run


def refuse(run_dir, spec, reporter):
    raise AssertionError("the task must not begin")


def test_a_task_that_returns_has_finished(carry_out):
    status, events = carry_out(lambda run_dir, spec, reporter: reporter.phase("load"))
    assert status == 0
    assert [event["type"] for event in events] == ["started", "phase", "finished"]
    assert events[0]["task"] == "sample"
    assert events[-1]["seconds"] >= 0


def test_a_task_that_was_told_to_stop_has_stopped_and_the_exit_status_is_0(carry_out, run_dir):
    def task(run_dir, spec, reporter):
        run_dir.request_stop()
        assert reporter.stop_requested()

    status, events = carry_out(task)
    assert status == 0
    assert events[-1]["type"] == "stopped"
    assert events[-1]["reason"] == "the stop file"


def test_what_an_engine_has_to_say_is_the_first_warning(carry_out, monkeypatch):
    monkeypatch.setenv("RUNNERS_NOTICE", "started again after its node failed")
    _, events = carry_out(lambda run_dir, spec, reporter: None)
    assert [event["type"] for event in events] == ["started", "warning", "finished"]
    assert events[1]["message"] == "started again after its node failed"


def test_a_request_to_stop_after_the_last_step_does_not_undo_a_finished_run(carry_out):
    _, events = carry_out(lambda run_dir, spec, reporter: run_dir.request_stop())
    assert events[-1]["type"] == "finished"


def test_a_job_that_is_asked_to_stop_before_it_begins_loads_nothing(carry_out, run_dir):
    run_dir.request_stop()
    status, events = carry_out(refuse)
    assert status == 0
    assert [event["type"] for event in events] == ["started", "stopped"]


def test_a_job_that_finds_a_newer_attempt_ends_with_stopped(carry_out, run_dir):
    run_dir.new_attempt()
    assert carry_out(refuse)[0] == 0
    events, _ = read_lines(run_dir.events(1), 0)
    assert events[-1]["type"] == "stopped"
    assert events[-1]["reason"] == "a newer attempt, number 2, was started"


def test_an_exception_becomes_an_error_event_with_its_traceback(carry_out):
    def task(run_dir, spec, reporter):
        raise ZeroDivisionError("no batches")

    status, events = carry_out(task)
    assert status == 1
    assert events[-1]["type"] == "error"
    assert events[-1]["kind"] == "ZeroDivisionError"
    assert events[-1]["message"] == "ZeroDivisionError: no batches"
    assert 'raise ZeroDivisionError("no batches")' in events[-1]["detail"]


def test_an_error_raised_on_purpose_is_told_in_its_own_words(carry_out):
    def task(run_dir, spec, reporter):
        raise ModelError("embedded: config.json is missing. Install the program again.")

    assert carry_out(task)[1][-1]["message"] == "embedded: config.json is missing. Install the program again."


def test_a_python_without_torch_is_told_how_to_install_it(carry_out):
    def task(run_dir, spec, reporter):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    status, events = carry_out(task)
    assert status == 1
    assert events[-1]["kind"] == "ModuleNotFoundError"
    assert "torch is not installed" in events[-1]["message"]
    assert "pip install '.[train]' (in the workbench's source folder)" in events[-1]["message"]


def test_a_file_that_was_changed_after_launch_ends_the_job_before_it_loads_anything(carry_out, run_dir):
    run_dir.prompts_jsonl.write_bytes(b"other\n")
    status, events = carry_out(refuse)
    assert status == 1
    assert events[-1]["kind"] == "RunDirError"
    assert "prompts.jsonl: changed since the run was launched" in events[-1]["message"]


def test_a_broken_spec_is_an_error_event_with_all_its_problems(carry_out, run_dir):
    data = json.loads(run_dir.spec_json.read_text())
    data["tusk"] = data.pop("task")
    run_dir.spec_json.write_text(json.dumps(data))
    _, events = carry_out(refuse)
    assert events[-1]["kind"] == "SpecError"
    assert events[-1]["message"].splitlines() == [
        "tusk: no such field. Did you mean 'task'?",
        "task: missing. Add it.",
    ]


def test_a_job_started_by_hand_takes_a_new_attempt(carry_out, run_dir):
    _, events = carry_out(lambda run_dir, spec, reporter: None, by_hand=True)
    assert run_dir.attempts() == [1, 2]
    assert {event["attempt"] for event in events} == {2}


@pytest.mark.parametrize("arguments", [[], ["--attempt", "7"]])
def test_a_folder_that_is_no_run_or_holds_no_such_attempt_is_named(tmp_path, capsys, arguments):
    assert main([str(tmp_path / "nowhere"), *arguments]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
