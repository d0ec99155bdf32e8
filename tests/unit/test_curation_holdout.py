"""Which essays are held out."""

from __future__ import annotations

import pytest

from curation.errors import CurationError
from curation.holdout import choose_holdout, choose_share, group_of

SLUGS = [f"essay-{number}" for number in range(20)]
# Of a share of 0.2 and the seed 1: a rule that gives others would move essays across the split of every project.
GOLDEN_SHARE = ["essay-19", "essay-2", "essay-4", "essay-7"]


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


@pytest.mark.parametrize(
    ("slug", "group"),
    [
        ("on_salt", "on-salt"),
        ("moving-house-draft-3", "moving-house"),
        ("moving-house", "moving-house"),
        ("on-salt-part-2", "on-salt"),
        ("on-salt-part-ii", "on-salt"),
        ("2022-10-09-learning-to-read-maps", "learning-to-read-maps"),
        ("on-salt-draft-final", "on-salt"),
        ("letters-2", "letters-2"),
        ("the-counterpart", "the-counterpart"),
        ("final", "final"),
        ("draft-2", "draft-2"),
        ("_", "_"),
    ],
)
def test_names_that_differ_in_a_version_or_a_part_are_of_one_group(slug: str, group: str) -> None:
    assert group_of(slug) == group


def test_a_share_is_about_a_share_and_grows_with_it() -> None:
    names = [f"essay-{number}" for number in range(1000)]
    fifth = choose_share(names, share=0.2, seed=1)
    assert 160 < len(fifth) < 240
    assert fifth < choose_share(names, share=0.3, seed=1)
    assert fifth != choose_share(names, share=0.2, seed=2)


def test_the_choice_of_a_share_is_the_same_on_every_machine() -> None:
    assert sorted(choose_share(SLUGS, share=0.2, seed=1)) == GOLDEN_SHARE


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 20.0])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(CurationError, match="above 0 and below 1"):
        choose_share(SLUGS, share=share, seed=1)
