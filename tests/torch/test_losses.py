"""The objectives against slow references: each block filled alone, each token predicted alone."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from runners.spec import ModelSpec
from runners.tasks.attention import noised_beside_clean
from runners.tasks.batches import Batch, Example, collate
from runners.tasks.losses import block_diffusion, causal, masked_diffusion
from runners.tasks.losses.base import Losses, load_objective
from runners.tasks.models.registry import load
from runners.tasks.objectives import hide, weigh
from runners.tasks.validate import losses_of
from tests.torch import small_models

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    made = {}

    def model(name):
        if name not in made:
            folder = getattr(small_models, name)(tmp_path_factory.mktemp(f"{name}-"))
            made[name] = load(ModelSpec(id=str(folder)), CPU)
        return made[name]

    return model


def rows(layout, *shapes, eos_padding="none"):
    """Return a batch of rows, each of a prompt's and a response's length."""
    generator = torch.Generator().manual_seed(3)
    examples = [
        Example(str(number), torch.randint(8, 250, (prompt + response,), generator=generator).tolist(), prompt)
        for number, (prompt, response) in enumerate(shapes)
    ]
    return collate(examples, layout=layout, eos_padding=eos_padding)


def draws(batch, t):
    generator = torch.Generator().manual_seed(4)
    return torch.tensor(t), torch.rand(batch.input_ids.shape, generator=generator)


def alone(model, batch, t, uniform):
    """Return each row's block-diffusion loss, every block filled by itself behind the clean ones before it."""
    size, found = model.facts.block_tokens, []
    hidden = hide(batch.input_ids, batch.response, t, uniform, model.mask_token_id)
    for row in range(len(batch.input_ids)):
        length = batch.input_ids.shape[1] if batch.attention_mask is None else int(batch.attention_mask[row].sum())
        total = torch.zeros(())
        for start in range(0, length, size):
            end = min(start + size, length)
            ids = torch.cat([batch.input_ids[row, :start], hidden.input_ids[row, start:end]])[None]
            logits = model.logits(model.hidden(ids)[0])
            for place in range(start, end):
                if hidden.hidden[row, place]:
                    total = total + F.cross_entropy(logits[place], batch.input_ids[row, place]) / hidden.p_mask[row]
        found.append(total / batch.response[row].sum())
    return torch.stack(found)


@pytest.mark.parametrize(
    "shapes",
    [[(5, 14)], [(8, 8)], [(3, 9), (10, 7)], [(0, 6), (1, 2)], [(4, 1), (9, 30)]],
    ids=["inside a block", "at its edge", "padded", "no prompt", "one token"],
)
def test_block_diffusion_costs_what_filling_each_block_alone_costs(loaded, shapes):
    found = loaded("sdar")
    batch = rows(found.layout, *shapes)
    t, uniform = draws(batch, [0.6, 0.3][: len(shapes)])
    with torch.no_grad():
        together = block_diffusion.losses(found.model, batch, t, uniform).of_rows()
        assert torch.allclose(together, alone(found.model, batch, t, uniform), atol=1e-5)
    assert together.sum() > 0


def test_the_blocks_of_one_row_are_as_long_as_the_model_says(loaded):
    found = loaded("sdar")
    model = replace(found.model, facts=replace(found.model.facts, block_tokens=7))
    batch = rows(found.layout, (5, 14))
    t, uniform = draws(batch, [0.6])
    with torch.no_grad():
        own = block_diffusion.losses(found.model, batch, t, uniform).of_rows()
        other = block_diffusion.losses(model, batch, t, uniform).of_rows()
        assert torch.allclose(other, alone(model, batch, t, uniform), atol=1e-5)
    assert not torch.allclose(own, other, atol=1e-3)


def test_a_noised_block_sees_itself_and_the_clean_ones_before_it():
    seen = noised_beside_clean(torch.tensor([1, 1]), torch.tensor([0, 0, 1, 1])).int().tolist()
    assert seen == [
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 1, 1, 1, 1],
        [0, 0, 1, 1, 1, 1],
    ]


@pytest.mark.parametrize("name", ["llada", "dream", "qwen3_diffusion"])
def test_masked_diffusion_predicts_a_token_from_its_own_place_or_from_the_one_before(name, loaded):
    found = loaded(name)
    model, batch = found.model, rows(found.layout, (5, 14), (3, 9))
    t, uniform = draws(batch, [0.6, 0.3])
    hidden = hide(batch.input_ids, batch.response, t, uniform, model.mask_token_id)
    with torch.no_grad():
        losses = masked_diffusion.losses(model, batch, t, uniform)
        logits = model.net(input_ids=hidden.input_ids, attention_mask=batch.attention_mask).logits
    places = hidden.hidden.nonzero()
    from_where = places[:, 1] - int(name == "dream")
    each = F.cross_entropy(logits[places[:, 0], from_where], batch.input_ids[hidden.hidden], reduction="none")
    assert torch.allclose(losses.each, each, atol=1e-5)
    expected = weigh(each, hidden.hidden, hidden.p_mask, batch.response.sum(1))
    assert torch.allclose(losses.of_rows(), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_the_causal_loss_is_the_mean_over_the_response_alone(name, loaded):
    found = loaded(name)
    model, batch = found.model, rows(found.layout, (5, 14), (3, 9))
    with torch.no_grad():
        losses = causal.losses(model, batch, *draws(batch, [0.5, 0.5])).of_rows()
        for row, (prompt, response) in enumerate(((5, 14), (3, 9))):
            ids = batch.input_ids[row : row + 1, : prompt + response]
            logits = model.net(input_ids=ids).logits[0]
            expected = F.cross_entropy(logits[prompt - 1 : -1], ids[0, prompt:])
            assert losses[row].item() == pytest.approx(expected.item(), abs=1e-5)


def test_without_a_prompt_nothing_predicts_the_first_token(loaded):
    found = loaded("gpt2")
    batch = rows(found.layout, (0, 6))
    with torch.no_grad():
        losses = causal.losses(found.model, batch, *draws(batch, [0.5]))
    assert len(losses.each) == 5
    assert losses.lengths.tolist() == [5]


def test_a_causal_pair_is_measured_once_whatever_the_draws(loaded):
    found = loaded("llama")
    example = Example("a", list(range(10, 30)), 6)
    assert len(losses_of(found.model, example, load_objective("causal"), draws=5)) == 1
    assert len(losses_of(loaded("sdar").model, example, load_objective("block-diffusion"), draws=5)) == 5


def test_a_weight_can_be_capped():
    losses = Losses(torch.tensor([2.0]), torch.tensor([0]), torch.tensor([0.1]), torch.tensor([4]))
    assert losses.of_rows().tolist() == pytest.approx([2.0 / 0.1 / 4])
    assert losses.of_rows(max_weight=5.0).tolist() == pytest.approx([2.0 * 5 / 4])


def test_nothing_hidden_costs_nothing_and_has_a_gradient(loaded):
    for name, objective in (("sdar", block_diffusion), ("llada", masked_diffusion)):
        found = loaded(name)
        batch = rows(found.layout, (5, 6))
        loss = objective.losses(found.model, batch, torch.tensor([0.0]), torch.ones(1, 11)).of_rows().mean()
        loss.backward()
        assert loss.item() == 0.0


def test_a_batch_of_eos_padding_counts_it_in_every_objective(loaded):
    for name in ("sdar", "llada", "llama"):
        found = loaded(name)
        batch = rows(found.layout, (5, 6), (5, 2), eos_padding="eos")
        assert batch.attention_mask is None
        with torch.no_grad():
            losses = found.objective.losses(found.model, batch, *draws(batch, [1.0, 1.0]))
        assert losses.lengths.tolist() == [6, 6]
        assert isinstance(batch, Batch)
