"""How a text falls into words, marks and signs, so that any part of it can be looked for in indexes of whole ones.

A text is cut at white space, and between its marks and everything else. A piece of nothing but letters of alphabets
with spaces between words is a *word*; a piece of nothing but marks is *marks*; any other piece (Chinese, Japanese,
Thai, Hebrew, an emoji, a word with an accent set apart) is *signs*, which are indexed one by one, with what stands
together with them. The letters are those that FTS5's tokenizer takes for letters, and the marks those it takes for
none; a test asks it of each.
"""

from __future__ import annotations

import re
import unicodedata

_LETTERS = (
    "0-9A-Za-z\u00aa\u00b2\u00b3\u00b5\u00b9\u00ba\u00bc-\u00be\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0180-\u0239\u0250-\u02af"
    "\u0370-\u0373\u0376\u0377\u037b-\u037d\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f"
    "\u1e00-\u1eff"
)
_MARKS = (
    r"!-/:-@\[-`{-~"
    "\u00a1-\u00a9\u00ab\u00ac\u00ae-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7"
    "\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u301f\uff01-\uff0f"
)
_PIECE = re.compile(rf"[{_MARKS}]+|[^\s{_MARKS}]+")
_WORD = re.compile(rf"[{_LETTERS}]+")
_RUN_OF_MARKS = re.compile(rf"[{_MARKS}]+")
_SIGN = re.compile(rf"[^\s{_MARKS}{_LETTERS}]")
# Those of the alphabets that most texts are of: what is in them need not be searched for signs.
_PLAIN = frozenset(sign for sign in map(chr, range(0x3000)) if _SIGN.fullmatch(sign) is None)
_ACCENTS = re.compile("[\u0300-\u036f]")
_BITS = {sign: 1 << place for place, sign in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}
# Stands between signs that do not follow each other.
_GAP = "z"


def folded(text: str) -> str:
    """Return a text without case and accents: what is the same to the index is the same after this."""
    if text.isascii():
        return text.lower()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", bare).casefold()


def letters(text: str) -> int:
    """Return which of the letters and digits of ASCII stand in a text, case and accents apart: a bit for each."""
    # Of the few different signs of a long text: to fold all of it would take ten times as long.
    return sum(_BITS.get(sign, 0) for sign in set(folded("".join(set(text)))))


def pieces(text: str) -> list[str]:
    """Return the words, marks and signs of a text, in order, as they are written."""
    return _PIECE.findall(text)


def is_word(piece: str) -> bool:
    """Say whether a piece is a word."""
    return _WORD.fullmatch(piece) is not None


def is_marks(piece: str) -> bool:
    """Say whether a piece is nothing but marks."""
    return _RUN_OF_MARKS.fullmatch(piece) is not None


def has_signs(text: str) -> bool:
    """Say whether there is anything but words, marks and white space in a text."""
    return _SIGN.search(text) is not None


def sign_phrase(text: str) -> str:
    """Return the tokens of a text taken sign by sign, case and accents apart: numbers, for any tokenizer to leave."""
    return " ".join(f"{ord(sign):x}" for sign in folded(text))


def sign_words(text: str) -> str:
    """Return what the index of signs holds of a text: all that stands together with a sign; empty for no sign."""
    if _PLAIN.issuperset(set(text)) or not has_signs(text):
        return ""
    return f" {_GAP} ".join(sorted({sign_phrase(chunk) for chunk in text.split() if has_signs(chunk)}))
