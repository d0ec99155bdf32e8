"""Set a rule aside for a pair, a source or the whole dataset, with the reason; and let it stand again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from curation.findings import Finding, Scope, Waiver, with_waivers
from curation.lint import pair_findings
from curation.rules import RULES, Rules
from store import checks, essay_facts, pairs
from store.checks import WaiverRow
from store.pairs import Pair
from workbench.operations.checking import CANDIDATE, last_check, waivers
from workbench.operations.errors import WorkbenchError
from workbench.operations.members import lint_pair
from workbench.operations.project import Project
from workbench.operations.taking import words_of_a_model
from workbench.operations.tokens import TokenView

# Rules of one pair that only its own pane knows.
PAIR_RULES = ("empty", "short", "echo")


def waiver_rows(project: Project) -> list[WaiverRow]:
    """Return every rule that is set aside, oldest first."""
    return checks.waivers(project.db)


def waive(project: Project, *, rule: str, scope: Scope, subject: str, reason: str) -> int:
    """Set a rule aside and record why; return the waiver's id. Undo takes it back.

    Raises:
        WorkbenchError: there is no such rule or essay, or no reason is given.
        NotFound: there is no such pair.
    """
    if rule not in RULES and rule not in PAIR_RULES:
        raise WorkbenchError(f"There is no rule {rule!r}. They are {', '.join((*RULES, *PAIR_RULES))}.")
    if not reason.strip():
        raise WorkbenchError(f"The rule {rule} was not waived: say why. The reason stands in every report.")
    if (scope == "dataset") != (subject == ""):
        raise WorkbenchError("Waive a rule for a pair by its id, for an essay by its name, or for the whole dataset.")
    if scope == "pair":
        pairs.get(project.db, int(subject) if subject.isdecimal() else -1)
    elif scope == "source" and subject not in {row.slug for row in essay_facts.facts(project.db)}:
        raise WorkbenchError(f"No essay named {subject}. See `workbench essays list` for the names.")
    return checks.waive(project.db, rule=rule, scope=scope, subject=subject, reason=reason.strip())


def take_back(project: Project, waiver_id: int) -> None:
    """Let a rule stand again.

    Raises:
        NotFound: it was not set aside, or no more.
    """
    checks.take_back(project.db, waiver_id)


def covering(project: Project, finding: Finding) -> WaiverRow | None:
    """Return the waiver that sets a finding aside, the narrowest; None where none does."""
    order = {"pair": 0, "source": 1, "dataset": 2}
    for row in sorted(checks.waivers(project.db), key=lambda row: order[row.scope]):
        if Waiver(row.rule, row.scope, row.subject, row.reason).covers(finding):
            return row
    return None


def findings_of_pair(project: Project, pair: Pair, counts: Sequence[TokenView]) -> list[Finding]:
    """Return everything that is to be said of one pair, waived or not: of its text as it is, and of the last check.

    Args:
        project: whose.
        pair: it.
        counts: its tokens for each target model, the one that runs start from first.
    """
    first, *others = counts
    found = pair_findings(
        lint_pair(pair.id, pair),
        tokens=first.total,
        max_tokens=first.max_length,
        model_words=words_of_a_model(project, pair.response),
    )
    found += [_too_long(pair, count) for count in others if not count.fits]
    if key := checks.kept_key(project.db, CANDIDATE):
        checked = _by_subject(project, key, project.settings.rules)
        of_source = [item for item in checked.get(pair.source, ()) if pair.split == "train"]
        # What was found of a text that was edited since may be true no more.
        of_pair = checked.get(str(pair.id), ()) if pair.updated_at <= key[1] else ()
        told = {item.rule for item in found}
        found += [item for item in (*of_pair, *of_source) if item.rule not in told]
    return with_waivers(found, waivers(project))


def _too_long(pair: Pair, count: TokenView) -> Finding:
    beyond = count.total - count.max_length
    message = (
        f"{count.total:,} tokens for {count.model}, {beyond:,} more than the {count.max_length:,} it "
        "takes. Split it, or move the boundary."
    )
    return Finding(
        rule="token-cap", severity="warning", scope="pair", subject=str(pair.id), source=pair.source, message=message
    )


@lru_cache(maxsize=4)
def _by_subject(project: Project, _key: tuple[str, str], _rules: Rules) -> dict[str, tuple[Finding, ...]]:
    """Return what the last check found, by pair or source; read once for each check, not for each pair."""
    report = last_check(project)
    by_subject: dict[str, list[Finding]] = {}
    for finding in report.findings if report else ():
        if finding.subject:
            by_subject.setdefault(finding.subject, []).append(finding)
    return {subject: tuple(found) for subject, found in by_subject.items()}
