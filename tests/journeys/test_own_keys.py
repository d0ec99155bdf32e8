"""Keys of the author's own: they act, they stand in the line of keys, and a broken file says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.builders import make_curated_project
from tests.journeys.command_line import data, run
from tests.journeys.program import opened, press, shown
from workbench.operations import curating
from workbench.operations.own_keys import FOLDER_VARIABLE
from workbench.operations.project import Project
from workbench.screens.pairs import PairsScreen


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four pairs proposed."""
    return make_curated_project(tmp_path / "voice")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the author's keys are."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


async def test_own_keys_act_in_the_place_of_the_others_and_are_shown(project: Project, folder: Path) -> None:
    (folder / "keys.toml").write_text('[pairs]\naccept = "Z"\n\n[screen]\nessays = ["f2"]\n')
    async with opened(project.root, "pairs") as (app, pilot):
        assert isinstance(app.screen, PairsScreen)
        first = app.screen.pairs.current
        assert first is not None
        assert "Z accept" in shown(app.screen)
        await press(pilot, "a")
        assert curating.pair_view(project, first).pair.status == "proposed"
        await press(pilot, "Z")
        assert curating.pair_view(project, first).pair.status == "accepted"
        await press(pilot, "1")
        assert app.screen.id == "pairs"
        await press(pilot, "f2")
        assert app.screen.id == "essays"


async def test_the_palette_names_own_keys_of_other_screens(project: Project, folder: Path) -> None:
    (folder / "keys.toml").write_text('[pairs]\naccept-all = "f9"\n')
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, ":")
        await press(pilot, *"accept all")
        assert "key f9 in Pairs" in shown(app.screen)


async def test_a_broken_line_says_so_and_the_others_count(project: Project, folder: Path) -> None:
    (folder / "keys.toml").write_text('[pairs]\naccept = "Z"\nreject = "strg+x"\n')
    async with opened(project.root, "pairs", size=(160, 45)) as (app, _pilot):
        text = shown(app.screen)
        assert "pairs.reject" in text
        assert "no key" in text
        assert "Z accept" in text


def test_the_command_line_lists_gives_and_refuses(project: Project, folder: Path) -> None:
    run(project.root, "keys", "set", "pairs.accept", "Z", "f6")
    listed = {row["name"]: row for row in data(project.root, "keys")}
    assert listed["pairs.accept"]["keys"] == ["Z", "f6"]
    assert listed["pairs.accept"]["own"]
    assert listed["pairs.reject"]["keys"] == ["x"]
    refused = run(project.root, "keys", "set", "pairs.reject", "Z", code=1)
    assert "pairs.accept" in refused.stderr


def test_the_command_line_gives_keys_back(project: Project, folder: Path) -> None:
    run(project.root, "keys", "set", "pairs.accept", "Z", "f6")
    run(project.root, "keys", "set", "pairs.skip", "f7")
    assert data(project.root, "keys", "reset", "pairs.accept") == [{"name": "pairs.accept", "keys": ["a"]}]
    listed = {row["name"]: row for row in data(project.root, "keys")}
    assert (listed["pairs.accept"]["keys"], listed["pairs.accept"]["own"]) == (["a"], False)
    assert "no keys of yours" in run(project.root, "keys", "reset", "pairs.accept", code=1).stderr
    assert "Did you mean pairs.accept?" in run(project.root, "keys", "reset", "pairs.acept", code=1).stderr
    run(project.root, "keys", "reset", code=2)
    run(project.root, "keys", "reset", "pairs.skip", "--all", code=2)
    unanswered = run(project.root, "keys", "reset", "--all", code=1)
    assert "Give 1 command its own keys back" in unanswered.stderr
    assert "Nothing was changed." in unanswered.stderr
    assert data(project.root, "keys", "reset", "--all", "--yes") == [{"name": "pairs.skip", "keys": ["z"]}]
    assert not any(row["own"] for row in data(project.root, "keys"))
    run(project.root, "keys", "reset", "--all", "--yes", code=1)
