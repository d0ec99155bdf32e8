"""The filter of Pairs finds what looking through every text finds, whatever is written, typed, edited or unread."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store import essays, history, pair_reading, pair_words, pairs
from store.database import Database
from store.essays import NewSource
from store.pairs import NewPair, PairChange, PairFilter
from store.spelling import folded, is_marks, is_word, pieces

# Few signs, so that what is typed stands somewhere: case, accents (one set apart), marks, a script without spaces, one
# that FTS5 knows and the list of words leaves to the signs, an emoji, a NUL, and what LIKE takes for something else.
SIGNS = ["a", "b", "A", "é", "É", "e\u0301", "e", "1", " ", " ", "\n", ".", ",", "’", "'", "“", "—", "%", "_", "!"]
OTHERS = ["日", "本", "か", "が", "א", "ב", "я", "Я", "ß", "😀", "\0", "\u00a0", "²", "€", "\u00ad", "\\", '"']
texts = st.lists(st.sampled_from(SIGNS), max_size=12).map("".join)
odd_texts = st.lists(st.sampled_from(SIGNS + OTHERS), max_size=12).map("".join)
typed = st.lists(st.sampled_from(SIGNS + OTHERS), min_size=1, max_size=4).map("".join)
rows = st.lists(st.tuples(texts | odd_texts, texts, texts | odd_texts), min_size=1, max_size=4)


def words_of(text):
    return re.findall(r"[^\W_]+", folded(text))


def holds_words(text, wanted):
    """Say whether words follow each other in a text, the last perhaps unfinished."""
    words = words_of(text)
    return any(
        words[place : place + len(wanted) - 1] == wanted[:-1] and words[place + len(wanted) - 1].startswith(wanted[-1])
        for place in range(len(words) - len(wanted) + 1)
    )


def holds_letters(text, wanted):
    """Say whether a text stands in another to the letter, case apart."""
    if wanted.isascii():
        return re.search(re.escape(wanted), text, re.IGNORECASE | re.ASCII) is not None
    return wanted.casefold() in text.casefold()


def plain(columns, wanted):
    """Return the numbers of the rows that hold what was typed, by looking through them all."""

    def having(test):
        return [number for number, row in columns.items() if any(test(text) for text in row)]

    if not wanted.strip():
        return list(columns)
    cut = pieces(wanted)
    signs = [piece for piece in cut if not is_word(piece) and not is_marks(piece)]
    spaced = not re.search("[\u2e80-\u9fff]", wanted) or not signs
    words = words_of(wanted)
    if words and spaced:
        composed = unicodedata.normalize("NFC", wanted)
        mere = re.fullmatch(r"\s*[^\W_]+(?:['’ \t]+[^\W_]+)*['’ \t]*\s*", composed)
        found = having(lambda text: holds_words(text, words))
        if not mere:
            found = [number for number in found if any(holds_letters(text, wanted) for text in columns[number])]
        if found:
            return found
    if (cut == [wanted] or (signs and wanted.split() == [wanted])) and folded(wanted):
        return having(lambda text: any(folded(wanted) in folded(chunk) for chunk in text.split()))
    return having(lambda text: holds_letters(text, wanted))


def check(db, wanted):
    columns = {row[0]: row[1:] for row in db.all("SELECT id, prompt, response, note FROM pair ORDER BY id")}
    assert sorted(pairs.ids(db, PairFilter(words=wanted))) == plain(columns, wanted), (columns, wanted)


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    db = Database.open(tmp_path_factory.mktemp("words") / "x.db")
    essays.save(db, NewSource("a.md", "a", "essay", "A", "x" * 100, 1, 1, {}, []))
    yield db
    db.close()


def emptied(db):
    with db.transaction() as connection:
        for table in ("pair", "pair_word", "edit_row", "edit"):
            connection.execute(f"DELETE FROM {table}")
    for table in ("pair_unread", "sign_words", "pair_letters"):
        assert db.all(f"SELECT * FROM {table}") == []


@settings(max_examples=150, deadline=None)
@given(rows, st.lists(typed, min_size=3, max_size=8), st.integers(0, 3), odd_texts, st.sampled_from([0, 20_000]))
@example([("a.", "", ""), ("", "e\u0301a.", "")], ["\u0301a.", "e\u0301a", "É."], 0, "", 20_000)
@example([("grave\0l, on it", "Été", "日本語")], ["l, on", "té", "本", "ÉT", ", "], 0, "", 0)
@example([("É", "ß e\u0301", ""), ("", "1²", "b")], ["e", "É", "s", "2", "b", "E\u0301"], 1, "x", 0)
def test_the_filter_finds_what_looking_through_every_text_finds(db, columns, queries, chosen, changed, long_list):
    emptied(db)
    pair_words._LONG_LIST = long_list
    proposed = [
        NewPair("note", prompt, response, n * 9, n * 9 + 9, 1, 1) for n, (prompt, response, _) in enumerate(columns)
    ]
    ids = pairs.propose(db, 1, proposed, "propose")
    pairs.change(db, "notes", [PairChange(id=key, note=row[2]) for key, row in zip(ids, columns)])
    parts = [text[start : start + 5] for row in columns for text in row for start in range(1, len(text))]
    for query in queries:
        check(db, query)
    pair_reading.read(db, least=1)
    assert db.all("SELECT * FROM pair_unread") == []
    for query in queries + parts[:12]:
        check(db, query)
    # One that was read is changed, and then brought back with its change read or unread.
    pairs.change(db, "edit", [PairChange(id=ids[chosen % len(ids)], response=changed)])
    for query in queries:
        check(db, query)
    pair_reading.read(db, least=1 + chosen % 2)
    history.undo(db)
    for query in queries:
        check(db, query)
