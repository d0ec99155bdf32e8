"""Sources and pairs that follow the disk: what moves, what is marked, and that undo is never stopped by it."""

import pytest

from store import essays, following, history, pairs
from store.database import Database
from store.essays import NewParagraph, NewSource
from store.following import Move
from store.migrations import m0006_follow_files
from store.pairs import NewPair, PairChange, PairFilter

TEXT = "one two three. " * 20


@pytest.fixture
def db(tmp_path):
    return Database.open(tmp_path / "x.db")


def save(db, text=TEXT, name="a"):
    blocks = [NewParagraph("prose", 0, 40, 3), NewParagraph("prose", 60, 100, 3), NewParagraph("heading", 120, 130, 1)]
    new = NewSource(f"{name}.md", name, "essay", name.title(), text, len(text), 50, {}, blocks, file_mtime_ns=7)
    return essays.save(db, new)[0]


def propose(db, source_id, *starts):
    new = [NewPair("continuation", "p", f"r{start}", start, start + 40, 1, 1) for start in starts]
    return pairs.propose(db, source_id, new, "propose")


def move(db, pair_id, *, changed=False, start=5):
    made_from = pairs.get(db, pair_id).text_hash
    return Move(id=pair_id, made_from=made_from, changed=changed, start=start, end=start + 40, position=float(start))


def test_a_pair_that_moved_is_of_the_new_text_and_one_that_changed_still_of_the_old(db):
    source_id = save(db)
    first, second = propose(db, source_id, 0, 60)
    save(db, "New. " + TEXT)
    (stale,) = following.stale(db)
    old = pairs.get(db, first).text_hash
    moves = [move(db, first), move(db, second, changed=True, start=65)]
    assert following.follow(db, stale, moves, [1])
    assert following.stale(db) == []
    moved, marked = pairs.get(db, first), pairs.get(db, second)
    assert (moved.text_hash, moved.start, moved.position, moved.changed) == (stale.text_hash, 5, 5.0, False)
    assert (marked.text_hash, marked.start, marked.position, marked.changed) == (old, 60, 65.0, True)
    assert essays.row(db, source_id).changed == 1
    assert pairs.counts(db).changed == pairs.counts(db, source_id).changed == 1
    assert pairs.ids(db, PairFilter(changed=True)).tolist() == [second]
    assert [row.changed for row in pairs.rows(db, [first, second])] == [False, True]


def test_what_came_since_pairs_were_compared_is_left_for_the_next_time(db):
    source_id = save(db)
    (pair,) = propose(db, source_id, 0)
    save(db, "New. " + TEXT)
    (stale,) = following.stale(db)
    compared = move(db, pair)
    save(db, "Newer. " + TEXT)
    assert not following.follow(db, stale, [compared], [])
    assert not pairs.get(db, pair).changed
    assert [source.id for source in following.stale(db)] == [source_id]


def test_undo_takes_back_the_authors_edits_whatever_the_disk_did(db):
    source_id = save(db)
    (pair,) = propose(db, source_id, 0)
    pairs.change(db, "accept", [PairChange(id=pair, status="accepted")])
    save(db, "New. " + TEXT)
    (stale,) = following.stale(db)
    following.follow(db, stale, [move(db, pair, changed=True)], [])
    following.settle(db, "keep", move(db, pair, start=9), stale.text_hash, {})
    assert not pairs.get(db, pair).changed
    save(db, "Newer. " + TEXT)
    (stale,) = following.stale(db)
    following.follow(db, stale, [move(db, pair, start=11)], [])
    assert history.undo(db).label == "keep"
    assert pairs.get(db, pair).changed
    assert history.undo(db).label == "accept"
    assert history.undo(db).label == "propose"
    assert len(pairs.ids(db, PairFilter())) == 0
    for label in ("propose", "accept", "keep"):
        assert history.redo(db).label == label
    assert [source.id for source in following.stale(db)] == [source_id]


def test_new_paragraphs_count_until_a_pair_covers_them_or_pairs_are_proposed(db):
    source_id = save(db)
    (pair,) = propose(db, source_id, 0)
    save(db, "New. " + TEXT)
    (stale,) = following.stale(db)
    following.follow(db, stale, [move(db, pair, start=0)], [0, 1, 2])
    assert essays.row(db, source_id).fresh == 1, "the first is covered, the last is a heading"
    propose(db, source_id, 200)
    assert essays.row(db, source_id).fresh == 0


def test_a_missing_source_keeps_all_that_it_has_and_a_renamed_one_too(db):
    source_id = save(db)
    propose(db, source_id, 0)
    essays.set_split(db, [source_id], "holdout")
    following.missing(db, [source_id])
    row = essays.row(db, source_id)
    assert row.missing_at
    assert (row.proposed, row.split) == (1, "holdout")
    other = save(db, "Another.", "b")
    assert not following.renamed(db, source_id, "b.md")
    assert following.renamed(db, source_id, "c.md")
    row = essays.row(db, source_id)
    assert (row.slug, row.path, row.earlier_path, row.news, row.missing_at) == ("a", "c.md", "a.md", "renamed", None)
    assert (row.proposed, row.split) == (1, "holdout")
    following.no_news(db, [source_id, other])
    assert essays.row(db, source_id).news == ""


def test_a_source_that_is_no_file_of_its_own_is_no_file(db):
    source_id = save(db)
    new = NewSource("notes#1", "n", "note", "N", "Text.", 5, 1, {}, [], origin="pasted")
    essays.save(db, new)
    assert [source.id for source in following.files(db)] == [source_id]


class OldDatabase:
    """A database as it was before, with what the migration asks of it."""

    def __init__(self, connection):
        self.conn = connection


def test_an_old_database_with_rows_migrates_and_takes_its_pairs_as_followed(tmp_path):
    import importlib
    import sqlite3

    from store import migrations

    connection = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    names = migrations.NAMES
    for name in names[: names.index("m0006_follow_files")]:
        importlib.import_module(f"store.migrations.{name}").apply(OldDatabase(connection))
    connection.execute("INSERT INTO text VALUES ('sha256:old', 'old'), ('sha256:new', 'new')")
    for key, digest in ((1, "sha256:old"), (2, "sha256:new"), (3, "sha256:new")):
        connection.execute(
            "INSERT INTO source (id, path, slug, kind, title, text_hash, file_bytes, words, imported_at, changed_at) "
            "VALUES (?, ?, ?, 'essay', 't', ?, 3, 1, '', '')",
            (key, f"{key}.md", f"s{key}", digest),
        )
    for source_id in (1, 2):
        connection.execute(
            "INSERT INTO pair (source_id, text_hash, position, tier, status, prompt, response, start, end, "
            "prompt_words, response_words, created_at, updated_at) "
            "VALUES (?, 'sha256:old', 0, 'note', 'accepted', 'p', 'r', 0, 3, 1, 1, '', '')",
            (source_id,),
        )
    connection.execute(
        "INSERT INTO paragraph (source_id, position, kind, start, end, words) VALUES (1, 0, 'prose', 0, 3, 1)"
    )
    m0006_follow_files.apply(OldDatabase(connection))
    found = connection.execute("SELECT id, file_mtime_ns, followed_hash, proposed_hash, news FROM source ORDER BY id")
    assert found.fetchall() == [
        (1, 0, "sha256:old", "sha256:old", ""),
        (2, 0, None, None, ""),
        (3, 0, None, None, ""),
    ]
    assert connection.execute("SELECT changed FROM pair").fetchall() == [(0,), (0,)]
    assert connection.execute("SELECT fresh FROM paragraph").fetchall() == [(0,)]
    connection.close()


def test_what_a_decided_pair_covers_is_not_proposed_again_while_it_is_to_be_settled(db):
    source_id = save(db)
    (pair,) = propose(db, source_id, 0)
    pairs.change(db, "accept", [PairChange(id=pair, status="accepted")])
    save(db, "New. " + TEXT)
    (stale,) = following.stale(db)
    following.follow(db, stale, [move(db, pair, changed=True, start=100)], [])
    assert propose(db, source_id, 105) == []
    assert len(propose(db, source_id, 5, 200)) == 2
