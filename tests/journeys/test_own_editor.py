"""The author's own editor, where it fails: the program comes back, says what happened, and has lost nothing."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curation.errors import EssayError
from store import essays as stored
from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, shown
from tests.journeys.terminal import in_terminal
from workbench.operations import curating, guide, noting
from workbench.operations.errors import WorkbenchError
from workbench.operations.essays import essay_rows
from workbench.operations.import_notes import import_pasted
from workbench.operations.importing import import_paths
from workbench.operations.outside import run_editor, text_from_editor
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four essays with pairs."""
    return make_curated_project(tmp_path / "voice")


@pytest.fixture
def aside(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the program step aside without a terminal, as Textual does: what is raised meanwhile is no way back."""
    steps: list[str] = []

    @contextmanager
    def suspend(_app: object) -> Iterator[None]:
        steps.append("aside")
        yield
        steps.append("back")

    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr("textual.app.App.suspend", suspend)
    return steps


def texts(project: Project) -> list[tuple[str, str]]:
    """Return the two texts of every pair, in the order of their ids."""
    ids = sorted(curating.pair_ids(project, PairFilter(), "queue"))
    pairs = [curating.pair_view(project, pair_id).pair for pair_id in ids]
    return [(pair.prompt, pair.response) for pair in pairs]


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("/nope", "The editor '/nope' cannot be started (No such file or directory). Set EDITOR to one"),
        ("false", "The editor 'false' ended with 1: the pair stays as it was."),
    ],
)
def test_in_a_terminal_the_program_is_back_and_takes_keys_after_an_editor_that_failed(
    project: Project, editor: str, said: str
) -> None:
    before = texts(project)
    guide.remember(project, "program.screen", "pairs")
    with in_terminal(project.root, EDITOR=editor) as terminal:
        terminal.read_until("of 512 tokens")
        terminal.press("E")
        terminal.read_until(said)
        assert not terminal.echoes
        terminal.press("\x11")
        assert terminal.ended_with() == 0
    assert texts(project) == before


async def test_a_pair_that_is_being_asked_for_anew_is_edited_all_the_same(
    project: Project, aside: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "false")
    async with opened(project.root, "pairs") as (app, pilot):
        app.screen._views.clear()  # type: ignore[attr-defined]
        await press(pilot, "E")
        assert aside == ["aside", "back"]


async def test_a_pair_stays_as_it_was_where_the_editor_failed(
    project: Project, aside: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = texts(project)
    monkeypatch.setenv("EDITOR", "false")
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "E")
        assert aside == ["aside", "back"]
        assert "ended with 1: the pair stays as it was" in shown(app.screen)
        await press(pilot, "a")
        assert "3 left" in shown(app.screen)
    assert texts(project) == before


async def test_an_essay_s_file_stands_as_the_failed_editor_left_it(
    project: Project, aside: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "zebra.md").write_text("# Zebra\n\nA first paragraph of it.\n", encoding="utf-8")
    import_paths(project, [folder])
    monkeypatch.setenv("EDITOR", "/nope")
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "G", "e")
        assert "'/nope' cannot be started" in shown(app.screen)
        monkeypatch.setenv("EDITOR", "false")
        await press(pilot, "E")
        assert aside == ["aside", "back"] * 2
        assert "ended with 1: the file stands as it left it" in shown(app.screen)
        await press(pilot, "g")
        assert "On Sandals" in shown(app.screen)


async def test_what_was_pasted_stays_as_it_was_where_the_editor_failed(
    project: Project, aside: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import_pasted(project, "A kettle is a promise.")
    note = next(row.id for row in essay_rows(project) if row.origin == "notes")
    monkeypatch.setenv("EDITOR", "false")
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "slash", *"kettle", "enter", "E")
        assert aside == ["aside", "back"]
        assert "ended with 1: the text stays as it was" in shown(app.screen)
    assert stored.text(project.db, note) == "A kettle is a promise."


async def test_a_note_stays_as_it_was_where_the_editor_failed(
    project: Project, aside: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    noting.add_note(project, "Rain is a kind of clock.")
    monkeypatch.setenv("EDITOR", "false")
    async with opened(project.root, "experiments") as (app, pilot):
        await press(pilot, "E")
        assert aside == ["aside", "back"]
        assert "ended with 1: the note stays as it was" in shown(app.screen)
    assert [note.body for note in noting.notes(project)] == ["Rain is a kind of clock."]


@pytest.mark.parametrize(
    ("editor", "said"),
    [("vim 'half", "quotation mark without its other"), ("  ", "EDITOR is blank"), ("rm", "cannot be read after")],
)
async def test_an_editor_that_is_named_amiss_or_takes_the_file_away_is_a_sentence(
    project: Project, aside: list[str], monkeypatch: pytest.MonkeyPatch, editor: str, said: str
) -> None:
    monkeypatch.setenv("EDITOR", editor)
    async with opened(project.root, "pairs") as (app, pilot):
        await press(pilot, "E")
        assert aside == ["aside", "back"]
        assert said in " ".join(shown(app.screen).split())


def test_what_is_no_text_is_said_and_not_taken() -> None:
    with pytest.raises(EssayError, match="not UTF-8"):
        text_from_editor("pair-1.md", "caf\u00e9", lambda path: path.write_bytes(b"caf\xe9"))


def test_the_interrupt_of_an_editor_does_not_end_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It interrupts the program, as ctrl+c in a terminal does, and itself.
    script = tmp_path / "editor.py"
    script.write_text("import os, signal\nfor pid in (os.getppid(), os.getpid()):\n    os.kill(pid, signal.SIGINT)\n")
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(WorkbenchError, match="ended with"):
        run_editor(tmp_path / "pair.md")
    assert signal.getsignal(signal.SIGINT) is before
