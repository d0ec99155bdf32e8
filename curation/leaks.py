"""Leaks between train, holdout and canary prompts, and repetitions within train, as findings.

Everything here depends on the texts alone, so its result can be kept as long as they are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.copies import Copy, Progress, Side, Text, copies
from curation.counted import counted
from curation.findings import Finding, LintCanary, LintPair
from curation.topics import named_topics
from curation.words import RUN, words

# Raised whenever the same texts would give another result: what was kept is then made anew.
VERSION = 2
# The tier whose prompts are the text before, which is the response of the pair before as well.
_CHAINED = "continuation"
_RULES = ("duplicate", "near-copy", "prompt-copy", "reference-copy", "canary-topic", "repeat")
_OF_CANARIES = ("prompt-copy", "reference-copy", "canary-topic")
_MET = {
    "duplicate": "held-out pair",
    "near-copy": "held-out pair",
    "repeat": "training pair",
    "prompt-copy": "canary prompt",
    "reference-copy": "real piece of canary",
}
_REMEDY = {
    "duplicate": ". Reject one of them, or join both essays in one group.",
    "near-copy": ". Reject one of them, or join both essays in one group.",
    "repeat": ": it is learnt twice. Reject one of them.",
    "prompt-copy": ": its samples show memory, not voice. Reject the pair, hold the essay out, or change the prompt.",
    "reference-copy": ": the model learns what its sample is compared with. Hold the essay out, or reject the pair.",
}
# Three words occur by chance; fewer than four are never a copy.
_SHORTEST_PROMPT = 4


@dataclass(frozen=True)
class Leaks:
    """What the texts of pairs and canary prompts give away, and the canaries whose topic could not be looked for."""

    findings: tuple[Finding, ...]
    unclear_topics: tuple[str, ...]


def find_leaks(
    pairs: Sequence[LintPair],
    canaries: Sequence[LintCanary],
    *,
    progress: Progress = lambda done, total, name: None,
) -> Leaks:
    """Look for copies and named topics; a training pair is told of once for each rule and canary.

    Args:
        pairs: of both sides.
        canaries: the prompts.
        progress: called with steps done, steps in all, and what is being done; what it raises ends the search.
    """
    texts: list[Text] = []
    for number, pair in enumerate(pairs):
        side: Side = "train" if pair.split == "train" else "holdout"
        texts.append(Text(number, side, "prompt", pair.tier, pair.prompt, chained=pair.tier == _CHAINED))
        texts.append(Text(number, side, "response", pair.tier, pair.response))
    for number, canary in enumerate(canaries):
        texts.append(Text(number, "canary", "prompt", "", canary.prompt))
        if canary.reference.strip():
            texts.append(Text(number, "canary", "reference", "", canary.reference))
    found = [
        *_copied(pairs, canaries, texts, copies(texts, progress=progress)),
        *_short_prompts(pairs, canaries),
    ]
    train = [pair for pair in pairs if pair.split == "train"]
    topics, unclear = named_topics(train, canaries)
    for topic in topics:
        for number in topic.pairs:
            pair = train[number]
            message = (
                f"Training pair {pair.id} of {pair.source} names the topic of canary {topic.slug} "
                f"({', '.join(topic.words)}), which is marked novel. Mark it known, change it, or reject the pair."
            )
            found.append(_finding("canary-topic", pair, topic.slug, topic.slug, message))
    once: dict[tuple[str, str, str], Finding] = {}
    for finding in found:
        canary_slug = finding.other_source if finding.rule in _OF_CANARIES else ""
        once.setdefault((finding.rule, finding.subject, canary_slug), finding)
    return Leaks(tuple(sorted(once.values(), key=_order)), tuple(unclear))


def _order(finding: Finding) -> tuple[int, str, str, int, str]:
    number = int(finding.subject) if finding.subject.isdecimal() else 0
    return (_RULES.index(finding.rule), finding.source, finding.other_source, number, finding.subject)


def _copied(
    pairs: Sequence[LintPair], canaries: Sequence[LintCanary], texts: Sequence[Text], found: Sequence[Copy]
) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for copy in found:
        pair, other = pairs[texts[copy.left].owner], texts[copy.right]
        start = f"Training pair {pair.id} of {pair.source} {_how(copy)}"
        if other.side == "canary":
            slug = canaries[other.owner].slug
            rule = "prompt-copy" if other.part == "prompt" else "reference-copy"
            message = f"{start} the {_MET[rule]} {slug}{_REMEDY[rule]}"
            yield _finding(rule, pair, slug, slug, message)
            continue
        # A near copy of what is a duplicate already says nothing new.
        if copy.how != "same" and (pair.id, other.side) in told:
            continue
        told.add((pair.id, other.side))
        rule = "repeat" if other.side == "train" else "duplicate" if copy.how == "same" else "near-copy"
        twin = pairs[other.owner]
        message = f"{start} {_MET[rule]} {twin.id} of {twin.source}{_REMEDY[rule]}"
        yield _finding(rule, pair, twin.id, twin.source, message)


def _how(copy: Copy) -> str:
    if copy.how == "same":
        return "has the response of"
    if copy.how == "runs":
        count = round(copy.amount)
        return f"shares {counted(count, 'run')} of {RUN} words with"
    return f"shares {copy.amount:.0%} of its three-word runs with"


def _short_prompts(pairs: Sequence[LintPair], canaries: Sequence[LintCanary]) -> Iterator[Finding]:
    """Yield the canary prompts of fewer than eight words that stand in a training pair."""
    short = {canary.slug: words(canary.prompt) for canary in canaries}
    wanted = {slug: f" {' '.join(own)} " for slug, own in short.items() if _SHORTEST_PROMPT <= len(own) < RUN}
    if not wanted:
        return
    for pair in pairs:
        if pair.split != "train":
            continue
        text = f" {' '.join(words(f'{pair.prompt} {pair.response}'))} "
        for slug, prompt in wanted.items():
            if prompt in text:
                message = (
                    f"Training pair {pair.id} of {pair.source} holds the canary prompt {slug}{_REMEDY['prompt-copy']}"
                )
                yield _finding("prompt-copy", pair, slug, slug, message)


def _finding(rule: str, pair: LintPair, other: str, other_source: str, message: str) -> Finding:
    return Finding(
        rule=rule,
        severity="warning" if rule == "repeat" else "leak",
        scope="pair",
        subject=pair.id,
        source=pair.source,
        other=other,
        other_source=other_source,
        message=message,
    )
