"""The experiments on the command line: the tree, a run in full, a comparison, the notebook; data on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.command_line import data, run
from tests.journeys.experiment_builders import AGAIN, ROOT, SEVERAL, SLOWER, make_tree
from workbench.operations.project import Project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cli") / "voice"
    make_tree(made).close()
    return made


def test_the_tree_is_drawn_with_its_guides_and_given_as_data(folder: Path) -> None:
    lines = run(folder, "experiments", "tree").stdout.splitlines()
    assert lines[0].split() == "run status val loss run:base against the run above what changed".split()
    assert lines[5].startswith(f"│ └ {SEVERAL}")
    assert lines[5].endswith("3 changes: learning_rate, max_steps, weight_decay")
    rows = data(folder, "experiments", "tree", "--words", "seed")
    assert [(row["row"]["name"], row["replicates"]) for row in rows][0][0] == AGAIN
    assert "failed" not in run(folder, "experiments", "tree", "--whole-only").stdout


def test_a_run_is_shown_with_its_noise_and_compared_by_the_beginning_of_its_name(folder: Path) -> None:
    shown = run(folder, "experiments", "show", SLOWER[:13]).stdout
    assert "Lower beyond the noise of the pairs and of the seeds." in shown
    assert "Nothing noted yet." in shown
    view = data(folder, "experiments", "compare", SEVERAL, SLOWER)
    assert view["loss"]["finding"] == "not known"
    assert view["loss"]["over_seeds"] is None
    assert view["loss"]["over_pairs"]["low"] < view["loss"]["value"] < view["loss"]["over_pairs"]["high"]
    assert "no run named 'x'" in run(folder, "experiments", "show", "x", code=1).stderr
    assert "not compared with itself" in run(folder, "experiments", "compare", ROOT, ROOT, code=1).stderr


def test_notes_are_written_changed_listed_found_and_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "voice"
    make_tree(folder).close()
    number = data(folder, "experiments", "note", "Half the rate is enough.", "--run", SLOWER, "--against", ROOT)["note"]
    run(folder, "experiments", "note", "Hold more out.")
    run(folder, "experiments", "note", "Half the rate will do.", "--change", str(number))
    found = data(folder, "experiments", "notes")
    assert [(note["run"], note["other_run"], note["body"]) for note in found] == [
        (SLOWER, ROOT, "Half the rate will do."),
        (None, None, "Hold more out."),
    ]
    assert "Half the rate will do." in run(folder, "experiments", "show", SLOWER).stdout
    assert [hit["kind"] for hit in data(folder, "search", "rate will do")] == ["notebook"]
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "In two lines,\\nby another hand.\\n" > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    run(folder, "experiments", "note", "--edit", str(number))
    assert data(folder, "experiments", "notes")[0]["body"] == "In two lines,\nby another hand."
    assert run(folder, "experiments", "note", "--edit", str(number)).stderr == "Nothing was changed.\n"
    editor.write_text('#!/bin/sh\n: > "$1"\n')
    assert run(folder, "experiments", "note", "--edit", str(number)).stderr.startswith("Removed. ")
    assert len(data(folder, "experiments", "notes")) == 1
    for _ in range(4):
        run(folder, "undo")
    assert [note["body"] for note in data(folder, "experiments", "notes")] == ["Half the rate is enough."]


def test_what_makes_no_note_is_refused(folder: Path) -> None:
    assert "needs --run" in run(folder, "experiments", "note", "x", "--against", ROOT, code=2).stderr
    assert "The note is empty" in run(folder, "experiments", "note", " ", code=1).stderr
    assert "Write the TEXT" in run(folder, "experiments", "note", code=2).stderr
    assert "no note 99" in run(folder, "experiments", "note", "x", "--change", "99", code=1).stderr
    for other in (("--change", "1"), ("--edit", "1")):
        text = ("x",) if other[0] == "--change" else ()
        refused = run(folder, "experiments", "note", *text, *other, "--run", ROOT, code=2)
        assert "one that stands stays on what it is on" in refused.stderr
    assert "--edit takes no TEXT" in run(folder, "experiments", "note", "x", "--edit", "1", code=2).stderr


def test_a_tree_without_runs_says_which_are_left_out(tmp_path: Path) -> None:
    Project.create(tmp_path / "voice").close()
    tree = ("experiments", "tree")
    assert run(tmp_path / "voice", *tree).stderr == "No runs yet: launch one with `workbench run`.\n"
    said = "No whole runs yet: leave --whole-only out for the others, or launch one with `workbench run`.\n"
    assert run(tmp_path / "voice", *tree, "--whole-only").stderr == said
    assert run(tmp_path / "voice", *tree, "--words", "x").stderr == "No run holds these words.\n"


def test_a_report_lines_and_preference_pairs_are_written_to_files(folder: Path, tmp_path: Path) -> None:
    report, lines, pairs = (tmp_path / name for name in ("report.md", "runs.jsonl", "pairs.jsonl"))
    assert run(folder, "experiments", "export", str(report)).stderr == "6 runs written as Markdown.\n"
    assert report.read_text(encoding="utf-8").startswith("# What was learnt in voice\n")
    assert data(folder, "experiments", "export", str(lines))["form"] == "runs"
    assert len(lines.read_text(encoding="utf-8").splitlines()) == 6
    asked = ("experiments", "export", str(pairs), "--form", "preferences")
    assert "Judge samples in Review first" in run(folder, *asked, code=1).stderr
    run(folder, "review", "verdict", SLOWER, "slow-puncture", "1", "run")
    assert run(folder, *asked, "--dry-run").stderr == "1 preference pair.\n"
    assert not pairs.exists()
    assert data(folder, *asked)["count"] == 1
    assert "needs --form preferences" in run(folder, *asked[:3], "--with-real", code=2).stderr
    report.write_text("hers", encoding="utf-8")
    assert "would be lost" in run(folder, "experiments", "export", str(report), code=1).stderr
    assert report.read_text(encoding="utf-8") == "hers"
