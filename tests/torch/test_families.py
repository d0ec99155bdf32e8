"""Every family, from a small checkpoint in its published naming: loaded, tested, trained, killed, resumed, sampled."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from runners.errors import ModelError, SpecError
from runners.families.registry import families, known
from runners.spec import AdapterSpec, LoraSpec, ModelSpec, SamplingSpec
from runners.tasks.adapters import lay_adapter
from runners.tasks.models.registry import load
from runners.tasks.selftest import require_attention
from tests.torch import small_models
from tests.torch.helpers import REPOSITORY, TRAIN, carry_out, events, losses, make_run, sample_spec, samples, train_spec
from tests.torch.processes import ends, start

CPU = torch.device("cpu")
CAUSAL = {"llama", "gpt2"}
BLOCK = SamplingSpec(max_new_tokens=8, block_length=4, steps=8, samples_per_prompt=1)
AUTOREGRESSIVE = SamplingSpec(
    sampler="autoregressive", max_new_tokens=8, temperature=0.8, top_p=0.9, top_k=50, samples_per_prompt=1
)
NAMES = ["llada", "illada", "dream", "qwen3_diffusion", "sdar", "llama", "gpt2"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}

    def folder(name):
        if name not in made:
            made[name] = getattr(small_models, name)(tmp_path_factory.mktemp(f"{name}-"))
        return made[name]

    return folder


def sampling(name):
    return AUTOREGRESSIVE if name in CAUSAL else BLOCK


def spec_of(name, folder, **train):
    recipe = replace(TRAIN, max_length=100, warmup_steps=2, **train)
    return replace(train_spec(folder, train=recipe, dropout=0.0), sampling=sampling(name))


@pytest.fixture
def copy(tmp_path):
    """Return a function that writes a family's model into a folder of the test's own."""

    def made(name, **changes):
        folder = tmp_path / name
        folder.mkdir()
        getattr(small_models, name)(folder)
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
        return folder

    return made


def test_there_is_a_small_model_of_every_family():
    assert {family.name.replace("-", "_") for family in families()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_family_trains_is_killed_resumes_to_the_same_losses_and_samples(name, folders, tmp_path):
    spec = spec_of(name, folders(name), max_steps=80, checkpoint_every_steps=4)
    killed, unbroken = (make_run(tmp_path / run, spec) for run in ("killed", "unbroken"))
    assert ends(start(killed, killed_at=6)) == [-signal.SIGKILL]
    before = losses(killed)
    assert len(before) == 6
    assert events(killed, "finished") == []
    assert carry_out(killed) is None
    assert carry_out(unbroken) is None
    assert losses(killed) == losses(unbroken)
    assert before == {step: losses(unbroken)[step] for step in before}
    assert samples(killed, "adapter") == samples(unbroken, "adapter")
    assert len(samples(killed, "adapter")) == 2
    first, last = (row["values"]["val_loss"] for row in events(unbroken, "validation"))
    assert last < first
    about = events(unbroken, "model")[0]
    assert (about["family"], about["revision"]) == (name.replace("_", "-"), None)
    assert about["objective"] == known("", json.loads((folders(name) / "config.json").read_text())).family.objectives[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_family_says_what_it_is_by_its_settings_and_by_its_name_alone(name, folders):
    found = known("", json.loads((folders(name) / "config.json").read_text(encoding="utf-8")))
    published = {
        "llada": "GSAI-ML/LLaDA-8B-Instruct",
        "illada": "GSAI-ML/iLLaDA-8B-Base",
        "dream": "apple/DiffuCoder-7B-Instruct",
        "qwen3_diffusion": "dllm-hub/Qwen3-0.6B-diffusion-mdlm-v0.1",
        "sdar": "JetLM/SDAR-1.7B-Chat",
        "llama": "meta-llama/Llama-3.1-8B",
        "gpt2": "openai-community/gpt2",
    }
    assert found.family is known(published[name]).family
    assert found.small


def test_a_model_of_no_known_family_is_not_guessed_at():
    assert known("mistralai/Mistral-7B") is None
    assert known("x/llada", {"model_type": "mistral"}) is None


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_a_causal_model_computes_what_transformers_does(name, folders):
    folder = folders(name)
    loaded = load(ModelSpec(id=str(folder)), CPU).model
    ids = torch.randint(0, 250, (2, 30), generator=torch.Generator().manual_seed(1))
    reference = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        expected = reference(ids).logits
        found = loaded.logits(loaded.hidden(ids))
    # What predicts a position stands one before it.
    assert torch.allclose(found[:, 1:], expected[:, :-1], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "reference"),
    [("dream", "Qwen2ForCausalLM"), ("qwen3_diffusion", "Qwen3ForCausalLM"), ("sdar", "Qwen3ForCausalLM")],
)
def test_a_diffusion_model_computes_what_transformers_does_when_told_who_sees_whom(name, reference, copy):
    folder = copy(name)
    loaded = load(ModelSpec(id=str(folder)), CPU).model
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = {key: value for key, value in config.items() if key != "auto_map"} | {"model_type": reference[:5].lower()}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    network = getattr(transformers, reference).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    ids = torch.randint(0, 250, (2, 11), generator=torch.Generator().manual_seed(1))
    block = torch.arange(11) // (loaded.facts.block_tokens or 11)
    seen = (block[:, None] >= block[None]).float()
    with torch.no_grad():
        expected = network.eval()(ids, attention_mask=((1 - seen) * -1e9).expand(2, 1, -1, -1)).logits
        found = loaded.logits(loaded.hidden(ids))
    shift = int(loaded.facts.shifted)
    assert torch.allclose(found[:, shift:], expected[:, : 11 - shift], atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_no_state(name, folders):
    model = load(ModelSpec(id=str(folders(name))), CPU).model
    ids = torch.randint(8, 250, (1, 10), generator=torch.Generator().manual_seed(2))
    padded = torch.cat([ids, torch.full((1, 7), model.facts.pad_token_id)], dim=1)
    seen = torch.cat([torch.ones(1, 10), torch.zeros(1, 7)], dim=1).bool()
    with torch.no_grad():
        alone, beside = model.hidden(ids), model.hidden(padded, seen)
    assert torch.allclose(alone, beside[:, :10], atol=1e-5)
    assert torch.isfinite(beside).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_self_test_fails_on_the_other_attention(name, folders):
    model = load(ModelSpec(id=str(folders(name))), CPU).model
    require_attention(model)
    facts = model.facts
    model.net.config.is_causal = not model.net.config.is_causal
    if facts.block_tokens is not None:
        # It is told who sees whom by a mask: by one of longer blocks it sees ahead.
        longer = replace(model, facts=replace(facts, block_tokens=2 * facts.block_tokens))
        object.__setattr__(model, "states", longer.states)
    with pytest.raises(ModelError, match="self-test failed"):
        require_attention(model)


@pytest.mark.parametrize("own_naming", [True, False], ids=["llada's", "llama's"])
def test_illada_loads_in_either_naming_and_says_that_nobody_has_checked(own_naming, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    small_models.illada(folder, own_naming=own_naming)
    loaded = load(ModelSpec(id=str(folder)), CPU)
    assert loaded.model.net.lm_head.weight is loaded.model.net.model.embed_tokens.weight
    assert loaded.model.net.config.num_key_value_heads == 2
    assert (loaded.model.facts.mask_token_id, loaded.model.facts.eos_token_id) == (5, 2)
    run_dir = make_run(tmp_path / "run", replace(sample_spec(folder), sampling=BLOCK))
    carry_out(run_dir)
    assert "not read from a published file" in events(run_dir, "warning")[0]["message"]


@pytest.mark.parametrize(
    ("changes", "model_id", "expected"),
    [
        ({}, "JetLM/SDAR-1.7B-Chat", 4),
        ({}, "JetLM/SDAR-1.7B-Chat-b32", 32),
        ({"block_size": 16}, "JetLM/SDAR-1.7B-Chat-b32", 16),
    ],
)
def test_the_block_of_an_sdar_is_read_from_its_settings_or_its_name(changes, model_id, expected):
    assert known(model_id, {"model_type": "sdar", **changes}).block_tokens == expected


def test_dream_is_held_to_the_length_it_was_trained_on(folders):
    assert load(ModelSpec(id=str(folders("dream"))), CPU).model.facts.context_tokens == 2048


def test_remote_code_is_never_looked_at(copy):
    folder = copy("dream")
    (folder / "modeling_dream.py").write_text("raise SystemExit('remote code was run')", encoding="utf-8")
    (folder / "configuration_dream.py").write_text("raise SystemExit('remote code was run')", encoding="utf-8")
    load(ModelSpec(id=str(folder)), CPU)


def test_a_pickle_beside_nothing_else_is_refused_by_name(copy):
    folder = copy("gpt2")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"can run code, and pytorch_model\.bin is left alone"):
        load(ModelSpec(id=str(folder)), CPU)


def test_weights_that_are_stored_quantized_are_refused(copy):
    with pytest.raises(ModelError, match="stored quantized"):
        load(ModelSpec(id=str(copy("llama", quantization_config={"quant_method": "gptq"}))), CPU)


def test_a_diffusion_model_without_a_mask_token_is_refused(copy):
    folder = copy("sdar")
    small_models.tokenizer(folder / "tokenizer.json", small_models.CHATML)
    with pytest.raises(ModelError, match="names no mask token"):
        load(ModelSpec(id=str(folder)), CPU)


def test_a_missing_tensor_of_any_family_is_named(copy):
    folder = copy("dream")
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.self_attn.k_proj.bias"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"missing: model\.layers\.1\.self_attn\.k_proj\.bias"):
        load(ModelSpec(id=str(folder)), CPU)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("gpt2", {"objective": "masked-diffusion"}, "objective: found masked-diffusion.*Expected causal"),
        ("dream", {"objective": "causal"}, "objective: found causal.*Expected masked-diffusion"),
        ("sdar", {"objective": "masked-diffusion"}, "Expected block-diffusion"),
        ("llama", {"sampling": BLOCK}, "sampler: found block.*Expected autoregressive"),
        ("llada", {"sampling": AUTOREGRESSIVE}, "sampler: found autoregressive.*Expected block"),
        ("sdar", {"sampling": replace(BLOCK, block_length=8)}, "found 8, and this model fills blocks of 4"),
        ("gpt2", {"train": replace(TRAIN, max_length=129)}, "found 129; GPT-2 has positions for 128 tokens"),
    ],
)
def test_what_does_not_fit_a_model_ends_the_run_with_what_does(name, changes, message, folders, tmp_path):
    run_dir = make_run(tmp_path / "run", replace(spec_of(name, folders(name)), **changes))
    with pytest.raises(SpecError, match=message):
        carry_out(run_dir)
    assert events(run_dir, "metric") == []


def test_a_prompt_that_leaves_gpt2_no_position_is_refused(folders, tmp_path):
    prompts = json.dumps({"slug": "long", "prompt": "a" * 130, "topic": "novel", "length": "long"}).encode() + b"\n"
    run_dir = make_run(
        tmp_path / "run", replace(sample_spec(folders("gpt2")), sampling=AUTOREGRESSIVE), prompts=prompts
    )
    with pytest.raises(SpecError, match="takes 137 tokens and leaves no room"):
        carry_out(run_dir)


COMMIT, LATER = "1f" * 20, "2e" * 20


def test_a_repository_without_a_revision_is_pinned_to_its_commit_and_resumed_at_that(copy, tmp_path, monkeypatch):
    folder, asked = copy("gpt2"), []
    for commit in (COMMIT, LATER):
        shutil.copytree(folder, tmp_path / "snapshots" / commit)

    def fetch(model_id, *, revision, allow_patterns):
        asked.append(revision)
        assert not any(pattern.endswith((".py", ".bin")) for pattern in allow_patterns)
        return str(tmp_path / "snapshots" / (revision or (COMMIT if len(asked) == 1 else LATER)))

    monkeypatch.setattr("runners.tasks.models.registry.snapshot_download", fetch)
    spec = replace(
        sample_spec("somebody/gpt2"), sampling=AUTOREGRESSIVE, model=ModelSpec(id="somebody/gpt2", device="cpu")
    )
    run_dir = make_run(tmp_path / "run", spec)
    carry_out(run_dir)
    carry_out(run_dir)
    assert asked == [None, COMMIT]
    assert [row["revision"] for row in events(run_dir, "model")] == [COMMIT, COMMIT]


def test_a_revision_in_the_spec_is_the_one_that_is_fetched(copy, tmp_path, monkeypatch):
    folder = shutil.copytree(copy("gpt2"), tmp_path / "snapshots" / LATER)
    asked = []
    monkeypatch.setattr(
        "runners.tasks.models.registry.snapshot_download",
        lambda model_id, *, revision, allow_patterns: asked.append((model_id, revision)) or str(folder),
    )
    assert load(ModelSpec(id="somebody/gpt2", revision=LATER), CPU).revision == LATER
    assert asked == [("somebody/gpt2", LATER)]


def test_a_model_in_the_local_cache_needs_no_network(copy, tmp_path):
    stored = tmp_path / "home" / "hub" / "models--somebody--gpt2"
    (stored / "refs").mkdir(parents=True)
    (stored / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    shutil.copytree(copy("gpt2"), stored / "snapshots" / COMMIT)
    spec = replace(
        sample_spec("somebody/gpt2"), sampling=AUTOREGRESSIVE, model=ModelSpec(id="somebody/gpt2", device="cpu")
    )
    run_dir = make_run(tmp_path / "run", spec)
    done = subprocess.run(
        [sys.executable, "-m", "runners", str(run_dir.path)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [row["revision"] for row in events(run_dir, "model")] == [COMMIT]
    assert len(samples(run_dir, "base")) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_family_trained_in_full_is_written_as_it_was_published_and_sampled_from_that(name, folders, tmp_path):
    recipe = replace(TRAIN, method="full", learning_rate=1e-3, max_steps=3, max_length=100)
    spec = replace(spec_of(name, folders(name)), train=recipe, lora=None)
    trained = make_run(tmp_path / "trained", spec)
    carry_out(trained)
    weights = trained.weights(trained.checkpoint(3))
    published = load_file(folders(name) / "model.safetensors")
    kept = load_file(weights / "model.safetensors")
    assert {key for key in published if not key.endswith(".attn.bias")} == set(kept)
    assert all(published[key].shape == kept[key].shape for key in kept)
    spec = replace(sample_spec(folders(name)), sampling=sampling(name))
    spec = replace(spec, adapter=AdapterSpec(run="trained", checkpoint="checkpoints/step-000003"))
    sampled = make_run(tmp_path / "sampled", spec, adapter=weights)
    carry_out(sampled)
    assert samples(sampled, "adapter") == samples(trained, "adapter")


@pytest.mark.parametrize("name", NAMES)
def test_a_family_loads_in_16_bits_and_in_4_and_takes_an_adapter_there(name, folders):
    pytest.importorskip("bitsandbytes")
    ids = torch.randint(8, 250, (1, 20), generator=torch.Generator().manual_seed(6))

    def logits(**options):
        model = load(ModelSpec(id=str(folders(name)), **options), CPU).model
        return model, model.logits(model.hidden(ids)).float()

    with torch.no_grad():
        _, exact = logits()
        _, half = logits(dtype="bfloat16")
        model, quarter = logits(quantization="nf4")
    # Random weights of this size lose far more in 4 bits than trained ones do; another model would be near 0.
    for found, least in ((half, 0.99), (quarter, 0.8)):
        assert torch.nn.functional.cosine_similarity(found.flatten(), exact.flatten(), dim=0) > least
    adapter = lay_adapter(model, LoraSpec(r=2), model_id=name, seed=1)
    model.logits(model.hidden(ids)).float().logsumexp(-1).mean().backward()
    graded = [key for key, parameter in adapter.named_parameters() if parameter.grad is not None]
    assert graded
    assert all(".lora_" in key for key in graded)
