"""The edits of a pair's ends: what a trim cuts and leaves, and what a boundary that moves carries over."""

from __future__ import annotations

import pytest

from curation.errors import CurationError
from curation.reshape import End, PairText, Side, move_boundary, moved_sentence, trim

PAIR = PairText("One stands before. Two follows it.\n\n", "Three begins here. Four goes on.\n\nFive ends it.")


@pytest.mark.parametrize(
    ("side", "end", "cut", "left"),
    [
        ("prompt", "first", "One stands before.", PairText("Two follows it.\n\n", PAIR.response)),
        ("prompt", "last", "Two follows it.", PairText("One stands before.\n\n", PAIR.response)),
        ("response", "first", "Three begins here.", PairText(PAIR.prompt, "Four goes on.\n\nFive ends it.")),
        ("response", "last", "Five ends it.", PairText(PAIR.prompt, "Three begins here. Four goes on.")),
    ],
)
def test_a_trim_cuts_one_sentence_and_leaves_the_rest(side: Side, end: End, cut: str, left: PairText) -> None:
    assert trim(PAIR, side, end) == (left, cut)


@pytest.mark.parametrize("side", ["prompt", "response"])
def test_the_only_sentence_is_never_cut(side: Side) -> None:
    with pytest.raises(CurationError, match=f"The {side} has only this sentence left"):
        trim(PairText("One.", "Two."), side, "last")


def test_what_moves_over_the_boundary_is_named() -> None:
    assert moved_sentence(PAIR, 1) == "Three begins here."
    assert moved_sentence(PAIR, -1) == "Two follows it."
    assert moved_sentence(PAIR, 1) in move_boundary(PAIR, 1).prompt
    assert move_boundary(PAIR, -1).response.startswith(moved_sentence(PAIR, -1))
