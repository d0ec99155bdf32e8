import json
import subprocess
import sys
from pathlib import Path

import pytest

from runners.errors import ModelError
from runners.layouts import lay_out, layout_for, layout_name, special_tokens, visible_ids

EMBEDDED = {"<|user|>": 1, "<|assistant|>": 2, "<|endoftext|>": 3, "<|mask|>": 4, "<|pad|>": 5}
LLADA = {
    "<|startoftext|>": 126080,
    "<|endoftext|>": 126081,
    "<|mdm_mask|>": 126336,
    "<|start_header_id|>": 126346,
    "<|end_header_id|>": 126347,
    "<|eot_id|>": 126348,
}

CHATML = {"<|endoftext|>": 900, "<|im_start|>": 901, "<|im_end|>": 902}
DREAM = CHATML | {"<|beginoftext|>": 903, "<|mask|>": 904}
SDAR = CHATML | {"<|MASK|>": 905}
LLAMA3 = {
    "<|begin_of_text|>": 800,
    "<|end_of_text|>": 801,
    "<|start_header_id|>": 802,
    "<|end_header_id|>": 803,
    "<|eot_id|>": 804,
}
LLAMA2 = {"<unk>": 0, "<s>": 1, "</s>": 2}
GPT2 = {"<|endoftext|>": 700}
ILLADA = {"[BOS]": 0, "[PAD]": 1, "[EOS]": 2, "[MASK]": 5}


def encode(text):
    return [1000 + ord(letter) for letter in text]


def read(ids, special):
    """Write ids out again, special tokens by name."""
    names = {number: name for name, number in special.items()}
    return "".join(names.get(token) or chr(token - 1000) for token in ids)


def test_the_embedded_layout_is_user_prompt_assistant_response_end():
    laid = lay_out(layout_for("embedded", EMBEDDED), encode, "Say.", "Said.")
    assert read(laid.input_ids, EMBEDDED) == "<|user|>Say.<|assistant|>Said.<|endoftext|>"
    assert read(laid.input_ids[: laid.prompt_length], EMBEDDED) == "<|user|>Say.<|assistant|>"


def test_the_instruct_layout_is_the_published_template_with_no_third_turn():
    laid = lay_out(layout_for("llada-instruct", LLADA), encode, " Say.\n", "Said.")
    prompt = (
        "<|startoftext|><|start_header_id|>user<|end_header_id|>\n\nSay.<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    assert read(laid.input_ids, LLADA) == f"{prompt}Said.<|endoftext|>"
    assert read(laid.input_ids[: laid.prompt_length], LLADA) == prompt
    assert laid.input_ids.count(LLADA["<|start_header_id|>"]) == 2
    assert laid.input_ids.count(LLADA["<|endoftext|>"]) == 1


def test_the_base_layout_is_plain_text_with_a_blank_line_between():
    laid = lay_out(layout_for("llada-base", LLADA), encode, "Say.", "Said.")
    assert read(laid.input_ids, LLADA) == "Say.\n\nSaid.<|endoftext|>"


@pytest.mark.parametrize("special", [DREAM, SDAR], ids=["dream", "sdar"])
def test_chatml_closes_the_turn_and_then_ends_once(special):
    laid = lay_out(layout_for("chatml", special), encode, "Say.", "Said.")
    prompt = "<|im_start|>user\nSay.<|im_end|>\n<|im_start|>assistant\n"
    assert read(laid.input_ids, special) == f"{prompt}Said.<|im_end|><|endoftext|>"
    assert read(laid.input_ids[: laid.prompt_length], special) == prompt


def test_the_mask_is_found_by_any_of_its_names_and_may_be_missing():
    assert [layout_for("chatml", special).mask_token_id for special in (DREAM, SDAR, CHATML)] == [904, 905, None]


def test_a_base_of_qwens_tokenizer_is_plain_text_and_dreams_begins_with_its_own_token():
    dream = lay_out(layout_for("chatml-base", DREAM), encode, "Say.", "Said.")
    assert read(dream.input_ids, DREAM) == "<|beginoftext|>Say.\n\nSaid.<|endoftext|>"
    other = lay_out(layout_for("chatml-base", SDAR), encode, "Say.", "Said.")
    assert read(other.input_ids, SDAR) == "Say.\n\nSaid.<|endoftext|>"


def test_llama_3_writes_one_header_a_turn_and_ends_the_turn():
    laid = lay_out(layout_for("llama3-instruct", LLAMA3), encode, " Say.\n", "Said.")
    prompt = (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nSay.<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    assert read(laid.input_ids, LLAMA3) == f"{prompt}Said.<|eot_id|>"
    assert layout_for("llama3-instruct", LLAMA3).end_token_ids == {801, 804}


@pytest.mark.parametrize(
    ("name", "special", "text"),
    [
        ("llama3-base", LLAMA3, "<|begin_of_text|>Say.\n\nSaid.<|end_of_text|>"),
        ("llama-base", LLAMA2, "<s>Say.\n\nSaid.</s>"),
        ("gpt2", GPT2, "Say.\n\n---\n\nSaid.<|endoftext|>"),
        ("illada", ILLADA, "[BOS]Say.\n\nSaid.[EOS]"),
    ],
)
def test_a_base_is_plain_text_with_its_own_beginning_and_end(name, special, text):
    assert read(lay_out(layout_for(name, special), encode, "Say.", "Said.").input_ids, special) == text


def test_a_causal_model_has_no_mask_to_ask_for():
    layout = layout_for("gpt2", GPT2)
    assert layout.mask_token_id is None
    with pytest.raises(ModelError, match="gpt2 has no mask"):
        _ = layout.needed_mask_token_id
    assert layout_for("embedded", EMBEDDED).needed_mask_token_id == 4


@pytest.mark.parametrize(
    ("name", "special"),
    [
        ("embedded", EMBEDDED),
        ("llada-instruct", LLADA),
        ("llada-base", LLADA),
        ("illada", ILLADA),
        ("chatml", DREAM),
        ("chatml-base", DREAM),
        ("llama3-instruct", LLAMA3),
        ("llama3-base", LLAMA3),
        ("llama-base", LLAMA2),
        ("gpt2", GPT2),
    ],
)
def test_a_prompt_alone_is_the_beginning_of_the_whole_pair(name, special):
    layout = layout_for(name, special)
    alone, whole = lay_out(layout, encode, "Say."), lay_out(layout, encode, "Say.", "Said.")
    assert alone.prompt_length == len(alone.input_ids) == whole.prompt_length
    assert whole.input_ids[: whole.prompt_length] == alone.input_ids


def test_an_empty_response_still_ends():
    laid = lay_out(layout_for("embedded", EMBEDDED), encode, "Say.", "")
    assert laid.input_ids[laid.prompt_length :] == [EMBEDDED["<|endoftext|>"]]


def test_models_are_told_apart_by_their_tokens_and_then_by_their_name():
    assert layout_name("embedded", EMBEDDED) == "embedded"
    assert layout_name("/models/base/LLaDA-8B-Instruct", LLADA) == "llada-instruct"
    assert layout_name("GSAI-ML/LLaDA-8B-Base/", LLADA) == "llada-base"
    assert layout_name("GSAI-ML/LLaDA-1.5", LLADA) == "llada-instruct"
    assert layout_name("Dream-org/Dream-v0-Instruct-7B", DREAM) == "chatml"
    assert layout_name("Dream-org/Dream-v0-Base-7B", DREAM) == "chatml-base"
    assert layout_name("JetLM/SDAR-1.7B-Chat-b32", SDAR) == "chatml"
    assert layout_name("meta-llama/Llama-3.1-8B-Instruct", LLAMA3) == "llama3-instruct"
    assert layout_name("meta-llama/Llama-3.1-8B", LLAMA3) == "llama3-base"
    assert layout_name("some/TinyLlama", LLAMA2) == "llama-base"
    assert layout_name("openai-community/gpt2", GPT2) == "gpt2"
    assert layout_name("GSAI-ML/iLLaDA-8B-Base", LLADA) == "illada"
    assert layout_name("/models/mine", ILLADA, "illada") == "illada"


def test_every_token_a_layout_misses_is_named():
    with pytest.raises(ModelError, match=r"needs <\|start_header_id\|>, <\|eot_id\|>"):
        layout_for("llada-instruct", {k: v for k, v in LLADA.items() if k not in ("<|start_header_id|>", "<|eot_id|>")})


def test_visible_text_ends_at_the_first_end_and_shows_no_special_token():
    layout = layout_for("embedded", EMBEDDED)
    assert visible_ids(layout, [70, 4, 71, 3, 72, 3]) == [70, 71]
    assert visible_ids(layout, [70, 71]) == [70, 71]
    assert visible_ids(layout_for("chatml", DREAM), [70, 902, 71, 900]) == [70]


def test_special_tokens_are_read_from_the_tokenizer_by_name(tmp_path):
    path = tmp_path / "tokenizer.json"
    with pytest.raises(ModelError, match="missing"):
        special_tokens(path)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="not a tokenizer"):
        special_tokens(path)
    path.write_text(json.dumps({"added_tokens": [{"id": 9, "content": "<|pad|>"}]}), encoding="utf-8")
    assert special_tokens(path) == {"<|pad|>": 9}


def test_the_embedded_tokenizer_has_every_token_its_layout_needs():
    folder = Path(sys.modules["runners"].__path__[0]) / "embedded"
    special = special_tokens(folder / "tokenizer.json")
    layout = layout_for(layout_name("embedded", special), special)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert (layout.mask_token_id, layout.eos_token_id) == (config["mask_token_id"], config["eos_token_id"])


def test_layouts_load_no_torch():
    code = "import sys, runners.layouts; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
