"""What checks look at and what they find: one finding names one rule, where it holds, and what to do.

A *leak* is a text that stands on two sides which must not meet; a *warning* is anything else worth a look. Either can
be waived with a reason: for its pair, for its source, or for the whole dataset.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier

Severity = Literal["leak", "warning"]
Scope = Literal["pair", "source", "dataset"]


@dataclass(frozen=True)
class LintPair:
    """What checks need of a pair; `id` names it in what they find."""

    id: str
    source: str
    split: Split
    tier: Tier
    prompt: str
    response: str


@dataclass(frozen=True)
class LintCanary:
    """What checks need of a canary prompt; `topic` is known or novel, `reference` the real piece or empty."""

    slug: str
    prompt: str
    topic: str
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that something breaks.

    Attributes:
        rule: its name, as in the settings and in waivers.
        severity: a leak, or a warning.
        scope: what it is about: one pair, one source, or the whole.
        subject: id of the pair, slug of the source, or empty.
        source: slug of the source it is about, where there is one.
        other: what it meets: id of another pair, or slug of a canary prompt; empty where it meets nothing.
        other_source: that pair's source, or the canary's slug; empty likewise.
        message: a sentence, then what to do.
        waived: why it was set aside; empty while it stands.
    """

    rule: str
    severity: Severity
    scope: Scope
    subject: str = ""
    source: str = ""
    other: str = ""
    other_source: str = ""
    message: str
    waived: str = ""


@dataclass(frozen=True)
class Waiver:
    """A rule set aside for a pair (`subject` is its id), a source (its slug) or the whole (empty), and why."""

    rule: str
    scope: Scope
    subject: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Say whether it sets a finding aside."""
        if self.rule != finding.rule:
            return False
        if self.scope == "pair":
            return finding.scope == "pair" and self.subject == finding.subject
        return self.scope == "dataset" or self.subject == finding.source != ""


def with_waivers(findings: Iterable[Finding], waivers: Iterable[Waiver]) -> list[Finding]:
    """Return the findings with the reason in each that is waived; the narrowest waiver gives it."""
    order = {"pair": 0, "source": 1, "dataset": 2}
    by_rule: dict[str, list[Waiver]] = {}
    for waiver in sorted(waivers, key=lambda item: order[item.scope]):
        by_rule.setdefault(waiver.rule, []).append(waiver)
    result = []
    for finding in findings:
        reason = next((item.reason for item in by_rule.get(finding.rule, ()) if item.covers(finding)), "")
        result.append(replace(finding, waived=reason) if reason else finding)
    return result
