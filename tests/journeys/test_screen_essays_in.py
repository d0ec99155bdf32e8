"""Essays, by its keys: look first what would come in, paste notes, see what goes and switch a rule."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, TextArea

from curation.cleaning_rules import Cleaning
from store import essays as stored
from tests import substack_export as export
from tests.journeys.program import opened, press, shown
from workbench.operations import guide
from workbench.operations.essays import essay_rows
from workbench.operations.importing import import_paths
from workbench.operations.project import Project
from workbench.screens.essay_cleaning import CleaningDialog
from workbench.screens.essay_import import ImportPreview, PasteDialog
from workbench.screens.essay_writing import EditText

TEXT = "# Salt\n\nSalt is in a [blue jar](https://v.example/jar) here.[^1]\n\nSubscribe\n\n[^1]: My aunt's jar.\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one essay that was pasted from a page."""
    project = Project.create(tmp_path / "voice")
    (tmp_path / "salt.md").write_text(TEXT, encoding="utf-8")
    import_paths(project, [tmp_path / "salt.md"])
    return project


def an_export(folder: Path) -> Path:
    rows = (export.row("101.jars"), export.row("102.draft", title="Not yet", is_published="false"))
    posts = {"101.jars": export.SALT_HTML, "102.draft": "<p>A draft.</p>"}
    return export.write_zip(folder / "export.zip", export.files(export.posts_csv(*rows), posts))


async def test_a_look_changes_nothing_and_enter_imports_what_it_showed(project: Project, tmp_path: Path) -> None:
    path = an_export(tmp_path)
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await press(pilot, "i")
        app.screen.query_one(Input).value = str(path)
        await press(pilot, "ctrl+t")
        assert isinstance(app.screen, ImportPreview)
        text = shown(app.screen)
        assert "Would come in: 1 added" in text
        assert "look at them with drafts" in text
        assert len(essay_rows(project)) == 1
        await press(pilot, "a")
        assert "Would come in: 2 added" in shown(app.screen)
        assert "look at them with" not in shown(app.screen)
        await press(pilot, "enter")
        assert {row.slug for row in essay_rows(project)} == {"salt", "jars", "draft"}


async def test_esc_leaves_the_look_and_imports_nothing(project: Project, tmp_path: Path) -> None:
    path = an_export(tmp_path)
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "i")
        app.screen.query_one(Input).value = str(path)
        await press(pilot, "ctrl+t", "escape")
        assert len(essay_rows(project)) == 1


async def test_notes_are_pasted_by_key(project: Project) -> None:
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "n")
        assert isinstance(app.screen, PasteDialog)
        app.screen.query_one(TextArea).text = "A kettle is a promise.\n---\nThe gull waits."
        await press(pilot, "ctrl+s")
        assert {row.slug for row in essay_rows(project)} == {"salt", "a-kettle-is-a-promise", "the-gull-waits"}
        assert "Imported: 2 added" in shown(app.screen)


async def test_what_goes_is_shown_by_rule_and_a_rule_is_switched_by_key(project: Project) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await press(pilot, "c")
        assert isinstance(app.screen, CleaningDialog)
        assert "My aunt's jar." in shown(app.screen)
        options = app.screen.query_one(OptionList)
        while options.highlighted != list(Cleaning.__dataclass_fields__).index("links"):
            await press(pilot, "j")
        assert "stays: blue jar" in shown(app.screen)
        await press(pilot, "space")
        assert "off: it stays as it is written" in shown(app.screen)
        assert Project.open(project.root).settings.cleaning == Cleaning(links=False)
        await press(pilot, "enter")
        assert Project.open(project.root).settings.cleaning == Cleaning()
        await press(pilot, "escape")
        assert not isinstance(app.screen, CleaningDialog)


async def test_a_settings_file_that_cannot_be_changed_is_said(project: Project) -> None:
    path = project.root / "workbench.toml"
    path.write_text(path.read_text().split("[cleaning]")[0] + "cleaning.links = true\n")
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "c")
        options = app.screen.query_one(OptionList)
        options.highlighted = list(Cleaning.__dataclass_fields__).index("links")
        await press(pilot, "space", "escape")
        assert "by hand" in " ".join(shown(app.screen).split())


def _no_suspend(self: object) -> AbstractContextManager[None]:
    return nullcontext()


def an_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> Path:
    """Set an editor that replaces words, and writes down what it was called with."""
    script, called = tmp_path / "nano", tmp_path / "called"
    script.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"pathlib.Path({str(called)!r}).write_text(' '.join(sys.argv[1:]))\n"
        "path = pathlib.Path(sys.argv[-1])\n"
        f"path.write_text(path.read_text().replace({old!r}, {new!r}) + '\\n')\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    monkeypatch.setattr("textual.app.App.suspend", _no_suspend)
    return called


async def test_what_was_pasted_and_not_imported_is_there_again_after_esc_and_after_a_kill(project: Project) -> None:
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "n", *"Salt", "escape")
        assert "kept and not imported yet" in shown(app.screen)
        await press(pilot, "n", *"ed")
        # The program ends here without leaving the dialog.
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "n")
        assert "Salted" in shown(app.screen)
        await press(pilot, "ctrl+s", "n")
        assert "Salted" not in app.screen.query_one(TextArea).text
        assert guide.recall(project, "essays.pasted") is None


def pasted(project: Project, text: str) -> int:
    from workbench.operations.import_notes import import_pasted

    import_pasted(project, text)
    return next(row.id for row in essay_rows(project) if row.origin == "notes")


async def test_what_was_pasted_is_edited_here_and_undone_by_key(project: Project) -> None:
    note = pasted(project, "A kettle is a promise.")
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await press(pilot, "g", "e")
        assert isinstance(app.screen, EditText)
        assert "it has no file: edited here" in shown(app.screen)
        await press(pilot, *"No ", "escape")
        assert "edited, u takes it back" in shown(app.screen)
        assert stored.text(project.db, note) == "No A kettle is a promise."
        assert "No A kettle is a promise." in shown(app.screen)
        await press(pilot, "u")
        assert "Undone: edit the text of A kettle is a promise." in shown(app.screen)
        assert stored.text(project.db, note) == "A kettle is a promise."
        # Leaving without a change is no edit.
        await press(pilot, "g", "e", "escape")
        assert "nothing was changed" in shown(app.screen)
        assert guide.recall(project, "essays.draft") is None


async def test_what_was_pasted_is_edited_in_the_author_s_editor(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = pasted(project, "A kettle is a promise.")
    called = an_editor(tmp_path, monkeypatch, "promise", "threat")
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "g", "E")
        assert stored.text(project.db, note) == "A kettle is a threat."
        assert Path(called.read_text()).name == "a-kettle-is-a-promise.md"
        assert not Path(called.read_text()).exists()
        assert "edited, u takes it back" in shown(app.screen)


async def test_a_note_of_several_opens_its_file_at_its_line(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.md"
    path.write_text("A kettle is a promise.\n\n---\n\nThe gull waits at the stop.\n")
    import_paths(project, [path])
    called = an_editor(tmp_path, monkeypatch, "waits", "sleeps")
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "G", "e")
        assert called.read_text() == f"+5 {path}"
        assert "The gull sleeps at the stop." in shown(app.screen)


async def test_an_edit_that_a_killed_program_left_is_kept_at_the_next_start(project: Project) -> None:
    note = pasted(project, "A kettle is a promise.")
    async with opened(project.root, "essays") as (_app, pilot):
        await press(pilot, "g", "e", *"No ")
        draft = guide.recall(project, "essays.draft")
        assert draft == {"source_id": note, "text": "No A kettle is a promise."}
    async with opened(project.root, "essays") as (app, _pilot):
        assert stored.text(project.db, note) == "No A kettle is a promise."
        assert "was not finished was kept" in shown(app.screen)
        assert guide.recall(project, "essays.draft") is None


async def test_a_text_that_a_field_would_change_is_left_to_the_editor(project: Project) -> None:
    pasted(project, "One.\r\nTwo.\nThree.")
    async with opened(project.root, "essays") as (app, pilot):
        await press(pilot, "g", "e")
        assert not isinstance(app.screen, EditText)
        assert "edit it in your editor with E" in shown(app.screen)
