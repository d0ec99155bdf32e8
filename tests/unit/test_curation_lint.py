"""Leaks and warnings."""

from __future__ import annotations

import random
import time
from pathlib import Path

from curation.discover import discover
from curation.essay import read_essay
from curation.lint import LintCanary, LintPair, leaks, source_shares, warnings
from curation.pairs import propose
from curation.paragraphs import paragraphs

TEXT = (
    "The salt stood in a blue jar on the shelf above the stove, "
    "and nobody in that house had ever been known to fill it."
)


def pair(
    name: str, response: str = TEXT, *, split: str = "train", source: str = "salt", prompt: str = "Begin here."
) -> LintPair:
    return LintPair(id=name, source=source, split=split, tier="continuation", prompt=prompt, response=response)


def found(pairs: list[LintPair], *canaries: LintCanary) -> list[tuple[str, str, str]]:
    return [(leak.kind, leak.left, leak.right) for leak in leaks(pairs, canaries)]


def test_an_equal_response_on_both_sides_is_a_duplicate_whatever_its_marks() -> None:
    assert found([pair("1"), pair("2", TEXT.upper().replace(",", ";"), split="holdout")]) == [("duplicate", "1", "2")]


def test_a_changed_copy_on_both_sides_is_a_near_copy_and_says_of_what() -> None:
    copy = TEXT.replace("blue", "red") + " So it was."
    result = leaks([pair("1"), pair("2", copy, split="holdout", source="other")], [])
    assert [(leak.kind, leak.left, leak.right) for leak in result] == [("near-copy", "1", "2")]
    assert "of salt shares" in result[0].message
    assert "of other" in result[0].message


def test_a_prompt_that_copies_a_held_out_response_is_a_near_copy() -> None:
    assert found([pair("1", "Quite other words.", prompt=TEXT), pair("2", split="holdout")]) == [
        ("near-copy", "1", "2")
    ]


def test_a_run_of_eight_words_alone_and_copies_on_one_side_are_no_leak() -> None:
    shared = "in a blue jar on the shelf above"
    one = pair("1", f"We found it all {shared} one day, and went home again quite pleased.")
    two = pair("2", f"They kept whatever mattered {shared} something else that had no name.", split="holdout")
    assert found([one, two]) == []
    assert found([pair("1"), pair("2")]) == []


def test_a_canary_prompt_in_training_is_a_copy_once_and_in_holdout_is_none() -> None:
    canary = LintCanary(slug="jar", prompt="The salt stood in a blue jar on the shelf", topic="known")
    assert found([pair("1"), pair("2", TEXT + " Again.")], canary) == [("prompt-copy", "1", "jar")]
    assert found([pair("1", split="holdout")], canary) == []
    short = LintCanary(slug="jar", prompt="Nobody in that house", topic="known")
    assert found([pair("1")], short) == [("prompt-copy", "1", "jar")]


def test_a_novel_topic_named_in_training_is_a_leak_and_a_known_one_is_none() -> None:
    novel = LintCanary(slug="salt-jars", prompt="Begin.", topic="novel")
    result = leaks([pair("1"), pair("2"), pair("3", "Bread only.")], [novel])
    assert [(leak.kind, leak.left, leak.right) for leak in result] == [("canary-topic", "1", "salt-jars")]
    assert "2 training pairs name it (jar, salt)" in result[0].message
    assert found([pair("1")], LintCanary(slug="salt-jars", prompt="Begin.", topic="known")) == []
    assert found([pair("1")], LintCanary(slug="salt-mines", prompt="Begin.", topic="novel")) == []
    assert found([pair("1")], LintCanary(slug="the-short-one", prompt="Begin.", topic="novel")) == []


def test_ten_thousand_pairs_are_checked_in_time_that_grows_with_their_text() -> None:
    rng = random.Random(1)
    vocabulary = [f"word{number}" for number in range(3000)]

    def made(count: int) -> list[LintPair]:
        return [
            pair(str(n), " ".join(rng.choices(vocabulary, k=60)), split="holdout" if n % 5 == 0 else "train")
            for n in range(count)
        ]

    def seconds(pairs: list[LintPair]) -> float:
        began = time.perf_counter()
        assert leaks(pairs, []) == []
        return time.perf_counter() - began

    small, large = made(1000), made(10_000)
    # Quadratic work would take a hundred times as long.
    assert seconds(large) < 30 * max(seconds(small), 0.02)


def test_boilerplate_in_every_pair_does_not_explode() -> None:
    pairs = [pair(str(n), TEXT + f" Number {n}.", split="holdout" if n % 2 else "train") for n in range(2000)]
    assert len(leaks(pairs, [])) == 1000


def test_real_essays_held_out_whole_leak_nothing(essays_folder: Path) -> None:
    pairs = []
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
    assert leaks(pairs, []) == []
    moved = [*pairs, pair("copy", pairs[0].response, split="train")]
    assert found(moved) == [("duplicate", "copy", "0")]


def test_warnings_of_a_pair() -> None:
    def of(response: str, *, prompt: str = "Begin here.", tokens: int = 10) -> list[str]:
        return warnings(pair("1", response, prompt=prompt), tokens=tokens, max_tokens=20)

    assert of(TEXT) == []
    assert "scene break" in of(TEXT + "\n\n***")[0]
    assert "scene break" in of(TEXT + "\n* * *\n")[0]
    assert of(TEXT + " He said ***no***") == []
    assert of(TEXT, tokens=25) == ["25 tokens, 5 more than the 20 the model sees. Split it, or move the boundary."]
    assert of("  ") == ["The response is empty. Write it, or reject the pair."]
    assert "prompt is empty" in of(TEXT, prompt="")[0]
    assert "only 3 words" in of("Far too short.")[0]
    assert "repeats the whole prompt" in of(TEXT + " More.", prompt=TEXT)[0]


def test_shares_of_sources_are_of_all_pairs_and_the_largest_is_first() -> None:
    pairs = [pair("1", source="a"), pair("2", source="b"), pair("3", source="b"), pair("4", source="b")]
    assert source_shares(pairs) == [("b", 0.75), ("a", 0.25)]
    assert source_shares([]) == []
