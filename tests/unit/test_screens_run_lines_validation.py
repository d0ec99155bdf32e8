"""A validation that covers not every mask ratio is told from those that can be laid side by side."""

from __future__ import annotations

import pytest

from store import runs
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_reviewed_project
from workbench.operations.running import run_view
from workbench.screens.run_lines import run_line
from workbench.screens.run_validation import validation_lines


@pytest.fixture
def project(tmp_path):
    made = make_reviewed_project(tmp_path / "voice", runs_made=2)
    with made.db.transaction() as connection:
        connection.execute(
            "UPDATE run SET spec_json = json_set(spec_json, '$.train.eval_draws', 1) WHERE name = ?", (SECOND_RUN,)
        )
    return made


def test_the_list_marks_a_loss_that_no_other_run_compares_with(project):
    whole, smoke = (run_line(row, 120).plain for row in runs.rows(project.db))
    assert "~" not in whole
    assert f"~{runs.rows(project.db)[1].val_loss:.3f}" in smoke


def test_the_validation_says_that_it_stands_for_itself(project):
    said = {
        name: " ".join(line.plain for line in validation_lines(run_view(project, name), 100)).replace("  ", " ")
        for name in (BASE_RUN, SECOND_RUN)
    }
    assert "lay it beside no other run" not in said[BASE_RUN]
    assert "Each pair is measured on 1 mask only" in said[SECOND_RUN]


def test_a_warning_compares_with_no_such_loss(project):
    hashed = project.db.one("SELECT content_hash FROM dataset")[0]
    both = runs.latest_validation(project.db, dataset_hash=hashed)
    assert both == (
        runs.metric(project.db, BASE_RUN, "val_loss")[-1][1],
        runs.metric(project.db, BASE_RUN, "val_loss_high")[-1][1],
    )
