"""Canary topics that are marked novel and stand in training text."""

from __future__ import annotations

import pytest

from curation.findings import LintCanary, LintPair
from curation.topics import named_topics

FILLER = "Nothing else was ever said about it in that house, and nobody minded very much."


def pairs(*responses: str, source: str = "salt") -> list[LintPair]:
    texts = [*responses, *[f"{FILLER} {number}" for number in range(40)]]
    return [
        LintPair(str(number), source if number < len(responses) else f"other-{number}", "train", "note", "Go on.", text)
        for number, text in enumerate(texts)
    ]


def named(slug: str, among: list[LintPair], *, prompt: str = "Begin.") -> tuple[int, ...]:
    found, unclear = named_topics(among, [LintCanary(slug=slug, prompt=prompt, topic="novel")])
    assert unclear == []
    return found[0].pairs if found else ()


def test_the_words_of_a_topic_close_together_name_it_and_far_apart_do_not() -> None:
    assert named("salt-jars", pairs("The salt stood in a blue jar.")) == (0,)
    assert named("salt-jars", pairs(f"The salt stood there. {FILLER} The jar was gone.")) == ()
    assert named("salt-mines", pairs("The salt stood in a blue jar.")) == ()


def test_a_common_noun_in_passing_is_no_topic_and_three_times_in_a_pair_is_one() -> None:
    assert named("umbrellas", pairs("He left his umbrella in the train, and went home wet.")) == ()
    often = "An umbrella is a roof. One carries an umbrella as others carry a grudge. Umbrellas are never lent."
    assert named("umbrellas", pairs(often)) == (0,)


def test_an_essay_that_has_a_word_far_oftener_than_the_others_is_about_it() -> None:
    each = [f"Then there was progress again. {FILLER}" for _ in range(4)]
    assert named("progress", pairs(*each)) == (0, 1, 2, 3)
    scattered = [
        LintPair(str(n), f"source-{n}", "train", "note", "Go on.", f"Then there was progress again. {FILLER}")
        for n in range(40)
    ]
    assert named("progress", scattered) == ()


def test_a_name_is_named_by_one_mention_and_a_word_with_a_capital_is_none() -> None:
    assert named("ellul", pairs("I had been reading Ellul, who says it better.")) == (0,)
    assert named("wells", pairs("I had been reading Mr. H. G. Wells, who does well.", "All is well.")) == (0,)
    assert named("progress", pairs("He fought for Truth and Progress.", "No progress, and progress again.")) == ()


@pytest.mark.parametrize(
    ("slug", "prompt"),
    [
        ("it-is-a-mistake", "It is a mistake to suppose that the telephone has helped."),
        ("the-short-one", "Begin."),
    ],
)
def test_a_name_that_says_no_topic_is_told(slug: str, prompt: str) -> None:
    among = pairs("A mistake, a mistake, a mistake.")
    assert named_topics(among, [LintCanary(slug=slug, prompt=prompt, topic="novel")]) == ([], [slug])


def test_a_known_topic_may_be_named() -> None:
    assert named_topics(pairs("Salt jars."), [LintCanary(slug="salt-jars", prompt="Begin.", topic="known")]) == ([], [])
