import pytest
import torch

from runners.errors import SpecError
from runners.tasks.models.registry import load_model
from runners.tasks.samplers import block
from runners.tasks.samplers.base import load_sampler
from runners.tasks.samplers.block import blocks_of, commits_a_step, fill


@pytest.fixture(scope="module")
def model(tiny):
    return load_model(tiny, dtype=torch.float32, device=torch.device("cpu"))


def prompts(rows, length=6):
    return torch.randint(0, 2000, (rows, length), generator=torch.Generator().manual_seed(5))


def generators(rows, seed=1):
    return [torch.Generator().manual_seed(seed + row) for row in range(rows)]


def settings(**changes):
    return {"max_new_tokens": 16, "block_length": 8, "steps": 16, "temperature": 0.7} | changes


@pytest.mark.parametrize("steps", [16, 6, 2])
def test_every_position_is_committed_once_and_blocks_go_from_left_to_right(model, steps):
    filled = fill(model, prompts(2), **settings(steps=steps), generators=generators(2))
    for row, commits in enumerate(filled.commits):
        assert sorted(commit.position for commit in commits) == list(range(16))
        assert all(filled.canvas[row, commit.position] == commit.token_id for commit in commits)
        assert [commit.position // 8 for commit in commits] == [0] * 8 + [1] * 8
        assert [commit.step for commit in commits] == sorted(commit.step for commit in commits)
        assert max(commit.step for commit in commits) == steps - 1
        assert all(0 <= commit.confidence <= 1 for commit in commits)


def test_steps_share_the_tokens_and_the_first_take_the_remainder():
    assert commits_a_step(8, 3) == [3, 3, 2]
    assert commits_a_step(4, 4) == [1, 1, 1, 1]
    assert commits_a_step(2, 4) == [1, 1, 0, 0]


def test_more_steps_than_tokens_still_fill_the_canvas(model):
    filled = fill(model, prompts(1), **settings(steps=32), generators=generators(1))
    assert len(filled.commits[0]) == 16
    assert not (filled.canvas == model.facts.mask_token_id).any()


@pytest.mark.parametrize("remasking", ["low_confidence", "random"])
def test_a_seed_gives_the_same_tokens_whatever_stands_beside_it(model, remasking):
    together = fill(model, prompts(3), **settings(remasking=remasking), generators=generators(3))
    for row in range(3):
        alone = fill(
            model, prompts(3)[row : row + 1], **settings(remasking=remasking), generators=generators(3)[row : row + 1]
        )
        assert alone.canvas[0].tolist() == together.canvas[row].tolist()


def test_another_seed_gives_other_tokens_and_the_same_seed_the_same(model):
    first, again, other = (
        fill(model, prompts(1), **settings(), generators=generators(1, seed)).canvas for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_suppressed_eos_never_appears_at_any_temperature(model, temperature):
    likeliest = fill(model, prompts(1), **settings(temperature=0.0)).canvas[0, 0].item()
    eos = type(model.facts)(**{**vars(model.facts), "eos_token_id": likeliest})
    believing = type(model)(**{**vars(model), "facts": eos})
    free, held = (
        fill(
            believing, prompts(1), **settings(temperature=temperature), suppress_eos=held, generators=generators(1)
        ).canvas
        for held in (False, True)
    )
    assert likeliest not in held
    assert temperature > 0 or likeliest in free


def test_a_temperature_draws_from_the_softmax(model):
    """Chi-squared against softmax(logits / T) over the likeliest tokens of one masked position."""
    ids = torch.cat([prompts(1), torch.tensor([[model.facts.mask_token_id]])], dim=1)
    with torch.no_grad():
        logits = model.logits(model.hidden(ids)[0, -1:])[0].double()
    logits[model.facts.mask_token_id] = -torch.inf
    expected = torch.softmax(logits / 2.0, dim=0)
    rows = 600
    drawn = fill(
        model,
        prompts(1).repeat(rows, 1),
        max_new_tokens=1,
        block_length=1,
        steps=1,
        temperature=2.0,
        generators=generators(rows),
    ).canvas[:, 0]
    top = expected.topk(5).indices
    for token in top:
        share = (drawn == token).double().mean()
        error = (expected[token] * (1 - expected[token]) / rows).sqrt()
        assert abs(share - expected[token]) < 4.5 * error


def test_guidance_changes_the_outcome(model):
    plain, guided = (fill(model, prompts(1), **settings(temperature=0.0, cfg_scale=w)).canvas for w in (0.0, 3.0))
    assert not torch.equal(plain, guided)


def test_logits_are_computed_only_at_the_masked_positions_of_the_block(model, monkeypatch):
    rows = []
    original = type(model).logits

    def counted(self, hidden):
        rows.append(hidden.shape[1])
        return original(self, hidden)

    monkeypatch.setattr(type(model), "logits", counted)
    fill(model, prompts(1), **settings(temperature=0.0))
    assert rows == [8, 7, 6, 5, 4, 3, 2, 1] * 2


def test_whatever_after_step_raises_ends_the_sampling(model):
    calls = []

    def after_step():
        calls.append(1)
        if len(calls) == 3:
            raise KeyError

    with pytest.raises(KeyError):
        fill(model, prompts(1), **settings(temperature=0.0), after_step=after_step)
    assert len(calls) == 3


def test_an_unknown_sampler_is_answered_with_the_known_ones():
    assert load_sampler("block") is block.fill
    with pytest.raises(SpecError, match="expected one of autoregressive, block"):
        load_sampler("base")


def test_blocks_are_counted_from_the_canvas_or_from_the_beginning_of_the_sequence():
    assert blocks_of(6, 8, 4, aligned=False) == [range(6, 10), range(10, 14)]
    assert blocks_of(6, 8, 4, aligned=True) == [range(6, 8), range(8, 12), range(12, 14)]
    assert blocks_of(8, 8, 4, aligned=True) == [range(8, 12), range(12, 16)]
