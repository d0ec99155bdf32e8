"""An import is one edit: undone it is gone, whatever the disk did since, and it does not come back by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import canaries, essays, history, pairs
from store.errors import Conflict
from store.pairs import PairFilter
from workbench.operations import curating, edits
from workbench.operations.essays import essay_rows, hold_out
from workbench.operations.importing import import_paths
from workbench.operations.looking import look
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs
from workbench.operations.searching import find

FIRST = "The gravel path was laid before anybody asked who would walk on it. That is the way with most paths, I find."
SECOND = "My aunt walked on it once, in good shoes, and never again. She said that it had opinions about her heels."


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project.create(tmp_path / "voice", essays=("essays",))
    (project.root / "essays").mkdir()
    for name in ("gravel", "keys", "queues"):
        write(project, name)
    yield project
    project.close()


def write(project: Project, name: str, *parts: str) -> Path:
    path = project.root / "essays" / f"{name}.md"
    path.write_text("\n\n".join([f"# On {name.title()}", *(parts or (FIRST, SECOND, f"All about {name}."))]) + "\n")
    return path


def slugs(project: Project) -> list[str]:
    return [row.slug for row in essay_rows(project)]


def labels(project: Project) -> list[str]:
    return [row.label for row in history.recent(project.db)]


def paragraphs(project: Project) -> list[int]:
    return [row.paragraphs for row in essay_rows(project)]


def test_an_import_stands_in_the_history_in_words_and_undo_takes_all_of_it_back(project: Project) -> None:
    report = import_paths(project, [])
    assert labels(project) == ["import 3 notes from essays"]
    assert edits.undo(project) == "Undone: import 3 notes from essays"
    assert slugs(project) == []
    assert find(project, "gravel") == []
    edits.redo(project)
    assert slugs(project) == list(report.added)
    assert paragraphs(project) == [4, 4, 4]
    assert [hit.title for hit in find(project, "gravel")] != []


def test_what_was_undone_comes_back_cleanly_by_another_import_of_the_same_folder(project: Project) -> None:
    first = import_paths(project, [])
    edits.undo(project)
    again = import_paths(project, [])
    assert (again.added, again.summary) == (first.added, first.summary)
    assert edits.redo(project) is None
    edits.undo(project)
    assert slugs(project) == []


def test_a_second_import_is_undone_alone_and_its_files_do_not_come_in_by_themselves(project: Project) -> None:
    import_paths(project, [])
    write(project, "rain")
    import_paths(project, [])
    assert labels(project)[0] == "import 1 note from essays"
    edits.undo(project)
    write(project, "rain", FIRST, "Written on.")
    write(project, "snow")
    assert look(project).added == ("snow",)
    assert not look(project).anything
    assert import_paths(project, []).added == ("rain",)
    write(project, "rain", SECOND)
    assert look(project).changed == ("rain",)


def test_notes_of_a_file_that_undo_took_away_stay_away_when_the_file_is_written_again(project: Project) -> None:
    for name in ("gravel", "keys", "queues"):
        (project.root / "essays" / f"{name}.md").unlink()
    path = project.root / "essays" / "notes.md"
    path.write_text("---\n".join(("A first note.\n", "A second note.\n", "A third one.\n")))
    import_paths(project, [path])
    path.write_text("---\n".join(("A first note.\n", "A second note.\n", "A third one.\n", "A fourth of them.\n")))
    import_paths(project, [path])
    assert labels(project) == ["import 1 note from notes.md", "import 3 notes from notes.md"]
    edits.undo(project)
    path.write_text("---\n".join(("A first note.\n", "A second.\n", "A third one.\n", "A fourth of them.\n")))
    look(project)
    assert len(slugs(project)) == 3
    assert len(import_paths(project, [path]).added) == 1
    edits.undo_to(project, 1)
    assert slugs(project) == []
    write(project, "gravel", FIRST)
    import_paths(project, [project.root / "essays" / "gravel.md"])
    assert not look(project).anything
    assert slugs(project) == ["gravel"]


def test_what_redo_brought_back_follows_the_disk_again(project: Project) -> None:
    import_paths(project, [])
    edits.undo(project)
    write(project, "keys", SECOND)
    assert not look(project).anything
    edits.redo(project)
    assert look(project).changed == ("keys",)


def test_a_file_under_the_first_name_of_an_essay_whose_import_was_set_aside_comes_in(project: Project) -> None:
    import_paths(project, [])
    edits.set_aside(project, 1)
    (project.root / "essays" / "keys.md").rename(project.root / "essays" / "locks.md")
    look(project)
    write(project, "keys", SECOND)
    assert look(project).added == ("keys-2",)


def test_a_source_that_comes_in_after_an_undo_never_gets_the_number_of_one_that_is_gone(project: Project) -> None:
    import_paths(project, [])
    write(project, "rain")
    import_paths(project, [])
    (gone,) = [row.id for row in essay_rows(project) if row.slug == "rain"]
    edits.undo(project)
    write(project, "snow")
    look(project)
    assert max(row.id for row in essay_rows(project)) == gone + 1
    edits.redo(project)
    assert sorted(slugs(project)) == ["gravel", "keys", "queues", "rain", "snow"]


def test_what_the_disk_did_to_an_imported_essay_does_not_stand_in_the_way_of_undo_and_redo(project: Project) -> None:
    import_paths(project, [])
    write(project, "gravel", "Something else by now.")
    (project.root / "essays" / "keys.md").rename(project.root / "essays" / "locks.md")
    (project.root / "essays" / "queues.md").unlink()
    look(project)
    before = essay_rows(project)
    edits.undo(project)
    assert slugs(project) == []
    assert not look(project).anything
    edits.redo(project)
    assert essay_rows(project) == before


def test_changed_essays_go_back_to_their_text_and_the_file_is_not_read_again_at_once(project: Project) -> None:
    import_paths(project, [])
    propose_pairs(project)
    before = pairs.get(project.db, 1), essay_rows(project)
    write(project, "gravel", "A new beginning.", FIRST, SECOND, "A new end.")
    import_paths(project, [])
    assert labels(project)[0] == "import 1 changed note from essays"
    edits.undo(project)
    assert (pairs.get(project.db, 1), essay_rows(project)) == before
    assert not look(project).anything
    assert import_paths(project, []).changed == ("gravel",)


def test_a_text_that_the_disk_changed_since_is_the_newest_whatever_is_undone(project: Project) -> None:
    import_paths(project, [])
    write(project, "gravel", FIRST)
    import_paths(project, [])
    path = write(project, "gravel", SECOND)
    look(project)
    for direction in (edits.undo, edits.redo):
        direction(project)
        assert essays.text(project.db, essay_rows(project)[0].id) == path.read_text()
        assert paragraphs(project)[0] == 2


def test_undo_takes_back_later_edits_first_and_then_the_import(project: Project) -> None:
    import_paths(project, [])
    propose_pairs(project)
    ids = list(pairs.ids(project.db, PairFilter()))
    curating.decide(project, ids, "accepted")
    hold_out(project, ["keys"])
    assert labels(project) == [
        "hold out an essay",
        f"accept {len(ids)} pairs",
        f"propose {len(ids)} pairs from 3 essays",
        "import 3 notes from essays",
    ]
    edits.undo_to(project, 1)
    assert slugs(project) == []
    for _ in range(4):
        edits.redo(project)
    assert curating.pair_counts(project).accepted == len(ids)
    assert [row.split for row in essay_rows(project)] == ["train", "holdout", "train"]


def test_pairs_that_no_edit_takes_back_keep_their_essay_and_are_named(project: Project) -> None:
    import_paths(project, [])
    propose_pairs(project, [1])
    edits.set_aside(project, 2)
    before = essay_rows(project)
    with pytest.raises(Conflict, match=r"essay 1 \(On Gravel\) has .*pairs?, made by edits that were set aside"):
        edits.undo(project)
    assert (essay_rows(project), paragraphs(project)) == (before, [4, 4, 4])
    assert project.db.integrity_problems() == []


def test_what_another_program_did_behind_the_history_is_not_lost(project: Project) -> None:
    import_paths(project, [])
    other = sqlite3.connect(project.db.path)
    other.execute("UPDATE source SET split = 'holdout' WHERE slug = 'keys'")
    other.commit()
    other.close()
    with pytest.raises(Conflict, match="essay 2 has split 'holdout' where 'train' was expected"):
        edits.undo(project)
    assert slugs(project) == ["gravel", "keys", "queues"]


def test_a_cancelled_import_is_one_edit_of_what_came_in(project: Project) -> None:
    seen: list[str] = []
    import_paths(project, [], progress=lambda done, total, name: seen.append(name), cancelled=lambda: len(seen) > 1)
    assert labels(project) == ["import 2 notes from essays"]
    edits.undo(project)
    assert slugs(project) == []


def test_an_import_that_is_undone_while_it_goes_on_stops_and_says_so(project: Project) -> None:
    other = Project.open(project.root)

    def progress(done: int, total: int, name: str) -> None:
        if done == 3:
            edits.undo(other)

    with pytest.raises(Conflict, match="was undone or set aside while it went on"):
        import_paths(project, [], progress=progress)
    assert slugs(project) == []
    edits.redo(project)
    assert slugs(project) == ["gravel", "keys"]
    other.close()


def test_other_programs_can_edit_while_an_import_goes_on(project: Project) -> None:
    other = Project.open(project.root)

    def progress(done: int, total: int, name: str) -> None:
        if done == 2:
            hold_out(other, ["gravel"])

    import_paths(project, [], progress=progress)
    assert labels(project) == ["hold out an essay", "import 3 notes from essays"]
    edits.undo(project)
    edits.undo(project)
    assert slugs(project) == []
    edits.redo(project)
    edits.redo(project)
    assert [row.split for row in essay_rows(project)] == ["holdout", "train", "train"]
    other.close()


def test_what_comes_in_or_changes_by_itself_is_no_edit(project: Project) -> None:
    import_paths(project, [])
    write(project, "rain")
    write(project, "keys", SECOND)
    look(project)
    assert labels(project) == ["import 3 notes from essays"]


def test_an_import_that_brings_nothing_new_is_no_edit_and_drops_nothing(project: Project) -> None:
    import_paths(project, [])
    hold_out(project, ["keys"])
    edits.undo(project)
    import_paths(project, [])
    assert edits.redo(project) == "Redone: hold out an essay"


def test_files_of_every_kind_are_one_edit_together(project: Project) -> None:
    (project.root / "pairs.jsonl").write_text('{"prompt": "One.", "response": "Two.", "source": "lost"}\n')
    (project.root / "prompts.md").write_text(
        "## tea\n\ntopic: known\n\nThe kettle was on.\n\n## rain\n\ntopic: novel\n\nIt rained.\n"
    )
    import_paths(project, [project.root / name for name in ("essays", "pairs.jsonl", "prompts.md")], kind="essay")
    assert labels(project) == ["import 3 essays, 1 pair and 2 prompts from 3 places"]
    edits.undo(project)
    assert (slugs(project), canaries.rows(project.db), curating.pair_counts(project).proposed) == ([], [], 0)
    edits.redo(project)
    assert slugs(project) == ["gravel", "keys", "queues", "lost"]
