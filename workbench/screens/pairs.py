"""Pairs: read what is proposed and decide with one key; the next pair stands there before the decision is stored.

Decisions are drawn at once and written behind. The screen is put together from parts: the list, the pane, and groups of
keys; what they share is `pair_base`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from workbench.screens.pair_decide import DecideKeys
from workbench.screens.pair_lines import LEGEND
from workbench.screens.pair_list import ListPart
from workbench.screens.pair_mark import MarkKeys
from workbench.screens.pair_pane import PanePart
from workbench.screens.pair_reverse import ReversalPart
from workbench.screens.pair_seen import SeenKeys
from workbench.screens.pair_settle import SettleKeys
from workbench.screens.pair_shape import ShapeKeys
from workbench.screens.pair_tier import TierKeys
from workbench.screens.pair_waive import WaiveKeys
from workbench.screens.pair_write import WriteKeys
from workbench.screens.proposing import propose
from workbench.widgets.filter_line import FilterLine
from workbench.widgets.page_list import PageList
from workbench.widgets.pair_text import PairText
from workbench.widgets.width_line import WidthLine, WidthLines

# What must not act while a place in the text is being chosen.
_EDITING = (
    "decide", "skip", "edit", "edit_outside", "edit_essay", "write_prompt", "shift", "trim", "split", "merge", "tier",
    "note", "flag", "hold_out", "accept_all", "propose", "next_filter",
)  # fmt: skip
# What needs a pair under the cursor; some say so themselves where there is none.
_SAY_SO = ("accept_all", "propose", "skip", "next_filter")
_OF_A_PAIR = (*(action for action in _EDITING if action not in _SAY_SO), "copy", "seen", "waive")


class PairsScreen(
    ListPart,
    PanePart,
    ReversalPart,
    DecideKeys,
    ShapeKeys,
    MarkKeys,
    WriteKeys,
    SeenKeys,
    WaiveKeys,
    SettleKeys,
    TierKeys,
):
    """The list of pairs and the one being judged."""

    NAME = "pairs"
    LEGEND = LEGEND
    CSS_PATH = "pairs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "decide('accepted')", "accept", tooltip="accept and go on", id="pairs.accept"),
        Binding("x", "decide('rejected')", "reject", tooltip="reject and go on", id="pairs.reject"),
        Binding("e", "edit", "edit", tooltip="edit prompt and response here", id="pairs.edit"),
        Binding(
            "left_square_bracket",
            "shift(-1)",
            "boundary",
            key_display="[ ]",
            tooltip="prompt's last sentence to the response",
            id="pairs.shift-back",
        ),
        Binding(
            "right_square_bracket",
            "shift(1)",
            "boundary on",
            show=False,
            tooltip="response's first sentence to the prompt",
            id="pairs.shift-on",
        ),
        Binding("s", "split", "split", tooltip="split the response at a cursor", id="pairs.split"),
        Binding("m", "merge", "merge", tooltip="merge with the next pair of the essay", id="pairs.merge"),
        Binding("t", "tier", "tier", id="pairs.tier"),
        Binding("tab", "next_filter(1)", "filter", tooltip="next filter: proposed, accepted, …", id="pairs.filter"),
        Binding("shift+tab", "next_filter(-1)", "filter before", show=False, id="pairs.filter-before"),
        Binding("n", "note", "note", id="pairs.note"),
        Binding("exclamation_mark", "flag", "flag", id="pairs.flag"),
        Binding("p", "propose", "propose", show=False, tooltip="propose again from this essay", id="pairs.propose"),
        Binding("J,ctrl+d", "scroll_text(1)", "text down", show=False, id="pairs.text-down"),
        Binding("K,ctrl+u", "scroll_text(-1)", "text up", show=False, id="pairs.text-up"),
        Binding("escape", "back", "back", show=False, id="pairs.back"),
    ]

    def compose_body(self) -> ComposeResult:
        """Lay out list and pair."""
        with Container(id="columns"):
            with Vertical(id="list-side"):
                yield WidthLine("", id="pairs-title", classes="pane-title")
                yield FilterLine("filter by words, or by the number of a pair: #966")
                yield PageList(self.line, id="pairs-list")
            with Vertical(id="pair-side"):
                yield WidthLine("", id="pair-head")
                yield WidthLines("", id="pair-tokens")
                yield PairText(id="pair-text")

    def action_propose(self) -> None:
        """Propose again from the essays of the marked pairs, or of the current one."""
        rows = [row for item in self.pairs.targets if (row := self.pairs.row(item)) is not None]
        titles = {row.source_id: row.title for row in rows}
        if not titles and self._source is not None:
            titles = dict([self._source])
        if not titles:
            self.say("There is no essay to propose from here: press 1 for Essays, and p there.", "warning")
            return
        about = next(iter(titles.values())) if len(titles) == 1 else f"{len(titles):,} essays and notes"
        propose(self, list(titles), about, self.pairs.unmark)

    def on_mount(self) -> None:
        """Put the focus where the keys act; take in what a killed program left."""
        self.pairs.focus()
        self.take_draft()
        self.take_note()

    def action_back(self) -> None:
        """Leave the pair for the list; take off marks, words, tier, source in turn; else cancel what is going on."""
        if self.reading:
            self.read_whole(False)
        elif self.pairs.marked:
            self.pairs.unmark()
        elif self._words:
            self.query_one(FilterLine).reset()
        elif self._tier:
            self._tier = ""
            self.ask_list()
        elif self._source is not None:
            self._source = None
            self.ask_list()
        else:
            self.app.cancel_background()

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Leave the keys to the cursor while a place to split is chosen; offer none for a pair where there is none."""
        if not self.is_mounted:
            return True
        if action in _OF_A_PAIR and not self.pairs.ids:
            return False
        return not (action in _EDITING and self.text.splitting)
