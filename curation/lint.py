"""What is wrong with pairs before they are frozen: leaks between train, holdout and canary prompts, and warnings.

All of it takes time in proportion to the text: near-copies are found by an index of runs of eight words, never by
comparing each pair with each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

# Words that two texts share by chance at most in ones and twos; one essay's run of ten words is a copy in another.
_RUN = 8
_SHARED_RUNS = 3
# A run found in more held-out pairs than this says nothing about which of them was copied.
_MOST_PAIRS_OF_A_RUN = 20
_SHORT_WORDS = 12
_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
_CLOSING_BREAK = re.compile(r"(?:^|\n)[ \t]*(?:\*[ \t]*\*[ \t]*\*[* \t]*|-{3,}|_{3,}|⁂)\s*\Z")
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
    prompt opening canary topic
    """.split()
)

LeakKind = Literal["duplicate", "near-copy", "canary-topic", "prompt-copy"]


@dataclass(frozen=True)
class Leak:
    """A text that stands on two sides which must not meet.

    Attributes:
        kind: an equal response; shared runs of words; a novel topic named in training; a canary prompt in training.
        left: id of the training pair.
        right: id of the held-out pair, or slug of the canary prompt.
        message: a sentence, and what to do.
    """

    kind: LeakKind
    left: str
    right: str
    message: str


@dataclass(frozen=True)
class LintPair:
    """What lint needs of a pair."""

    id: str
    source: str
    split: str
    tier: str
    prompt: str
    response: str


@dataclass(frozen=True)
class LintCanary:
    """What lint needs of a canary prompt; `topic` is known or novel."""

    slug: str
    prompt: str
    topic: str


def leaks(pairs: Sequence[LintPair], canaries: Sequence[LintCanary]) -> list[Leak]:
    """Return the leaks between training pairs, held-out pairs and canary prompts; at most one a training pair and kind.

    Two texts are near-copies when they share three different runs of eight words (ten words running), or all runs that
    a shorter text has. Case and punctuation do not count.
    """
    train = [(pair, _words(f"{pair.prompt}\n{pair.response}")) for pair in pairs if pair.split == "train"]
    held_out = [pair for pair in pairs if pair.split == "holdout"]
    return [
        *_copies([pair for pair, _ in train], held_out),
        *_prompt_copies(train, canaries),
        *_topics(train, [canary for canary in canaries if canary.topic == "novel"]),
    ]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("’", "'"))


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[shift:] for shift in range(_RUN))))


def _pair_runs(pair: LintPair) -> set[tuple[str, ...]]:
    return _runs(_words(pair.prompt)) | _runs(_words(pair.response))


def _copies(train: Sequence[LintPair], held_out: Sequence[LintPair]) -> Iterable[Leak]:
    if not train or not held_out:
        return
    by_id = {pair.id: pair for pair in held_out}
    responses: dict[tuple[str, ...], str] = {}
    index: dict[tuple[str, ...], list[str]] = {}
    sizes: dict[str, int] = {}
    for pair in held_out:
        responses.setdefault(tuple(_words(pair.response)), pair.id)
        runs = _pair_runs(pair)
        sizes[pair.id] = len(runs)
        for run in runs:
            owners = index.setdefault(run, [])
            if len(owners) < _MOST_PAIRS_OF_A_RUN:
                owners.append(pair.id)
    for pair in train:
        response = tuple(_words(pair.response))
        if response and response in responses:
            other = by_id[responses[response]]
            yield Leak("duplicate", pair.id, other.id, _copied("has the response of", pair, other))
            continue
        runs = _pair_runs(pair)
        shared = Counter(owner for run in runs & index.keys() for owner in index[run])
        if not shared:
            continue
        other_id, count = min(shared.items(), key=lambda item: (-item[1], item[0]))
        if count >= min(_SHARED_RUNS, len(runs), sizes[other_id]):
            message = _copied(f"shares {count} runs of {_RUN} words with", pair, by_id[other_id])
            yield Leak("near-copy", pair.id, other_id, message)


def _copied(what: str, pair: LintPair, other: LintPair) -> str:
    return (
        f"Training pair {pair.id} of {pair.source} {what} held-out pair {other.id} of {other.source}. "
        "Reject one of them, or put both essays on one side."
    )


def _prompt_copies(train: Sequence[tuple[LintPair, list[str]]], canaries: Sequence[LintCanary]) -> Iterable[Leak]:
    index: dict[tuple[str, ...], list[str]] = {}
    needed: dict[str, int] = {}
    short: dict[tuple[str, ...], list[str]] = {}
    for canary in canaries:
        words = _words(canary.prompt)
        if len(words) < _RUN:
            # Three words occur by chance; fewer than four are never a copy.
            if len(words) > 3:
                short.setdefault(tuple(words), []).append(canary.slug)
            continue
        runs = _runs(words)
        needed[canary.slug] = min(_SHARED_RUNS, len(runs))
        for run in runs:
            index.setdefault(run, []).append(canary.slug)
    lengths = {len(words) for words in short}
    seen: set[str] = set()
    for pair, words in train:
        found = Counter(slug for run in _runs(words) & index.keys() for slug in index[run])
        copied = {slug for slug, count in found.items() if count >= needed[slug]}
        for length in lengths:
            grams = set(zip(*(words[shift:] for shift in range(length))))
            copied |= {slug for gram in grams & short.keys() for slug in short[gram]}
        for slug in sorted(copied - seen):
            seen.add(slug)
            message = (
                f"The canary prompt {slug} stands in training pair {pair.id} of {pair.source}, so a sample of it "
                "shows memory, not voice. Reject the pair, hold the essay out, or change the prompt."
            )
            yield Leak("prompt-copy", pair.id, slug, message)


def _topics(train: Sequence[tuple[LintPair, list[str]]], canaries: Sequence[LintCanary]) -> Iterable[Leak]:
    """Yield the novel topics that training names: all telling words of the canary's slug in one pair."""
    wanted = {canary.slug: topic_words(canary) for canary in canaries}
    by_word: dict[str, list[str]] = {}
    for slug, terms in wanted.items():
        if terms:
            by_word.setdefault(min(terms), []).append(slug)
    found: dict[str, list[LintPair]] = {}
    for pair, words in train:
        stems = {_stem(word) for word in words}
        for word in stems & by_word.keys():
            for slug in by_word[word]:
                if wanted[slug] <= stems:
                    found.setdefault(slug, []).append(pair)
    for slug, owners in found.items():
        count = "a training pair" if len(owners) == 1 else f"{len(owners)} training pairs"
        message = (
            f"The topic of canary {slug} is marked novel, but {count} name it ({', '.join(sorted(wanted[slug]))}), "
            f"such as {owners[0].id} of {owners[0].source}. Mark it known, change it, or reject the pairs."
        )
        yield Leak("canary-topic", owners[0].id, slug, message)


def topic_words(canary: LintCanary) -> frozenset[str]:
    """Return the words that name a canary's topic: those of its slug that say something, without their endings."""
    return frozenset(
        _stem(word)
        for word in canary.slug.casefold().split("-")
        if len(word) > 2 and word not in _COMMON and word.isalpha()
    )


def _stem(word: str) -> str:
    """Return a word without the ending of a plural or a possessive."""
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def warnings(pair: LintPair, *, tokens: int, max_tokens: int) -> list[str]:
    """Return what to look at in one pair.

    Args:
        pair: the pair.
        tokens: how many it has with its layout.
        max_tokens: how many the model sees.
    """
    found = []
    for side, text in (("prompt", pair.prompt), ("response", pair.response)):
        if not text.strip():
            found.append(f"The {side} is empty. Write it, or reject the pair.")
    if _CLOSING_BREAK.search(pair.response):
        found.append("The response ends in a scene break, which a model learns to write. Delete it.")
    if tokens > max_tokens:
        found.append(
            f"{tokens} tokens, {tokens - max_tokens} more than the {max_tokens} the model sees. "
            "Split it, or move the boundary."
        )
    words = len(_words(pair.response))
    if pair.response.strip() and words < _SHORT_WORDS:
        found.append(f"The response has only {words} words. Merge it with the next pair.")
    prompt, response = (" ".join(_words(text)) for text in (pair.prompt, pair.response))
    if prompt and len(prompt.split()) >= _RUN and prompt in response:
        found.append("The response repeats the whole prompt. Cut the prompt out of it.")
    return found


def source_shares(pairs: Iterable[LintPair]) -> list[tuple[str, float]]:
    """Return each source with its share of the pairs, 0 to 1, the largest first."""
    counts = Counter(pair.source for pair in pairs)
    total = sum(counts.values())
    return sorted(((source, count / total) for source, count in counts.items()), key=lambda item: (-item[1], item[0]))
