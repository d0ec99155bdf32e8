"""What is exported of the experiments: a report that claims no more than is known, lines of runs, preference pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from store import annotations, program, samples
from store import experiments as stored
from tests.journeys.builders import make_curated_project
from tests.journeys.experiment_builders import BROKEN, ROOT, SEVERAL, SLOWER, make_tree
from workbench.operations import noting, reviewing
from workbench.operations.errors import NothingToDoError, WouldReplaceError
from workbench.operations.experiment_export import export_experiments
from workbench.operations.preferences import preferences
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_tree(tmp_path / "voice")


def judge(project: Project, *verdicts: reviewing.Verdict, masked: bool = False) -> None:
    for item, verdict in zip(reviewing.review(project, SLOWER).comparisons, verdicts):
        reviewing.judge(project, item, verdict, masked=masked)


def written(project: Project, form: str, name: str, **how: object) -> str:
    path = project.root / "exports" / name
    export_experiments(project, path, form=form, **how)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


def test_the_report_holds_notebook_tree_findings_and_what_is_not_known(project: Project) -> None:
    judge(project, "right", "left", "tie")
    noting.add_note(project, "Half the rate keeps the thread.\n\n- and the sandals", run=SLOWER)
    text = written(project, "report", "report.md")
    assert f"on {SLOWER}:\n\n> Half the rate keeps the thread.\n>\n> - and the sandals" in text
    assert f"    │ └ {SEVERAL}  finished · 3 changes: learning_rate, max_steps, weight_decay · +" in text
    assert "- Lower beyond the noise of the pairs and of the seeds." in text
    assert "of twenty comparisons of runs that do not differ, about one lies beyond it." in text
    unknown = text.split("## What is not known")[1].split("\n## ")[0]
    assert f"there is no replicate: {SEVERAL}." in unknown
    assert f"Which of several changes at once did it: {SEVERAL}." in unknown
    assert f"cannot be laid beside each other: {BROKEN}." in unknown
    assert "6 runs, 4 comparisons of losses." in text


def test_samples_stand_side_by_side_and_mean_nothing_to_markdown(project: Project) -> None:
    view = reviewing.review(project, SLOWER)
    judge(project, "right")
    with project.db.transaction() as connection:
        connection.execute(
            "UPDATE sample SET text = ? WHERE id = ?", ("# Loud | *very*\n<b>end</b>", view.comparisons[0].base.id)
        )
    text = written(project, "report", "report.md")
    assert "| \\# Loud \\| \\*very\\*<br>\\<b\\>end\\</b\\> |" in text
    assert text.count("| base | run |") == 1
    # Those she noted on are chosen before any other.
    annotations.set_note(project.db, view.comparisons[2].adapter.id, "too sweet")
    annotations.rate(project.db, view.comparisons[2].adapter.id, "voice", 4)
    text = written(project, "report", "report.md")
    assert text.count("| base | run |") == 1
    assert "- run: note: too sweet" in text
    assert "- run: voice 4 of 5\n" in text


def test_a_masked_review_that_goes_on_is_not_unmasked_by_any_export(project: Project) -> None:
    program.remember(project.db, "review.masked", True)
    judge(project, "right", "left", "right", masked=True)
    text = written(project, "report", "report.md")
    assert "| base | run |" not in text
    assert "better than the base" not in text
    assert "Which side was better in masked reviews that go on" in text
    assert "### Samples\n\nLeft out while the masked review of this run goes on." in text
    told = export_experiments(project, project.root / "exports" / "again.md", form="report", dry_run=True)
    assert told.summary == "6 runs written as Markdown; without samples of 1 run whose masked review goes on"
    lines = [json.loads(line) for line in written(project, "runs", "runs.jsonl").splitlines()]
    (line,) = [line for line in lines if line["run"] == SLOWER]
    assert (line["verdicts"]["judged"], line["verdicts"]["masked"]) == (3, 3)
    assert {line["verdicts"][name] for name in ("better", "worse", "ties", "both_bad", "share")} == {None}
    with pytest.raises(NothingToDoError, match="of masked reviews that go on 3"):
        written(project, "preferences", "preferences.jsonl")


def test_each_run_is_a_line_with_what_is_known_and_null_for_what_is_not(project: Project) -> None:
    lines = {line["run"]: line for line in map(json.loads, written(project, "runs", "runs.jsonl").splitlines())}
    assert list(lines)[0] == ROOT
    slower, several = lines[SLOWER], lines[SEVERAL]
    assert slower["against"]["finding"] == "lower"
    assert slower["against"]["changes"][0]["path"] == "train.learning_rate"
    assert slower["against"]["over_seeds"][0] < slower["against"]["difference"] < slower["against"]["over_seeds"][1]
    assert several["against"]["over_seeds"] is None
    assert several["against"]["warning"].startswith("3 variables changed at once")
    assert lines[ROOT]["against"] is None
    assert len(lines[ROOT]["replicates"]) == 2
    assert slower["dataset"]["number"] == 1


def test_the_better_side_is_chosen_and_what_decides_nothing_is_counted(project: Project) -> None:
    judge(project, "right", "left", "tie", "both bad", "right")
    view = reviewing.review(project, SLOWER)
    found = preferences(project)
    assert [(pair.chosen, pair.rejected) for pair in found.pairs] == [
        (view.comparisons[0].adapter.text, view.comparisons[0].base.text),
        (view.comparisons[1].base.text, view.comparisons[1].adapter.text),
        (view.comparisons[4].adapter.text, view.comparisons[4].base.text),
    ]
    assert found.summary == "3 preference pairs; left out: ties 1, both bad 1"
    lines = written(project, "preferences", "preferences.jsonl").splitlines()
    assert [list(json.loads(line)) for line in lines] == [["prompt", "chosen", "rejected"]] * 3
    assert json.loads(lines[0])["prompt"] == view.comparisons[0].base.canary_prompt


def test_two_runs_read_side_by_side_give_pairs_too(project: Project) -> None:
    mine, theirs = (samples.of_run(project.db, run, "adapter") for run in (SLOWER, ROOT))
    annotations.set_verdict(project.db, mine[0].id, theirs[0].id, "left", False)
    (pair,) = preferences(project).pairs
    assert (pair.chosen, pair.rejected) == (mine[0].text, theirs[0].text)


def test_a_real_held_out_paragraph_is_never_among_them_unless_asked_for(project: Project) -> None:
    judge(project, "right", "right")
    view = reviewing.review(project, SLOWER)
    paragraph = next(text for text in stored.held_out_texts(project.db) if len(text.split()) > 20)
    with project.db.transaction() as connection:
        connection.execute(
            "UPDATE sample SET text = ? WHERE id = ?",
            ("And then: " + paragraph.replace(" ", "\n", 1), view.comparisons[0].adapter.id),
        )
    found = preferences(project)
    assert len(found.pairs) == 1
    assert found.left_out["with a real paragraph"] == 1
    assert len(preferences(project, with_real=True).pairs) == 2


def test_an_export_replaces_its_own_file_and_nobody_elses(project: Project) -> None:
    written(project, "report", "report.md")
    noting.add_note(project, "More.")
    assert "> More." in written(project, "report", "report.md")
    path = project.root / "exports" / "report.md"
    path.write_text("hers", encoding="utf-8")
    with pytest.raises(WouldReplaceError):
        written(project, "report", "report.md")
    assert path.read_text(encoding="utf-8") == "hers"
    with pytest.raises(WouldReplaceError):
        written(project, "report", "report.md", dry_run=True)
    assert written(project, "report", "report.md", force=True).startswith("# What was learnt in voice")


def test_without_runs_there_is_nothing_to_export(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    with pytest.raises(NothingToDoError, match="no run"):
        written(project, "report", "report.md")
    with pytest.raises(NothingToDoError, match="no preference pair"):
        written(project, "preferences", "p.jsonl")
    assert not (project.root / "exports").exists()
