"""The lines of Pairs: what gives way where there is little room, and what never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from store.pairs import Pair, PairCounts, PairRow
from workbench.operations.curating import PairView, some
from workbench.operations.tokens import TokenView
from workbench.screens.pair_lines import (
    Standing,
    filter_line,
    nothing_here,
    pair_head,
    pair_line,
    pair_tokens,
    pairs_said,
)

TITLE = "Concluding Remarks on the Importance of Orthodoxy, with an Afterword"
PAIR = Pair(
    966, 1, "remarks", TITLE, "holdout", "sha256:0", 0.0, "continuation", "accepted", "before", "after", 0, 5, False,
    True, "", 1, 1, "2026-11-20T18:45:00.000Z", "2026-11-20T18:45:00.000Z", True,
)  # fmt: skip
ROW = PairRow(966, 1, "remarks", TITLE, "train", "thesis", "proposed", False, False, False, 0, 90, "It is the custom")
COUNTS = PairCounts(1539, 2, 0, 0, 2, 0)


def view(pair: Pair) -> PairView:
    tokens = TokenView(
        name="embedded",
        model="embedded",
        prompt_tokens=251,
        response_tokens=244,
        total=496,
        max_length=512,
        exact=True,
    )
    return PairView(pair=pair, counts=(tokens,), warnings=("too long",))


@pytest.mark.parametrize("width", [56, 76, 120])
def test_the_line_above_a_pair_shortens_the_title_and_nothing_else(width):
    head = pair_head(view(PAIR), width).plain

    assert cell_len(head) <= width
    assert "Concl" in head
    assert "continuation held" in head
    assert "≠" in head
    assert "251+244 of 512" in head
    if width >= 76:
        assert "· flagged" in head
        assert "512 tokens" in head
    else:
        assert " !" in head


def test_a_short_title_stands_whole_above_its_pair():
    head = pair_head(view(replace(PAIR, title="Salt", changed=False)), 76).plain

    assert head.startswith("✓ Salt · continuation held · flagged  ")
    assert head.endswith("251+244 of 512 tokens")


def test_a_line_names_its_tier_in_little_room_where_there_are_several():
    assert "thes" not in pair_line(ROW, 76).plain
    assert " thes It is" in pair_line(ROW, 76, tiers=True).plain
    assert "thesis" in pair_line(ROW, 110, tiers=False).plain
    assert cell_len(pair_line(ROW, 76, tiers=True).plain) == cell_len(pair_line(ROW, 76).plain)


def test_the_count_of_what_was_decided_says_that_it_is_that():
    assert filter_line(Standing(chosen="all", counts=COUNTS), 120).plain.endswith("2 of 1,541 decided")
    assert filter_line(Standing(chosen="all", counts=COUNTS), 78).plain.endswith("decided")


@pytest.mark.parametrize("width", [78, 120])
def test_what_the_list_is_narrowed_to_is_counted(width):
    narrowed = Standing(
        chosen="all", counts=COUNTS, words="brick", tier="thesis", tiers=True, source="Christmas", queue=True, found=4
    )

    line = filter_line(narrowed, width).plain

    assert "T thesis" in line
    assert " 4 found " in line[:width]
    assert "with “brick”" in line[:width]


def test_an_empty_list_names_the_tier_and_how_often_esc_is_pressed():
    said = nothing_here("brick", "note", "Salt", 3)

    assert said == "No pair fits of note in Salt. 3 pairs elsewhere: esc esc esc shows them, tab another filter."
    assert "3 pairs of other tiers: esc shows them" in nothing_here("", "note", "", 3)


def test_numbers_of_four_digits_are_written_alike_wherever_pairs_are_counted():
    long = replace(view(PAIR).counts[0], prompt_tokens=1008, response_tokens=1100, total=2108, max_length=2048)
    shown = PairView(pair=PAIR, counts=(long,), warnings=())
    assert "1,008+1,100 of 2,048" in pair_head(shown, 120).plain
    (line,) = pair_tokens((long, replace(long, max_length=4096)), 120)
    assert "2,108/2,048" in line.plain
    assert some(1008) == pairs_said(1008) == "1,008 pairs"
