import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from runners.errors import ModelError
from runners.families.registry import known
from runners.spec import ModelSpec
from runners.tasks.models.llada import as_model
from runners.tasks.models.native import network_config
from runners.tasks.models.registry import EMBEDDED, load, load_model, locate
from runners.tasks.selftest import require_bidirectional
from tests.torch import helpers

CPU = torch.device("cpu")


def change_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


@pytest.fixture
def copy(tiny, tmp_path):
    return shutil.copytree(tiny, tmp_path / "model")


def test_the_embedded_model_loads_and_sees_both_ways():
    loaded = load(ModelSpec(device="cpu"), CPU)
    assert loaded.layout.name == "embedded"
    assert loaded.model.facts.highest_learning_rate is None
    assert loaded.codec.visible([*loaded.codec.encode("The sea’s edge."), loaded.layout.eos_token_id, 5]) == (
        "The sea’s edge."
    )


def test_a_special_token_named_in_a_text_stays_text(tiny):
    loaded = load(ModelSpec(id=str(tiny)), CPU)
    ids = loaded.codec.encode("a <|mask|> and <|endoftext|> in it")
    assert not set(ids) & loaded.layout.special_token_ids
    assert loaded.codec.visible(ids) == "a <|mask|> and <|endoftext|> in it"


def test_the_self_test_fails_on_a_causal_configuration(tiny):
    model = load_model(tiny, dtype=torch.float32, device=CPU)
    require_bidirectional(model)
    model.net.config.is_causal = True
    with pytest.raises(ModelError, match="loaded causal"):
        require_bidirectional(model)


def test_the_self_test_fails_on_logits_that_are_no_numbers(tiny):
    model = load_model(tiny, dtype=torch.float32, device=CPU)
    with torch.no_grad():
        model.net.model.norm.weight[0] = float("nan")
    with pytest.raises(ModelError, match="not finite"):
        require_bidirectional(model)


def test_every_load_runs_the_self_test(tiny, monkeypatch):
    monkeypatch.setattr("runners.tasks.models.native.network_config", _causal)
    with pytest.raises(ModelError, match="loaded causal"):
        load(ModelSpec(id=str(tiny)), CPU)


def _causal(family, config):
    made = network_config(family, config)
    made.is_causal = True
    return made


def test_a_model_saved_in_the_published_naming_loads_to_the_same_bits(tiny):
    names = load_file(tiny / "model.safetensors").keys()
    assert "model.transformer.blocks.1.ff_proj.weight" in names
    assert not any("layers" in name for name in names)
    model = load_model(tiny, dtype=torch.float32, device=CPU)
    assert model.facts.lora_targets
    assert model.facts.context_tokens == 1024


def test_weights_in_llamas_own_naming_are_accepted(copy):
    first = load_model(copy, dtype=torch.float32, device=CPU)
    save_file(
        {name: tensor.clone() for name, tensor in first.net.state_dict().items() if name != "lm_head.weight"},
        copy / "model.safetensors",
        metadata={"format": "pt"},
    )
    second = load_model(copy, dtype=torch.float32, device=CPU)
    ids = torch.arange(20)[None]
    with torch.no_grad():
        assert torch.equal(first.hidden(ids), second.hidden(ids))


def test_a_missing_tensor_is_an_error_that_names_it(copy):
    tensors = load_file(copy / "model.safetensors")
    del tensors["model.transformer.blocks.0.q_proj.weight"]
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"missing: model\.layers\.0\.self_attn\.q_proj"):
        load_model(copy, dtype=torch.float32, device=CPU)


def test_pickled_weights_are_not_read(copy):
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="safetensors"):
        load_model(copy, dtype=torch.float32, device=CPU)


def test_settings_a_llama_cannot_do_are_named_together(copy):
    change_config(copy, alibi=True, layer_norm_type="low_precision")
    with pytest.raises(ModelError, match=r"alibi is True.*layer_norm_type is 'low_precision'"):
        load_model(copy, dtype=torch.float32, device=CPU)


def test_an_unknown_family_is_named(copy):
    change_config(copy, model_type="t5")
    with pytest.raises(ModelError, match="'t5' is of no known family"):
        load_model(copy, dtype=torch.float32, device=CPU)


def test_a_tokenizer_of_another_model_is_noticed(copy):
    change_config(copy, mask_token_id=7)
    with pytest.raises(ModelError, match="disagree on mask and EOS"):
        load(ModelSpec(id=str(copy)), CPU)


def test_without_a_mask_id_nothing_is_loaded(tiny):
    model = load_model(tiny, dtype=torch.float32, device=CPU)
    with pytest.raises(ModelError, match="no mask_token_id"):
        as_model(model.net, {"eos_token_id": 1})


def test_a_folder_that_is_not_there_is_no_hub_id():
    with pytest.raises(ModelError, match="no such folder"):
        locate(ModelSpec(id="./nowhere"))
    assert locate(ModelSpec()).folder == EMBEDDED


def test_rates_are_only_held_against_models_of_a_published_size(tiny):
    model = load_model(tiny, dtype=torch.float32, device=CPU)
    assert model.facts.highest_learning_rate is None
    published = json.loads((helpers.golden() / "checkpoint" / "config.json").read_text(encoding="utf-8"))
    large = known("", published | {"d_model": 4096})
    assert (large.highest_rate("lora"), large.highest_rate("full")) == (5e-5, 2.5e-5)
