"""Leaks between train, holdout and canary prompts, and repetitions within train."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from curation.discover import discover
from curation.essay import read_essay
from curation.findings import Finding, LintCanary, LintPair, Waiver, with_waivers
from curation.leaks import find_leaks
from curation.pairs import propose
from curation.paragraphs import paragraphs

TEXT = (
    "The salt stood in a blue jar on the shelf above the stove, "
    "and nobody in that house had ever been known to fill it."
)


def pair(
    name: str,
    response: str = TEXT,
    *,
    split: str = "train",
    source: str = "salt",
    prompt: str = "Begin here.",
    tier: str = "continuation",
) -> LintPair:
    return LintPair(id=name, source=source, split=split, tier=tier, prompt=prompt, response=response)


def findings(pairs: list[LintPair], *canaries: LintCanary) -> tuple[Finding, ...]:
    return find_leaks(pairs, canaries).findings


def found(pairs: list[LintPair], *canaries: LintCanary) -> list[tuple[str, str, str]]:
    return [(item.rule, item.subject, item.other) for item in findings(pairs, *canaries)]


def made(count: int, *, words: int = 60) -> list[LintPair]:
    """Return pairs of random words, every fifth held out."""
    rng = random.Random(1)
    vocabulary = [f"word{number}" for number in range(3000)]
    return [
        pair(str(n), " ".join(rng.choices(vocabulary, k=words)), split="train" if n % 5 else "holdout")
        for n in range(count)
    ]


def edited(text: str, *, every: int) -> str:
    """Return a text with every so manyth word replaced."""
    return " ".join("changed" if n % every == every - 1 else word for n, word in enumerate(text.split()))


def test_an_equal_response_on_both_sides_is_a_duplicate_whatever_its_marks() -> None:
    assert found([pair("1"), pair("2", TEXT.upper().replace(",", ";"), split="holdout")]) == [("duplicate", "1", "2")]


def test_a_changed_copy_on_both_sides_is_a_near_copy_and_says_of_what() -> None:
    copy = TEXT.replace("blue", "red") + " So it was."
    result = findings([pair("1"), pair("2", copy, split="holdout", source="other")])
    assert [(item.rule, item.severity, item.subject, item.other_source) for item in result] == [
        ("near-copy", "leak", "1", "other")
    ]
    assert "of salt shares" in result[0].message
    assert "held-out pair 2 of other" in result[0].message


def test_a_prompt_that_copies_a_held_out_response_is_a_near_copy() -> None:
    assert found([pair("1", "Quite other words.", prompt=TEXT), pair("2", split="holdout")]) == [
        ("near-copy", "1", "2")
    ]


def test_an_edit_of_every_seventh_word_leaves_no_run_of_eight_and_is_found_all_the_same() -> None:
    pairs = made(50)
    draft = pair("draft", edited(pairs[10].response, every=7), source="draft")
    result = findings([*pairs, draft])
    assert [(item.rule, item.subject, item.other) for item in result] == [("near-copy", "draft", "10")]
    assert "% of its three-word runs" in result[0].message


def test_an_edit_of_every_third_word_is_another_text() -> None:
    pairs = made(50)
    assert found([*pairs, pair("other", edited(pairs[10].response, every=3))]) == []


def test_a_quotation_of_ten_words_in_a_long_text_is_found() -> None:
    pairs = made(50, words=300)
    quotation = " ".join(pairs[5].response.split()[100:110])
    long = pairs[6].response.split()
    quoting = pair("quoting", " ".join([*long[:150], quotation, *long[150:]]))
    result = findings([*pairs[:6], *pairs[7:], quoting])
    assert [(item.rule, item.subject, item.other) for item in result] == [("near-copy", "quoting", "5")]
    assert "3 runs of 8 words" in result[0].message


def test_a_run_of_eight_words_alone_is_no_leak() -> None:
    shared = "in a blue jar on the shelf above"
    one = pair("1", f"We found it all {shared} one day, and went home again quite pleased.")
    two = pair("2", f"They kept whatever mattered {shared} something else that had no name.", split="holdout")
    assert found([one, two]) == []


def test_a_copy_within_train_is_a_warning_unless_another_tier_asks_for_the_same_piece() -> None:
    result = findings([pair("1"), pair("2", source="other"), pair("3", tier="thesis")])
    assert [(item.rule, item.severity, item.subject, item.other) for item in result] == [
        ("repeat", "warning", "2", "1")
    ]
    assert "learnt twice" in result[0].message
    assert found([pair("1", split="holdout"), pair("2", split="holdout")]) == []


def test_what_a_prompt_repeats_of_the_pair_before_it_is_by_design() -> None:
    first, second = made(40)[6], made(40)[7]
    chained = pair("chained", second.response, prompt=first.response, split="train")
    assert found([first, chained]) == []


def test_what_is_only_given_on_both_sides_is_no_leak() -> None:
    first, second = made(40)[6:8]
    instructed = [
        pair("1", first.response, prompt=TEXT, tier="thesis"),
        pair("2", second.response, prompt=TEXT, tier="thesis", split="holdout"),
    ]
    assert found(instructed) == []
    assert found([*instructed, pair("3", prompt="Go on.", split="holdout")]) == [("near-copy", "1", "3")]
    assert found([*instructed, pair("4", prompt="Go on.")]) == [("near-copy", "4", "2")]


def test_a_run_of_many_held_out_prompts_hides_no_response_it_stands_in() -> None:
    rest = made(200)
    prompts = [
        pair(f"p{number}", rest[number].response, prompt=TEXT, tier="thesis", split="holdout") for number in range(40)
    ]
    one = pair("held", TEXT, prompt="Go on.", split="holdout")
    train = pair("train", rest[100].response, prompt=TEXT, tier="thesis")
    assert found([*prompts, one, train]) == [("near-copy", "train", "held")]


def test_a_draft_that_is_given_and_whose_finished_piece_is_held_out_is_found() -> None:
    pairs = made(50)
    draft = pair("draft", "Something else altogether.", prompt=edited(pairs[10].response, every=7), tier="rewrite")
    assert found([*pairs, draft]) == [("near-copy", "draft", "10")]


def test_a_canary_prompt_in_training_is_a_copy_and_in_holdout_is_none() -> None:
    canary = LintCanary(slug="jar", prompt="The salt stood in a blue jar on the shelf", topic="known")
    assert found([pair("1"), pair("2", "Again. " + TEXT, tier="note")], canary) == [
        ("prompt-copy", "1", "jar"),
        ("prompt-copy", "2", "jar"),
    ]
    assert found([pair("1", split="holdout")], canary) == []
    short = LintCanary(slug="jar", prompt="Nobody in that house", topic="known")
    assert found([pair("1")], short) == [("prompt-copy", "1", "jar")]


def test_the_real_piece_of_a_canary_in_training_is_a_leak() -> None:
    canary = LintCanary(slug="jar", prompt="Of jars.", topic="known", reference=TEXT)
    assert found([pair("1")], canary) == [("reference-copy", "1", "jar")]


def test_real_essays_held_out_whole_leak_nothing(essays_folder: Path) -> None:
    pairs: list[LintPair] = []
    for number, path in enumerate(discover([essays_folder]).files):
        essay = read_essay(path)
        split = "holdout" if number % 5 == 0 else "train"
        for item in propose(
            essay.text,
            paragraphs(essay.text),
            count_tokens=lambda text: len(text.split()),
            response_tokens=200,
            context_tokens=160,
        ):
            pairs.append(pair(str(len(pairs)), item.response, prompt=item.prompt, split=split, source=essay.slug))
    assert found(pairs) == []
    moved = [*pairs, pair("copy", pairs[0].response, split="train")]
    assert found(moved) == [("duplicate", "copy", "0")]


def test_boilerplate_in_every_pair_is_told_of_once_a_pair() -> None:
    pairs = [pair(str(n), TEXT + f" Number {n}.", split="holdout" if n % 2 else "train") for n in range(2000)]
    assert sum(item.severity == "leak" for item in findings(pairs)) == 1000


def test_texts_without_words_are_copies_of_nothing() -> None:
    pairs = [pair("1", "…"), pair("2", "—", split="holdout"), pair("3", ""), pair("4", "", split="holdout")]
    assert found(pairs, LintCanary(slug="none", prompt="?", topic="novel")) == []


def test_progress_is_told_and_what_it_raises_ends_the_search() -> None:
    steps: list[tuple[int, int]] = []
    find_leaks(made(1200), [], progress=lambda done, total, name: steps.append((done, total)))
    assert steps == sorted(steps)
    assert len(steps) > 4

    def stop(done: int, total: int, name: str) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        find_leaks(made(1200), [], progress=stop)


def test_a_waiver_covers_its_pair_its_source_or_everything_and_the_narrowest_gives_the_reason() -> None:
    pairs = [pair("1"), pair("2", source="other"), pair("3", split="holdout", source="held")]
    raw = findings(pairs)
    assert [item.rule for item in raw] == ["duplicate", "duplicate", "repeat"]
    waived = with_waivers(
        raw,
        [
            Waiver("duplicate", "dataset", "", "all of it"),
            Waiver("duplicate", "pair", "1", "quoted on purpose"),
            Waiver("repeat", "source", "salt", "another source"),
        ],
    )
    assert [item.waived for item in waived] == ["all of it", "quoted on purpose", ""]
