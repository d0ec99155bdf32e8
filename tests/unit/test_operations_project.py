"""Project folders and their settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.operations.errors import NoProjectError, ProjectError
from workbench.operations.project import Project, Settings, read_settings


def test_a_new_project_holds_settings_a_store_and_keeps_itself_out_of_git(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "voice", essays=("my essays",))
    assert project.settings.essays == ("my essays",)
    assert (project.root / "workbench.db").is_file()
    assert (project.root / "runs").is_dir()
    assert (project.root / ".gitignore").read_text().splitlines()[-1] == "*"


def test_the_template_says_the_defaults(tmp_path: Path) -> None:
    project = Project.create(tmp_path)
    assert project.settings == Settings()


def test_creating_a_project_again_changes_none_of_its_files(tmp_path: Path) -> None:
    Project.create(tmp_path)
    settings = tmp_path / "workbench.toml"
    settings.write_text("response_tokens = 99\n")
    assert Project.create(tmp_path).settings.response_tokens == 99
    assert settings.read_text() == "response_tokens = 99\n"


def test_a_project_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    Project.create(tmp_path)
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    assert Project.open(inside).root == tmp_path.resolve()


def test_a_folder_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoProjectError, match="workbench init"):
        Project.open(tmp_path)


def test_all_faults_of_the_settings_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "workbench.toml"
    path.write_text('respnse_tokens = 5\ncontext_tokens = "many"\nmax_length = 1\n[local]\nnice = 40\n')
    with pytest.raises(ProjectError) as caught:
        read_settings(path)
    message = str(caught.value)
    assert "Did you mean 'response_tokens'" in message
    assert "context_tokens: found 'many', expected a whole number" in message
    assert "max_length: found 1, expected 32 or more" in message
    assert "local.nice: found 40" in message


def test_settings_that_are_not_toml_name_the_line(tmp_path: Path) -> None:
    path = tmp_path / "workbench.toml"
    path.write_text("essays = [\n")
    with pytest.raises(ProjectError, match="line"):
        read_settings(path)


def test_a_path_outside_the_project_is_kept_whole_and_one_inside_relative(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "voice")
    assert project.relative(project.root / "essays" / "a.md") == "essays/a.md"
    outside = (tmp_path / "b.md").resolve()
    assert project.absolute(project.relative(outside)) == outside
