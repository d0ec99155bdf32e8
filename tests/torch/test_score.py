"""Scoring measures held-out pairs to the very bits of a validation of training, and trains nothing."""

from dataclasses import replace

import pytest

from runners.errors import SpecError
from runners.rundir import RunDir
from runners.spec import AdapterSpec, ModelSpec, RunSpec, ScoreSpec
from tests.torch.helpers import TRAIN, carry_out, events, make_run, train_spec


def score_spec(model, **changes):
    recipe = ScoreSpec(draws=TRAIN.eval_draws, max_length=TRAIN.max_length)
    return RunSpec(
        name="a-score-run",
        task="score",
        model=ModelSpec(id=str(model), device="cpu"),
        score=replace(recipe, **changes),
        dataset_hash="sha256:0",
    )


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("trained") / "run", train_spec(tiny, dropout=0.0))
    carry_out(run)
    return run


def said(run: RunDir) -> list[tuple[int, dict[str, float], list[dict[str, object]]]]:
    return [
        (
            row["step"],
            {name: value for name, value in row["values"].items() if name.startswith("val_loss")},
            row["pair_losses"],
        )
        for row in events(run, "validation")
    ]


def test_the_base_is_scored_as_training_validated_it_before_the_first_step(tiny, trained, tmp_path):
    run = make_run(tmp_path / "score", score_spec(tiny))
    assert carry_out(run) is None
    assert said(run) == said(trained)[:1]
    assert run.samples.read_bytes() == b""
    assert run.checkpoint_steps() == []


def test_an_adapter_is_scored_as_training_validated_it_at_its_step(tiny, trained, tmp_path):
    step = trained.checkpoint_steps()[-1]
    spec = replace(
        score_spec(tiny), adapter=AdapterSpec(run="run", checkpoint=f"checkpoints/{trained.checkpoint(step).name}")
    )
    run = make_run(tmp_path / "score", spec, adapter=RunDir.weights(trained.checkpoint(step)))
    carry_out(run)
    assert said(run) == said(trained)[-1:]
    assert said(run) != said(trained)[:1]


def test_pairs_that_are_too_long_are_named_and_the_rest_is_measured(tiny, tmp_path):
    lengths = sorted(row["tokens"] for row in skipped_at(tiny, tmp_path / "all", 1))
    run = make_run(tmp_path / "some", score_spec(tiny, max_length=lengths[0]))
    carry_out(run)
    (pairs,) = events(run, "pairs")
    assert pairs["used"] + len(pairs["skipped"]) == len(lengths)
    assert pairs["used"] >= 1
    assert events(run, "validation")[0]["pairs"] == pairs["used"]


def skipped_at(model, path, max_length):
    run = make_run(path, score_spec(model, max_length=max_length))
    with pytest.raises(SpecError, match=r"score\.max_length: none of the 3 held-out pairs fits into 1 tokens"):
        carry_out(run)
    return events(run, "pairs")[0]["skipped"]


def test_a_spec_that_refuses_long_pairs_names_its_own_field(tiny, tmp_path):
    run = make_run(tmp_path / "refused", score_spec(tiny, max_length=1, over_long="refuse"))
    with pytest.raises(SpecError, match=r"score\.max_length: the pair sha256:"):
        carry_out(run)


def test_a_stopped_score_says_no_half_of_a_loss(tiny, tmp_path):
    run = make_run(tmp_path / "stopped", score_spec(tiny))
    run.request_stop()
    assert carry_out(run) is not None
    assert events(run, "validation") == []
