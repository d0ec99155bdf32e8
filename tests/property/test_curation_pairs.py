"""Editing a pair loses no text."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.errors import CurationError
from curation.reshape import PairText, merge, move_boundary, split

SENTENCE = st.lists(
    st.sampled_from(["salt", "Mr. Hill", "“yes!”", "so", "(or not.)", "G. K.", "why?", "3.5", "*no.*"]),
    min_size=1,
    max_size=6,
).map(lambda words: " ".join(words).capitalize() + ".")
TEXT = st.lists(st.tuples(SENTENCE, st.sampled_from([" ", "\n\n", "\n"])), min_size=1, max_size=6).map(
    lambda parts: "".join(sentence + gap for sentence, gap in parts).strip()
) | st.text(min_size=1, max_size=80)
PAIRS = st.builds(PairText, TEXT, TEXT)


def letters(*texts: str) -> str:
    return "".join("".join(text.split()) for text in texts)


@settings(max_examples=300, deadline=None)
@given(PAIRS, st.integers(-3, 3))
def test_moving_the_boundary_keeps_every_letter(pair: PairText, sentences: int) -> None:
    assume(pair.prompt.strip() and pair.response.strip())
    try:
        moved = move_boundary(pair, sentences)
    except CurationError:
        return
    assert letters(moved.prompt, moved.response) == letters(pair.prompt, pair.response)
    assert moved.prompt.strip()
    assert moved.response.strip()


@settings(max_examples=300, deadline=None)
@given(PAIRS, st.integers(0, 80))
def test_splitting_keeps_every_letter_and_merging_brings_the_pair_back(pair: PairText, offset: int) -> None:
    assume(pair.response.strip())
    try:
        first, second = split(pair, offset)
    except CurationError:
        return
    assert first.prompt == pair.prompt
    assert letters(first.response, second.response) == letters(pair.response)
    assert letters(merge(first, second).response) == letters(pair.response)


@settings(max_examples=300, deadline=None)
@given(PAIRS, PAIRS)
def test_merging_keeps_both_responses(first: PairText, second: PairText) -> None:
    merged = merge(first, second)
    assert merged.prompt == first.prompt
    whole = letters(merged.response)
    assert whole.startswith(letters(first.response))
    assert whole.endswith(letters(second.response))
