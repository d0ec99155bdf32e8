"""Writing with the model from the command line, with a real session of the embedded model, and then with a made one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.journeys.fake_session import WORDS, instead_of_a_model
from workbench.cli.main import cli
from workbench.operations import sessions
from workbench.operations.project import Project

DRAFT = """# A draft

The lane bends past a farm where nobody hurries.

It is a great thing [[to be able to]] walk slowly in the morning.
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "d.md").write_text(DRAFT)
    return Project.create(tmp_path / "voice")


def call(project: Project, *words: object, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["-p", str(project.root), *map(str, words)], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result


def data(project: Project, *words: object) -> Any:
    return json.loads(call(project, *words, "--json").stdout)


def all_over(project: Project) -> None:
    call(project, "session", "stop")
    while any(view.lives for view in sessions.session_views(project)):
        time.sleep(0.02)


def test_a_span_is_filled_from_both_sides_by_a_model_that_stays_loaded(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    try:
        found = data(project, "infill", path, "--mark", "--samples", 2)
        texts = [item["text"] for item in found["answer"]["samples"]]
        assert len(texts) == 2
        assert path.read_text() == DRAFT
        said = call(project, "infill", path, "--mark", "--samples", 2, "--apply", 2)
        assert said.stdout == f"{texts[1]}\n"
        assert "These words are the model's: an import of this text will say so." in said.stderr
        assert path.read_text() == DRAFT.replace("[[to be able to]]", texts[1])
        (backup,) = (project.root / "backups" / "drafts").iterdir()
        assert backup.read_text() == DRAFT
        assert f"To take that back, copy {backup} over it: `workbench undo` does not change files." in said.stderr
        (row,) = data(project, "session", "list")
        assert (row["answered"], row["phase"], row["adapter_run"]) == (1, "wait", None)
        (kept,) = data(project, "session", "taken")
        assert (kept["body"], kept["draft"]) == (texts[1], str(path))
        assert data(project, "runs", "list") == []
        assert data(project, "session", "start") == {"session": row["name"]}
    finally:
        all_over(project)


def test_a_paragraph_more_is_written_to_a_copy_and_comes_in_with_a_warning(project: Project, tmp_path: Path) -> None:
    path, to = tmp_path / "d.md", tmp_path / "e.md"
    path.write_text("# A draft\n\nThe lane bends.\n\nIt ends in a pond.\n")
    with instead_of_a_model():
        try:
            shown = call(project, "infill", path, "--continue", "--line", 3, "--samples", 2)
            wanted = f"{WORDS[1].capitalize()}, and be the happier for it."
            assert shown.stdout.splitlines()[1] == f"2  {wanted}"
            written = call(project, "infill", path, "--continue", "--line", 3, "--samples", 2, "--apply", 2, "--to", to)
            assert "To take that back, delete it:" in written.stderr
        finally:
            all_over(project)
    assert to.read_text() == f"# A draft\n\nThe lane bends.\n\n{wanted}\n\nIt ends in a pond.\n"
    said = call(project, "import", to)
    assert f"{to}:5: holds 12 words that a model wrote, taken into {to}" in said.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Give --mark, --line, or --continue."),
        (("--mark", "--line", "2"), "Give --mark, --line, or --continue."),
        (("--mark", "--continue"), "Give --mark or --continue, not both."),
        (("--mark", "--to", "x"), "--to goes with --apply."),
        (("--mark", "--apply", "4"), "--apply 4: there are 3."),
        (("--line", "a"), "--line a: give A or A:B"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_loaded(
    project: Project, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    assert says in call(project, "infill", tmp_path / "d.md", *words, exit_code=2).stderr
    assert sessions.session_views(project) == []


def test_a_draft_without_a_mark_or_that_is_not_there_loads_nothing(project: Project, tmp_path: Path) -> None:
    (tmp_path / "d.md").write_text("No mark.")
    assert "found none" in call(project, "infill", tmp_path / "d.md", "--mark", exit_code=1).stderr
    assert "none.md" in call(project, "infill", tmp_path / "none.md", "--mark", exit_code=1).stderr
    assert sessions.session_views(project) == []


def test_a_session_that_fails_to_load_says_why(project: Project, tmp_path: Path) -> None:
    (project.runs_folder / "fail").touch()
    with instead_of_a_model():
        said = call(project, "infill", tmp_path / "d.md", "--mark", exit_code=1)
    assert "The model is too large." in said.stderr
