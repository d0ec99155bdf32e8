"""Where the author stands among the pairs, kept as JSON and read back."""

from __future__ import annotations

import json

import pytest

from workbench.screens.pair_places import Place, in_queue, kept_place

STANDING = Place("proposed", "", "", None, None)


def test_a_place_that_was_kept_comes_back_from_json_as_it_was():
    place = Place("accepted", "queue", "salt", (3, "On Salt"), 41)

    assert kept_place(json.loads(json.dumps(place.kept())), STANDING) == place


@pytest.mark.parametrize("kept", [None, "accepted", ["accepted"], 3])
def test_where_nothing_was_kept_the_author_stays_where_she_stands(kept):
    assert kept_place(kept, STANDING) == STANDING


def test_what_an_older_version_kept_otherwise_is_left_out_and_the_rest_holds():
    kept = {"filter": "tier 2", "chosen_order": "random", "words": None, "source": [3], "cursor": "41"}

    assert kept_place(kept, STANDING) == STANDING
    assert kept_place(kept | {"words": "salt", "cursor": 41}, STANDING) == Place("proposed", "", "salt", None, 41)


def test_order_and_cursor_do_not_change_which_pairs_a_place_shows():
    place = Place("accepted", "queue", "salt", (3, "On Salt"), 41)

    assert place.shows == Place("accepted", "reading", "salt", (3, "On Salt"), None).shows
    assert place.shows != Place("accepted", "queue", "bread", (3, "On Salt"), 41).shows


@pytest.mark.parametrize(
    ("shown", "moved", "queue", "expected"),
    [
        ([1, 3, 4, 2], [2], [1, 2, 3, 4], [1, 2, 3, 4]),
        ([1, 2, 3, 4], [2], [1, 3, 4, 2], [1, 3, 4, 2]),
        ([4, 1, 2, 3], [2, 3], [2, 1, 3, 4], [3, 4, 2, 1]),
        ([9, 3, 1, 2], [1, 2], [1, 2, 3], [9, 1, 2, 3]),
        ([3, 9, 1], [9, 5], [1, 5, 3], [3, 9, 1]),
        ([], [1], [1], []),
    ],
)
def test_what_is_put_back_into_the_queue_stands_before_what_follows_it_there_and_nothing_else_moves(
    shown, moved, queue, expected
):
    assert list(in_queue(shown, moved, queue)) == expected
