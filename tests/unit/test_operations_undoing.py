"""Whatever the author does in curation is one edit: undo gives the very same rows back, and redo does them again."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store import canaries, history, pairs
from store.pairs import PairFilter
from tests.journeys.builders import make_reviewed_project
from workbench.operations import canaries as canary_operations
from workbench.operations import curating, edits, essays, reshaping, reviewing, settling, waiving, writing
from workbench.operations.import_notes import import_pasted
from workbench.operations.importing import import_paths
from workbench.operations.looking import look
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs

FIRST = "The gravel path was laid before anybody asked who would walk on it. That is the way with most paths, I find."
SECOND = "My aunt walked on it once, in good shoes, and never again. She said that it had opinions about her heels."
THIRD = "A key opens a drawer every Sunday. The drawer holds a key, and that one opens nothing that anybody needs."
FOURTH = "So both are kept, the one for use and the other for hope. Hope has the better place in the drawer, of course."
FIFTH = "Nobody has ever thrown a key away. That is the whole history of hope, and it is kept in a drawer with string."
PROMPTS = "## tea\n\ntopic: known\n\nThe kettle was on.\n\n## rain\n\ntopic: novel\n\nIt rained on the roofs.\n"

# What the disk says of a file is read again at once after an undo, or stands as read; it is not the author's.
OF_THE_DISK = {"file_bytes", "file_mtime_ns", "missing_at"}
TABLES = ("source", "paragraph", "pair", "canary", "verdict", "annotation", "waiver")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Two essays with their pairs, one of them accepted and one changed on the disk since; a prompt and a waiver."""
    project = Project.create(tmp_path / "voice", essays=("essays",))
    folder = tmp_path / "voice" / "essays"
    folder.mkdir()
    (folder / "gravel.md").write_text("\n\n".join(["# On Gravel", FIRST, SECOND, FIFTH]) + "\n")
    (folder / "keys.md").write_text("\n\n".join(["# On Keys", THIRD, FOURTH, FIFTH]) + "\n")
    (folder / "aphorism.md").write_text("Hope is a drawer.\n")
    import_paths(project, [folder / "gravel.md", folder / "keys.md"], kind="essay")
    import_paths(project, [folder / "aphorism.md"])
    propose_pairs(project)
    curating.decide(project, [pair_ids(project, "gravel")[0]], "accepted")
    (folder / "keys.md").write_text("\n\n".join(["# On Keys", THIRD.replace("Sunday", "Friday"), FOURTH, FIFTH]) + "\n")
    look(project)
    canary_operations.add_canary(project, prompt="The kettle is on.", slug="tea")
    waiving.waive(project, rule="short", scope="source", subject="keys", reason="it is a poem")
    yield project
    project.close()


def pair_ids(project: Project, *slugs: str) -> list[int]:
    rows = pairs.rows(project.db, pairs.ids(project.db, PairFilter()))
    return [row.id for row in rows if row.source in slugs]


def some(project: Project) -> list[int]:
    return pair_ids(project, "gravel")


def source_ids(project: Project) -> list[int]:
    return [row.id for row in essays.essay_rows(project)]


def write(project: Project, name: str, text: str) -> Path:
    path = project.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def import_new(project: Project) -> None:
    write(project, "essays/queues.md", f"# On Queues\n\n{FIRST}\n\n{FOURTH}\n")
    write(project, "essays/notes/one.md", "A note of a few words.\n")
    import_paths(project, [])


def import_changed(project: Project) -> None:
    write(
        project, "essays/gravel.md", "\n\n".join(["# On Stones", FIFTH, FIRST.replace("path", "road"), SECOND]) + "\n"
    )
    import_paths(project, [])


def import_kinds(project: Project) -> None:
    import_paths(project, [], kind="note")


def import_same_kind(project: Project) -> None:
    import_paths(project, [project.root / "essays" / "aphorism.md"], kind="note")


def import_pairs(project: Project) -> None:
    write(project, "pairs.jsonl", '{"prompt": "One.", "response": "Two.", "source": "lost"}\n')
    import_paths(project, [project.root / "pairs.jsonl"], accept=True)


def import_essay_of_pairs(project: Project) -> None:
    import_pairs(project)
    write(project, "essays/lost.md", f"# Lost\n\n{FIRST}\n\nOne.\n\nTwo.\n")


def import_prompts(project: Project) -> None:
    import_paths(project, [write(project, "prompts.md", PROMPTS)])


def import_canaries(project: Project) -> None:
    canary_operations.import_canaries(project, write(project, "prompts.md", PROMPTS))


def canary(project: Project) -> int:
    return canaries.rows(project.db)[0].id


def change_canary(project: Project) -> None:
    canary_operations.change_canary(
        project, canary(project), prompt="It boils.", topic="novel", length="long", reference="Real.", slug="kettle"
    )


def settle(how: settling.How) -> Callable[[Project], None]:
    def act(project: Project) -> None:
        settling.settle(project, settling.changed_ids(project)[0], how)

    return act


def settle_with(project: Project) -> None:
    settling.settle_with(project, settling.changed_ids(project)[0], prompt="Mine.", response="And mine.")


def propose_again(project: Project) -> None:
    propose_pairs(project, source_ids(project), tiers=("rewrite", "continuation"))


def propose_after_new_paragraphs(project: Project) -> None:
    propose_pairs(project, source_ids(project))


def new_paragraph(project: Project) -> None:
    write(project, "essays/gravel.md", "\n\n".join(["# On Gravel", FIRST, SECOND, FOURTH, FIFTH]) + "\n")
    look(project)
    assert [row.fresh for row in essays.essay_rows(project) if row.slug == "gravel"] == [1]


def pasted(project: Project) -> None:
    import_pasted(project, "A note of mine.\n\n---\n\nAnother note.\n")
    propose_pairs(project, [max(source_ids(project))], tiers=("note",))


def rewrite(project: Project) -> None:
    writing.rewrite(project, max(source_ids(project)), "Another note, and longer.\n\nWith an end.")


def pasted_and_rewritten(project: Project) -> None:
    pasted(project)
    rewrite(project)


def split(project: Project) -> None:
    pair = pairs.get(project.db, some(project)[0])
    reshaping.split_pair(project, pair.id, pair.response.index(". ") + 2)


def nothing(project: Project) -> None:
    """Make nothing ready."""


def join(project: Project) -> None:
    essays.join(project, source_ids(project))


Case = Callable[[Project], object]
# By the operation: what is made ready, and what is done.
CASES: dict[str, tuple[Case, Case]] = {
    "importing.import_paths: new": (nothing, import_new),
    "importing.import_paths: changed": (nothing, import_changed),
    "importing.import_paths: kinds": (nothing, import_kinds),
    "importing.import_paths: kinds said": (nothing, import_same_kind),
    "importing.import_paths: pairs": (nothing, import_pairs),
    "importing.import_paths: essay of pairs": (import_essay_of_pairs, lambda p: import_paths(p, [])),
    "importing.import_paths: prompts": (nothing, import_prompts),
    "import_notes.import_pasted": (nothing, lambda p: import_pasted(p, "A note.\n\n---\n\nAnother note.\n")),
    "proposing.propose_pairs: again": (nothing, propose_again),
    "proposing.propose_pairs: new paragraphs": (new_paragraph, propose_after_new_paragraphs),
    "curating.decide": (nothing, lambda p: curating.decide(p, some(p), "rejected")),
    "curating.decide_all": (nothing, lambda p: curating.decide_all(p, pair_ids(p, "gravel", "keys"), "rejected")),
    "curating.skip": (nothing, lambda p: curating.skip(p, pair_ids(p, "keys"))),
    "curating.retag": (nothing, lambda p: curating.retag(p, some(p), "thesis")),
    "curating.flag": (nothing, lambda p: curating.flag(p, some(p))),
    "curating.note": (nothing, lambda p: curating.note(p, some(p), "mine")),
    "reshaping.edit_pair": (nothing, lambda p: reshaping.edit_pair(p, some(p)[0], prompt="", response="And mine.")),
    "reshaping.shift_boundary": (nothing, lambda p: reshaping.shift_boundary(p, some(p)[:1], 1)),
    "reshaping.trim": (nothing, lambda p: reshaping.trim(p, some(p), "response", "last")),
    "reshaping.split_pair": (nothing, split),
    "reshaping.merge_pairs": (split, lambda p: reshaping.merge_pairs(p, some(p))),
    "settling.settle: take": (nothing, settle("take")),
    "settling.settle: keep": (nothing, settle("keep")),
    "settling.settle_with": (nothing, settle_with),
    "essays.toggle_holdout": (nothing, lambda p: essays.toggle_holdout(p, source_ids(p))),
    "essays.hold_out": (nothing, lambda p: essays.hold_out(p, ["gravel"])),
    "essays.hold_out_by_hash": (nothing, lambda p: essays.hold_out_by_hash(p, count=1, seed=1)),
    "essays.hold_out_share": (nothing, lambda p: essays.hold_out_share(p, share=0.5, seed=SEED)),
    "essays.join": (lambda p: essays.hold_out(p, ["gravel"]), join),
    "essays.part": (join, lambda p: essays.part(p, source_ids(p)[1])),
    "canaries.add_canary": (nothing, lambda p: canary_operations.add_canary(p, prompt="It rains.")),
    "canaries.change_canary": (nothing, change_canary),
    "canaries.rename_canary": (nothing, lambda p: canary_operations.rename_canary(p, "tea", "kettle")),
    "canaries.remove_canary": (nothing, lambda p: canary_operations.remove_canary(p, canary(p))),
    "canaries.import_canaries": (nothing, import_canaries),
    "writing.rewrite": (pasted, rewrite),
    "writing.as_imported": (pasted_and_rewritten, lambda p: writing.as_imported(p, max(source_ids(p)))),
    "waiving.waive": (
        nothing,
        lambda p: waiving.waive(p, rule="echo", scope="pair", subject=str(some(p)[0]), reason="a refrain"),
    ),
    "waiving.waive: another reason": (
        nothing,
        lambda p: waiving.waive(p, rule="short", scope="source", subject="keys", reason="a song"),
    ),
    "waiving.take_back": (nothing, lambda p: waiving.take_back(p, waiving.waiver_rows(p)[0].id)),
}
SEED = 2

# Operations of these modules that change nothing the author curates.
READING = {
    "canaries": {"canary_rows", "canary_sets", "canary_text", "export_canaries", "freeze_canaries"}
    | {"frozen_version", "is_frozen", "prompt_lines"},
    "curating": {
        "acceptable",
        "need",
        "pair_counts",
        "pair_findings",
        "pair_ids",
        "pair_rows",
        "pair_view",
        "sentence_starts",
        "some",
        "tier_counts",
    },
    "essays": {"by_names", "choosable", "chosen_said", "essay_rows", "essay_view", "held_after", "no_news"}
    | {"share_preview", "share_said", "sources_said", "used", "used_said"},
    "import_notes": {"bring_in"},
    "importing": set(),
    "proposing": set(),
    "reshaping": {"essay_place", "new_pair"},
    "reviewing": {"is_masked", "news", "only", "prompts_of", "review", "reviewable_runs", "side", "tally"},
    "settling": {"change_view", "changed_ids", "taken"},
    "waiving": {"covering", "findings_of_pair", "waiver_rows"},
    "writing": {"place_of"},
}


def dump(project: Project) -> dict[str, list[dict[str, Any]]]:
    """Return every row that the author curates."""
    found = {}
    for table in TABLES:
        columns = [name for _, name, *_ in project.db.all(f"PRAGMA table_info({table})")]
        rows = project.db.all(f"SELECT * FROM {table} ORDER BY 1, 2")
        found[table] = [
            {name: value for name, value in zip(columns, row, strict=True) if name not in OF_THE_DISK} for row in rows
        ]
    return found


def is_one_edit(project: Project, act: Case) -> None:
    before, count = dump(project), len(history.ids(project.db))
    act(project)
    after = dump(project)
    assert after != before
    assert len(history.ids(project.db)) == count + 1
    for _ in range(2):
        assert edits.undo(project) is not None
        assert dump(project) == before
        assert edits.redo(project) is not None
        assert dump(project) == after
    assert project.db.integrity_problems() == []


@pytest.mark.parametrize("name", CASES)
def test_what_the_author_does_is_one_edit_that_undo_and_redo_take_back_and_do_again(
    project: Project, name: str
) -> None:
    ready, act = CASES[name]
    ready(project)
    is_one_edit(project, act)


def test_what_the_author_says_of_samples_is_one_edit_each(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "voice", runs_made=1)
    comparison = reviewing.review(project, reviewing.reviewable_runs(project)[0]).comparisons[0]
    sample = comparison.base.id

    def unflag(project: Project) -> None:
        reviewing.toggle_flag(project, sample)

    is_one_edit(project, lambda p: reviewing.judge(p, comparison, "tie", masked=True))
    is_one_edit(project, lambda p: reviewing.set_note(p, sample, "mine"))
    is_one_edit(project, lambda p: reviewing.toggle_flag(p, sample))
    is_one_edit(project, unflag)
    made: list[int] = []
    is_one_edit(project, lambda p: made.append(reviewing.add_mark(p, sample, "voice", 0, 4)))
    is_one_edit(project, lambda p: reviewing.remove_annotation(p, made[0]))
    project.close()


def test_every_operation_that_changes_curated_data_is_checked_here() -> None:
    checked = {name.partition(":")[0] for name in CASES}
    checked |= {f"reviewing.{name}" for name in ("judge", "set_note", "toggle_flag", "add_mark", "remove_annotation")}
    for module, reading in READING.items():
        found = importlib.import_module(f"workbench.operations.{module}")
        own = {
            name
            for name, value in vars(found).items()
            if inspect.isfunction(value) and value.__module__ == found.__name__ and not name.startswith("_")
        }
        assert {f"{module}.{name}" for name in own - reading} == {
            name for name in checked if name.partition(".")[0] == module
        }
