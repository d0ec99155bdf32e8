"""Which pairs hold what the author types into the filter of Pairs, answered by indexes for every kind of it.

What is found, in the prompt, the response or the note of a pair:

1. Of a script with spaces, words that stand whole and follow each other, the last one perhaps not finished; case,
   accents and the marks between them do not count (`don t`, `don't` and `DON’T` are the same). With other marks than
   apostrophes typed, the pair has to hold the words so, and what was typed to the letter, case apart.
2. Only where no pair does, of those the rest of the filter lets through: a part. Of one word, of marks that stand
   together, or of what stands together in a script without spaces: wherever it stands, case and accents apart. Of
   several of these: to the letter, case apart.

Parts of words are looked for in the list of all words (`pair_word`), and then the words that have it in the index of
words. The list and the index of marks and signs (`sign_words`) are filled some hundred pairs at a time, when pairs are
written or, at the latest, looked for; triggers note which pairs are still unread, and until then those are looked
through themselves. Where a part is in very many words, the most frequent answer for almost all pairs, and the texts of
the rest are looked through: so nothing is left out, and nothing takes as long as looking through all.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from store.database import Database
from store.errors import DatabaseBusy
from store.search import has_words, is_plain_words, matching, puts_spaces
from store.spelling import folded, has_signs, is_marks, is_word, pieces, sign_phrase, sign_words
from store.values import storable

Condition = tuple[str, list[Any]]

# So many unread pairs are looked through in under a millisecond; reading them one by one would cost ten times as much.
_UNREAD = 256
# So many at once cost a third for each of what a few hundred do.
MANY = 2_000
# More alternatives of phrases than this take longer than looking through all texts.
_ALTERNATIVES = 400
# FTS5 compares all alternatives for each row it finds, and so is quicker with groups of them.
_GROUP = 16
# A word that no text has. FTS5 would make one list again of groups with nothing between.
_ABSENT = "\ue000\ue001\ue002\ue003"
# What looking a pair through takes, in comparisons of an alternative with a row inside of FTS5: 3 µs in 4 ns.
_LOOKING_THROUGH = 750.0
# What SQLite allows for LIKE is 50,000 bytes.
_LONGEST_PATTERN = 1_000
# Accents stay: where one stands is to be known.
_MOMENTARY = {
    "new_words": "remove_diacritics 0",
    "new_marks": "categories 'P* S*'",
    "new_chunks": "remove_diacritics 0 categories 'L* N* Co P* S*'",
}
# Where a part stands in a word: whether it begins it, and whether it ends it.
_PLACES = {
    (False, False): "instr(folded, ?1)",
    (True, False): "substr(folded, 1, length(?1)) = ?1",
    (False, True): "substr(folded, -length(?1)) = ?1",
    (True, True): "folded = ?1",
}
_COLUMNS = ("p.prompt", "p.response", "p.note")
_LIKE = "{} LIKE ? ESCAPE '!'"
_NUL = "\0"


def looks(db: Database, typed: str) -> Iterator[Condition]:
    """Give the conditions for what was typed, over a pair `p`; each is for where the one before finds nothing.

    Args:
        db: the store.
        typed: what to look for; empty or white space for everything.
    """
    text = storable(typed)
    if not text.strip():
        yield "1", []
        return
    spaced = has_words(text) and (puts_spaces(text) or not has_signs(text))
    # Asked for one first: where there is none, a walk through all pairs of the filter is saved.
    if spaced and db.one("SELECT 1 FROM pair_words WHERE pair_words MATCH ? LIMIT 1", (matching(text),)):
        whole = _in_words(matching(text))
        yield whole if is_plain_words(text) else _both(whole, _to_the_letter(db, text, _unread(db)))
    part = _part(db, text)
    if part is not None:
        yield part


def read(db: Database, *, least: int = _UNREAD, wait: bool = True) -> None:
    """Read the pairs whose words are not known yet, unless they are few.

    Args:
        db: the store.
        least: fewer than this stay unread.
        wait: for another program that is writing.

    Raises:
        DatabaseBusy: it still is.
    """
    while True:
        found = db.one("SELECT count(*) FROM (SELECT 1 FROM pair_unread LIMIT ?)", (least,))
        if found is None or found[0] < max(1, least):
            return
        with db.transaction(wait=wait) as connection:
            rows = connection.execute(
                "SELECT u.id, ifnull(p.prompt || char(10) || p.response || char(10) || p.note, '') "
                f"FROM pair_unread u LEFT JOIN pair p ON p.id = u.id LIMIT {MANY}"
            ).fetchall()
            for table, counted in _counted(connection, rows).items():
                connection.executemany(
                    f"INSERT INTO {table} (word, folded, pairs) VALUES (?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET pairs = pairs + excluded.pairs",
                    counted,
                )
            signs = [(key, indexed) for key, text in rows if (indexed := sign_words(text))]
            connection.executemany("INSERT INTO sign_words (rowid, text) VALUES (?, ?)", signs)
            connection.executemany("DELETE FROM pair_unread WHERE id = ?", [(key,) for key, _ in rows])


def _counted(connection: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> dict[str, list[tuple[str, str, int]]]:
    """Return the words and marks of some texts and their chunks, by table, and in how many of them each is."""
    counted: dict[str, list[tuple[str, str, int]]] = {"pair_word": [], "pair_chunk": []}
    # An index for a moment: so they are cut as the lasting ones cut them, and outside of the interpreter's lock.
    for table, options in _MOMENTARY.items():
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table} USING fts5(text, content = '', detail = none, "
            f'columnsize = 0, tokenize = "unicode61 {options}")'
        )
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table}_seen USING fts5vocab('temp', '{table}', 'row')"
        )
        connection.executemany(f"INSERT INTO temp.{table} (rowid, text) VALUES (?, ?)", rows)
        for term, count in connection.execute(f"SELECT term, doc FROM temp.{table}_seen"):
            if is_word(term) or is_marks(term):
                if table != "new_chunks":
                    counted["pair_word"].append((term, folded(term), count))
            elif table == "new_chunks" and not has_signs(term):
                counted["pair_chunk"].append((term, folded(term), count))
        connection.execute(f"INSERT INTO temp.{table} ({table}) VALUES ('delete-all')")
    return counted


def _unread(db: Database) -> list[int]:
    """Return the pairs that are not read and are not to be read now, to be looked through themselves."""
    try:
        read(db, wait=False)
    except DatabaseBusy:
        # Another program writes. To find what there is nobody waits for it.
        pass
    return [key for (key,) in db.all("SELECT id FROM pair_unread")]


def _part(db: Database, text: str) -> Condition | None:
    """Return the condition for a part of a word, or of several; None where nothing can be found that words do not."""
    # Before the words: what another program reads between the two is then in one of them at least.
    unread = _unread(db)
    found = pieces(text)
    signs = _signs(found)
    if found == [text] or (signs and text.split() == [text]):
        return _part_of_one(db, text, unread)
    letter = _to_the_letter(db, text, unread)
    if signs:
        # Of an accent alone nothing is left.
        phrases = " AND ".join(f'"{phrase}"' for piece in signs if (phrase := sign_phrase(piece)))
        return _both(_either(_in_signs(phrases), _among(unread)), letter) if phrases else letter
    first, *rest = [piece for piece in found if is_word(piece)] or [""]
    if not first:
        return letter
    if not text.startswith(first):
        # The first word begins where a word begins, so its whole words were found before, if there are any.
        return None
    words = _words(db, "substr(folded, -length(?1)) = ?1 AND length(folded) > length(?1)", folded(first))
    if len(words) > _ALTERNATIVES:
        return letter
    end = " *" if text.endswith(found[-1]) and is_word(found[-1]) else ""
    phrases = " OR ".join(f'"{" ".join((item.word, *rest))}"{end}' for item in words)
    in_signs = _in_signs(f'"{sign_phrase(first)}"')
    return _both(_either(_in_words(phrases), in_signs, _among(unread)), letter)


def _signs(found: Sequence[str]) -> list[str]:
    return [piece for piece in found if has_signs(piece)]


def _part_of_one(db: Database, text: str, unread: Sequence[int]) -> Condition:
    """Return the condition for a part of one word, of marks that stand together, or of signs."""
    part = folded(text)
    if not part:
        # An accent alone.
        return _to_the_letter(db, text, unread)
    # Longer pieces and those with other signs in them have what is looked for among the signs of the pair.
    others: Condition = ("0", [])
    # One that was typed with its accents set apart has none of its signs left.
    if not has_signs(part):
        listed, index = "pair_word", "mark_words" if is_marks(part) else "pair_words"
        if not is_word(part) and not is_marks(part):
            listed, index = "pair_chunk", "chunk_words"
        words = _words(db, "instr(folded, ?1)", part, table=listed)
        asked = _worth_asking(db, words)
        chosen = [item.word for item in words[:asked]]
        if asked < len(words):
            quick = (part.isascii() or is_marks(part)) and words[asked].plain
            others = _any_column(_LIKE, _pattern(part)) if quick else _any_column("instr(folded({}), ?)", part)
        others = _either(_found(index, _any_of(chosen)), others)
    looked_through = _both(_among(unread), _any_column("instr(folded({}), ?)", part))
    return _either(_in_signs(f'"{sign_phrase(text)}"'), others, looked_through)


@dataclass(frozen=True, slots=True)
class _Word:
    """A word that has a part: in about how many pairs it stands, and whether LIKE would find that part in it."""

    word: str
    pairs: int
    plain: bool


def _words(db: Database, condition: str, part: str, *, table: str = "pair_word") -> list[_Word]:
    """Return the words that fulfil a condition, the most frequent first, but before them those LIKE would not find.

    Of more than are ever asked for, it returns one more than that.
    """
    found = db.all(
        f"SELECT word, pairs, instr(lower(word), ?1) > 0 AS plain FROM {table} WHERE {condition} "
        f"ORDER BY plain, pairs DESC LIMIT {_ALTERNATIVES + 1}",
        (part,),
    )
    return [_Word(word, pairs, bool(plain)) for word, pairs, plain in found]


def _worth_asking(db: Database, words: Sequence[_Word]) -> int:
    """Return how many of the words to ask the index for, so that looking through the other pairs costs least in all.

    Each word costs something for each pair it stands in; a pair that is not found so is looked through, unless all
    words were asked for. All are guessed to stand in pairs independently of each other.
    """
    total = max(1, _pairs(db))
    share, met, best, least = 1.0, 0, 0, float("inf")
    for asked, item in enumerate(words[:_ALTERNATIVES], start=1):
        share *= max(0.0, 1.0 - item.pairs / total)
        met += item.pairs
        cost = met * min(asked, 4 * _GROUP) + (share * total * _LOOKING_THROUGH if asked < len(words) else 0.0)
        if cost < least and (asked == len(words) or words[asked].plain):
            best, least = asked, cost
    return best


def _to_the_letter(db: Database, text: str, unread: Sequence[int]) -> Condition:
    """Return the condition for texts that hold a text as it is, case apart."""
    holding = _holding(text, unread)
    if has_signs(text):
        return holding
    # Of what stands between white space all is known; of several of them, which pairs may have them one by one.
    chunks = text.split()
    others: list[Condition] = []
    for number, chunk in enumerate(chunks):
        if is_word(chunk):
            continue
        begins = number or text[0].isspace()
        ends = number < len(chunks) - 1 or text[-1].isspace()
        table, index = ("pair_word", "mark_words") if is_marks(chunk) else ("pair_chunk", "chunk_words")
        if is_marks(chunk):
            begins = ends = False
        words = _words(db, _PLACES[bool(begins), bool(ends)], folded(chunk), table=table)
        if len(words) > _ALTERNATIVES:
            continue
        exact = [item.word for item in words if chunk.casefold() in item.word.casefold()]
        elsewhere = _either(_in_signs(f'"{sign_phrase(chunk)}"'), _among(unread))
        if text == chunk:
            return _either(_found(index, _any_of(exact)), _both(elsewhere, holding))
        if 2 * sum(item.pairs for item in words) < _pairs(db):
            others.append(_either(_found(index, _any_of(exact)), elsewhere))
    return _both(*others, holding)


def _pairs(db: Database) -> int:
    (count,) = db.one("SELECT count(*) FROM pair") or (0,)
    return int(count)


def _holding(text: str, unread: Sequence[int]) -> Condition:
    # SQLite's lower() is quick but knows ASCII only; for other letters ours is called for every text.
    fold, wanted = ("lower", text.lower()) if text.isascii() else ("casefold", text.casefold())
    slow = _any_column(f"instr({fold}({{}}), ?)", wanted)
    if len(text) > _LONGEST_PATTERN or _NUL in text:
        return slow
    # LIKE is many times as quick. It knows no other letters either, and ends at a NUL.
    cased = "".join({sign for sign in text if not sign.isascii() and sign.swapcase() != sign})
    quick = _any_column(_LIKE, _pattern(text, cased))
    if cased:
        quick = _both(quick, slow)
    return _either(quick, _both(_either(_in_signs(f'"{sign_phrase(_NUL)}"'), _among(unread)), slow))


def _pattern(text: str, any_sign: str = "") -> str:
    """Return the pattern for LIKE that a text stands anywhere, with anything in the place of some signs of it."""
    pattern = re.sub("[!%_]", r"!\g<0>", text)
    return f"%{re.sub(f'[{any_sign}]', '%', pattern) if any_sign else pattern}%"


def _any_of(words: Sequence[str]) -> str:
    """Return the FTS5 expression for any of some words; a quotation mark within is doubled."""
    quoted = ['"' + word.replace('"', '""') + '"' for word in words]
    if len(quoted) <= 2 * _GROUP:
        return " OR ".join(quoted)
    groups = (" OR ".join(quoted[start : start + _GROUP]) for start in range(0, len(quoted), _GROUP))
    return " OR ".join(f'(({group}) NOT "{_ABSENT}")' for group in groups)


def _in_words(expression: str) -> Condition:
    return _found("pair_words", expression)


def _in_signs(expression: str) -> Condition:
    return _found("sign_words", expression)


def _found(table: str, expression: str) -> Condition:
    return (f"p.id IN (SELECT rowid FROM {table} WHERE {table} MATCH ?)", [expression]) if expression else ("0", [])


def _among(keys: Sequence[int]) -> Condition:
    return ("p.id IN (SELECT value FROM json_each(?))", [json.dumps(keys)]) if keys else ("0", [])


def _any_column(condition: str, value: str) -> Condition:
    return _either(*((condition.format(column), [value]) for column in _COLUMNS))


def _either(*conditions: Condition) -> Condition:
    """Join conditions; SQLite asks them from the left and stops at the first that is fulfilled."""
    return f"({' OR '.join(text for text, _ in conditions)})", [value for _, values in conditions for value in values]


def _both(*conditions: Condition) -> Condition:
    return f"({' AND '.join(text for text, _ in conditions)})", [value for _, values in conditions for value in values]
