"""The pane of Pairs: the pair under the cursor, drawn at once because its neighbours are fetched ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_lines import TO_WRITE, pair_head, pair_tokens, remarks
from workbench.widgets.pair_text import PairTexts
from workbench.widgets.plain import cell, one_line
from workbench.widgets.width_line import WidthLine, WidthLines

if TYPE_CHECKING:
    from store.pairs import PairRow
    from workbench.operations.curating import PairView

_KEPT_VIEWS = 200
_AHEAD = 3
_UNWRITTEN = "The prompt is empty."
# Lines above the texts for what is said of the pair: beside the list, and where the pair has the whole screen.
_FEW, _MANY = 2, 8


class PanePart(PairBase):
    """The pair under the cursor."""

    def show_pair(self) -> None:
        """Show the pair under the cursor: at once when it was fetched ahead."""
        pair_id = self.pairs.current
        if pair_id is None:
            self._shown = None
            self.read_whole(False)
            self.query_one("#pair-head", WidthLine).lay(lambda _width: Content(""))
            self.query_one("#pair-tokens", WidthLines).lay(lambda _width: ())
            self.text.show(PairTexts())
            return
        view = self._views.get(pair_id)
        if view is not None:
            self._draw_pair(view)
        index = self.pairs.cursor
        wanted = [pair_id, *self.pairs.ids[index + 1 : index + 1 + _AHEAD], *self.pairs.ids[max(0, index - 1) : index]]
        missing = [item for item in wanted if item not in self._views]
        if missing:
            self._ask_views(missing)

    def _ask_views(self, ids: list[int]) -> None:
        def ask() -> list[PairView]:
            from workbench.operations.curating import pair_view

            return [pair_view(self.project, item) for item in ids]

        def show(views: list[PairView]) -> None:
            for view in views:
                self._views[view.pair.id] = view
            while len(self._views) > _KEPT_VIEWS:
                self._views.popitem(last=False)
            current = self.pairs.current
            if current in ids and current in self._views:
                self._draw_pair(self._views[current])
            self._count([view.pair.id for view in views if any(count.pending for count in view.counts)])

        self.ask(ask, show, group="views")

    def _count(self, ids: list[int]) -> None:
        """Have the large tokenizers count some pairs, and show them once more."""
        if not ids:
            return

        def ask() -> int:
            from workbench.operations.counting import count_pairs

            return count_pairs(self.project, ids)

        def show(made: int) -> None:
            # A pair that changed meanwhile is not counted; it is asked for again by whoever changed it.
            if made:
                self.forget(ids)

        self.ask(ask, show, group="tokens")

    def _draw_pair(self, view: PairView) -> None:
        row = self.pairs.row(view.pair.id)
        if row is not None and (row.status, row.flagged) != (view.pair.status, view.pair.flagged):
            # The row knows of a decision that is still being written.
            view = replace(view, pair=replace(view.pair, status=row.status, flagged=row.flagged))
        # That a prompt is still to be written is said in its place, and is nothing to be warned of.
        view = replace(view, warnings=tuple(text for text in view.warnings if not text.startswith(_UNWRITTEN)))
        note = one_line(f"note: {view.pair.note}") if view.pair.note else ""
        self.query_one("#pair-head", WidthLine).lay(lambda width: pair_head(view, width))
        above = self.query_one("#pair-tokens", WidthLines)
        doubts = view.doubts if view.pair.status == "proposed" else ()
        most = _MANY if self.reading or self.has_class("-tall") else _FEW
        above.lay(lambda width: _above(view, note, doubts, width, most))
        if self.text.splitting and self._shown == view.pair.id:
            return
        wanted = TO_WRITE.get(view.pair.tier, "the prompt")
        _, whole = remarks(view.warnings, doubts, above.size.width or self.size.width, most)
        texts = PairTexts(
            prompt=view.pair.prompt,
            response=view.pair.response,
            note=view.pair.note if cell_len(note) > above.size.width else "",
            warnings=() if whole else view.warnings,
            doubts=() if whole else doubts,
            to_write=f"Press i and write {wanted} here.",
        )
        self.text.show(texts, stay=self._shown == view.pair.id)
        self._shown = view.pair.id

    @property
    def reading(self) -> bool:
        """Whether the pair has the whole screen but for its own line of the list."""
        return self.has_class("-reading")

    def read_whole(self, wanted: bool) -> None:
        """Give the pair the whole screen, or the list its room again."""
        if wanted != self.reading:
            self.set_class(wanted, "-reading")
            self.call_after_refresh(self.show_pair)

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self.call_after_refresh(self.show_pair)

    def forget(self, ids: Sequence[int]) -> None:
        """Ask again for pairs that were changed."""
        for pair_id in ids:
            self._views.pop(pair_id, None)
        self.pairs.reload()
        self.show_pair()

    def redraw_rows(self, ids: Sequence[int], change: Callable[[PairRow], PairRow]) -> dict[int, PairRow]:
        """Draw rows changed at once; return them as they were, to put back when the write fails."""
        before = {pair_id: row for pair_id in ids if (row := self.pairs.row(pair_id)) is not None}
        self.pairs.put({pair_id: change(row) for pair_id, row in before.items()})
        for pair_id in ids:
            view = self._views.get(pair_id)
            row = self.pairs.row(pair_id)
            if view is not None and row is not None:
                pair = replace(view.pair, status=row.status, flagged=row.flagged, tier=row.tier)
                self._views[pair_id] = replace(view, pair=pair)
        return before

    def action_scroll_text(self, step: int) -> None:
        """Scroll the pair by half its pane."""
        self.text.scroll_relative(y=step * max(1, self.text.size.height // 2), animate=False)


def _above(view: PairView, note: str, doubts: Sequence[str], width: int, most: int) -> list[Content]:
    """Write what stands above the texts: tokens of several models, what is said of the pair, how its note begins."""
    lines = pair_tokens(view.counts, width) if len(view.counts) > 1 else []
    lines += remarks(view.warnings, doubts, width, most)[0]
    return [*lines, Content.styled(cell(note, width).rstrip(), "italic $accent")] if note else lines
