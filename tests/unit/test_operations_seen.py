"""What a model sees of a pair is what the job lays out; and the command line prints it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from runners.errors import ModelError
from runners.layouts import lay_out
from runners.sequences import hiding_probability
from runners.spec import TrainSpec
from store.pairs import PairFilter
from tests.conftest import SAMPLE_ESSAYS
from tests.journeys.builders import make_curated_project
from tests.tokenizer_shapes import make
from workbench.cli.main import cli
from workbench.operations import curating, reshaping
from workbench.operations.counting import end_child
from workbench.operations.freezing import freeze
from workbench.operations.models import add_model
from workbench.operations.project import Project
from workbench.operations.seen import (
    PairText,
    dataset_pair_text,
    dataset_pairs,
    pair_text,
    recipe_of,
    see,
    usual_recipe,
)
from workbench.operations.sequences import Recipe, SeenPair, hidden
from workbench.operations.targets import Target, find_target, read, targets

TEXT = PairText(title="x", prompt="Before it <|user|>", response="After it, and on.\nSo.")
RECIPE = Recipe(max_length=512)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project.create(tmp_path / "project")
    yield made
    made.close()


def text_of(seen: SeenPair, *parts: str) -> str:
    return "".join(token.text for token in seen.tokens if token.part in parts)


def llama(project: Project) -> Target:
    """A causal model beside the embedded one."""
    pytest.importorskip("tokenizers", reason="the library tokenizers is not installed (extra `train`)")
    folder = project.root / "Llama-tiny"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama", "max_position_embeddings": 64}')
    special = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
    texts = [path.read_text(encoding="utf-8") for path in sorted(SAMPLE_ESSAYS.glob("*.md"))]
    make(folder / "tokenizer.json", texts, "llama3", special=special)
    add_model(project, "Llama-tiny")
    return find_target(project, "Llama-tiny")


def test_the_sequence_is_the_one_that_the_layout_makes_part_by_part(project: Project) -> None:
    chosen = targets(project)[0]
    reading = read(chosen, project)
    assert reading.tokenizer is not None
    assert reading.layout is not None
    seen = see(project, chosen, TEXT, RECIPE)
    laid = lay_out(reading.layout, reading.tokenizer.encode, TEXT.prompt, TEXT.response)
    assert [token.id for token in seen.tokens] == laid.input_ids
    assert [token.learnt for token in seen.tokens].index(True) == laid.prompt_length
    assert (text_of(seen, "prompt"), text_of(seen, "response")) == (TEXT.prompt, TEXT.response)
    # A special token's name inside the prompt is words; the layout's own is that token, by name.
    assert text_of(seen, "layout", "EOS") == "<|user|><|assistant|><|endoftext|>"
    assert [token.text for token in seen.tokens if token.special] == ["<|user|>", "<|assistant|>", "<|endoftext|>"]
    assert (seen.fate, seen.has_eos, seen.beyond, seen.mask) == ("whole", True, (), "<|mask|>")


@pytest.mark.parametrize(("over_long", "fate"), [("cut", "cut"), ("skip", "left out"), ("refuse", "refused")])
def test_what_is_too_long_is_shown_with_what_becomes_of_it(project: Project, over_long: str, fate: str) -> None:
    chosen = targets(project)[0]
    whole = see(project, chosen, TEXT, RECIPE)
    recipe = replace(RECIPE, max_length=whole.length - 4, over_long=over_long)  # type: ignore[arg-type]
    seen = see(project, chosen, TEXT, recipe)
    assert (seen.fate, seen.has_eos, len(seen.beyond), seen.count("padding")) == (fate, False, 4, 0)
    assert [*seen.tokens, *seen.beyond] == [*whole.tokens]
    assert seen.beyond[-1].part == "EOS"


def test_a_prompt_that_fills_the_limit_alone_leaves_nothing_to_learn(project: Project) -> None:
    chosen = targets(project)[0]
    seen = see(project, chosen, PairText(title="x", prompt="word " * 90, response="a"), Recipe(max_length=40))
    assert seen.fate == "left out"
    assert not any(token.learnt for token in seen.tokens)
    seen = see(
        project, chosen, PairText(title="x", prompt="word " * 90, response="a"), Recipe(max_length=40, over_long="cut")
    )
    assert seen.fate == "left out"


def test_padding_is_what_the_run_adds_and_is_hidden_only_where_it_is_learnt(project: Project) -> None:
    chosen = targets(project)[0]
    alone = see(project, chosen, TEXT, replace(RECIPE, eos_padding="eos"))
    assert alone.count("padding") == 0
    rounded = see(project, chosen, TEXT, replace(RECIPE, pad_to_multiple_of=64))
    assert rounded.padded_to == 64
    for eos_padding, name, learnt in (("none", "<|pad|>", False), ("eos", "<|endoftext|>", True)):
        seen = see(project, chosen, TEXT, replace(RECIPE, max_length=200, eos_padding=eos_padding, batch=8))
        padding = [token for token in seen.tokens if token.part == "padding"]
        assert len(padding) == 200 - seen.length
        assert {(token.text, token.learnt) for token in padding} == {(name, learnt)}
        flags = hidden(seen, 1.0, draw=1)
        assert any(flags[seen.length :]) is learnt
    with pytest.raises(ModelError, match="reserved tokens"):
        see(project, chosen, TEXT, replace(RECIPE, eos_padding="rainbow", batch=8))


def test_a_draw_is_the_same_each_time_and_another_one_differs_and_no_prompt_is_hidden(project: Project) -> None:
    seen = see(project, targets(project)[0], PairText(title="x", prompt="word " * 40, response="word " * 200), RECIPE)
    first = hidden(seen, 0.5, draw=1)
    assert first == hidden(seen, 0.5, draw=1)
    assert first != hidden(seen, 0.5, draw=2)
    assert not any(flag for flag, token in zip(first, seen.tokens, strict=True) if not token.learnt)
    # A token that is hidden stays hidden as t rises: one draw, and the slider moves the threshold.
    later = hidden(seen, 0.8, draw=1)
    assert all(after for before, after in zip(first, later, strict=True) if before)
    learnt = sum(token.learnt for token in seen.tokens)
    share = sum(sum(hidden(seen, 0.3, draw=draw)) for draw in range(100)) / (100 * learnt)
    assert share == pytest.approx(hiding_probability(0.3), abs=0.01)
    assert sum(hidden(seen, 1.0, draw=1)) == learnt


def test_the_complement_hides_every_token_that_the_mask_leaves_and_hardly_any_other(project: Project) -> None:
    seen = see(project, targets(project)[0], PairText(title="x", prompt="word " * 40, response="word " * 200), RECIPE)
    learnt = [token.learnt for token in seen.tokens]
    for t in (0.0, 0.3, 0.9):
        mask, other = hidden(seen, t, draw=1), hidden(seen, 1 - t, draw=1, complement=True)
        assert [first or second for first, second in zip(mask, other, strict=True)] == learnt
        # Both hide a thousandth at t = 0, so the two overlap a little.
        assert sum(first and second for first, second in zip(mask, other, strict=True)) <= 4
        assert mask != other


def test_the_recipe_of_a_run_says_whether_its_masks_are_complementary() -> None:
    train = TrainSpec(complementary_masks=True, gradient_accumulation_steps=2)
    assert recipe_of(train).complementary
    assert not recipe_of(TrainSpec()).complementary


def test_a_causal_model_hides_nothing_and_learns_the_response_alone(project: Project) -> None:
    seen = see(project, llama(project), TEXT, RECIPE)
    assert (seen.hides, seen.mask, seen.limit) == (False, "", 64)
    assert not any(hidden(seen, 1.0, draw=1))
    assert {token.part for token in seen.tokens if token.learnt} == {"response", "EOS"}


def test_a_model_that_is_not_here_cannot_be_shown_and_says_why(tmp_path: Path) -> None:
    project = Project.create(tmp_path, model="somebody/unknown-8B")
    with pytest.raises(ModelError, match="workbench models add somebody/unknown-8B"):
        see(project, targets(project)[0], TEXT, RECIPE)


def test_a_pair_of_the_list_and_one_of_a_dataset_are_found(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path)
    report = freeze(project)
    keys = dataset_pairs(project, report.dataset.id)
    assert len(keys) == report.dataset.train_pairs + report.dataset.holdout_pairs
    assert dataset_pair_text(project, report.dataset.id, keys[0]).response
    first = curating.pair_ids(project, PairFilter())[0]
    assert pair_text(project, first).response == curating.pair_view(project, first).pair.response
    assert usual_recipe(project, targets(project)[0]).batch == 8


def test_the_command_line_prints_the_sequence_and_hides_at_t(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path)
    first = curating.pair_ids(project, PairFilter())[0]
    show = ["-p", str(project.root), "pairs", "show", str(first)]
    run = CliRunner().invoke
    plain = run(cli, [*show, "--model", "embedded"])
    assert plain.exit_code == 0
    assert "[<|user|>]" in plain.stdout
    assert "▒" not in plain.stdout
    assert "▒" in run(cli, [*show, "--model", "embedded", "--t", "0.5"]).stdout
    data = json.loads(run(cli, [*show, "--t", "1", "--json"]).stdout)
    assert data["p_mask"] == 1.0
    assert data["hidden"] == [token["learnt"] for token in data["sequence"]["tokens"]]
    again = json.loads(run(cli, [*show, "--t", "0.5", "--draw", "2", "--json"]).stdout)
    assert again["hidden"] != json.loads(run(cli, [*show, "--t", "0.5", "--json"]).stdout)["hidden"]
    assert run(cli, [*show, "--model", "none"]).exit_code == 1
    assert run(cli, [*show, "--t", "2"]).exit_code == 2


def test_the_command_line_counts_and_lists_what_is_over_the_limit(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path)
    ids = curating.pair_ids(project, PairFilter())
    reshaping.edit_pair(project, ids[1], prompt="Before.", response="word " * 900)
    where = ["-p", str(project.root), "pairs"]
    try:
        run = CliRunner().invoke
        counted = json.loads(run(cli, [*where, "count", "--json"]).stdout)
        assert counted == {"counts_made": len(ids), "over_limit": 1}
        listed = json.loads(run(cli, [*where, "list", "--over-limit", "--json"]).stdout)
        assert [row["id"] for row in listed] == [ids[1]]
    finally:
        end_child(project)


def test_the_command_line_shows_a_pair_of_a_dataset(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path)
    dataset = freeze(project).dataset
    key = dataset_pairs(project, dataset.id)[0]
    show = ["-p", str(project.root), "dataset", "pair", str(dataset.number)]
    run = CliRunner().invoke
    found = run(cli, [*show, key.removeprefix("sha256:")[:20], "--t", "1", "--json"])
    assert json.loads(found.stdout)["sequence"]["model"] == "embedded"
    missing = run(cli, [*show, "zzz"])
    assert (missing.exit_code, "0 pairs of dataset 1 begin with zzz" in missing.stderr) == (1, True)
