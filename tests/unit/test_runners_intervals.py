import math

import pytest

from runners.intervals import interval, paired, student


def test_the_interval_is_students():
    found = interval([1.0, 2.0, 3.0, 4.0])
    half = 3.182 * math.sqrt(5 / 3) / 2
    assert (found.low, found.high) == pytest.approx((2.5 - half, 2.5 + half))
    assert found.half == pytest.approx(half)
    assert student(1) == 12.706
    assert student(30) == 2.042
    assert student(31) == pytest.approx(2.0395, abs=1e-3)
    assert student(10_000) == pytest.approx(1.9602, abs=1e-4)


def test_one_value_alone_has_no_interval():
    assert (interval([2.0]).low, interval([2.0]).half) == (None, None)


def test_pairs_compared_one_by_one_show_what_their_spread_hides():
    before = [1.0, 5.0, 9.0, 13.0]
    now = [1.2, 5.3, 9.2, 13.3]
    assert interval(now).low < interval(before).high
    assert paired(now, before).low > 0
