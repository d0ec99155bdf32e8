"""The author's own rules for a dataset, each of which she can set, turn off, or waive with a reason.

They are counts, not texts: they are asked anew whenever the settings or the waivers change, and cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.counted import counted
from curation.findings import Finding, Scope, Severity
from curation.statistics import Statistics

if TYPE_CHECKING:
    from curation.filepair import Split

RULES: Mapping[str, str] = {
    "duplicate": "a training pair has the response of a held-out pair",
    "near-copy": "a training pair shares text with a held-out pair",
    "prompt-copy": "a canary prompt stands in a training pair",
    "reference-copy": "the real piece of a canary stands in a training pair",
    "canary-topic": "training names the topic of a canary that is marked novel",
    "group-split": "sources that belong together stand on both sides",
    "repeat": "a training pair has, or nearly has, the response of another one of its tier",
    "empty": "an accepted pair has no prompt or no response, and cannot be frozen",
    "model-words": "the response of a pair holds words that a model wrote",
    "closing-break": "a response ends in a scene break, such as ***",
    "token-cap": "a pair is longer than a target model takes",
    "source-share": "one source gives too many of the training pairs",
    "tier-pairs": "one source gives too many pairs of one tier",
    "over-used": "the pairs of a source hold its words too many times over",
    "no-holdout": "nothing is held out",
    "small-holdout": "the holdout is too small to decide anything",
}
LEAKS = frozenset(
    {"duplicate", "near-copy", "prompt-copy", "reference-copy", "canary-topic", "group-split", "model-words"}
)
_PARAGRAPHS = "continuation"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How strict each rule is; see the template of the settings for the reasons. 0 turns a number off.

    Attributes:
        off: names of rules that are not looked at.
        max_source_share: of the training pairs, 0 to 1.
        max_pairs_of_a_tier: rewrite, thesis and note pairs of one source, each.
        max_continuation_pairs: continuation pairs of one source.
        max_source_use: how many times over the responses may hold the words of their source.
        min_holdout_pairs: held-out pairs.
        min_holdout_sources: essays they are from.
    """

    off: tuple[str, ...] = ()
    max_source_share: float = 0.15
    max_pairs_of_a_tier: int = 4
    max_continuation_pairs: int = 0
    max_source_use: float = 2.0
    min_holdout_pairs: int = 20
    min_holdout_sources: int = 2

    def problems(self) -> list[str]:
        """Return what is wrong with the values, a sentence each, beginning with the key."""
        unknown = sorted(set(map(str, self.off)) - RULES.keys())
        found = [f"off: no rule is named {name!r}. They are {', '.join(RULES)}." for name in unknown]
        if not 0 <= self.max_source_share <= 1:
            found.append(f"max_source_share: found {self.max_source_share}, expected 0 to 1.")
        for name in (
            "max_pairs_of_a_tier",
            "max_continuation_pairs",
            "max_source_use",
            "min_holdout_pairs",
            "min_holdout_sources",
        ):
            if getattr(self, name) < 0:
                found.append(f"{name}: found {getattr(self, name)}, expected 0 or more.")
        return found


DEFAULT = Rules()


@dataclass(frozen=True, kw_only=True)
class SourceFacts:
    """What rules need of a source: its group, its side, and its words of prose."""

    slug: str
    group: str
    split: Split
    words: int


def rule_findings(rules: Rules, statistics: Statistics, sources: Iterable[SourceFacts]) -> list[Finding]:
    """Return what the counts of a set of pairs break; rules that are off are looked at all the same.

    Args:
        rules: how strict.
        statistics: of the pairs.
        sources: of the project, as they stand.
    """
    facts = {item.slug: item for item in sources}
    train = [item for item in statistics.sources if item.split == "train"]
    held = {item.source: item.pairs for item in statistics.sources if item.split == "holdout"}
    found = [*holdout_findings(rules, held), *_groups(facts.values())]
    found += share_findings(rules, {item.source: item.pairs for item in train})
    for item in train:
        for tier, count in sorted(item.tiers.items()):
            most = rules.max_continuation_pairs if tier == _PARAGRAPHS else rules.max_pairs_of_a_tier
            if most and count > most:
                found.append(
                    _of_source(
                        "tier-pairs",
                        item.source,
                        f"{item.source} gives {count} {tier} pairs, more than {most}. Reject those that say least.",
                    )
                )
        source = facts.get(item.source)
        if rules.max_source_use and source and item.response_words > rules.max_source_use * source.words > 0:
            times = item.response_words / source.words
            found.append(
                _of_source(
                    "over-used",
                    item.source,
                    f"The responses from {item.source} hold its words {times:.1f} times over: it is learnt by heart. "
                    f"Keep {rules.max_source_use:g} times at most.",
                )
            )
    found += _too_long(statistics)
    return found


def without(findings: Iterable[Finding], off: Sequence[str]) -> list[Finding]:
    """Return the findings of rules that are looked at."""
    return [finding for finding in findings if finding.rule not in off]


def holdout_findings(rules: Rules, held: Mapping[str, int]) -> list[Finding]:
    """Return what a holdout breaks; `held` counts its pairs by source."""
    pairs = sum(held.values())
    if not pairs:
        message = (
            "Nothing is held out: validation is not possible. Hold an essay out: h in Essays, or "
            "`workbench essays hold-out`."
        )
        return [_whole("no-holdout", message)]
    if pairs < rules.min_holdout_pairs:
        little = "decides little" if pairs == 1 else "decide little"
        message = (
            f"{counted(pairs, 'held-out pair')} from {counted(len(held), 'essay')} {little}: "
            f"two runs would have to differ by {2.8 / pairs**0.5:.1f} standard deviations of a pair to be told apart. "
            f"Hold out at least {counted(rules.min_holdout_pairs, 'pair')} from "
            f"{counted(rules.min_holdout_sources, 'essay')}."
        )
        return [_whole("small-holdout", message)]
    if len(held) < rules.min_holdout_sources:
        message = (
            f"All {pairs} held-out pairs are from {counted(len(held), 'essay')}: validation would say how "
            f"well a model writes {'it' if len(held) == 1 else 'those'}. Hold out {rules.min_holdout_sources} or more."
        )
        return [_whole("small-holdout", message)]
    return []


def share_findings(rules: Rules, train: Mapping[str, int]) -> list[Finding]:
    """Return the sources that give too many of the training pairs, largest first; `train` counts pairs by source."""
    total = sum(train.values())
    limit = rules.max_source_share
    if not limit or not total:
        return []
    ordered = sorted(train.items(), key=lambda item: (-item[1], item[0]))
    needed = int(1 / limit + 0.999)
    if len(train) < needed:
        # Some source is above the limit whatever she does: one sentence says it, not one for each.
        largest, count = ordered[0]
        message = (
            f"Only {counted(len(train), 'source')} to train on; {largest} alone gives {count / total:.0%} "
            f"of the pairs, and a model may learn that one essay. From {needed} sources on, each can stay below "
            f"{limit:.0%}."
        )
        return [_whole("source-share", message)]
    return [
        _of_source(
            "source-share",
            source,
            f"{source} gives {count / total:.0%} of the training pairs: above {limit:.0%} a model may learn that one "
            "essay. Accept pairs from others, or reject some of it.",
        )
        for source, count in ordered
        if count / total > limit
    ]


def _groups(sources: Iterable[SourceFacts]) -> list[Finding]:
    groups: dict[str, list[SourceFacts]] = {}
    for source in sources:
        groups.setdefault(source.group, []).append(source)
    return [
        _of_source(
            "group-split",
            members[0].slug,
            f"{', '.join(item.slug for item in members)} belong together and stand on both sides of the split. "
            "Hold all of them out (h in Essays, or `workbench essays hold-out`), or part them (P, or `essays part`).",
        )
        for members in groups.values()
        if len({item.split for item in members}) > 1
    ]


def _too_long(statistics: Statistics) -> list[Finding]:
    found = []
    for item in statistics.tokens:
        about = "" if item.exact else ", by an estimate"
        for pair_id in item.over:
            message = f"Pair {pair_id} is longer than the {item.limit} tokens {item.model} takes{about}. Split it."
            found.append(Finding(rule="token-cap", severity="warning", scope="pair", subject=pair_id, message=message))
    return found


def _of_source(rule: str, source: str, message: str) -> Finding:
    return _made(rule, "source", source, message)


def _whole(rule: str, message: str) -> Finding:
    return _made(rule, "dataset", "", message)


def _made(rule: str, scope: Scope, subject: str, message: str) -> Finding:
    severity: Severity = "leak" if rule in LEAKS else "warning"
    return Finding(rule=rule, severity=severity, scope=scope, subject=subject, source=subject, message=message)
