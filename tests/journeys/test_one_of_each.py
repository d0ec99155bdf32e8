"""A project that holds one of each thing never speaks of `1 things`: on its screens, on the command line, in errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from store.pairs import PairFilter
from tests.journeys.program import opened, press, shown
from workbench.cli.main import cli
from workbench.operations import curating
from workbench.operations.canaries import add_canary
from workbench.operations.essays import essay_rows, toggle_holdout
from workbench.operations.freezing import freeze
from workbench.operations.importing import import_paths
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs

# A count of one, with at most one word between it and a word that ends in s.
_ONE = re.compile(r"(?<![\w.,:/%-])1 ((?:[a-z-]+ )?)([a-z]+[^s\W]s)\b")
# Behind these the word that ends in s is no plural counted by the one; nor are these plurals.
_BETWEEN = ("of ", "on ", "in ", "to ", "and ", "is ", "was ", "has ", "essay ", "pair ", "paragraph ", "warning ")
_NO_PLURALS = ("is", "was", "has", "as", "this", "stands", "decides")


def wrong(text: str) -> list[str]:
    """Return every plural behind a one."""
    return [
        f"1 {between}{word}"
        for between, word in _ONE.findall(text)
        if between not in _BETWEEN and word not in _NO_PLURALS
    ]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One essay, one pair of it accepted and frozen, one canary prompt."""
    folder = tmp_path / "one"
    (folder / "essays").mkdir(parents=True)
    text = "A hat is kept for the rain, and the rain is kept for the hat. " * 16
    (folder / "essays" / "hats.md").write_text(f"# Hats\n\n{text}\n\n{text}\n", encoding="utf-8")
    project = Project.create(folder, essays=("essays",))
    import_paths(project, [folder / "essays"])
    propose_pairs(project, [essay_rows(project)[0].id])
    first, *others = curating.pair_ids(project, PairFilter())
    if others:
        curating.decide(project, others, "rejected")
    curating.decide(project, [first], "accepted")
    add_canary(project, prompt="Of hats.")
    freeze(project)
    return project


def test_the_check_sees_a_plural_behind_a_one() -> None:
    text = "1 pairs to train on, 1 canary prompts, 1 essay, 1 of 3 pairs, 11 pairs, 0.1 pairs, 1 pair is"
    assert wrong(text) == ["1 pairs", "1 canary prompts"]


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_no_screen_speaks_of_one_things(project: Project, size: tuple[int, int]) -> None:
    async with opened(project.root, "essays", size=size) as (app, pilot):
        seen = [shown(app.screen)]
        for keys in ("tab", "escape", "h", "h", "2", "tab", "tab", "v", "escape", "3", "enter", "escape", "c", "enter",
                     "escape", "tab", "4", "5", "1", "L", "escape", "space", "R"):  # fmt: skip
            await press(pilot, keys)
            seen.append(shown(app.screen))
        text = "\n".join(seen)
        assert "1 essay, none held out ·" in text
        assert "1 pair to train on" in text
        assert wrong(text) == []


@pytest.mark.parametrize(
    "command",
    [
        "essays list",
        "pairs list",
        "canaries list",
        "models list",
        "check",
        "dataset list",
        "dataset show 1",
        "dataset freeze",
        "runs list",
        "history",
        "doctor",
        "search hat",
        "essays hold-out --count 1",
    ],
)
def test_no_command_speaks_of_one_things(project: Project, command: str) -> None:
    done = CliRunner().invoke(cli, ["--project", str(project.root), *command.split()])
    assert done.exit_code in (0, 1), done.output
    assert wrong(done.output) == []


def test_counting_words_go_with_one(project: Project) -> None:
    row = essay_rows(project)[0]
    assert wrong(toggle_holdout(project, [row.id])) == []
    report = CliRunner().invoke(cli, ["--project", str(project.root), "import", str(project.root / "essays")])
    assert wrong(report.output) == []
