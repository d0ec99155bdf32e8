import json
import os
import signal
import subprocess
import sys
import time

import pytest

from runners.events import read_lines
from runners.rundir import RunDir
from runners.spec import RunSpec
from runners.tasks.reporter import Reporter


@pytest.fixture
def run_dir(tmp_path):
    made = RunDir.create(tmp_path / "s1", RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")
    made.new_attempt()
    return made


def write_sample(reporter, **changes):
    values = {"of": "base", "step": 0, "prompt": "sandals", "index": 0, "seed": 1, "text": "Leather.", "seconds": 0.5}
    return reporter.sample(**{**values, "token_ids": [5, 6], "tokens": 2, **changes})


def events(run_dir, attempt=1):
    return read_lines(run_dir.events(attempt), 0)[0]


def test_a_sample_that_stands_is_not_written_again_by_a_resumed_job(run_dir):
    assert write_sample(Reporter(run_dir, 1), text="first")
    run_dir.new_attempt()
    resumed = Reporter(run_dir, 2)
    assert resumed.has_sample("base", 0, "sandals", 0)
    assert not write_sample(resumed, text="second")
    assert write_sample(resumed, index=1)
    rows, _ = read_lines(run_dir.samples, 0)
    assert [(row["index"], row["text"], row["attempt"]) for row in rows] == [(0, "first", 1), (1, "Leather.", 2)]


def test_a_sample_that_a_kill_tore_is_made_again(run_dir):
    write_sample(Reporter(run_dir, 1))
    run_dir.samples.write_bytes(run_dir.samples.read_bytes()[:-10])
    resumed = Reporter(run_dir, 1)
    assert not resumed.has_sample("base", 0, "sandals", 0)
    assert write_sample(resumed)
    assert len(read_lines(run_dir.samples, 0)[0]) == 1


def test_a_trace_is_found_where_its_sample_says(run_dir):
    trace = {"prompt_tokens": 4, "canvas": 2, "commits": [[0, 1, 6, 0.9], [1, 0, 5, 0.8]]}
    write_sample(Reporter(run_dir, 1), trace=trace)
    (row,), _ = read_lines(run_dir.samples, 0)
    assert row["trace"] == "traces/base-000000-sandals-0.json"
    assert json.loads((run_dir.path / row["trace"]).read_text()) == trace
    assert [path.name for path in run_dir.traces.iterdir()] == ["base-000000-sandals-0.json"]


def test_a_prompt_named_like_a_path_keeps_its_trace_inside_the_run_directory(run_dir):
    write_sample(Reporter(run_dir, 1), prompt="../../evil", trace={"canvas": 1})
    (row,), _ = read_lines(run_dir.samples, 0)
    assert (run_dir.path / row["trace"]).resolve().parent == run_dir.traces.resolve()


def test_a_loss_that_is_not_finite_is_left_out_and_the_author_is_warned(run_dir):
    Reporter(run_dir, 1).metric(7, {"loss": float("nan"), "learning_rate": 1e-4})
    metric, warning = events(run_dir)
    assert metric["values"] == {"learning_rate": 1e-4}
    assert warning["message"] == "metric at step 7: loss is not a finite number and was left out."


def test_the_heart_beats_while_the_job_works_and_is_still_after_its_last_word(run_dir):
    with Reporter(run_dir, 1, heartbeat_s=0.02) as reporter:
        deadline = time.monotonic() + 10
        while len(events(run_dir)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        reporter.last_word("finished", {"seconds": 1.0})
        time.sleep(0.1)
    types = [row["type"] for row in events(run_dir)]
    assert types[:3] == ["heartbeat"] * 3
    assert types[-1] == "finished"


def test_a_checkpoint_is_reported_relative_to_the_run_directory(run_dir):
    Reporter(run_dir, 1).checkpoint(120, run_dir.checkpoint(120))
    assert events(run_dir)[0]["path"] == "checkpoints/step-000120"


def test_nobody_asked_so_nothing_stops(run_dir):
    reporter = Reporter(run_dir, 1)
    assert not reporter.stop_requested()
    assert reporter.stop_reason is None


def test_the_stop_file_is_a_request_to_stop(run_dir):
    reporter = Reporter(run_dir, 1)
    run_dir.request_stop()
    assert reporter.stop_requested()
    assert reporter.stop_reason == "the stop file"


def test_a_newer_attempt_is_a_request_to_stop_and_says_so_first(run_dir):
    reporter = Reporter(run_dir, 1)
    run_dir.request_stop()
    run_dir.new_attempt()
    assert reporter.superseded()
    assert reporter.stop_requested()
    assert reporter.stop_reason == "a newer attempt, number 2, was started"
    assert not Reporter(run_dir, 2).superseded()


def test_whoever_asks_a_job_to_stop_may_say_why(run_dir):
    reporter = Reporter(run_dir, 1)
    run_dir.stop_reason(1).write_text("the time is nearly up\n")
    assert not reporter.stop_requested()
    run_dir.request_stop()
    assert reporter.stop_requested()
    assert reporter.stop_reason == "the time is nearly up"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_request_to_stop_only_while_the_reporter_is_open(run_dir, number):
    before = signal.getsignal(number)
    with Reporter(run_dir, 1) as reporter:
        os.kill(os.getpid(), number)
        assert reporter.stop_requested()
        assert reporter.stop_reason == f"the signal {number.name}"
    assert signal.getsignal(number) is before


def test_an_event_is_a_line_of_the_log_and_a_traceback_keeps_its_lines(run_dir, capsys):
    reporter = Reporter(run_dir, 1)
    reporter.metric(3, {"loss": 2.5})
    reporter.progress("sample", 1, 4)
    reporter.last_word("error", {"message": "It broke.", "kind": "ValueError", "detail": "line one\nline two\n"})
    metric, error, *detail = capsys.readouterr().out.splitlines()
    assert metric.endswith("metric step 3, loss 2.5")
    assert error.endswith("error message It broke., kind ValueError")
    assert detail == ["line one", "line two"]


def test_the_reporter_loads_no_torch():
    code = "import sys, runners.tasks.reporter, runners.__main__, runners.places.local; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
