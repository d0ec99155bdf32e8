"""Ratings and tags in Review and on the command line: by keys, undone, completed, exported, found again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from store import annotations
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_reviewed_project
from tests.journeys.program import opened, press, shown
from tests.journeys.screens import settle as until
from workbench.cli.main import cli
from workbench.operations.project import Project
from workbench.operations.reviewing import review
from workbench.widgets.rating_dialog import RatingDialog


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "voice")


def said(project: Project, kind: str, of: str = "base") -> list[tuple[str | None, int | None, str]]:
    """Return what was said of the first pair's sample."""
    view = review(project, SECOND_RUN)
    sample = view.comparisons[0].base if of == "base" else view.comparisons[0].adapter
    return [(item.label, item.value, item.body) for item in view.annotations.get(sample.id, ()) if item.kind == kind]


async def test_digits_rate_by_one_criterion_after_the_other_and_the_text_stays_in_sight(project: Project) -> None:
    async with opened(project.root, "review", size=(100, 30)) as (app, pilot):
        opening = review(project, SECOND_RUN).comparisons[0].base.text.split()[:4]
        await press(pilot, "c")
        assert isinstance(app.screen, RatingDialog)
        seen = shown(app.screen)
        assert "Does it sound like me?" in seen
        assert " ".join(opening) in seen
        await press(pilot, "4", "2", "5")
        assert "[4]" in shown(app.screen)
        await press(pilot, "escape")
        assert "voice 4 · sense 2 · freshness 5" in shown(app.screen)
        assert app.screen.id == "review", "a digit on the scale opens no other screen"
    assert said(project, "rating") == [("voice", 4, ""), ("sense", 2, ""), ("freshness", 5, "")]
    assert said(project, "rating", "run") == []


async def test_a_rating_is_changed_taken_away_and_undone(project: Project) -> None:
    async with opened(project.root, "review", size=(100, 30)) as (app, pilot):
        await press(pilot, "tab", "c", "4", "k", "1", "k", "0", "escape")
        assert said(project, "rating", "run") == []
        await press(pilot, "u")
        assert said(project, "rating", "run") == [("voice", 1, "")]
        await press(pilot, "u")
        assert said(project, "rating", "run") == [("voice", 4, "")]
        assert "voice 4" in shown(app.screen)


async def test_the_criteria_are_those_of_the_settings_as_they_stand(project: Project) -> None:
    settings = project.root / "workbench.toml"
    async with opened(project.root, "review", size=(100, 30)) as (app, pilot):
        text = settings.read_text()
        settings.write_text(text[: text.index("[rubric]")] + '[rubric]\nbreath = "Can I read it aloud?"\n')
        await press(pilot, "c")
        assert "Can I read it aloud?" in shown(app.screen)
        assert "sound like me" not in shown(app.screen)
        await press(pilot, "3", "escape")
        assert said(project, "rating") == [("breath", 3, "")]
        settings.write_text("[rubric]\n")
        await press(pilot, "c")
        assert "no criterion to rate by" in shown(app.screen)
        settings.write_text('[rubric]\nbreath = 3\n"two words" = "?"\n')
        await press(pilot, "c")
        seen = " ".join(shown(app.screen).split())
        assert "rubric.breath: found 3" in seen
        assert "rubric.two words: expected a name of one word" in seen


async def test_tags_are_typed_completed_and_taken_back(project: Project) -> None:
    async with opened(project.root, "review", size=(100, 30)) as (app, pilot):
        await press(pilot, "t", *"Loop, dry", "enter")
        assert "#loop #dry" in shown(app.screen)
        await press(pilot, "tab", "t")
        assert "In use: dry, loop." in shown(app.screen)
        await press(pilot, *"lo", "tab", "enter")
        assert said(project, "tag", "run") == [(None, None, "loop")]
        assert annotations.tags(project.db) == [("loop", 2), ("dry", 1)]
        await press(pilot, "t", "ctrl+u", "enter")
        assert said(project, "tag", "run") == []
        await press(pilot, "u", "u")
        assert said(project, "tag", "run") == []
        assert said(project, "tag") == [(None, None, "loop"), (None, None, "dry")]


async def test_tags_are_kept_by_esc_as_a_note_is(project: Project) -> None:
    async with opened(project.root, "review") as (app, pilot):
        await press(pilot, "t")
        assert "enter or esc keep and go back" in shown(app.screen)
        await press(pilot, *"odd", "escape")
        assert said(project, "tag") == [(None, None, "odd")]


async def test_a_tag_is_found_and_leads_to_its_pair(project: Project) -> None:
    async with opened(project.root, "review", size=(100, 30)) as (app, pilot):
        await press(pilot, "right_square_bracket", "t", *"loopish", "enter", "1", "F", *"loopish")
        await until(pilot, lambda: "1 found" in shown(app.screen))
        assert "on a sample" in shown(app.screen)
        await press(pilot, "enter")
        assert "pair 2 of 6" in shown(app.screen)


async def test_masked_a_tag_that_is_found_does_not_name_the_run_of_its_sample(project: Project) -> None:
    async with opened(project.root, "review", size=(160, 30)) as (app, pilot):
        await press(pilot, "t", *"loopish", "enter", "1", "F", *"loopish")
        await until(pilot, lambda: "1 found" in shown(app.screen))
        assert BASE_RUN[:20] in shown(app.screen)
        await press(pilot, "escape", "5", "M", "1", "F", *"loopish")
        await until(pilot, lambda: "1 found" in shown(app.screen))
        assert BASE_RUN[:8] not in shown(app.screen)
        assert "on a sample" in shown(app.screen)


async def test_masked_the_dialogs_name_a_and_b_only(project: Project) -> None:
    async with opened(project.root, "review", size=(100, 30)) as (app, pilot):
        await press(pilot, "M", "c")
        assert "Rate the sample of A" in shown(app.screen)
        await press(pilot, "3", "escape", "t")
        assert "Tags of the sample of A" in shown(app.screen)


async def test_while_a_span_is_marked_neither_opens(project: Project) -> None:
    async with opened(project.root, "review", size=(100, 30)) as (app, pilot):
        await press(pilot, "m", "t", "c", "b")
        assert app.screen.id == "review"


def cli_review(project: Project, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, ["--project", str(project.root), "review", *arguments])
    assert done.exit_code == code, done.output
    return done


def data(project: Project, *arguments: str) -> Any:
    return json.loads(cli_review(project, *arguments, "--json").stdout)


def test_the_command_line_rates_tags_and_shows_what_is_tagged(project: Project, tmp_path: Path) -> None:
    prompt = review(project, SECOND_RUN).comparisons[0].base.canary_slug
    cli_review(project, "rate", SECOND_RUN, prompt, "1", "base", "voice", "4")
    cli_review(project, "rate", SECOND_RUN, prompt, "1", "run", "sense", "2")
    cli_review(project, "tag", SECOND_RUN, prompt, "1", "run", "Loop", "dry")
    assert data(project, "tags") == [{"tag": "dry", "samples": 1}, {"tag": "loop", "samples": 1}]
    assert list(data(project, "rubric")) == ["voice", "sense", "freshness"]
    view = data(project, "show", SECOND_RUN, "--tag", "loop")
    assert len(view["comparisons"]) == 1
    text = cli_review(project, "show", SECOND_RUN).stdout
    assert "- voice: 4 of 5" in text
    assert "- tag: loop" in text
    path = tmp_path / "review.jsonl"
    CliRunner().invoke(cli, ["--project", str(project.root), "export", "review", SECOND_RUN, str(path)])
    row = json.loads(path.read_text().splitlines()[0])
    assert [(item["of"], item["label"], item["value"], item["body"]) for item in row["annotations"]] == [
        ("base", "voice", 4, ""),
        ("run", "sense", 2, ""),
        ("run", None, None, "loop"),
        ("run", None, None, "dry"),
    ]
    cli_review(project, "rate", SECOND_RUN, prompt, "1", "base", "voice", "none")
    cli_review(project, "tag", SECOND_RUN, prompt, "1", "run")
    assert said(project, "rating") == []
    assert data(project, "tags") == []


def test_what_cannot_be_rated_or_tagged_is_said(project: Project) -> None:
    prompt = review(project, SECOND_RUN).comparisons[0].base.canary_slug
    first = ("rate", SECOND_RUN, prompt, "1", "base")
    assert "No criterion is named 'wit'" in cli_review(project, *first, "wit", "4", code=1).stderr
    cli_review(project, *first, "voice", "6", code=2)
    assert "No sample is tagged 'x'" in cli_review(project, "show", SECOND_RUN, "--tag", "x", code=1).stderr
    assert "has 41 letters" in cli_review(project, "tag", SECOND_RUN, prompt, "1", "base", "a" * 41, code=1).stderr
    assert "has no pair 9" in cli_review(project, "tag", SECOND_RUN, prompt, "9", "base", "a", code=1).stderr
