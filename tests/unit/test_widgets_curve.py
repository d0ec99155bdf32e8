"""The loss curve: what it draws, and what it says where there is nothing to draw."""

from __future__ import annotations

import math

import pytest

from workbench.widgets.curve import draw_curve, nice_ticks, smoothed

LOSS = [(step, 6.0 * math.exp(-step / 20) + 2.5) for step in range(1, 61)]
VALIDATION = [(0, 8.4, 8.1, 8.8), (30, 3.9, 3.5, 4.3), (60, 2.8, 2.6, 3.1)]


def test_every_line_fits_the_width_and_there_are_as_many_as_asked_for() -> None:
    for width, height in ((24, 5), (78, 9), (160, 40)):
        lines = draw_curve(LOSS, VALIDATION, width, height, last_step=60).plain.split("\n")
        assert len(lines) == height
        assert max(map(len, lines)) <= width


def test_a_falling_loss_falls_from_the_upper_left_to_the_lower_right() -> None:
    rows = draw_curve(LOSS, [], 80, 14, last_step=60).plain.split("\n")[1:-2]
    drawn = [[x for x, cell in enumerate(row) if 0x2800 < ord(cell) < 0x2900] for row in rows]
    assert min(drawn[0]) < 12
    assert max(drawn[-1]) > 70
    assert max(drawn[0]) < min(drawn[-1])


def test_a_run_half_done_fills_half_of_the_axis() -> None:
    rows = draw_curve(LOSS[:30], [], 80, 14, last_step=60).plain.split("\n")[1:-2]
    assert max(x for row in rows for x, cell in enumerate(row) if 0x2800 < ord(cell) < 0x2900) in range(36, 48)


def test_validation_points_carry_their_interval() -> None:
    text = draw_curve([], VALIDATION, 80, 20, last_step=60).plain
    assert text.count("●") == 3 + 1, "one a point, one in the legend"
    assert "validation 2.800 (2.600 to 3.100, 95%)" in text
    assert text.count("┴") >= 2


def test_steps_denser_than_the_columns_are_averaged_and_the_legend_says_so() -> None:
    many = [(step, 5.0 + (step % 2)) for step in range(1, 2001)]
    text = draw_curve(many, [], 60, 12).plain
    assert "mean of" in text.split("\n")[0]
    rows = text.split("\n")[1:-2]
    assert sum(any(0x2800 < ord(cell) < 0x2900 for cell in row) for row in rows) < len(rows)


def test_the_line_is_the_mean_around_each_step_and_a_few_steps_are_joined_as_they_are() -> None:
    noisy = [(step, 4.0 + (0.5 if step % 2 else -0.5)) for step in range(1, 101)]
    means, window = smoothed(noisy)
    assert window == 11
    assert [step for step, _ in means] == [step for step, _ in noisy]
    assert all(abs(value - 4.0) < 0.1 for _, value in means)
    assert means[50][1] == pytest.approx(sum(value for _, value in noisy[45:56]) / 11)
    assert smoothed(LOSS[:5]) == (LOSS[:5], 1)


def test_each_step_is_a_dot_beside_the_line() -> None:
    noisy = [(step, 4.0 + (0.5 if step % 2 else -0.5)) for step in range(1, 61)]
    content = draw_curve(noisy, [], 120, 30)
    styles = {span.style for span in content.spans}
    assert {"$accent", "$accent 45%"} <= styles
    rows = content.plain.split("\n")[1:-2]
    filled = [sum(0x2800 < ord(cell) < 0x2900 for cell in row) for row in rows]
    assert filled[0] + filled[1] > 15
    assert filled[-1] + filled[-2] > 15
    assert "loss 4.0" in content.plain
    assert "(mean of 7)" in content.plain


def test_steps_that_are_not_finite_are_counted_not_drawn() -> None:
    text = draw_curve([*LOSS, (61, math.nan), (62, math.inf)], [], 90, 12).plain
    assert "2 steps not finite" in text
    assert "nan" not in text.lower().replace("nats", "")


def test_a_run_that_diverged_at_once_is_told_in_words() -> None:
    assert "No finite loss" in draw_curve([(1, math.nan)], [], 60, 12).plain


def test_a_legend_without_room_leaves_out_what_the_plot_shows() -> None:
    probe = [(60, 2.5, 2.4, 2.6)]
    legends = [draw_curve(LOSS, VALIDATION, width, 12, probe=probe).plain.split("\n")[0] for width in (120, 90, 66)]
    assert "nats" in legends[0]
    assert "2.600 to 3.100" in legends[1]
    assert "nats" not in legends[1]
    assert "2.600" not in legends[2]
    assert all(legend.rstrip().endswith(("probe 2.500", "by step")) for legend in legends)


def test_too_little_room_gives_the_numbers_in_words() -> None:
    assert draw_curve(LOSS, VALIDATION, 20, 3).plain.startswith("loss 2.799 at step 60, validation 2.800")


@pytest.mark.parametrize(("low", "high"), [(2.3, 9.7), (0.0, 1.0), (5.0, 5.0), (1e-4, 3e-4), (0.0, 1_000_000.0)])
def test_ticks_are_round_and_lie_inside(low: float, high: float) -> None:
    ticks = nice_ticks(low, high, 4)
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    assert len(ticks) <= 10


def test_a_validation_without_an_interval_claims_none_and_the_unit_is_said() -> None:
    text = draw_curve([(1, 3.3), (2, 3.0)], [(1, 3.5, 3.5, 3.5), (2, 3.4, 3.4, 3.4)], 90, 12, unit="by epoch").plain
    first = text.split("\n")[0]
    assert "validation 3.400   by epoch" in first
    assert "95%" not in text
