"""Experiments: the tree of runs, and of the one under the cursor what changed, what is noise, what was learnt.

Nothing here waits for a job: the collector folds in what jobs write, and this screen asks again when something came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from curation.counted import counted
from curation.quoted import quoted
from workbench.screens.experiment_base import NOTEBOOK_ID, Detail
from workbench.screens.experiment_launch import LaunchKeys
from workbench.screens.experiment_lines import LEGEND, NotebookRow, tree_heading, tree_line
from workbench.screens.experiment_notes import NotebookKeys
from workbench.screens.experiment_panel import comparison_lines, experiment_lines, note_lines
from workbench.screens.run_lines import short_name
from workbench.widgets.filter_line import FilterLine
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import one_line
from workbench.widgets.text_view import Lines, TextView

if TYPE_CHECKING:
    from store.search import Hit
    from workbench.operations.experiments import Branch

_EMPTY = (
    "No runs to compare yet. Launch one in Runs: press 4, then r. A copy of it with one change makes the first branch, "
    "a copy with another seed shows what is noise. n notes what was learnt so far."
)


class Heading(Static):
    """The names of the columns, laid out for the tree's width."""

    def render(self) -> Content:
        """Draw the line."""
        return tree_heading(self.size.width - 1)


class ExperimentsScreen(NotebookKeys, LaunchKeys):
    """The tree of runs, and one of them, or two compared, beside it."""

    NAME = "experiments"
    FOLLOWS_RUNS = True
    LEGEND = LEGEND
    CSS_PATH = "experiments.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "equals_sign", "compare", "compare", tooltip="mark a run, and compare with it", id="experiments.compare"
        ),
        Binding("r", "launch", "launch", tooltip="launch a copy of this run", id="experiments.launch"),
        Binding("R", "replicate", "replicate", tooltip="launch it again with another seed", id="experiments.replicate"),
        Binding("x", "export", "export", tooltip="write all this to a file", id="experiments.export"),
        Binding("slash", "filter", "filter", tooltip="only runs that hold some words", id="experiments.filter"),
        Binding(
            "a",
            "all",
            "all or whole",
            show=False,
            tooltip="leave out smoke runs, failed ones and those made elsewhere, or show all",
            id="experiments.all",
        ),
        Binding("4", "runs", "in Runs", show=False, tooltip="go to this run in Runs", id="experiments.runs"),
        Binding(
            "o",
            "review",
            "review",
            key_display="enter",
            show=False,
            tooltip="review this run",
            id="experiments.review",
        ),
        Binding("y", "copy", "copy name", show=False, tooltip="copy the run's name", id="experiments.copy"),
        Binding("tab,shift+tab", "other_pane", "other pane", show=False, id="experiments.pane"),
        Binding("escape", "back", "back", show=False, id="experiments.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._ids: dict[str, int] = {}
        self._branches: list[Branch] = []
        self._wanted: str | None = None
        self._placed = False
        self._words = ""
        self._all = True

    def compose_body(self) -> ComposeResult:
        """Lay out the tree and the pane."""
        with Horizontal(id="columns"):
            with Vertical(id="tree-side"):
                yield Static("", id="tree-title", classes="pane-title", markup=False)
                yield FilterLine("filter by words of name, model, note or change")
                yield Heading(id="tree-heading")
                yield PageList(tree_line, id="tree", empty=_EMPTY)
            with Vertical(id="detail-side"):
                yield Static("esc back to the tree", id="detail-title", classes="pane-title", markup=False)
                yield TextView(id="detail")

    def on_mount(self) -> None:
        """Put the focus on the tree; take in a note that a killed program left."""
        self.tree_list.focus()
        self.take_note()

    def go_to_found(self, hit: Hit) -> None:
        """Have the cursor on the run of a note that was found."""
        self.select(hit.run)

    def select(self, run: str) -> None:
        """Have the cursor on a run, or on the notebook where that is empty, when the tree is asked for next."""
        self._wanted = run
        if self._words:
            self._words = ""
            self.query_one(FilterLine).restore("")

    def on_project_changed(self) -> None:
        """Ask for the tree again."""
        project, words, first = self.project, self._words, not self._placed
        whole = None if first else not self._all

        def ask() -> tuple[list[Branch], int, object | None, bool]:
            from workbench.operations import guide
            from workbench.operations.experiments import tree
            from workbench.operations.noting import notes

            left_out = guide.recall(project, "experiments.whole") is True if whole is None else whole
            place = guide.recall(project, "experiments.cursor") if first else None
            return tree(project, words=words, all_runs=not left_out), len(notes(project)), place, left_out

        self.ask(ask, self._show, group="rows", fresh=True)

    def _show(self, answer: tuple[list[Branch], int, object | None, bool]) -> None:
        self._branches, noted, place, left_out = answer
        self._all = not left_out
        for branch in self._branches:
            # Given in the order they are first seen and never again: new runs leave the others' lines alone.
            self._ids.setdefault(branch.row.name, len(self._ids) + 1)
        rows: dict[int, Branch | NotebookRow] = {self._ids[item.row.name]: item for item in self._branches}
        ids = list(rows)
        if noted or rows:
            rows[NOTEBOOK_ID] = NotebookRow(notes=noted)
            ids.insert(0, NOTEBOOK_ID)
        empty = f"No run holds {quoted(one_line(self._words))}. Press esc to see all." if self._words else _EMPTY
        self.set_class(not rows, "-none")
        self.tree_list.hold(rows)
        self.tree_list.show(ids, cursor=self._place_of(place), empty=empty)
        self._placed = True
        self._show_title()
        self._ask_detail()

    def _place_of(self, place: object | None) -> int | None:
        """Return where the cursor goes: to what is wanted, to where it was left, at first to the newest run."""
        wanted, self._wanted = self._wanted, None
        if wanted is None and not self._placed:
            newest = max(self._branches, key=lambda item: item.row.created_at, default=None)
            wanted = place if isinstance(place, str) else newest.row.name if newest is not None else None
        if wanted is None:
            return None
        return self._ids.get(wanted, NOTEBOOK_ID)

    def _show_title(self) -> None:
        marked = [item for item in self.tree_list.marked if item != NOTEBOOK_ID]
        parts = [counted(len(self._branches), "run")]
        if not self._all:
            parts.append("whole ones only: a shows all")
        if marked:
            parts.append(f"{len(marked)} marked: = compares")
        elif self.has_class("-narrow") and self._branches:
            parts.append("tab: what changed, and what is noise")
        self.query_one("#tree-title", Static).update(Content(" · ".join(parts) if self.tree_list.ids else ""))

    @on(PageList.Marked)
    def _marked(self) -> None:
        self._show_title()

    @on(PageList.Moved)
    def _moved(self) -> None:
        if not self._placed:
            return
        branch = self.branch
        self.keep("cursor", branch.row.name if branch is not None else "")
        self.comparing = None
        self._ask_detail()
        self.refresh_bindings()

    @on(PageList.Opened)
    def _opened(self) -> None:
        branch = self.branch
        if branch is None:
            self._read()
        elif branch.tally is not None:
            self.action_review()
        else:
            self.action_runs()

    def _ask_detail(self) -> None:
        subject = self.subject
        self.ask(lambda: self.read_detail(subject), self._show_detail, group="detail", fresh=True)

    def _show_detail(self, detail: Detail) -> None:
        same = self.detail is not None and self.detail.subject == detail.subject
        self.detail = detail
        self.pane.lay(self._lines, keep_scroll=same)

    def _lines(self, width: int) -> Lines:
        detail = self.detail
        if detail is None or not self.tree_list.ids:
            return []
        if detail.comparison is not None:
            head = Content.styled(short_name(detail.comparison.run, width), "bold")
            return [head, *comparison_lines(detail.comparison, width, notes=True)]
        if detail.experiment is not None:
            return experiment_lines(detail.experiment, width)
        return [Content.styled("What was learnt", "bold"), Content(""), *note_lines(detail.notes, width)]

    def on_resize(self) -> None:
        """Say how the pane is come by, for the room there is now."""
        self.call_after_refresh(self._show_title)

    @on(FilterLine.Filtered)
    def _filtered(self, event: FilterLine.Filtered) -> None:
        self._words = event.words
        self.on_project_changed()

    @on(FilterLine.Closed)
    def _filter_closed(self) -> None:
        self.tree_list.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the line under the cursor allows."""
        if action == "export" and self.is_mounted:
            return bool(self._branches)
        if action in ("compare", "launch", "replicate", "runs", "review", "copy") and self.is_mounted:
            branch = self.branch
            if action in ("runs", "review"):
                return True
            if branch is None:
                return False
            return action != "replicate" or branch.sort in ("training", "smoke")
        return True

    def action_compare(self) -> None:
        """Compare the two marked runs, or the one under the cursor with the marked one; else mark it."""
        names = {item: name for name, item in self._ids.items()}
        marked = [names[item] for item in self.tree_list.ids if item in self.tree_list.marked and item != NOTEBOOK_ID]
        branch = self.branch
        if branch is None:
            return
        here = branch.row.name
        others = [name for name in marked if name != here]
        if len(marked) == 2 and here not in marked:
            self._compare(marked[1], marked[0])
        elif len(others) == 1:
            self._compare(here, others[0])
        elif not others:
            self.tree_list.marked = {self._ids[here]}
            self.tree_list.refresh()
            self._show_title()
            self.say(f"{short_name(here, 30)} is marked: go to another run, and = compares it with this one.")
        else:
            self.say(f"{len(marked)} are marked, and two are compared: take marks off with space, or all with esc.")

    def _compare(self, run: str, other: str) -> None:
        self.tree_list.unmark()
        self.comparing, self.compared_at = (run, other), self.tree_list.current
        self._show_title()
        self._ask_detail()
        self.say("Compared: n notes what it shows; esc, or another run, ends it.")
        if self.has_class("-narrow"):
            self._read()

    def action_export(self) -> None:
        """Write the experiments to a file: a report, a line a run, or preference pairs."""
        from workbench.screens.experiment_export import ask_export

        ask_export(self)

    def action_all(self) -> None:
        """Leave out smoke runs, failed ones and those made elsewhere, or show all."""
        self._all = not self._all
        self.keep("whole", not self._all)
        self.on_project_changed()
        self.say("All runs." if self._all else "Only whole runs: a shows all.")

    def action_filter(self) -> None:
        """Filter by words."""
        self.remove_class("-reading")
        self.query_one(FilterLine).open()

    def action_other_pane(self) -> None:
        """Go between tree and pane, which takes the tree's room where there is none beside it."""
        if self.tree_list.has_focus and self.tree_list.current is not None:
            self._read()
        else:
            self.remove_class("-reading")
            self.tree_list.focus()

    def _read(self) -> None:
        self.set_class(self.has_class("-narrow"), "-reading")
        self.pane.focus()

    @on(events.DescendantFocus)
    def _focus_moved(self, event: events.DescendantFocus) -> None:
        self.refresh_bindings()

    def action_back(self) -> None:
        """Leave the pane, then the comparison, the filter, the marks; else cancel what is going on."""
        if self.has_class("-reading") or self.pane.has_focus:
            self.remove_class("-reading")
            self.tree_list.focus()
        elif self.comparing is not None:
            self.comparing = None
            self._ask_detail()
        elif self._words:
            self.query_one(FilterLine).reset()
        elif self.tree_list.marked:
            self.tree_list.unmark()
        else:
            self.app.cancel_background()

    def action_copy(self) -> None:
        """Copy the run's name."""
        if self.branch is not None:
            self.app.copy_to_clipboard(self.branch.row.name)
            self.say(f"Copied {self.branch.row.name}")
