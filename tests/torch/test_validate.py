import pytest
import torch

from runners.tasks.batches import Example
from runners.tasks.models.registry import load_model
from runners.tasks.validate import losses_of, measure, probe_of, values_of


@pytest.fixture(scope="module")
def model(tiny):
    return load_model(tiny, dtype=torch.float32, device=torch.device("cpu"))


EXAMPLES = [Example(f"sha256:{number}", list(range(5, 25 + number)), 6) for number in range(4)]


def test_validating_twice_gives_the_same_bits(model):
    assert measure(model, EXAMPLES, draws=3) == measure(model, EXAMPLES, draws=3)


def test_a_pair_is_measured_alike_whatever_other_pairs_there_are(model):
    assert losses_of(model, EXAMPLES[2], draws=3) == losses_of(model, EXAMPLES[2], draws=3)
    both = measure(model, EXAMPLES[:2], draws=3).overall
    each = [sum(losses_of(model, example, draws=3)) / 3 for example in EXAMPLES[:2]]
    assert both.mean == pytest.approx(sum(each) / 2)


def test_one_pair_takes_its_interval_from_its_draws(model):
    found = measure(model, EXAMPLES[:1], draws=4).overall
    assert found.low < found.mean < found.high


def test_every_mask_ratio_is_covered_and_reported_alike(model):
    found = measure(model, EXAMPLES, draws=10)
    by_ratio = found.by_ratio()
    assert list(by_ratio) == ["0.1", "0.3", "0.5", "0.7", "0.9"]
    assert sum(each.mean for each in by_ratio.values()) / 5 == pytest.approx(found.overall.mean)
    values = values_of(found, "val_loss")
    assert values["val_loss_low@0.5"] < values["val_loss@0.5"] < values["val_loss_high@0.5"]
    assert len(values) == 3 * 6


def test_the_probe_is_the_same_pairs_whatever_their_order():
    many = [Example(f"sha256:{number}", [1, 2, 3], 1) for number in range(20)]
    assert probe_of(many, 5) == probe_of(many[::-1], 5)
    assert len(probe_of(many[:3], 5)) == 3


def test_validation_ends_when_it_is_asked_to(model):
    seen = []
    assert measure(model, EXAMPLES, draws=2, after_pair=lambda done: seen.append(done) or done == 2) is None
    assert seen == [1, 2]
