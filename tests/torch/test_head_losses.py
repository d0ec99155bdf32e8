import pytest
import torch
from torch.nn import functional as F

from runners.tasks import head_losses
from runners.tasks.head_losses import frozen_head_losses, token_losses

ROWS, WIDTH, WORDS = 33, 16, 40
WAYS = ["frozen head", "torch's own", "made again"]


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Each way the losses are computed, and whether the head is trained on it."""
    monkeypatch.setattr(head_losses, "_FUSED", request.param == "torch's own")
    return request.param


def make(*, trained, dtype=torch.float32):
    seeded = torch.Generator().manual_seed(3)
    states = torch.randn(ROWS, WIDTH, generator=seeded).to(dtype).requires_grad_()
    head = torch.randn(WORDS, WIDTH, generator=seeded).to(dtype).requires_grad_(trained)
    targets = torch.randint(0, WORDS, (ROWS,), generator=seeded)
    weights = 1 / torch.rand(ROWS, generator=seeded).clamp_min(0.01)
    return states, head, targets, weights


def plain(states, head, targets):
    return F.cross_entropy(F.linear(states, head).float(), targets, reduction="none")


@pytest.mark.parametrize("chunk_rows", [64, 33, 4, 1])
def test_losses_and_gradients_are_those_of_a_plain_cross_entropy(way, chunk_rows):
    trained = way != "frozen head"
    found, expected = make(trained=trained), make(trained=trained)
    each = token_losses(*found[:3], chunk_rows=chunk_rows)
    wanted = plain(*expected[:3])
    (each * found[3]).sum().backward()
    (wanted * expected[3]).sum().backward()
    assert torch.allclose(each, wanted, atol=1e-5)
    assert torch.allclose(found[0].grad, expected[0].grad, rtol=1e-4, atol=1e-4)
    if trained:
        assert torch.allclose(found[1].grad, expected[1].grad, rtol=1e-4, atol=1e-4)
    else:
        assert found[1].grad is None


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
def test_a_frozen_head_of_16_bits_gives_gradients_nearly_as_exact_as_a_plain_one(dtype):
    states, head, targets, weights = make(trained=False, dtype=dtype)
    truth = states.detach().float().requires_grad_()
    (plain(truth, head.float(), targets) * weights).sum().backward()
    (frozen_head_losses(states, head, targets, chunk_rows=5) * weights).sum().backward()
    ours = (states.grad.float() - truth.grad).norm()
    states.grad = None
    (plain(states, head, targets) * weights).sum().backward()
    theirs = (states.grad.float() - truth.grad).norm()
    assert states.grad.dtype == dtype
    # One rounding more: the gradient is rounded before a row's weight is known.
    assert ours <= 1.5 * theirs


def test_in_float16_what_only_many_unlikely_words_say_is_not_lost():
    # Each of 2**17 words has a probability of 8e-6, which float16 knows to a hundredth at best.
    states, targets = torch.zeros(2, 4).half().requires_grad_(), torch.tensor([0, 1])
    head = torch.cat([torch.zeros(2, 4), torch.full((2**17 - 2, 4), 0.5)]).half()
    frozen_head_losses(states, head, targets).sum().backward()
    assert torch.allclose(states.grad.float(), torch.full((2, 4), 0.5), rtol=2e-3)


@pytest.mark.parametrize("trained", [False, True])
def test_under_autocast_the_arithmetic_is_that_of_the_rest_of_the_pass(trained):
    found, expected = make(trained=trained), make(trained=trained)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        each, wanted = token_losses(*found[:3]), plain(*expected[:3])
    (each * found[3]).sum().backward()
    (wanted * expected[3]).sum().backward()
    assert torch.equal(each, wanted) or torch.allclose(each, wanted, atol=1e-5)
    assert found[0].grad.dtype == torch.float32
    assert torch.allclose(found[0].grad, expected[0].grad, rtol=0.05, atol=0.5)


def test_a_token_the_model_is_sure_of_leaves_no_noise_in_16_bits():
    states = torch.tensor([[30.0, 0.0]], dtype=torch.bfloat16, requires_grad=True)
    head = torch.tensor([[1.0, 0.3], [-1.0, 0.7]], dtype=torch.bfloat16)
    frozen_head_losses(states, head, torch.tensor([0])).sum().backward()
    assert states.grad.abs().max().item() < 1e-6


def test_no_more_rows_of_logits_are_made_at_once_than_asked_for_and_none_twice_of_a_frozen_head(way, monkeypatch):
    rows = []
    linear = F.linear

    def seen(states, weight, bias=None):
        rows.append(len(states))
        return linear(states, weight, bias)

    monkeypatch.setattr(head_losses.F, "linear", seen)
    states, head, targets, _ = make(trained=way != "frozen head")
    token_losses(states, head, targets, chunk_rows=8).sum().backward()
    assert all(count <= 8 for count in rows)
    if way == "frozen head":
        assert rows == [8, 8, 8, 8, 1]


def test_validation_makes_no_gradient(monkeypatch):
    asked = []
    monkeypatch.setattr(head_losses.torch, "mm", lambda *_, **__: asked.append(1))
    states, head, targets, _ = make(trained=False)
    with torch.no_grad():
        assert torch.allclose(token_losses(states, head, targets), plain(states, head, targets), atol=1e-5)
    assert token_losses(states.detach(), head, targets).requires_grad is False
    assert not asked


def test_beside_a_frozen_head_only_the_gradient_of_the_states_is_kept():
    kept = []
    states, head, targets, _ = make(trained=False)
    with torch.autograd.graph.saved_tensors_hooks(lambda each: kept.append(each.shape) or each, lambda each: each):
        token_losses(states, head, targets)
    assert kept == [(ROWS, WIDTH)]
