"""The next step is the most useful one: reading first; canary prompts and a dataset once some tens are accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store import canaries, datasets, pairs
from tests.journeys.builders import make_curated_project
from workbench.operations import guide
from workbench.operations.project import Project


@pytest.mark.parametrize(
    ("accepted", "proposed", "said"),
    [
        (1, 511, "1 accepted, 511 to read: read on with a"),
        (30, 511, "No canary prompts yet: write one with n"),
        (3, 0, "No canary prompts yet: write one with n"),
    ],
)
def test_reading_on_comes_before_canary_prompts_until_some_tens_are_accepted(
    tmp_path, monkeypatch: pytest.MonkeyPatch, accepted: int, proposed: int, said: str
) -> None:
    project: Project = make_curated_project(tmp_path / "voice")
    counts = replace(pairs.counts(project.db), accepted=accepted, accepted_train=accepted, proposed=proposed)
    monkeypatch.setattr(pairs, "counts", lambda db: counts)
    monkeypatch.setattr(canaries, "rows", lambda db: [])
    monkeypatch.setattr(datasets, "rows", lambda db: [])
    assert guide.next_step(project).text == said
