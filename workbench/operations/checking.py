"""Check the accepted pairs: leaks, the author's rules, what they are made of; kept by content, waivers laid over it.

What depends on the texts alone (copies, topics, lengths) is looked for once and kept under the hash of everything it
looked at, so unchanged pairs are not looked at again. Rules and waivers are laid over it whenever it is read, so that a
setting or a waiver shows at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from curation.canaries import canary_set_hash
from curation.findings import Finding, LintCanary, LintPair, Waiver, with_waivers
from curation.generated import standing_in
from curation.leaks import VERSION, find_leaks
from curation.lint import ends_in_break, words_of_a_model
from curation.quoted import quoted
from curation.rules import SourceFacts, rule_findings, without
from curation.statistics import Statistics, TokenCount, histogram, statistics
from store import checks, essay_facts, pairs, token_counts
from store.canaries import Canary
from workbench.operations.canaries import canary_rows, canary_text
from workbench.operations.members import Member, lint_pair, snapshot_pair
from workbench.operations.project import Project
from workbench.operations.taking import passages
from workbench.operations.targets import read, targets

Progress = Callable[[int, int, str], None]

# The name under which the check of what is accepted is kept.
CANDIDATE = "candidate"
_COUNTED_AT_ONCE = 200
# Raised whenever more is looked for in the same texts, beside the leaks.
_LOOKED = 2
# Characters of a pair that are enough to know it by.
_OPENING = 48


class Cancelled(Exception):  # noqa: N818 - reads better where it is caught
    """A check was asked to stop; nothing was kept."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found.

    Attributes:
        findings: of the rules that are looked at, waived ones with their reasons.
        unclear_topics: novel canaries whose names do not say their topic, so that it could not be looked for.
        statistics: what the pairs are made of.
        checked_at: UTC.
        stale: whether anything was edited since.
    """

    findings: tuple[Finding, ...]
    unclear_topics: tuple[str, ...]
    statistics: Statistics
    checked_at: str
    stale: bool = False

    @property
    def leaks(self) -> list[Finding]:
        """The leaks that stand."""
        return [item for item in self.findings if item.severity == "leak" and not item.waived]

    @property
    def warnings(self) -> list[Finding]:
        """The warnings that stand."""
        return [item for item in self.findings if item.severity == "warning" and not item.waived]

    @property
    def waived(self) -> list[Finding]:
        """What was set aside."""
        return [item for item in self.findings if item.waived]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON knows it; `report_from` reads it."""
        return {
            "findings": [asdict(item) for item in self.findings],
            "unclear_topics": list(self.unclear_topics),
            "statistics": self.statistics.to_json(),
            "checked_at": self.checked_at,
        }


def report_from(data: dict[str, Any]) -> Report:
    """Return what `Report.to_json` wrote."""
    return Report(
        findings=tuple(Finding(**item) for item in data["findings"]),
        unclear_topics=tuple(data["unclear_topics"]),
        statistics=Statistics.from_json(data["statistics"]),
        checked_at=data["checked_at"],
    )


def check(
    project: Project,
    *,
    progress: Progress = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
    anew: bool = False,
) -> Report:
    """Check the accepted pairs, unless the very same ones were checked already.

    Args:
        project: whose.
        progress: called with steps done, steps in all, and what is being done.
        cancelled: asked now and then.
        anew: check even what was checked.

    Raises:
        Cancelled: it was asked to stop.
    """
    stamp = checks.stamp(project.db)
    accepted = list(pairs.accepted(project.db))
    prompts = canary_rows(project)
    return check_members(project, accepted, prompts, stamp=stamp, progress=progress, cancelled=cancelled, anew=anew)


def check_members(
    project: Project,
    members: Sequence[pairs.Pair],
    prompts: Sequence[Canary],
    *,
    stamp: str,
    progress: Progress = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
    anew: bool = False,
) -> Report:
    """Check pairs and canary prompts as they were read just now; `stamp` was taken before. See `check`."""

    def step(done: int, total: int, name: str) -> None:
        if cancelled():
            raise Cancelled
        progress(done, total, name)

    digest = _content_hash(project, members, prompts)
    kept = checks.kept(project.db, CANDIDATE)
    if anew or kept is None or kept.content_hash != digest:
        body = _look(project, [lint_pair(pair.id, pair) for pair in members], prompts, step)
        body_json = json.dumps(body | {"stamp": stamp}, ensure_ascii=False)
        kept = checks.keep(project.db, CANDIDATE, content_hash=digest, body_json=body_json)
    elif json.loads(kept.body_json)["stamp"] != stamp:
        # What was edited since led back to the same texts.
        body_json = json.dumps(json.loads(kept.body_json) | {"stamp": stamp}, ensure_ascii=False)
        kept = checks.keep(project.db, CANDIDATE, content_hash=digest, body_json=body_json)
    # This one, and not whichever another program kept meanwhile.
    return _laid_over(project, kept)


def last_check(project: Project) -> Report | None:
    """Return the last check with today's rules and waivers laid over it, or None when there was none."""
    kept = checks.kept(project.db, CANDIDATE)
    return None if kept is None else _laid_over(project, kept)


def _laid_over(project: Project, kept: checks.KeptCheck) -> Report:
    """Return what is kept of a check, with today's rules and waivers laid over it."""
    body = json.loads(kept.body_json)
    report = report_from({**body, "checked_at": kept.made_at})
    found = [*report.findings, *rule_findings(project.settings.rules, report.statistics, source_facts(project))]
    return replace(
        report,
        findings=tuple(with_waivers(without(found, project.settings.rules.off), waivers(project))),
        stale=body["stamp"] != checks.stamp(project.db),
    )


def waivers(project: Project) -> list[Waiver]:
    """Return the rules that the author set aside."""
    return [Waiver(row.rule, row.scope, row.subject, row.reason) for row in checks.waivers(project.db)]


def source_facts(project: Project) -> list[SourceFacts]:
    """Return what rules need of the sources."""
    return [
        SourceFacts(slug=row.slug, group=row.group, split=row.split, words=row.words)
        for row in essay_facts.facts(project.db)
    ]


def lengths(
    project: Project, members: Sequence[LintPair], step: Progress = lambda done, total, name: None
) -> tuple[TokenCount, ...]:
    """Return the tokens of accepted pairs for every target model; what is not counted yet is counted here."""
    counts = []
    for target in targets(project):
        counted, exact = token_counts.totals(project.db, target.fingerprint)
        totals = []
        for number, pair in enumerate(members):
            if number % _COUNTED_AT_ONCE == 0:
                step(number, len(members), f"counting tokens of {target.name}")
            total = counted.get(int(pair.id))
            if total is None:
                reading = read(target, project)
                exact = reading.exact
                total = reading.count(pair.prompt, pair.response)[2]
            totals.append(total)
        over = tuple(pair.id for pair, total in zip(members, totals, strict=True) if total > target.limit)
        counts.append(
            TokenCount(model=target.name, limit=target.limit, exact=exact, over=over, lengths=histogram(totals))
        )
    return tuple(counts)


def _look(project: Project, members: list[LintPair], prompts: Sequence[Canary], step: Progress) -> dict[str, Any]:
    """Look for everything that depends on the texts alone."""
    canaries = [LintCanary(row.slug, row.prompt, row.topic, row.reference) for row in prompts]
    found = find_leaks(members, canaries, progress=step)
    breaks = [
        Finding(
            rule="closing-break",
            severity="warning",
            scope="pair",
            subject=pair.id,
            source=pair.source,
            message=f"The response of pair {pair.id} of {pair.source} ends in a scene break, which a model learns to "
            "write. Delete it.",
        )
        for pair in members
        if pair.split == "train" and ends_in_break(pair.response)
    ]
    return {
        "findings": [
            asdict(item) for item in (*found.findings, *_of_a_model(project, members), *_empty(members), *breaks)
        ],
        "unclear_topics": list(found.unclear_topics),
        "statistics": statistics(members, lengths(project, members, step)).to_json(),
    }


def _of_a_model(project: Project, members: Sequence[LintPair]) -> list[Finding]:
    """Return the pairs whose responses hold words that a model wrote and she took into a draft."""
    taken = passages(project)
    if not taken:
        return []
    found = []
    for pair in members:
        if count := sum(standing.words for standing in standing_in(pair.response, taken)):
            found.append(
                Finding(
                    rule="model-words",
                    severity="leak" if pair.split == "train" else "warning",
                    scope="pair",
                    subject=pair.id,
                    source=pair.source,
                    message=f"Pair {pair.id} of {pair.source}: {words_of_a_model(count)}",
                )
            )
    return found


def _empty(members: Sequence[LintPair]) -> list[Finding]:
    """Return the pairs that lack a text, by their first words: no freeze takes them."""
    return [
        Finding(
            rule="empty",
            severity="warning",
            scope="pair",
            subject=pair.id,
            source=pair.source,
            message=f"{lacking} o in Datasets goes to it; in Pairs i writes what is missing, x rejects it.",
        )
        for pair in members
        if (lacking := lacking_text(pair.id, pair))
    ]


def lacking_text(key: object, pair: Member) -> str:
    """Say which text a pair lacks, naming it by its essay and first words; empty where it has both."""
    sides = [side for side, text in (("prompt", pair.prompt), ("response", pair.response)) if not text.strip()]
    if not sides:
        return ""
    said = " ".join((pair.response if pair.response.strip() else pair.prompt).split())
    opening = f" ({quoted(said, _OPENING)})" if said else ""
    return f"Pair {key} of {pair.source}{opening} has no {' and no '.join(sides)}."


def _content_hash(project: Project, members: Sequence[pairs.Pair], prompts: Sequence[Canary]) -> str:
    """Return the hash of everything that `_look` looks at."""
    digest = hashlib.sha256(f"{VERSION}.{_LOOKED}\n{canary_set_hash([canary_text(row) for row in prompts])}\n".encode())
    for passage in passages(project):
        digest.update(f"{hashlib.sha256(passage.encode()).hexdigest()}\n".encode())
    for target in targets(project):
        digest.update(f"{target.fingerprint} {target.limit}\n".encode())
    for pair in members:
        digest.update(f"{pair.id} {snapshot_pair(pair).id}\n".encode())
    return "sha256:" + digest.hexdigest()
