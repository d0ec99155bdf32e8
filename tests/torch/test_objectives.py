import pytest
import torch

from runners.sequences import SMALLEST_P
from runners.tasks import objectives
from runners.tasks.objectives import chunked_token_losses, hide, token_losses, weigh

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


@pytest.mark.parametrize("losses", [token_losses, chunked_token_losses], ids=["torch", "fallback"])
def test_chunks_change_neither_losses_nor_gradients(losses):
    torch.manual_seed(3)
    head, targets = torch.randn(40, 16), torch.randint(0, 40, (33,))
    weights = 1 / torch.rand(33).clamp_min(0.01)
    found = []
    for chunk_rows in (64, 4):
        states = torch.randn(33, 16, generator=torch.Generator().manual_seed(4)).requires_grad_()
        each = losses(states, head, targets, chunk_rows=chunk_rows)
        (each * weights).sum().backward()
        found.append((each.detach(), states.grad))
    assert torch.allclose(found[0][0], found[1][0], atol=1e-5)
    assert torch.allclose(found[0][1], found[1][1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("losses", [token_losses, chunked_token_losses], ids=["torch", "fallback"])
def test_no_more_rows_of_logits_are_made_at_once_than_asked_for(losses, monkeypatch):
    rows = []
    linear = torch.nn.functional.linear

    def seen(states, weight, bias=None):
        rows.append(len(states))
        return linear(states, weight, bias)

    monkeypatch.setattr(objectives.F, "linear", seen)
    losses(torch.randn(50, 8), torch.randn(12, 8), torch.zeros(50, dtype=torch.int64), chunk_rows=8)
    assert all(count <= 8 for count in rows)


def test_without_torchs_own_the_fallback_gives_the_same(monkeypatch):
    torch.manual_seed(5)
    states, head, targets = torch.randn(20, 8), torch.randn(12, 8), torch.randint(0, 12, (20,))
    first = token_losses(states, head, targets, chunk_rows=4)
    monkeypatch.setattr(objectives, "_FUSED", False)
    assert torch.allclose(first, token_losses(states, head, targets, chunk_rows=4), atol=1e-6)
