"""How a report is written: what was found, what the pairs are made of; and how two datasets differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from curation.counted import counted
from workbench.screens.dataset_lines import paragraph
from workbench.widgets.plain import cell, one_line
from workbench.widgets.text_view import MEASURE, Lines

if TYPE_CHECKING:
    from curation.findings import Finding
    from curation.statistics import Histogram, SourceCount, Statistics
    from workbench.operations.checking import Report
    from workbench.operations.comparing import Comparison
    from workbench.operations.freezing import DatasetView
    from workbench.screens.dataset_base import CandidateRow

_BAR = 30
# From so many findings of one rule between the same two essays on, one sentence tells of all.
_TOGETHER = 2
_SHOWN_PAIRS = 6
# So many sentences are read; more are counted.
_MOST = 30
_MOST_PAIRS = 400


def dataset_lines(view: DatasetView, width: int) -> Lines:
    """Write what a dataset holds, and what was found when it was frozen."""
    measure = min(width - 4, MEASURE)
    row = view.row
    canaries = "" if row.canary_set_version is None else f" · canary prompts version {row.canary_set_version}"
    lines: Lines = [
        Content.styled(f"  Dataset {row.number}", "bold"),
        *paragraph(row.content_hash, measure, "$text-muted"),
        *paragraph(f"frozen {row.created_at[:16].replace('T', ' ')} UTC{canaries}", measure, "$text-muted"),
    ]
    if row.note:
        lines += paragraph(row.note, measure, "$text-muted")
    lines += [Content(""), Content(f"  {counted(row.train_pairs, 'pair')} to train on, {row.holdout_pairs:,} held out")]
    if view.difference is not None:
        change = view.difference
        words = f"since the one before: {change.added} added, {change.removed} removed, {change.kept} kept"
        lines += paragraph(f"{words} (D: which)", measure, "$foreground")
    return lines + _report(view.report, measure)


def candidate_lines(row: CandidateRow, report: Report | None, width: int) -> Lines:
    """Write what a freeze would take now, and what the last check found."""
    measure = min(width - 4, MEASURE)
    lines: Lines = [
        Content.styled("  What a freeze would take now", "bold"),
        Content(""),
        Content(f"  {counted(row.train_pairs, 'pair')} to train on, {row.holdout_pairs:,} held out"),
    ]
    if row.first:
        lines += paragraph("Nothing is frozen yet: f freezes. Runs train on nothing else.", measure, "$text-muted")
    if report is None:
        words = "Not checked yet: c looks for leaks and for what breaks your rules. A freeze checks first."
        return lines + paragraph(words, measure, "$text-muted")
    state = f"checked {report.checked_at[:16].replace('T', ' ')} UTC"
    if report.stale:
        lines += paragraph(f"Edited since it was {state}: c checks again.", measure, "$text-warning")
    else:
        lines.append(Content.styled(f"  {state}", "$text-muted"))
    return lines + _report(report, measure)


def comparison_lines(found: Comparison, width: int) -> Lines:
    """Write which pairs differ between two datasets, by essay."""
    measure = min(width - 4, MEASURE)
    difference = found.difference
    old, new = found.names
    counts = ", ".join(f"{difference.count(what)} {what}" for what in ("added", "removed", "changed"))
    lines: Lines = [
        Content.styled(f"  From {old} to {new}", "bold"),
        Content(f"  {counts}, {difference.kept} kept"),
    ]
    if not difference.pairs:
        lines += [Content(""), Content.styled("  They hold the same pairs.", "$text-muted")]
    source = None
    for pair in difference.pairs[:_MOST_PAIRS]:
        if pair.source != source:
            source = pair.source
            lines += [Content(""), Content.styled(f"  {cell(one_line(source), measure).rstrip()}", "bold")]
        sign, style = {"added": ("+", "$text-success"), "removed": ("-", "$text-error")}.get(
            pair.what, ("~", "$text-warning")
        )
        opening = cell(one_line(pair.opening), max(10, measure - 10)).rstrip()
        lines.append(Content.assemble((f"  {sign} ", style), (f"{pair.key:>5}  ", "$text-muted"), opening))
        for change in pair.changes:
            lines += [Content("         ") + line for line in paragraph(change, measure - 10, "$text-muted")]
    if len(difference.pairs) > _MOST_PAIRS:
        left = f"and {len(difference.pairs) - _MOST_PAIRS:,} more: `workbench dataset diff` lists them all"
        lines += [Content(""), *paragraph(left, measure, "$text-muted")]
    return lines


def _report(report: Report, measure: int) -> Lines:
    leaks, warnings, waived = report.leaks, report.warnings, report.waived
    # A leak is a training pair under one rule, as the lists count them; one sentence may tell of several.
    lines: Lines = [Content(""), _heading(counted(len(leaks), "leak") if leaks else "Leaks")]
    if not leaks:
        lines.append(Content.styled("  none found", "$text-success"))
    lines += _findings(leaks, measure, "$text-warning")
    for slug in report.unclear_topics:
        words = f"Not looked for: the name of canary {slug} does not say its topic. Name it by its topic."
        lines += paragraph(words, measure, "$text-muted")
    if warnings:
        lines += [Content(""), _heading(counted(len(warnings), "warning"))]
        lines += _findings(warnings, measure, "$text-warning")
    if waived:
        lines += [Content(""), _heading(f"{len(waived):,} waived")]
        reasons: dict[tuple[str, str], list[Finding]] = {}
        for finding in waived:
            reasons.setdefault((finding.rule, finding.waived), []).append(finding)
        for (rule, reason), some in reasons.items():
            lines += paragraph(f"{rule}: {reason}", measure, "$foreground")
            about = some[0].message if len(some) == 1 else f"{len(some)} findings. {some[0].message}"
            lines += [Content("  ") + line for line in paragraph(about, measure - 2, "$text-muted")]
    return lines + _statistics(report.statistics, measure)


def _heading(words: str) -> Content:
    return Content.styled(f"  {words}", "bold")


def _findings(findings: Sequence[Finding], measure: int, style: str) -> Lines:
    together: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        together.setdefault((finding.rule, finding.source, finding.other_source), []).append(finding)
    lines: Lines = []
    for (rule, source, other), some in list(together.items())[:_MOST]:
        if len(some) < _TOGETHER or some[0].scope != "pair":
            for finding in some[:_SHOWN_PAIRS]:
                lines += paragraph(finding.message, measure, style)
            if len(some) > _SHOWN_PAIRS:
                lines += paragraph(f"and {len(some) - _SHOWN_PAIRS} more of {rule}", measure, "$text-muted")
            continue
        ids = ", ".join(finding.subject for finding in some[:_SHOWN_PAIRS])
        more = f" and {len(some) - _SHOWN_PAIRS} more" if len(some) > _SHOWN_PAIRS else ""
        met = f" and {other}" if other else ""
        words = (
            f"{rule}: {counted(len(some), some[0].severity)}, pairs of {source}{met} ({ids}{more}). {some[0].message}"
        )
        lines += paragraph(words, measure, style)
    left = sum(map(len, list(together.values())[_MOST:]))
    if left:
        lines += paragraph(f"and {left:,} more: `workbench check` lists them all", measure, "$text-muted")
    return lines


def _statistics(made_of: Statistics, measure: int) -> Lines:
    lines: Lines = [
        Content(""),
        Content.assemble((f"  {cell('Tiers', 16)}", "bold"), ("   train  holdout", "$text-muted")),
    ]
    for tier, (train, holdout) in made_of.tiers().items():
        lines.append(Content(f"  {cell(tier, 16)}{train:>8,}{holdout:>9,}"))
    lines += _histogram("Responses, in words", made_of.responses)
    lines += _histogram("Whole pairs, in words", made_of.totals)
    for count in made_of.tokens:
        about = "" if count.exact else ", an estimate"
        over = f", {len(count.over)} longer" if count.over else ""
        lines += _histogram(
            f"Whole pairs, in tokens of {one_line(count.model)}{about} (takes {count.limit:,}{over})", count.lengths
        )
    lines += [Content(""), Content.styled("  Sources", "bold")]
    most = max((item.pairs for item in made_of.sources), default=1)
    ordered = sorted(made_of.sources, key=lambda item: (item.split == "holdout", -item.pairs, item.source))
    return lines + [_source_line(item, most, measure) for item in ordered]


def _histogram(title: str, found: Histogram) -> Lines:
    lines: Lines = [
        Content(""),
        Content.styled(f"  {title}", "bold"),
        Content.styled(
            f"  median {found.median:,}, longest {found.longest:,}, together {found.total:,}", "$text-muted"
        ),
    ]
    most = max(found.counts, default=1)
    shortest = next((number for number, count in enumerate(found.counts) if count), 0)
    for number, count in list(enumerate(found.counts))[shortest:]:
        first = number * found.width
        bar = "▇" * (max(1, round(_BAR * count / most)) if count else 0)
        name = f"{first:,}–{first + found.width - 1:,}"
        lines.append(Content.assemble((f"  {name:>13} ", "$text-muted"), (bar, "$accent"), f" {count:,}"))
    return lines


def _source_line(item: SourceCount, most: int, measure: int) -> Content:
    held = item.split == "holdout"
    bar = "▇" * max(1, round(12 * item.pairs / most))
    return Content.assemble(
        f"  {cell(one_line(item.source), max(12, measure - 33))} ",
        (cell("held" if held else "", 6), "bold $accent"),
        cell(str(item.pairs), 5, right=True),
        "  ",
        (bar, "$text-muted" if held else "$accent"),
    )
