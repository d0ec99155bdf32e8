"""Counts and their words."""

from curation.counted import counted, essays_and_notes


def test_one_is_singular_and_every_other_number_is_not() -> None:
    assert [counted(count, "leak") for count in (0, 1, 2, 1200)] == ["0 leaks", "1 leak", "2 leaks", "1,200 leaks"]
    assert counted(2, "canary", "canaries") == "2 canaries"


def test_notes_are_named_beside_essays_where_there_are_any() -> None:
    assert [essays_and_notes(*counts) for counts in ((0, 0), (2, 0), (0, 1), (1, 2))] == [
        "0 essays", "2 essays", "1 note", "1 essay and 2 notes",
    ]  # fmt: skip
