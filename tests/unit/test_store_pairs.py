"""Sources and pairs: what is kept, listed, counted, proposed and placed."""

import pytest

from store import essays, history, pairs
from store.database import Database
from store.errors import NotFound
from store.essays import NewParagraph, NewSource
from store.pairs import NewPair, PairChange, PairCounts, PairFilter


@pytest.fixture
def db(tmp_path):
    return Database.open(tmp_path / "x.db")


def source(db, name, text="words " * 50, title=None, kind="essay", slug=None):
    blocks = [NewParagraph("heading", 0, 5, 1), NewParagraph("prose", 6, 20, 3)]
    new = NewSource(
        f"essays/{name}.md", slug or name, kind, title or name.title(), text, len(text), 50, {"tags": ["é"]}, blocks
    )
    return essays.save(db, new)


def new(start, response=None, tier="continuation", end=None):
    return NewPair(tier, f"p{start}", response or f"r{start}", start, end or start + 10, 2, 3)


def shown(db, **where):
    return [pairs.get(db, i).response for i in pairs.ids(db, PairFilter(**where))]


def test_a_source_is_known_by_its_path_and_the_same_words_change_nothing(db):
    source_id, outcome = source(db, "a")
    before = db.all("SELECT * FROM source")
    assert (outcome, source(db, "a")) == ("added", (source_id, "same"))
    assert db.all("SELECT * FROM source") == before
    # The title of a post stands beside its text, and may change alone.
    assert source(db, "a", title="Another title") == (source_id, "changed")
    assert essays.row(db, source_id).title == "Another title"
    assert source(db, "a", text="New words") == (source_id, "changed")
    assert essays.text(db, source_id) == "New words"


def test_the_text_and_the_paragraphs_come_back_exactly(db):
    text = "\ufeff# T\r\n\r\nNUL \x00 \x1b[31m [b]x[/b] “é” \U0001f426\u2028 end"
    source_id, _ = source(db, "a", text=text)
    assert essays.text(db, source_id) == text
    assert essays.paragraphs(db, source_id) == [NewParagraph("heading", 0, 5, 1), NewParagraph("prose", 6, 20, 3)]
    assert db.one("SELECT front_matter_json FROM source") == ('{"tags":["é"]}',)


def test_two_files_of_one_name_get_slugs_of_their_own(db):
    names = [source(db, f"{folder}/a", slug="a_b")[0] for folder in ("x", "y", "z")]
    assert [essays.row(db, i).slug for i in names] == ["a_b", "a_b-2", "a_b-3"]


def test_a_file_name_that_is_no_utf8_is_kept_readable(db):
    source_id, _ = source(db, "caf\udce9")
    assert essays.row(db, source_id).path == "essays/caf\ufffd.md"
    assert source(db, "caf\udce9") == (source_id, "same")


def test_a_file_that_is_back_is_no_longer_missing(db):
    source_id, _ = source(db, "a")
    with db.transaction() as connection:
        connection.execute("UPDATE source SET missing_at = '2026'")
    assert essays.row(db, source_id).missing_at == "2026"
    source(db, "a")
    assert essays.row(db, source_id).missing_at is None


def test_rows_list_essays_first_by_title_with_their_counts(db):
    source(db, "c", kind="note")
    b, _ = source(db, "b", title="beta")
    a, _ = source(db, "a", title="Alpha")
    ids = pairs.propose(db, b, [new(0), new(10), new(20), new(30)], "propose")
    statuses = ["accepted", "accepted", "rejected", "merged"]
    pairs.change(db, "decide", [PairChange(id=i, status=s) for i, s in zip(ids, statuses, strict=True)])
    pairs.propose(db, b, [new(50)], "one more")
    rows = essays.rows(db)
    assert [row.title for row in rows] == ["Alpha", "beta", "C"]
    assert (rows[1].proposed, rows[1].accepted, rows[1].rejected) == (1, 2, 1)
    assert (rows[0].proposed, rows[0].paragraphs, rows[0].changed) == (0, 2, 0)
    assert rows == [essays.row(db, row.id) for row in rows]
    assert essays.row(db, a).split == "train"


def test_holding_out_is_one_edit_and_an_unknown_essay_moves_none(db):
    ids = [source(db, name)[0] for name in "ab"]
    essays.set_split(db, ids, "holdout")
    assert [row.split for row in essays.rows(db)] == ["holdout", "holdout"]
    assert history.undo(db).label == "hold out 2 essays"
    assert [row.split for row in essays.rows(db)] == ["train", "train"]
    with pytest.raises(NotFound, match="no essay 99"):
        essays.set_split(db, [ids[0], 99], "holdout")
    assert essays.row(db, ids[0]).split == "train"


@pytest.mark.parametrize("ask", [essays.row, essays.text, essays.text_of, pairs.get, pairs.next_in_source])
def test_what_is_not_there_is_said_to_be_gone(db, ask):
    with pytest.raises(NotFound):
        ask(db, 99)


def test_ids_are_in_reading_order_whatever_the_order_they_were_made_in(db):
    zeta, alpha = source(db, "z", title="Zeta")[0], source(db, "a", title="alpha")[0]
    pairs.propose(db, zeta, [new(30, "z30"), new(0, "z0")], "x")
    pairs.propose(db, alpha, [new(20, "a20"), new(20, "a20 again"), new(3, "a3")], "x")
    assert shown(db) == ["a3", "a20", "a20 again", "z0", "z30"]
    assert pairs.ids(db, PairFilter(source_id=99)).tolist() == []


def test_every_condition_of_a_filter_narrows_and_all_apply_together(db):
    held, kept = source(db, "a")[0], source(db, "b")[0]
    essays.set_split(db, [held], "holdout")
    ids = pairs.propose(db, held, [new(0, "one"), new(10, "two", tier="note"), new(20, "three")], "x")
    pairs.propose(db, kept, [new(0, "four")], "x")
    pairs.change(
        db,
        "x",
        [
            PairChange(id=ids[0], status="accepted", flagged=True),
            PairChange(id=ids[1], status="rejected"),
            PairChange(id=ids[2], status="merged"),
        ],
    )
    assert shown(db) == ["one", "two", "four"]
    assert shown(db, statuses=("accepted", "rejected")) == ["one", "two"]
    assert shown(db, statuses=("merged",)) == ["three"]
    assert shown(db, tier="note") == ["two"]
    assert shown(db, id=ids[1]) == ["two"]
    assert shown(db, flagged=True) == ["one"]
    assert shown(db, flagged=False) == ["two", "four"]
    assert shown(db, split="train") == ["four"]
    assert shown(db, source_id=held, flagged=False) == ["two"]


def test_a_search_finds_a_string_in_prompt_or_response_upper_and_lower_case_alike(db):
    source_id, _ = source(db, "a")
    texts = ["A Café in ÉTÉ", "50% of _all_ 'words'", "NUL \x00 then River", "p30"]
    pairs.propose(db, source_id, [new(10 * n, text) for n, text in enumerate(texts)], "x")
    found = {
        words: [texts.index(item) for item in shown(db, words=words)]
        for words in ("a café IN été", "CAF", "50% OF _ALL_", "'words'", "%", "_", "then river", "P30", "absent")
    }
    assert found == {
        "a café IN été": [0],
        "CAF": [0],
        "50% OF _ALL_": [1],
        "'words'": [1],
        "%": [1],
        "_": [1],
        "then river": [2],
        "P30": [3],
        "absent": [],
    }


def test_rows_come_in_the_order_asked_without_those_that_are_gone(db):
    source_id, _ = source(db, "a", title="An essay")
    ids = pairs.propose(db, source_id, [new(0, "long " * 40), new(10)], "x")
    pairs.change(db, "x", [PairChange(id=ids[0], note="n", flagged=True, edited=True)])
    second, first = pairs.rows(db, [ids[1], 999, ids[0]])
    assert (second.id, first.id, first.opening) == (ids[1], ids[0], ("long " * 40)[:80])
    assert (first.flagged, first.edited, first.has_note) == (True, True, True)
    assert (second.flagged, second.edited, second.has_note) == (False, False, False)
    assert (first.source, first.title, first.status, first.response_words) == ("a", "An essay", "proposed", 3)
    assert pairs.rows(db, pairs.ids(db, PairFilter())) == [first, second]


def test_counts_follow_status_flag_and_split(db):
    assert pairs.counts(db) == PairCounts(0, 0, 0, 0, 0, 0)
    held, kept = source(db, "a")[0], source(db, "b")[0]
    essays.set_split(db, [held], "holdout")
    ids = [
        *pairs.propose(db, held, [new(0), new(10)], "x"),
        *pairs.propose(db, kept, [new(0), new(10), new(20)], "x"),
    ]
    statuses = ["accepted", "proposed", "accepted", "rejected", "merged"]
    pairs.change(
        db, "x", [PairChange(id=i, status=s, flagged=True) for i, s in zip(ids, statuses, strict=True) if i != ids[1]]
    )
    assert pairs.counts(db) == PairCounts(
        proposed=1, accepted=2, rejected=1, flagged=3, accepted_train=1, accepted_holdout=1
    )
    assert [pair.id for pair in pairs.accepted(db)] == [ids[0], ids[2]]


def test_accepted_pairs_may_be_changed_while_they_are_gone_through(db):
    source_id, _ = source(db, "a")
    ids = pairs.propose(db, source_id, [new(0), new(10)], "x")
    pairs.change(db, "x", [PairChange(id=i, status="accepted") for i in ids])
    for pair in pairs.accepted(db):
        pairs.change(db, "x", [PairChange(id=pair.id, status="rejected")])
    assert pairs.counts(db).rejected == 2


def test_proposing_again_replaces_what_nobody_decided_on_and_keeps_the_rest(db):
    source_id, other = source(db, "a")[0], source(db, "b")[0]
    untouched = pairs.propose(db, other, [new(0)], "x")
    ids = pairs.propose(db, source_id, [new(0), new(10), new(20)], "x")
    pairs.change(db, "x", [PairChange(id=ids[1], status="accepted")])
    again = pairs.propose(db, source_id, [new(0), new(20), new(30)], "again")
    assert list(pairs.ids(db, PairFilter(source_id=source_id))) == [again[0], ids[1], again[1], again[2]]
    assert pairs.ids(db, PairFilter(source_id=other)).tolist() == untouched
    history.undo(db)
    assert pairs.ids(db, PairFilter(source_id=source_id)).tolist() == ids


def test_what_decided_pairs_cover_is_not_proposed_again(db):
    source_id, _ = source(db, "a")
    (kept,) = pairs.propose(db, source_id, [new(100, end=200)], "x")
    pairs.change(db, "x", [PairChange(id=kept, status="rejected")])
    wanted = [
        new(100, "same span", end=200),
        new(120, "mostly inside", end=220),
        new(180, "mostly outside", end=300),
        new(100, "another tier", tier="thesis", end=200),
        new(400, "r100", end=500),
    ]
    ids = pairs.propose(db, source_id, wanted, "again")
    assert [pairs.get(db, i).response for i in ids] == ["mostly outside", "another tier"]


def test_spans_in_an_older_text_cover_nothing_of_the_new_one(db):
    source_id, _ = source(db, "a")
    (kept,) = pairs.propose(db, source_id, [new(100, end=200)], "x")
    pairs.change(db, "x", [PairChange(id=kept, status="accepted")])
    source(db, "a", text="A new text " * 50)
    ids = pairs.propose(db, source_id, [new(100, "other words", end=200), new(300, "r100")], "again")
    assert [pairs.get(db, i).response for i in ids] == ["other words"]
    assert pairs.get(db, ids[0]).text_hash != pairs.get(db, kept).text_hash


def test_proposing_for_a_source_that_is_gone_says_so(db):
    with pytest.raises(NotFound, match="no essay 7"):
        pairs.propose(db, 7, [new(0)], "x")


def test_a_change_leaves_what_it_does_not_name(db):
    source_id, _ = source(db, "a")
    (pair_id,) = pairs.propose(db, source_id, [new(0)], "x")
    before = pairs.get(db, pair_id)
    pairs.change(db, "x", [PairChange(id=pair_id, response="new", response_words=1, edited=True)])
    after = pairs.get(db, pair_id)
    assert (after.response, after.response_words, after.edited) == ("new", 1, True)
    assert (after.prompt, after.prompt_words, after.tier, after.status, after.note) == (
        before.prompt,
        before.prompt_words,
        before.tier,
        before.status,
        before.note,
    )
    pairs.change(db, "x", [PairChange(id=pair_id, flagged=True, note="n")])
    pairs.change(db, "x", [PairChange(id=pair_id, flagged=False, note="")])
    assert (pairs.get(db, pair_id).flagged, pairs.get(db, pair_id).note) == (False, "")


def test_added_pairs_come_directly_after_theirs_in_the_order_given(db):
    source_id, _ = source(db, "a")
    first, last = pairs.propose(db, source_id, [new(0, "first"), new(10, "last")], "x")
    added = pairs.change(
        db,
        "split",
        [],
        added=[(first, new(0, "b"), "proposed"), (first, new(0, "c"), "accepted"), (last, new(0, "z"), "proposed")],
    )
    assert shown(db) == ["first", "b", "c", "last", "z"]
    assert [pairs.get(db, i).response for i in added] == ["b", "c", "z"]
    assert pairs.next_in_source(db, first).id == added[0]
    assert pairs.next_in_source(db, added[2]) is None
    history.undo(db)
    assert shown(db) == ["first", "last"]


def test_splitting_at_one_place_two_hundred_times_keeps_the_order(db):
    source_id, _ = source(db, "a")
    first, _ = pairs.propose(db, source_id, [new(0, "first"), new(10, "last")], "x")
    expected = ["first", "last"]
    for number in range(200):
        pairs.change(db, "split", [], added=[(first, new(0, f"n{number}"), "proposed")])
        expected.insert(1, f"n{number}")
    assert shown(db) == expected
    while history.undo(db):
        pass
    assert shown(db) == []


def test_pairs_that_stand_at_one_place_can_be_split_all_the_same(db):
    source_id, _ = source(db, "a")
    ids = pairs.propose(db, source_id, [new(0, "one"), new(0, "two"), new(0, "three"), new(1, "four")], "x")
    pairs.change(db, "split", [], added=[(ids[0], new(0, "one and a half"), "proposed")])
    assert shown(db) == ["one", "one and a half", "two", "three", "four"]
    history.undo(db)
    assert shown(db) == ["one", "two", "three", "four"]


def test_the_next_pair_passes_over_merged_ones_and_ends_with_the_source(db):
    source_id, other = source(db, "a")[0], source(db, "b")[0]
    ids = pairs.propose(db, source_id, [new(0), new(10), new(20)], "x")
    pairs.propose(db, other, [new(0)], "x")
    pairs.change(db, "merge", [PairChange(id=ids[1], status="merged")])
    assert pairs.next_in_source(db, ids[0]).id == ids[2]
    assert pairs.next_in_source(db, ids[2]) is None


def test_tiers_are_counted_in_their_order_without_what_was_merged(db):
    one, two = source(db, "a")[0], source(db, "b")[0]
    ids = pairs.propose(db, one, [new(0, "x", tier="note"), new(10, "y", tier="thesis"), new(20, "z")], "x")
    pairs.propose(db, two, [new(0, "w", tier="note")], "x")
    pairs.change(db, "x", [PairChange(id=ids[2], status="merged")])

    assert list(pairs.tier_counts(db).items()) == [("thesis", 1), ("note", 2)]
    assert pairs.tier_counts(db, two) == {"note": 1}
