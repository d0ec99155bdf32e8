"""What an import says of each file: recognised, added, changed or the same, on a dry run as in earnest."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import SAMPLE_ESSAYS
from workbench.cli.main import cli
from workbench.operations import forms
from workbench.operations.edits import redo, undo
from workbench.operations.errors import WorkbenchError
from workbench.operations.essays import essay_rows
from workbench.operations.importing import import_paths
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that holds nothing yet."""
    return Project.create(tmp_path / "voice")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of the same name, in two folders."""
    for place in ("essays", "essays/old"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "salt.md").write_text(f"# Salt in {place}\n\nA pinch of it.\n", encoding="utf-8")
    return tmp_path / "essays"


def test_every_form_has_a_name_of_its_own_and_essays_come_last() -> None:
    names = [form.name for form in forms.FORMS]
    assert len(set(names)) == len(names)
    assert names[-1] == "essays"
    with pytest.raises(WorkbenchError, match=r"No form of file is named 'novel'.*essays"):
        forms.form_named("novel")


def test_a_dry_run_says_what_the_import_then_does(project: Project, folder: Path) -> None:
    foreseen = import_paths(project, [folder], dry_run=True)
    assert essay_rows(project) == []
    assert foreseen.summary == "Would come in: 2 added, 0 changed, 0 as they were"
    done = import_paths(project, [folder])
    assert done.arrivals == foreseen.arrivals
    assert {(item.name, item.title, item.words, item.paragraphs) for item in done.arrivals} == {
        ("salt", "Salt in essays/old", 8, 2),
        ("salt-2", "Salt in essays", 7, 2),
    }
    (folder / "salt.md").write_text("# Salt\n\nA spoon of it.\n", encoding="utf-8")
    again = import_paths(project, [folder], dry_run=True)
    assert (again.added, again.changed, again.same) == ((), ("salt-2",), ("salt",))
    assert again.arrivals == import_paths(project, [folder]).arrivals
    assert import_paths(project, [folder], dry_run=True).same == ("salt", "salt-2")


def test_a_kind_that_is_given_changes_an_unchanged_file_and_stays(project: Project, folder: Path) -> None:
    import_paths(project, [folder])
    assert {row.kind for row in essay_rows(project)} == {"note"}
    assert import_paths(project, [folder], kind="essay", dry_run=True).changed == ("salt", "salt-2")
    assert import_paths(project, [folder], kind="essay").changed == ("salt", "salt-2")
    assert {row.kind for row in essay_rows(project)} == {"essay"}
    assert import_paths(project, [folder], kind="essay").same == ("salt", "salt-2")
    assert import_paths(project, [folder]).same == ("salt", "salt-2")
    (folder / "salt.md").write_text("# Salt\n\nA spoon of it.\n", encoding="utf-8")
    import_paths(project, [folder])
    assert {row.kind for row in essay_rows(project)} == {"essay"}


def test_a_kind_that_is_given_is_one_edit_of_the_author_and_is_undone(project: Project, folder: Path) -> None:
    import_paths(project, [folder])
    report = import_paths(project, [folder], kind="essay")
    assert report.retold == 2
    assert report.summary.endswith("0 as they were. The kind of 2 was changed: undo takes that back")
    assert undo(project) == "Undone: make 2 notes essays"
    assert {row.kind for row in essay_rows(project)} == {"note"}
    import_paths(project, [folder])
    assert {row.kind for row in essay_rows(project)} == {"note"}
    assert redo(project) == "Redone: make 2 notes essays"
    assert {row.kind for row in essay_rows(project)} == {"essay"}
    assert import_paths(project, [folder], kind="note", dry_run=True).retold == 0


def test_a_file_of_no_known_form_is_named(project: Project, tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK")
    report = import_paths(project, [tmp_path / "a.docx"])
    assert "is nothing that can be imported (.zip" in report.problems[0].message


def test_prompts_that_say_no_topic_come_in_as_prompts(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "prompts.md"
    path.write_text("## salt\n\nThe salt was\n\n## open-sea\n\nAt sea\n", encoding="utf-8")
    report = import_paths(project, [path])
    assert [(item.what, item.name, item.outcome) for item in report.arrivals] == [
        ("prompt", "salt", "added"),
        ("prompt", "open-sea", "added"),
    ]
    assert (essay_rows(project), report.problems) == ([], ())


def test_a_note_that_looks_like_prompts_comes_in_as_a_note_and_it_is_said_once(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "sections.md"
    path.write_text("## Of Salt\n\nThe salt was.\n\n## Of the Sea\n\nAt sea.\n", encoding="utf-8")
    report = import_paths(project, [path])
    assert [item.what for item in report.arrivals] == ["note"]
    assert [problem.message for problem in report.problems] == [
        "looks like canary prompts, and is taken as note: if it holds prompts, import it `--as prompts`."
    ]
    path.write_text("## salt\n\nThe salt was.\n\n## sea\n\nAt sea.\n", encoding="utf-8")
    again = import_paths(project, [path])
    assert ([item.what for item in again.arrivals], again.changed, again.problems) == (["note"], ("sections",), ())
    assert [item.what for item in import_paths(project, [path], form="prompts").arrivals] == ["prompt", "prompt"]


def test_no_sample_essay_looks_like_prompts(project: Project) -> None:
    report = import_paths(project, [SAMPLE_ESSAYS])
    assert ({item.what for item in report.arrivals} - {"essay", "note"}, report.problems) == (set(), ())


@pytest.mark.parametrize("written", [b"", b"no zip at all", b"PK\x03\x04 and then nothing"])
def test_a_zip_that_cannot_be_read_is_named_alone_and_in_a_folder(
    project: Project, folder: Path, written: bytes
) -> None:
    damaged = folder / "export.zip"
    damaged.write_bytes(written)
    for path in (folder, damaged):
        (problem,) = import_paths(project, [path]).problems
        assert problem.path == str(damaged)
        assert problem.message.startswith("is not a readable zip (")
    assert len(essay_rows(project)) == 2


def test_a_zip_of_other_things_is_no_import(project: Project, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as photos:
        photos.writestr("a.jpg", b"a")
    (problem,) = import_paths(project, [tmp_path / "photos.zip"]).problems
    assert "what is in this .zip is of no form that is known here" in problem.message


@pytest.mark.parametrize("name", ["email_list.voice.csv", "12.a-post.delivers.csv", "12.a-post.opens.csv"])
def test_lists_of_other_peoples_addresses_are_never_read(project: Project, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("email\nreader@example.org\n")
    (tmp_path / name).chmod(0)
    assert "never read" in import_paths(project, [tmp_path / name]).problems[0].message


def test_the_command_shows_what_would_come_in_by_file(project: Project) -> None:
    arguments = ["-p", str(project.root), "import", str(SAMPLE_ESSAYS), "--dry-run"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["outcome", "what", "name", "count", "words", "paragraphs", "title", "file"]
    assert len(lines) == 23
    assert all(line.startswith("added") for line in lines[1:])
    assert "Would come in: 22 added" in result.stderr
    report = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)
    assert len(report["added"]) == len(report["arrivals"]) == 22
    assert report["dry_run"] is True


def test_in_a_project_folder_what_the_program_wrote_is_passed_over_and_a_dry_run_says_so(project: Project) -> None:
    for name in ("salt.md", "exports/dataset-1/train.md", ".venv/lib/LICENSE.md"):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("## pair: salt\ntier: 1\n\n### prompt\nP\n\n### response\nR\n")
    (project.root / "salt.md").write_text("# Salt\n\nA pinch of it.\n")
    arguments = ["-p", str(project.root), "import", str(project.root)]
    foreseen = CliRunner().invoke(cli, [*arguments, "--dry-run"])
    assert "passed over: .venv/, exports/, runs/\nWould come in: 1 added" in foreseen.stderr
    report = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)
    assert report["added"] == ["salt"]
    assert report["passed_over"] == [".venv/", "exports/", "runs/"]
    # What is named is read.
    assert import_paths(project, [project.root / "exports"]).new_pairs == 1
