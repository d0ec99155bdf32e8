import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from runners.errors import ModelError, RunDirError, SpecError
from runners.spec import AdapterSpec, LoraSpec, ModelSpec
from runners.tasks.adapters import lay_adapter, trainable
from runners.tasks.batches import Batch
from runners.tasks.losses.base import Losses
from runners.tasks.models.registry import load
from runners.tasks.reporter import Reporter
from runners.tasks.run import concerns
from runners.tasks.sample import read_canaries
from tests.torch import helpers
from tests.torch.helpers import TRAIN, carry_out, events, losses, make_run, sample_spec, samples, train_spec

CPU = torch.device("cpu")


class StopAfter(Reporter):
    """Asks for a stop once a number of steps were measured."""

    steps = 3

    def metric(self, step, values):
        super().metric(step, values)
        if step == self.steps:
            self.run_dir.request_stop()


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    """A training run carried out without a break, with a base sampled before and samples on the way."""
    spec = train_spec(tiny, train=replace(TRAIN, sample_every_steps=4, eval_every_steps=3), sample_base=True)
    run_dir = make_run(tmp_path_factory.mktemp("whole") / "run", spec)
    assert carry_out(run_dir) is None
    return run_dir


def test_a_run_says_everything_it_did_in_order(whole):
    phases = [row["phase"] for row in events(whole, "phase")]
    assert phases[:6] == ["load", "self-test", "sample-base", "validate", "probe", "train"]
    assert phases[-3:] == ["validate", "probe", "sample"]
    assert [row["step"] for row in events(whole, "metric")] == [1, 2, 3, 4, 5, 6]
    assert [row["step"] for row in events(whole, "validation")] == [0, 3, 6]
    # One for the samples of step 4, one for the best validation so far at step 3, one for the end.
    assert [row["path"] for row in events(whole, "checkpoint")][-1] == "checkpoints/step-000006"
    assert {"checkpoints/step-000004"} <= {row["path"] for row in events(whole, "checkpoint")}
    assert [(row["of"], row["step"], row["count"]) for row in events(whole, "samples")] == [
        ("base", 0, 4),
        ("adapter", 4, 4),
        ("adapter", 6, 4),
    ]
    assert events(whole, "pairs")[0]["used"] == 7
    names = {"loss", "learning_rate", "grad_norm", "tokens_per_s", "memory_bytes", "seconds"}
    assert all(names <= set(row["values"]) for row in events(whole, "metric"))


def test_training_lowers_the_validation_loss(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, max_steps=30, eval_draws=8)))
    carry_out(run_dir)
    first, last = (row["values"] for row in events(run_dir, "validation"))
    assert last["val_loss"] < first["val_loss"] * 0.9
    assert first["val_loss_low"] < first["val_loss"] < first["val_loss_high"]


def test_a_validation_keeps_the_loss_of_every_held_out_pair(whole):
    held = [json.loads(line)["id"] for line in whole.holdout_jsonl.read_text(encoding="utf-8").splitlines()]
    for row in events(whole, "validation"):
        assert [item["id"] for item in row["pair_losses"]] == held
        mean = sum(item["loss"] for item in row["pair_losses"]) / len(held)
        assert mean == pytest.approx(row["values"]["val_loss"], abs=1e-5)


def test_samples_pair_by_index_and_name_their_trace(whole):
    rows = [json.loads(line) for line in whole.samples.read_text(encoding="utf-8").splitlines()]
    assert {(row["prompt"], row["index"], row["seed"]) for row in rows} == {
        ("lane", 0, 1),
        ("lane", 1, 2),
        ("tide", 0, 1),
        ("tide", 1, 2),
    }
    for row in rows:
        trace = json.loads((whole.path / row["trace"]).read_text(encoding="utf-8"))
        assert (trace["canvas"], len(trace["commits"])) == (8, 8)
        assert all(row["token_ids"][position] == token for _, position, token, _ in trace["commits"])


def test_the_base_of_a_training_run_is_bit_for_bit_that_of_a_sample_run(whole, tiny, tmp_path):
    alone = make_run(tmp_path / "alone", sample_spec(tiny))
    carry_out(alone)
    assert samples(alone, "base") == samples(whole, "base")
    assert samples(whole, "base") != {(0, *key[1:]): ids for key, ids in samples(whole, "adapter").items()}


def test_a_kept_adapter_samples_as_it_did_when_it_was_trained(whole, tiny, tmp_path):
    checkpoint = whole.weights(whole.checkpoint(6))
    adapter = AdapterSpec(run=whole.path.name, checkpoint="checkpoints/step-000006")
    again = make_run(tmp_path / "again", replace(sample_spec(tiny), adapter=adapter), adapter=checkpoint)
    carry_out(again)
    trained = {key: ids for key, ids in samples(whole, "adapter").items() if key[0] == 6}
    assert samples(again, "adapter") == trained


def test_a_checkpoint_names_its_model_and_no_folder_of_this_machine(tmp_path):
    run_dir = make_run(tmp_path / "run", train_spec("embedded", train=replace(TRAIN, max_steps=1)))
    carry_out(run_dir)
    config = json.loads((run_dir.checkpoint(1) / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == "embedded"
    assert str(helpers.REPOSITORY) not in json.dumps(config)
    assert config["inference_mode"] is True


def test_a_disabled_adapter_is_bit_for_bit_the_base(tiny):
    loaded, ids = load(ModelSpec(id=str(tiny)), CPU), torch.arange(30)[None]
    with torch.no_grad():
        base = loaded.model.hidden(ids)
        adapter = lay_adapter(loaded.model, LoraSpec(r=4), model_id="tiny", seed=1).eval()
        for parameter in trainable(adapter):
            parameter.fill_(0.1)
        changed = loaded.model.hidden(ids)
        with adapter.disable_adapter():
            disabled = loaded.model.hidden(ids)
    assert torch.equal(base, disabled)
    assert not torch.equal(base, changed)


def test_only_the_adapter_takes_a_gradient(tiny):
    loaded = load(ModelSpec(id=str(tiny)), CPU)
    adapter = lay_adapter(loaded.model, LoraSpec(r=4), model_id="tiny", seed=1)
    response = torch.ones(2, 12, dtype=torch.bool)
    batch = Batch(torch.randint(5, 100, (2, 12)), response, None)
    found = loaded.objective.losses(loaded.model, batch, torch.tensor([0.4, 0.9]), torch.rand(2, 12))
    found.of_rows().mean().backward()
    graded = {name for name, parameter in adapter.named_parameters() if parameter.grad is not None}
    assert graded
    assert all(".lora_" in name for name in graded)
    assert len(graded) == len(trainable(adapter)) == 2 * 2 * len(loaded.model.facts.lora_targets)


def test_padding_changes_no_rows_loss(tiny):
    """A pair padded to a longer one must be hidden and weighed as if it stood alone."""
    loaded, ids = load(ModelSpec(id=str(tiny)), CPU), torch.randint(5, 100, (1, 10))
    with torch.no_grad():
        alone = loaded.model.hidden(ids)
        padded = torch.cat([ids, torch.full((1, 6), loaded.layout.pad_token_id)], dim=1)
        seen = torch.cat([torch.ones(1, 10), torch.zeros(1, 6)], dim=1).bool()
        beside = loaded.model.hidden(padded, seen)[:, :10]
    assert torch.allclose(alone, beside, atol=1e-5)


def test_an_unknown_target_is_answered_with_the_layers_there_are(tiny):
    loaded = load(ModelSpec(id=str(tiny)), CPU)
    with pytest.raises(SpecError, match=r"no query\. It has down_proj, gate_proj"):
        lay_adapter(loaded.model, LoraSpec(target_modules=("query", "q_proj")), model_id="tiny", seed=1)


@pytest.mark.parametrize("eos_padding", ["none", "eos"])
def test_a_stopped_run_resumes_to_the_very_same_losses(tiny, tmp_path, eos_padding):
    spec = train_spec(tiny, train=replace(TRAIN, eos_padding=eos_padding, eval_every_steps=2))
    unbroken, broken = make_run(tmp_path / "unbroken", spec), make_run(tmp_path / "broken", spec)
    carry_out(unbroken)
    assert carry_out(broken, reporter_class=StopAfter) == "the stop file"
    assert sorted(losses(broken)) == [1, 2, 3]
    assert events(broken, "checkpoint")[-1]["step"] == 3
    assert samples(broken, "adapter") == {}
    broken.stop.unlink()
    assert carry_out(broken) is None
    assert losses(broken) == losses(unbroken)
    assert samples(broken, "adapter") == samples(unbroken, "adapter")
    first, second = (
        load_file(run.checkpoint(6) / "adapter" / "adapter_model.safetensors") for run in (unbroken, broken)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert [row["values"] for row in events(broken, "validation")][-1] == [
        row["values"] for row in events(unbroken, "validation")
    ][-1]


def test_a_run_stopped_while_it_samples_makes_only_the_rest(tiny, tmp_path):
    class StopInSampling(Reporter):
        def sample(self, **fields):
            written = super().sample(**fields)
            if fields["index"] == 1:
                self.run_dir.request_stop()
            return written

    run_dir = make_run(tmp_path / "run", train_spec(tiny))
    assert carry_out(run_dir, reporter_class=StopInSampling) == "the stop file"
    assert len(samples(run_dir, "adapter")) == 2
    assert events(run_dir, "samples") == []
    run_dir.stop.unlink()
    carry_out(run_dir)
    rows = [json.loads(line) for line in run_dir.samples.read_text(encoding="utf-8").splitlines()]
    assert [row["attempt"] for row in rows] == [1, 1, 2, 2]
    assert len(losses(run_dir)) == 6
    assert [row["count"] for row in events(run_dir, "samples")] == [4]


def test_a_run_stopped_before_its_first_step_keeps_what_a_resume_needs(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, sample_base=True))
    run_dir.request_stop()
    assert carry_out(run_dir) == "the stop file"
    run_dir.stop.unlink()
    assert carry_out(run_dir) is None
    assert len(samples(run_dir, "base")) == len(samples(run_dir, "adapter")) == 4


def test_a_job_with_a_newer_attempt_writes_no_checkpoint(tiny, tmp_path):
    class Superseded(Reporter):
        def metric(self, step, values):
            super().metric(step, values)
            if step == 2:
                self.run_dir.new_attempt()

    run_dir = make_run(tmp_path / "run", train_spec(tiny))
    assert "newer attempt" in carry_out(run_dir, reporter_class=Superseded)
    assert events(run_dir, "checkpoint") == []
    assert not run_dir.checkpoints.exists()


def test_a_leftover_of_a_killed_checkpoint_is_neither_used_nor_kept(tiny, tmp_path, whole):
    recipe = replace(TRAIN, checkpoint_every_steps=2, save_total_limit=0)
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=recipe))
    carry_out(run_dir, reporter_class=StopAfter)
    run_dir.stop.unlink()
    leftover = run_dir.checkpoints / ".step-000005.1.building"
    leftover.mkdir()
    (leftover / "state.pt").write_bytes(b"half")
    carry_out(run_dir)
    assert sorted(folder.name for folder in run_dir.checkpoints.iterdir()) == [
        "best.json",
        "step-000002",
        "step-000003",
        "step-000004",
        "step-000006",
    ]


def test_a_checkpoint_that_cannot_be_read_is_named(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", train_spec(tiny))
    carry_out(run_dir, reporter_class=StopAfter)
    run_dir.stop.unlink()
    (run_dir.checkpoint(3) / "state.pt").write_bytes(b"half")
    with pytest.raises(RunDirError, match=r"step-000003/state\.pt: cannot be read"):
        carry_out(run_dir)


def test_no_pair_that_fits_ends_the_run_with_what_to_do(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, max_length=4)))
    with pytest.raises(SpecError, match="none of the 7 pairs fits into 4 tokens"):
        carry_out(run_dir)
    assert len(events(run_dir, "pairs")[0]["skipped"]) == 7


def test_an_empty_holdout_is_said_and_nothing_is_validated(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, max_steps=1)))
    run_dir.holdout_jsonl.write_bytes(b"")
    carry_out(run_dir)
    assert any("No pair is held out" in row["message"] for row in events(run_dir, "warning"))
    assert events(run_dir, "validation") == []


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint_before(tiny, tmp_path, monkeypatch):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(TRAIN, checkpoint_every_steps=1)))
    calls = []

    of_rows = Losses.of_rows

    def broken(self, *, max_weight=None):
        # Validation gives no weight, a training pass does.
        calls.extend([1] if max_weight is not None else [])
        return of_rows(self, max_weight=max_weight or 0.0) * (float("nan") if len(calls) > 4 else 1)

    monkeypatch.setattr(Losses, "of_rows", broken)
    with pytest.raises(ModelError, match="Step 3: the loss is nan"):
        carry_out(run_dir)
    assert [row["step"] for row in events(run_dir, "checkpoint")] == [1, 2]


def test_what_a_run_should_worry_about_is_said_before_it_begins(whole, tiny):
    loaded = load(ModelSpec(id=str(tiny)), CPU)
    facts = replace(loaded.model.facts, context_tokens=10, highest_learning_rate=5e-5)
    loaded = replace(loaded, model=replace(loaded.model, facts=facts))
    found = concerns(train_spec(tiny), loaded, read_canaries(whole.prompts_jsonl))
    assert ["canary" in message for message in found] == [True, False, False]
    assert "highest published" in found[2]


def test_a_folder_without_an_adapter_is_named(tiny, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    spec = replace(sample_spec(tiny), adapter=AdapterSpec(run="other", checkpoint="checkpoints/step-000120"))
    run_dir = make_run(tmp_path / "run", spec, adapter=empty)
    shutil.rmtree(run_dir.adapter)
    with pytest.raises(RunDirError, match="holds no adapter_model"):
        carry_out(run_dir)
