"""Datasets: what a freeze would take now and what was frozen, with their reports; and the canary prompts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.screens.dataset_base import CANDIDATE_ID, CandidateRow
from workbench.screens.dataset_canaries import CanaryKeys
from workbench.screens.dataset_freeze import FreezeKeys
from workbench.screens.dataset_lines import canary_line, canary_lines, dataset_heading, dataset_line
from workbench.screens.report_lines import candidate_lines, dataset_lines
from workbench.widgets.page_list import PageList
from workbench.widgets.text_view import Lines, TextView

if TYPE_CHECKING:
    from store.canaries import Canary
    from store.datasets import DatasetRow
    from store.search import Hit
    from workbench.operations.checking import Report
    from workbench.operations.freezing import DatasetView

_NO_DATASETS = "Nothing is frozen yet. Accept pairs in Pairs, then press f: runs train on nothing else."
_NO_CANARIES = "No canary prompts yet. Press n to write one, or i to import a file of them."


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What the screen shows, asked for at once; `candidate` is None where nothing is accepted."""

    candidate: CandidateRow | None
    report: Report | None
    datasets: list[DatasetRow]
    canaries: list[Canary]
    versions: int
    version: int | None


class DatasetsScreen(FreezeKeys, CanaryKeys):
    """Datasets above, canary prompts below, the selected one's text beside them."""

    NAME = "datasets"
    FOLLOWS_RUNS = False
    CSS_PATH = "datasets.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "freeze", "freeze", tooltip="freeze what is accepted into a dataset", id="datasets.freeze"),
        Binding("c", "check", "check", tooltip="look for leaks and broken rules", id="datasets.check"),
        Binding("W", "waive", "waive", tooltip="set what was found aside, with a reason", id="datasets.waive"),
        Binding("o", "open_pair", "its pairs", tooltip="go to a pair that the report names", id="datasets.open-pair"),
        Binding("D", "compare", "differences", tooltip="compare two datasets", id="datasets.compare"),
        Binding("n", "new_canary", "new prompt", tooltip="write a canary prompt", id="datasets.new-canary"),
        Binding("e", "edit_canary", "edit", tooltip="edit the canary prompt", id="datasets.edit-canary"),
        Binding("d", "remove_canary", "remove", tooltip="remove the canary prompt", id="datasets.remove-canary"),
        Binding("i", "import_canaries", "import prompts", tooltip="import canary prompts", id="datasets.import"),
        Binding("x", "export", "export", tooltip="write the dataset to files", id="datasets.export"),
        Binding("v", "seen", "what the model sees", show=False, id="datasets.seen"),
        Binding("tab", "other_pane", "next pane", tooltip="datasets, prompts, text", id="datasets.pane"),
        Binding("y", "copy", "copy", tooltip="copy the hash or the prompt", show=False, id="datasets.copy"),
        Binding("escape", "back", "back", show=False, id="datasets.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._wanted: int | None = None
        self._found: int | None = None
        self._candidate: tuple[CandidateRow, Report | None] | None = None
        # Whose text the pane shows: of the list that had the focus last.
        self._of_canaries = False
        self._canaries_said = ""

    def go_to_found(self, hit: Hit) -> None:
        """Have the cursor on a canary prompt that was found."""
        self._found = hit.id

    def compose_body(self) -> ComposeResult:
        """Lay out the two lists and the report."""
        with Horizontal(id="columns"):
            with Vertical(id="list-side"):
                yield Static("Datasets", id="datasets-title", classes="pane-title", markup=False)
                yield Static(dataset_heading(), classes="pane-heading")
                yield PageList(dataset_line, id="dataset-list", empty=_NO_DATASETS)
                yield Static("Canary prompts", id="canaries-title", classes="pane-title", markup=False)
                yield PageList(canary_line, id="canary-list", empty=_NO_CANARIES, markable=False)
            with Vertical(id="text-side"):
                yield Static("esc back to the lists", id="report-title", classes="pane-title", markup=False)
                yield TextView(id="report")

    def on_mount(self) -> None:
        """Put the focus on the datasets."""
        self.datasets.focus()
        self._take_draft()

    def action_seen(self) -> None:
        """Show what the models see of the dataset's pairs, or of those that a freeze would take now."""
        from workbench.screens.seen_from import see_dataset

        current = self.datasets.current
        if current is not None:
            see_dataset(self, None if current == CANDIDATE_ID else current)

    def go_to_dataset(self, dataset_id: int) -> None:
        """Ask again for what is shown, with the cursor on a dataset."""
        self._wanted = dataset_id
        self.on_project_changed()

    def on_project_changed(self) -> None:
        """Ask for datasets and prompts again."""

        def ask() -> _Shown:
            from workbench.operations.canaries import canary_rows, canary_sets, frozen_version
            from workbench.operations.checking import last_check
            from workbench.operations.curating import pair_counts
            from workbench.operations.freezing import dataset_rows

            counts, report, frozen = pair_counts(self.project), last_check(self.project), dataset_rows(self.project)
            candidate = CandidateRow(
                train_pairs=counts.accepted_train,
                holdout_pairs=counts.accepted_holdout,
                leaks=None if report is None else len(report.leaks),
                stale=report is not None and report.stale,
                first=not frozen,
            )
            return _Shown(
                candidate=candidate if counts.accepted else None,
                report=report,
                datasets=frozen,
                canaries=canary_rows(self.project),
                versions=len(canary_sets(self.project)),
                version=frozen_version(self.project),
            )

        self.ask(ask, self._show, group="rows")

    def _show(self, shown: _Shown) -> None:
        rows: dict[int, DatasetRow | CandidateRow] = {row.id: row for row in shown.datasets}
        ids = [row.id for row in shown.datasets]
        self._candidate = None
        if shown.candidate is not None:
            self._candidate = (shown.candidate, shown.report)
            rows[CANDIDATE_ID] = shown.candidate
            ids.insert(0, CANDIDATE_ID)
        wanted, self._wanted = self._wanted, None
        self.datasets.put(rows)
        self.datasets.show(ids, cursor=wanted)
        self.canaries.put({row.id: row for row in shown.canaries})
        found, self._found = self._found, None
        self.canaries.show([row.id for row in shown.canaries], cursor=found)
        if found is not None:
            self.canaries.focus()
        self._canaries_said = ""
        if shown.canaries:
            state = "changed since they were frozen" if shown.versions else "not frozen yet"
            if shown.version is not None:
                state = f"frozen as version {shown.version}"
            self._canaries_said = f" · {len(shown.canaries)} · {state}"
        self._show_titles()
        self._show_again()

    def _show_titles(self) -> None:
        """Name the lists; where the pane has no room beside them, say how it is come by."""
        narrow = self.has_class("-narrow")
        datasets, canaries = "Datasets", f"Canary prompts{self._canaries_said}"
        if narrow and self.datasets.ids:
            datasets += " · enter reads the report"
        if narrow and self._canaries_said:
            canaries += f" · tab {'reads it' if self.canaries.has_focus else 'goes there'}"
        self.query_one("#datasets-title", Static).update(Content(datasets))
        self.query_one("#canaries-title", Static).update(Content(canaries))

    def on_resize(self) -> None:
        """Say how the pane is come by, and lay it out, for the room there is now."""
        self.call_after_refresh(self._show_titles)
        self.call_after_refresh(self._show_again)

    def _show_again(self) -> None:
        """Lay the pane out anew, unless it shows what only a key brings."""
        if not self.comparing:
            self._show_selected()

    def _show_selected(self) -> None:
        self.comparing = False
        if self.has_class("-narrow") and not self.has_class("-reading"):
            return
        dataset_id = self.datasets.current
        if self._of_canaries or dataset_id is None:
            row = self.canaries.current_row
            self._lay_canary(row)
        elif dataset_id == CANDIDATE_ID:
            self._lay_candidate()
        else:

            def ask() -> DatasetView:
                from workbench.operations.freezing import dataset_view

                return dataset_view(self.project, dataset_id)

            self.ask(ask, lambda view: self.report.lay(lambda width: dataset_lines(view, width)), group="report")

    def _lay_canary(self, row: Canary | None) -> None:
        self.report.lay(lambda width: [] if row is None else canary_lines(row, width))

    def _lay_candidate(self) -> None:
        candidate = self._candidate

        def make(width: int) -> Lines:
            return [] if candidate is None else candidate_lines(*candidate, width)

        self.report.lay(make)

    @on(PageList.Moved)
    def _moved(self) -> None:
        self._show_selected()

    @on(events.DescendantFocus)
    def _focus_moved(self, event: events.DescendantFocus) -> None:
        if event.widget in (self.datasets, self.canaries):
            self._of_canaries = event.widget is self.canaries
            self._show_titles()
            self._show_selected()

    @on(PageList.Opened, "#dataset-list")
    def _read(self) -> None:
        self.read_pane()
        self._show_selected()

    def read_pane(self) -> None:
        """Bring the pane into view where there is no room for it beside the lists."""
        self.add_class("-reading")
        if self.has_class("-narrow"):
            self.report.focus()

    @on(PageList.Opened, "#canary-list")
    def _opened_canary(self) -> None:
        self.action_edit_canary()

    def action_back(self) -> None:
        """Leave the report, then the marks; else cancel what is going on."""
        if self.report.has_focus or (self.has_class("-reading") and self.has_class("-narrow")):
            self.remove_class("-reading")
            (self.canaries if self._of_canaries else self.datasets).focus()
        elif self.datasets.marked:
            self.datasets.unmark()
        else:
            self.app.cancel_background()

    def action_other_pane(self) -> None:
        """Go from the datasets to the canary prompts, from there to the text of the one chosen, and on from the top."""
        if self.canaries.has_focus:
            self.add_class("-reading")
            self.report.focus()
            self._show_selected()
            return
        self.remove_class("-reading")
        (self.canaries if self.datasets.has_focus else self.datasets).focus()

    def action_export(self) -> None:
        """Write the dataset under the cursor to files."""
        from store.datasets import DatasetRow
        from workbench.screens.dataset_export import ask_export

        row = self.datasets.current_row
        if isinstance(row, DatasetRow):
            ask_export(self, row)
        else:
            self.say("This is not frozen yet: freeze it with f, or put the cursor on a dataset.", "warning")

    def action_copy(self) -> None:
        """Copy the dataset's hash, or the prompt."""
        from store.datasets import DatasetRow

        canary, dataset = self.canaries.current_row, self.datasets.current_row
        if self.canaries.has_focus and canary is not None:
            self.app.copy_to_clipboard(canary.prompt)
            self.say(f"Copied the prompt of {canary.slug}.")
        elif isinstance(dataset, DatasetRow):
            self.app.copy_to_clipboard(dataset.content_hash)
            self.say(f"Copied the hash of dataset {dataset.number}.")
