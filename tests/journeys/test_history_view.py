"""The history and the search, by key on any screen and by command: what they show, and where they lead."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import Input

from store import reversing
from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project, make_reviewed_project
from tests.journeys.program import opened, press, shown
from workbench.cli.main import cli
from workbench.operations import curating, edits
from workbench.operations.essays import essay_rows
from workbench.operations.project import Project
from workbench.screens.history_view import HistoryView
from workbench.screens.pairs import PairsScreen
from workbench.screens.search_view import SearchView
from workbench.widgets.dialogs import ConfirmDialog


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_curated_project(tmp_path / "voice")


def proposed(project: Project) -> list[int]:
    return list(curating.pair_ids(project, PairFilter(statuses=("proposed",)), "queue"))


async def test_the_history_names_each_edit_and_what_it_changed(project: Project) -> None:
    first = proposed(project)[0]
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "a", "x", "L")
        assert isinstance(app.screen, HistoryView)
        lines = shown(app.screen).splitlines()
        assert "reject a pair" in lines[1]
        assert "accept a pair" in lines[2]
        assert "status: proposed → rejected" in shown(app.screen)
        await press(pilot, "j")
        assert f"pair {first}" in shown(app.screen)
        assert "status: proposed → accepted" in shown(app.screen)


async def test_enter_undoes_down_to_an_edit_after_asking_and_u_brings_it_back(project: Project) -> None:
    ids = proposed(project)
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "a", "a", "x", "L", "j", "j", "enter")
        assert isinstance(app.screen, ConfirmDialog)
        assert "Undo the latest 3 edits" in shown(app.screen)
        await press(pilot, "y")
        assert proposed(project) == ids
        assert "3 edits undone, down to: accept a pair" in shown(app.screen)
        assert "undone" in shown(app.screen).splitlines()[1]
        await press(pilot, "U")
        assert len(proposed(project)) == 3
        await press(pilot, "escape")
        assert isinstance(app.screen, PairsScreen)
        assert "[3 left]" in shown(app.screen)


async def test_an_edit_that_cannot_be_undone_is_set_aside_and_those_before_it_undone(project: Project) -> None:
    ids = proposed(project)
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "a", "exclamation_mark")
        connection = sqlite3.connect(project.root / "workbench.db")
        connection.execute(f"UPDATE pair SET flagged = 0 WHERE id = {ids[1]}")
        connection.commit()
        connection.close()
        await press(pilot, "u")
        assert "cannot be undone" in shown(app.screen)
        await press(pilot, "L", "x")
        assert "set aside" in shown(app.screen)
        await press(pilot, "u", "escape")
        assert proposed(project) == ids


async def test_why_an_edit_cannot_be_undone_stands_whole_in_the_history(project: Project) -> None:
    ids = proposed(project)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "exclamation_mark")
        with sqlite3.connect(project.root / "workbench.db") as connection:
            connection.execute(f"UPDATE pair SET flagged = 0 WHERE id = {ids[0]}")
        connection.close()
        await press(pilot, "L", "u")
        said = str(app.screen.query_one("#history-said").render())
        assert "cannot be undone" in said
        assert len(said) > 76
        lines = shown(app.screen).splitlines()
        assert " ".join(said.split()) in " ".join(" ".join(lines).split())
        assert "esc leave" in lines[-1]
        assert not app._notifications


async def test_a_search_opens_the_pair_the_essay_and_the_canary_prompt(project: Project) -> None:
    async with opened(project.root, "datasets") as (app, pilot):
        await press(pilot, "F")
        assert isinstance(app.screen, SearchView)
        app.screen.query_one(Input).value = "pamphlets plain"
        await pilot.pause(0.3)
        await press(pilot)
        assert "essay" in shown(app.screen)
        assert "found" in shown(app.screen)
        kinds = [hit.kind for hit in app.screen._hits]
        assert kinds == sorted(kinds, key=["essay", "pair"].index)
        await press(pilot, *["down"] * kinds.index("pair"), "enter")
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        current = screen.pairs.current
        assert current is not None
        assert "pamphlets" in " ".join(
            (curating.pair_view(project, current).pair.prompt, curating.pair_view(project, current).pair.response)
        )
        await press(pilot, "F")
        app.screen.query_one(Input).value = "puncture"
        await pilot.pause(0.3)
        await press(pilot, "enter")
        assert app.screen.id == "datasets"
        assert "There are two kinds of puncture" in shown(app.screen)
        await press(pilot, "F")
        app.screen.query_one(Input).value = "sandals"
        await pilot.pause(0.3)
        await press(pilot, "enter")
        assert app.screen.id == "essays"


async def test_a_search_that_finds_nothing_says_so_and_esc_changes_nothing(project: Project) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await press(pilot, "F")
        app.screen.query_one(Input).value = "zzz"
        await pilot.pause(0.3)
        await press(pilot, "enter")
        assert "Nothing holds these words." in shown(app.screen)
        await press(pilot, "escape")
        assert app.screen.id == "essays"


async def test_a_sample_that_was_found_opens_in_its_review(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "F")
        app.screen.query_one(Input).value = "flat tyre"
        await pilot.pause(0.3)
        assert isinstance(app.screen, SearchView)
        assert {hit.kind for hit in app.screen._hits} == {"sample"}
        await press(pilot, "enter")
        assert app.screen.id == "review"
        assert "tyre was flat" in shown(app.screen)


def test_the_commands_of_history_and_search_give_data(project: Project) -> None:
    first, second, *_ = proposed(project)
    curating.decide(project, [first], "accepted")
    curating.decide(project, [second], "rejected")

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(cli, ["-p", str(project.root), *words])
        assert done.exit_code == code, done.output
        return done.output

    rows = json.loads(run("history", "--limit", "2", "--json"))
    assert [row["label"] for row in rows] == ["reject a pair", "accept a pair"]
    assert "status: proposed → rejected" in run("history", "show", str(rows[0]["edit"]))
    run("history", "undo-to", str(rows[1]["edit"]))
    assert proposed(project)[:2] == [first, second]
    assert edits.redo(project) == "Redone: accept a pair"
    run("history", "set-aside", str(rows[1]["edit"]))
    assert "not to be undone" in run("history", "undo-to", str(rows[1]["edit"]), code=1)
    hits = json.loads(run("search", "puncture", "--json").split("\n1 found")[0])
    assert [(hit["kind"], hit["title"]) for hit in hits] == [("canary", "slow-puncture")]
    assert "0 found." in run("search", "zzz", code=1)


def test_the_commands_of_pairs_change_them(project: Project) -> None:
    first, second, *_ = proposed(project)

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(cli, ["-p", str(project.root), "pairs", *words])
        assert done.exit_code == code, done.output
        return done.output

    before = curating.pair_view(project, first).pair
    moved = json.loads(run("shift", str(first), "--json").split("\na pair")[0])
    assert before.response.startswith(moved["text"])
    run("trim", str(first), "--side", "response", "--end", "last")
    run("edit", str(first), "--prompt", "Mine.")
    assert curating.pair_view(project, first).pair.prompt == "Mine."
    run("note", str(first), str(second), "--text", "twice")
    run("flag", str(second))
    run("retag", str(second), "--tier", "note")
    found = curating.pair_view(project, second).pair
    assert (found.note, found.flagged, found.tier) == ("twice", True, "note")
    run("skip", str(first))
    queue = json.loads(run("list", "--status", "proposed", "--order", "queue", "--json"))
    assert queue[-1]["id"] == first
    assert "pair" in run("propose", "--tier", "thesis")
    theses = json.loads(run("list", "--tier", "thesis", "--json"))
    assert "not written yet" in run("accept", str(theses[0]["id"]), code=1)
    assert "of its essay" in run("merge", str(theses[-1]["id"]), code=1)


async def test_a_large_import_is_undone_and_redone_beside_everything_else(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    while edits.undo(project):
        pass
    label = edits.edit_rows(project, edits.edit_ids(project))[-1].label
    before = edits.edit_changes(project, 1), curating.pair_counts(project), essay_rows(project)
    monkeypatch.setattr(reversing, "_LARGE", -1)
    async with opened(project.root, "essays") as (app, pilot):
        told: list[str] = []
        app.watch(app, "progress", lambda progress: told.append(progress.title if progress else ""), init=False)
        await press(pilot, "U")
        assert (told[0], told[-1]) == ("Redo", "")
        assert f"Redone: {label}" in shown(app.screen)
        assert (curating.pair_counts(project), essay_rows(project)) != before[1:]
        await press(pilot, "L", "u")
        assert f"Undone: {label}" in shown(app.screen)
        assert (edits.edit_changes(project, 1), curating.pair_counts(project), essay_rows(project)) == before
        await press(pilot, "escape", "u")
        assert "Nothing to undo." in shown(app.screen)


async def test_an_edit_that_is_undone_in_part_is_offered_when_the_program_starts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = curating.pair_counts(project).accepted
    curating.decide(project, proposed(project)[:3], "accepted")
    monkeypatch.setattr(reversing, "_LARGE", 0)
    monkeypatch.setattr(reversing, "_STEP", 1)
    stopped = edits.reverse(project, "undo", cancelled=lambda: True)
    assert stopped is not None
    for screen in ("essays", "pairs", "datasets", "runs"):
        async with opened(project.root, screen, size=(80, 24)) as (app, pilot):
            assert "Undone only in part: undo the rest with u, or redo it with U (edit" in shown(app.screen)
            if screen == "runs":
                await press(pilot, "L")
                assert "undone in part" in shown(app.screen).splitlines()[1]
                await press(pilot, "U", "escape")
                assert "in part" not in shown(app.screen)
    assert curating.pair_counts(project).accepted == before + 3
