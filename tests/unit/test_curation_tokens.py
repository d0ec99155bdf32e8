"""Token counts, exactly as the library tokenizers counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.discover import discover
from curation.errors import CurationError
from curation.essay import read_essay
from curation.tokens import estimate_counter, load_counter

tokenizers = pytest.importorskip("tokenizers", reason="the library tokenizers is not installed (extra `train`)")

LLAMA_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ODD = [
    "", " ", "  two  spaces ", "\n\n\n", "don't DON'T we'll", "3.14159 12345", "😀 手紙 café", "\t\r\n x",
    "a<|eos|>b<|eos|>", "<|eos|>", "“quotes”—dashes…", "\ufeff\u200b", "aaaaaaaaaaaaaaaaaaaaaaaa", "x" * 300,
    "\u0301e\u0301", "<|eos|", "\x00\x7f",
]  # fmt: skip


def train(folder: Path, texts: list[str], layout: str) -> Path:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    pre = tokenizers.pre_tokenizers
    if layout == "split":
        tokenizer.normalizer = tokenizers.normalizers.NFC()
        tokenizer.pre_tokenizer = pre.Sequence(
            [
                pre.Split(tokenizers.Regex(LLAMA_SPLIT), behavior="isolated"),
                pre.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    else:
        tokenizer.pre_tokenizer = pre.ByteLevel(add_prefix_space=layout == "prefix space")
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=3000,
        initial_alphabet=pre.ByteLevel.alphabet(),
        special_tokens=["<|eos|>", "<|eos|>b"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    path = folder / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.mark.parametrize("layout", ["plain", "prefix space", "split"])
def test_counts_equal_those_of_tokenizers_on_real_text(tmp_path: Path, essays_folder: Path, layout: str) -> None:
    texts = [read_essay(path).text for path in discover([essays_folder]).files]
    # Trained on half of them, so that the other half holds words it never met.
    path = train(tmp_path, texts[::2], layout)
    library = tokenizers.Tokenizer.from_file(str(path))
    library.encode_special_tokens = True
    counter = load_counter(path, name="trained here")
    assert (counter.name, counter.exact) == ("trained here", True)
    samples = [*ODD, *texts, *(paragraph for text in texts for paragraph in text.split("\n\n"))]
    expected = [len(library.encode(text, add_special_tokens=False).ids) for text in samples]
    assert [counter.count(text) for text in samples] == expected


def test_counts_of_the_embedded_model_equal_those_of_tokenizers(essays_folder: Path) -> None:
    path = Path(__file__).parents[2] / "runners" / "embedded" / "tokenizer.json"
    library = tokenizers.Tokenizer.from_file(str(path))
    library.encode_special_tokens = True
    counter = load_counter(path, name="embedded")
    for file in discover([essays_folder]).files:
        text = read_essay(file).text
        assert counter.count(text) == len(library.encode(text, add_special_tokens=False).ids)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = train(tmp_path_factory.mktemp("tokenizer"), ["the salt and the bread and the wine"], "plain")
    return json.loads(path.read_text())


def refused(tmp_path: Path, data: Any) -> str:
    path = tmp_path / "tokenizer.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    with pytest.raises(CurationError) as caught:
        load_counter(path, name="odd")
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("model", {"type": "WordPiece"}, "not BPE"),
        ("model", {"byte_fallback": True}, "byte_fallback"),
        ("model", {"dropout": 0.1}, "dropout"),
        ("pre_tokenizer", {"type": "Whitespace"}, "not byte-level"),
        ("pre_tokenizer", {"use_regex": False}, "does not part"),
    ],
)
def test_what_cannot_be_counted_exactly_is_refused(
    tmp_path: Path, good: dict[str, Any], part: str, change: dict[str, Any], words: str
) -> None:
    assert words in refused(tmp_path, good | {part: good[part] | change})


def test_a_normalizer_and_greedy_added_tokens_are_refused(tmp_path: Path, good: dict[str, Any]) -> None:
    assert "Lowercase" in refused(tmp_path, good | {"normalizer": {"type": "Lowercase"}})
    assert "space around it" in refused(tmp_path, good | {"added_tokens": [{"content": "<m>", "lstrip": True}]})


def test_merges_out_of_order_are_refused(tmp_path: Path, good: dict[str, Any]) -> None:
    odd = json.loads(json.dumps(good))
    # `ab` is made first, so `a` + `bc` can never make `abc`.
    odd["model"]["merges"] = [["a", "b"], ["b", "c"], ["a", "bc"]]
    assert "not in the order" in refused(tmp_path, odd)


@pytest.mark.parametrize("data", ["", "[]", "{}", '{"model": {"type": "BPE", "merges": []}}', "not json"])
def test_a_broken_file_is_named(tmp_path: Path, data: str) -> None:
    refused(tmp_path, data)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CurationError, match="cannot be read"):
        load_counter(tmp_path / "none.json", name="none")


def test_an_estimate_says_so_and_is_near(essays_folder: Path) -> None:
    counter = estimate_counter("far away")
    assert (counter.name, counter.exact) == ("far away", False)
    text = read_essay(discover([essays_folder]).files[0]).text
    assert 1.0 < counter.count(text) / len(text.split()) < 1.7
    assert counter.count("") == 0
