import pytest
import torch

from runners.sequences import hiding_probability
from runners.tasks.masks import MaskSource, ratio_bin, validation_draws
from runners.tasks.schedules import learning_rate_at


def test_t_covers_every_stratum_once_over_the_accumulated_batch():
    source = MaskSource(seed=1, rows=16)
    for _ in range(5):
        t = torch.cat([source.ratios(4) for _ in range(4)])
        assert sorted((t * 16).int().tolist()) == list(range(16))


def test_t_starts_at_t_min():
    t = MaskSource(seed=1, rows=8, t_min=0.5).ratios(8)
    assert t.min() >= 0.5
    assert t.max() < 1
    assert sorted(((t - 0.5) * 16).int().tolist()) == list(range(8))


def test_t_keeps_within_its_range():
    t = MaskSource(seed=1, rows=8, t_min=0.2, t_max=0.6).ratios(8)
    assert sorted(((t - 0.2) * 20).int().tolist()) == list(range(8))


@pytest.mark.parametrize("rows", [1, 4])
def test_complementary_masks_hide_every_token_once_but_for_a_thousandth(rows):
    source = MaskSource(seed=1, rows=8, complementary=True)
    drawn = [(source.ratios(rows), source.uniform(rows, 5000)) for _ in range(8 // rows)]
    t, uniform = (torch.cat(parts) for parts in zip(*drawn))
    assert sorted((t[::2] * 4).int().tolist()) == [0, 1, 2, 3]
    assert torch.allclose(t[::2] + t[1::2], torch.ones(4))
    hidden = uniform < hiding_probability(t)[:, None]
    assert (hidden[::2] | hidden[1::2]).all()
    assert (hidden[::2] & hidden[1::2]).float().mean() < 0.004


def test_a_ratio_belongs_to_the_fifth_that_holds_it():
    assert [ratio_bin(t) for t in (0.0, 0.19, 0.2, 0.5, 0.99, 1.0)] == ["0.1", "0.1", "0.3", "0.5", "0.9", "0.9"]


def test_strata_are_dealt_out_in_no_fixed_order():
    source = MaskSource(seed=1, rows=8)
    first = {(source.ratios(8) * 8).int()[0].item() for _ in range(50)}
    assert len(first) > 4


def test_a_restored_source_goes_on_as_if_never_broken_off():
    unbroken = MaskSource(seed=3, rows=6)
    unbroken.ratios(2)
    unbroken.uniform(2, 5)
    resumed = MaskSource(seed=99, rows=6)
    resumed.restore(unbroken.state())
    for _ in range(4):
        assert torch.equal(unbroken.ratios(2), resumed.ratios(2))
        assert torch.equal(unbroken.uniform(2, 5), resumed.uniform(2, 5))


def test_validation_masks_depend_on_the_pair_alone():
    t, uniform = validation_draws("sha256:a", 12, 4)
    assert t.tolist() == [0.125, 0.375, 0.625, 0.875]
    assert torch.equal(uniform, validation_draws("sha256:a", 12, 4)[1])
    assert not torch.equal(uniform, validation_draws("sha256:b", 12, 4)[1])


def test_the_rate_rises_to_its_peak_and_falls_as_a_cosine():
    rates = [learning_rate_at(step, peak=1.0, warmup_steps=4, max_steps=12, shape="cosine") for step in range(12)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[8] == pytest.approx(0.5)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert 0 < rates[-1] < 0.05


def test_a_constant_rate_stays_at_its_peak_and_no_warm_up_starts_there():
    assert {learning_rate_at(s, peak=2.0, warmup_steps=0, max_steps=9, shape="constant") for s in range(9)} == {2.0}
