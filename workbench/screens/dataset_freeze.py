"""The key of Datasets that freezes; leaks are said before anything is frozen, and then it takes a second key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from curation.counted import counted
from workbench.screens.dataset_base import CANDIDATE_ID
from workbench.screens.dataset_checks import CheckKeys
from workbench.screens.shell import CancelledCall, ProgressCall
from workbench.widgets.dialogs import Dialog
from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from curation.findings import Finding
    from workbench.operations.checking import Report
    from workbench.operations.freezing import FreezeReport

Answer = Literal["freeze", "read", "pairs", "waive"]

# Lines that name what the leaks lie between, and the cells of one.
_MOST, _CELLS = 6, 68


def between(leaks: Sequence[Finding]) -> list[str]:
    """Say of leaks what they lie between, one line for each rule and the two that meet, the most first."""
    found = Counter(
        # A canary prompt is named by its slug alone, a pair by its number and its essay.
        (leak.rule, leak.source, leak.other_source, leak.other == leak.other_source)
        for leak in leaks
    )
    lines = []
    for (rule, source, other, is_canary), count in found.most_common():
        met = f" and {'canary' if is_canary else 'held-out'} {other}" if other else ""
        lines.append(f"{rule}: {counted(count, 'pair')} of {source}{met}")
    return lines


class LeakDialog(Dialog[Answer]):
    """Says which leaks a freeze would take in, and asks what to do."""

    KEYS = "y freeze anyway · enter report · o their pairs · W waive · esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        # No `f`: pressed twice, or held, it would freeze before anything was read.
        Binding("y", "answer('freeze')", show=False),
        Binding("enter", "answer('read')", show=False),
        Binding("o", "answer('pairs')", show=False),
        Binding("W", "answer('waive')", show=False),
    ]

    def __init__(self, leaks: Sequence[Finding]) -> None:
        words = "What stands on both sides is learnt, and then measured as if it were new."
        super().__init__(f"{counted(len(leaks), 'leak')} in what would be frozen", words)
        self._leaks = leaks

    def compose_body(self) -> ComposeResult:
        """Yield what the leaks lie between."""
        lines = between(self._leaks)
        shown = [cell(one_line(line), _CELLS).rstrip() for line in lines[:_MOST]]
        if len(lines) > _MOST:
            shown.append(f"and {len(lines) - _MOST} more of the kind, in the report")
        yield Static(Content("\n".join(shown)))

    def action_answer(self, answer: Answer) -> None:
        """Leave with the answer."""
        self.dismiss(answer)


class FreezeKeys(CheckKeys):
    """Freeze."""

    def action_freeze(self) -> None:
        """Freeze what is accepted, behind everything else; it is checked first, and leaks are asked about."""
        self._freeze(leaks_too=False)

    def _freeze(self, *, leaks_too: bool) -> None:
        project, app = self.project, self.app

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> FreezeReport | Report | None:
            from workbench.operations.checking_job import freeze_in_child

            return freeze_in_child(project, leaks_too=leaks_too, progress=progress, cancelled=cancelled)

        def done(report: FreezeReport | Report | None) -> None:
            from workbench.operations.checking import Report

            if report is None:
                app.say("Nothing was frozen.")
                return
            app.project_changed()
            if isinstance(report, Report):
                self._ask(report.leaks)
            else:
                self._frozen(report)

        app.background("Freeze", operate, done, about="datasets")

    def _ask(self, leaks: Sequence[Finding]) -> None:
        left = f"Nothing was frozen: {counted(len(leaks), 'leak')}. "
        if not self.is_current:
            # She is elsewhere by now, and a key would be meant for what is there.
            self.app.say(f"{left}f in Datasets (3) says which.", "warning")
            return
        self.go_to_dataset(CANDIDATE_ID)

        def answered(answer: Answer | None) -> None:
            if answer == "freeze":
                self._freeze(leaks_too=True)
            elif answer == "read":
                self.datasets.focus()
                self.read_pane()
                self.go_to_dataset(CANDIDATE_ID)
            elif answer == "pairs":
                self.action_open_pair()
            elif answer == "waive":
                self.action_waive()
            else:
                self.say(f"{left}o goes to a pair of them, W waives with a reason.", "warning")

        self.app.push_screen(LeakDialog(leaks), answered)

    def _frozen(self, done: FreezeReport) -> None:
        row = done.dataset
        what = f"Dataset {row.number} {'frozen' if done.new else 'stands already with these very pairs'}"
        leaks, warnings = len(done.leaks), len(done.warnings)
        words = (
            f"{what}: {row.train_pairs} train, {row.holdout_pairs} holdout, {counted(leaks, 'leak')}. Launch with 4, r."
        )
        if warnings:
            # They stand in the report as well, where there is room for them.
            found = f"{counted(leaks, 'leak')} and {counted(warnings, 'warning')}"
            words = f"{what}, with {found}: enter reads its report."
            if not done.new:
                # Its own report is of then: canary prompts, rules and waivers may have changed since.
                words = f"{what}. Checked now: {found}; enter reads what was found then."
        self.app.say(words, "warning" if leaks or warnings else "information")
        if self.is_current:
            self.go_to_dataset(row.id)
