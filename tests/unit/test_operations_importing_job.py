"""What there is much to read of is imported, looked at and proposed from in a child process, which can be stopped."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from store import essays, pair_reading, pairs
from workbench.operations import importing_job, stepping_back
from workbench.operations.importing import import_paths
from workbench.operations.importing_job import import_aside, look_in_child, propose_aside
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs

ESSAYS = 40


def silent(done: int, total: int, name: str) -> None:
    """Take progress without a word."""


def never() -> bool:
    """Go on."""
    return False


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a folder of essays that nothing was imported from yet, too long to be read at once."""
    folder = tmp_path / "voice" / "essays"
    folder.mkdir(parents=True)
    for number in range(ESSAYS):
        paragraphs = "\n\n".join(f"Paragraph {i} of essay {number} says little, at some length." * 3 for i in range(60))
        (folder / f"essay-{number:02d}.md").write_text(f"# Essay {number:02d}\n\n{paragraphs}\n", encoding="utf-8")
    (folder / "empty.md").write_bytes(b"")
    return Project.create(tmp_path / "voice", essays=("essays",))


def test_the_child_reports_what_an_import_here_would_have(project: Project) -> None:
    folder = project.root / "essays"
    assert not importing_job.is_little([folder])
    foreseen = import_aside(project, [folder], dry_run=True, progress=silent, cancelled=never)
    assert foreseen == import_paths(project, [folder], dry_run=True)
    assert essays.rows(project.db) == []
    said: list[tuple[int, int]] = []
    report = import_aside(project, [folder], progress=lambda d, t, _: said.append((d, t)), cancelled=never)
    assert len(report.added) == ESSAYS == len(essays.rows(project.db))
    assert [problem.path for problem in report.problems] == [str(folder / "empty.md")]
    assert said
    assert all(total == ESSAYS + 1 for _, total in said)
    assert import_aside(project, [folder], progress=silent, cancelled=never) == import_paths(project, [folder])


def test_a_little_is_read_without_a_child(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_job, "run_child", None)
    path = project.root / "essays" / "essay-01.md"
    assert import_aside(project, [path], progress=silent, cancelled=never).added == ("essay-01",)


@pytest.mark.parametrize("name", ["export.zip", "pairs.parquet"])
def test_what_is_packed_counts_as_much(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"little")
    assert not importing_job.is_little([tmp_path])
    assert importing_job.is_little([tmp_path / "not there"])


def test_a_cancelled_import_stops_after_the_essay_it_is_at_and_says_what_came_in(project: Project) -> None:
    said: list[int] = []
    folder = project.root / "essays"
    report = import_aside(project, [folder], progress=lambda d, t, _: said.append(d), cancelled=lambda: bool(said))
    assert report.cancelled
    assert len(report.added) == len(essays.rows(project.db)) < ESSAYS
    assert {row.slug for row in essays.rows(project.db)} == set(report.added)


def test_the_child_steps_back_with_its_whole_session(project: Project) -> None:
    found: list[tuple[int, bool, str]] = []

    def look(done: int, total: int, name: str) -> None:
        for child in psutil.Process().children():
            if not found and importing_job.__name__ in child.cmdline():
                group = Path(f"/proc/{child.pid}/autogroup")
                shared = group.read_text() if group.exists() else f"nice {stepping_back.NICE}\n"
                found.append((child.nice(), os.getsid(child.pid) == child.pid, shared))

    import_aside(project, [project.root / "essays"], progress=look, cancelled=never)
    (nice, leads, shared) = found[0]
    assert nice == min(19, os.nice(0) + stepping_back.NICE)
    assert leads
    assert shared.endswith(f"nice {stepping_back.NICE}\n")


def test_a_look_and_a_proposal_of_many_are_made_there_too(project: Project) -> None:
    import_paths(project, [])
    path = project.root / "essays" / "essay-03.md"
    path.write_text(path.read_text(encoding="utf-8").replace("little", "nothing", 1), encoding="utf-8")
    report = look_in_child(project, progress=silent, cancelled=never)
    assert report is not None
    assert report.changed == ("essay-03",)
    made = propose_aside(project, [], tiers=["continuation"], progress=silent, cancelled=never)
    assert made == pairs.counts(project.db).proposed > ESSAYS
    one = essays.rows(project.db)[0].id
    assert propose_aside(project, [one], tiers=["continuation"], progress=silent, cancelled=never) > 0


def test_the_index_of_words_is_put_together_after_many_pairs_and_not_after_those_of_one_essay(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(pair_reading, "put_together", asked.append)
    import_paths(project, [])
    propose_pairs(project, [1])
    assert asked == []
    propose_pairs(project, [2, 3])
    assert asked == [project.db]
    propose_pairs(project, [4, 5], cancelled=lambda: True)
    assert asked == [project.db]
