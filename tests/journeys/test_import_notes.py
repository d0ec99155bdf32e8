"""Notes come in together and stay themselves: from a file, a table, standard input, and a second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from store import essays as stored
from workbench.cli.main import cli
from workbench.operations.essays import essay_rows
from workbench.operations.import_notes import import_pasted
from workbench.operations.importing import import_paths
from workbench.operations.project import Project

NOTES = "A kettle is a promise.\n\n---\n\nThe gull waits at the stop.\n\n---\n\n# Buttons\n\nSmall change of clothes.\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that holds nothing yet."""
    return Project.create(tmp_path / "voice")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A file of three notes."""
    path = tmp_path / "notes.md"
    path.write_text(NOTES, encoding="utf-8")
    return path


def slugs(project: Project) -> dict[str, bool]:
    return {row.slug: row.missing_at is None for row in essay_rows(project)}


def test_a_file_of_notes_gives_a_source_each_and_a_second_import_changes_nothing(project: Project, notes: Path) -> None:
    foreseen = import_paths(project, [notes], dry_run=True)
    report = import_paths(project, [notes])
    assert foreseen.arrivals == report.arrivals
    assert report.added == ("a-kettle-is-a-promise", "the-gull-waits-at-the-stop", "buttons")
    assert {row.kind for row in essay_rows(project)} == {"note"}
    assert {row.origin for row in essay_rows(project)} == {"notes"}
    before = project.db.all("SELECT * FROM source")
    assert import_paths(project, [notes]).same == report.added
    assert project.db.all("SELECT * FROM source") == before


def test_a_note_that_is_mended_stays_itself_and_one_that_is_gone_is_not_lost(project: Project, notes: Path) -> None:
    import_paths(project, [notes])
    notes.write_text("One before all.\n---\n# Buttons\n\nSmall change.\n---\nThe gull waits at the old stop.\n")
    report = import_paths(project, [notes])
    assert (report.added, report.changed) == (("one-before-all",), ("buttons", "the-gull-waits-at-the-stop"))
    there = slugs(project)
    assert there.pop("a-kettle-is-a-promise") is False
    assert set(there.values()) == {True}
    notes.write_text(NOTES)
    assert import_paths(project, [notes]).added == ()
    assert slugs(project)["a-kettle-is-a-promise"] is True
    assert slugs(project)["one-before-all"] is False


def test_what_came_in_as_one_thing_stays_that(project: Project, tmp_path: Path, notes: Path) -> None:
    other = tmp_path / "jottings.md"
    other.write_text(NOTES)
    assert len(import_paths(project, [other], form="notes").added) == 3
    assert len(import_paths(project, [other]).same) == 3
    assert import_paths(project, [notes], form="essays").added == ("notes",)
    assert import_paths(project, [notes]).same == ("notes",)


def test_a_table_of_notes_comes_in(project: Project, tmp_path: Path) -> None:
    table = tmp_path / "export.csv"
    table.write_text("id,date,body\n1,2024-02-23,A kettle is a promise.\n2,,\n3,,The gull waits.\n")
    report = import_paths(project, [table])
    assert report.added == ("a-kettle-is-a-promise", "the-gull-waits")
    assert [problem.line for problem in report.problems] == [3]
    assert import_paths(project, [table]).added == ()


def paste(project: Project, text: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(cli, ["-p", str(project.root), "import", "--paste", *options], input=text)


def test_notes_are_pasted_from_standard_input(project: Project) -> None:
    assert "Would come in: 3 added" in paste(project, NOTES, "--dry-run").stderr
    assert essay_rows(project) == []
    assert "Imported: 3 added" in paste(project, NOTES).stderr
    assert "0 added, 0 changed, 3 as they were" in paste(project, NOTES).stderr
    # Pasting one more takes none away.
    assert "1 added" in paste(project, "Another one altogether.").stderr
    assert slugs(project) == dict.fromkeys(slugs(project), True)
    assert len(essay_rows(project)) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "holds no words"), ("---\n", "holds no words"), (b"caf\xe9", "standard input:1: is not UTF-8")],
)
def test_what_is_no_text_is_said(project: Project, text: str | bytes, words: str) -> None:
    result = paste(project, text)
    assert result.exit_code == 1
    assert words in result.stderr


def test_paste_takes_no_paths(project: Project) -> None:
    assert paste(project, NOTES, "x.md").exit_code == 2


def test_pasted_text_is_kept_to_the_letter(project: Project) -> None:
    import_pasted(project, "  One  \n\ntwo.\r\n---\r\n\tThree\x1b[31m 😀\n")
    texts = [stored.text(project.db, row.id) for row in essay_rows(project)]
    assert sorted(texts) == ["One  \n\ntwo.", "Three\x1b[31m 😀"]
