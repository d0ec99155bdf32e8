"""How two sets of pairs differ."""

from __future__ import annotations

from curation.comparison import Version, changed_words, compare


def version(key: int, response: str = "It pours.", **other: str) -> Version:
    fields = {"source": "salt", "split": "train", "tier": "note", "prompt": "Salt."} | other
    digest = "/".join([response, *fields.values()])
    return Version(key=key, hash=digest, response=response, **fields)


def test_pairs_that_came_went_changed_and_stayed() -> None:
    old = [version(1), version(2, "Two."), version(3, "Three was blue.")]
    new = [version(1), version(3, "Three was red."), version(4, "Four.", source="bread")]
    found = compare(old, new)
    assert [(item.source, item.key, item.what) for item in found.pairs] == [
        ("bread", 4, "added"),
        ("salt", 3, "changed"),
        ("salt", 2, "removed"),
    ]
    assert (found.kept, found.count("added"), found.count("changed")) == (1, 1, 1)
    assert found.pairs[1].changes == ("response: 1 word out, 1 in: … Three was [blue. → red.]",)
    assert found.pairs[0].opening == "Four."


def test_a_pair_that_moved_or_was_retagged_says_so() -> None:
    found = compare([version(1)], [version(1, split="holdout", tier="thesis")])
    assert found.pairs[0].changes == ("moved from train to holdout", "note is thesis now")


def test_the_same_text_under_another_pair_is_the_same_pair() -> None:
    assert compare([version(1)], [version(9)]).pairs == ()


def test_of_very_many_changed_pairs_the_words_are_only_counted() -> None:
    old, new = ([version(key, f"The {word} {key}.") for key in range(400)] for word in ("blue", "red"))
    changes = [item.changes[0] for item in compare(old, new).pairs]
    assert changes[0] == "response: 1 word out, 1 in: … The [blue → red]"
    assert changes[-1] == "response: 3 words before, 3 now"


def test_changed_words_are_counted_and_the_first_place_is_shown() -> None:
    assert changed_words("a b c d e f", "a b c d x f g") == "1 word out, 2 in: … a b c d [e → x]"
    assert changed_words("a b", "a  b") == "only white space"
    assert changed_words("a", "a b") == "0 words out, 1 in: … a [nothing → b]"
    assert changed_words("w " * 3000, "v " * 3000) == "3,000 words before, 3,000 now"
