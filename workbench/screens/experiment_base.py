"""What the parts of Experiments share: the tree and what stands under its cursor, and the calls from part to part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen
from workbench.screens.experiment_lines import NotebookRow
from workbench.widgets.page_list import PageList
from workbench.widgets.text_view import TextView

if TYPE_CHECKING:
    from store.notebook import Note
    from workbench.operations.experiment_view import Experiment, RunComparison
    from workbench.operations.experiments import Branch

# The line of the notebook: no run has this id.
NOTEBOOK_ID = 0


@dataclass(frozen=True, kw_only=True)
class Detail:
    """What the pane shows: a run, two runs compared, or with neither the notebook; and the notes that belong to it."""

    experiment: Experiment | None = None
    comparison: RunComparison | None = None
    notes: tuple[Note, ...] = ()

    @property
    def subject(self) -> tuple[str | None, str | None]:
        """What a note would be on: a run, a run and another one, or the project."""
        if self.comparison is not None:
            return self.comparison.run, self.comparison.other
        return (self.experiment.row.name if self.experiment is not None else None), None


class ExperimentBase(ProjectScreen):
    """The tree, and what is shown of the line under its cursor."""

    detail: Detail | None = None
    # The two runs that are compared, as long as the cursor stays where it was then.
    comparing: tuple[str, str] | None = None
    compared_at: int | None = None

    @property
    def tree_list(self) -> PageList[Branch | NotebookRow]:
        """The tree, the notebook first."""
        return self.query_one("#tree", PageList)

    @property
    def pane(self) -> TextView:
        """The pane beside the tree."""
        return self.query_one("#detail", TextView)

    @property
    def branch(self) -> Branch | None:
        """The run under the cursor; None where the notebook is, or nothing."""
        row = self.tree_list.current_row
        return None if row is None or isinstance(row, NotebookRow) else row

    @property
    def subject(self) -> tuple[str | None, str | None]:
        """What keys act on, before the pane shows it: a run, a run and another one, or with neither the notebook."""
        if self.comparing is not None and self.tree_list.current == self.compared_at:
            return self.comparing
        return (self.branch.row.name if self.branch is not None else None), None

    def read_detail(self, subject: tuple[str | None, str | None]) -> Detail:
        """Read what the pane shows of a subject; no widget is touched."""
        from workbench.operations.experiment_view import compare_runs, experiment
        from workbench.operations.noting import notes

        run, other = subject
        if run is None:
            return Detail(notes=tuple(notes(self.project)))
        if other is not None:
            comparison = compare_runs(self.project, run, other)
            return Detail(comparison=comparison, notes=comparison.notes)
        view = experiment(self.project, run)
        return Detail(experiment=view, notes=view.notes)
