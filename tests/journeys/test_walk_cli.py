"""The whole loop by commands alone, with a real job: import, pairs, holdout, canaries, dataset, run, review, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.conftest import ROOT, SAMPLE_ESSAYS
from workbench.cli.main import cli

CANARIES = ROOT / "workbench" / "demo" / "canaries.md"
QUICK = [
    "train.max_steps=4",
    "train.per_device_train_batch_size=2",
    "train.warmup_steps=1",
    "train.eval_every_steps=0",
    "train.eval_draws=1",
    "sampling.max_new_tokens=16",
    "sampling.block_length=8",
    "sampling.steps=8",
    "sampling.samples_per_prompt=2",
]


class Walker:
    """One project, driven by commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def call(self, *words: str | int, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(cli, ["-p", str(self.folder), *map(str, words)], catch_exceptions=False)
        assert result.exit_code == exit_code, f"{words}: {result.output}"
        return result

    def data(self, *words: str | int) -> Any:
        return json.loads(self.call(*words, "--json").stdout)


def walk(folder: Path, essays: Path, *, held_out: int) -> Walker:
    """Go from essays to a finished run with six samples of base and adapter each."""
    walker = Walker(folder)
    walker.call("init")
    walker.call("import", essays)
    walker.call("essays", "hold-out", "--count", held_out)
    walker.call("pairs", "propose")
    walker.call("pairs", "accept", "--all-proposed")
    walker.call("canaries", "import", CANARIES)
    for canary in walker.data("canaries", "list")[3:]:
        walker.call("canaries", "remove", canary["slug"])
    walker.call("dataset", "freeze")
    walker.call("run", "--wait", *(word for change in QUICK for word in ("--set", change)))
    return walker


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walker:
    return walk(tmp_path_factory.mktemp("walk") / "voice", SAMPLE_ESSAYS, held_out=2)


def test_the_walk_ends_with_six_samples_of_base_and_adapter(walked: Walker) -> None:
    [row] = walked.data("review", "list")
    assert row["pairs"] == 6
    view = walked.data("review", "show", row["run"])
    for comparison in view["comparisons"]:
        assert comparison["base"]["seed"] == comparison["adapter"]["seed"]
        assert comparison["base"]["idx"] == comparison["adapter"]["idx"]
        assert comparison["base"]["of"] == "base"
        assert comparison["adapter"]["of"] == "adapter"


def test_everything_is_linked_to_what_it_came_from(walked: Walker) -> None:
    [run] = walked.data("runs", "list")
    [dataset] = walked.data("dataset", "list")
    assert run["status"] == "finished"
    assert run["dataset_number"] == dataset["number"]
    shown = walked.data("runs", "show", run["name"])
    assert shown["spec"]["dataset_hash"] == dataset["content_hash"]
    assert shown["spec"]["sample_base"] is True
    assert [step for step, _ in shown["loss"]] == [1, 2, 3, 4]


def test_essays_that_are_held_out_give_no_training_pair(walked: Walker, tmp_path: Path) -> None:
    held = {row["slug"] for row in walked.data("essays", "list") if row["split"] == "holdout"}
    assert len(held) == 2
    walked.call("export", "dataset", 1, tmp_path)
    train = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    holdout = [json.loads(line) for line in (tmp_path / "holdout.jsonl").read_text(encoding="utf-8").splitlines()]
    assert train
    assert held.isdisjoint(row["source"] for row in train)
    assert {row["source"] for row in holdout} <= held


def test_the_same_pairs_freeze_to_the_same_dataset(walked: Walker) -> None:
    again = walked.data("dataset", "freeze")
    assert again["new"] is False
    assert again["dataset"]["number"] == 1


def test_a_verdict_a_note_and_a_mark_are_kept_and_exported(walked: Walker, tmp_path: Path) -> None:
    [row] = walked.data("review", "list")
    run = row["run"]
    first = walked.data("review", "show", run)["comparisons"][0]
    slug = first["base"]["canary_slug"]
    walked.call("review", "verdict", run, slug, 1, "run")
    walked.call("review", "note", run, slug, 1, "run", "nearer to her")
    words = first["adapter"]["text"][:5]
    walked.call("review", "mark", run, slug, 1, "run", "voice", words)
    out = tmp_path / "review.jsonl"
    walked.call("export", "review", run, out)
    exported = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert exported["verdict"] == "run"
    assert {(item["kind"], item["of"]) for item in exported["annotations"]} == {("note", "run"), ("mark", "run")}
    out.write_text("mine\n", encoding="utf-8")
    assert "would be lost" in walked.call("export", "review", run, out, exit_code=1).stderr
    assert out.read_text(encoding="utf-8") == "mine\n"
    walked.call("export", "review", run, out, "--force")
    assert out.read_text(encoding="utf-8") != "mine\n"
    walked.call("undo")
    assert len(walked.data("review", "show", run)["annotations"][str(first["adapter"]["id"])]) == 1
    walked.call("redo")


def test_base_and_adapter_are_scored_on_held_out_pairs_and_compared(walked: Walker) -> None:
    [run] = [row["name"] for row in walked.data("runs", "list") if row["task"] == "train"]
    base, adapter = (
        walked.data("score", "--wait", "--set", "score.draws=5", *of)["run"] for of in ((), ("--adapter", run))
    )
    compared = walked.data("experiments", "compare", adapter, base)
    assert compared["loss"]["why_not"] == ""
    assert compared["loss"]["one_by_one"] is True
    assert compared["loss"]["pairs"] == walked.data("dataset", "list")[0]["holdout_pairs"]
    scores = [row for row in walked.data("runs", "list") if row["task"] == "score"]
    assert {row["status"] for row in scores} == {"finished"}
    assert {row["canary_version"] for row in scores} == {None}


def test_a_second_run_is_a_copy_of_the_first_and_says_what_differs(walked: Walker) -> None:
    result = walked.call("run", "--dry-run", "--set", "train.learning_rate=5e-4")
    assert "train.learning_rate: 0.001 -> 0.0005" in result.stderr
    assert "what helps stays open" not in result.stderr
    two = walked.call("run", "--dry-run", "--set", "train.learning_rate=5e-4", "--set", "train.weight_decay=0.2")
    assert "Differs from its parent in 2 variables (train.learning_rate, train.weight_decay)" in two.stderr
    # As in Experiments: another seed beside it is no variable.
    reseeded = walked.call("run", "--dry-run", "--set", "train.learning_rate=5e-4", "--set", "train.seed=2")
    assert "train.seed: 1 -> 2" in reseeded.stderr
    assert "what helps stays open" not in reseeded.stderr


def test_base_samples_are_made_once_for_the_same_prompts_and_seeds(walked: Walker) -> None:
    walked.call("run", "--wait", "--set", "train.learning_rate=5e-4")
    newest = walked.data("runs", "list")[0]
    assert walked.data("runs", "show", newest["name"])["spec"]["sample_base"] is False
    assert {row["pairs"] for row in walked.data("review", "list")} == {6}


def test_an_unknown_field_names_the_nearest(walked: Walker) -> None:
    result = walked.call("run", "--dry-run", "--set", "train.learning_rat=1", exit_code=1)
    assert "Did you mean 'learning_rate'?" in result.stderr


def test_wrong_usage_exits_with_two(walked: Walker) -> None:
    walked.call("pairs", "accept", exit_code=2)
    walked.call("no-such-command", exit_code=2)


def test_a_folder_without_a_project_exits_with_one_and_says_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["-p", str(tmp_path), "runs", "list"])
    assert result.exit_code == 1
    assert "workbench init" in result.stderr


def test_a_backup_is_a_whole_store(walked: Walker, tmp_path: Path) -> None:
    made = Path(walked.data("backup")["backup"])
    other = tmp_path / "other"
    Walker(other).call("init")
    (other / "workbench.db").unlink()
    for leftover in other.glob("workbench.db-*"):
        leftover.unlink()
    (other / "workbench.db").write_bytes(made.read_bytes())
    assert len(Walker(other).data("runs", "list")) == len(walked.data("runs", "list"))


def test_the_doctor_finds_nothing_wrong(walked: Walker) -> None:
    checks = walked.data("doctor")
    assert {check["name"] for check in checks} >= {"python", "store", "tokenizer", "place local", "disk"}
    assert all(check["ok"] for check in checks), checks


def test_an_unknown_run_is_named_with_those_near_it_and_a_beginning_will_do(walked: Walker) -> None:
    name = walked.data("runs", "list")[-1]["name"]
    for words in (("show",), ("log",), ("stop",)):
        said = walked.call("runs", *words, f"{name}x", exit_code=1).stderr
        assert f"There is no run named '{name}x'. Near it: " in said
        assert name in said
    assert "See `workbench runs list`" in walked.call("runs", "show", "zzz", exit_code=1).stderr
    assert walked.data("runs", "show", name[:-1])["row"]["name"] == name


def test_a_run_that_was_killed_is_listed_so(walked: Walker) -> None:
    walked.call("run")
    name = walked.data("runs", "list")[0]["name"]
    assert "runs begin with '2'" in walked.call("runs", "show", "2", exit_code=1).stderr
    walked.call("runs", "kill", name)
    assert walked.data("runs", "list")[0]["status"] in ("killed", "failed")
    walked.call("runs", "kill", name, exit_code=1)
