"""What is trained and in which arithmetic: each trains, resumes to the very same bits, and can be sampled from."""

import builtins
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from safetensors import safe_open

from runners.errors import ModelError, RunDirError, SpecError
from runners.spec import AdapterSpec, LoraSpec, ModelSpec
from runners.tasks.adapters import lay_adapter
from runners.tasks.models.registry import load, load_model
from runners.tasks.precision import make_optimizer
from runners.tasks.reporter import Reporter
from runners.tasks.train import recompute_activations
from tests.torch.helpers import TRAIN, carry_out, events, losses, make_run, sample_spec, samples, train_spec

CPU = torch.device("cpu")
SHORT = replace(TRAIN, max_steps=4, eval_every_steps=2)

# What the next version of a library will not have any more.
pytestmark = pytest.mark.filterwarnings("error::FutureWarning")

METHODS = {
    "dora": {"lora": LoraSpec(r=4, use_dora=True)},
    "rslora": {"lora": LoraSpec(r=4, use_rslora=True)},
    "all-linear": {"lora": LoraSpec(r=4, lora_dropout=0.1, target_modules=("all-linear",))},
    "qlora": {"model": {"quantization": "nf4"}},
    "qdora": {"model": {"quantization": "nf4"}, "lora": LoraSpec(r=4, use_dora=True)},
    "qlora-bf16": {"model": {"quantization": "nf4", "dtype": "bfloat16"}},
    "full": {"lora": None, "train": {"method": "full", "learning_rate": 1e-3}},
    "full-8-bit": {"lora": None, "train": {"method": "full", "learning_rate": 1e-3, "optim": "adamw_bnb_8bit"}},
    "full-bf16": {"lora": None, "train": {"method": "full", "learning_rate": 1e-3, "mixed_precision": "bf16"}},
    "fp16": {"model": {"dtype": "float16"}},
    "mixed-fp16": {"train": {"mixed_precision": "fp16"}},
    "recomputed": {"train": {"gradient_checkpointing": "on"}},
    "complementary": {"train": {"complementary_masks": True, "per_device_train_batch_size": 1}},
}


def spec_of(tiny, name):
    changes = METHODS[name]
    spec = train_spec(tiny)
    return replace(
        spec,
        train=replace(SHORT, **changes.get("train", {})),
        lora=changes.get("lora", spec.lora),
        model=replace(spec.model, **changes.get("model", {})),
    )


class StopAfterThree(Reporter):
    def metric(self, step, values):
        super().metric(step, values)
        if step == 3:
            self.run_dir.request_stop()


@pytest.mark.parametrize("name", METHODS)
def test_every_method_trains_and_a_resumed_run_gives_the_very_same_bits(tiny, tmp_path, name):
    spec = spec_of(tiny, name)
    unbroken, broken = make_run(tmp_path / "unbroken", spec), make_run(tmp_path / "broken", spec)
    carry_out(unbroken)
    assert carry_out(broken, reporter_class=StopAfterThree) == "the stop file"
    broken.stop.unlink()
    assert carry_out(broken) is None
    assert losses(broken) == losses(unbroken)
    assert samples(broken, "adapter") == samples(unbroken, "adapter")
    first, second = events(unbroken, "validation")[-1], events(broken, "validation")[-1]
    assert first["values"] == second["values"]
    assert first["values"]["val_loss"] != events(unbroken, "validation")[0]["values"]["val_loss"]


def test_recomputing_activations_changes_no_loss(tiny, tmp_path):
    kept = make_run(tmp_path / "kept", spec_of(tiny, "recomputed"))
    recomputed = make_run(tmp_path / "other", train_spec(tiny, train=SHORT))
    carry_out(kept)
    carry_out(recomputed)
    assert list(losses(kept).values()) == pytest.approx(list(losses(recomputed).values()), rel=1e-6)


def test_weights_in_four_bits_leave_embeddings_norms_and_head_as_they_are(tiny):
    model = load(ModelSpec(id=str(tiny), quantization="nf4"), CPU).model
    lay_adapter(model, LoraSpec(r=4), model_id="tiny", seed=1)
    kinds = {}
    for name, parameter in model.net.named_parameters():
        part = "lora" if ".lora_" in name else "linear" if "_proj" in name else "rest"
        kinds.setdefault(part, set()).add(parameter.dtype)
    assert kinds == {"lora": {torch.float32}, "linear": {torch.uint8}, "rest": {torch.float32}}


def test_a_model_trained_in_full_is_kept_in_its_published_naming_and_loads_as_a_model(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", spec_of(tiny, "full"))
    carry_out(run_dir)
    folder = run_dir.weights(run_dir.checkpoint(4))
    assert folder.name == "model"
    with safe_open(folder / "model.safetensors", "pt") as kept, safe_open(tiny / "model.safetensors", "pt") as given:
        assert set(kept.keys()) == set(given.keys())
        assert any(not torch.equal(kept.get_tensor(name), given.get_tensor(name)) for name in given.keys())  # noqa: SIM118
    assert (folder / "config.json").read_bytes() == (tiny / "config.json").read_bytes()
    load_model(folder, dtype=torch.float32, device=CPU)
    load(ModelSpec(id=str(folder)), CPU)


@pytest.mark.parametrize("name", ["full", "qlora"])
def test_what_was_trained_samples_as_it_did_then(tiny, tmp_path, name):
    spec = spec_of(tiny, name)
    run_dir = make_run(tmp_path / "run", spec)
    carry_out(run_dir)
    kept = AdapterSpec(run="run", checkpoint="checkpoints/step-000004")
    again = replace(sample_spec(tiny), model=spec.model, adapter=kept)
    sampled = make_run(tmp_path / "again", again, adapter=run_dir.weights(run_dir.checkpoint(4)))
    carry_out(sampled)
    assert samples(sampled, "adapter") == samples(run_dir, "adapter")


def test_a_model_whose_files_lack_a_tensor_is_not_put_back_in_part(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", spec_of(tiny, "full"))
    carry_out(run_dir, reporter_class=StopAfterThree)
    run_dir.stop.unlink()
    (run_dir.checkpoint(3) / "model" / "model.safetensors").unlink()
    with pytest.raises(RunDirError, match=r"step-000003/model: lacks .*before"):
        carry_out(run_dir)


def test_float16_scales_its_loss_and_says_by_how_much(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", spec_of(tiny, "fp16"))
    carry_out(run_dir)
    assert all(row["values"]["loss_scale"] >= 1 for row in events(run_dir, "metric"))


def test_eight_bit_moments_are_kept_in_eight_bits():
    weight = torch.nn.Parameter(torch.randn(128, 64))
    optimizer = make_optimizer([weight], replace(TRAIN, optim="adamw_bnb_8bit"))
    weight.grad = torch.randn(128, 64)
    optimizer.step()
    assert optimizer.state[weight]["state1"].dtype == torch.uint8


@pytest.mark.parametrize("what", ["quantization", "optim"])
def test_without_bitsandbytes_a_sentence_names_the_extra(tiny, monkeypatch, what):
    found = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == "bitsandbytes":
            raise ModuleNotFoundError("No module named 'bitsandbytes'", name="bitsandbytes")
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    asked = {
        "quantization": lambda: load(ModelSpec(id=str(tiny), quantization="nf4"), CPU),
        "optim": lambda: make_optimizer([torch.nn.Parameter(torch.ones(2))], replace(TRAIN, optim="adamw_bnb_8bit")),
    }
    with pytest.raises(ModelError, match=r"needs bitsandbytes, the extra `quant`.*pip install '\.\[train,quant\]'"):
        asked[what]()


def test_rainbow_padding_without_reserved_tokens_is_refused(tiny, tmp_path):
    run_dir = make_run(tmp_path / "run", train_spec(tiny, train=replace(SHORT, eos_padding="rainbow")))
    with pytest.raises(SpecError, match="this model's tokenizer has 0 of them"):
        carry_out(run_dir)


@pytest.mark.parametrize("name", ["activation_checkpointing_enable", "gradient_checkpointing_enable"])
def test_activations_are_recomputed_by_whichever_name_the_library_has_for_it(name):
    asked = []
    recompute_activations(SimpleNamespace(**{name: asked.append}))
    assert asked == [{"use_reentrant": False}]
