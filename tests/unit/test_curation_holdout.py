"""Which essays are held out."""

from __future__ import annotations

import pytest

from curation.errors import CurationError
from curation.holdout import choose_holdout

SLUGS = [f"essay-{number}" for number in range(20)]


def test_the_choice_depends_on_the_seed_and_not_on_the_order() -> None:
    chosen = choose_holdout(SLUGS, count=4, seed=1)
    assert len(chosen) == 4
    assert chosen == choose_holdout(SLUGS[::-1], count=4, seed=1)
    assert any(chosen != choose_holdout(SLUGS, count=4, seed=seed) for seed in range(2, 6))


def test_a_new_essay_moves_no_other_but_the_one_whose_place_it_takes() -> None:
    chosen = choose_holdout(SLUGS, count=4, seed=1)
    for number in range(50):
        new = f"new-{number}"
        after = choose_holdout([*SLUGS, new], count=4, seed=1)
        assert after - {new} <= chosen
        assert len(chosen - after) <= 1


def test_more_are_held_out_by_adding_to_those_that_are() -> None:
    assert choose_holdout(SLUGS, count=4, seed=1) < choose_holdout(SLUGS, count=5, seed=1)


@pytest.mark.parametrize("count", [-1, 21])
def test_a_count_that_cannot_be_is_refused(count: int) -> None:
    with pytest.raises(CurationError, match="cannot be held out of 20"):
        choose_holdout(SLUGS, count=count, seed=1)
