"""Whatever the text, its tokens are those that the library tokenizers gives, in every shape of tokenizer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation import tokens
from curation.tokens import load_counter
from tests.conftest import ROOT, SAMPLE_ESSAYS
from tests.tokenizer_shapes import ODD, SHAPES, library, make

pytest.importorskip("tokenizers", reason="the library tokenizers is not installed (extra `train`)")

ADDED = {"<tool>": False, "<café>": True, "\n\n": False}
PIECES = st.sampled_from(
    [*ODD, *ADDED, "the", " The", "’s", "'S", "'ll", "word", "  ", "\u3000", "\x85", "\u2028", "1", "²", "Ⅳ", "़", "ﬁ",
     "가", "가", "\u1e9b\u0323", "\u0958", "\u0344", "\u07fd", "\u0301", "\u0323",
     "<too", "l>", "<|", "|>", "\r", "\n", "_"]
)  # fmt: skip
TEXTS = st.text(max_size=200) | st.lists(PIECES, max_size=30).map("".join)


@pytest.fixture(scope="module", params=[*SHAPES, "embedded"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    path = ROOT / "runners" / "embedded" / "tokenizer.json"
    if request.param != "embedded":
        texts = [file.read_text(encoding="utf-8") for file in sorted(SAMPLE_ESSAYS.glob("*.md"))]
        path = make(tmp_path_factory.mktemp("shape") / "tokenizer.json", texts, request.param, added=ADDED)
    counter = load_counter(path, name=request.param)
    # Else the library would be compared with itself.
    assert isinstance(counter, tokens._Merging)
    return counter, library(path)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_tokens_are_those_of_the_library(pair: tuple[Any, Any], text: str) -> None:
    counter, tokenizer = pair
    expected = tokenizer.encode(text, add_special_tokens=False).ids
    assert counter.encode(text) == expected
    assert counter.count(text) == len(expected)
