"""What the parts of Datasets share: its two lists, and what each part asks of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.screens.base import ProjectScreen
from workbench.widgets.page_list import PageList
from workbench.widgets.text_view import TextView

if TYPE_CHECKING:
    from store.canaries import Canary
    from store.datasets import DatasetRow

# The row of what a freeze would take now: no dataset has this id.
CANDIDATE_ID = 0


@dataclass(frozen=True, kw_only=True)
class CandidateRow:
    """What a freeze would take now; `leaks` is None before it was checked, `first` when nothing is frozen yet."""

    train_pairs: int
    holdout_pairs: int
    leaks: int | None
    stale: bool
    first: bool


class DatasetBase(ProjectScreen):
    """The lists of the screen, and the calls from part to part."""

    # Whether the pane shows a comparison, which stands whatever is asked for anew, until the cursor or the focus moves.
    comparing = False

    @property
    def datasets(self) -> PageList[DatasetRow | CandidateRow]:
        """The list of datasets, what a freeze would take now first."""
        return self.query_one("#dataset-list", PageList)

    @property
    def canaries(self) -> PageList[Canary]:
        """The list of canary prompts."""
        return self.query_one("#canary-list", PageList)

    @property
    def report(self) -> TextView:
        """The pane beside the lists."""
        return self.query_one("#report", TextView)

    def changed(self, words: str) -> None:
        """Say what was done, and ask again for what is shown."""
        self.say(words)
        self.on_project_changed()
        self.refresh_status()

    def go_to_dataset(self, dataset_id: int) -> None:
        """Ask again for what is shown, with the cursor on a dataset."""
        raise NotImplementedError

    def read_pane(self) -> None:
        """Bring the pane into view where there is no room for it beside the lists."""
        raise NotImplementedError
