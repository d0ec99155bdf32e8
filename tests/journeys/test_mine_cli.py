"""The blind test on the command line: begun, read, answered, revealed, listed, and never told too early."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.journeys.blind_builder import RUN, make_blind_project
from workbench.cli.main import cli
from workbench.operations import blind
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_blind_project(tmp_path / "voice", per_prompt=1)


def mine(project: Project, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, ["--project", str(project.root), "review", "mine", *arguments])
    assert done.exit_code == code, done.output
    return done


def data(project: Project, *arguments: str) -> Any:
    return json.loads(mine(project, *arguments, "--json").stdout)


def test_a_round_from_its_beginning_to_its_result(project: Project) -> None:
    begun = data(project, "begin", RUN, "--texts", "8", "--seed", "4")
    assert (begun["round"], begun["texts"], begun["seed"], begun["revealed_at"]) == (1, 8, 4, None)
    for left in range(8, 0, -1):
        text = data(project, "next", RUN)
        assert (text["left"], text["of"]) == (left, 8)
        assert set(text) == {"run", "round", "number", "of", "left", "words", "text", "sure", "note"}
        mine(project, "answer", RUN, str(text["number"]), "mine", "--sure", "2", "--note", "plain")
    assert "All 8 texts" in mine(project, "next", RUN, code=1).stderr
    assert "All texts of round 1" in mine(project, "show", RUN, code=1).stderr
    found = data(project, "reveal", RUN)
    real = sum(item["real"] for item in found["sources"])
    assert found["all"]["right"] == real
    assert found["by_sure"]["2"]["answered"] == 8
    assert data(project, "show", RUN, "--round", "1") == found
    shown = mine(project, "show", RUN).stdout
    assert f"You told {real} of 8 rightly" in shown
    assert "note: plain" in shown
    assert "was seen" in mine(project, "answer", RUN, "1", "skip", code=1).stderr


def test_before_the_result_nothing_tells_whose_a_text_is(project: Project) -> None:
    mine(project, "begin", RUN, "--seed", "4")
    hidden = [item.pair_hash or f"sample {item.sample_id}" for item in blind.round_of(project, RUN).texts]
    said = "".join(
        mine(project, *words, code=code).output
        for words, code in (
            (("next", RUN), 0),
            (("next", RUN, "--json"), 0),
            (("list",), 0),
            (("list", RUN, "--json"), 0),
            (("show", RUN), 1),
            (("reveal", RUN), 1),
        )
    )
    assert not any(word in said for word in hidden)
    assert "held-out" not in said
    assert "workbench review mine next" in said


def test_rounds_are_listed_with_their_results(project: Project) -> None:
    mine(project, "begin", RUN, "--texts", "6")
    mine(project, "answer", RUN, "2", "not-mine")
    (row,) = data(project, "list")
    assert (row["texts"], row["left"]) == (6, 5)
    mine(project, "end", RUN)
    mine(project, "reveal", RUN)
    assert "of 1 rightly" in mine(project, "list", RUN).stdout
    (row,) = data(project, "list", RUN)
    assert row["answered"] == 1


def test_what_cannot_be_is_said_with_what_to_do(project: Project) -> None:
    assert "begin one with `workbench review mine begin" in mine(project, "next", RUN, code=1).stderr
    assert "expected 6 to 200" in mine(project, "begin", RUN, "--texts", "3", code=1).stderr
    mine(project, "begin", RUN, "--texts", "6")
    assert "has no result yet" in mine(project, "begin", RUN, code=1).stderr
    assert "has texts 1 to 6" in mine(project, "answer", RUN, "7", "mine", code=1).stderr
    assert "expected 1, 2 or 3" in mine(project, "answer", RUN, "1", "mine", "--sure", "9", code=1).stderr
    mine(project, "answer", RUN, "1", "perhaps", code=2)


def test_held_out_prompts_become_canary_prompts(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "bare", prompts=False)
    assert "Added 5 canary prompts" in mine(project, "prompts", RUN, "--count", "5").stderr
    mine(project, "prompts", RUN)
    assert "among the canary prompts already" in mine(project, "prompts", RUN, code=1).stderr
