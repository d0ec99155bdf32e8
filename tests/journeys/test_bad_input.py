"""What bad input and bad luck get: a message that names it and says what to do, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from store.pairs import PairFilter
from tests.conftest import ROOT, SAMPLE_ESSAYS
from workbench.operations import (
    canaries,
    collecting,
    curating,
    edits,
    essays,
    freezing,
    importing,
    launching,
    proposing,
    running,
)
from workbench.operations.project import Project


def _write_bad_files(folder: Path) -> None:
    folder.mkdir()
    (folder / "good.md").write_text("# Good\n\n" + "A plain sentence about bread. " * 100, encoding="utf-8")
    (folder / "latin.md").write_bytes("caf\xe9 au lait\n".encode("latin-1"))
    (folder / "empty.md").write_bytes(b"")
    (folder / "folder.md").mkdir()
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    with (folder / "huge.md").open("wb") as file:
        file.truncate(50 * 1024 * 1024)


def test_bad_files_are_named_and_the_rest_is_imported(tmp_path: Path) -> None:
    _write_bad_files(tmp_path / "essays")
    project = Project.create(tmp_path / "voice")
    report = importing.import_paths(project, [tmp_path / "essays", tmp_path / "not there"])
    assert report.added == ("good",)
    named = {Path(problem.path).name for problem in report.problems}
    assert named >= {"latin.md", "empty.md", "huge.md", "loop", "not there"}
    for problem in report.problems:
        assert problem.message.count(".") >= 1, f"says no remedy: {problem}"
    assert [row.slug for row in essays.essay_rows(project)] == ["good"]


def test_a_file_that_vanishes_while_importing_is_named_and_the_rest_comes_in(tmp_path: Path) -> None:
    folder = tmp_path / "essays"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nSome words about {name}.\n", encoding="utf-8")
    project = Project.create(tmp_path / "voice")

    def remove_the_second(done: int, total: int, name: str) -> None:
        if name == "b.md":
            (folder / name).unlink()

    report = importing.import_paths(project, [folder], progress=remove_the_second)
    assert report.added == ("a", "c")
    assert [Path(problem.path).name for problem in report.problems] == ["b.md"]


def test_importing_the_same_folder_twice_changes_nothing(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "voice")
    first = importing.import_paths(project, [SAMPLE_ESSAYS])
    again = importing.import_paths(project, [SAMPLE_ESSAYS])
    assert first.problems == ()
    assert len(first.added) == 22
    assert (again.added, again.changed) == ((), ())
    assert again.same == first.added


def test_an_import_can_be_cancelled_and_keeps_whole_essays(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "voice")
    seen: list[str] = []
    report = importing.import_paths(
        project,
        [SAMPLE_ESSAYS],
        progress=lambda done, total, name: seen.append(name),
        cancelled=lambda: len(seen) >= 3,
    )
    assert report.cancelled
    assert len(essays.essay_rows(project)) == 3


@pytest.fixture
def ready(tmp_path: Path) -> Project:
    """A project with a dataset and one canary prompt, one key from a launch."""
    project = Project.create(tmp_path / "voice")
    importing.import_paths(project, [SAMPLE_ESSAYS / "salt.md", SAMPLE_ESSAYS / "mudflats.md"])
    proposing.propose_pairs(project)
    curating.decide(project, curating.pair_ids(project, PairFilter()), "accepted")
    canaries.add_canary(project, prompt="The wasps came back in June.", slug="wasps")
    freezing.freeze(project)
    return project


def _quick(project: Project, **changes: object) -> launching.Draft:
    wanted: dict[str, object] = {
        "train.per_device_train_batch_size": 1,
        "train.warmup_steps": 0,
        "sampling.max_new_tokens": 8,
        "sampling.block_length": 8,
        "sampling.steps": 8,
        "sampling.samples_per_prompt": 1,
    }
    return launching.change(project, launching.draft(project), wanted | changes)


def _wait_for(condition: object, *, timeout_s: float = 90.0) -> None:
    assert callable(condition)
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


def _steps(project: Project, name: str) -> list[int]:
    collecting.collect(project, (name,))
    return [step for step, _ in running.run_view(project, name).loss]


def _job(project: Project, name: str) -> psutil.Process:
    return psutil.Process(int((project.runs_folder / name / "attempts" / "001" / "pid").read_text()))


def test_a_job_killed_with_9_says_so_keeps_what_it_wrote_and_can_be_resumed(ready: Project) -> None:
    name = launching.launch(ready, _quick(ready, **{"train.max_steps": 400, "train.checkpoint_every_steps": 2}))
    _wait_for(lambda: len(_steps(ready, name)) >= 4)
    job = _job(ready, name)
    for process in [*job.children(recursive=True), job]:
        os.kill(process.pid, signal.SIGKILL)
    _wait_for(lambda: collecting.collect(ready, (name,)) and running.run_view(ready, name).over)
    view = running.run_view(ready, name)
    assert view.row.status == "killed"
    assert len(view.loss) >= 4
    assert [sample.of for sample in running.run_samples(ready, name)] == ["base"]
    before = dict(view.loss)
    running.resume(ready, name)
    _wait_for(lambda: len(_steps(ready, name)) > len(before) + 1)
    running.stop(ready, name)
    _wait_for(lambda: collecting.collect(ready, (name,)) and running.run_view(ready, name).over)
    view = running.run_view(ready, name)
    assert view.row.status == "stopped"
    assert view.attempts == 2
    assert {step: loss for step, loss in view.loss if step in before} == before


def test_collecting_twice_changes_nothing(ready: Project) -> None:
    name = launching.launch(ready, _quick(ready, **{"train.max_steps": 1}))
    assert collecting.wait(ready, name, say=lambda words: None) == "finished"
    view = running.run_view(ready, name)
    again = collecting.collect(ready, (name,))
    assert not again.changed
    assert running.run_view(ready, name) == view


def test_the_program_killed_in_the_middle_of_edits_keeps_all_up_to_the_last_one(ready: Project) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from workbench.operations import curating\n"
        "from workbench.operations.project import Project\n"
        "from store.pairs import PairFilter\n"
        "project = Project.open(Path(sys.argv[1]))\n"
        "first = curating.pair_ids(project, PairFilter())[0]\n"
        "number = 0\n"
        "while True:\n"
        "    number += 1\n"
        "    curating.note(project, [first], str(number))\n"
        "    print(number, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(ready.root)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    said = 0
    for line in process.stdout:
        said = int(line)
        if said >= 40:
            process.kill()
            break
    process.wait()
    rest = process.stdout.read().split()
    said = int(rest[-1]) if rest else said
    first = curating.pair_ids(ready, PairFilter())[0]
    kept = int(curating.pair_view(ready, first).pair.note)
    assert said <= kept <= said + 1


def test_two_programs_on_one_project_both_work(ready: Project) -> None:
    other = Project.open(ready.root)
    first, second = list(curating.pair_ids(ready, PairFilter()))[:2]
    curating.decide(ready, [first], "rejected")
    curating.decide(other, [second], "rejected")
    assert curating.pair_counts(ready).rejected == curating.pair_counts(other).rejected == 2
    assert edits.undo(ready) is not None
    assert curating.pair_counts(other).rejected == 1


def test_escapes_and_markup_in_essays_are_kept_and_shown_not_obeyed(tmp_path: Path) -> None:
    from workbench.cli.output import visible

    text = "An essay with \x1b[31mred\x1b[0m and [bold]markup[/bold] in it, long enough to be one.\n"
    (tmp_path / "odd.md").write_text(text, encoding="utf-8")
    project = Project.create(tmp_path / "voice")
    importing.import_paths(project, [tmp_path / "odd.md"])
    [row] = essays.essay_rows(project)
    kept = essays.essay_view(project, row.id).text
    assert kept == text
    assert "\x1b" not in visible(kept)
    assert "␛[31mred" in visible(kept)
    assert "[bold]markup[/bold]" in visible(kept)
