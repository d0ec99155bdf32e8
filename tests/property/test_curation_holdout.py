"""A share of the essays, on arbitrary names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from curation.holdout import choose_share, group_of

NAMES = st.lists(st.text(min_size=1, max_size=30), max_size=30)


@given(NAMES, NAMES, st.floats(0.01, 0.99), st.integers())
def test_adding_essays_never_moves_another(standing: list[str], new: list[str], share: float, seed: int) -> None:
    before = choose_share(standing, share=share, seed=seed)
    after = choose_share([*new, *standing], share=share, seed=seed)
    assert after & set(standing) == before


@given(NAMES, st.floats(0.01, 0.98), st.integers())
def test_a_larger_share_only_adds(names: list[str], share: float, seed: int) -> None:
    assert choose_share(names, share=share, seed=seed) <= choose_share(names, share=share + 0.01, seed=seed)


@given(st.text(min_size=1, max_size=40))
def test_a_group_has_a_name_and_is_its_own_group(slug: str) -> None:
    group = group_of(slug)
    assert group
    assert group_of(group) == group
