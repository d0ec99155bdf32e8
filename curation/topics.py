"""Canary topics that are marked novel and stand in training text all the same.

A topic is what the canary is called: `lane-swimming`. That two words of it stand somewhere in a pair says nothing, and
a mention of a common noun in passing says little. So training *names* a topic when all words of it stand close
together; or, where it is one word, when it is a name (mostly written with a capital), comes three times in one pair of
an author who seldom uses it, or comes far oftener in one essay than in the others. A canary that is called by the first
words of its prompt, or by common words alone, does not say its topic: nothing can be looked for, and that is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation.findings import LintCanary, LintPair
from curation.words import words

# Too common to name a topic.
_COMMON = frozenset(
    """
    a about above after again against all also always an and another any are as at back be because been before
    being below between both but by can could day did do does done down each even ever every few first for
    from get go going good great had has have having he her here hers him his how i if in into is it its
    itself just know last least less life like little long made make man many may me men might more most much
    must my never new no nor not nothing now of off often old on once one only or other our out over own
    people piece rather said same say see she should since so some something still such than that the their
    them then there these they thing things think this those thought through time to too two under until up
    upon us use very was way we well went were what when where which while who whole whom whose why will with
    without word words work world would write writing year years yes yet you your short essay note novel known
    prompt opening canary topic kind sort
    """.split()
)
# A prompt without a name is called by so many of its first words.
_UNNAMED = 4
# How far apart the words of a topic may stand, in words: a phrase, or one end of a sentence and the next.
_CLOSE = 8
# One pair is about a word that it has so often, unless the word is one of the author's own: in more pairs than a share.
_OFTEN_IN_A_PAIR = 3
_SELDOM_SHARE = 0.05
# An essay is about a word that its responses have so often, and so much oftener than the other essays.
_OFTEN_IN_A_SOURCE = 4
_OFTENER = 4.0
# A word with a capital letter where no sentence begins; behind `Mr.` none does.
_NAME = re.compile(
    r"(?:(?<![.!?:;”\"'’“‘—\s-])|(?<=\b[MD]r\.)|(?<=\bMrs\.)|(?<=\bSt\.)|(?<=\b[A-Z]\.))[ \t]+"
    r"[“\"'‘(]?([A-Z][\w’']+)"
)


@dataclass(frozen=True)
class Named:
    """A novel topic that training names: the canary, its telling words, and the pairs, by index."""

    slug: str
    words: tuple[str, ...]
    pairs: tuple[int, ...]


def named_topics(pairs: Sequence[LintPair], canaries: Iterable[LintCanary]) -> tuple[list[Named], list[str]]:
    """Return the novel topics that training pairs name, and the slugs of canaries whose topic cannot be looked for."""
    novel = [canary for canary in canaries if canary.topic == "novel"]
    wanted = {canary.slug: topic_words(canary) for canary in novel}
    if not novel:
        return [], []
    index = _Index(pairs, frozenset().union(*wanted.values()))
    named, unclear = [], []
    for slug, forms in wanted.items():
        terms = sorted(forms)
        if not terms:
            unclear.append(slug)
        elif found := index.together(terms) if len(terms) > 1 else index.about(terms[0], forms[terms[0]]):
            named.append(Named(slug, tuple(terms), tuple(found)))
    return named, unclear


def topic_words(canary: LintCanary) -> dict[str, str]:
    """Return the words that name a canary's topic: those of its slug that say something, by what is left of an ending.

    None where the slug only repeats how the prompt begins, as it does when the author gave no name.
    """
    slug = [word for word in canary.slug.casefold().split("-") if word]
    if slug == words(canary.prompt)[:_UNNAMED]:
        return {}
    return {_stem(word): word for word in slug if len(word) > 2 and word not in _COMMON and word.isalpha()}


class _Index:
    """Where the words of all topics stand."""

    def __init__(self, pairs: Sequence[LintPair], wanted: frozenset[str]) -> None:
        self._pairs = pairs
        # By word, then by pair: places in prompt and response, and how often in the response.
        self._places: dict[str, dict[int, list[int]]] = {word: {} for word in wanted}
        self._in_response: dict[str, Counter[int]] = {word: Counter() for word in wanted}
        self._source_words: Counter[str] = Counter()
        for number, pair in enumerate(pairs):
            prompt = words(pair.prompt)
            found = [*prompt, *words(pair.response)]
            self._source_words[pair.source] += len(found) - len(prompt)
            for position, word in enumerate(found):
                stem = _stem(word)
                if stem in self._places:
                    self._places[stem].setdefault(number, []).append(position)
                    self._in_response[stem][number] += position >= len(prompt)

    def together(self, terms: Iterable[str]) -> list[int]:
        """Return the pairs in which all words of a topic stand close together."""
        first, *others = (self._places[word] for word in sorted(terms))
        return [
            number
            for number in sorted(first)
            if any(
                all(any(abs(at - near) <= _CLOSE for near in other.get(number, ())) for other in others)
                for at in first[number]
            )
        ]

    def about(self, word: str, form: str) -> list[int]:
        """Return the pairs that are about a topic of one word, or name it as it is written where it is a name."""
        places = self._places[word]
        seldom = len(places) <= max(1.0, _SELDOM_SHARE * len(self._pairs))
        sources = self._sources_about(word)
        counts = {number: _written(self._pairs[number], form) for number in places}
        is_name = 2 * sum(capitals for capitals, _ in counts.values()) > sum(every for _, every in counts.values())
        return [
            number
            for number in sorted(places)
            if (seldom and len(places[number]) >= _OFTEN_IN_A_PAIR)
            or (self._pairs[number].source in sources and self._in_response[word][number])
            or (is_name and counts[number][0])
        ]

    def _sources_about(self, word: str) -> set[str]:
        counts: Counter[str] = Counter()
        for number, count in self._in_response[word].items():
            counts[self._pairs[number].source] += count
        every, mentions = self._source_words.total(), counts.total()
        found = set()
        for source, count in counts.items():
            own = self._source_words[source]
            elsewhere = (mentions - count) / max(1, every - own)
            if count >= _OFTEN_IN_A_SOURCE and count / own >= _OFTENER * elsewhere:
                found.add(source)
        return found


def _written(pair: LintPair, form: str) -> tuple[int, int]:
    """Return how often a word, as it is, has a capital in a pair where no sentence begins, and how often it comes."""
    text = f"{pair.prompt}\n{pair.response}".replace("’", "'")
    same = [found for found in words(text) if found.removesuffix("'s") == form]
    return sum(found.casefold().removesuffix("'s") == form for found in _NAME.findall(text)), len(same)


def _stem(word: str) -> str:
    """Return a word without the ending of a plural or a possessive."""
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
