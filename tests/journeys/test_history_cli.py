"""Undo, redo and the history on the command line, as another program would call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SAMPLE_ESSAYS
from tests.journeys.builders import SECOND_RUN, make_curated_project, make_reviewed_project
from tests.journeys.command_line import data, run
from workbench.operations import curating, guide, rating, reviewing
from workbench.operations.project import Project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Project.create(tmp_path / "voice").close()
    return tmp_path / "voice"


def test_an_import_is_one_entry_of_the_history_that_is_undone_and_redone(folder: Path) -> None:
    run(folder, "import", str(SAMPLE_ESSAYS))
    (row,) = data(folder, "history")
    assert (row["edit"], row["label"], row["state"]) == (1, "import 12 essays and 10 notes from essays", "done")
    undone = data(folder, "undo")
    assert undone["sentence"] == "Undone: import 12 essays and 10 notes from essays"
    assert len(undone["touched"]) == 22
    assert undone["touched"][0] == {"table": "source", "id": 22}
    assert data(folder, "essays", "list") == []
    assert data(folder, "history")[0]["state"] == "undone"
    assert data(folder, "undo") is None
    assert run(folder, "history", "show", "1").stderr == ""
    shown = run(folder, "history", "show", "1", "--limit", "20")
    assert (len(shown.stdout.splitlines()), shown.stderr) == (40, "and 2 more rows: --limit shows them.\n")
    done = run(folder, "redo")
    assert (done.stdout, done.stderr) == ("", "Redone: import 12 essays and 10 notes from essays\n")
    assert len(data(folder, "essays", "list")) == 22
    assert run(folder, "redo").stderr == "Nothing to redo.\n"


def test_a_file_of_canary_prompts_is_one_entry(folder: Path) -> None:
    run(folder, "canaries", "import", str(SAMPLE_ESSAYS.parent / "canaries.md"))
    assert [row["label"] for row in data(folder, "history")] == ["import canary prompts from canaries.md"]
    run(folder, "undo")
    assert data(folder, "canaries", "list") == []


def test_an_edit_is_undone_down_to_or_set_aside_by_its_number(folder: Path) -> None:
    run(folder, "import", str(SAMPLE_ESSAYS / "salt.md"))
    run(folder, "pairs", "propose")
    assert data(folder, "history", "set-aside", "2") == {"edit": 2, "state": "set aside"}
    refused = run(folder, "undo", code=1)
    assert "made by edits that were set aside" in refused.stderr
    assert "Nothing was changed." in refused.stderr
    run(folder, "essays", "hold-out", "salt")
    assert data(folder, "history", "undo-to", "3")["touched"] == [{"table": "source", "id": 1}]


def test_what_is_said_of_samples_names_them_and_of_masked_ones_not_who_wrote_them(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice")
    base = reviewing.review(project, SECOND_RUN).comparisons[0].base
    for masked in (True, False):
        guide.remember(project, reviewing.MASKED, masked)
        reviewing.set_note(project, base.id, f"dry, {masked}")
        rating.set_tags(project, base.id, str(masked))
    folder = project.root
    run(folder, "review", "verdict", SECOND_RUN, base.canary_slug, "1", "tie")
    run(folder, "experiments", "note", "Half of it is enough.", "--run", SECOND_RUN)
    which = f"{base.canary_slug}, sample 1"
    assert [row["label"] for row in data(folder, "history")][:6] == [
        "note on embedded-lr0.0005-81d2",
        f"a verdict on {which} of embedded-lr0.0005-81d2",
        f"tag {which} of the base",
        f"note on {which} of the base",
        f"tag {which}",
        f"note on {which}",
    ]


def test_the_note_of_a_pair_names_it(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    curating.note(project, [7], "salt")
    curating.note(project, [7, 8], "pepper")
    assert [row["label"] for row in data(project.root, "history")][:2] == [
        "note on 2 pairs",
        f"note on pair 7 of {curating.pair_view(project, 7).pair.title}",
    ]
