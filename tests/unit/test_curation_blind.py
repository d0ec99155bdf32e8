"""Which texts a blind test shows: pairs of one length, a coin for each, and nothing twice."""

from collections import Counter

import pytest

from curation.blind import Candidate, copying, draw, without_twins
from tests.journeys.blind_builder import paragraph


def candidates(kind, count, *, sentences=14, prompt=None, known=()):
    return [
        Candidate(
            key=number,
            text=paragraph(f"{kind} {number}", sentences),
            prompt=f"prompt {number if prompt is None else prompt}",
            group=f"{kind} {number % 3}",
            known=number in known,
        )
        for number in range(count)
    ]


def test_the_same_candidates_and_seed_give_the_same_test_whatever_order_they_came_in():
    real, made = candidates("real", 20), candidates("made", 20)
    first = draw(real, made, wanted=12, seed=5)
    assert first == draw(real[::-1], made[::-1], wanted=12, seed=5)
    assert first != draw(real, made, wanted=12, seed=6)
    assert len(first.texts) == 12


def test_a_coin_of_its_own_decides_for_each_text():
    real, made = candidates("real", 12), candidates("made", 12)
    drawn = [draw(real, made, wanted=12, seed=seed) for seed in range(200)]
    counts = Counter(sum(text.real for text in item.texts) for item in drawn)
    # Of 12 throws 6 on average; a balanced test would always have 6.
    assert len(counts) > 5
    shares = [sum(item.texts[place].real for item in drawn) / 200 for place in range(12)]
    assert all(0.35 < part < 0.65 for part in shares)
    after_real = [item.texts[1].real for item in drawn if item.texts[0].real]
    assert 0.35 < sum(after_real) / len(after_real) < 0.65


def test_both_kinds_have_the_same_lengths():
    # The real sentences are shorter by far, and there are more of them.
    real = [
        Candidate(key=n, text=" ".join(f"So it was in {n}{k}." for k in range(60)), prompt=f"p {n}", group="a")
        for n in range(30)
    ]
    made = candidates("made", 30)
    drawn = [text for seed in range(30) for text in draw(real, made, wanted=24, seed=seed).texts]
    means = [
        sum(text.words for text in drawn if text.real is side) / sum(text.real is side for text in drawn)
        for side in (True, False)
    ]
    assert means[0] == pytest.approx(means[1], rel=0.03)
    assert all(80 <= text.words <= 120 for text in drawn)


def test_the_words_of_a_text_are_those_that_are_counted():
    for text in draw(candidates("real", 8), candidates("made", 8), wanted=8, seed=1).texts:
        assert len(text.text.split()) == text.words
        assert text.text.endswith(".")


def test_texts_that_are_too_short_for_one_length_are_matched_at_a_shorter_one():
    drawn = draw(candidates("real", 8, sentences=4), candidates("made", 8), wanted=8, seed=1)
    assert drawn.length == 60
    assert len(drawn.texts) == 8


def test_where_enough_pairs_answer_one_prompt_only_those_are_taken():
    real, made = candidates("real", 20), candidates("made", 10)
    drawn = draw(real, made, wanted=12, seed=1)
    assert drawn.same_prompt
    assert {text.key for text in drawn.texts} <= set(range(10))
    assert len({text.key for text in drawn.texts}) == len(drawn.texts)
    apart = draw(real, candidates("made", 10, prompt="another"), wanted=12, seed=1)
    assert not apart.same_prompt
    assert len(apart.texts) == 10


def test_what_is_known_comes_last():
    real, made = candidates("real", 16), candidates("made", 16, prompt="another", known=range(8))
    for seed in range(10):
        assert not any(text.known for text in draw(real, made, wanted=8, seed=seed).texts)
    assert any(text.known for text in draw(real, made, wanted=16, seed=1).texts)


def test_one_of_each_group_comes_before_the_second_of_any():
    made = [
        Candidate(key=number, text=paragraph(f"made {number}"), prompt="p", group="once" if number == 9 else "often")
        for number in range(10)
    ]
    for seed in range(20):
        shown = draw(candidates("real", 20), made, wanted=6, seed=seed)
        keys = {text.key for text in shown.texts if not text.real}
        assert len(keys) <= 6
    # The only one of its group is in every test, on one side of its coin.
    seen = [
        9 in {t.key for t in draw(candidates("real", 20), made, wanted=6, seed=s).texts if not t.real}
        for s in range(60)
    ]
    assert 0.3 < sum(seen) / 60 < 0.7


def test_without_candidates_nothing_is_drawn():
    assert draw([], candidates("made", 5), wanted=6, seed=1).texts == ()


def test_what_says_the_same_words_is_taken_once():
    text = paragraph("a")
    twins = [
        Candidate(key=number, text=said, prompt="", group="g")
        for number, said in enumerate((text, text.upper().replace(",", ";"), paragraph("b")))
    ]
    assert [item.key for item in without_twins(twins)] == [0, 2]


def test_eight_words_in_a_row_of_a_training_text_or_of_its_prompt_are_a_copy():
    trained = "I have never met that kind without wishing to give him a pair of boots."
    texts = (
        "He met us. I have Never met that kind, without wishing to leave.",
        "I have never met that kind without knowing.",
        "Of all that I asked nobody for the answer to this was said before.",
    )
    found = [
        Candidate(key=number, text=text, prompt="all that I asked nobody for the answer to", group="g")
        for number, text in enumerate(texts)
    ]
    assert copying(found, [trained]) == {0, 2}
