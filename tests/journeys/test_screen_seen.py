"""Tokens in Pairs for every target model, the filter of those over a limit, and the view of what a model sees."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from store.pairs import PairFilter
from tests.conftest import ROOT, SAMPLE_ESSAYS
from tests.journeys.builders import make_curated_project
from tests.journeys.program import opened, press, settle, shown
from tests.tokenizer_shapes import make
from workbench.operations import curating, reshaping, targets
from workbench.operations.counting import end_child
from workbench.operations.freezing import freeze
from workbench.operations.models import add_model
from workbench.operations.project import Project
from workbench.screens.launch import LaunchScreen
from workbench.screens.pairs import PairsScreen
from workbench.screens.seen import SeenScreen


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = make_curated_project(tmp_path / "project")
    yield made
    end_child(made)


def second_model(project: Project, name: str = "tiny-llada") -> None:
    folder = project.root / name
    folder.mkdir()
    for file in ("tokenizer.json", "config.json"):
        shutil.copy(ROOT / "runners" / "embedded" / file, folder / file)
    add_model(project, name)


def causal_model(project: Project) -> None:
    pytest.importorskip("tokenizers", reason="the library tokenizers is not installed (extra `train`)")
    folder = project.root / "Llama-tiny"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama", "max_position_embeddings": 2048}')
    special = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
    texts = [path.read_text(encoding="utf-8") for path in sorted(SAMPLE_ESSAYS.glob("*.md"))]
    make(folder / "tokenizer.json", texts, "llama3", special=special)
    add_model(project, "Llama-tiny")


def lines(text: str, begin: int, end: int) -> str:
    return "\n".join(text.splitlines()[begin:end])


def flat(screen: Screen[Any]) -> str:
    """What is shown, whatever lines it was broken into."""
    return " ".join(shown(screen).split())


def proposed(project: Project) -> list[int]:
    return list(curating.pair_ids(project, PairFilter(statuses=("proposed",)), "queue"))


async def test_the_pane_counts_for_every_target_model_in_a_line_of_its_own(project: Project) -> None:
    view = curating.pair_view(project, proposed(project)[0])
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        assert "tiny-llada" not in shown(app.screen)
        second_model(project)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        total = view.tokens.total
        assert f"embedded {total} · tiny-llada {total} · of 512" in shown(app.screen)
        await press(pilot, "j")
        assert f"embedded {total}" not in shown(app.screen)


async def test_a_large_tokenizer_counts_behind_the_pane(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    second_model(project)
    total = curating.pair_view(project, proposed(project)[0]).tokens.total
    monkeypatch.setattr(targets, "_SMALL_BYTES", -1)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, _pilot):
        assert f"embedded {total} · tiny-llada {total} · of 512" in shown(app.screen)


async def test_pairs_over_the_limit_of_any_model_are_marked_and_filtered(project: Project) -> None:
    second_model(project)
    long = proposed(project)[1]
    reshaping.edit_pair(project, long, prompt="Before.", response="word " * 900)
    async with opened(project.root, "pairs") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        screen.action_show_filter("over")
        await settle(pilot)
        assert list(screen.pairs.ids) == [long]
        assert "1 over" in shown(screen)
        assert "⚠ tiny-llada" in shown(screen)
        # An edit takes its count away, and it is counted again when the list is asked for.
        reshaping.edit_pair(project, long, prompt="Before.", response="Short.")
        screen.on_project_changed()
        await settle(pilot)
        assert list(screen.pairs.ids) == []
        assert "sees every pair whole" in shown(screen)


async def test_many_uncounted_pairs_are_counted_in_the_background_first(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.operations.counting.SLICE", 3)
    long = proposed(project)[1]
    reshaping.edit_pair(project, long, prompt="Before.", response="word " * 900)
    async with opened(project.root, "pairs") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PairsScreen)
        screen.action_show_filter("over")
        await settle(pilot)
        await settle(pilot)
        assert list(screen.pairs.ids) == [long]


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_the_slider_hides_as_training_would_and_n_draws_again(project: Project, size: tuple[int, int]) -> None:
    async with opened(project.root, "pairs", size=size) as (app, pilot):
        await press(pilot, "v")
        assert isinstance(app.screen, SeenScreen)
        text = shown(app.screen)
        for words in ("What embedded sees", "[<|user|>]", "layout", "prompt", "response", "1 EOS", "p 0.500", "▒"):
            assert words in text
        await press(pilot, "n")
        other = shown(app.screen)
        assert "draw 2" in other
        assert lines(other, 5, 20) != lines(text, 5, 20)
        await press(pilot, "N")
        assert lines(shown(app.screen), 0, 20) == lines(text, 0, 20)
        await press(pilot, "right")
        assert "0.55 · p 0.550" in shown(app.screen)
        await press(pilot, "h", "h")
        assert "0.45 · p 0.451" in shown(app.screen)
        await press(pilot, "0")
        assert "0.00 · p 0.001" in shown(app.screen)
        await press(pilot, "9", "l", "l", "l")
        assert "1.00 · p 1.000" in shown(app.screen)
        prompt = lines(shown(app.screen), 5, 9)
        assert "▒" not in prompt.split("response")[0]
        await press(pilot, "escape")
        assert isinstance(app.screen, PairsScreen)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_c_shows_the_other_of_two_complementary_masks(project: Project, size: tuple[int, int]) -> None:
    freeze(project)
    async with opened(project.root, "runs", size=size) as (app, pilot):
        await press(pilot, "r")
        launch = app.screen
        assert isinstance(launch, LaunchScreen)
        launch._set("train.complementary_masks", "true")
        await settle(pilot)
        await press(pilot, "v")
        assert isinstance(app.screen, SeenScreen)
        text = shown(app.screen)
        assert "mask 1 of 2" in text
        assert "the other mask hides the rest" in text
        assert "c other mask" in text.splitlines()[-1]
        await press(pilot, "right", "right", "right", "right")
        first = shown(app.screen)
        await press(pilot, "c")
        other = shown(app.screen)
        assert "0.70 · p 0.700" in first
        assert "0.30 · p 0.301" in other
        assert "mask 2 of 2" in other
        assert lines(first, 5, 20) != lines(other, 5, 20)
        await press(pilot, "left")
        assert "0.25 · p 0.251" in shown(app.screen)
        await press(pilot, "right", "c")
        assert lines(shown(app.screen), 0, 20) == lines(first, 0, 20)


async def test_c_shows_a_run_without_complementary_masks_as_one_that_uses_them(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "v")
        assert "of 2" not in lines(shown(app.screen), 0, 5)
        await press(pilot, "c")
        assert "mask 2 of 2" in shown(app.screen)
        assert "the run itself is not changed" in flat(app.screen)


async def test_what_is_cut_and_the_missing_eos_are_said_and_drawn(project: Project) -> None:
    reshaping.edit_pair(project, proposed(project)[0], prompt="Before.", response="word " * 900 + "lastword")
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        assert "⚠" in shown(app.screen)
        await press(pilot, "v")
        assert "tokens too many: a run leaves the whole pair out (over_long skip)" in shown(app.screen)
        assert "no EOS" in shown(app.screen)
        await press(pilot, "o")
        text = shown(app.screen)
        assert "tokens are cut, the EOS with them" in text
        await press(pilot, "G")
        assert "✂" in lines(shown(app.screen), 6, 20)
        assert "[<|endoftext|>]" in shown(app.screen)
        await press(pilot, "o")
        assert "refused before it starts" in shown(app.screen)


async def test_every_token_is_listed_with_its_id(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "v", "i")
        user = next(line for line in shown(app.screen).splitlines() if "[<|user|>]" in line)
        assert user.split() == ["0", "2043", "layout", "[<|user|>]"]
        await press(pilot, "9", "l", "l", "G")
        last = next(line for line in shown(app.screen).splitlines() if "[<|pad|>]" in line)
        assert "padding" in last
        assert "hidden" not in last


async def test_padding_of_the_batch_is_shown_as_the_run_adds_it(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "v", "G")
        assert "neither seen nor learnt" in flat(app.screen)
        await press(pilot, "e", "G")
        assert "eos_padding eos" in shown(app.screen)
        assert "of them hidden" in flat(app.screen)
        await press(pilot, "e")
        assert "reserved tokens" in shown(app.screen)


async def test_a_causal_model_shows_what_is_predicted_from_what(project: Project) -> None:
    causal_model(project)
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "v", "m")
        text = shown(app.screen)
        assert "What Llama-tiny sees" in text
        assert "Causal" in text
        assert "0 of them of the response" in text
        assert "▸" in lines(text, 5, 20)
        assert "▒" not in text
        await press(pilot, "l")
        assert "1 of them of the response" in shown(app.screen)
        await press(pilot, "9")
        assert "[<|end_of_text|>] from" in shown(app.screen)


async def test_the_view_goes_on_along_the_list_and_leaves_it_as_it_was(project: Project) -> None:
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        await press(pilot, "a", "v")
        assert "2 of 4" in shown(app.screen)
        await press(pilot, "right_square_bracket")
        assert "3 of 4" in shown(app.screen)
        await press(pilot, "v")
        assert isinstance(app.screen, PairsScreen)
        # The decided pair keeps its line: the view over it changed nothing.
        assert len(app.screen.pairs.ids) == 4


async def test_a_model_that_is_not_here_says_how_to_get_it(project: Project) -> None:
    path = project.root / "workbench.toml"
    path.write_text(path.read_text().replace("models = []", 'models = ["org/none"]'))
    async with opened(project.root, "pairs", size=(80, 24)) as (app, pilot):
        assert "none ≈" in shown(app.screen)
        await press(pilot, "v", "m")
        assert "workbench models add org/none" in shown(app.screen)


async def test_pairs_of_a_frozen_dataset_are_shown_as_well(project: Project) -> None:
    frozen = freeze(project).dataset
    async with opened(project.root, "datasets", size=(80, 24)) as (app, pilot):
        await press(pilot, "v")
        assert isinstance(app.screen, SeenScreen)
        # The first row is what a freeze would take now.
        assert "pair" in shown(app.screen).splitlines()[0]
        await press(pilot, "escape", "j", "v")
        assert f"dataset {frozen.number}" in shown(app.screen)
        total = frozen.train_pairs + frozen.holdout_pairs
        assert f"1 of {total}" in shown(app.screen)
        await press(pilot, "right_square_bracket")
        assert f"2 of {total}" in shown(app.screen)


async def test_before_a_launch_the_pairs_are_shown_as_that_run_would_take_them(project: Project) -> None:
    freeze(project)
    async with opened(project.root, "runs", size=(120, 40)) as (app, pilot):
        await press(pilot, "r")
        launch = app.screen
        assert isinstance(launch, LaunchScreen)
        for path, value in (("train.max_length", "150"), ("train.over_long", "cut")):
            launch._set(path, value)
            await settle(pilot)
        await press(pilot, "v")
        text = shown(app.screen)
        assert isinstance(app.screen, SeenScreen)
        assert "of 150 tokens" in text
        assert "tokens are cut" in text
        await press(pilot, "escape")
        assert app.screen is launch
