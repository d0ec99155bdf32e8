"""Files that cannot be taken as they are: each is named with its line and what to do, and the rest comes in."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from workbench.operations.canaries import canary_rows, import_canaries
from workbench.operations.errors import WorkbenchError
from workbench.operations.exporting import write_exports
from workbench.operations.importing import import_paths
from workbench.operations.project import Project

SALT = "# Salt\n\nA pinch of it is enough for a whole pot of soup.\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project.create(tmp_path / "voice")


@pytest.mark.parametrize("dry_run", [True, False])
def test_broken_lines_and_a_short_row_are_named_and_the_rest_comes_in(
    project: Project, tmp_path: Path, dry_run: bool
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "salt.md").write_text(SALT)
    (folder / "x.jsonl").write_text('{"a": 1}\n{broken\n')
    (folder / "t.csv").write_text("day,visits\n1,2\n3\n")
    (folder / "whole.csv").write_text("day,visits\n1,2\n")
    report = import_paths(project, [folder], dry_run=dry_run)
    assert report.added == ("salt",)
    named = {Path(item.path).name: (item.line, item.message) for item in report.problems}
    assert named["x.jsonl"][0] == 2
    assert "is not JSON" in named["x.jsonl"][1]
    assert named["t.csv"] == (
        3,
        "has 1 column, the first line 2 (day, visits). Mend the row, and for pairs name two of the columns prompt and "
        "completion.",
    )
    assert [Path(item.path).name for item in report.left_out] == ["whole.csv"]
    assert "has the columns day, visits" in report.left_out[0].message


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_copy_of_an_essay_under_another_name_is_warned_of(project: Project, tmp_path: Path, dry_run: bool) -> None:
    (tmp_path / "salt.md").write_text(SALT)
    (tmp_path / "salt-again.md").write_text(SALT)
    report = import_paths(project, [tmp_path / "salt.md", tmp_path / "salt-again.md"], dry_run=dry_run)
    assert len(report.added) == 2
    (problem,) = report.problems
    assert Path(problem.path).name == "salt-again.md"
    assert "is the same text as" in problem.message
    assert "salt.md" in problem.message
    assert "pairs count twice" in problem.message
    assert not import_paths(project, [tmp_path / "salt.md"], dry_run=dry_run).problems


def test_prompts_in_another_encoding_are_named_with_the_command_that_converts_them(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "prompts.md"
    path.write_bytes("## salt\ntopic: known\n\nA pinch.\n".encode("utf-16"))
    with pytest.raises(WorkbenchError, match=r"is UTF-16, not UTF-8.*iconv -f UTF-16 -t UTF-8") as caught:
        import_canaries(project, path)
    assert "slug" not in str(caught.value)
    with pytest.raises(WorkbenchError, match="is not there"):
        import_canaries(project, tmp_path / "nowhere.md")
    assert canary_rows(project) == []


def test_an_export_says_what_stands_in_its_way(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(WorkbenchError, match=r"taken is a file and no folder. Name another folder."):
        write_exports(project, {tmp_path / "taken" / "train.jsonl": b"{}"})
    (tmp_path / "folder" / "train.jsonl").mkdir(parents=True)
    with pytest.raises(WorkbenchError, match="is a folder"):
        write_exports(project, {tmp_path / "folder" / "train.jsonl": b"{}"})

    def refuse(*_arguments: object, **_options: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(WorkbenchError, match="no folder may be made there. Name a folder you may write to") as caught:
        write_exports(project, {tmp_path / "new" / "train.jsonl": b"{}"})
    assert "Errno" not in str(caught.value)
    assert str(tmp_path / "new" / "train.jsonl") in str(caught.value)
