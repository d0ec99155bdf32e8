"""Whether a difference of losses is more than noise: against values worked out by hand, and what is said of it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from runners.intervals import student
from tests.journeys.experiment_builders import AGAIN, BROKEN, ROOT, SEVERAL, SLOWER, THIRD, add, make_tree
from workbench.operations.errors import WorkbenchError
from workbench.operations.experiment_losses import LossDifference, loss_difference, measurement
from workbench.operations.experiment_records import Records
from workbench.operations.experiment_view import compare_runs, experiment
from workbench.operations.experiment_words import loss_words, short_finding
from workbench.operations.project import Project

STEP_40, STEP_60 = (5.8 * math.exp(-step / 25) + 2.9 for step in (40, 60))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_tree(tmp_path_factory.mktemp("tree") / "voice")


def difference(project: Project, run: str, other: str) -> LossDifference:
    return loss_difference(Records.read(project), run, other)


def test_a_child_is_compared_with_the_mean_of_its_parents_replicates_pair_by_pair(project: Project) -> None:
    found = difference(project, SLOWER, ROOT)
    assert [item.run for item in found.before] == [ROOT, AGAIN, THIRD]
    mean = STEP_60 + (0.0 + 0.02 - 0.015) / 3
    assert found.value == pytest.approx(STEP_60 - 0.4 - mean)
    assert found.one_by_one
    records = Records.read(project)
    sides = [[measurement(records, name) for name in names] for names in ((SLOWER,), (ROOT, AGAIN, THIRD))]
    by_hand = []
    for pair in sides[0][0].pairs:  # type: ignore[union-attr]
        now, before = ([item.pairs[pair] for item in side if item] for side in sides)
        by_hand.append(sum(now) / len(now) - sum(before) / len(before))
    count = len(by_hand)
    assert found.pairs == count > 1
    mean = sum(by_hand) / count
    spread = math.sqrt(sum((value - mean) ** 2 for value in by_hand) / (count - 1))
    half = student(count - 1) * spread / math.sqrt(count)
    assert found.over_pairs is not None
    assert (found.over_pairs.low, found.over_pairs.high) == pytest.approx((mean - half, mean + half))


def test_the_noise_of_seeds_is_the_spread_among_replicates(project: Project) -> None:
    found = difference(project, SLOWER, ROOT)
    losses = (0.0, 0.02, -0.015)
    mean = sum(losses) / 3
    spread = math.sqrt(sum((value - mean) ** 2 for value in losses) / 2)
    assert found.spread == pytest.approx(spread)
    assert found.over_seeds is not None
    assert found.over_seeds.half == pytest.approx(4.303 * spread * math.sqrt(1 + 1 / 3))
    assert found.finding == "lower"
    assert loss_words(found)[-1] == "Lower beyond the noise of the pairs and of the seeds."
    assert experiment(project, ROOT).spread == pytest.approx(spread)


def test_without_a_replicate_the_noise_is_not_known(project: Project) -> None:
    found = difference(project, SEVERAL, SLOWER)
    assert (found.over_seeds, found.spread, found.finding) == (None, None, "not known")
    words = loss_words(found)
    assert words[-2] == "Seeds: not known: one run each, no replicate."
    assert words[-1].endswith("whether another seed would show it too is not known.")
    assert words[0].startswith(f"Validation loss {STEP_40 + 0.3:.3f} at step 40 against ")


def test_replicates_differ_by_the_noise_itself_and_by_nothing_else(project: Project) -> None:
    found = difference(project, THIRD, ROOT)
    assert found.finding == "a replicate"
    assert (len(found.now), len(found.before)) == (1, 1)
    assert loss_words(found)[-1] == "A replicate: both trained alike, so this difference is the noise itself."
    assert not any(line.startswith("Seeds:") for line in loss_words(found))


def test_a_difference_within_the_spread_of_replicates_is_smaller_than_the_noise(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    near = "20261120-1200-embedded-lr0.0009-1212"
    add(project, near, parent=ROOT, learning_rate=9e-4)
    found = difference(project, near, ROOT)
    assert found.finding == "within the noise"
    assert loss_words(found)[-1] == "Smaller than the noise: nothing follows from it."
    assert short_finding(found.value, found.finding).endswith("smaller than the noise")


def test_where_the_losses_of_pairs_were_not_kept_the_interval_is_put_together_from_both_runs(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice", pair_losses=False)
    found = difference(project, SEVERAL, SLOWER)
    assert not found.one_by_one
    assert found.over_pairs is not None
    assert found.over_pairs.half == pytest.approx(math.hypot(0.3, 0.3))
    assert "wider than it need be" in " ".join(loss_words(found))


def test_a_run_that_kept_its_pairs_is_not_compared_by_them_with_one_that_did_not(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice", pair_losses=False)
    later = "20261120-1200-embedded-lr0.0002-1212"
    add(project, later, parent=ROOT, learning_rate=2e-4)
    found = difference(project, later, ROOT)
    assert not found.one_by_one
    assert found.over_pairs is not None
    again = "20261120-1210-embedded-lr0.001-1313"
    add(project, again, parent=ROOT, train={"seed": 9})
    assert [item.run for item in difference(project, later, again).before] == [again]
    assert len(difference(project, later, again).left_out) == 3


def test_a_replicate_that_diverged_is_named_and_not_passed_over_in_silence(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    broken = "20261120-1200-embedded-lr0.001-1212"
    run_dir = add(project, broken, parent=ROOT, train={"seed": 4})
    with project.db.transaction() as connection:
        connection.execute(
            "UPDATE event SET data_json = json_remove(data_json, '$.values.val_loss') WHERE run = ? AND "
            "type = 'validation'",
            (run_dir.path.name,),
        )
    found = difference(project, SLOWER, ROOT)
    assert found.left_out == (f"{broken} diverged",)
    assert f"Left out: {broken} diverged." in loss_words(found)


@pytest.mark.parametrize(
    ("train", "why"),
    [
        ({"eval_draws": 10}, "different masks: 10 and 5 a pair"),
        ({"eval_draws": 3}, "3 masks a pair, which do not cover every mask ratio"),
        ({"over_long": "cut", "max_length": 256}, "cut to another length"),
    ],
)
def test_losses_measured_otherwise_are_not_laid_beside_each_other(
    tmp_path: Path, train: dict[str, object], why: str
) -> None:
    project = make_tree(tmp_path / "voice")
    other = "20261120-1200-embedded-lr0.001-1212"
    add(project, other, parent=ROOT, train=train)
    if "eval_draws" in train:
        with project.db.transaction() as connection:
            connection.execute(
                "UPDATE event SET data_json = json_set(data_json, '$.draws', ?) WHERE run = ? AND type = 'validation'",
                (train["eval_draws"], other),
            )
    found = difference(project, other, ROOT)
    assert found.value is None
    assert why in found.why_not
    assert loss_words(found) == [f"Not comparable: {found.why_not}."]


def test_a_run_that_did_not_finish_is_not_compared(project: Project) -> None:
    found = difference(project, BROKEN, ROOT)
    assert found.why_not == f"{BROKEN} has not finished (failed): its last validation is that of step 0"
    assert [item.step for item in found.now] == [0]


def test_a_run_that_never_validated_says_so(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    with project.db.transaction() as connection:
        connection.execute("DELETE FROM event WHERE run = ? AND type = 'validation'", (SLOWER,))
    assert difference(project, SLOWER, ROOT).why_not == f"{SLOWER} has no validation loss"


def test_a_view_of_a_run_holds_what_hangs_under_it_and_above(project: Project) -> None:
    view = experiment(project, SLOWER)
    assert view.above is not None
    assert view.above.other == ROOT
    assert [item.run for item in view.beneath] == [SEVERAL]
    assert view.beneath[0].warning.startswith("3 variables changed at once")
    assert experiment(project, ROOT).above is None


def test_a_run_that_is_not_there_or_compared_with_itself_is_refused(project: Project) -> None:
    with pytest.raises(WorkbenchError, match="no run named 'nope'"):
        experiment(project, "nope")
    with pytest.raises(WorkbenchError, match="not compared with itself"):
        compare_runs(project, ROOT, ROOT)


def test_what_is_kept_between_two_questions_is_never_out_of_date(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    before = difference(project, SLOWER, ROOT)
    assert difference(project, SLOWER, ROOT) == before
    with project.db.transaction() as connection:
        connection.execute(
            "UPDATE event SET data_json = json_set(data_json, '$.pair_losses[0].loss', 9.0) WHERE run = ? AND "
            "type = 'validation'",
            (SLOWER,),
        )
    after = difference(project, SLOWER, ROOT)
    assert after.value is not None
    assert before.value is not None
    assert after.value > before.value + 1
