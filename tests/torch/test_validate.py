import math

import pytest
import torch

from runners.tasks.batches import Example
from runners.tasks.models.registry import load_model
from runners.tasks.validate import interval, losses_of, student, validate


@pytest.fixture(scope="module")
def model(tiny):
    return load_model(tiny, dtype=torch.float32, device=torch.device("cpu"))


EXAMPLES = [Example(f"sha256:{number}", list(range(5, 25 + number)), 6) for number in range(4)]


def test_validating_twice_gives_the_same_bits(model):
    assert validate(model, EXAMPLES, draws=3) == validate(model, EXAMPLES, draws=3)


def test_a_pair_is_measured_alike_whatever_other_pairs_there_are(model):
    assert losses_of(model, EXAMPLES[2], draws=3) == losses_of(model, EXAMPLES[2], draws=3)
    both = validate(model, EXAMPLES[:2], draws=3)
    each = [sum(losses_of(model, example, draws=3)) / 3 for example in EXAMPLES[:2]]
    assert both.mean == pytest.approx(sum(each) / 2)


def test_one_pair_takes_its_interval_from_its_draws(model):
    found = validate(model, EXAMPLES[:1], draws=4)
    assert found.low < found.mean < found.high


def test_one_value_alone_has_no_interval():
    assert (interval([2.0]).low, interval([2.0]).high) == (None, None)


def test_the_interval_is_students():
    found = interval([1.0, 2.0, 3.0, 4.0])
    half = 3.182 * math.sqrt(5 / 3) / 2
    assert (found.low, found.high) == pytest.approx((2.5 - half, 2.5 + half))
    assert student(1) == 12.706
    assert student(30) == 2.042
    assert student(31) == pytest.approx(2.0395, abs=1e-3)
    assert student(10_000) == pytest.approx(1.9602, abs=1e-4)


def test_validation_ends_when_it_is_asked_to(model):
    seen = []
    assert validate(model, EXAMPLES, draws=2, after_pair=lambda done: seen.append(done) or done == 2) is None
    assert seen == [1, 2]
