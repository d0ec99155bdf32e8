"""The commands of datasets: freeze, list, show, diff, check; and waive, which sets a rule aside with a reason."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import click

from curation.counted import counted
from curation.findings import Finding, Scope
from workbench.cli.output import emit, json_option, plain, say, table, with_project
from workbench.cli.seen import Options, print_seen, seen_options
from workbench.operations import checking, comparing, freezing, seen, waiving
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project

_CANDIDATE = "accepted"
# From here on it takes long enough to say what is going on.
_MANY = 10_000


@click.group()
def dataset_command() -> None:
    """Freeze the accepted pairs; list, show and compare datasets; look for leaks."""


@dataset_command.command("freeze")
@click.option("--note", default="", help="What this dataset is for.")
@click.option("--no-leaks", is_flag=True, help="Freeze nothing where the check finds a leak.")
@json_option
@with_project
def dataset_freeze(project: Project, note: str, no_leaks: bool, as_json: bool) -> None:
    """Freeze what is accepted into a dataset with a content hash."""
    done = freezing.freeze(project, note=note, leaks_too=not no_leaks, progress=_progress())
    row = done.dataset
    emit(done, as_json, [f"{row.number} {row.content_hash}"])
    say(("Frozen" if done.new else "Stands already") + f": {row.train_pairs} train, {row.holdout_pairs} holdout.")
    _say_findings(done.report)
    if done.twice:
        say(done.warnings[-1])


@dataset_command.command("list")
@json_option
@with_project
def dataset_list(project: Project, as_json: bool) -> None:
    """List the datasets, newest first."""
    rows = freezing.dataset_rows(project)
    lines = table(
        ["number", "hash", "train", "holdout", "leaks", "canary set", "frozen"],
        [
            [
                r.number,
                r.content_hash[7:19],
                r.train_pairs,
                r.holdout_pairs,
                r.leaks,
                r.canary_set_version,
                r.created_at,
            ]
            for r in rows
        ],
    )
    emit(rows, as_json, lines)


@dataset_command.command("show")
@click.argument("number", type=int)
@json_option
@with_project
def dataset_show(project: Project, number: int, as_json: bool) -> None:
    """Show one dataset: what it is made of, and what was found when it was frozen."""
    view = freezing.dataset_view(project, freezing.dataset_numbered(project, number).id)
    emit(view, as_json, _report_lines(view.report))
    _say_findings(view.report)


@dataset_command.command("diff")
@click.argument("old")
@click.argument("new", default=_CANDIDATE)
@json_option
@with_project
def dataset_diff(project: Project, old: str, new: str, as_json: bool) -> None:
    """Say which pairs differ between two datasets, by number; `accepted` is what a freeze would take now."""
    found = comparing.compare_datasets(project, _number(old), _number(new))
    difference = found.difference
    lines = table(
        ["essay", "pair", "what", "how"],
        [[item.source, item.key, item.what, "; ".join(item.changes) or item.opening[:60]] for item in difference.pairs],
    )
    emit(found, as_json, lines)
    counts = ", ".join(f"{difference.count(what)} {what}" for what in ("added", "removed", "changed"))
    say(f"From {found.names[0]} to {found.names[1]}: {counts}, {difference.kept} kept.")


@click.command()
@click.option("--anew", is_flag=True, help="Look even if these very pairs were looked at.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a leak stands.")
@json_option
@with_project
def check_command(project: Project, anew: bool, strict: bool, as_json: bool) -> None:
    """Look for leaks and for what breaks the author's rules, in what a freeze would take now."""
    report = checking.check(project, progress=_progress(), anew=anew)
    emit(_report_data(report), as_json, [f"{item.rule}\t{item.message}" for item in report.findings if not item.waived])
    _say_summary(report)
    if strict and report.leaks:
        sys.exit(1)


dataset_command.add_command(check_command, "check")


@click.command()
@click.argument("rule", required=False)
@click.option("--pair", type=int, help="For this pair only.")
@click.option("--essay", help="For this essay only, by its name.")
@click.option("--reason", default="", help="Why; it stands in every report.")
@click.option("--take-back", type=int, metavar="ID", help="Let a rule stand again, by the id of the waiver.")
@json_option
@with_project
def waive_command(
    project: Project,
    rule: str | None,
    pair: int | None,
    essay: str | None,
    reason: str,
    take_back: int | None,
    as_json: bool,
) -> None:
    """Set a RULE aside for a pair, an essay, or everything, with a reason; without one, list what is set aside."""
    if take_back is not None:
        waiving.take_back(project, take_back)
        say("Taken back.")
    elif rule is not None:
        if pair is not None and essay is not None:
            raise click.UsageError("Give --pair or --essay, not both.")
        scope: Scope = "pair" if pair is not None else "source" if essay else "dataset"
        subject = str(pair) if pair is not None else essay or ""
        waiving.waive(project, rule=rule, scope=scope, subject=subject, reason=reason)
        say(f"Waived {rule}. It stands in the report with its reason; undo, or --take-back, lets the rule stand again.")
    rows = waiving.waiver_rows(project)
    lines = table(
        ["id", "rule", "for", "which", "reason"], [[r.id, r.rule, r.scope, r.subject or "–", r.reason] for r in rows]
    )
    emit(rows, as_json, lines)


def _number(given: str) -> int | None:
    if given == _CANDIDATE:
        return None
    if not given.isdecimal():
        raise WorkbenchError(f"{given!r} is no dataset: give its number, or {_CANDIDATE!r} for what is accepted now.")
    return int(given)


def _progress() -> checking.Progress:
    """Return a call that says on standard error what is being done, once for each thing."""
    said: set[str] = set()

    def progress(done: int, total: int, name: str) -> None:
        if name not in said:
            said.add(name)
            if len(said) > 1 or total > _MANY:
                say(f"{name} …")

    return progress


def _report_data(report: checking.Report) -> Any:
    return plain(report) | {"leaks": len(report.leaks), "warnings": len(report.warnings), "waived": len(report.waived)}


def _report_lines(report: checking.Report) -> list[str]:
    made_of = report.statistics
    lines = table(["tier", "train", "holdout"], [[tier, *counts] for tier, counts in made_of.tiers().items()])
    lines += [
        "",
        *table(
            ["essay", "side", "pairs", "words"],
            [[item.source, item.split, item.pairs, item.response_words] for item in made_of.sources],
        ),
    ]
    lengths = [("response words", made_of.responses), ("whole pair, words", made_of.totals)]
    lengths += [(f"whole pair, tokens of {item.model}", item.lengths) for item in made_of.tokens]
    lines += [
        "",
        *table(
            ["length", "total", "median", "longest"],
            [[name, found.total, found.median, found.longest] for name, found in lengths],
        ),
    ]
    return lines


def _say_findings(report: checking.Report) -> None:
    for finding in report.findings:
        what = f"waived ({finding.waived})" if finding.waived else finding.severity
        say(f"{what}: {finding.message}")
    _say_summary(report)


def _say_summary(report: checking.Report) -> None:
    for slug in report.unclear_topics:
        say(f"not looked for: the name of canary {slug} does not say its topic. Name it by its topic.")
    counts = Counter(_count_name(item) for item in report.findings)
    listed = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    kinds = (
        f"{counted(len(report.leaks), 'leak')}, {counted(len(report.warnings), 'warning')}, {len(report.waived)} waived"
    )
    say(kinds + (f": {listed}." if listed else "."))


def _count_name(finding: Finding) -> str:
    return f"{finding.rule} (waived)" if finding.waived else finding.rule


@dataset_command.command("pair")
@click.argument("number", type=int)
@click.argument("pair_hash")
@seen_options
@json_option
@with_project
def dataset_pair(project: Project, number: int, pair_hash: str, options: Options, as_json: bool) -> None:
    """Show the very tokens that a model sees of one pair of dataset NUMBER, by its hash or the beginning of it."""
    dataset_id = freezing.dataset_numbered(project, number).id
    keys = seen.dataset_pairs(project, dataset_id)
    found = [key for key in keys if key.startswith((pair_hash, f"sha256:{pair_hash}"))]
    if len(found) != 1:
        raise WorkbenchError(
            f"{len(found)} pairs of dataset {number} begin with {pair_hash}. Give the hash of one, as the dataset's "
            "files name it."
        )
    print_seen(project, seen.dataset_pair_text(project, dataset_id, found[0]), options, as_json)
