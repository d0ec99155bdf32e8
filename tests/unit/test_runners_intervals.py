import math

import pytest

from runners.intervals import answers_needed, apart, interval, least_above_half, paired, pooled, share, student


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


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Published values: 0 and 10 of 10 by the closed form 1 - 0.025 ** (1 / n), the others from tables.
    [
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (5, 10, 0.1871, 0.8129),
        (8, 10, 0.4439, 0.9748),
        (1, 20, 0.0013, 0.2487),
    ],
)
def test_the_interval_of_a_share_is_exact(count, of, low, high):
    found = share(count, of)
    assert found.mean == count / of
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_the_interval_of_a_share_of_many_is_found_too():
    found = share(700, 1000)
    assert (found.low, found.high) == pytest.approx((0.6705, 0.7283), abs=1e-3)
    found = share(2000, 4000)
    assert (found.low, found.high) == pytest.approx((0.4844, 0.5156), abs=1e-3)


def test_a_difference_of_means_has_the_interval_of_the_pooled_spread():
    now, before = [2.0, 2.2, 2.4], [3.0, 3.4]
    spread = math.sqrt((0.08 + 0.08) / 3)
    assert pooled(now, before) == pytest.approx(spread)
    found = apart(now, before)
    half = 3.182 * spread * math.sqrt(1 / 3 + 1 / 2)
    assert found.mean == pytest.approx(-1.0)
    assert (found.low, found.high) == pytest.approx((-1.0 - half, -1.0 + half))


def test_one_value_is_taken_to_spread_as_the_other_side_does_and_two_alone_have_no_interval():
    found = apart([2.0], [3.0, 3.2])
    assert found.half == pytest.approx(12.706 * math.sqrt(0.02) * math.sqrt(1 + 1 / 2))
    assert apart([2.0], [3.0]).low is None


def test_the_interval_of_a_share_never_misses_the_truth_more_often_than_it_says():
    for of in (5, 12, 24, 60):
        found = [share(right, of) for right in range(of + 1)]
        for hundredth in range(1, 100):
            p = hundredth / 100
            missed = math.fsum(
                math.comb(of, right) * p**right * (1 - p) ** (of - right)
                for right, item in enumerate(found)
                if not item.low <= p <= item.high
            )
            assert missed <= 0.05


def test_the_least_count_above_one_half_is_that_whose_interval_lies_above_it():
    for of in (1, 2, 5, 6, 7, 12, 24, 41):
        above = [right for right in range(of + 1) if share(right, of).low > 0.5]
        assert least_above_half(of) == (above[0] if above else None)
    assert least_above_half(5) is None
    assert least_above_half(6) == 6


def test_the_answers_that_are_needed_are_enough_four_times_in_five():
    needed = answers_needed(0.75)
    assert needed == 30
    least = least_above_half(needed)
    power = math.fsum(math.comb(needed, k) * 0.75**k * 0.25 ** (needed - k) for k in range(least, needed + 1))
    assert power >= 0.8
    assert answers_needed(0.25) == needed
    assert answers_needed(1.0) == 6
    assert answers_needed(0.55) is None
