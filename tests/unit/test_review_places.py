"""Which pair a review opens at, where it stands when it is asked for again, and what its first line says of that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.annotations import Annotation
from store.samples import Sample
from workbench.operations.reviewing import Comparison, ReviewView
from workbench.screens.review_lines import Stand, head_line
from workbench.screens.review_places import (
    TALLY,
    Answer,
    first_place,
    kept_place,
    news_words,
    same_place,
    touched_place,
)


def sample(number: int, slug: str, idx: int) -> Sample:
    return Sample(
        id=number, run="r", of="base", step=0, canary_slug=slug, canary_prompt="", topic="known", length="short",
        reference="", idx=idx, seed=1, text="t", tokens=1, seconds=1.0, trace_path=None,
    )  # fmt: skip


@pytest.fixture
def view() -> ReviewView:
    places = [("salt", 0), ("salt", 1), ("bread", 0)]
    comparisons = tuple(
        Comparison(
            base=sample(2 * number, slug, idx),
            adapter=sample(2 * number + 1, slug, idx),
            verdict="tie" if number == 0 else None,
            masked=False,
            swapped=False,
        )
        for number, (slug, idx) in enumerate(places)
    )
    return ReviewView(run="r", base_run="b", comparisons=comparisons, annotations={})


def test_a_review_opens_at_the_pair_that_was_kept_at_the_tally_or_at_the_first_without_a_verdict(view: ReviewView):
    assert first_place(view, ("bread", 0)) == 2
    assert first_place(view, TALLY) == 3
    assert first_place(view, ("gone", 7)) == 1
    assert first_place(view, None) == 1


def test_where_it_stands_is_kept_by_prompt_and_index_and_the_tally_by_name(view: ReviewView):
    assert kept_place(Stand(view=view, index=2)) == {"run": "r", "step": 0, "slug": "bread", "index": 0}
    assert kept_place(Stand(view=view, index=3)) == {"run": "r", "step": 0, "tally": True}


def test_samples_of_another_step_and_a_newer_run_are_told(view: ReviewView):
    answer = Answer(view=view, run="r")
    assert news_words(answer, None) == news_words(answer, 0) == ""
    assert news_words(answer, 60) == "These are samples of step 0: they came in place of those of step 60."
    assert news_words(replace(answer, newer="s"), 0) == "Newer samples came, of s: O goes there."


def test_asked_again_it_stands_on_the_same_pair_though_others_came_before_it(view: ReviewView):
    shifted = replace(view, comparisons=view.comparisons[1:])
    assert same_place(Stand(view=view, index=2), shifted) == 1
    assert same_place(Stand(view=view, index=0), shifted) == 0
    assert same_place(Stand(view=view, index=3), shifted) == 2


def test_the_touched_pair_is_the_first_with_another_verdict_or_other_annotations(view: ReviewView):
    before = Stand(view=view, index=0)
    assert touched_place(before, view) is None
    judged = (*view.comparisons[:2], replace(view.comparisons[2], verdict="left"))
    assert touched_place(before, replace(view, comparisons=judged)) == 2
    noted: dict[int, tuple[Annotation, ...]] = {view.comparisons[1].adapter.id: ()}
    assert touched_place(before, replace(view, annotations=noted)) == 1


def test_where_the_first_line_is_narrow_the_kind_of_prompt_gives_way_and_then_the_seed(view: ReviewView):
    stand = Stand(view=view, index=1, masked=True)
    assert "pair 2 of 3  salt  known, short · sample 2 · seed 1  " in head_line(stand, 80).plain
    assert "pair 2 of 3  salt  sample 2 · seed 1  " in head_line(stand, 60).plain
    assert "pair 2 of 3  salt  sample 2  " in head_line(stand, 48).plain
    long = replace(view.comparisons[1], base=sample(2, "on-the-uses-of-salt-in-the-kitchens-of-kings", 1))
    stand = replace(stand, view=replace(view, comparisons=(view.comparisons[0], long, view.comparisons[2])))
    for width in (80, 60, 48):
        line = head_line(stand, width)
        assert line.cell_length == width
        assert "sample 2" in line.plain
        assert line.plain.endswith("not judged  masked")
