"""Pairs that come in from files: recognised, matched with their essays, known again, undone; every fault named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import Input

from store import pairs
from store.pairs import Pair, PairChange
from tests.journeys.program import opened, press
from tests.journeys.program import shown as on_screen
from tests.journeys.screens import settle
from workbench.cli.main import cli
from workbench.operations.curating import pair_counts, pair_ids
from workbench.operations.edits import redo, undo
from workbench.operations.essays import essay_rows, hold_out
from workbench.operations.importing import import_paths
from workbench.operations.intake import ImportReport
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs

ESSAY = """\
# The Back Wheel

A wheel is round because nobody has found a better excuse for going forward.

It is the back wheel that does the work, and the front one that is looked at.
"""
PAIRS = """\
# Pairs

## pair: back_wheel
tier: 3

### prompt
A wheel is round because nobody has found a better excuse for going forward.

### response
It is the back wheel that does the work, and the front one that is looked at.

---

## pair: lost_essay
tier: 1

### prompt
rough words about lamps

### response
A lamp is a promise that the dark will wait.

---
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that holds nothing yet."""
    return Project.create(tmp_path / "voice")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A writer's folder: pairs before the essays by name, and the same pair once more as JSON."""
    for name, text in (
        ("curation/pairs.md", PAIRS),
        ("essays/the-back-wheel.md", ESSAY),
        (
            "a.jsonl",
            '{"prompt": "rough words about lamps", "completion": "A lamp is a promise that the dark will wait."}',
        ),
    ):
        path = tmp_path / "writing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "writing"


def all_pairs(project: Project) -> list[Pair]:
    from store.pairs import PairFilter

    return [pairs.get(project.db, key) for key in pair_ids(project, PairFilter())]


def counted(report: ImportReport) -> list[tuple[str, str, int]]:
    return [(item.outcome, item.name, item.count) for item in report.arrivals if item.what == "pair"]


def test_pairs_find_their_essay_or_get_a_source_group_of_their_own(project: Project, folder: Path) -> None:
    report = import_paths(project, [folder])
    assert report.problems == ()
    assert report.summary == "Imported: 3 added (1 note, 2 pairs), 0 changed, 1 as they were (1 pair)"
    first, second = all_pairs(project)
    assert (first.source, first.tier, first.status) == ("lost-essay", "rewrite", "proposed")
    assert (second.source, second.tier, second.status) == ("the-back-wheel", "continuation", "proposed")
    assert ESSAY[second.start : second.end] == second.response
    group = next(row for row in essay_rows(project) if row.slug == "lost-essay")
    assert (group.kind, group.words, group.missing_at, group.title) == ("pairs", 0, None, "lost essay")


def test_importing_the_same_thing_twice_changes_nothing_even_after_an_edit(project: Project, folder: Path) -> None:
    import_paths(project, [folder], accept=True)
    assert pair_counts(project).accepted == 2
    first, second = all_pairs(project)
    pairs.change(
        project.db, "edit", [PairChange(id=first.id, prompt="other words"), PairChange(id=second.id, status="rejected")]
    )
    before = all_pairs(project)
    again = import_paths(project, [folder])
    assert [item.outcome for item in again.arrivals] == ["same"] * len(again.arrivals)
    assert all_pairs(project) == before


def test_an_import_is_one_edit_that_is_undone_redone_and_done_again(project: Project, folder: Path) -> None:
    import_paths(project, [folder])
    before = all_pairs(project)
    assert undo(project) == "Undone: import 1 note and 2 pairs from writing"
    assert all_pairs(project) == []
    assert essay_rows(project) == []
    assert redo(project) == "Redone: import 1 note and 2 pairs from writing"
    assert all_pairs(project) == before
    undo(project)
    assert len(import_paths(project, [folder]).arrivals) == 4
    assert len(all_pairs(project)) == 2


def test_a_dry_run_says_to_the_letter_what_the_import_then_does(project: Project, folder: Path) -> None:
    foreseen = import_paths(project, [folder], dry_run=True)
    assert all_pairs(project) == []
    assert essay_rows(project) == []
    assert import_paths(project, [folder]).arrivals == foreseen.arrivals
    assert import_paths(project, [folder], dry_run=True).arrivals == import_paths(project, [folder]).arrivals


def test_the_essay_that_comes_later_takes_the_place_of_its_group(project: Project, folder: Path) -> None:
    import_paths(project, [folder / "curation"])
    assert {row.slug for row in essay_rows(project)} == {"back-wheel", "lost-essay"}
    hold_out(project, ["lost-essay"])
    late = folder / "essays" / "lost-essay.md"
    late.write_text("# Lamps\n\nA lamp is a promise that the dark will wait.\n", encoding="utf-8")
    report = import_paths(project, [late])
    assert report.changed == ("lost-essay",)
    row = next(row for row in essay_rows(project) if row.slug == "lost-essay")
    assert (row.origin, row.title, row.proposed, row.split) == ("file", "Lamps", 1, "holdout")


def test_proposing_keeps_what_was_imported(project: Project, folder: Path) -> None:
    import_paths(project, [folder])
    kept = [pair.id for pair in all_pairs(project)]
    propose_pairs(project, [row.id for row in essay_rows(project)])
    assert set(kept) <= {pair.id for pair in all_pairs(project)}


def test_a_held_out_file_stays_held_out_and_a_side_that_differs_is_named(project: Project, folder: Path) -> None:
    import_paths(project, [folder / "essays"])
    rows = [
        {"prompt": "P1", "response": "R1", "source": "new-one", "split": "holdout"},
        {"prompt": "P2", "response": "R2", "source": "the-back-wheel", "split": "holdout"},
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "holdout.jsonl").write_text('{"prompt": "P3", "response": "R3"}\n', encoding="utf-8")
    report = import_paths(project, [folder / "rows.jsonl", folder / "holdout.jsonl"])
    assert [str(problem) for problem in report.problems] == [
        f"{folder / 'rows.jsonl'}:2: is of the holdout side, and the source 'the-back-wheel' is on the train side: "
        "h in Essays, or `workbench essays hold-out` or `take-back`, changes that."
    ]
    sides = {row.slug: row.split for row in essay_rows(project)}
    assert sides == {"the-back-wheel": "train", "new-one": "holdout", "writing-holdout": "holdout"}


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("a.md", PAIRS, 2),
        ("a.txt", PAIRS, 2),
        ("a.jsonl", '{"messages": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "R"}]}\n', 1),
        ("a.ndjson", '{"text": "P\\n\\n---\\n\\nR"}\n', 1),
        ("alpaca.json", '[{"instruction": "P", "input": "", "output": "R"}]', 1),
        ("a.jsonl", '{"conversations": [{"from": "human", "value": "P"}, {"from": "gpt", "value": "R"}]}', 1),
        ("a.csv", "\ufeffprompt;completion\nP;R\n", 1),
        ("a.tsv", "prompt\tresponse\nP\tR\n", 1),
    ],
)
def test_every_form_is_recognised_by_what_is_in_it(
    project: Project, tmp_path: Path, name: str, text: str, count: int
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    report = import_paths(project, [tmp_path / name])
    assert sum(item.count for item in report.arrivals) == count == len(all_pairs(project))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"prompt": "p"}'),
        ("list.json", '["a", "b"]'),
        ("samples.jsonl", '{"of": "base", "step": 0, "prompt": "salt", "index": 0, "text": "T"}\n'),
        ("visits.csv", "day,title\n1,T\n"),
    ],
)
def test_files_of_others_are_left_alone(project: Project, tmp_path: Path, name: str, text: str) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / name).write_text(text)
    (folder / "salt.md").write_text("# Salt\n\nA pinch.\n\n## pairs of shoes\n\nTwo.\n")
    report = import_paths(project, [folder])
    assert [(item.what, item.name) for item in report.arrivals] == [("note", "salt")]
    assert report.problems == ()


def test_all_faults_of_all_files_are_named_by_the_command_with_exit_code_and_json(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "p.md").write_text("## pair: a\ntier: 9\n\n### prompt\nP\n", encoding="utf-8")
    (folder / "r.jsonl").write_text('{"prompt": "P", "completion": ""}\n{"messages": 3', encoding="utf-8")
    (folder / "w.csv").write_bytes("prompt,completion\ncaf\xe9,R\n".encode("latin-1"))
    arguments = ["-p", str(project.root), "import", str(folder), "--dry-run"]
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    assert result.exit_code == 1
    named = [(Path(item["path"]).name, item["line"]) for item in json.loads(result.stdout)["problems"]]
    assert named == [("p.md", 1), ("p.md", 2), ("r.jsonl", 1), ("r.jsonl", 2), ("w.csv", 2)]
    assert all_pairs(project) == []


async def test_looked_at_first_pairs_come_in_as_accepted_by_one_key(project: Project, folder: Path) -> None:
    async with opened(project.root, "essays", size=(80, 24)) as (app, pilot):
        await press(pilot, "i")
        app.screen.query_one(Input).value = str(folder)
        await press(pilot, "ctrl+t")
        assert "with its 2 pairs accepted" in on_screen(app.screen)
        await press(pilot, "p")
        await settle(pilot, lambda: pair_counts(project).accepted == 2)
        await press(pilot, "i")
        app.screen.query_one(Input).value = str(folder)
        await press(pilot, "ctrl+t")
        assert "pairs accepted" not in on_screen(app.screen)
