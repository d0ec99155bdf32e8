"""Keys of Pairs that change where a pair begins and ends: move the boundary, trim, merge, split.

The brackets stand as the ends of a pair do: `{` prompt `(` boundary `)` response `}` cut a sentence there, `[` and `]`
carry one over the boundary.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.binding import Binding, BindingType

from curation.quoted import quoted
from workbench.screens.pair_base import PairBase
from workbench.screens.pair_lines import pairs_said
from workbench.widgets.pair_text import PairText
from workbench.widgets.plain import one_line

if TYPE_CHECKING:
    from workbench.operations.reshaping import Reshaped

# Characters of a sentence that are enough to know it by.
_KNOWN_BY = 32


def _trim(key: str, shown: str, side: str, end: str) -> Binding:
    return Binding(
        key,
        f"trim('{side}', '{end}')",
        f"cut the {side}'s {end} sentence",
        key_display=shown,
        show=False,
        id=f"pairs.trim-{side}-{end}",
    )


class ShapeKeys(PairBase):
    """Boundaries."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _trim("left_curly_bracket", "{", "prompt", "first"),
        _trim("left_parenthesis", "(", "prompt", "last"),
        _trim("right_parenthesis", ")", "response", "first"),
        _trim("right_curly_bracket", "}", "response", "last"),
    ]

    def action_shift(self, sentences: int) -> None:
        """Move the boundary between prompt and response."""
        ids = self.pairs.targets

        def operate() -> Reshaped:
            from workbench.operations.reshaping import shift_boundary

            return shift_boundary(self.project, ids, sentences)

        where = "went to the prompt" if sentences > 0 else "went to the response"
        self._reshape(ids, operate, where)

    def action_trim(self, side: Literal["prompt", "response"], end: Literal["first", "last"]) -> None:
        """Cut a sentence off one end."""
        ids = self.pairs.targets

        def operate() -> Reshaped:
            from workbench.operations.reshaping import trim

            return trim(self.project, ids, side, end)

        self._reshape(ids, operate, f"was cut from the {side}")

    def _reshape(self, ids: list[int], operate: Callable[[], Reshaped], what: str) -> None:
        if not ids:
            return
        several = bool(self.pairs.marked)

        def done(reshaped: Reshaped) -> None:
            self.forget(ids)
            if several:
                left = f" {pairs_said(reshaped.left)} stayed as they are." if reshaped.left else ""
                self.say(f"A sentence {what}, in {pairs_said(reshaped.changed)}.{left}")
            else:
                self.say(f"{quoted(one_line(reshaped.text), _KNOWN_BY)} {what}.")

        self.act(operate, done)

    def action_merge(self) -> None:
        """Merge with the next pair of the essay; of marked ones, those that follow each other."""
        ids = self.pairs.targets
        if not ids:
            return

        def operate() -> list[int]:
            from workbench.operations.reshaping import merge_pairs

            return merge_pairs(self.project, ids)

        def done(gone: list[int]) -> None:
            self.say(
                "Merged with the next. u takes it back."
                if len(gone) == 1
                else f"{len(gone):,} pairs went into others. u undoes it."
            )
            self.pairs.unmark()
            went = set(gone)
            left = array("q", [item for item in self.pairs.ids if item not in went])
            self.relist(left, cursor=next((item for item in ids if item not in went), None))

        self.act(operate, done)

    def action_split(self) -> None:
        """Choose a place in the response, and split there."""
        pair_id = self.pairs.current
        view = self.view
        if view is None:
            return
        if self.pairs.marked:
            self.say("A split has one place in one pair: take the marks off with esc first.", "warning")
            return
        response = view.pair.response

        def ask() -> list[int]:
            from workbench.operations.curating import sentence_starts

            return sentence_starts(response)

        def choose(starts: list[int]) -> None:
            if self.pairs.current != pair_id:
                return
            if self.text.choose_split(starts):
                self.say("Split: ← → words, ↑ ↓ sentences, enter splits, esc leaves it whole.")
            else:
                self.say("One word cannot be split.", "warning")

        self.ask(ask, choose, group="sentences")

    @on(PairText.SplitChosen)
    def _split_chosen(self, event: PairText.SplitChosen) -> None:
        pair_id, offset = self.pairs.current, event.offset
        if not self.pairs.has_focus:
            self.pairs.focus()
        if pair_id is None or offset is None:
            self.refresh_bindings()
            return

        def operate() -> int:
            from workbench.operations.reshaping import split_pair

            return split_pair(self.project, pair_id, offset)

        def done(second: int) -> None:
            self.say("Split in two. u takes it back.")
            ids = array("q", self.pairs.ids)
            if pair_id in ids:
                ids.insert(ids.index(pair_id) + 1, second)
            self.relist(ids, cursor=pair_id)

        self.act(operate, done)
