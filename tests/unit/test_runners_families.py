"""The families of models: told apart by their settings, and true to themselves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runners.errors import ModelError
from runners.families.registry import families, family_of, known, read_config
from runners.sampler_fields import FIELDS, NEUTRAL
from runners.spec import SamplingSpec

CONFIGS: list[tuple[str, dict[str, Any]]] = [
    ("llada", {"model_type": "llada", "architectures": ["LLaDAModelLM"], "embedding_size": 126464}),
    ("llada", {"model_type": "llada", "hidden_size": 4096, "vocab_size": 126464}),
    ("illada", {"model_type": "illada", "hidden_size": 4096}),
    ("illada", {"model_type": "llada", "architectures": ["iLLaDAModelLM"]}),
    ("illada", {"model_type": "llada", "vocab_size": 155136}),
    ("dream", {"model_type": "Dream"}),
    ("qwen3-diffusion", {"model_type": "a2d-qwen3"}),
    ("qwen3-diffusion", {"model_type": "qwen3", "is_causal": False}),
    ("sdar", {"model_type": "sdar"}),
    ("llama", {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}),
    ("gpt2", {"model_type": "gpt2"}),
]


@pytest.mark.parametrize(("name", "config"), CONFIGS)
def test_settings_belong_to_exactly_one_family(name: str, config: dict[str, Any]) -> None:
    assert [family.name for family in families() if family.recognises(config)] == [name]


@pytest.mark.parametrize("kind", ["sdar_moe", "llada2_moe", "qwen3", "qwen2", "gpt_neo", "mistral", None])
def test_what_is_of_no_family_is_told_with_those_there_are(kind: str | None) -> None:
    config = {"model_type": kind}
    with pytest.raises(ModelError, match=r"is of no known family\. Known: Dream, GPT-2, iLLaDA, LLaDA, Llama"):
        family_of(config)


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_a_family_fits_itself(family: Any) -> None:
    for rate in family.rates.values():
        assert rate.highest in [float(number) for number in re.findall(r"[\d.]+e-\d", rate.words)]
    if "lora" in family.rates:
        assert family.learning_rate <= family.rates["lora"].highest
    assert (family.attention == "causal") == (family.objectives == ("causal",))
    assert (family.attention == "block-causal") == (family.block_tokens is not None)
    assert family.attention != "causal" or family.shifted
    sampler = family.samplers[0]
    assert set(family.sampling) <= set(FIELDS[sampler])
    SamplingSpec(sampler=sampler, **family.sampling)
    assert family.lora_targets


def test_a_model_is_small_by_its_width_alone_and_then_nothing_was_published_of_it() -> None:
    large, small = (known("x", {"model_type": "llada", "d_model": width}) for width in (4096, 256))
    assert large is not None
    assert small is not None
    assert (large.highest_rate("lora"), large.highest_rate("full")) == (5e-5, 2.5e-5)
    assert (small.highest_rate("lora"), small.highest_rate("full")) == (None, None)


def test_a_neutral_value_is_the_default() -> None:
    spec = SamplingSpec()
    assert {name: getattr(spec, name) for name in NEUTRAL} == dict(NEUTRAL)


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json: cannot be read"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps([1]), encoding="utf-8")
    with pytest.raises(ModelError, match="holds a list, expected an object"):
        read_config(tmp_path)


def test_families_are_known_without_torch() -> None:
    code = (
        "import sys, runners.misfits; from runners.families.registry import families; families(); "
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
