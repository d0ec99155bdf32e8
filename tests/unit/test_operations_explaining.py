"""What is said of how a canvas filled: repetition, confidence, order, and an end that came too early."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from workbench.operations.explaining import Facts, facts_of, share
from workbench.operations.token_pieces import Unit
from workbench.operations.traces import Commit


def facts(
    words: Sequence[str],
    order: Sequence[int] | None = None,
    *,
    confidence: Sequence[float] | None = None,
    each: int = 1,
    blocks: Sequence[range] = (),
    end: int | None = None,
) -> Facts:
    """Fill a canvas of words, each one token, in an order; `end` is where the text ends."""
    ids = {word: number for number, word in enumerate(dict.fromkeys(words))}
    places = list(order or range(len(words)))
    sure = confidence or [0.5] * len(words)
    commits = [Commit(at // each, place, ids[words[place]], sure[place]) for at, place in enumerate(places)]
    units = [
        Unit(
            first=at,
            last=at,
            text=word,
            kind="text" if end is None or at < end else "end" if at == end else "beyond",
            special=at == end,
        )
        for at, word in enumerate(words)
    ]
    return facts_of(commits, units, list(words), blocks, "".join(words))


VARIED = [f" w{number}" for number in range(20)]


def test_repetition_is_found_with_its_place_its_step_and_what_it_was_sure_of() -> None:
    words = VARIED + [" the"] * 20
    sure = [0.3] * 20 + [0.9] * 20
    # The repetition is filled from its end, after everything before it but two words.
    order = [*range(18), *range(39, 19, -1), 18, 19]
    found = facts(words, order, confidence=sure)
    assert found.repetition is not None
    assert (found.repetition.first, found.repetition.words) == (20, 20)
    assert found.repetition.step == 19
    assert found.repetition.confidence == pytest.approx(0.9)
    assert found.repetition.before == pytest.approx(0.3)
    assert found.begins == (19, 20)
    said = "Repetition takes over after 20 words, from step 19 (confidence .90, .30 before it)"
    assert found.words().startswith(said)


def test_a_text_that_does_not_repeat_says_so() -> None:
    found = facts(VARIED)
    assert found.repetition is None
    assert found.begins is None
    assert found.words() == (
        "No repetition takes over · the text fills the canvas · 1 token a step, left to right, mean confidence .50"
    )


def test_the_same_tokens_committed_all_over_the_canvas_are_seen_where_the_text_itself_does_not_repeat() -> None:
    words = [word for pair in zip(VARIED, [" the"] * 20, strict=True) for word in pair]
    order = [*range(1, 40, 2), *range(0, 40, 2)]
    found = facts(words, order)
    assert found.repetition is None
    assert found.takeover is not None
    assert found.takeover.step == 1
    assert found.begins == (1, None)
    assert "From step 1 on the commits are little but “the”" in found.words()


def test_padding_behind_the_end_is_no_repetition() -> None:
    found = facts(VARIED + ["</s>"] * 30, end=20)
    assert (found.repetition, found.takeover) == (None, None)


def test_an_end_that_was_committed_early_says_how_much_was_open_before_it() -> None:
    words = [*VARIED, "</s>"]
    late = facts(words, end=20)
    assert late.end is not None
    assert late.end.open_before == 0
    assert "the text ends at position 21, committed in step 21 ·" in late.words()
    early = facts(words, [20, *range(20)], end=20)
    assert "committed in step 1 with 20 open before it" in early.words()
    with_first = facts(words, [0, 20, *range(1, 20)], each=21, end=20)
    assert with_first.end is not None
    assert with_first.end.open_before == 0, "what the same step commits does not stand open behind it"


def test_the_order_of_commits_is_taken_within_blocks() -> None:
    blocks = (range(10), range(10, 20))
    backwards = facts(VARIED, [*range(9, -1, -1), *range(19, 9, -1)], blocks=blocks)
    assert backwards.order == pytest.approx(-1)
    assert "mostly right to left (-1.00, where 1 is left to right) within a block" in backwards.words()
    assert facts(VARIED, blocks=blocks).order == pytest.approx(1)
    without = facts(VARIED, [*range(9, -1, -1), *range(19, 9, -1)])
    assert without.order is not None
    assert 0 < without.order < 0.6
    assert "in no order" in without.words()


def test_commits_without_any_order_are_said_to_have_none() -> None:
    found = facts(VARIED[:5], [1, 4, 2, 0, 3])
    assert found.order == 0
    assert "1 token a step, in no order (0.00, where 1 is left to right), mean confidence" in found.words()


def test_a_canvas_filled_in_one_step_has_no_order() -> None:
    found = facts(VARIED, each=20)
    assert found.order is None
    assert "20 tokens a step, mean confidence .50" in found.words()


def test_steps_of_different_sizes_say_from_how_many_to_how_many() -> None:
    assert "2 to 3 tokens a step" in facts(VARIED, each=3).words()


def test_without_a_tokenizer_only_words_and_numbers_are_said() -> None:
    commits = [Commit(at, at, 5, 0.5) for at in range(4)]
    found = facts_of(commits, (), (), (), "one two three" + " the" * 20)
    assert found.begins is None
    assert found.words().startswith("Repetition takes over after 3 words · 1 token a step, left to right")
    assert facts_of(commits, (), (), (), "one two three").words().startswith("1 token a step")


def test_an_empty_canvas_says_nothing_of_steps() -> None:
    assert facts_of((), (), (), (), "").words() == ""


@pytest.mark.parametrize(("value", "written"), [(0.0, ".00"), (0.125, ".12"), (0.994, ".99"), (0.999, "1"), (1, "1")])
def test_a_confidence_is_written_short(value: float, written: str) -> None:
    assert share(value) == written
