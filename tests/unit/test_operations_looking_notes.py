"""Files of several notes that change on the disk: their notes follow, come, go and are renamed, and lose nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store import essays, pairs
from store.pairs import PairFilter
from workbench.operations import curating, edits
from workbench.operations.essays import essay_rows
from workbench.operations.importing import import_paths
from workbench.operations.looking import bytes_to_read, look, places
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs

KETTLE = "A kettle is a promise. It says that there will be tea, and that somebody will stay to drink it with you."
GULL = "The gull waits at the stop. It knows the times of the bus, and has never once been seen to get on."
BUTTONS = "# Buttons\n\nSmall change of clothes. They are lost like coins, and found again in the wrong purse."
at = 1_700_000_000


def write(path: Path, *notes: str) -> None:
    global at
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n\n---\n\n".join(notes) + "\n", encoding="utf-8")
    # Long enough ago to tell two states apart, and another time for each state.
    at += 10
    os.utime(path, (at, at))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a file of three notes, and a pair of each."""
    project = Project.create(tmp_path / "voice", essays=("essays",))
    write(project.root / "essays" / "notes.md", KETTLE, GULL, BUTTONS)
    import_paths(project, [])
    propose_pairs(project)
    for pair_id in pairs.ids(project.db, PairFilter()):
        curating.decide(project, [pair_id], "accepted")
    return project


@pytest.fixture
def notes(project: Project) -> Path:
    return project.root / "essays" / "notes.md"


def there(project: Project) -> dict[str, bool]:
    return {row.slug: row.missing_at is None for row in essay_rows(project)}


def texts(project: Project) -> set[str]:
    return {essays.text(project.db, row.id) for row in essay_rows(project)}


def test_a_look_at_what_is_as_it_was_reads_nothing(project: Project, notes: Path) -> None:
    assert notes in places(project).files
    assert bytes_to_read(project, [str(notes)]) == 0
    assert not look(project).anything


def test_a_changed_note_follows_a_new_one_comes_in_and_a_vanished_one_is_kept(project: Project, notes: Path) -> None:
    before = [pairs.get(project.db, pair_id) for pair_id in pairs.ids(project.db, PairFilter())]
    assert len(before) == 3
    write(notes, "A new one, about salt.", BUTTONS.replace("wrong purse", "right purse"), KETTLE)
    assert bytes_to_read(project, [str(notes)]) == notes.stat().st_size
    report = look(project)
    assert report.added == ("a-new-one-about-salt",)
    assert report.changed == ("buttons",)
    assert report.missing == ("The gull waits at the stop. It knows",)
    assert report.summary.startswith("1 pair changed in Buttons: settle with w")
    assert there(project)["the-gull-waits-at-the-stop-it-knows"] is False
    assert GULL in texts(project)
    after = [pairs.get(project.db, pair.id) for pair in before]
    assert [(pair.prompt, pair.response, pair.status) for pair in after] == [
        (pair.prompt, pair.response, pair.status) for pair in before
    ]
    assert [pair.changed for pair in after] == ["wrong purse" in pair.response for pair in before]
    assert {row.slug: row.news for row in essay_rows(project)}["a-new-one-about-salt"] == "new"
    assert not look(project).anything


def test_a_note_that_stands_in_its_file_again_is_back(project: Project, notes: Path) -> None:
    write(notes, KETTLE, BUTTONS)
    look(project)
    write(notes, KETTLE, GULL, BUTTONS)
    report = look(project)
    assert (report.back, report.added, report.changed) == (("The gull waits at the stop. It knows",), (), ())
    assert set(there(project).values()) == {True}


def test_a_file_of_notes_that_is_gone_loses_nothing_and_is_back_as_it_was(project: Project, notes: Path) -> None:
    data, times = notes.read_bytes(), notes.stat()
    notes.unlink()
    assert look(project).missing == ("notes.md",)
    assert set(there(project).values()) == {False}
    assert texts(project) == {KETTLE, GULL, BUTTONS}
    assert not look(project).anything
    notes.write_bytes(data)
    os.utime(notes, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert look(project).back == ("notes.md",)
    assert set(there(project).values()) == {True}
    assert not look(project).anything


@pytest.mark.parametrize("by", ["look", "import"])
def test_a_file_of_notes_under_another_name_is_the_same_one(project: Project, notes: Path, by: str) -> None:
    before = {row.slug: row.id for row in essay_rows(project)}
    moved = notes.with_name("notes-2026.md")
    notes.unlink()
    write(moved, KETTLE, GULL, BUTTONS.replace("wrong", "right"), "One more.")
    if by == "look":
        report = look(project)
        assert [(item.title, item.earlier, item.path) for item in report.renamed] == [
            ("notes.md", "essays/notes.md", "essays/notes-2026.md")
        ]
        assert report.missing == ()
    else:
        import_paths(project, [moved])
    rows = {row.slug: row for row in essay_rows(project)}
    assert {slug: rows[slug].id for slug in before} == before
    assert rows.keys() - before.keys() == {"one-more"}
    assert {row.path.partition("#")[0] for row in rows.values()} == {"essays/notes-2026.md"}
    assert set(there(project).values()) == {True}


def test_a_new_file_of_notes_comes_in_beside_essays(project: Project) -> None:
    write(project.root / "essays" / "field-notes.md", "One of salt.", "One of rue.")
    assert look(project).added == ("one-of-salt", "one-of-rue")


def test_a_table_of_notes_is_read_again_when_it_changes(project: Project, tmp_path: Path) -> None:
    table = tmp_path / "export.csv"
    table.write_text("date,body\n2024-02-23,A spoon is patient.\n")
    os.utime(table, (at + 1000, at + 1000))
    assert import_paths(project, [table]).added == ("a-spoon-is-patient",)
    table.write_text("date,body\n2024-02-23,A spoon is patient.\n2024-02-24,A fork is not.\n")
    os.utime(table, (at + 2000, at + 2000))
    assert look(project).added == ("a-fork-is-not",)


def test_what_was_pasted_is_no_file_that_could_go_missing(project: Project) -> None:
    from workbench.operations.import_notes import import_pasted

    import_pasted(project, "A spoon is patient.")
    assert not look(project).anything
    assert there(project)["a-spoon-is-patient"] is True


def test_an_import_says_which_notes_are_in_their_file_no_more(project: Project, notes: Path) -> None:
    write(notes, KETTLE, BUTTONS)
    foreseen = import_paths(project, [notes], dry_run=True)
    assert foreseen.missing == ("The gull waits at the stop. It knows",)
    assert set(there(project).values()) == {True}
    report = import_paths(project, [notes])
    assert report.missing == foreseen.missing
    assert "1 no longer in their file, and kept" in report.summary


def test_undo_goes_on_after_a_note_went_missing(project: Project, notes: Path) -> None:
    ids = [row.id for row in essay_rows(project)]
    essays.set_split(project.db, ids, "holdout")
    notes.unlink()
    look(project)
    assert edits.undo(project) == "Undone: hold out 3 essays"
    assert {row.split for row in essay_rows(project)} == {"train"}
