"""A text as pairs get it: its words in reading order, each with its place in the source.

Two versions of an essay are compared by these words, so that a wrapped line, a changed link or a new image is no
change: none of them is in a pair.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from curation.cleaning import staying
from curation.cleaning_rules import CLEAN, Cleaning
from curation.markdown import plain_text
from curation.paragraphs import paragraphs

_WORD = re.compile(r"\S+")
_QUOTE_MARKS = re.compile(r">+\Z")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]}*_»]*\Z")


@dataclass(frozen=True)
class Reading:
    """The words of a text.

    Attributes:
        words: in order, without the marks of quotations.
        starts: first character of each in the source.
        ends: one past its last.
        blocks: index of the first word of each paragraph, and the count of words at the end.
        openings: first character in the source of each of these paragraphs.
        ordinals: which paragraph of the text each of these is.
        quoted: whether it is a quotation.
    """

    words: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    blocks: list[int] = field(default_factory=lambda: [0])
    openings: list[int] = field(default_factory=list)
    ordinals: list[int] = field(default_factory=list)
    quoted: list[bool] = field(default_factory=list)
    _plain: list[str] = field(default_factory=list)
    _at: list[tuple[int, int]] = field(default_factory=list)
    _joined: list[str] = field(default_factory=list)
    _offsets: list[int] = field(default_factory=list)

    def block_of(self, word: int) -> int:
        """Return which of the paragraphs a word is in."""
        return bisect_right(self.blocks, word) - 1

    def opens(self, word: int) -> bool:
        """Say whether a word begins a paragraph."""
        return self.blocks[bisect_left(self.blocks, word)] == word

    def sentences(self) -> list[tuple[int, int]]:
        """Return the sentences as ranges of words: roughly, but alike in every version of a text."""
        found = []
        for first, last in zip(self.blocks, self.blocks[1:]):
            begin = first
            for index in range(first, last):
                if index == last - 1 or _SENTENCE_END.search(self.words[index]):
                    found.append((begin, index + 1))
                    begin = index + 1
        return found

    def ends_sentence(self, word: int) -> bool:
        """Say whether a sentence or a paragraph ends with this word."""
        return bool(_SENTENCE_END.search(self.words[word])) or self.opens(word + 1)

    def passage(self, first: int, last: int) -> str:
        """Return the text of a range of words as a pair gets it."""
        pieces = []
        while first < last:
            block = self.block_of(first)
            until = min(self.blocks[block + 1], last)
            piece = self._plain[block][self._at[first][0] : self._at[until - 1][1]]
            pieces.append(piece if not self.quoted[block] or piece.startswith(">") else f"> {piece}")
            first = until
        return "\n\n".join(pieces)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return the characters of the source that a range of words comes from; of an empty one, where it would be."""
        if first >= last:
            place = self.ends[first - 1] if first else 0
            return place, place
        return (self.openings[self.block_of(first)] if self.opens(first) else self.starts[first]), self.ends[last - 1]

    def within(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the words that lie in some characters of the source."""
        first = bisect_right(self.ends, start)
        return first, max(first, bisect_left(self.starts, end))

    def find(self, text: str, near: int) -> tuple[int, int] | None:
        """Return the range of words that says what a text says, the nearest one to the word `near`."""
        wanted = words_of(text)
        if not wanted or len(wanted) > len(self.words):
            return None
        joined, needle = self._whole(), " " + " ".join(wanted) + " "
        aim = self._offsets[min(near, len(self._offsets) - 1)]
        best: int | None = None
        # The first place from there on, else the last one before it.
        behind, ahead = joined.rfind(needle, 0, aim + len(needle)), joined.find(needle, max(0, aim - 1))
        for place in (behind, ahead):
            if place >= 0 and (best is None or abs(place - aim) < abs(best - aim)):
                best = place
        if best is None:
            return None
        first = bisect_left(self._offsets, best)
        return first, first + len(wanted)

    def _whole(self) -> str:
        if not self._joined:
            position = 0
            for word in self.words:
                self._offsets.append(position)
                position += len(word) + 1
            self._joined.append(" " + " ".join(self.words) + " ")
        return self._joined[0]


def words_of(text: str) -> list[str]:
    """Return the words of a text that is plain already, as a reading counts them."""
    return [word for word in text.split() if not _QUOTE_MARKS.match(word)]


def read_words(text: str, cleaning: Cleaning = CLEAN) -> Reading:
    """Read a text, without what the rules take away from pairs."""
    reading = Reading()
    blocks = paragraphs(text)
    ordinals = {block.start: ordinal for ordinal, block in enumerate(blocks)}
    for block in staying(text, blocks, cleaning):
        if block.kind == "break":
            continue
        source = plain_text(text, block, cleaning.off)
        for found in _WORD.finditer(source.text):
            if _QUOTE_MARKS.match(found[0]):
                continue
            reading.words.append(found[0])
            reading.starts.append(source.origin(found.start()))
            reading.ends.append(source.origin(found.end() - 1) + 1)
            reading._at.append(found.span())
        if len(reading.words) > reading.blocks[-1]:
            reading.blocks.append(len(reading.words))
            reading.openings.append(block.start)
            reading.ordinals.append(ordinals[block.start])
            reading.quoted.append(block.kind == "quote")
            reading._plain.append(source.text)
    return reading
