"""Keys of Datasets for what may be frozen: check it, compare two, set a finding aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from curation.counted import counted
from workbench.screens.dataset_base import CANDIDATE_ID, DatasetBase
from workbench.screens.found import open_pair
from workbench.screens.report_lines import comparison_lines
from workbench.screens.shell import CancelledCall, ProgressCall
from workbench.screens.waive import open_waivers
from workbench.widgets.dialogs import Choice, ChoiceDialog
from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from curation.findings import Finding
    from store.datasets import DatasetRow
    from workbench.operations.checking import Report
    from workbench.operations.comparing import Comparison

# Of the findings that name a pair, so many are listed to go to; what lies beyond comes once some of these are mended.
_MOST_PAIRS = 60
_MESSAGE_CELLS = 46


class CheckKeys(DatasetBase):
    """Check, compare, waive."""

    def action_check(self) -> None:
        """Look for leaks and broken rules in what a freeze would take now."""
        project, app = self.project, self.app

        def operate(progress: ProgressCall, cancelled: CancelledCall) -> Report | None:
            from workbench.operations.checking_job import check_in_child

            return check_in_child(project, progress=progress, cancelled=cancelled)

        def done(report: Report | None) -> None:
            if report is None:
                app.say("The check was cancelled; the one before stands.")
                return
            app.project_changed()
            leaks, warnings = len(report.leaks), len(report.warnings)
            app.say(
                f"Checked: {counted(leaks, 'leak')}, {counted(warnings, 'warning')}, {len(report.waived)} waived. "
                "W waives with a reason.",
                "warning" if leaks else "information",
            )
            if self.is_current:
                self.go_to_dataset(CANDIDATE_ID)

        app.background("Check", operate, done, about="datasets")

    def action_compare(self) -> None:
        """Compare the two marked datasets, or the current one with the one before it."""
        chosen = self.datasets.targets
        order = list(self.datasets.ids)
        if len(chosen) == 1 and not self.datasets.marked:
            chosen = order[order.index(chosen[0]) : order.index(chosen[0]) + 2]
        if len(chosen) != 2:
            self.say("Mark two datasets with space, or stand on one that has another before it.", "warning")
            return
        new, old = chosen
        numbers = {item: self._number(item) for item in chosen}

        def ask() -> Comparison:
            from workbench.operations.comparing import compare_datasets

            return compare_datasets(self.project, numbers[old], numbers[new])

        def show(found: Comparison) -> None:
            self.read_pane()
            self.report.focus()
            self.report.lay(lambda width: comparison_lines(found, width))
            self.comparing = True

        self.ask(ask, show, group="report")

    def _number(self, dataset_id: int) -> int | None:
        row: DatasetRow | object | None = self.datasets.row(dataset_id)
        return getattr(row, "number", None)

    def action_waive(self) -> None:
        """Set a finding of the dataset under the cursor aside, or let it stand again."""
        nothing = "There is nothing to waive here. c looks for leaks and broken rules."
        open_waivers(self, self._asked_findings(), nothing=nothing)

    def _asked_findings(self) -> Callable[[], list[Finding]]:
        """Return a call that reads the findings of the dataset under the cursor."""
        dataset_id = self.datasets.current

        def ask() -> list[Finding]:
            from workbench.operations.checking import last_check
            from workbench.operations.freezing import dataset_view

            if dataset_id:
                return list(dataset_view(self.project, dataset_id).report.findings)
            report = last_check(self.project)
            return [] if report is None else list(report.findings)

        return ask

    def action_open_pair(self) -> None:
        """Go to the pair that a refusal named, or to one that the report of the dataset under the cursor names."""
        refused = self.app.refused_pairs
        if refused:
            # The next time, to the next one.
            self.app.refused_pairs = refused[1:]
            open_pair(self.app, refused[0])
            return

        def show(findings: list[Finding]) -> None:
            found = [item for item in findings if item.scope == "pair" and item.subject.isdigit() and not item.waived]
            # What no freeze takes comes first, then what the measuring suffers from.
            found.sort(key=lambda item: (item.rule != "empty", item.severity != "leak"))
            if not found:
                self.say("This report names no pair. c looks for leaks and broken rules.", "warning")
                return
            choices = [
                Choice(
                    value=int(item.subject),
                    name=f"pair {item.subject}",
                    words=cell(one_line(item.message), _MESSAGE_CELLS),
                )
                for item in found[:_MOST_PAIRS]
            ]
            words = f"The first {_MOST_PAIRS} of {len(found):,}." if len(found) > _MOST_PAIRS else ""
            self.app.push_screen(
                ChoiceDialog("Go to which pair?", choices, words=words),
                lambda pair_id: None if pair_id is None else open_pair(self.app, pair_id),
            )

        self.ask(self._asked_findings(), show, group="findings")
