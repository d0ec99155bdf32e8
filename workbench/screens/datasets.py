"""Datasets: what was frozen, with its report; and the canary prompts, one working set and its versions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.screens.base import ProjectScreen
from workbench.screens.dataset_lines import canary_line, canary_lines, dataset_heading, dataset_line, report_lines
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import visible
from workbench.widgets.text_view import Lines, TextView

if TYPE_CHECKING:
    from curation.errors import Problem
    from store.canaries import Canary
    from store.datasets import DatasetRow
    from workbench.operations.freezing import DatasetView, FreezeReport
    from workbench.screens.canary_form import CanaryDraft

_NO_DATASETS = "Nothing is frozen yet. Accept pairs in Pairs, then press f: runs train on nothing else."
_NO_CANARIES = "No canary prompts yet. Press n to write one, or i to import a file of them."


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What the screen shows, asked for at once."""

    datasets: list[DatasetRow]
    canaries: list[Canary]
    versions: int
    version: int | None


class DatasetsScreen(ProjectScreen):
    """Frozen datasets above, canary prompts below, the selected one's text beside them."""

    NAME = "datasets"
    FOLLOWS_RUNS = False
    CSS_PATH = "datasets.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "freeze", "freeze", tooltip="freeze what is accepted into a dataset", id="datasets.freeze"),
        Binding("n", "new_canary", "new prompt", tooltip="write a canary prompt", id="datasets.new-canary"),
        Binding("e", "edit_canary", "edit", tooltip="edit the canary prompt", id="datasets.edit-canary"),
        Binding("d", "remove_canary", "remove", tooltip="remove the canary prompt", id="datasets.remove-canary"),
        Binding("i,c", "import_canaries", "import prompts", tooltip="import canary prompts", id="datasets.import"),
        Binding("tab", "other_pane", "other list", id="datasets.pane"),
        Binding("y", "copy", "copy", tooltip="copy the hash or the prompt", show=False, id="datasets.copy"),
        Binding("escape", "back", "back", show=False, id="datasets.back"),
    ]

    def compose_body(self) -> ComposeResult:
        """Lay out the two lists and the report."""
        with Horizontal(id="columns"):
            with Vertical(id="list-side"):
                yield Static("Datasets", classes="pane-title")
                yield Static(dataset_heading(), classes="pane-heading")
                yield PageList(dataset_line, id="dataset-list", empty=_NO_DATASETS, markable=False)
                yield Static("Canary prompts", id="canaries-title", classes="pane-title", markup=False)
                yield PageList(canary_line, id="canary-list", empty=_NO_CANARIES, markable=False)
            with Vertical(id="text-side"):
                yield TextView(id="report")

    @property
    def datasets(self) -> PageList[DatasetRow]:
        """The list of datasets."""
        return self.query_one("#dataset-list", PageList)

    @property
    def canaries(self) -> PageList[Canary]:
        """The list of canary prompts."""
        return self.query_one("#canary-list", PageList)

    def on_mount(self) -> None:
        """Put the focus on the datasets."""
        super().on_mount()
        self.datasets.focus()
        self._take_draft()

    def on_project_changed(self) -> None:
        """Ask for datasets and prompts again."""

        def ask() -> _Shown:
            from workbench.operations.canaries import canary_rows, canary_sets, frozen_version
            from workbench.operations.freezing import dataset_rows

            return _Shown(
                datasets=dataset_rows(self.project),
                canaries=canary_rows(self.project),
                versions=len(canary_sets(self.project)),
                version=frozen_version(self.project),
            )

        self.ask(ask, self._show, group="rows")

    def _show(self, shown: _Shown) -> None:
        self.datasets.put({row.id: row for row in shown.datasets})
        self.datasets.show([row.id for row in shown.datasets])
        self.canaries.put({row.id: row for row in shown.canaries})
        self.canaries.show([row.id for row in shown.canaries])
        words = "Canary prompts"
        if shown.canaries:
            state = "changed since they were frozen" if shown.versions else "not frozen yet"
            if shown.version is not None:
                state = f"frozen as version {shown.version}"
            words += f" · {len(shown.canaries)} · {state}"
        self.query_one("#canaries-title", Static).update(Content(words))
        self._show_selected()

    def _show_selected(self) -> None:
        if self.has_class("-narrow") and not self.has_class("-reading"):
            return
        if self.canaries.has_focus or not self.datasets.current:
            row = self.canaries.current_row
            self._lay([] if row is None else None, row)
            return
        dataset_id = self.datasets.current

        def ask() -> DatasetView:
            from workbench.operations.freezing import dataset_view

            return dataset_view(self.project, dataset_id)

        self.ask(ask, lambda view: self._report.lay(lambda width: report_lines(view, width)), group="report")

    @property
    def _report(self) -> TextView:
        return self.query_one("#report", TextView)

    def _lay(self, lines: Lines | None, row: Canary | None) -> None:
        def make(width: int) -> Lines:
            return lines or [] if row is None else canary_lines(row, width)

        self._report.lay(make)

    @on(PageList.Moved)
    def _moved(self) -> None:
        self._show_selected()

    @on(events.DescendantFocus)
    def _focus_moved(self, event: events.DescendantFocus) -> None:
        if event.widget in (self.datasets, self.canaries):
            self._show_selected()

    @on(PageList.Opened, "#dataset-list")
    def _read(self) -> None:
        was_narrow = self.has_class("-narrow")
        self.add_class("-reading")
        self._show_selected()
        if was_narrow:
            self._report.focus()

    @on(PageList.Opened, "#canary-list")
    def _opened_canary(self) -> None:
        self.action_edit_canary()

    def action_back(self) -> None:
        """Leave the report; else cancel what is going on."""
        if self._report.has_focus or (self.has_class("-reading") and self.has_class("-narrow")):
            self.remove_class("-reading")
            self.datasets.focus()
        else:
            self.app.cancel_background()

    def action_other_pane(self) -> None:
        """Go between the datasets and the canary prompts."""
        self.remove_class("-reading")
        (self.canaries if self.datasets.has_focus else self.datasets).focus()

    def action_copy(self) -> None:
        """Copy the dataset's hash, or the prompt."""
        canary, dataset = self.canaries.current_row, self.datasets.current_row
        if self.canaries.has_focus and canary is not None:
            self.app.copy_to_clipboard(canary.prompt)
            self.say(f"Copied the prompt of {canary.slug}.")
        elif dataset is not None:
            self.app.copy_to_clipboard(dataset.content_hash)
            self.say(f"Copied the hash of dataset {dataset.number}.")

    def action_freeze(self) -> None:
        """Freeze what is accepted; duplicates and leaks are looked for meanwhile."""
        self.say("Freezing: looking for leaks …")

        def operate() -> FreezeReport:
            from workbench.operations.freezing import freeze

            return freeze(self.project)

        self.act(operate, self._frozen)

    def _frozen(self, report: FreezeReport) -> None:
        row = report.dataset
        what = f"Dataset {row.number} {'frozen' if report.new else 'stands already with these very pairs'}"
        words = f"{what}: {row.train_pairs} train, {row.holdout_pairs} holdout, {row.leaks} leaks. Launch with 4, r."
        if report.warnings:
            # They stand in the report as well, where there is room for them.
            words = f"{what}, with {len(report.warnings)} warnings and {row.leaks} leaks: enter reads its report."
        self.say(words, "warning" if report.leaks or report.warnings else "information")
        self.on_project_changed()
        self.refresh_status()

    def action_new_canary(self) -> None:
        """Write a new canary prompt."""
        from workbench.screens.canary_form import CanaryDraft

        self._open_form(CanaryDraft())

    def action_edit_canary(self) -> None:
        """Edit the canary prompt under the cursor."""
        row = self.canaries.current_row
        if row is None:
            self.say("There is no canary prompt to edit: write one with n.", "warning")
            return
        from workbench.screens.canary_form import CanaryDraft

        draft = CanaryDraft(
            canary_id=row.id,
            slug=row.slug,
            prompt=row.prompt,
            novel=row.topic == "novel",
            long=row.length == "long",
            reference=row.reference,
        )
        self._open_form(draft)

    def _keep(self, draft: CanaryDraft | None) -> None:
        if draft is None:
            return

        def refused(sentence: str) -> None:
            # A name that is taken, say: what was typed is not thrown away.
            if draft.prompt.strip():
                self.notify(visible(sentence), severity="error", markup=False)
                self._open_form(draft)

        words = "Kept. The next freeze or run makes it a version."
        self.act(lambda: self._store(draft), lambda stored: self._changed(words) if stored else None, failed=refused)

    def _open_form(self, draft: CanaryDraft) -> None:
        from workbench.screens.canary_form import CanaryForm

        self.app.push_screen(CanaryForm(draft), self._keep)

    def _take_draft(self) -> None:
        def operate() -> bool:
            from workbench.operations import guide
            from workbench.screens.canary_form import DRAFT, draft_of

            draft = draft_of(guide.recall(self.project, DRAFT))
            return draft is not None and self._store(draft)

        words = "A canary prompt that was not finished last time was kept. u takes it back."
        self.act(operate, lambda stored: self._changed(words) if stored else None)

    def _store(self, draft: CanaryDraft) -> bool:
        """Make a draft the edit it stands for, in the writer's thread; return whether there was anything to store."""
        from workbench.operations import guide
        from workbench.operations.canaries import add_canary, change_canary
        from workbench.screens.canary_form import DRAFT

        guide.remember(self.project, DRAFT, None)
        topic, length = "novel" if draft.novel else "known", "long" if draft.long else "short"
        if draft.canary_id is not None:
            change_canary(
                self.project,
                draft.canary_id,
                prompt=draft.prompt,
                topic=topic,
                length=length,
                reference=draft.reference,
            )
            return True
        if not draft.prompt.strip():
            return False
        add_canary(
            self.project,
            prompt=draft.prompt,
            slug=draft.slug,
            topic=topic,
            length=length,
            reference=draft.reference,
        )
        return True

    def action_remove_canary(self) -> None:
        """Take the prompt under the cursor out of the working set."""
        row = self.canaries.current_row
        if row is None or not self.canaries.has_focus:
            self.say("Choose a canary prompt first: tab goes to their list.", "warning")
            return

        def operate() -> None:
            from workbench.operations.canaries import remove_canary

            remove_canary(self.project, row.id)

        self.act(operate, lambda _none: self._changed(f"Removed {row.slug}: u brings it back. Versions keep it."))

    def action_import_canaries(self) -> None:
        """Ask for a file of prompts."""
        from workbench.widgets.dialogs import PathDialog

        self.app.push_screen(
            PathDialog(
                "Import canary prompts",
                "A Markdown file of `## name` blocks.",
                root=self.project.root,
                suffixes=(".md", ".markdown", ".txt"),
            ),
            self._import,
        )

    def _import(self, given: str | None) -> None:
        if not given or not given.strip():
            return
        path = self.project.root / Path(given.strip()).expanduser()

        def operate() -> tuple[int, list[Problem]]:
            from workbench.operations.canaries import import_canaries

            return import_canaries(self.project, path)

        def done(result: tuple[int, list[Problem]]) -> None:
            count, problems = result
            self._changed(f"{count} canary prompts imported.")
            if problems:
                self.say("\n".join(str(problem) for problem in problems), "warning")

        self.act(operate, done)

    def _changed(self, words: str) -> None:
        self.say(words)
        self.on_project_changed()
        self.refresh_status()
