"""Check, waive, freeze, show and compare on the command line, as another program would call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.builders import make_curated_project
from tests.journeys.command_line import data, run
from workbench.operations.essays import essay_rows
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Eight pairs accepted, two of them held out, three canary prompts."""
    return make_curated_project(tmp_path / "voice")


def test_a_check_tells_its_findings_as_lines_and_as_data_and_can_fail(project: Project) -> None:
    found = data(project.root, "check")
    assert found["leaks"] == sum(item["severity"] == "leak" for item in found["findings"]) > 0
    assert found["statistics"]["tokens"][0]["model"] == "embedded"
    lines = run(project.root, "dataset", "check").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [item["rule"] for item in found["findings"]]
    run(project.root, "check", "--strict", code=1)


def test_a_waiver_is_recorded_listed_shown_and_taken_back(project: Project) -> None:
    assert "say why" in run(project.root, "waive", "small-holdout", code=1).stderr
    run(project.root, "waive", "small-holdout", "--reason", "a first try")
    run(project.root, "waive", "source-share", "--essay", "on-sandals", "--reason", "her longest")
    rows = data(project.root, "waive")
    assert [(row["rule"], row["scope"], row["subject"]) for row in rows] == [
        ("small-holdout", "dataset", ""),
        ("source-share", "source", "on-sandals"),
    ]
    run(project.root, "dataset", "freeze")
    assert "waived (a first try): 2 held-out pairs" in run(project.root, "dataset", "show", "1").stderr
    run(project.root, "waive", "--take-back", str(rows[0]["id"]))
    assert "small-holdout" in run(project.root, "check").stdout


def test_datasets_are_listed_shown_and_compared(project: Project) -> None:
    run(project.root, "dataset", "freeze", "--note", "first")
    first = data(project.root, "pairs", "list", "--status", "accepted")[0]["id"]
    run(project.root, "pairs", "reject", str(first))
    found = data(project.root, "dataset", "diff", "1")
    assert [(item["key"], item["what"]) for item in found["difference"]["pairs"]] == [(first, "removed")]
    run(project.root, "dataset", "freeze")
    assert "From dataset 1 to dataset 2: 0 added, 1 removed" in run(project.root, "dataset", "diff", "1", "2").stderr
    assert [row["number"] for row in data(project.root, "dataset", "list")] == [2, 1]
    shown = data(project.root, "dataset", "show", "1")
    assert shown["row"]["note"] == "first"
    assert sum(item["tiers"]["continuation"] for item in shown["report"]["statistics"]["sources"]) == 8
    assert "is no dataset" in run(project.root, "dataset", "diff", "one", code=1).stderr


def test_a_share_is_held_out_and_groups_are_joined_and_parted(project: Project) -> None:
    assert "chooses none" in run(project.root, "essays", "hold-out", "--share", "0.05", code=1).stderr
    held = data(project.root, "essays", "hold-out", "--share", "0.6", "--seed", "2")
    assert 0 < len(held) < 4
    said = run(project.root, "essays", "hold-out", "--share", "0.6", "--seed", "2").stderr
    assert said.startswith(f"{len(held)} of 4 essays ({len(held) / 4:.0%}) held out by a share of 60%")
    run(project.root, "essays", "hold-out", "--share", "0.5", "--count", "1", code=2)
    run(project.root, "essays", "take-back", *(row.slug for row in essay_rows(project)))
    run(project.root, "essays", "join", "on-sandals", "the-back-wheel")
    assert data(project.root, "essays", "hold-out", "on-sandals") == ["on-sandals", "the-back-wheel"]
    run(project.root, "essays", "part", "the-back-wheel")
    assert "is in no group" in run(project.root, "essays", "part", "the-back-wheel", code=1).stderr
