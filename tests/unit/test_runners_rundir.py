from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from runners.errors import RunDirError
from runners.rundir import RunDir, run_name
from runners.spec import AdapterSpec, LoraSpec, RunSpec, TrainSpec

PROMPTS = b'{"slug": "sandals", "prompt": "Why sandals?", "topic": "known", "length": "short"}\n'
TRAIN = RunSpec(name="r1", task="train", train=TrainSpec(), lora=LoraSpec(), dataset_hash="sha256:d")
SAMPLE = RunSpec(name="s1", task="sample")


def make_train(path):
    return RunDir.create(
        path, TRAIN, train_jsonl=b"{}\n", holdout_jsonl=b"", manifest_json=b"{}", prompts_jsonl=PROMPTS
    )


def test_a_new_run_directory_holds_what_the_job_needs_and_the_hashes_of_it(tmp_path):
    run_dir = make_train(tmp_path / "runs" / "r1")
    assert run_dir.train_jsonl.read_bytes() == b"{}\n"
    assert run_dir.prompts_jsonl.read_bytes() == PROMPTS
    assert set(run_dir.spec().hashes) == {"dataset/train.jsonl", "dataset/holdout.jsonl", "prompts.jsonl"}
    run_dir.verify()


def test_nothing_but_the_run_directory_is_left_beside_it(tmp_path):
    make_train(tmp_path / "r1")
    assert [path.name for path in tmp_path.iterdir()] == ["r1"]


def test_a_run_directory_that_cannot_be_built_leaves_nothing(tmp_path):
    spec = RunSpec(name="s1", task="sample", adapter=AdapterSpec(run="r1", checkpoint="checkpoints/step-000010"))
    with pytest.raises(FileNotFoundError):
        RunDir.create(tmp_path / "s1", spec, prompts_jsonl=PROMPTS, adapter=tmp_path / "no-such-adapter")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused_and_what_stands_there_is_left_alone(tmp_path):
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "mine").write_text("kept")
    with pytest.raises(RunDirError, match="something of that name stands there already"):
        make_train(tmp_path / "r1")
    assert (tmp_path / "r1" / "mine").read_text() == "kept"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_training_run_without_pairs_is_refused(tmp_path):
    with pytest.raises(RunDirError, match="no pairs were given"):
        RunDir.create(tmp_path / "r1", TRAIN, prompts_jsonl=PROMPTS)


def test_an_adapter_the_spec_does_not_name_is_refused(tmp_path):
    with pytest.raises(RunDirError, match="must both name an adapter"):
        RunDir.create(tmp_path / "s1", SAMPLE, prompts_jsonl=PROMPTS, adapter=tmp_path)


def test_the_adapter_is_copied_and_its_files_are_hashed(tmp_path):
    adapter = tmp_path / "source"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    spec = RunSpec(name="s1", task="sample", adapter=AdapterSpec(run="r1", checkpoint="checkpoints/step-000010"))
    run_dir = RunDir.create(tmp_path / "s1", spec, prompts_jsonl=PROMPTS, adapter=adapter)
    assert "adapter/adapter_config.json" in run_dir.spec().hashes
    (run_dir.adapter / "adapter_config.json").write_text('{"r": 8}')
    with pytest.raises(RunDirError, match=r"adapter_config\.json: changed"):
        run_dir.verify()


def test_every_file_that_changed_or_vanished_is_named_at_once(tmp_path):
    run_dir = make_train(tmp_path / "r1")
    run_dir.train_jsonl.write_bytes(b"other\n")
    run_dir.prompts_jsonl.unlink()
    with pytest.raises(RunDirError) as caught:
        run_dir.verify()
    assert "train.jsonl: changed since the run was launched" in str(caught.value)
    assert "prompts.jsonl: missing" in str(caught.value)


def test_a_file_that_was_never_hashed_is_a_problem(tmp_path):
    run_dir = make_train(tmp_path / "r1")
    run_dir.spec_json.write_text(TRAIN.to_json())
    with pytest.raises(RunDirError, match="names no hash of dataset/train.jsonl"):
        run_dir.verify()


def test_a_folder_without_a_spec_is_no_run_directory(tmp_path):
    with pytest.raises(RunDirError, match=r"no spec\.json here"):
        RunDir(tmp_path).spec()
    with pytest.raises(RunDirError, match=r"no spec\.json here"):
        RunDir(tmp_path).new_attempt()
    assert RunDir(tmp_path).latest_attempt() is None


def test_attempts_count_from_1_and_other_folders_among_them_are_not_counted(tmp_path):
    run_dir = make_train(tmp_path / "r1")
    assert run_dir.attempts() == []
    (run_dir.path / "attempts" / ".DS_Store").touch()
    assert [run_dir.new_attempt(), run_dir.new_attempt()] == [1, 2]
    assert run_dir.attempts() == [1, 2]
    assert run_dir.latest_attempt() == 2


def test_the_thousandth_attempt_is_still_the_latest(tmp_path):
    run_dir = make_train(tmp_path / "r1")
    for number in (999, 1000):
        run_dir.attempt(number).mkdir()
    assert run_dir.latest_attempt() == 1000
    assert run_dir.new_attempt() == 1001


def test_programs_that_start_attempts_at_once_never_share_a_number(tmp_path):
    run_dir = make_train(tmp_path / "r1")
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: RunDir(run_dir.path).new_attempt(), range(64)))
    assert sorted(numbers) == list(range(1, 65))


def test_a_request_to_stop_can_be_made_twice(tmp_path):
    run_dir = make_train(tmp_path / "r1")
    assert not run_dir.stop_requested()
    run_dir.request_stop()
    run_dir.request_stop()
    assert run_dir.stop_requested()


def test_a_run_is_named_by_date_model_and_what_is_special():
    now = datetime(2026, 11, 23, 18, 45)
    assert run_name(now, "llada", "lr5e-5", "3f9c") == "20261123-1845-llada-lr5e-5-3f9c"


def test_a_run_name_is_one_directory_name_whatever_the_model_is_called():
    name = run_name(datetime(2026, 11, 23, 18, 45), "Org/../Modèle 7B" * 30, "", "3f9c")
    assert "/" not in name
    assert len(name) < 120
    assert name.startswith("20261123-1845-org-..-mod-le-7b")
