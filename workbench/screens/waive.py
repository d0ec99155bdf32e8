"""The dialogs that set a finding aside with a reason, or let it stand again; Datasets and Pairs open them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from curation.findings import Finding
from workbench.screens.base import ProjectScreen
from workbench.widgets.dialogs import Choice, ChoiceDialog, ConfirmDialog, TextDialog
from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from curation.findings import Scope

# Of more findings than this the narrower rules are waived for their source, or on the command line.
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
        shown = _distinct(findings)[:_MOST]
        if not shown:
            screen.say(nothing, "warning")
            return
        choices = [
            Choice(value=item, name=f"{number} {item.rule}", words=cell(one_line(_about(item)), _MESSAGE_CELLS))
            for number, item in enumerate(shown, start=1)
        ]
        dialog = ChoiceDialog("Which of these?", choices, words="One that is waived already stands again when chosen.")
        screen.app.push_screen(dialog, lambda finding: None if finding is None else _chosen(screen, finding))

    screen.ask(ask, show, group="waive")


def _distinct(findings: list[Finding]) -> list[Finding]:
    """Return one finding for each rule and subject, those that stand first."""
    by_subject: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        by_subject.setdefault((finding.rule, finding.subject), finding)
    return sorted(by_subject.values(), key=lambda item: (bool(item.waived), item.severity))


def _about(finding: Finding) -> str:
    return f"waived: {finding.waived}" if finding.waived else finding.message


def _chosen(screen: ProjectScreen, finding: Finding) -> None:
    if finding.waived:
        _take_back(screen, finding)
        return
    scopes: list[Choice[tuple[Scope, str]]] = []
    if finding.scope == "pair":
        scopes.append(Choice(value=("pair", finding.subject), name="this pair", words=f"pair {finding.subject}"))
    if finding.source:
        scopes.append(Choice(value=("source", finding.source), name="its essay", words=finding.source))
    scopes.append(Choice(value=("dataset", ""), name="everything", words=f"{finding.rule}, wherever it is found"))
    if len(scopes) == 1:
        _why(screen, finding, scopes[0].value)
        return
    dialog = ChoiceDialog(f"Waive {finding.rule} for", scopes, words=finding.message)
    screen.app.push_screen(dialog, lambda scope: None if scope is None else _why(screen, finding, scope))


def _why(screen: ProjectScreen, finding: Finding, scope: tuple[Scope, str]) -> None:
    def given(reason: str | None) -> None:
        if reason is None:
            return
        if not reason.strip():
            screen.say("Nothing was waived: a waiver needs its reason.", "warning")
            return

        def operate() -> None:
            from workbench.operations.waiving import waive

            waive(screen.project, rule=finding.rule, scope=scope[0], subject=scope[1], reason=reason)

        _act(screen, operate, f"Waived {finding.rule}: u takes it back. The reason stands in every report.")

    title = f"Why is {finding.rule} no trouble here?"
    screen.app.push_screen(TextDialog(title, finding.message), given)


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
