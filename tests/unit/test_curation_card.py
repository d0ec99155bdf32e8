"""The card of a dataset folder."""

from __future__ import annotations

from typing import Any

import yaml

from curation.card import dataset_card
from curation.filepair import FilePair

PAIRS = [
    FilePair(prompt="P", response="R", tier="note", source="salt", split="train"),
    FilePair(prompt="P", response="R", tier="thesis", source="salt", split="train"),
    FilePair(prompt="P", response="R", tier="note", source="wheel", split="holdout"),
]
FILES = {"train": ("data/train.jsonl", 70), "holdout": ("data/holdout.jsonl", 35)}


def head(text: str) -> dict[str, Any]:
    data = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(data, dict)
    return data


def test_the_head_names_the_files_and_counts_of_each_split_for_loaders() -> None:
    data = head(dataset_card("voice: a “test”", PAIRS, content_hash="sha256:1", files=FILES))
    assert data["pretty_name"] == "voice: a “test”"
    assert data["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train.jsonl"},
        {"split": "holdout", "path": "data/holdout.jsonl"},
    ]
    assert data["dataset_info"]["splits"] == [
        {"name": "train", "num_bytes": 70, "num_examples": 2},
        {"name": "holdout", "num_bytes": 35, "num_examples": 1},
    ]
    assert data["size_categories"] == ["n<1K"]


def test_no_licence_is_given_and_the_card_says_so_and_how_to_stay_private() -> None:
    text = dataset_card("voice", PAIRS, content_hash="sha256:1", files=FILES)
    assert "license" not in head(text)
    assert "# license: no licence is given." in text
    assert "all rights stay with the author" in text
    assert "--private" in text


def test_people_see_the_tiers_of_each_split() -> None:
    text = dataset_card("voice", PAIRS, content_hash="sha256:1", files=FILES)
    assert "| train | 2 | 0 | 1 | 0 | 1 |" in text
    assert "| holdout | 1 | 0 | 0 | 0 | 1 |" in text
