import pytest
import torch

from runners.sequences import SMALLEST_P
from runners.tasks.head_losses import token_losses
from runners.tasks.objectives import hide, weigh

MASK = 99


def batch(rows=400, length=50, prompt=10):
    response = torch.zeros(rows, length, dtype=torch.bool)
    response[:, prompt:] = True
    return torch.randint(0, 90, (rows, length)), response


def test_a_prompt_is_never_hidden_and_a_response_is_hidden_with_probability_p():
    torch.manual_seed(1)
    input_ids, response = batch()
    found = hide(input_ids, response, torch.full((400,), 0.4), torch.rand(400, 50), MASK)
    assert not found.hidden[~response].any()
    assert torch.equal(found.input_ids == MASK, found.hidden)
    assert torch.equal(found.input_ids[~found.hidden], input_ids[~found.hidden])
    assert found.hidden[response].float().mean().item() == pytest.approx(0.999 * 0.4 + 0.001, abs=0.02)


def test_p_runs_from_a_thousandth_to_one():
    input_ids, response = batch(rows=2)
    found = hide(input_ids, response, torch.tensor([0.0, 1.0]), torch.rand(2, 50), MASK)
    assert found.p_mask.tolist() == pytest.approx([SMALLEST_P, 1.0])
    assert torch.equal(found.hidden[1], response[1])


def test_the_loss_is_unbiased_in_t():
    torch.manual_seed(2)
    input_ids, response = batch(rows=40_000)
    each_token = torch.rand(50)  # a cross entropy that depends on the position only
    truth = each_token[10:].mean().item()
    means = []
    for t in (0.1, 0.5, 0.9):
        found = hide(input_ids, response, torch.full((40_000,), t), torch.rand(40_000, 50), MASK)
        losses = each_token.expand(40_000, 50)[found.hidden]
        means.append(weigh(losses, found.hidden, found.p_mask, response.sum(1)).mean().item())
    assert means == pytest.approx([truth] * 3, rel=0.015)


def test_a_row_with_nothing_hidden_costs_nothing():
    hidden = torch.tensor([[False, False], [True, False]])
    rows = weigh(torch.tensor([3.0]), hidden, torch.tensor([0.01, 0.5]), torch.tensor([2, 2]))
    assert rows.tolist() == [0.0, 3.0]


def test_nothing_hidden_at_all_still_has_a_gradient_of_zero():
    states = torch.randn(0, 8, requires_grad=True)
    loss = weigh(
        token_losses(states, torch.randn(12, 8), torch.empty(0, dtype=torch.int64)),
        torch.zeros(1, 4, dtype=torch.bool),
        torch.tensor([0.001]),
        torch.tensor([4]),
    ).sum()
    loss.backward()
    assert loss.item() == 0.0
