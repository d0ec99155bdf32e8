"""Essays, by its keys: import, propose, hold out, read, edit elsewhere."""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from store import essays, groups
from tests.conftest import SAMPLE_ESSAYS
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from workbench.operations import curating, import_essays, importing
from workbench.operations.essays import essay_rows
from workbench.operations.import_notes import import_pasted
from workbench.operations.project import Project
from workbench.screens.essays import EssaysScreen
from workbench.screens.hold_out import ShareDialog
from workbench.screens.pairs import PairsScreen
from workbench.screens.shell import Shell
from workbench.widgets.dialogs import TextOverlay
from workbench.widgets.path_dialog import PathDialog


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four essays with pairs, one of them held out."""
    return make_curated_project(tmp_path / "voice")


@pytest.fixture
def bare(tmp_path: Path) -> Project:
    """A project that holds nothing yet."""
    return Project.create(tmp_path / "voice")


def essays_screen(app: Shell) -> EssaysScreen:
    """Return the screen, which must be the one that is shown."""
    assert isinstance(app.screen, EssaysScreen)
    return app.screen


async def import_path(pilot: Pilot[Any], path: Path) -> None:
    """Import by key, and wait."""
    await press(pilot, "i")
    assert isinstance(pilot.app.screen, PathDialog)
    pilot.app.screen.query_one(Input).value = str(path)
    await press(pilot, "enter")


async def test_an_empty_project_says_what_to_do(bare: Project) -> None:
    async with opened(bare.root, "essays", size=(80, 24)) as (app, _pilot):
        text = shown(app.screen)
        assert "No essays yet. Press i" in text
        assert "import a folder of essays with i" in text


async def test_a_folder_is_imported_by_key_and_pairs_are_proposed_from_all(bare: Project) -> None:
    async with opened(bare.root, "essays", size=(80, 24)) as (app, pilot):
        await import_path(pilot, SAMPLE_ESSAYS)
        rows = essay_rows(bare)
        assert len(rows) == 22
        assert f"{sum(row.kind == 'essay' for row in rows)} essays" in shown(app.screen)
        await press(pilot, "p")
        assert "Propose pairs from all 22 essays and notes" in shown(app.screen)
        await press(pilot, "enter")
        assert all(row.proposed for row in essay_rows(bare) if row.kind == "essay")
        assert "pairs proposed: read them with 2" in shown(app.screen)


async def test_an_import_is_undone_and_redone_by_key_and_told_in_the_history(bare: Project) -> None:
    async with opened(bare.root, "essays", size=(160, 45)) as (app, pilot):
        await import_path(pilot, SAMPLE_ESSAYS)
        await press(pilot, "u")
        text = shown(app.screen)
        assert "Undone: import 12 essays and 10 notes from essays" in text
        assert "No essays yet. Press i" in text
        assert essay_rows(bare) == []
        await press(pilot, "U")
        assert "Redone: import 12 essays and 10 notes from essays" in shown(app.screen)
        assert len(essay_rows(bare)) == 22
        await press(pilot, "L")
        text = shown(app.screen)
        assert "import 12 essays and 10 notes from essays" in text
        assert f"made: {min(essay_rows(bare), key=lambda row: row.id).title}" in text


async def test_what_could_not_be_read_is_listed_with_what_to_do(bare: Project, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.md").write_text("# Good\n\nA paragraph that can be read.\n", encoding="utf-8")
    (folder / "bad.md").write_bytes(b"caf\xe9 \xff\xfe")
    (folder / "empty.md").write_text("", encoding="utf-8")
    async with opened(bare.root, "essays") as (app, pilot):
        await import_path(pilot, folder)
        assert isinstance(app.screen, TextOverlay)
        text = shown(app.screen)
        assert "bad.md" in text
        assert "empty.md" in text
        assert "UTF-8" in text
        assert [row.title for row in essay_rows(bare)] == ["Good"]
        await press(pilot, "escape")
        assert "Good" in shown(app.screen)


async def test_a_path_that_is_not_there_is_named(bare: Project, tmp_path: Path) -> None:
    async with opened(bare.root, "essays") as (app, pilot):
        await import_path(pilot, tmp_path / "nowhere")
        assert "nowhere" in shown(app.screen)
        assert essay_rows(bare) == []


async def test_esc_cancels_an_import_and_what_came_in_stays(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, go_on = threading.Event(), threading.Event()
    read = import_essays.read_essay

    def slow_read(path: Path, **options: Any) -> Any:
        if len(essay_rows(bare)) == 2:
            reached.set()
            assert go_on.wait(20)
        return read(path, **options)

    monkeypatch.setattr(import_essays, "read_essay", slow_read)
    async with opened(bare.root, "essays", size=(80, 24)) as (app, pilot):
        await pilot.press("i")
        await pilot.pause(0.3)
        app.screen.query_one(Input).value = str(SAMPLE_ESSAYS)
        await pilot.press("enter")
        while not reached.is_set():
            await pilot.pause(0.02)
        await pilot.pause(0.3)
        assert "esc cancels" in shown(app.screen)
        assert "of 22" in shown(app.screen)
        # No key waits for the import.
        await pilot.press("2")
        await pilot.pause(0.3)
        assert isinstance(app.screen, PairsScreen)
        await pilot.press("escape")
        go_on.set()
        await settle(pilot)
        assert app.progress is None
        assert 2 <= len(essay_rows(bare)) <= 3
        assert "Import cancelled" in shown(app.screen)


async def test_h_holds_an_essay_out_and_takes_it_back(project: Project) -> None:
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "G")
        row = essays_screen(app).sources.current_row
        assert row is not None
        await press(pilot, "h")
        assert {item.id: item.split for item in essay_rows(project)}[row.id] == "holdout"
        assert f"{row.title}: held out" in shown(app.screen)
        await press(pilot, "h")
        assert {item.id: item.split for item in essay_rows(project)}[row.id] == "train"
        await press(pilot, "u", "u")
        assert {item.id: item.split for item in essay_rows(project)}[row.id] == "train"


async def test_marked_essays_are_held_out_together(project: Project) -> None:
    async with opened(project.root, "essays") as (_app, pilot):
        await press(pilot, "g", "space", "space", "space", "space", "h")
        assert all(row.split == "holdout" for row in essay_rows(project))


async def test_enter_opens_the_pairs_of_the_essay(project: Project) -> None:
    async with opened(project.root, "essays") as (app, pilot):
        row = essays_screen(app).sources.current_row
        assert row is not None
        await press(pilot, "enter")
        assert isinstance(app.screen, PairsScreen)
        assert len(app.screen.pairs.ids) == 4
        assert all(item.source_id == row.id for item in curating.pair_rows(project, app.screen.pairs.ids))
        await press(pilot, "escape")
        assert len(app.screen.pairs.ids) == 16


async def test_where_there_is_no_room_enter_shows_the_text_first(project: Project) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        screen = essays_screen(app)
        assert not screen.query_one("#text-side").display
        await press(pilot, "enter")
        assert screen.query_one("#text-side").display
        assert "essays/a-drawer-of-keys.md" in shown(screen)
        assert "On Sandals" not in shown(screen)
        await press(pilot, "escape")
        assert screen.sources.has_focus
        await press(pilot, "enter", "enter")
        assert isinstance(app.screen, PairsScreen)


async def test_the_filter_keeps_what_has_the_words(project: Project) -> None:
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "slash", *"wheel")
        await pilot.pause(0.3)
        await press(pilot, "enter")
        assert len(essays_screen(app).sources.ids) == 1
        await press(pilot, "escape")
        assert len(essays_screen(app).sources.ids) == 4


async def test_an_essay_edited_elsewhere_is_read_again(
    bare: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    essay = bare.root / "essays" / "one.md"
    essay.parent.mkdir()
    essay.write_text("# One\n\nA first paragraph.\n", encoding="utf-8")
    importing.import_paths(bare, [essay.parent])
    script = tmp_path / "editor.py"
    script.write_text("import sys\nopen(sys.argv[-1], 'a').write('\\nA second paragraph.\\n')\n")
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
    monkeypatch.setattr("textual.app.App.suspend", _no_suspend)
    async with opened(bare.root, "essays") as (app, pilot):
        await press(pilot, "e")
        assert "A second paragraph." in shown(app.screen)
        assert essay_rows(bare)[0].paragraphs == 3


async def test_an_editor_that_is_not_there_is_named(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "essays").mkdir(exist_ok=True)
    for row in essay_rows(project):
        project.absolute(row.path).write_text("# Text\n", encoding="utf-8")
    monkeypatch.setenv("VISUAL", "no-such-editor-here")
    monkeypatch.setattr("textual.app.App.suspend", _no_suspend)
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "e")
        assert "no-such-editor-here" in shown(app.screen)
        assert "Set EDITOR" in shown(app.screen)


async def test_the_cursor_is_remembered(project: Project) -> None:
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "j", "j")
        left = essays_screen(app).sources.current
        await press(pilot, "2", "1")
    async with opened(project.root) as (app, _pilot):
        assert essays_screen(app).sources.current == left


def _no_suspend(self: object) -> AbstractContextManager[None]:
    return nullcontext()


async def test_a_share_is_held_out_after_it_is_shown_and_u_takes_it_back(project: Project) -> None:
    def held() -> set[str]:
        return {row.slug for row in essay_rows(project) if row.split == "holdout"}

    before = held()
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "H")
        assert isinstance(app.screen, ShareDialog)
        assert "No essay is chosen" in shown(app.screen)
        await press(pilot, *"none", "enter")
        assert "'none' is no share" in shown(app.screen)
        await press(pilot, *["backspace"] * 4, *"60", "tab", *"2")
        assert "of 4 essays (" in shown(app.screen)
        preview = str(app.screen.query_one("#share-preview", Static).render())
        listed = {row.slug for row in essay_rows(project) if row.title in preview}
        await press(pilot, "enter")
        assert before < held()
        assert held() == before | listed
        await press(pilot, "u")
        assert held() == before


async def test_a_share_says_the_same_numbers_before_and_after_and_in_the_list(project: Project) -> None:
    rows = essay_rows(project)
    essays.set_kind(project.db, [rows[0].id], "note")
    groups.join(project.db, [rows[0].id, rows[1].id], rows[1].group)
    essays.set_split(project.db, [row.id for row in rows], "train")
    essays.set_split(project.db, [rows[2].id], "holdout")
    async with opened(project.root, "essays") as (app, pilot):
        assert "3 essays, 1 held out · 1 note · " in shown(app.screen)
        await press(pilot, "H")
        for seed in range(1, 40):
            app.screen.query_one("#seed", Input).value = str(seed)
            await settle(pilot)
            preview = str(app.screen.query_one("#share-preview", Static).render())
            if preview.startswith("1 of 3 essays (33%) and 1 note with them:"):
                break
        assert "with those before it is 2 essays and 1 note" in preview
        await press(pilot, "enter")
        said = "1 of 3 essays (33%) and 1 note with them held out by a share of 20%; with those before, 2 essays and 1 "
        assert said in shown(app.screen)
        assert "3 essays, 2 held out · 1 note, 1 held out · " in shown(app.screen)


async def test_the_share_used_counts_each_word_once_and_is_never_above_all(project: Project) -> None:
    first = essay_rows(project)[0]
    end = len(essays.text(project.db, first.id))
    with project.db.transaction() as connection:
        connection.execute(
            "UPDATE pair SET start = 0, \"end\" = ?, response_words = 9000, status = 'accepted' WHERE source_id = ?",
            (end, first.id),
        )
    async with opened(project.root, "essays") as (app, pilot):
        assert any(" 100% " in line for line in shown(app.screen).splitlines() if first.title in line)
        await press(pilot, "question_mark")
        assert "each counted once" in " ".join(shown(app.screen).split())


async def test_marked_essays_are_joined_held_out_together_and_parted(project: Project) -> None:
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "J")
        assert "mark those that belong together with space" in shown(app.screen)
        await press(pilot, "j", "space", "space", "J")
        first, second = [row for row in essay_rows(project) if row.grouped == 2]
        assert first.group == second.group
        assert " +1 " in shown(app.screen)
        await press(pilot, "g", "j", "h")
        assert {row.split for row in essay_rows(project) if row.grouped == 2} == {"holdout"}
        assert "belong to the same group" in shown(app.screen)
        await press(pilot, "P")
        assert all(row.grouped == 1 for row in essay_rows(project))
        assert essay_rows(project)[1].split == "holdout"


async def test_where_there_is_no_room_tab_shows_the_text_in_the_place_of_the_list(project: Project) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        assert "tab: its text" in shown(app.screen)
        assert "make him quiet on gravel" not in shown(app.screen)
        await press(pilot, "tab")
        text = shown(app.screen)
        assert "make him quiet on gravel" in text
        assert "esc back" in text
        await press(pilot, "tab")
        assert "tab: its text" in shown(app.screen)
        await press(pilot, "tab", "escape")
        assert essays_screen(app).sources.has_focus
        assert "tab: its text" in shown(app.screen)


async def test_two_thousand_notes_and_more_all_stand_in_the_list(bare: Project) -> None:
    count = 2_200
    import_pasted(bare, "\n---\n".join(f"# Note {number:04d}\n\nA thought, the {number}th." for number in range(count)))
    async with opened(bare.root, "essays", size=(80, 24)) as (app, pilot):
        listed = essays_screen(app).sources
        assert len(listed.ids) == count
        assert "Note 0000" in shown(app.screen)
        await press(pilot, "G")
        assert f"Note {count - 1}" in shown(app.screen)
        await press(pilot, "g")
        assert "Note 0003" in shown(app.screen)


async def test_how_much_is_used_is_asked_once_at_a_time_and_again_after_what_changed_meanwhile(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.operations import essays as operations

    async with opened(project.root, "essays", size=(120, 24)) as (app, pilot):
        read, asked, go_on = operations.used, [], threading.Event()

        def slow(given: Project) -> dict[int, Any]:
            asked.append(1)
            assert go_on.wait(20)
            return read(given)

        monkeypatch.setattr(operations, "used", slow)
        screen = essays_screen(app)
        for _ in range(5):
            screen.on_project_changed()
            await pilot.pause(0.02)
        assert len(asked) == 1
        go_on.set()
        await settle(pilot)
        assert len(asked) == 2
        assert screen._used == read(project)
