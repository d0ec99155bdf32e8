"""Checks are kept by content, rules and waivers lie over them, and freezes record them."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store import checks, datasets, essays, history, pairs
from store.errors import Conflict, NotFound
from store.pairs import PairChange, PairFilter
from tests.journeys.builders import make_curated_project
from workbench.operations import canaries, checking, child, counting, curating, freezing, reshaping, waiving
from workbench.operations.checking_job import check_in_child, freeze_in_child
from workbench.operations.comparing import compare_datasets
from workbench.operations.edits import redo, undo
from workbench.operations.errors import ChildError, ProjectError, WorkbenchError
from workbench.operations.freezing import dataset_rows, dataset_view, freeze
from workbench.operations.project import Project, read_settings


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Eight pairs accepted, two of them held out, three canary prompts."""
    return make_curated_project(tmp_path / "voice")


def accepted(project: Project) -> list[int]:
    return list(curating.pair_ids(project, PairFilter(statuses=("accepted",))))


def silent(done: int, total: int, name: str) -> None:
    """Take progress."""


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs were looked at, each time they were."""
    seen: list[int] = []
    find_leaks = checking.find_leaks

    def counted(members: Any, canaries: Any, **more: Any) -> Any:
        seen.append(len(members))
        return find_leaks(members, canaries, **more)

    monkeypatch.setattr(checking, "find_leaks", counted)
    return seen


def test_unchanged_pairs_are_looked_at_once_and_changed_ones_again(project: Project, looks: list[int]) -> None:
    first = checking.check(project)
    assert checking.check(project) == first
    freeze(project)
    assert looks == [8]
    pair = curating.pair_view(project, accepted(project)[0]).pair
    reshaping.edit_pair(project, pair.id, prompt=pair.prompt, response="Other words, all of them.")
    assert checking.last_check(project).stale  # type: ignore[union-attr]
    assert not checking.check(project).stale
    assert looks == [8, 8]


def test_tokens_that_are_counted_already_are_not_counted_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = checking.check(project).statistics.tokens
    counting.count_pairs(project)
    counting.end_child(project)
    monkeypatch.setattr(checking, "read", None)
    assert checking.check(project, anew=True).statistics.tokens == fresh


def test_what_an_undo_brings_back_needs_no_other_look(project: Project, looks: list[int]) -> None:
    checking.check(project)
    curating.flag(project, accepted(project)[:1])
    assert checking.last_check(project).stale  # type: ignore[union-attr]
    assert not checking.check(project).stale
    assert looks == [8]


def test_a_check_that_is_cancelled_keeps_nothing(project: Project) -> None:
    with pytest.raises(checking.Cancelled):
        checking.check(project, cancelled=lambda: True)
    assert checking.last_check(project) is None


def test_a_waiver_stands_in_the_report_with_its_reason_until_it_is_taken_back(project: Project) -> None:
    assert "small-holdout" in {item.rule for item in checking.check(project).warnings}
    waiver = waiving.waive(project, rule="small-holdout", scope="dataset", subject="", reason=" it is a first try ")
    report = checking.last_check(project)
    assert report is not None
    assert [(item.rule, item.waived) for item in report.waived] == [("small-holdout", "it is a first try")]
    row = freeze(project).dataset
    waiving.take_back(project, waiver)
    assert checking.last_check(project).waived == []  # type: ignore[union-attr]
    assert [item.waived for item in dataset_view(project, row.id).report.waived] == ["it is a first try"]


def test_a_waiver_makes_no_check_old(project: Project) -> None:
    checking.check(project)
    waiving.waive(project, rule="small-holdout", scope="dataset", subject="", reason="a first try")
    assert not checking.last_check(project).stale  # type: ignore[union-attr]


def test_undo_takes_a_waiver_back(project: Project) -> None:
    checking.check(project)
    waiving.waive(project, rule="small-holdout", scope="dataset", subject="", reason="why not")
    assert undo(project) == "Undone: waive small-holdout for the whole"
    assert waiving.waiver_rows(project) == []


def test_a_waiver_after_the_freeze_says_so_on_the_datasets_page(project: Project) -> None:
    row = freeze(project).dataset
    waiving.waive(project, rule="small-holdout", scope="dataset", subject="", reason="a first try")
    assert [item.waived for item in dataset_view(project, row.id).report.waived] == ["since: a first try"]


@pytest.mark.parametrize(
    ("rule", "scope", "subject", "reason", "words"),
    [
        ("no-such", "dataset", "", "why", "There is no rule 'no-such'"),
        ("repeat", "dataset", "", "  ", "say why"),
        ("repeat", "pair", "", "why", "for a pair by its id"),
        ("repeat", "dataset", "salt", "why", "for a pair by its id"),
        ("repeat", "source", "no-such-essay", "why", "No essay named no-such-essay"),
    ],
)
def test_a_waiver_that_says_too_little_is_refused(
    project: Project, rule: str, scope: Any, subject: str, reason: str, words: str
) -> None:
    with pytest.raises(WorkbenchError, match=words):
        waiving.waive(project, rule=rule, scope=scope, subject=subject, reason=reason)


@pytest.mark.parametrize("subject", ["999", "salt"])
def test_a_waiver_for_a_pair_that_is_not_there_is_refused(project: Project, subject: str) -> None:
    with pytest.raises(NotFound):
        waiving.waive(project, rule="repeat", scope="pair", subject=subject, reason="why")


def test_the_pane_of_a_pair_tells_what_the_check_found_until_it_is_edited_or_waived(project: Project) -> None:
    held = next(row for row in essays.rows(project.db) if row.split == "holdout")
    copied = next(iter(pairs.ids(project.db, PairFilter(source_id=held.id, statuses=("accepted",)))))
    train = accepted(project)[-1]
    text = pairs.get(project.db, copied).response
    pairs.change(project.db, "copy", [PairChange(id=train, response=text)])
    checking.check(project)
    assert any("held-out pair" in words for words in curating.pair_view(project, train).warnings)
    waiving.waive(project, rule="duplicate", scope="pair", subject=str(train), reason="quoted on purpose")
    assert not any("held-out pair" in words for words in curating.pair_view(project, train).warnings)
    undo(project)
    reshaping.edit_pair(project, train, prompt="Begin.", response="Now it says something else, at some length indeed.")
    assert not any("held-out pair" in words for words in curating.pair_view(project, train).warnings)


def test_the_pane_warns_of_every_target_model_that_does_not_take_the_whole_pair(project: Project) -> None:
    pair = pairs.get(project.db, accepted(project)[0])
    views = curating.pair_view(project, pair.id).counts
    short = replace(views[0], model="short-model", total=90, max_length=64)
    found = waiving.findings_of_pair(project, pair, [*views, short])
    assert [(item.rule, item.message.split(".")[0]) for item in found] == [
        ("token-cap", "90 tokens for short-model, 26 more than the 64 it takes")
    ]


def test_rules_come_from_the_settings_and_wrong_ones_are_named(project: Project) -> None:
    path = project.root / "workbench.toml"
    text = path.read_text(encoding="utf-8")
    assert "max_source_share = 0.15" in text
    assert "small-holdout" in text
    path.write_text(text.replace("off = []", 'off = ["small-holdout"]'), encoding="utf-8")
    assert "small-holdout" not in {item.rule for item in checking.check(Project.open(project.root)).findings}
    path.write_text(text.replace("max_source_share = 0.15", "max_source_share = 15"), encoding="utf-8")
    with pytest.raises(ProjectError, match=r"rules\.max_source_share: found 15\.0, expected 0 to 1"):
        read_settings(path)


def test_the_same_pairs_typed_on_another_machine_give_the_same_hash(tmp_path: Path) -> None:
    tail = "brûlée and a long tail of words."
    hashes = set()
    for name, text in (("mac", f"Cre\u0300me,\r\n{tail}"), ("here", f"Crème,\n{tail}")):
        project = make_curated_project(tmp_path / name)
        pair = curating.pair_view(project, accepted(project)[0]).pair
        reshaping.edit_pair(project, pair.id, prompt=pair.prompt, response=text)
        hashes.add(freeze(project).dataset.content_hash)
    assert len(hashes) == 1


def test_the_list_of_datasets_counts_the_leaks_that_its_report_shows_also_after_some_were_waived(
    project: Project,
) -> None:
    freeze(project)
    (row,) = dataset_rows(project)
    leaks = dataset_view(project, row.id).report.leaks
    assert row.leaks == len(leaks) > 1
    rule = leaks[0].rule
    waiving.waive(project, rule=rule, scope="dataset", subject="", reason="known")
    left = [item for item in leaks if item.rule != rule]
    view = dataset_view(project, row.id)
    assert dataset_rows(project)[0].leaks == view.row.leaks == len(view.report.leaks) == len(left)
    assert [leak.subject for leak in view.report.leaks] == [leak.subject for leak in left]


def test_a_dataset_from_before_reports_shows_its_leaks_and_its_numbers(project: Project) -> None:
    row = freeze(project).dataset
    leak = {"kind": "near-copy", "left": "1", "right": "2", "message": "Shared."}
    with project.db.transaction() as connection:
        connection.execute("UPDATE dataset SET report_json = '{}', leaks_json = ?", (json.dumps([leak]),))
    view = dataset_view(project, row.id)
    assert [(item.rule, item.subject, item.message) for item in view.report.leaks] == [("near-copy", "1", "Shared.")]
    assert view.report.statistics.pairs("train") == 6
    assert datasets.report_json(project.db, row.id) == "{}"


def test_two_datasets_and_what_is_accepted_are_compared_pair_by_pair(project: Project) -> None:
    freeze(project)
    first, second = accepted(project)[:2]
    pair = curating.pair_view(project, first).pair
    reshaping.edit_pair(project, first, prompt=pair.prompt, response=pair.response + " Indeed.")
    curating.decide(project, [second], "rejected")
    found = compare_datasets(project, 1, None)
    assert found.names == ("dataset 1", "what is accepted")
    assert {(item.key, item.what) for item in found.difference.pairs} == {(first, "changed"), (second, "removed")}
    freeze(project)
    assert compare_datasets(project, 1, 2).difference == found.difference
    with pytest.raises(WorkbenchError, match="There is no dataset 9"):
        compare_datasets(project, 1, 9)


def test_a_child_checks_and_freezes_and_tells_how_far_it_is(project: Project) -> None:
    said: list[str] = []
    report = check_in_child(project, progress=lambda done, total, name: said.append(name), cancelled=lambda: False)
    assert report == checking.last_check(project)
    assert "comparing" in said
    done = freeze_in_child(project, note="by the child", progress=silent, cancelled=lambda: False)
    assert done is not None
    assert (done.dataset.number, done.dataset.note, done.new) == (1, "by the child", True)


def test_a_child_that_is_cancelled_ends_and_freezes_nothing(project: Project) -> None:
    before = threading.active_count()
    assert freeze_in_child(project, progress=silent, cancelled=lambda: True) is None
    assert datasets.rows(project.db) == []
    assert threading.active_count() == before


def test_what_goes_wrong_in_a_child_is_its_sentence(tmp_path: Path) -> None:
    bare = Project.create(tmp_path / "bare")
    with pytest.raises(ChildError, match="accept some in Pairs with a"):
        freeze_in_child(bare, progress=silent, cancelled=lambda: False)


def test_a_child_that_ends_by_itself_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ChildError, match="that was to check ended by itself"):
        child.run_child(project, "none", {"do": "check"})


@pytest.mark.parametrize("side", ["prompt", "response"])
def test_an_accepted_pair_without_a_text_is_reported_and_named_by_the_freeze_that_refuses_it(
    project: Project, side: str
) -> None:
    key = accepted(project)[0]
    pairs.change(project.db, "empty it", [PairChange(id=key, **{side: ""})])  # type: ignore[arg-type]
    source = pairs.get(project.db, key).source
    (finding,) = (item for item in checking.check(project).warnings if item.rule == "empty")
    assert (finding.subject, finding.source) == (str(key), source)
    with pytest.raises(WorkbenchError, match=f"Not frozen.* Pair {key} of {source} .*has no {side}") as refused:
        freeze(project)
    assert finding.message.split(" o in Datasets")[0] in str(refused.value)


def test_an_accepted_pair_that_is_edited_empty_is_proposed_again(project: Project) -> None:
    key = accepted(project)[0]
    reshaping.edit_pair(project, key, prompt=" ", response="Other words.")
    assert pairs.get(project.db, key).status == "proposed"


def test_canary_prompts_that_another_program_edits_as_they_are_frozen_are_not_frozen_under_their_old_hash(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, hashed = Project.open(project.root), canaries._hash

    def meanwhile(rows: Any) -> str:
        canaries.add_canary(other, prompt="Written in another program.")
        return hashed(rows)

    with monkeypatch.context() as patched:
        patched.setattr(canaries, "_hash", meanwhile)
        with pytest.raises(Conflict, match="edited meanwhile: nothing was frozen"):
            canaries.freeze_canaries(project)
    frozen = canaries.freeze_canaries(project)
    assert frozen.content_hash == hashed(canaries.canary_rows(project))
    other.close()


def test_leaks_are_looked_for_against_the_canary_prompts_that_are_frozen_with_the_dataset(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, freeze_canaries = Project.open(project.root), freezing.freeze_canaries
    train = next(pair for pair in pairs.accepted(project.db) if pair.split == "train")

    def meanwhile(*given: Any) -> Any:
        frozen = freeze_canaries(*given)
        canaries.add_canary(other, prompt=train.response, slug="leaks")
        return frozen

    monkeypatch.setattr(freezing, "freeze_canaries", meanwhile)
    report = freeze(project).report
    assert [item for item in report.findings if "leaks" in (item.subject, item.other)] == []
    assert report.stale
    other.close()


def test_a_dataset_keeps_what_its_own_check_found_and_not_that_of_another_program(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = checks.keep

    def meanwhile(*given: Any, **named: Any) -> Any:
        kept = keep(*given, **named)
        body = json.loads(named["body_json"])
        body["unclear_topics"] = ["of another program"]
        keep(*given, content_hash="sha256:other", body_json=json.dumps(body))
        return kept

    monkeypatch.setattr(checks, "keep", meanwhile)
    assert freeze(project).report.unclear_topics != ("of another program",)


def test_edits_that_were_undone_and_edits_that_were_set_aside_are_not_taken_for_each_other(project: Project) -> None:
    first = len(history.ids(project.db)) + 1
    for pair_id in accepted(project)[:3]:
        curating.decide(project, [pair_id], "rejected")
    undo(project)
    before = checking.check(project)
    assert not before.stale
    redo(project)
    # Of the numbers of those that are done the sum is the same again.
    history.set_aside(project.db, first + 2)
    assert checking.last_check(project).stale  # type: ignore[union-attr]
