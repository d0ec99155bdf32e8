"""Essays: every source with its share used and its side of the split, and the text of the one under the cursor."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from curation.counted import counted
from curation.quoted import quoted
from workbench.screens.essay_cleaning import CleaningKeys
from workbench.screens.essay_follow import FollowKeys, sign, what_happened
from workbench.screens.essay_writing import WritingKeys
from workbench.screens.hold_out import SplitActions
from workbench.screens.proposing import propose
from workbench.widgets.essay_text import essay_lines
from workbench.widgets.filter_line import FilterLine
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import cell, lines_of, one_line
from workbench.widgets.text_view import Lines, TextView

if TYPE_CHECKING:
    from store.coverage import Used
    from store.essays import SourceRow
    from store.search import Hit
    from workbench.operations.essays import EssayView

# kind, words, paragraphs, share used, side, accepted, proposed: their widths in cells.
_WIDTHS = (5, 7, 5, 5, 5, 5, 5)
_FIXED = sum(_WIDTHS)
_EMPTY = "No essays yet. Press i and name a folder of Markdown files; they are read, never changed."


def source_line(row: SourceRow, share: str, width: int) -> Content:
    """Lay a source out as one line of the list; `share` is how much of it is used."""
    held = row.split == "holdout"
    mark = sign(row)
    title_width = max(8, width - _FIXED - 1)
    group = f" +{row.grouped - 1}" if row.grouped > 1 else ""
    return Content.assemble(
        (mark, "$text-warning"),
        (
            cell(one_line(row.title), title_width - len(mark) - len(group)),
            "$foreground" if row.kind != "note" else "$text-muted",
        ),
        (group, "$accent"),
        " ",
        (cell("" if row.kind == "essay" else row.kind, _WIDTHS[0]), "$text-muted"),
        cell(f"{row.words:,}", _WIDTHS[1], right=True),
        (cell(str(row.paragraphs), _WIDTHS[2], right=True), "$text-muted"),
        (cell(share, _WIDTHS[3], right=True), "$text-muted"),
        (cell("held" if held else "", _WIDTHS[4], right=True), "bold $accent"),
        (cell(str(row.accepted or "–"), _WIDTHS[5], right=True), "$text-success" if row.accepted else "$text-muted"),
        (cell(str(row.proposed or "–"), _WIDTHS[6], right=True), "$text-muted"),
    )


def heading_line(width: int) -> Content:
    """Name the columns of `source_line`."""
    names = ("", "words", "¶", "used", "side", "✓", "·")
    title = cell("title", max(8, width - _FIXED - 1))
    cells = "".join(cell(name, size, right=bool(i)) for i, (name, size) in enumerate(zip(names, _WIDTHS, strict=True)))
    return Content.styled(f"{title} {cells}", "$text-muted")


class Heading(Static):
    """The names of the columns, laid out for the pane's width."""

    def render(self) -> Content:
        """Draw the line."""
        return Content("  ") + heading_line(self.size.width - 3)


class EssaysScreen(WritingKeys, CleaningKeys, FollowKeys, SplitActions):
    """The sources of the project."""

    NAME = "essays"
    LEGEND = (
        "Columns: ¶ paragraphs, used: the share of its words that stand in accepted pairs, each counted once (? where "
        "it is not known where they stand in it), ✓ accepted pairs, · proposed ones."
    )
    CSS_PATH = "essays.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "import", "import", tooltip="import files and folders, or look first", id="essays.import"),
        Binding("p", "propose", "propose pairs", id="essays.propose"),
        Binding("h", "hold_out", "hold out", tooltip="hold the essay out, or take it back", id="essays.hold-out"),
        Binding("e", "edit", "edit", tooltip="open the file in $EDITOR; without a file, edit here", id="essays.edit"),
        Binding("E", "edit_outside", show=False, tooltip="edit in $EDITOR, a file or none", id="essays.edit-outside"),
        Binding("c", "clean", "clean", tooltip="what goes of the essay, by which rule", id="essays.clean"),
        Binding("n", "paste", "paste notes", show=False, tooltip="paste notes", id="essays.paste"),
        Binding("slash", "filter", "filter", id="essays.filter"),
        Binding("y", "copy", "copy", tooltip="copy the text", show=False, id="essays.copy"),
        Binding("escape", "back", "back", show=False, id="essays.back"),
        Binding("tab", "other_pane", "other pane", show=False, id="essays.pane"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[SourceRow] = []
        # None until it was found out once.
        self._used: dict[int, Used] | None = None
        # Whether that is being found out, and whether something changed since it began to be.
        self._asking_used = self._ask_used_again = False
        self._words = ""
        self._view: EssayView | None = None
        self._placed = False
        self._found: int | None = None

    def go_to_found(self, hit: Hit) -> None:
        """Have the cursor on an essay or note that was found."""
        self._found = hit.id

    def compose_body(self) -> ComposeResult:
        """Lay out list and text."""
        with Horizontal(id="columns"):
            with Vertical(id="list-side"):
                yield Static("", id="essays-title", classes="pane-title")
                yield FilterLine()
                yield Heading(classes="pane-heading")
                yield PageList(self._line, id="essays-list", empty=_EMPTY)
            with Vertical(id="text-side"):
                yield Static("", id="text-title", classes="pane-title", markup=False)
                yield TextView(id="text")

    @property
    def sources(self) -> PageList[SourceRow]:
        """The list of sources."""
        return self.query_one("#essays-list", PageList)

    def source_rows(self) -> list[SourceRow]:
        """Return every source, whatever the filter."""
        return self._rows

    def on_mount(self) -> None:
        """Put the focus where the keys act; take in an edit that a killed program left."""
        self.sources.focus()
        self.take_draft()
        self.recall_pasted()

    def on_project_changed(self) -> None:
        """Ask for the sources again."""
        found, self._found = self._found, None
        if found is not None and self._words:
            self._words = ""
            self.query_one(FilterLine).restore("")

        def ask() -> tuple[dict[int, SourceRow], object | None]:
            from workbench.operations import guide
            from workbench.operations.essays import essay_rows

            kept = None if self._placed else guide.recall(self.project, "essays.cursor")
            return {row.id: row for row in essay_rows(self.project)}, kept if found is None else found

        self.ask(ask, self._show_rows, group="rows")
        self._ask_used()

    def _ask_used(self) -> None:
        """Ask how much of each source is used, which takes longer than the list; what was shown stands until then.

        Of many pairs it takes longer than the next change of an import that goes on: then one question at a time.
        """
        if self._asking_used:
            self._ask_used_again = True
            return
        self._asking_used, self._ask_used_again = True, False

        def ask() -> dict[int, Used]:
            from workbench.operations.essays import used

            return used(self.project)

        def show(used: dict[int, Used]) -> None:
            changed, self._used = self._used != used, used
            if changed:
                self.sources.redraw()
            over()

        def failed(sentence: str) -> None:
            self.say(sentence, "error")
            over()

        def over() -> None:
            self._asking_used = False
            if self._ask_used_again:
                self._ask_used()

        self.ask(ask, show, group="used", failed=failed)

    def _line(self, row: SourceRow, width: int) -> Content:
        from workbench.operations.essays import used_said

        share = "…" if self._used is None else used_said(row, self._used.get(row.id))
        return source_line(row, share, width)

    def _show_rows(self, answer: tuple[dict[int, SourceRow], object | None]) -> None:
        rows, place = answer
        self._rows = list(rows.values())
        self._placed = True
        self.sources.hold(rows)
        self._fill(place if isinstance(place, int) else None)
        self._ask_text()

    def _fill(self, place: int | None = None) -> None:
        words = self._words.lower()
        found = [row.id for row in self._rows if not words or words in f"{row.title} {row.slug} {row.kind}".lower()]
        shown = quoted(one_line(self._words))
        empty = f"Nothing here has {shown} in its title. Press esc to see all." if words else _EMPTY
        self.sources.show(found, cursor=place, empty=empty)
        self._show_summary()

    def _show_summary(self) -> None:
        self.query_one("#essays-title", Static).update(Content(self._summary()))

    def _summary(self) -> str:
        if not self._rows:
            return ""
        kinds = Counter(row.kind for row in self._rows)
        held = Counter[str](row.kind for row in self._rows if row.split == "holdout")
        parts = [counted(kinds["essay"], "essay"), counted(kinds["note"], "note")]
        if kinds["pairs"]:
            parts.append(f"{kinds['pairs']} of pairs alone")
        for place, kind in enumerate(("essay", "note", "pairs")[: len(parts)]):
            if held[kind] or (kind == "essay" and not held):
                parts[place] += f", {held[kind] or 'none'} held out"
        parts.append(counted(sum(row.words for row in self._rows), "word"))
        if self.sources.marked:
            parts.append(f"{len(self.sources.marked)} marked")
        elif self.has_class("-narrow"):
            parts.append("tab: its text")
        return " · ".join(parts)

    @on(PageList.Moved)
    def _moved(self, event: PageList.Moved) -> None:
        if event.id is not None:
            self.keep("cursor", event.id)
        self._ask_text()

    @on(PageList.Marked)
    def _marked(self) -> None:
        self._show_summary()

    @on(PageList.Opened)
    def _opened(self, event: PageList.Opened) -> None:
        if self.has_class("-narrow") and not self.has_class("-reading"):
            self._read()
        else:
            self._open_pairs(event.id)

    def _open_pairs(self, source_id: int) -> None:
        from workbench.screens.pairs import PairsScreen

        screen = self.app.get_screen("pairs")
        assert isinstance(screen, PairsScreen)
        row = self.sources.row(source_id)
        screen.only_source(source_id, row.title if row else "")
        if row is not None and row.news:
            self.seen(source_id)
        self.app.go("pairs")

    def _ask_text(self) -> None:
        source_id = self.sources.current
        if source_id is None:
            self._show_text(None)
            return
        if self.has_class("-narrow") and not self.has_class("-reading"):
            return

        self.ask(lambda: self._read_text(source_id), self._show_text, group="text")

    def _read_text(self, source_id: int) -> EssayView:
        from workbench.operations.essays import essay_view

        return essay_view(self.project, source_id)

    def _show_text(self, view: EssayView | None) -> None:
        same = view is not None and self._view is not None and view.row.id == self._view.row.id
        self._view = view
        title = "" if view is None else f"{one_line(view.row.title)}  {view.row.path}"
        if view is not None and view.row.grouped > 1:
            title += f"  with {view.row.grouped - 1} more of {view.row.group}"
        if self.has_class("-narrow"):
            title = f"esc back · {title}"
        self.query_one("#text-title", Static).update(Content(title))
        happened = "" if view is None else what_happened(view.row)

        def make(width: int) -> Lines:
            if view is None:
                return []
            head: Lines = [Content.styled(line, "$text-warning") for line in lines_of(happened, width)]
            return [*head, *([Content("")] if head else []), *essay_lines(view.text, view.paragraphs, width)]

        self.query_one(TextView).lay(make, keep_scroll=same)

    @on(FilterLine.Filtered)
    def _filtered(self, event: FilterLine.Filtered) -> None:
        self._words = event.words
        self._fill()

    @on(FilterLine.Closed)
    def _filter_closed(self) -> None:
        self.sources.focus()

    def on_resize(self) -> None:
        """Ask for the text when there is room for it now, and say how it is come by when there is none."""
        self.call_after_refresh(self._ask_text)
        self.call_after_refresh(self._show_summary)

    def action_filter(self) -> None:
        """Filter by words of the title."""
        self.remove_class("-reading")
        self.query_one(FilterLine).open()

    def action_back(self) -> None:
        """Leave the text, then the filter, then the marks; else cancel what is going on."""
        if self.has_class("-reading") or self.query_one(TextView).has_focus:
            self.remove_class("-reading")
            self.sources.focus()
        elif self._words:
            self.query_one(FilterLine).reset()
        elif self.sources.marked:
            self.sources.unmark()
        else:
            self.app.cancel_background()

    def action_other_pane(self) -> None:
        """Go between list and text, which takes the list's room where there is none beside it."""
        if self.sources.has_focus and self.sources.current is not None:
            self._read()
        else:
            self.remove_class("-reading")
            self.sources.focus()

    def _read(self) -> None:
        self.set_class(self.has_class("-narrow"), "-reading")
        self.query_one(TextView).focus()
        self._ask_text()

    def key_enter(self) -> None:
        """Open the pairs from the text, too."""
        if self.query_one(TextView).has_focus and self.sources.current is not None:
            self._open_pairs(self.sources.current)

    async def action_copy(self) -> None:
        """Copy the text of the source under the cursor, whether or not it is shown."""
        source_id = self.sources.current
        if source_id is not None and (view := await self.read_now(lambda: self._read_text(source_id))) is not None:
            self.app.copy_to_clipboard(view.text)
            self.say(f"Copied the text of {view.row.title}.")

    def action_propose(self) -> None:
        """Propose pairs for the marked ones; where nothing has any pairs yet, for all; else for the current one."""
        if not self._rows:
            self.say("There is nothing to propose from: import essays with i.", "warning")
            return
        untouched = not any(row.proposed or row.accepted or row.rejected for row in self._rows)
        ids = [] if untouched and not self.sources.marked else self.sources.targets
        if not ids:
            about = f"all {len(self._rows)} essays and notes" if len(self._rows) > 1 else self._rows[0].title
        elif len(ids) == 1 and (row := self.sources.row(ids[0])) is not None:
            about = row.title
        else:
            about = f"{len(ids)} essays and notes"
        propose(self, ids, about, self.sources.unmark)
