"""What became of a pair when its essay changed: it moved with its text, its text changed, or it is gone.

A pair is tied to the words it says, not to where it was cut: halves of a split and merged pairs are found again by what
they say, and only where the author rewrote a response does the span it came from stand for it. A prompt that is found
before its response is tied to the essay as well; one the author wrote herself is hers, and never changed by the essay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation.align import align
from curation.cleaning_rules import CLEAN, Cleaning
from curation.reading import read_words, words_of

# Below this share of its words found again, a passage counts as written anew.
_KNOWN_AGAIN = 0.3
# How many words may have come in between two halves of a passage before they are two passages.
_INSERTED = 400
# A pair's prompt lies at most this many words before its response.
_PROMPT_WITHIN = 40
# A response is looked for this many words around the span it was cut from.
_RESPONSE_WITHIN = 1500
_SHINGLE = 4
# Two texts are the same piece when they share so many of the longer one's runs of four words.
_SAME_PIECE = 0.5


@dataclass(frozen=True)
class Tied:
    """A pair as it stands in the older text; `position` is its order within the source, which begins as `start`."""

    id: int
    prompt: str
    response: str
    start: int
    end: int
    position: float


@dataclass(frozen=True)
class Followed:
    """A pair in the newer text.

    Attributes:
        id: of the pair.
        changed: whether its text is another one now, or gone.
        gone: whether nothing of it is left.
        start: first character of its response in the newer text.
        end: one past its last.
        position: its order within the source now.
        before: prompt and response as the older text had them.
        after: as the newer text has them; a prompt that is not from the essay is the pair's own in both.
    """

    id: int
    changed: bool
    gone: bool
    start: int
    end: int
    position: float
    before: tuple[str, str]
    after: tuple[str, str]


@dataclass(frozen=True)
class _Passage:
    """A range of words of the newer text; `same` when it says to the letter what the older one said."""

    first: int
    last: int
    same: bool
    gone: bool = False


class Comparison:
    """An older and a newer text of one essay, read and compared once for all its pairs."""

    def __init__(self, old: str, new: str, cleaning: Cleaning = CLEAN) -> None:
        self.old, self.new = read_words(old, cleaning), read_words(new, cleaning)
        self._old_text, self._new_text = old, new
        self._went = align(self.old, self.new)
        taken = [False] * len(self.new.words)
        for place in self._went:
            if place >= 0:
                taken[place] = True
        self._taken = taken

    def follow(self, pair: Tied) -> Followed:
        """Say what became of a pair."""
        stored = self.old.within(pair.start, pair.end)
        here = self._said(pair.response, stored)
        if here[0] == here[1]:
            return self._by_letters(pair, here[0])
        there = self._passage(*here)
        start, end = self.new.span(there.first, there.last)
        prompt = self._prompt(pair, here[0])
        if prompt is None:
            given = pair.prompt, pair.prompt
            same_prompt = True
        else:
            joint = pair.prompt[len(pair.prompt.rstrip()) :]
            moved = self._passage(*prompt)
            same_prompt = moved.same
            opens = not there.gone and self.new.opens(there.first)
            new_joint = joint if there.same else ("\n\n" if opens else "")
            given = (
                self.old.passage(*prompt) + joint,
                self.new.passage(moved.first, moved.last) + new_joint,
            )
        nudge = pair.position - pair.start
        return Followed(
            id=pair.id,
            changed=not (there.same and same_prompt),
            gone=there.gone,
            start=start,
            end=end,
            position=start + (nudge if 0 <= nudge < 1 else 0.0),
            before=(given[0], self.old.passage(*here)),
            after=(given[1], self.new.passage(there.first, there.last)),
        )

    def fresh(self) -> list[int]:
        """Return which paragraphs of the newer text are new: less than half of their words stood in the older one."""
        found = []
        for number, (first, last) in enumerate(zip(self.new.blocks, self.new.blocks[1:])):
            if sum(self._taken[first:last]) * 2 < last - first:
                found.append(self.new.ordinals[number])
        return found

    def _said(self, response: str, stored: tuple[int, int]) -> tuple[int, int]:
        """Return the words a response consists of: near its span those it says, else those of its span."""
        found = self.old.find(response, stored[0])
        near = found and stored[0] - _RESPONSE_WITHIN <= found[0] <= stored[1] + _RESPONSE_WITHIN
        return found if found and near else stored

    def _prompt(self, pair: Tied, first: int) -> tuple[int, int] | None:
        count = len(words_of(pair.prompt))
        found = self.old.find(pair.prompt, max(0, first - count)) if count else None
        return found if found and abs(first - found[1]) <= _PROMPT_WITHIN else None

    def _by_letters(self, pair: Tied, word: int) -> Followed:
        """Follow a pair whose span holds no words of this reading.

        That is a caption, the place of what was taken out, or a pair that was there before its essay.
        """
        piece = self._old_text[pair.start : pair.end]
        place = self._new_text.find(piece) if piece.strip() else -1
        start, end = place, place + len(piece)
        if place < 0:
            behind = next((there for there in reversed(self._went[:word]) if there >= 0), -1) + 1
            said = None if piece.strip() else self.new.find(pair.response, behind)
            start, end = self.new.span(*(said or (behind, behind)))
        gone = place < 0 and bool(piece.strip())
        text = pair.prompt, piece
        return Followed(
            id=pair.id,
            changed=gone,
            gone=gone,
            start=start,
            end=end,
            position=pair.position + start - pair.start if start == end else float(start),
            before=text,
            after=(pair.prompt, "") if gone else text,
        )

    def _passage(self, first: int, last: int) -> _Passage:
        """Return where a range of the older text's words is now."""
        went = self._went[first:last]
        if went[0] >= 0 and all(place == went[0] + offset for offset, place in enumerate(went)):
            begin, end = went[0], went[0] + len(went)
            return _Passage(begin, end, same=self.old.passage(first, last) == self.new.passage(begin, end))
        row = max(self._rows(first, last), key=len, default=[])
        if len(row) < max(1, (last - first) * _KNOWN_AGAIN):
            return self._written_anew(first, last)
        begin, end = row[0][1], row[-1][1] + 1
        if row[0][0] > first:
            begin = self._back(begin, row[0][0] - first, self.old.opens(first))
        if row[-1][0] < last - 1:
            end = self._on(end, last - 1 - row[-1][0], self.old.opens(last))
        return _Passage(begin, end, same=False)

    def _rows(self, first: int, last: int) -> Iterable[list[tuple[int, int]]]:
        """Yield the words that are found again, parted where they no longer follow each other."""
        row: list[tuple[int, int]] = []
        for index in range(first, last):
            place = self._went[index]
            if place < 0:
                continue
            if row:
                gap = range(row[-1][1] + 1, place)
                apart = place < row[-1][1] or len(gap) > _INSERTED or any(self._taken[word] for word in gap)
                if apart:
                    yield row
                    row = []
            row.append((index, place))
        if row:
            yield row

    def _back(self, begin: int, missing: int, opened: bool) -> int:
        """Take in what stands before a passage instead of its own first words, to the start of their sentence."""
        least = begin - 3 * missing - 20
        while begin > max(0, least) and not self._taken[begin - 1] and not self.new.opens(begin):
            if not opened and self.new.ends_sentence(begin - 1):
                break
            begin -= 1
        return begin

    def _on(self, end: int, missing: int, closed: bool) -> int:
        """Take in what stands behind a passage instead of its own last words."""
        most = end + 3 * missing + 20
        while end < min(len(self._taken), most) and not self._taken[end] and not self.new.opens(end):
            if not closed and self.new.ends_sentence(end - 1):
                break
            end += 1
        return end

    def _written_anew(self, first: int, last: int) -> _Passage:
        """Return what stands where a passage stood; its share of it, where its neighbours were written anew too."""
        low, high = first, last
        while low > 0 and self._went[low - 1] < 0:
            low -= 1
        while high < len(self._went) and self._went[high] < 0:
            high += 1
        begin = self._went[low - 1] + 1 if low else 0
        end = begin
        # The few words that were found again by chance are no bounds.
        own = set(self._went[first:last])
        while end < len(self._taken) and (not self._taken[end] or end in own):
            end += 1
        if begin == end:
            return _Passage(begin, begin, same=False, gone=True)
        share = (end - begin) / (high - low)
        cut_first = self._sentence_near(begin + round((first - low) * share), begin, end) if first > low else begin
        cut_last = self._sentence_near(begin + round((last - low) * share), begin, end) if last < high else end
        gone = cut_first >= cut_last
        return _Passage(cut_first, max(cut_first, cut_last), same=False, gone=gone)

    def _sentence_near(self, word: int, begin: int, end: int) -> int:
        """Return the beginning of a sentence nearest to a word, or one of the two ends."""
        for distance in range(end - begin):
            for place in (word - distance, word + distance):
                if begin < place < end and self.new.ends_sentence(place - 1):
                    return place
        return begin if word - begin < end - word else end


def follow(old: str, new: str, pairs: Sequence[Tied]) -> list[Followed]:
    """Say what became of the pairs of a text in a later version of it."""
    comparison = Comparison(old, new)
    return [comparison.follow(pair) for pair in pairs]


def shingles(text: str) -> frozenset[int]:
    """Return the runs of four words of a text, by which a piece is known again under another name."""
    words = text.split()
    return frozenset(hash(tuple(words[at : at + _SHINGLE])) for at in range(max(1, len(words) - _SHINGLE + 1)))


def same_piece(left: frozenset[int], right: frozenset[int]) -> bool:
    """Say whether two texts are clearly one piece, a little changed: by half the runs of words of the longer one."""
    return len(left & right) >= _SAME_PIECE * max(len(left), len(right))
