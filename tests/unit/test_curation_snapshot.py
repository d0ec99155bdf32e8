"""Frozen datasets, byte for byte as docs/run-directory.md says."""

from __future__ import annotations

import hashlib
import json

import pytest

from curation.errors import CurationError
from curation.snapshot import SnapshotPair, freeze, normalised


def pair(response: str = "It pours.", *, prompt: str = "Salt—", split: str = "train") -> SnapshotPair:
    return SnapshotPair(prompt=prompt, response=response, tier="continuation", source="on-salt", split=split)


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def test_the_id_is_the_hash_of_the_canonical_json_of_the_other_fields() -> None:
    canonical = '{"prompt":"Salt—","response":"It pours.","source":"on-salt","split":"train","tier":"continuation"}'
    assert pair().id == sha256(canonical.encode())


def test_a_line_has_the_documented_fields_in_their_order_and_ends_in_a_newline() -> None:
    line = freeze([pair()]).train_jsonl.decode()
    assert line == (
        f'{{"id": "{pair().id}", "prompt": "Salt—", "response": "It pours.", "tier": "continuation", '
        '"source": "on-salt", "split": "train"}\n'
    )


def test_the_files_are_sorted_and_hashed_train_first_whatever_the_order() -> None:
    pairs = [pair(f"It pours {number}.", split="holdout" if number % 3 == 0 else "train") for number in range(9)]
    frozen, again = freeze(pairs), freeze(reversed(pairs))
    assert frozen == again
    train = [json.loads(line) for line in frozen.train_jsonl.splitlines()]
    assert [row["id"] for row in train] == sorted(row["id"] for row in train)
    assert len(train) == 6
    assert all(row["split"] == "holdout" for row in map(json.loads, frozen.holdout_jsonl.splitlines()))
    assert frozen.content_hash == sha256(frozen.train_jsonl + frozen.holdout_jsonl)
    manifest = {"schema_version": 1, "content_hash": frozen.content_hash, "train": 6, "holdout": 3}
    assert json.loads(frozen.manifest_json) == manifest
    assert frozen.manifest_json.endswith(b"}\n")


def test_equal_pairs_are_kept_once_and_white_space_around_them_does_not_count() -> None:
    frozen = freeze([pair(), pair(" It pours.\n", prompt="Salt—\n\n"), pair("It pours more.")])
    assert len(frozen.pairs) == 2
    assert frozen.pairs[0].prompt == "Salt—"


def test_white_space_inside_a_pair_counts() -> None:
    assert freeze([pair("It  pours.")]).content_hash != freeze([pair()]).content_hash


def test_an_empty_dataset_has_a_hash_too() -> None:
    assert freeze([]).content_hash == sha256(b"")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (pair(split="test"), "train or holdout"),
        (pair(" \n"), "empty response"),
        (pair(prompt=""), "empty prompt"),
        (pair("half \ud83d"), "lone surrogate"),
    ],
)
def test_a_pair_that_no_model_can_learn_from_is_refused_by_name(bad: SnapshotPair, words: str) -> None:
    with pytest.raises(CurationError, match=words) as caught:
        freeze([bad])
    assert "on-salt" in str(caught.value)


def test_the_hash_of_a_dataset_is_the_same_on_every_machine_and_in_every_version() -> None:
    pairs = [pair(), pair("Crème brûlée — “it” pours.\n\nTwice.", prompt="A\tB"), pair("Held.", split="holdout")]
    # Computed by hand, after docs/run-directory.md alone: a change here breaks every dataset that was ever frozen.
    assert freeze(pairs).content_hash == "sha256:0ce1cf45075a92587e93f1476e628877e3b3759136c9d59939dd57570ccb62c2"


@pytest.mark.parametrize(
    ("written", "frozen"),
    [
        ("It pours.\r\n\r\nTwice.", "It pours.\n\nTwice."),
        ("It pours.\rTwice.", "It pours.\nTwice."),
        ("cre\u0300me", "cr\u00e8me"),
        ("\ufb01ne “quotes”\u00a0and spaces", "\ufb01ne “quotes”\u00a0and spaces"),
    ],
)
def test_line_ends_and_accents_have_one_form_and_nothing_else_is_touched(written: str, frozen: str) -> None:
    found = normalised(pair(written, prompt=written))
    assert (found.response, found.prompt) == (frozen, frozen)
    assert normalised(found) == found
