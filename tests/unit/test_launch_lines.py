"""A field of the launch form as one line, and what stands under the list."""

from __future__ import annotations

from workbench.operations.drafting import Line
from workbench.screens.launch_lines import LAUNCH, explanation, form_line

RATE = Line(path="train.learning_rate", value="0.0005", explanation="Peak rate.")


def drawn(line: Line, width: int = 80) -> str:
    return form_line(line, width).plain


def test_a_field_as_its_parent_has_it_shows_its_name_and_value_alone():
    assert drawn(RATE).split() == ["train.learning_rate", "0.0005"]


def test_a_changed_field_shows_what_its_parent_has():
    changed = Line(path="train.max_steps", value="60", explanation="", parent="120")
    assert drawn(changed).split() == ["train.max_steps", "60", "parent", "120"]


def test_a_value_that_does_not_hold_is_told_in_the_line_and_under_the_list_before_what_the_field_does():
    wrong = Line(path="train.max_steps", value="none", explanation="Optimizer steps.", problem="expected 1 or more.")
    assert "✗ expected 1 or more." in drawn(wrong)
    assert explanation(wrong).plain == "✗ expected 1 or more.\nOptimizer steps."


def test_a_choice_is_marked_as_one_and_an_empty_value_is_seen():
    assert "‹ lora ›" in drawn(Line(path="train.method", value="lora", explanation="", choices=("lora", "full")))
    assert drawn(Line(path="model.revision", value="", explanation="")).endswith("–")


def test_no_line_is_wider_than_the_list():
    long = Line(path="model.id", value="a" * 200, explanation="", parent="b" * 200)
    assert form_line(long, 60).cell_length <= 60


def test_the_last_line_launches_and_nothing_is_explained_where_there_is_no_line():
    assert drawn(Line(path=LAUNCH, value="", explanation="")) == "Launch"
    assert explanation(None).plain == ""
