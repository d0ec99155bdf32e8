"""Words of a model are found again in what comes in as the author's own."""

from __future__ import annotations

from curation.generated import Standing, spans_in, standing_in

PASSAGE = "the old gate leans on its post and says nothing to the field that it was meant to keep"


def test_a_passage_is_found_with_its_line_and_its_words_whatever_its_marks_and_line_ends() -> None:
    text = (
        "# Gates\n\nMine begins.\n\nThe old *gate* leans on\nits post, and says NOTHING to the field that it was "
        "meant to keep."
    )
    assert standing_in(text, ["other words that are nowhere in this text at all", PASSAGE]) == [
        Standing(passage=1, line=5, words=19)
    ]


def test_a_passage_that_was_edited_is_still_found_by_what_is_left_of_it() -> None:
    text = PASSAGE.replace("says nothing", "says very little")
    (found,) = standing_in(text, [PASSAGE])
    assert found.words == len(PASSAGE.split()) - 1
    assert standing_in(" ".join(PASSAGE.split()[::2]), [PASSAGE]) == []


def test_a_short_passage_is_looked_for_whole_and_a_very_short_one_not_at_all() -> None:
    text = "We walk slowly to the gate, and it is mine."
    assert [found.words for found in standing_in(text, ["walk slowly to the"])] == [4]
    assert standing_in(text, ["walk slowly to a"]) == []
    assert standing_in(text, ["walk slowly to"]) == []


def test_a_passage_that_stands_twice_is_counted_twice_and_found_first() -> None:
    (found,) = standing_in(f"{PASSAGE}.\n\n{PASSAGE}.", [PASSAGE])
    assert (found.line, found.words) == (1, 38)


def test_an_empty_text_and_no_passages_find_nothing() -> None:
    assert standing_in("", [PASSAGE]) == []
    assert standing_in(PASSAGE, []) == []


def test_apostrophes_of_both_kinds_are_one() -> None:
    assert standing_in("It’s the miller’s own gate", ["it's the miller's own gate"])[0].words == 5


def test_where_words_of_passages_stand_is_told_apart_and_in_order() -> None:
    short = "walk very slowly, then home"
    text = f"So: {short}. Mine, all of it mine. {PASSAGE} And {short} again."
    spans = spans_in(text, [PASSAGE, short])
    assert [text[start:end] for start, end in spans] == [short, PASSAGE.rstrip("."), short]
    assert spans_in("Only mine.", [PASSAGE]) == []
    assert spans_in(text, []) == []
