"""The text of an essay or note, edited from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from store import essays as stored
from workbench.cli.main import cli
from workbench.operations.essays import essay_rows
from workbench.operations.import_notes import import_pasted
from workbench.operations.importing import import_paths
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a note that was pasted, and one that is a file."""
    project = Project.create(tmp_path / "voice")
    import_pasted(project, "A kettle is a promise.")
    (tmp_path / "salt.md").write_text("# Salt\n\nA pinch of it.\n")
    import_paths(project, [tmp_path / "salt.md"])
    return project


def call(project: Project, *arguments: str, text: str = "", exit_code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["-p", str(project.root), "essays", "edit", *arguments], input=text)
    assert result.exit_code == exit_code, result.output
    return result


def text_of(project: Project, slug: str) -> str:
    return stored.text(project.db, next(row.id for row in essay_rows(project) if row.slug == slug))


def test_a_text_is_taken_from_a_file_or_from_standard_input_and_put_back(project: Project, tmp_path: Path) -> None:
    name = "a-kettle-is-a-promise"
    (tmp_path / "new.txt").write_text("A kettle is a threat.\n")
    said = call(project, name, "--text", str(tmp_path / "new.txt"), "--json")
    answer: Any = json.loads(said.stdout)
    assert (answer["slug"], answer["title"], answer["changed"]) == (name, "A kettle is a threat.", True)
    assert "A kettle is a threat.: edited." in said.stderr
    assert text_of(project, name) == "A kettle is a threat."
    assert "nothing was changed" in call(project, name, "--text", "-", text="A kettle is a threat.").stderr
    call(project, name, "--text", "-", text="A kettle sings.")
    assert text_of(project, name) == "A kettle sings."
    call(project, name, "--as-imported")
    assert text_of(project, name) == "A kettle is a promise."
    assert "stands as it came in" in call(project, name, "--as-imported", exit_code=1).stderr


def test_what_cannot_be_edited_so_is_said(project: Project, tmp_path: Path) -> None:
    assert f"stands in {tmp_path / 'salt.md'}" in call(project, "salt", "--text", "-", text="x", exit_code=1).stderr
    assert "Without a terminal" in call(project, "salt", exit_code=2).stderr
    assert "No essay named pepper" in call(project, "pepper", "--text", "-", exit_code=1).stderr
    assert "holds no words" in call(project, "a-kettle-is-a-promise", "--text", "-", exit_code=1).stderr
    assert call(project, "a-kettle-is-a-promise", "--text", "-", "--as-imported", exit_code=2)
