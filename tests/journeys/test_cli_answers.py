"""What the commands answer where there is nothing of that name or number, or nothing to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from store.pairs import PairFilter
from tests.journeys.builders import make_curated_project
from workbench.cli.main import cli
from workbench.operations.curating import pair_ids
from workbench.operations.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with accepted pairs."""
    return make_curated_project(tmp_path / "voice")


def call(project: Project, *words: str | int, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["-p", str(project.root), *map(str, words)])
    assert result.exit_code == code, result.output
    return result


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("history", "show", 9999), "There is no edit 9999 in the history"),
        (("history", "undo-to", 9999), "There is no edit 9999 in the history"),
        (("pairs", "show", 9999), "There is no pair 9999, or no more"),
        (("pairs", "accept", 9999), "There is no pair 9999, or no more"),
        (("pairs", "reject", 9998, 9999), "There are no pairs 9998, 9999, or no more"),
        (("pairs", "skip", 9999), "There is no pair 9999, or no more"),
        (("pairs", "flag", 9999), "There is no pair 9999, or no more"),
        (("waive", "short", "--pair", 9999, "--reason", "so"), "There is no pair 9999, or no more"),
        (("waive", "--take-back", 9999), "There is no waiver 9999, or no more"),
        (("dataset", "pair", 99, 1), "There is no dataset 99"),
        (("essays", "join", "queue-position-four"), "name two or more that belong together"),
        (("essays", "part", "queue-position-four"), "`workbench essays join` makes one"),
    ],
)
def test_what_is_not_there_is_named_and_fails(project: Project, words: tuple[str | int, ...], said: str) -> None:
    assert said in call(project, *words, code=1).stderr


def test_of_several_pairs_none_is_decided_where_one_is_not_there(project: Project) -> None:
    accepted = pair_ids(project, PairFilter(statuses=("accepted",)))
    call(project, "pairs", "reject", accepted[0], 9999, code=1)
    assert pair_ids(project, PairFilter(statuses=("accepted",))) == accepted


def test_all_that_is_proposed_is_decided_of_an_essay_of_words_or_of_a_tier_alone(project: Project) -> None:
    listed = json.loads(call(project, "pairs", "list", "--essay", "on-sandals", "--json").stdout)
    assert {row["source"] for row in listed} == {"on-sandals"}
    (left,) = [row["id"] for row in listed if row["status"] == "proposed"]
    assert call(project, "pairs", "accept", "--all-proposed", "--tier", "thesis").stdout == "0\n"
    assert call(project, "pairs", "accept", "--all-proposed", "--words", "heliotrope").stdout == "0\n"
    assert call(project, "pairs", "accept", "--all-proposed", "--essay", "on-sandals").stdout == "1\n"
    proposed = list(pair_ids(project, PairFilter(statuses=("proposed",))))
    assert left not in proposed
    assert len(proposed) == 3
    said = call(project, "pairs", "accept", left, "--words", "boots", code=2).stderr
    assert "--essay, --words and --tier narrow --all-proposed, not ids." in said
    assert "No essay named nowhere." in call(project, "pairs", "list", "--essay", "nowhere", code=1).stderr


def test_an_edit_says_what_it_wrote_and_without_texts_it_is_wrong_usage(project: Project) -> None:
    first = pair_ids(project, PairFilter(statuses=("accepted",)))[0]
    assert "Give --prompt, or --response" in call(project, "pairs", "edit", first, code=2).stderr
    assert f"Prompt of pair {first} written." in call(project, "pairs", "edit", first, "--prompt", "Why salt?").stderr
    assert "says that already" in call(project, "pairs", "edit", first, "--prompt", "Why salt?").stderr
    both = call(project, "pairs", "edit", first, "--prompt", "Why?", "--response", "Because it keeps.")
    assert f"Prompt and response of pair {first} written." in both.stderr


def test_an_import_of_prompts_says_what_came_in_and_fails_where_a_block_is_broken(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "prompts.md"
    path.write_text("## one\n\nOnce.\n\n## two\n\nTwice.\n", encoding="utf-8")
    assert "2 added." in call(project, "canaries", "import", path).stderr
    path.write_text("## one\n\nOnce more.\n\n## two\n\nTwice.\n\n## three\n\n", encoding="utf-8")
    broken = call(project, "canaries", "import", path, "--json", code=1)
    assert "1 replaced, 1 as before, 1 with a fault: left out." in broken.stderr
    assert "'three' has no prompt" in broken.stderr
    found = json.loads(broken.stdout)
    assert (found["imported"], found["replaced"], found["same"], len(found["problems"])) == (2, 1, 1, 1)


def test_an_unknown_model_is_not_to_be_added_where_it_was_to_be_removed(project: Project) -> None:
    assert "Add it with" in call(project, "models", "show", "nix", code=1).stderr
    removed = call(project, "models", "remove", "nix", code=1).stderr
    assert "nix is no model of this project. Its models: embedded." in removed
    assert "Add it with" not in removed


def test_a_project_that_stands_is_not_said_to_be_made(project: Project, tmp_path: Path) -> None:
    assert "is a project already" in call(project, "init").stderr
    assert "Project made" in CliRunner().invoke(cli, ["-p", str(tmp_path / "new"), "init"]).stderr


def test_the_doctor_advises_on_the_interpreter_that_the_settings_name(project: Project) -> None:
    project.change_setting("local", "python", "/nowhere/python")
    said = call(project, "doctor", code=1).stderr
    assert "The interpreter is named under [local] in workbench.toml" in said
    assert "Install the extra" not in said


def test_what_is_wanting_is_said_in_commands_and_never_in_keys(tmp_path: Path) -> None:
    empty = Project.create(tmp_path / "empty")
    assert "`workbench dataset freeze`" in call(empty, "export", "dataset", "--out", tmp_path / "out", code=1).stderr
    assert "`workbench pairs accept`" in call(empty, "dataset", "freeze", code=1).stderr
    assert "`workbench dataset freeze`" in call(empty, "run", "--dry-run", code=1).stderr
