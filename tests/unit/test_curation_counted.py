"""Counts and their words."""

from curation.counted import counted


def test_one_is_singular_and_every_other_number_is_not() -> None:
    assert [counted(count, "leak") for count in (0, 1, 2, 1200)] == ["0 leaks", "1 leak", "2 leaks", "1,200 leaks"]
    assert counted(2, "canary", "canaries") == "2 canaries"
