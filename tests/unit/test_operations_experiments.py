"""The tree of runs: what hangs where, what changed in words, what counts as one variable, and who replicates whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runners.spec import AdapterSpec, LoraSpec, RunSpec, TrainSpec, sample_key, substance
from store import runs
from tests.journeys.builders import BASE_RUN, SECOND_RUN, make_reviewed_project, make_smoke
from tests.journeys.experiment_builders import AGAIN, BROKEN, ROOT, SEVERAL, SLOWER, THIRD, add, make_tree
from workbench.operations.experiment_changes import changes, summary, training_key, variable_paths, variables, warning
from workbench.operations.experiment_records import Records
from workbench.operations.experiment_report import change_line
from workbench.operations.experiment_view import compare_runs
from workbench.operations.experiments import tree
from workbench.operations.launching import change, draft
from workbench.operations.project import Project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_tree(tmp_path_factory.mktemp("tree") / "voice")


def drawn(project: Project, **how: object) -> list[tuple[str, str]]:
    return [(item.guide, item.row.name) for item in tree(project, **how)]  # type: ignore[arg-type]


def test_every_run_hangs_under_the_one_it_was_copied_from(project: Project) -> None:
    assert drawn(project) == [
        ("", ROOT),
        ("├ ", AGAIN),
        ("├ ", THIRD),
        ("├ ", SLOWER),
        ("│ └ ", SEVERAL),
        ("└ ", BROKEN),
    ]


def test_what_changed_is_told_in_few_words(project: Project) -> None:
    told = {item.row.name: item.told for item in tree(project)}
    assert told[ROOT] == ""
    assert told[AGAIN] == "seed 1 → 2"
    assert told[SLOWER] == "learning_rate 0.001 → 0.0005"
    assert told[SEVERAL] == "3 changes: learning_rate, max_steps, weight_decay"


def test_replicates_are_those_that_finished_alike_but_for_the_seed(project: Project) -> None:
    found = {item.row.name: item.replicates for item in tree(project)}
    assert found[ROOT] == (AGAIN, THIRD)
    assert found[THIRD] == (ROOT, AGAIN)
    assert found[SLOWER] == found[SEVERAL] == found[BROKEN] == ()


def test_quiet_runs_can_be_left_out_and_what_hangs_under_them_moves_up(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    add(project, "20261120-1100-embedded-lr0.002-9999", parent=BROKEN, learning_rate=2e-3)
    names = [name for _, name in drawn(project, all_runs=False)]
    assert BROKEN not in names
    assert drawn(project, all_runs=False)[-1] == ("└ ", "20261120-1100-embedded-lr0.002-9999")
    make_smoke(project, SLOWER)
    assert SLOWER not in [name for _, name in drawn(project, all_runs=False)]
    assert {item.row.name: item.sort for item in tree(project)}[SLOWER] == "smoke"


def test_the_tree_is_filtered_by_words_of_names_and_changes(project: Project) -> None:
    assert drawn(project, words="weight_decay") == [("", SEVERAL)]
    assert [name for _, name in drawn(project, words="seed 3")] == [THIRD]
    assert drawn(project, words="failed") == [("", BROKEN)]


def test_two_runs_of_one_seed_are_one_training_done_twice(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    twin = "20261120-1200-embedded-lr0.001-1212"
    add(project, twin, parent=ROOT)
    records = Records.read(project)
    # Whoever is asked about stands for its own seed.
    assert records.replicates(ROOT) == (ROOT, AGAIN, THIRD)
    assert records.replicates(twin) == (AGAIN, THIRD, twin)
    assert records.alike(ROOT, twin)


def test_how_samples_are_drawn_is_no_variable_of_the_loss(tmp_path: Path) -> None:
    project = make_tree(tmp_path / "voice")
    other = "20261120-1200-embedded-lr0.0005-1212"
    add(project, other, parent=ROOT, learning_rate=5e-4, sampling={"temperature": 1.0})
    records = Records.read(project)
    found = records.changed(other, ROOT)
    assert [item.path for item in variables(found, "loss")] == ["train.learning_rate"]
    assert [item.path for item in variables(found, "samples")] == ["sampling.temperature", "train.learning_rate"]
    assert warning(found) == (
        "2 variables of the samples changed at once (sampling.temperature, train.learning_rate): verdicts prove "
        "nothing about any one of them; the loss depends on train.learning_rate alone."
    )
    # It trained as the other of that rate did, so it is no variable that keeps them from being alike.
    assert records.alike(other, SLOWER)


@pytest.mark.parametrize(
    ("sampling", "told", "changed"),
    [
        ({"samples_per_prompt": 1}, "samples_per_prompt 2 → 1", "sampling.samples_per_prompt 2 → 1"),
        ({}, "sampled again", "Nothing changed: the same again."),
    ],
)
def test_a_run_that_samples_an_adapter_again_names_what_it_draws_otherwise(
    tmp_path: Path, sampling: dict[str, int], told: str, changed: str
) -> None:
    project = make_tree(tmp_path / "voice")
    name = "20261120-1200-embedded-sample-1212"
    root = RunSpec.from_json(Records.read(project).kept[ROOT].spec_json)
    spec = replace(
        root,
        name=name,
        task="sample",
        parent=ROOT,
        train=None,
        lora=None,
        dataset_hash=None,
        adapter=AdapterSpec(run=ROOT, checkpoint="checkpoints/step-000060"),
        sampling=replace(root.sampling, **sampling),  # type: ignore[arg-type]
    )
    runs.add(
        project.db,
        name=name,
        task="sample",
        parent=ROOT,
        dir=f"runs/{name}",
        place="local",
        spec_json=spec.to_json(),
        model=spec.model.id,
        sample_key=sample_key(spec),
        dataset_id=None,
        canary_set_id=None,
        adapter_run=ROOT,
    )
    assert {item.row.name: item.told for item in tree(project)}[name] == told
    found = compare_runs(project, name, ROOT)
    assert change_line(found) == changed
    assert found.loss.why_not == f"{name} only draws samples, it trains nothing"


def test_several_changes_at_once_prove_nothing_about_any_one(project: Project) -> None:
    found = Records.read(project).changed(SEVERAL, SLOWER)
    assert warning(found) == (
        "3 variables changed at once (train.learning_rate, train.max_steps, train.weight_decay): this branch proves "
        "nothing about any one of them."
    )
    assert warning(Records.read(project).changed(SLOWER, ROOT)) == ""


def test_a_seed_is_no_variable_beside_another_one_since_it_is_the_noise(project: Project) -> None:
    found = Records.read(project).changed(SLOWER, AGAIN)
    assert {item.path for item in found} == {"train.learning_rate", "train.seed"}
    assert [item.path for item in variables(found, "loss")] == ["train.learning_rate"]
    assert warning(found) == ""
    assert summary(found) == "learning_rate 0.001 → 0.0005, another seed"
    (seed,) = Records.read(project).changed(AGAIN, ROOT)
    assert variables((seed,), "loss") == (seed,)


def test_the_launch_form_counts_variables_as_the_tree_does(project: Project) -> None:
    records = Records.read(project)
    for name in records.specs:
        for other in records.specs:
            found = variable_paths(substance(records.specs[other]), substance(records.specs[name]))
            assert found == tuple(item.path for item in variables(records.changed(name, other), "samples"))
    ready = draft(project, parent=ROOT)
    reseeded = change(project, ready, {"train.learning_rate": 5e-4, "train.seed": 9})
    assert {path for path, _, _ in reseeded.differences} == {"train.learning_rate", "train.seed"}
    assert reseeded.variables == ("train.learning_rate",)
    assert not any("what helps stays open" in item for item in reseeded.warnings)


def spec(**train: object) -> dict[str, Any]:
    lora = None if train.get("method") == "full" else LoraSpec()
    recipe = TrainSpec(**train)  # type: ignore[arg-type]
    made = RunSpec(name="x", task="train", train=recipe, lora=lora, dataset_hash="sha256:1", canary_hash="sha256:2")
    return substance(made)


def test_what_is_only_measured_or_kept_changes_nothing(project: Project) -> None:
    found = changes(project, spec(), spec(save_total_limit=9, eval_every_steps=7), (None, None))
    assert {item.effect for item in found} == {"nothing"}
    assert training_key(spec()) == training_key(spec(save_total_limit=9, eval_every_steps=7))
    assert summary(found).startswith("2 changes: ")
    # Where a run may end early, when it is looked at decides when.
    early, otherwise = (spec(early_stopping_patience=2, eval_every_steps=every) for every in (5, 7))
    assert training_key(early) != training_key(otherwise)


def test_another_method_is_one_change_though_it_takes_the_adapter_with_it(project: Project) -> None:
    found = changes(project, spec(), spec(method="full"), (None, None))
    assert [item.words for item in found] == ["train.method lora → full"]


def test_a_change_of_dataset_is_told_by_number_hash_and_counts_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from store import datasets, experiments, pairs
    from store.pairs import PairChange, PairFilter
    from workbench.operations.freezing import freeze

    project = make_tree(tmp_path / "voice")
    accepted = pairs.ids(project.db, PairFilter(statuses=("accepted",)))
    train = [item.id for item in pairs.rows(project.db, accepted) if item.split == "train"]
    pairs.change(project.db, "reject", [PairChange(id=train[0], status="rejected")])
    freeze(project)
    name = "20261120-1300-embedded-lr0.001-3333"
    add(project, name, parent=ROOT)
    (change,) = Records.read(project).changed(name, ROOT)
    old, new = (row.content_hash.removeprefix("sha256:")[:8] for row in datasets.rows(project.db))
    assert change.words == f"dataset 1 ({old}) → 2 ({new}) (train +0 −1, holdout as before)"
    assert warning((change,)) == ""
    # The tree is asked for with every step of a run.
    monkeypatch.setattr(experiments, "dataset_changes", lambda *_given: pytest.fail("counted again"))
    assert Records.read(project).changed(name, ROOT) == (change,)
    assert tree(project)[-1].changes == (change,)


def test_a_project_with_two_runs_has_a_tree_of_two(tmp_path: Path) -> None:
    reviewed = make_reviewed_project(tmp_path / "voice")
    assert drawn(reviewed) == [("", BASE_RUN), ("└ ", SECOND_RUN)]


def test_a_line_of_the_tree_says_whether_its_difference_is_noise(project: Project) -> None:
    found = {item.row.name: item.finding for item in tree(project)}
    assert found == {
        ROOT: None,
        AGAIN: "a replicate",
        THIRD: "a replicate",
        SLOWER: "lower",
        SEVERAL: "not known",
        BROKEN: "not comparable",
    }


def test_a_replicate_gets_a_seed_that_none_of_its_kind_has_had(project: Project) -> None:
    records = Records.read(project)
    assert records.free_seed(ROOT) == records.free_seed(AGAIN) == 4
    assert records.free_seed(SLOWER) == 2
