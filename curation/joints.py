"""How much is lost when a text is cut between two of its sentences: where one thought ends and another begins.

Nothing here understands a text. It weighs signs that readers go by: a paragraph's end, a word that leans on what was
said just before, a question and its answer, a speech and its reply, a quotation and what is said of it, sentences that
begin alike, and words that go on being the same. `docs/studies/proposals.md` says how well that does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from curation.atoms import Atom

# All weights are in the unit of `pairs`: the square of a response's distance from its target, as a share of it.
_MID_PARAGRAPH = 0.3
_LAYOUT_FIRST = 0.25
_LEANS = 0.16
_POINTS_BACK = 0.08
_ANSWERS = 0.22
_SPEECH = 0.3
_OF_A_QUOTATION = 0.3
_INSIDE_A_LIST = 0.6
_ANNOUNCES = 0.2
_LEFT_OVER = 0.16
_ANSWERED = 0.12
_COUNTED = 0.2
_ECHO = 0.3
_ALIKE = 0.14
_SHORT = 0.08
_SAME_WORDS = 0.3
_SHORT_WORDS = 5
_LEFT_OVER_WORDS = 14
# A sentence up to so long may stand only to be answered by the `But` that follows it.
_CONCEDED_WORDS = 25
# Between paragraphs the same signs count for less: the author has put a rest there herself.
_AT_PARAGRAPH = 0.5

_OPENING_MARKS = "“‘\"'(*_—– "
_LEANING = frozenset(
    """
    and or nor for so thus hence therefore because which whence whereas consequently accordingly moreover furthermore
    otherwise likewise similarly else too also indeed namely rather still then
    """.split()
)
_POINTING = frozenset(
    """
    it he she they this that these those his her hers its their theirs him them such here there one ones another both
    neither either each none some others not
    """.split()
)
_TURNS_OF_SPEECH = re.compile(
    r"(?:that is|in other words|in short|in fact|of course|for example|for instance|at least|no doubt|to be sure"
    r"|the (?:same|latter|former|other|others|rest|second|third|result|reason|answer)|so that|as if|and yet|or rather"
    r"|i mean|i say|i thought|i suppose|i believe|even so|if so|if not|not that|no,|yes[,.]|well[,.])\b",
    re.IGNORECASE,
)
_BUT = re.compile(r"(?:but|yet|however)\b", re.IGNORECASE)
_COUNTS = re.compile(r"\b(?:two|three|four|five|several|following) (?:[\w-]+ ){0,3}[\w-]+s?[.:]\Z", re.IGNORECASE)
_FIRST = re.compile(r"(?:the first|first,|firstly|one (?:class|is|of)|in the first place)\b", re.IGNORECASE)
_ASKED = re.compile(r"\?[”\"’'][^.!?]{0,60}[.!]\Z")
_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")
_COMMON_LENGTH = 4


def joint_costs(atoms: Sequence[Atom]) -> list[float]:
    """Return what a cut in front of each atom costs, from 0; the first atom's is 0."""
    words = [_content_words(atom.text) for atom in atoms]
    return [0.0] + [
        _cost(atoms[index - 1], atoms[index]) + _left_over(atoms, index) + _cohesion(words, index, atoms[index].opens)
        for index in range(1, len(atoms))
    ]


def _cost(before: Atom, after: Atom) -> float:
    share = _AT_PARAGRAPH if after.opens else 1.0
    cost = 0.0 if after.opens else _MID_PARAGRAPH
    if before.kind == after.kind == "list":
        return _INSIDE_A_LIST
    if after.kind != "prose":
        cost += _LAYOUT_FIRST
    elif before.kind == "quote":
        cost += _OF_A_QUOTATION
    cost += share * _leaning(after.text)
    cost += _speech(before, after)
    ends = before.text.rstrip("”’\"')*_ ")
    # What is asked may stand in front of who asked: `"Yours?" he said.`
    asks = ends.endswith("?") or _ASKED.search(before.text) is not None
    if asks:
        cost += _ANSWERS * (share if not after.text.rstrip("”’\"')*_ ").endswith("?") else 0.5 * share)
    if before.text.rstrip().endswith((":", "—", ",")):
        cost += _ANSWERS
    if not after.opens and not asks:
        length = len(before.text.split())
        cost += _ANNOUNCES if length <= _SHORT_WORDS else _ANNOUNCES / 2 if length <= 2 * _SHORT_WORDS else 0.0
    if len(after.text.split()) <= _SHORT_WORDS:
        cost += _SHORT * (2 * share)
    bare = after.text.lstrip(_OPENING_MARKS)
    if _BUT.match(bare) and len(before.text.split()) <= _CONCEDED_WORDS:
        cost += share * _ANSWERED
    if _FIRST.match(bare) or _COUNTS.search(before.text):
        cost += _COUNTED
    return cost + share * (_alike(before.text, after.text) + _echo(before.text, after.text))


def _left_over(atoms: Sequence[Atom], index: int) -> float:
    """Weigh a cut that parts a short first or last sentence from its paragraph."""
    if atoms[index].opens:
        return 0.0
    first = index > 1 and atoms[index - 1].opens and len(atoms[index - 1].text.split()) <= _LEFT_OVER_WORDS
    ends = index + 1 == len(atoms) or atoms[index + 1].opens
    last = ends and len(atoms[index].text.split()) <= _LEFT_OVER_WORDS
    return _LEFT_OVER * (first + last)


def _leaning(text: str) -> float:
    """Weigh how a sentence begins."""
    bare = text.lstrip(_OPENING_MARKS)
    if _TURNS_OF_SPEECH.match(bare):
        return _LEANS
    found = _WORD.match(bare)
    if found is None:
        return 0.0
    word = re.split("[’']", found[0].lower())[0]
    return _LEANS if word in _LEANING else _POINTS_BACK if word in _POINTING else 0.0


def _speech(before: Atom, after: Atom) -> float:
    """Weigh a cut inside of a talk, or between what somebody says and who says it."""
    spoken = _speaks(before.text), _speaks(after.text)
    if all(spoken):
        return _SPEECH
    return _SPEECH / 2 if any(spoken) else 0.0


def _speaks(text: str) -> bool:
    bare = text.strip("*_ ")
    return bare[:1] in '“"‘' or bare[-1:] in '”"'


def _alike(before: str, after: str) -> float:
    """Weigh sentences that begin with the same word: a series that belongs together."""
    first, second = _WORD.findall(before[:60]), _WORD.findall(after[:60])
    if not first or not second or first[0].lower() != second[0].lower():
        return 0.0
    same_two = len(first) > 1 and len(second) > 1 and first[1].lower() == second[1].lower()
    return _ALIKE if same_two or len(first[0]) > _COMMON_LENGTH else _ALIKE / 2


def _echo(before: str, after: str) -> float:
    """Weigh two sentences that say their say in the same words: an antithesis, or one that turns the other about."""
    left, right = _content_words(before), _content_words(after)
    shared = len(left & right)
    return _ECHO * shared / min(len(left), len(right)) if shared > 1 else 0.0


def _cohesion(words: Sequence[frozenset[str]], index: int, opens: bool) -> float:
    """Weigh the words that the two sentences before a cut share with the two after it."""
    left = frozenset[str]().union(*words[max(0, index - 2) : index])
    right = frozenset[str]().union(*words[index : index + 2])
    if not left or not right:
        return 0.0
    shared = len(left & right) / min(len(left), len(right))
    return _SAME_WORDS * shared * (_AT_PARAGRAPH if opens else 1.0)


def _content_words(text: str) -> frozenset[str]:
    found = (word.lower() for word in _WORD.findall(text))
    return frozenset(word[: max(5, len(word) - 3)] for word in found if len(word) > _COMMON_LENGTH)
