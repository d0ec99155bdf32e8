"""Drafts are kept as they are typed, apart from their files, and no text takes the place of another unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import program
from workbench.operations import kept_drafts
from workbench.operations.errors import WorkbenchError
from workbench.operations.import_notes import import_pasted
from workbench.operations.importing import import_paths
from workbench.operations.kept_drafts import NEW, current, open_draft, write
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.create(tmp_path / "voice")
    (made.root / "d.md").write_text("One.\n")
    return made


def typed(project: Project, draft: kept_drafts.KeptDraft, text: str) -> None:
    """Keep a text as the screen does."""
    program.remember(project.db, draft.key, {"standing": draft.standing, "text": text})


def test_a_new_text_is_there_from_the_beginning_and_comes_back_as_it_was_typed(project: Project) -> None:
    draft = current(project)
    assert (draft.name, draft.path, draft.text, draft.title) == (NEW, None, "", "a new text")
    typed(project, draft, "Words.")
    assert current(project).text == "Words."


def test_a_draft_of_a_file_leaves_the_file_alone_and_follows_it_while_nothing_was_typed(project: Project) -> None:
    draft = open_draft(project, "d.md")
    assert (draft.name, draft.text, draft.title) == ("d.md", "One.\n", "d.md")
    (project.root / "d.md").write_text("Two.\n")
    assert current(project).text == "Two.\n"
    typed(project, current(project), "Two, and mine.\n")
    found = current(project)
    assert (found.text, found.standing, found.changed_outside) == ("Two, and mine.\n", "Two.\n", False)
    assert (project.root / "d.md").read_text() == "Two.\n"


def test_a_file_that_changed_beside_a_draft_that_changed_is_told_and_not_written(project: Project) -> None:
    draft = open_draft(project, "d.md")
    typed(project, draft, "Mine.\n")
    (project.root / "d.md").write_text("Another's.\n")
    found = current(project)
    assert (found.text, found.changed_outside) == ("Mine.\n", True)
    with pytest.raises(WorkbenchError, match="was changed while the model wrote"):
        write(project, found, found.text)
    assert (project.root / "d.md").read_text() == "Another's.\n"


def test_a_draft_whose_file_is_gone_is_there_with_what_was_typed(project: Project) -> None:
    typed(project, open_draft(project, "d.md"), "Mine.\n")
    (project.root / "d.md").unlink()
    assert current(project).text == "Mine.\n"


def test_writing_keeps_the_old_file_and_a_new_text_becomes_its_file_s(project: Project) -> None:
    draft = open_draft(project, "d.md")
    written, done = write(project, draft, "Mine.\n")
    assert ((project.root / "d.md").read_text(), written.standing) == ("Mine.\n", "Mine.\n")
    assert done.backup is not None
    assert done.backup.read_text() == "One.\n"
    new = open_draft(project, "")
    typed(project, new, "A new one.")
    written, done = write(project, new, "A new one.", to=Path("new/e.md"))
    assert (written.name, done.backup, current(project).name) == ("new/e.md", None, "new/e.md")
    assert open_draft(project, "").text == ""
    with pytest.raises(WorkbenchError, match="has no file yet"):
        write(project, open_draft(project, ""), "x")
    with pytest.raises(WorkbenchError, match="is there already"):
        write(project, open_draft(project, ""), "x", to=Path("new/e.md"))


def test_an_essay_is_named_by_its_name_and_one_without_a_file_is_never_written_to(project: Project) -> None:
    import_paths(project, [project.root / "d.md"])
    assert open_draft(project, "d").path == project.root / "d.md"
    import_pasted(project, "A kettle is a promise.")
    found = open_draft(project, "a-kettle-is-a-promise")
    assert (found.path, found.text, found.title) == (None, "A kettle is a promise.", "from a-kettle-is-a-promise")
    typed(project, found, "A kettle is a threat.")
    assert current(project).text == "A kettle is a threat."


@pytest.mark.parametrize(("wanted", "says"), [("none.md", "none.md: no such file"), ("none", "No essay named none")])
def test_what_is_not_there_is_said_and_the_draft_stays(project: Project, wanted: str, says: str) -> None:
    open_draft(project, "d.md")
    with pytest.raises(WorkbenchError, match=says):
        open_draft(project, wanted)
    assert current(project).name == "d.md"
