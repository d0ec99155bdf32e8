"""Which pairs hold what the author types into the filter of Pairs, answered by indexes for every kind of it.

What is found, in the prompt, the response or the note of a pair:

1. Of a script with spaces, words that stand whole and follow each other, the last one perhaps not finished; case,
   accents and the marks between them do not count (`don t`, `don't` and `DON’T` are the same). With other marks than
   apostrophes typed, the pair has to hold the words so, and what was typed to the letter, case apart.
2. Only where no pair does, of those the rest of the filter lets through: a part. Of one word, of marks that stand
   together, or of what stands together in a script without spaces: wherever it stands, case and accents apart. Of
   several of these: to the letter, case apart.

Parts of words are looked for in the list of all words (`pair_word`), and then the words that have it in the index of
words; a single letter in the letters that each pair has (`pair_letters`). Lists, letters and the index of signs
(`sign_words`) are filled by `store.pair_reading`; triggers note which pairs are still unread, and until then those are
looked through themselves. Where a part is in very many words, the most frequent answer for almost all pairs, and the
texts of the rest are looked through: so nothing is left out, and nothing takes as long as looking through all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from store.database import Database
from store.errors import DatabaseBusy
from store.pair_reading import read
from store.search import has_words, is_plain_words, matching, puts_spaces
from store.spelling import folded, has_signs, is_marks, is_word, letters, pieces, sign_phrase
from store.values import storable

Condition = tuple[str, list[Any]]

# More alternatives of phrases than this take longer than looking through all texts.
_ALTERNATIVES = 400
# FTS5 compares all alternatives for each row it finds, and so is quicker with groups of them.
_GROUP = 16
# A word that no text has. FTS5 would make one list again of groups with nothing between.
_ABSENT = "\ue000\ue001\ue002\ue003"
# What looking a pair through takes, in comparisons of an alternative with a row inside of FTS5: 3 µs in 4 ns.
_LOOKING_THROUGH = 750.0
# The ids of pairs as one text, in characters, from which on a byte for each pair is quicker than a list.
_LONG_LIST = 20_000
# What SQLite allows for LIKE is 50,000 bytes.
_LONGEST_PATTERN = 1_000
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
        whole = _in_words(db, matching(text))
        yield whole if is_plain_words(text) else _both(whole, _to_the_letter(db, text, _unread(db)))
    part = _part(db, text)
    if part is not None:
        yield part


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
        return _both(_either(_in_signs(db, phrases), _among(unread)), letter) if phrases else letter
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
    in_signs = _in_signs(db, f'"{sign_phrase(first)}"')
    return _both(_either(_in_words(db, phrases), in_signs, _among(unread)), letter)


def _signs(found: Sequence[str]) -> list[str]:
    return [piece for piece in found if has_signs(piece)]


def _part_of_one(db: Database, text: str, unread: Sequence[int]) -> Condition:
    """Return the condition for a part of one word, of marks that stand together, or of signs."""
    part = folded(text)
    if not part:
        # An accent alone.
        return _to_the_letter(db, text, unread)
    looked_through = _both(_among(unread), _any_column("instr(folded({}), ?)", part))
    if letters(part) and len(part) == 1:
        return _either(_having(db, part), looked_through)
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
            others = _any_column("instr(folded({}), ?)", part)
            if (part.isascii() or is_marks(part)) and words[asked].plain:
                others = _either(_any_column(_LIKE, _pattern(part)), _beyond_nul(db, others, unread))
        others = _either(_found(db, index, _any_of(chosen)), others)
    return _either(_in_signs(db, f'"{sign_phrase(text)}"'), others, looked_through)


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
    holding = _holding(db, text, unread)
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
        elsewhere = _either(_in_signs(db, f'"{sign_phrase(chunk)}"'), _among(unread))
        if text == chunk:
            return _either(_found(db, index, _any_of(exact)), _both(elsewhere, holding))
        if 2 * sum(item.pairs for item in words) < _pairs(db):
            others.append(_either(_found(db, index, _any_of(exact)), elsewhere))
    return _both(*others, holding)


def _pairs(db: Database) -> int:
    (count,) = db.one("SELECT count(*) FROM pair") or (0,)
    return int(count)


def _holding(db: Database, text: str, unread: Sequence[int]) -> Condition:
    # SQLite's lower() is quick but knows ASCII only; for other letters ours is called for every text.
    fold, wanted = ("lower", text.lower()) if text.isascii() else ("casefold", text.casefold())
    slow = _any_column(f"instr({fold}({{}}), ?)", wanted)
    if len(text) > _LONGEST_PATTERN or _NUL in text:
        return slow
    # LIKE is many times as quick. It knows no other letters either.
    cased = "".join({sign for sign in text if not sign.isascii() and sign.swapcase() != sign})
    quick = _any_column(_LIKE, _pattern(text, cased))
    if cased:
        quick = _both(quick, slow)
    return _either(quick, _beyond_nul(db, slow, unread))


def _beyond_nul(db: Database, slow: Condition, unread: Sequence[int]) -> Condition:
    """Return the condition for pairs that may have a NUL, at which LIKE ends, that they fulfil a slower one."""
    return _both(_either(_in_signs(db, f'"{sign_phrase(_NUL)}"'), _among(unread)), slow)


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


def _in_words(db: Database, expression: str) -> Condition:
    return _found(db, "pair_words", expression)


def _in_signs(db: Database, expression: str) -> Condition:
    return _found(db, "sign_words", expression)


def _found(db: Database, table: str, expression: str) -> Condition:
    if not expression:
        return "0", []
    return _listed(db.one(f"SELECT group_concat(rowid) FROM {table} WHERE {table} MATCH ?", (expression,)))


def _having(db: Database, letter: str) -> Condition:
    """Return the condition for pairs that were read and have a letter, case and accents apart."""
    return _listed(db.one("SELECT group_concat(id) FROM pair_letters WHERE letters & ?", (letters(letter),)))


def _listed(found: tuple[str | None] | tuple[Any, ...] | None) -> Condition:
    """Return the condition for pairs whose ids were found, as one text.

    In a subquery SQLite would write each into a table of its own and search that for each pair: of very many, half the
    time of the whole question.
    """
    listed = found[0] if found else None
    if listed is None:
        return "0", []
    if len(listed) < _LONG_LIST:
        return "p.id IN (SELECT value FROM json_each(?))", [f"[{listed}]"]
    ids = json.loads(f"[{listed}]")
    there = bytearray(max(ids))
    for key in ids:
        there[key - 1] = 1
    return "substr(?, p.id, 1) = x'01'", [bytes(there)]


def _among(keys: Sequence[int]) -> Condition:
    return ("p.id IN (SELECT value FROM json_each(?))", [json.dumps(keys)]) if keys else ("0", [])


def _any_column(condition: str, value: str) -> Condition:
    return _either(*((condition.format(column), [value]) for column in _COLUMNS))


def _either(*conditions: Condition) -> Condition:
    """Join conditions; SQLite asks them from the left and stops at the first that is fulfilled."""
    return f"({' OR '.join(text for text, _ in conditions)})", [value for _, values in conditions for value in values]


def _both(*conditions: Condition) -> Condition:
    return f"({' AND '.join(text for text, _ in conditions)})", [value for _, values in conditions for value in values]
