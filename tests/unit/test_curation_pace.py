"""How fast the author decides: pauses do not count, and too few decisions say nothing."""

from curation.pace import minutes_left, per_minute


def test_a_decision_every_four_seconds_is_fifteen_a_minute() -> None:
    assert per_minute([0.0, 4.0, 8.0, 12.0, 16.0]) == 15.0


def test_a_pause_is_not_a_slow_pair() -> None:
    assert per_minute([0.0, 4.0, 8.0, 2000.0, 2004.0, 2008.0]) == 15.0


def test_few_decisions_say_nothing() -> None:
    assert per_minute([]) is None
    assert per_minute([0.0, 4.0, 8.0, 12.0]) is None
    assert per_minute([1.0] * 9) is None


def test_what_is_left_takes_whole_minutes_and_at_least_one() -> None:
    assert minutes_left(239, 14.0) == 17
    assert minutes_left(1, 14.0) == 1
    assert minutes_left(0, 14.0) is None
    assert minutes_left(9, None) is None
