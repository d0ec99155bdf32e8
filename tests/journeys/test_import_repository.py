"""An earlier repository comes in as a folder: whole, with every fault named, and its outputs are reviewed by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from store import runs, samples
from tests.journeys.earlier_repository import BASE, LOG, PAIRS, TUNED, make_repository
from tests.journeys.screens import settle, shown
from workbench.app import WorkbenchApp
from workbench.cli.main import cli
from workbench.operations.canaries import canary_rows
from workbench.operations.collecting import collect
from workbench.operations.curating import pair_counts
from workbench.operations.edits import undo
from workbench.operations.errors import LaunchError
from workbench.operations.guide import next_step
from workbench.operations.importing import import_paths
from workbench.operations.launching import draft
from workbench.operations.project import Project
from workbench.operations.reviewing import review, reviewable_runs, tally
from workbench.operations.running import run_rows, run_view
from workbench.screens.review import ReviewScreen
from workbench.screens.runs import RunsScreen
from workbench.widgets.sample_text import SampleText


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that holds nothing yet."""
    return Project.create(tmp_path / "voice")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The earlier repository."""
    return make_repository(tmp_path / "earlier")


def line_of(text: str, line: str) -> int:
    return text.split("\n").index(line) + 1


def run_named(project: Project, part: str) -> str:
    (name,) = [row.name for row in run_rows(project) if part in row.name]
    return name


def test_all_of_it_comes_in_and_every_fault_is_named(project: Project, repository: Path) -> None:
    report = import_paths(project, [repository], accept=True)
    assert report.summary.startswith("Imported: 13 added (")
    counted = {
        what: sum(item.count for item in report.arrivals if item.what == what)
        for what in ("note", "pair", "prompt", "run")
    }
    assert counted == {"note": 1, "pair": 3, "prompt": 3, "run": 6}
    assert pair_counts(project).accepted == 3
    assert [row.slug for row in canary_rows(project)] == ["canary-a", "canary-b", "canary-c"]
    named = [
        (str(Path(problem.path).relative_to(repository)), problem.line, problem.message.split(". ")[0][:60])
        for problem in report.problems
    ]
    assert named == [
        (
            "5_llada/log.md",
            line_of(LOG, "| 1 | collapsed | 9.1 |"),
            "this line of the table holds 'collapsed' for a number",
        ),
        ("7_other/broken_finetuned.json", 1, "is not JSON (Expecting value)"),
        ("7_other/gpt2_finetuned.json", 2, "has as text 2 of 'A' 2"),
        ("7_other/gpt2_finetuned.json", 3, "has under 'B' a text, expected a list of texts"),
        ("curation/pairs.md", line_of(PAIRS, "## pair: broken_block"), 'this pair has no "### response" section'),
        ("7_other/gpt2_finetuned.json", None, "has no baselines of the model 'gpt2' beside it or in a folde"),
    ]
    assert report.left_out == ()


def test_importing_it_twice_changes_nothing_and_a_dry_run_says_what_comes(project: Project, repository: Path) -> None:
    foreseen = import_paths(project, [repository], dry_run=True)
    assert run_rows(project) == []
    assert canary_rows(project) == []
    first = import_paths(project, [repository])
    assert (foreseen.arrivals, foreseen.problems) == (first.arrivals, first.problems)
    before = (run_rows(project), canary_rows(project), pair_counts(project))
    again = import_paths(project, [repository])
    assert {item.outcome for item in again.arrivals} == {"same"}
    assert (run_rows(project), canary_rows(project), pair_counts(project)) == before
    elsewhere = repository.rename(repository.parent / "moved")
    moved = import_paths(project, [elsewhere / "5_llada"])
    assert {item.outcome for item in moved.arrivals if item.what == "run"} == {"same"}


def test_every_text_of_every_output_is_kept_to_the_letter(project: Project, repository: Path) -> None:
    import_paths(project, [repository])
    written = samples.of_run(project.db, run_named(project, "5-llada-llada-baselines"), "base")
    assert {(item.canary_slug, item.idx): item.text for item in written} == {
        (f"canary-{letter.lower()}", place): text for letter, texts in BASE.items() for place, text in enumerate(texts)
    }
    assert {(item.seed, item.tokens, item.seconds) for item in written} == {(None, None, None)}
    assert written[0].canary_prompt.startswith("The lane to the sea")
    dream = samples.of_run(project.db, run_named(project, "dream-finetuned"), "adapter")
    assert [item.text for item in dream] == [
        "A board stood there.\n\n### Notes\n\n---\n\nIt had no paint.",
        "",
        "Steam has no opinions.",
    ]


def test_a_log_becomes_the_note_and_the_metrics_of_the_run_it_tells_of(project: Project, repository: Path) -> None:
    import_paths(project, [repository])
    view = run_view(project, run_named(project, "1-lr-5e-5"))
    assert view.imported
    assert view.spec is None
    assert view.loss == ((1, 3.31), (2, 3.02), (3, 2.87))
    assert [item[:2] for item in view.validation] == [(1, 3.52), (2, 3.49), (3, 3.5)]
    assert view.row.note.startswith("Run 1 2026-02-10\n\n**Config:** LoRA r 16")
    known = dict(view.known)
    assert known["config"] == "LoRA r 16, alpha 32, 5e-5"
    assert known["folders"] == "5_llada, 1_LR 5e-5"
    assert "seeds" in known["unknown"]
    second = run_view(project, run_named(project, "2-lr-2e-4"))
    assert second.loss == ()
    assert "| 1 | collapsed | 9.1 |" in second.row.note


def test_imported_runs_are_left_alone_by_everything_that_works_on_runs(project: Project, repository: Path) -> None:
    import_paths(project, [repository])
    assert collect(project).problems == ()
    name = run_named(project, "1-lr-5e-5")
    assert collect(project, (name,)).problems == ()
    assert {row.status for row in run_rows(project)} == {"finished"}
    assert "imported" not in next_step(project).text
    with pytest.raises(LaunchError, match="made elsewhere"):
        draft(project, task="train", parent=name)
    result = CliRunner().invoke(cli, ["-p", str(project.root), "runs", "show", name, "--json"])
    assert result.exit_code == 0


def test_prompts_that_come_later_are_learnt_and_verdicts_stay(project: Project, repository: Path) -> None:
    report = import_paths(project, [repository / "5_llada"])
    assert "canary-a, canary-b, canary-c are said nowhere" in report.left_out[0].message
    name = run_named(project, "1-lr-5e-5")
    assert review(project, name).comparisons[0].base.canary_prompt == ""
    CliRunner().invoke(cli, ["-p", str(project.root), "review", "verdict", name, "canary-a", "1", "run"])
    again = import_paths(project, [repository / "canaries", repository / "5_llada"])
    assert {item.outcome for item in again.arrivals if item.what == "run"} == {"changed"}
    first = review(project, name).comparisons[0]
    assert (first.verdict, first.base.topic) == ("right", "known")
    assert first.base.canary_prompt.startswith("The lane to the sea")
    third = import_paths(project, [repository / "canaries", repository / "5_llada"])
    assert {item.outcome for item in third.arrivals} == {"same"}


def test_undo_takes_pairs_and_prompts_back_and_leaves_the_runs(project: Project, repository: Path) -> None:
    import_paths(project, [repository])
    assert undo(project) == "Undone: import 1 note, 3 pairs and 3 prompts from earlier"
    assert canary_rows(project) == []
    assert len(runs.rows(project.db)) == 6


async def test_an_imported_pair_of_baselines_and_finetuned_is_reviewed_by_keys(
    project: Project, repository: Path
) -> None:
    import_paths(project, [repository])
    name = run_named(project, "1-lr-5e-5")
    assert name in reviewable_runs(project)
    app = WorkbenchApp(project, project.root, screen="runs")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot, lambda: len(app.screen.query("#runs-list")) > 0 and app.screen.runs.current is not None)
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await settle(pilot, lambda: screen._view is not None)
        while screen.selected != name:
            await pilot.press("j")
            await settle(pilot, lambda: screen._view is not None and screen._view.row.name == screen.selected)
        await settle(pilot, lambda: "made elsewhere" in shown(pilot, "#run-facts"))
        await pilot.press("enter")
        await settle(
            pilot, lambda: isinstance(app.screen, ReviewScreen) and "pair 1 of 7" in shown(pilot, "#review-head")
        )
        assert "seed unknown" in shown(pilot, "#review-head")
        assert app.screen.query_one("#left", SampleText).text == BASE["A"][0]
        assert app.screen.query_one("#right", SampleText).text == TUNED["A"][0]
        assert "10 words" in shown(pilot, "#head-left")
        for empty in ("the model ended at once", "2 characters that do not show", "2,000 characters that do not show"):
            await pilot.press("right_square_bracket")
            await settle(pilot, lambda empty=empty: empty in shown(pilot, "#left"))
        await pilot.press(*["left_square_bracket"] * 3)
        for number in range(7):
            await pilot.press("right" if number != 3 else "x")
            await settle(pilot, lambda number=number: review(project, name).judged == number + 1)
        await settle(pilot, lambda: "of 7 pairs" in shown(pilot, "#message"))
    assert tally(review(project, name)) == {"base": 0, "run": 6, "tie": 0, "both bad": 1}


async def test_runs_shows_what_is_known_and_copies_nothing_of_a_run_made_elsewhere(
    project: Project, repository: Path
) -> None:
    import_paths(project, [repository / "5_llada", repository / "canaries"])
    app = WorkbenchApp(project, project.root, screen="runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot, lambda: isinstance(app.screen, RunsScreen) and app.screen._view is not None)
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        screen.select(run_named(project, "1-lr-5e-5"))
        await settle(pilot, lambda: screen._view is not None and "1-lr-5e-5" in screen._view.row.name)
        while screen._shown != "spec":
            await pilot.press("l")
        text = "\n".join(str(line) for line in screen.query_one("#run-text")._lines)
        assert "Made elsewhere" in text
        assert "LoRA r 16, alpha 32, 5e-5" in text
        await pilot.press("R", "S", "r")
        await settle(pilot, lambda: "no dataset" in shown(pilot, "StatusLine").lower() or app.screen is not screen)
