"""Where each word of a text went in a later version of it.

Paragraphs that stand once in both versions are found first, wherever they were moved to, and what surrounds them alike;
then sentences in the same way; only what is left is compared word by word, and only between neighbours that were
found. So the common case costs what reading the text costs, and the worst is bounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from curation.reading import Reading

# A sentence of fewer words is no landmark: `He did.` stands in many places.
_LANDMARK_WORDS = 4
# Words of the old times words of the new text that are compared one by one; beyond it only words that stand once are.
_LIMIT = 160_000
# How often such words are looked for within what lies between them.
_DEPTH = 20

Units = Sequence[tuple[int, int]]


def align(old: Reading, new: Reading) -> list[int]:
    """Return for each word of the old text its index in the new one, or -1 where it stands no more.

    No word of the new text is given twice.
    """
    went = [-1] * len(old.words)
    old_blocks, new_blocks = list(zip(old.blocks, old.blocks[1:])), list(zip(new.blocks, new.blocks[1:]))
    taken = [False] * len(new.words)
    _settle(old, new, old_blocks, new_blocks, went, taken, 1)
    _settle(old, new, old.sentences(), new.sentences(), went, taken, _LANDMARK_WORDS)
    first = 0
    while first < len(went):
        if went[first] >= 0:
            first += 1
            continue
        last = first
        while last < len(went) and went[last] < 0:
            last += 1
        begin, end = _between(went, taken, first, last)
        _compare(old.words, new.words, (first, last), (begin, end), went, taken)
        first = last
    return went


def _settle(
    old: Reading, new: Reading, old_units: Units, new_units: Units, went: list[int], taken: list[bool], least: int
) -> None:
    """Match whole units: those that stand once on both sides, then their neighbours as long as they are equal."""
    old_keys = [tuple(old.words[first:last]) for first, last in old_units]
    new_keys = [tuple(new.words[first:last]) for first, last in new_units]
    starts = {first: index for index, (first, _) in enumerate(new_units)}
    # What is matched already may lie across units, where a paragraph was parted in two; then it is no neighbour.
    match = [starts.get(went[first], -1) if went[first] >= 0 else -1 for first, _ in old_units]
    closed = [taken[first] for first, _ in new_units]
    old_count = Counter(key for key, where in zip(old_keys, match) if where < 0 and len(key) >= least)
    new_count = Counter(key for key, is_closed in zip(new_keys, closed) if not is_closed and len(key) >= least)
    places = {key: index for index, key in enumerate(new_keys) if not closed[index] and new_count[key] == 1}
    pairs: list[tuple[int, int]] = []

    def join(index: int, place: int) -> None:
        match[index] = place
        closed[place] = True
        pairs.append((index, place))

    for index, key in enumerate(old_keys):
        if match[index] < 0 and old_count[key] == 1 and key in places and went[old_units[index][0]] < 0:
            join(index, places[key])
    for step, order in ((1, range(-1, len(match) - 1)), (-1, range(len(match), 0, -1))):
        for index in order:
            at_edge = index < 0 or index == len(match)
            place = (-1 if step > 0 else len(new_keys)) if at_edge else match[index]
            following, target = index + step, place + step
            if (not at_edge and place < 0) or match[following] >= 0 or not 0 <= target < len(new_keys):
                continue
            free = not closed[target] and went[old_units[following][0]] < 0
            if free and old_keys[following] == new_keys[target]:
                join(following, target)
    for index, place in pairs:
        begin, shift = old_units[index][0], new_units[place][0]
        for word in range(begin, old_units[index][1]):
            went[word] = shift + word - begin
            taken[went[word]] = True


def _between(went: list[int], taken: list[bool], first: int, last: int) -> tuple[int, int]:
    """Return the free words of the new text that lie where a run of unmatched old ones lay."""
    before = went[first - 1] if first else -1
    after = went[last] if last < len(went) else len(taken)
    end = before + 1
    while end < len(taken) and not taken[end]:
        end += 1
    if end > before + 1:
        return before + 1, end
    begin = after
    while begin > 0 and not taken[begin - 1]:
        begin -= 1
    return begin, after


def _compare(
    old: Sequence[str],
    new: Sequence[str],
    here: tuple[int, int],
    there: tuple[int, int],
    went: list[int],
    taken: list[bool],
    depth: int = 0,
) -> None:
    """Match words in the same order on both sides."""
    (first, last), (begin, end) = here, there
    while first < last and begin < end and old[first] == new[begin]:
        went[first], taken[begin] = begin, True
        first, begin = first + 1, begin + 1
    while first < last and begin < end and old[last - 1] == new[end - 1]:
        last, end = last - 1, end - 1
        went[last], taken[end] = end, True
    if first == last or begin == end:
        return
    if (last - first) * (end - begin) <= _LIMIT:
        matcher = SequenceMatcher(None, old[first:last], new[begin:end], autojunk=False)
        for block in matcher.get_matching_blocks():
            for offset in range(block.size):
                went[first + block.a + offset] = begin + block.b + offset
                taken[begin + block.b + offset] = True
        return
    cuts = _landmarks(old, new, (first, last), (begin, end))
    if not cuts or depth == _DEPTH:
        return
    for (here_from, there_from), (here_to, there_to) in zip([(first, begin), *cuts], [*cuts, (last, end)]):
        _compare(old, new, (here_from, here_to), (there_from, there_to), went, taken, depth + 1)


def _landmarks(
    old: Sequence[str], new: Sequence[str], here: tuple[int, int], there: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return the places of words that stand once on both sides, the longest row of them that is in order on both."""
    old_count, new_count = Counter(old[slice(*here)]), Counter(new[slice(*there)])
    places = {new[index]: index for index in range(*there) if new_count[new[index]] == 1}
    both = [
        (index, places[old[index]]) for index in range(*here) if old_count[old[index]] == 1 and old[index] in places
    ]
    tails: list[int] = []
    rows: list[int] = []
    before = [-1] * len(both)
    for number, (_, place) in enumerate(both):
        at = bisect_left(tails, place)
        before[number] = rows[at - 1] if at else -1
        tails[at : at + 1] = [place]
        rows[at : at + 1] = [number]
    chosen = []
    number = rows[-1] if rows else -1
    while number >= 0:
        chosen.append(both[number])
        number = before[number]
    return chosen[::-1]
