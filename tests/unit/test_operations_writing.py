"""Texts without a file are edited here: their pairs follow, one undo takes it back, and no import overwrites them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from store import essays, pairs
from store.migrations import m0010_edited_texts
from store.pairs import PairFilter
from tests import substack_export as export
from workbench.operations import curating, edits, settling
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.essays import essay_rows, essay_view
from workbench.operations.import_notes import import_pasted
from workbench.operations.importing import import_paths
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs
from workbench.operations.reshaping import essay_place
from workbench.operations.writing import as_imported, place_of, rewrite

FIRST = "The gravel path was laid before anybody asked who would walk on it, which is the way with most paths."
SECOND = "My aunt walked on it once, in good shoes, and never again. She said that it had opinions about her heels."
THIRD = "I have raked it every Sunday since. The gravel goes back to where it was by Tuesday, and so do I."
HTML = f"<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a post of an export, cut into pairs that are accepted."""
    project = Project.create(tmp_path / "voice")
    path = tmp_path / "voice" / "workbench.toml"
    path.write_text(path.read_text().replace("response_tokens = 200", "response_tokens = 30"))
    project = Project.open(tmp_path / "voice")
    import_paths(project, [an_export(tmp_path, HTML)])
    propose_pairs(project)
    curating.decide(project, list(pairs.ids(project.db, PairFilter())), "accepted")
    return project


def an_export(folder: Path, html: str, **columns: str) -> Path:
    rows = export.posts_csv(export.row("101.gravel", title="On Gravel", **columns))
    return export.write_zip(folder / "export.zip", export.files(rows, {"101.gravel": html}))


def post(project: Project) -> int:
    return next(row.id for row in essay_rows(project) if row.origin == "substack")


def all_pairs(project: Project) -> list[pairs.Pair]:
    return [pairs.get(project.db, pair_id) for pair_id in pairs.ids(project.db, PairFilter())]


def said(project: Project) -> list[tuple[object, ...]]:
    return [(pair.id, pair.prompt, pair.response, pair.status) for pair in all_pairs(project)]


def whole(project: Project) -> object:
    """Everything that an edit of a text touches."""
    columns = "id, title, text_hash, words, front_matter_json, edited_from, followed_hash"
    return (
        project.db.all(f"SELECT {columns} FROM source ORDER BY id"),
        project.db.all('SELECT source_id, position, kind, start, "end", words FROM paragraph ORDER BY 1, 2'),
        project.db.all('SELECT id, text_hash, start, "end", position, changed, prompt, response FROM pair ORDER BY id'),
    )


def test_pairs_follow_an_edited_text_and_one_undo_takes_all_of_it_back(project: Project) -> None:
    before, stood, count = said(project), whole(project), len(edits.edit_ids(project))
    text = f"An opening.\n\n{FIRST}\n\n{SECOND}\n\n{THIRD.replace('Sunday', 'Monday')}\n"
    done = rewrite(project, post(project), text)
    assert done.changed
    assert essays.text(project.db, post(project)) == text
    assert said(project) == before
    changed = [pair for pair in all_pairs(project) if pair.changed]
    assert all("Sunday" in pair.prompt + pair.response for pair in changed)
    assert len(changed) == 1
    assert "1 pair changed with it: settle with w" in done.summary
    moved = next(pair for pair in all_pairs(project) if not pair.changed)
    assert text[moved.start : moved.end].split()[:3] == moved.response.split()[:3]
    view = essay_view(project, post(project))
    assert [text[block.start : block.end] for block in view.paragraphs] == text.rstrip().split("\n\n")
    after = whole(project)
    assert len(edits.edit_ids(project)) == count + 1
    assert edits.undo(project) == "Undone: edit the text of On Gravel"
    assert whole(project) == stood
    assert edits.redo(project) == "Redone: edit the text of On Gravel"
    assert whole(project) == after


def test_what_changed_is_settled_and_undone_step_by_step(project: Project) -> None:
    stood = whole(project)
    rewrite(project, post(project), f"{FIRST}\n\n{SECOND}\n\n{THIRD.replace('Sunday', 'Monday')}\n")
    (pair_id,) = settling.changed_ids(project)
    settling.settle(project, pair_id, "take")
    assert "Monday" in pairs.get(project.db, pair_id).response
    edits.undo(project)
    assert settling.changed_ids(project) == [pair_id]
    edits.undo(project)
    assert whole(project) == stood


def test_importing_the_same_export_again_leaves_the_edit(project: Project, tmp_path: Path) -> None:
    rewrite(project, post(project), f"{FIRST}\n\nMine.\n")
    stood = whole(project)
    report = import_paths(project, [tmp_path / "export.zip"])
    assert (report.same, report.changed) == (("gravel",), ())
    assert not [problem for problem in report.problems if "edited here" in problem.message]
    assert whole(project) == stood
    edits.undo(project)
    assert essays.text(project.db, post(project)) == f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n"


def test_a_newer_text_of_the_export_is_named_and_taken_once_the_old_one_is_put_back(
    project: Project, tmp_path: Path
) -> None:
    rewrite(project, post(project), f"{FIRST}\n\nMine.\n")
    newer = an_export(tmp_path, f"<p>{FIRST}</p><p>Theirs.</p>")
    for dry_run in (True, False):
        report = import_paths(project, [newer], dry_run=dry_run)
        (problem,) = [problem for problem in report.problems if "edited here" in problem.message]
        assert "`workbench essays edit gravel --as-imported`" in problem.message
        assert report.same == ("gravel",)
        assert "Mine." in essays.text(project.db, post(project))
    as_imported(project, post(project))
    assert SECOND in essays.text(project.db, post(project))
    assert import_paths(project, [newer]).changed == ("gravel",)
    assert essays.text(project.db, post(project)) == f"{FIRST}\n\nTheirs.\n"
    with pytest.raises(NothingToDoError, match="stands as it came in"):
        as_imported(project, post(project))


def test_an_export_that_says_what_she_wrote_makes_it_no_edit_any_more(project: Project, tmp_path: Path) -> None:
    rewrite(project, post(project), f"{FIRST}\n\nMine.\n")
    assert import_paths(project, [an_export(tmp_path, f"<p>{FIRST}</p><p>Mine.</p>")]).same == ("gravel",)
    newer = an_export(tmp_path, f"<p>{FIRST}</p><p>Mine, and more.</p>")
    assert import_paths(project, [newer]).changed == ("gravel",)


def test_what_was_pasted_gets_its_title_from_its_new_words_and_keeps_its_name(project: Project) -> None:
    import_pasted(project, "A kettle is a promise.\n\n---\n\n# Buttons\n\nSmall change.")
    ids = {row.slug: row.id for row in essay_rows(project)}
    rewrite(project, ids["a-kettle-is-a-promise"], "\n\nA kettle is no promise at all.\n\n")
    rows = {row.slug: row for row in essay_rows(project)}
    assert rows["a-kettle-is-a-promise"].title == "A kettle is no promise at all."
    assert essays.text(project.db, ids["a-kettle-is-a-promise"]) == "A kettle is no promise at all."
    # Pasted again as it was, it is known again, and the edit stays.
    report = import_pasted(project, "A kettle is a promise.")
    assert (report.added, report.same) == ((), ("a-kettle-is-a-promise",))
    assert essays.text(project.db, ids["a-kettle-is-a-promise"]) == "A kettle is no promise at all."


@pytest.mark.parametrize("text", ["", " \n\n", "\ufeff"])
def test_a_text_without_words_is_refused(project: Project, text: str) -> None:
    with pytest.raises(WorkbenchError, match="holds no words of its own"):
        rewrite(project, post(project), text)


def test_the_same_text_is_no_edit_whatever_an_editor_puts_at_its_end(project: Project) -> None:
    count = len(edits.edit_ids(project))
    text = essays.text(project.db, post(project))
    for end in ("", "\n\n", "\r\n"):
        assert rewrite(project, post(project), text.rstrip() + end).changed is False
    assert len(edits.edit_ids(project)) == count


def test_notes_are_edited_in_their_file_at_their_line_while_it_is_there(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(f"A kettle is a promise.\n\n---\n\n# Buttons\n\n{FIRST}\n\n{SECOND}\n")
    table = tmp_path / "table.csv"
    table.write_text('body,date\n"A spoon\nis patient.",\nA fork is not.,\n')
    import_paths(project, [path, table])
    ids = {row.slug: row.id for row in essay_rows(project)}
    assert [(place_of(project, ids[name]).path, place_of(project, ids[name]).line) for name in
            ("a-kettle-is-a-promise", "buttons", "a-spoon-is-patient", "a-fork-is-not")] == [
        (path, 1), (path, 5), (table, 2), (table, 4)
    ]  # fmt: skip
    with pytest.raises(WorkbenchError, match=r"stands in .*notes\.md: edit it there"):
        rewrite(project, ids["buttons"], "Other words.")
    propose_pairs(project, [ids["buttons"]])
    (pair,) = [pair for pair in all_pairs(project) if pair.source_id == ids["buttons"]]
    assert (pair.prompt.strip(), pair.response) == (FIRST, SECOND)
    assert essay_place(project, pair.id) == (path, 9)
    path.unlink()
    assert place_of(project, ids["buttons"]).path is None
    assert rewrite(project, ids["buttons"], "Other words.").changed
    # The file is back as it was: what was written meanwhile stays.
    path.write_text(f"A kettle is a promise.\n\n---\n\n# Buttons\n\n{FIRST}\n\n{SECOND}\n")
    assert import_paths(project, [path]).changed == ()
    assert essays.text(project.db, ids["buttons"]) == "Other words."


def test_a_file_that_is_gone_is_named(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "salt.md"
    path.write_text("# Salt\n\nA pinch of it.\n")
    import_paths(project, [path])
    row = next(row for row in essay_rows(project) if row.slug == "salt")
    assert place_of(project, row.id).path == path
    path.unlink()
    with pytest.raises(WorkbenchError, match="is not there any more"):
        place_of(project, row.id)


def test_texts_of_an_older_store_stand_as_they_came_in() -> None:
    class OldDatabase:
        def __init__(self, conn: sqlite3.Connection) -> None:
            self.conn = conn

    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE text (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT")
    connection.execute("CREATE TABLE source (id INTEGER PRIMARY KEY, text_hash TEXT REFERENCES text(hash)) STRICT")
    connection.execute("INSERT INTO text VALUES ('sha256:a', 'Salt.')")
    connection.execute("INSERT INTO source (text_hash) VALUES ('sha256:a')")
    m0010_edited_texts.apply(OldDatabase(connection))
    assert connection.execute("SELECT * FROM source").fetchall() == [(1, "sha256:a", None)]
    connection.close()
