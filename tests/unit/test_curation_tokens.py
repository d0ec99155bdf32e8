"""Token counts, exactly as the library tokenizers counts."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from curation import tokens
from curation.discover import discover
from curation.errors import CurationError
from curation.essay import read_essay
from curation.tokens import estimate_counter, load_counter
from tests.conftest import ROOT
from tests.tokenizer_shapes import ODD, SHAPES, library, make

pytest.importorskip("tokenizers", reason="the library tokenizers is not installed (extra `train`)")

ADDED = {"<tool>": False, "<café>": True, "  ": False}


@pytest.mark.parametrize("shape", [*SHAPES, "metaspace"])
def test_tokens_are_those_of_the_library_on_real_text(tmp_path: Path, essays_folder: Path, shape: str) -> None:
    texts = [read_essay(path).text for path in discover([essays_folder]).files]
    # Trained on half of them, so that the other half holds words it never met.
    path = make(tmp_path / "tokenizer.json", texts[::2], shape, added=ADDED)
    tokenizer = library(path)
    counter = load_counter(path, name="trained here")
    assert (counter.name, counter.exact) == ("trained here", True)
    # Only what is no byte-level BPE is left to the library: else it would be compared with itself.
    assert isinstance(counter, tokens._Library) is (shape == "metaspace")
    samples = [*ODD, *texts, *(paragraph for text in texts for paragraph in text.split("\n\n"))]
    expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in samples]
    assert [counter.count(text) for text in samples] == [len(ids) for ids in expected]
    assert [counter.encode(text) for text in samples] == expected


def test_tokens_of_the_embedded_model_are_those_of_the_library(essays_folder: Path) -> None:
    path = ROOT / "runners" / "embedded" / "tokenizer.json"
    tokenizer = library(path)
    counter = load_counter(path, name="embedded")
    for file in discover([essays_folder]).files:
        text = read_essay(file).text
        assert counter.encode(text) == tokenizer.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("shape", SHAPES)
def test_the_pieces_of_a_text_give_the_text_back(tmp_path: Path, shape: str) -> None:
    path = make(tmp_path / "tokenizer.json", ["the salt and the bread"], shape, added={"<tool>": False})
    counter = load_counter(path, name="trained here")
    text = " salt 手 😀 <tool> <|eos|> x"
    pieces = [counter.piece(token) for token in counter.encode(text)]
    assert b"".join(piece for piece in pieces if piece).decode().replace("  ", " ") == text
    assert counter.piece(10_000_000) is None


def test_a_byte_that_is_written_as_a_number_is_that_byte_where_the_vocabulary_falls_back_to_bytes(
    tmp_path: Path,
) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="the library tokenizers is not installed (extra `train`)")
    vocabulary = {"<unk>": 0, "a": 1, "▁": 2} | {f"<0x{byte:02X}>": 3 + byte for byte in range(256)}
    for falls_back, expected in ((True, "a 🐌".encode()), (False, None)):
        model = tokenizers.models.BPE(vocab=vocabulary, merges=[], byte_fallback=falls_back, unk_token="<unk>")
        tokenizer = tokenizers.Tokenizer(model)
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="never")
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        counter = load_counter(tmp_path / "tokenizer.json", name="made here")
        if expected is not None:
            assert b"".join(counter.piece(token) or b"" for token in counter.encode("a 🐌")) == expected
        else:
            assert counter.piece(vocabulary["<0xF0>"]) == b"<0xF0>"


def test_marks_newer_than_the_librarys_tables_are_normalized_as_it_does(tmp_path: Path) -> None:
    path = make(tmp_path / "tokenizer.json", ["the salt and the bread"], "qwen2")
    tokenizer, counter = library(path), load_counter(path, name="trained here")
    marks = [number for number in range(0x300, 0x1F000) if unicodedata.combining(chr(number))]
    texts = [f"a{chr(mark)}\u0301a {chr(mark)}{chr(mark)} e\u0323{chr(mark)}" for mark in marks]
    assert [counter.encode(text) for text in texts] == [
        found.ids for found in tokenizer.encode_batch(texts, add_special_tokens=False)
    ]


@pytest.mark.parametrize("shape", ["gpt2", "qwen2"])
def test_what_was_read_once_is_kept_and_counts_the_same(tmp_path: Path, shape: str) -> None:
    path = make(tmp_path / "tokenizer.json", ["the salt and the bread and the wine"], shape, added=ADDED)
    first = load_counter(path, name="trained here", kept=tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    before = kept.read_bytes()
    second = load_counter(path, name="trained here", kept=tmp_path / "kept")
    assert [second.encode(text) for text in ODD] == [first.encode(text) for text in ODD]
    for broken in (b"", before[:40], before[:-1], before.replace(b'"tokens"', b'"token_"')):
        kept.write_bytes(broken)
        assert load_counter(path, name="trained here", kept=tmp_path / "kept").encode("bread") == first.encode("bread")
        assert kept.read_bytes() == before


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = make(tmp_path_factory.mktemp("tokenizer") / "good.json", ["the salt and the bread and the wine"], "gpt2")
    return json.loads(path.read_text())


def refused(tmp_path: Path, data: Any) -> str:
    path = tmp_path / "tokenizer.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    with pytest.raises(CurationError) as caught:
        load_counter(path, name="odd")
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def _no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "find_spec", lambda name: None)


@pytest.mark.usefixtures("_no_library")
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


@pytest.mark.usefixtures("_no_library")
def test_a_normalizer_and_greedy_added_tokens_are_refused(tmp_path: Path, good: dict[str, Any]) -> None:
    assert "Lowercase" in refused(tmp_path, good | {"normalizer": {"type": "Lowercase"}})
    assert "space around it" in refused(tmp_path, good | {"added_tokens": [{"content": "<m>", "lstrip": True}]})


@pytest.mark.usefixtures("_no_library")
def test_merges_out_of_order_are_refused(tmp_path: Path, good: dict[str, Any]) -> None:
    odd = json.loads(json.dumps(good))
    # `ab` is made first, so `a` + `bc` can never make `abc`.
    odd["model"]["merges"] = [["a", "b"], ["b", "c"], ["a", "bc"]]
    odd["model"]["vocab"] |= {"ab": 3001, "bc": 3002, "abc": 3003}
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


def test_what_cannot_be_merged_here_is_counted_by_the_library(tmp_path: Path, good: dict[str, Any]) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(good | {"normalizer": {"type": "Lowercase"}}))
    counter = load_counter(path, name="lower")
    assert counter.exact
    assert [counter.encode(text) for text in ODD] == [library(path).encode(text).ids for text in ODD]


def test_what_neither_can_be_merged_here_nor_read_by_the_library_is_named(tmp_path: Path, good: dict[str, Any]) -> None:
    place = tmp_path / "tokenizer.json"
    broken = good | {"normalizer": {"type": "Lowercase"}, "decoder": {"type": "of nobody"}}
    place.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(CurationError, match=r"tokenizer\.json: cannot be read as a tokenizer \(.*use an estimate"):
        load_counter(place, name="broken")


@pytest.mark.usefixtures("_no_library")
def test_a_word_that_is_taken_whole_but_made_by_no_merge_is_refused(tmp_path: Path, good: dict[str, Any]) -> None:
    odd = json.loads(json.dumps(good))
    odd["model"]["ignore_merges"] = True
    assert load_counter(written(tmp_path, odd), name="x").exact
    # The names of special tokens are parted by the pattern; a word of letters is not.
    odd["model"]["vocab"]["zzzz"] = 3001
    assert "made by no merge" in refused(tmp_path, odd)


def written(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "whole.json"
    path.write_text(json.dumps(data))
    return path
