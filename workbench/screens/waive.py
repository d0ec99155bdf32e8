"""The dialogs that set a finding aside with a reason, or let it stand again; Datasets and Pairs open them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from curation.counted import counted
from curation.findings import Finding
from workbench.screens.base import ProjectScreen
from workbench.widgets.dialogs import Choice, ChoiceDialog, ConfirmDialog, TextDialog
from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from curation.findings import Scope

# What lies beyond is waived once some of these are, or on the command line.
_MOST = 60
_MESSAGE_CELLS = 46


def open_waivers(screen: ProjectScreen, ask: Callable[[], list[Finding]], *, nothing: str) -> None:
    """Ask which finding, how far, and why; then waive it, or take its waiver back.

    Args:
        screen: it is opened over; its `on_project_changed` is called afterwards.
        ask: reads the findings, in a thread.
        nothing: what to say when there are none.
    """

    def show(findings: list[Finding]) -> None:
        groups = _groups(findings)[:_MOST]
        if not groups:
            screen.say(nothing, "warning")
            return
        choices = [
            Choice(value=group, name=group[0].rule, words=cell(one_line(_about(group)), _MESSAGE_CELLS))
            for group in groups
        ]
        words = "One that is waived already stands again when chosen."
        dialog = ChoiceDialog("Waive which finding?", choices, words=words, typed_next=True)
        screen.app.push_screen(dialog, lambda group: None if group is None else _chosen(screen, group))

    screen.ask(ask, show, group="waive")


def _groups(findings: list[Finding]) -> list[list[Finding]]:
    """Return the findings of one rule between the same two essays together, those that stand first."""
    found: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.rule, finding.source, finding.other_source, finding.waived), []).append(finding)
    return sorted(found.values(), key=lambda group: (bool(group[0].waived), group[0].severity))


def _about(group: list[Finding]) -> str:
    first = group[0]
    several = f"{counted(len(group), first.severity)}, pairs of {first.source}. {first.message}"
    about = several if len(group) > 1 and first.scope == "pair" else first.message
    return f"waived: {first.waived}" if first.waived else about


def _chosen(screen: ProjectScreen, group: list[Finding]) -> None:
    finding = group[0]
    if finding.waived:
        _take_back(screen, finding)
        return
    scopes: list[Choice[tuple[Scope, str]]] = []
    if finding.scope == "pair" and len(group) == 1:
        scopes.append(Choice(value=("pair", finding.subject), name="this pair", words=f"pair {finding.subject}"))
    if finding.source:
        scopes.append(Choice(value=("source", finding.source), name="its essay", words=finding.source))
    scopes.append(Choice(value=("dataset", ""), name="everything", words=f"{finding.rule}, wherever it is found"))
    if len(scopes) == 1:
        _why(screen, finding, scopes[0].value)
        return
    dialog = ChoiceDialog(f"Waive {finding.rule} for", scopes, words=finding.message, typed_next=True)
    screen.app.push_screen(dialog, lambda scope: None if scope is None else _why(screen, finding, scope))


def _why(screen: ProjectScreen, finding: Finding, scope: tuple[Scope, str]) -> None:
    def given(reason: str | None) -> None:
        if reason is None:
            return

        def operate() -> None:
            from workbench.operations.waiving import waive

            waive(screen.project, rule=finding.rule, scope=scope[0], subject=scope[1], reason=reason)

        _act(screen, operate, f"Waived {finding.rule}: u takes it back. The reason stands in every report.")

    title = f"Why is {finding.rule} no trouble here?"
    needs = "A waiver needs its reason: it stands in every report. Write it, or leave with esc."
    screen.app.push_screen(TextDialog(title, finding.message, needs=needs), given)


def _take_back(screen: ProjectScreen, finding: Finding) -> None:
    def answered(yes: bool | None) -> None:
        if not yes:
            return

        def operate() -> None:
            from workbench.operations.waiving import covering, take_back

            waiver = covering(screen.project, replace(finding, waived=""))
            if waiver is not None:
                take_back(screen.project, waiver.id)

        _act(screen, operate, f"{finding.rule} stands again.")

    dialog = ConfirmDialog(f"Let {finding.rule} stand again?", f"Waived: {finding.waived}\n\n{finding.message}")
    screen.app.push_screen(dialog, answered)


def _act(screen: ProjectScreen, operate: Callable[[], None], words: str) -> None:
    def done(_none: None) -> None:
        screen.say(words)
        screen.on_project_changed()
        screen.refresh_status()

    screen.act(operate, done)
