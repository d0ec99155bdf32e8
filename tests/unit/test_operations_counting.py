"""Counting in the child process gives what is counted here, and what happens to the child is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from workbench.operations import counting, curating, targets
from workbench.operations.counting import CountingError, ask_child, count_pairs, end_child, over_count, uncounted
from workbench.operations.project import Project
from workbench.operations.seen import pair_text, see
from workbench.operations.sequences import Recipe
from workbench.operations.tokens import counter, token_views


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = make_curated_project(tmp_path)
    yield made
    end_child(made)


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the embedded tokenizer for one that is too large to be read here."""
    monkeypatch.setattr(targets, "_SMALL_BYTES", -1)


def first(project: Project) -> int:
    return int(curating.pair_ids(project, PairFilter())[0])


@pytest.mark.usefixtures("_large")
def test_a_large_tokenizer_gives_an_estimate_until_the_child_has_counted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair_id = first(project)
    before = curating.pair_view(project, pair_id).tokens
    assert (before.pending, before.exact) == (True, False)
    assert count_pairs(project, [pair_id]) == 1
    after = curating.pair_view(project, pair_id)
    assert (after.tokens.pending, after.tokens.exact) == (False, True)
    assert count_pairs(project, [pair_id]) == 0
    child = counter(project)
    assert child.exact
    alone = token_views(project, after.pair.prompt, after.pair.response)[0]
    seen = see(project, targets.targets(project)[0], pair_text(project, pair_id), Recipe(max_length=512))
    monkeypatch.undo()
    here = curating.pair_view(project, pair_id).tokens
    assert (here.prompt_tokens, here.response_tokens, here.total) == (
        after.tokens.prompt_tokens,
        after.tokens.response_tokens,
        after.tokens.total,
    )
    assert alone.total == here.total == seen.length
    assert child.count(after.pair.prompt) == here.prompt_tokens
    assert seen == see(project, targets.targets(project)[0], pair_text(project, pair_id), Recipe(max_length=512))


def test_all_pairs_are_counted_in_slices_that_can_be_cancelled(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "SLICE", 5)
    every = len(curating.pair_ids(project, PairFilter()))
    told: list[tuple[int, int]] = []
    asked = iter([False, True])
    made = count_pairs(
        project, progress=lambda done, total, name: told.append((done, total)), cancelled=lambda: next(asked)
    )
    assert (made, told) == (5, [(0, every)])
    assert uncounted(project) == every - 5
    assert count_pairs(project) == every - 5
    assert (uncounted(project), over_count(project)) == (0, 0)


def test_a_child_that_ended_is_told_and_the_next_question_starts_another(project: Project) -> None:
    assert ask_child(project, {"do": "count texts", "entry": "embedded", "texts": ["a"]})["counts"] == [1]
    child = counting._children[project.root]
    assert child._process is not None
    child._process.kill()
    child._process.wait()
    answer = ask_child(project, {"do": "count texts", "entry": "embedded", "texts": ["", "a"]})
    assert answer == {"counts": [0, 1], "exact": True}
    with pytest.raises(CountingError, match="ended by itself"):
        ask_child(project, {"do": "no such thing"})
    assert ask_child(project, {"do": "count texts", "entry": "embedded", "texts": []})["counts"] == []


def test_an_error_of_the_child_is_a_sentence(project: Project) -> None:
    question = {"do": "lay out", "entry": "no/where", "prompt": "a", "response": "b", "longest": None}
    with pytest.raises(CountingError, match="no/where is not here"):
        ask_child(project, question | {"recipe": {"max_length": 99}})
