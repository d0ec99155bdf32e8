"""What differs from a parent, in words: what counts as a variable first, as Experiments counts."""

from __future__ import annotations

import pytest

from workbench.screens.run_lines import in_words

RATE, STEPS, SEED = ("train.learning_rate", 1e-3, 5e-4), ("train.max_steps", 20, 30), ("train.seed", 1, 2)


@pytest.mark.parametrize(
    ("differences", "variables", "words"),
    [
        ([], [], "does not differ from its parent: a replicate"),
        ([RATE], ["train.learning_rate"], "in one variable: train.learning_rate 0.001 → 0.0005"),
        (
            [SEED, RATE],
            ["train.learning_rate"],
            "in one variable: train.learning_rate 0.001 → 0.0005; besides in train.seed 1 → 2",
        ),
        (
            [RATE, STEPS],
            ["train.learning_rate", "train.max_steps"],
            "in 2 variables: train.learning_rate 0.001 → 0.0005, train.max_steps 20 → 30",
        ),
        ([("train.probe_pairs", 4, 8)], [], "in no variable, only in train.probe_pairs 4 → 8"),
    ],
)
def test_what_counts_as_a_variable_is_told_apart_from_what_does_not(
    differences: list[tuple[str, object, object]], variables: list[str], words: str
) -> None:
    assert in_words(differences, variables).removeprefix("differs from its parent ") == words
