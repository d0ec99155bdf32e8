"""Search by words: what it finds, that its indexes follow every change, and that an old file gets them."""

import random
import sqlite3

import pytest

from store import annotations, canaries, essays, history, pair_reading, pairs, search
from store.backup import backups
from store.database import Database
from store.essays import NewSource
from store.pairs import NewPair, PairChange, PairFilter
from tests.unit.old_file import old_file


@pytest.fixture
def db(tmp_path):
    db = Database.open(tmp_path / "x.db")
    save(db, "a", "The bicycle has a back wheel.\n\nMy aunt kept her good shoes in a box.")
    pairs.propose(db, 1, [new("A man may wear sandals.", "He rides his bicycle on gravel.")], "propose")
    yield db
    db.close()


def save(db, slug, text, kind="essay"):
    return essays.save(db, NewSource(f"{slug}.md", slug, kind, f"On {slug}", text, len(text), 9, {}, []))[0]


def new(prompt, response, tier="continuation", start=0):
    return NewPair(tier, prompt, response, start, start + 10, len(prompt.split()), len(response.split()))


def found(db, words):
    return [(hit.kind, hit.id) for hit in search.everything(db, words)]


def test_words_are_found_in_essays_notes_pairs_and_canary_prompts(db):
    note = save(db, "b", "The café smells of bicycle oil.", kind="note")
    prompt = canaries.add(db, slug="the-tyre", prompt="Of a bicycle.", topic="known", length="short", reference="")
    assert found(db, "bicycle") == [("essay", 1), ("note", note), ("pair", 1), ("canary", prompt)]
    assert found(db, "cafe OIL") == [("note", note)]
    assert found(db, "absent") == []
    assert found(db, " —“ ") == []


def test_the_last_word_may_be_unfinished_and_quoted_words_follow_each_other(db):
    assert found(db, "bicyc") == [("essay", 1), ("pair", 1)]
    assert found(db, "bicyc gravel") == []
    assert found(db, "gravel bicyc") == [("pair", 1)]
    assert found(db, '"back wheel"') == [("essay", 1)]
    assert found(db, '"wheel back"') == []
    assert found(db, "wheel back") == [("essay", 1)]


def test_operators_of_the_index_are_words_like_others(db):
    for words in ('"', "NOT bicycle", "bicycle OR", "NEAR(", "prompt:sandals", "* -bicycle", "a AND"):
        found(db, words)
    assert found(db, "prompt:sandals") == []


def test_the_index_follows_edits_undo_and_a_changed_essay(db):
    pairs.change(db, "edit", [PairChange(id=1, response="Nothing but trains.")])
    assert found(db, "gravel") == []
    assert found(db, "trains") == [("pair", 1)]
    history.undo(db)
    assert found(db, "gravel") == [("pair", 1)]
    pairs.propose(db, 1, [], "clear")
    assert found(db, "gravel") == []
    history.undo(db)
    assert found(db, "gravel") == [("pair", 1)]
    save(db, "a", "Another text about kettles.")
    assert found(db, "kettles") == [("essay", 1)]
    assert found(db, "aunt") == []
    assert db.one("INSERT INTO pair_words(pair_words, rank) VALUES ('integrity-check', 1)") is None
    assert db.one("INSERT INTO source_words(source_words, rank) VALUES ('integrity-check', 1)") is None


def test_merged_pairs_are_not_found(db):
    pairs.change(db, "merge", [PairChange(id=1, status="merged")])
    assert found(db, "gravel") == []


def test_notes_on_samples_and_samples_are_found_with_their_run(db):
    with db.transaction() as connection:
        connection.execute("INSERT INTO canary_set (id, version, content_hash, created_at) VALUES (1, 1, 'h', '')")
        connection.execute("INSERT INTO canary_prompt VALUES (1, 1, 0, 'tyre', 'p', 'known', 'short', '')")
        connection.execute(
            "INSERT INTO run (name, task, dir, place, spec_json, model, sample_key, canary_set_id, created_at) "
            "VALUES ('run-1', 'train', 'd', 'local', '{}', 'm', 'k', 1, '')"
        )
        connection.execute(
            "INSERT INTO sample (id, run, attempt, of, step, canary_prompt_id, idx, seed, text, token_ids_json, "
            "tokens, seconds, at) VALUES (7, 'run-1', 1, 'adapter', 3, 1, 0, 5, 'A puncture sings.', '[]', 4, 1.0, '')"
        )
    annotations.set_note(db, 7, "too sweet by half")
    (sample,) = search.everything(db, "puncture")
    assert (sample.kind, sample.id, sample.run, sample.title) == ("sample", 7, "run-1", "run-1, tyre")
    (note,) = search.everything(db, "sweet")
    assert (note.kind, note.sample_id, note.excerpt) == ("annotation", 7, "too sweet by half")


def test_an_excerpt_shows_the_first_word_found(db):
    save(db, "c", "word " * 200 + "then a harpsichord came " + "word " * 200)
    (hit,) = search.everything(db, "harpsi")
    assert "then a harpsichord came" in hit.excerpt
    assert len(hit.excerpt) < 150
    assert hit.excerpt.startswith("…")


def test_an_excerpt_leaves_the_front_matter_out(db):
    save(db, "c", "---\ntitle: C\ntags: [brass, woodwind]\n---\n\nThe trumpets came.\n")
    for words in ("trumpets", "woodwind"):
        (hit,) = search.everything(db, words)
        assert hit.excerpt.endswith("The trumpets came.")
        assert "tags" not in hit.excerpt


@pytest.mark.parametrize(("words", "plain"), [("back wheel", True), ("don’t", True), ("x", True), ("a—b", False)])
def test_plain_words_are_known(words, plain):
    assert search.is_plain_words(words) is plain


def shown(db, words, **where):
    return list(pairs.ids(db, PairFilter(words=words, **where)))


def test_a_filter_by_words_falls_back_to_parts_of_words(db):
    assert shown(db, "bicycle on grav") == [1]
    assert shown(db, "on gravel.") == [1]
    assert shown(db, "wear gravel") == []
    for part in ("ravel", "rave", "VEL", "ràvel", "cycle on gr", "dals."):
        assert shown(db, part) == [1]
    for part in ("avex", "cycle of gr", "dals!", "l. on"):
        assert shown(db, part) == []
    pairs.change(db, "edit", [PairChange(id=1, response="古池や蛙飛びこむ水の音")])
    assert shown(db, "蛙") == shown(db, "蛙飛び") == shown(db, "古池や蛙") == [1]
    assert shown(db, "蛙び") == shown(db, "池蛙") == []


@pytest.fixture(params=["read", "unread"])
def two(db, request):
    """A store with a second pair, of marks and words that the first has not."""
    pairs.change(db, "second", [], [(1, new("What?! Cafés, he said…", "“Traveling — or ravelling?” 50%"), "proposed")])
    if request.param == "read":
        pair_reading.read(db, least=1)
    assert bool(db.all("SELECT id FROM pair_unread")) == (request.param == "unread")
    return db


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("b", [1]),
        ("r", [1, 2]),
        ("ravel", [2]),
        ("rave", [2]),
        ("ravell", [2]),
        ("avel", [1, 2]),
        ("afe", [2]),
        ("CAFÉS,", [2]),
        ("cafes,", []),
        ("—", [2]),
        ("?!", [2]),
        ("?”", [2]),
        (".", [1]),
        ("%", [2]),
        ("0%", [2]),
        ("…", [2]),
        ("“T", [2]),
        ("g — o", [2]),
        ("; —", []),
        ("xyzzy", []),
        ("  ", [1, 2]),
    ],
)
def test_what_is_found_is_the_same_whether_pairs_are_read_or_not(two, words, ids):
    assert shown(two, words) == ids


def test_a_part_is_looked_for_where_the_rest_of_the_filter_lets_no_whole_word_through(two):
    assert shown(two, "ravel", statuses=("proposed",)) == [2]
    pairs.change(two, "accept", [PairChange(id=2, status="accepted")])
    assert shown(two, "ravel", statuses=("proposed",)) == [1]


def test_words_of_many_pairs_are_read_before_a_part_is_looked_for(db):
    proposed = [new(f"prompt {n}", f"response x{n}y", start=n * 20) for n in range(300)]
    ids = pairs.propose(db, 1, proposed, "propose")
    assert len(db.all("SELECT id FROM pair_unread")) == 300
    assert shown(db, "99y") == [ids[99], ids[199], ids[299]]
    assert db.all("SELECT id FROM pair_unread") == []


def test_nobody_waits_for_another_program_to_find_a_part(db, tmp_path):
    with db.transaction() as connection:
        connection.execute(
            "INSERT INTO pair_unread WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 400) SELECT i FROM n"
        )
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert shown(db, "ravel") == [1]
    assert len(db.all("SELECT id FROM pair_unread")) == 400
    assert db.one("PRAGMA busy_timeout") == (5000,)
    other.execute("ROLLBACK")
    other.close()
    assert shown(db, "ravel") == [1]
    assert db.all("SELECT id FROM pair_unread") == []


def test_a_part_of_very_many_words_is_found_in_all_of_them(db):
    # More words than are asked for one by one, frequent and rare, with an accent where it matters and without.
    rng = random.Random(1)
    words = [f"{'éuoai'[n % 5]}x{'nñN'[n % 3]}d{n}" for n in range(900)]
    texts = [" ".join(rng.choices(words, weights=[1 / (n + 1) for n in range(900)], k=4)) for _ in range(700)]
    ids = pairs.propose(db, 1, [new("p", text, start=n * 20) for n, text in enumerate(texts)], "propose")
    for part in ("xnd", "nd1", "ÑD", "d"):
        bare = part.replace("Ñ", "n").lower()
        assert shown(db, part, source_id=1, statuses=("proposed",))[-len(ids) :] == [
            key for key, text in zip(ids, texts) if bare in text.replace("ñ", "n").replace("é", "e").lower()
        ], part


def test_the_queue_puts_doubtful_pairs_first_held_out_ones_after_and_skipped_ones_last(db):
    held = save(db, "held", "Text of its own.")
    essays.set_split(db, [held], "holdout")
    pairs.propose(db, held, [new("p", "held response")], "propose")
    pairs.propose(db, 1, [new("p", f"r{i}", start=i * 20) for i in range(4)], "propose")
    plain, doubtful, worse, skipped = list(pairs.ids(db, PairFilter(source_id=1)))
    (held_pair,) = pairs.ids(db, PairFilter(source_id=held))
    pairs.judge(db, {doubtful: 2, worse: 5})
    pairs.change(db, "skip", [PairChange(id=skipped, skipped=pairs.next_skip(db))])
    assert list(pairs.ids(db, PairFilter(), "queue")) == [worse, doubtful, plain, held_pair, skipped]
    assert pairs.next_skip(db) == 2
    assert {pair.id for pair in pairs.unjudged(db, 10)} == {plain, held_pair, skipped}
    history.undo(db)
    assert list(pairs.ids(db, PairFilter(), "queue"))[-1] == held_pair


def test_what_the_author_wrote_in_a_proposal_outlives_proposing_again(db):
    pairs.change(db, "write", [PairChange(id=1, prompt="My thesis.", edited=True)])
    pairs.propose(db, 1, [new("p", "another", start=30)], "again")
    assert {pairs.get(db, key).prompt for key in pairs.ids(db, PairFilter())} == {"My thesis.", "p"}


def test_proposals_of_other_tiers_stay(db):
    pairs.propose(db, 1, [new("", "whole", tier="thesis")], "theses", tiers=("thesis",))
    assert [row.tier for row in pairs.rows(db, pairs.ids(db, PairFilter()))] == ["continuation", "thesis"]
    pairs.propose(db, 1, [], "clear", tiers=("thesis",))
    assert [row.tier for row in pairs.rows(db, pairs.ids(db, PairFilter()))] == ["continuation"]


def test_an_old_file_gets_its_words_indexed_and_its_pairs_a_place_in_the_queue(tmp_path):
    path = tmp_path / "old.db"
    connection = old_file(path, before="m0004", text="An old text about lanterns.")
    connection.execute(
        "INSERT INTO pair (source_id, text_hash, position, tier, status, prompt, response, start, end, prompt_words, "
        "response_words, created_at, updated_at) VALUES (1, 'sha256:1', 0, 'note', 'proposed', 'before', "
        "'old lanterns burn', 0, 5, 1, 3, '', '')"
    )
    connection.close()
    db = Database.open(path)
    assert found(db, "lantern") == [("essay", 1), ("pair", 1)]
    assert [pair.id for pair in pairs.unjudged(db, 10)] == [1]
    assert list(pairs.ids(db, PairFilter(), "queue")) == [1]
    # As the earlier version left it, before the first of all that were pending.
    assert [item.name.split("-", 4)[4] for item in backups(path, tmp_path / "backups")] == [
        "before-m0004-queue-and-search.db"
    ]
    db.close()


def test_the_pairs_of_an_old_file_are_read_when_first_looked_for(tmp_path):
    path = tmp_path / "old.db"
    connection = old_file(path, before="m0008")
    connection.executemany(
        "INSERT INTO pair (source_id, text_hash, position, tier, status, prompt, response, start, end, prompt_words, "
        "response_words, created_at, updated_at) "
        "VALUES (1, 'sha256:1', ?, 'note', 'proposed', 'before', ?, 0, 5, 1, 3, '', '')",
        [(n, f"old lanterns burn{n}. 古池") for n in range(600)],
    )
    connection.close()
    db = Database.open(path)
    assert len(db.all("SELECT id FROM pair_unread")) == 600
    assert shown(db, "lan") == list(range(1, 601))
    assert shown(db, "urn7") == [8, *range(71, 81)]
    assert db.all("SELECT id FROM pair_unread") == []
    assert shown(db, "池", source_id=1) == list(range(1, 601))
    with db.transaction() as connection:
        connection.execute("DELETE FROM pair WHERE id > 1")
    assert shown(db, "池") == shown(db, "ntern") == [1]
    assert db.all("SELECT rowid FROM sign_words") == [(1,)]
    assert db.one("INSERT INTO pair_words(pair_words, rank) VALUES ('integrity-check', 1)") is None
    db.close()
