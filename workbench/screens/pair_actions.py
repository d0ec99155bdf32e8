"""What the keys of Pairs do to pairs; the screen itself holds the list and what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from textual import on

from workbench.screens.base import ProjectScreen
from workbench.screens.pair_edit import DRAFT, EditPair, PairDraft, edit_in_editor
from workbench.screens.pair_lines import TIERS, seen_text
from workbench.widgets.page_list import PageList
from workbench.widgets.pair_text import PairText

if TYPE_CHECKING:
    from store.pairs import PairCounts, PairFilter, PairRow
    from workbench.operations.curating import PairView, SeenView

_WORDS = {"accepted": "accepted", "rejected": "rejected", "proposed": "put back"}


class PairActions(ProjectScreen):
    """The actions; `PairsScreen` is the only screen made of it."""

    _filter: str
    _counts: PairCounts | None
    # The last line of the list, once decided with the cursor still on it: the next key was meant for a pair after it.
    _decided_last: int | None = None
    _views: dict[int, PairView]

    @property
    def pairs(self) -> PageList[PairRow]:
        """The list of pairs."""
        raise NotImplementedError

    @property
    def text(self) -> PairText:
        """The pair being judged."""
        raise NotImplementedError

    def where(self, chosen: str | None = None) -> PairFilter:
        """Return the filter in force."""
        raise NotImplementedError

    def ask_list(self, *, cursor: int | None = None) -> None:
        """Ask for the list again."""
        raise NotImplementedError

    def ask_counts(self) -> None:
        """Ask for the counts again."""
        raise NotImplementedError

    def show_title(self) -> None:
        """Draw the counts."""
        raise NotImplementedError

    def show_pair(self) -> None:
        """Draw the pair under the cursor."""
        raise NotImplementedError

    def forget(self, ids: Sequence[int]) -> None:
        """Ask again for pairs that were changed."""
        raise NotImplementedError

    def redraw_rows(self, ids: Sequence[int], change: Callable[[PairRow], PairRow]) -> dict[int, PairRow]:
        """Draw rows changed at once."""
        raise NotImplementedError

    def action_decide(self, status: Literal["proposed", "accepted", "rejected"]) -> None:
        """Decide on the marked pairs, or on the current one and go on to the next."""
        ids = self.pairs.targets
        if not ids:
            return
        several = bool(self.pairs.marked)
        row = self.pairs.current_row
        decided = row is not None and row.id == self._decided_last and row.status != "proposed"
        if decided and not several and status != "proposed":
            self.say("That was the last pair of this list, and it is decided: o puts it back.", "warning")
            return
        before = self.redraw_rows(ids, lambda row: replace(row, status=status))
        self._count_ahead(before, status)
        if several:
            self.pairs.unmark()
            self.show_pair()
        elif self.pairs.cursor < len(self.pairs.ids) - 1:
            self.pairs.action_move(1)
        else:
            self._decided_last = self.pairs.current
            self.show_pair()

        def operate() -> int:
            from workbench.operations.curating import decide

            return decide(self.project, ids, status)

        def done(changed: int) -> None:
            if several:
                self.say(f"{changed} pairs {_WORDS[status]}.")
            self.ask_counts()

        def failed(_sentence: str) -> None:
            self.pairs.put(before)
            self.forget(ids)

        self.act(operate, done, failed=failed)

    def _count_ahead(self, before: dict[int, PairRow], status: str) -> None:
        """Show the counts as they will be."""
        if self._counts is None:
            return
        counts = self._counts
        for row in before.values():
            if row.status in _WORDS:
                counts = replace(counts, **{row.status: getattr(counts, row.status) - 1})
                counts = replace(counts, **{status: getattr(counts, status) + 1})
        self._counts = counts
        self.show_title()

    def action_accept_all(self) -> None:
        """Accept all that the list would show, after a question that names their number."""
        from workbench.widgets.dialogs import ConfirmDialog

        where = self.where(self._filter if self._filter in ("proposed", "rejected") else "proposed")

        def ask() -> list[int]:
            from workbench.operations.curating import pair_ids

            return list(pair_ids(self.project, where))

        def confirm(ids: list[int]) -> None:
            if not ids:
                self.say("There is nothing here to accept.")
                return
            self.app.push_screen(
                ConfirmDialog(
                    f"Accept {len(ids):,} pairs unread?", "All that this filter shows. One undo takes them all back."
                ),
                lambda yes: accept(ids) if yes else None,
            )

        def accept(ids: list[int]) -> None:
            def operate() -> int:
                from workbench.operations.curating import decide

                return decide(self.project, ids, "accepted")

            def done(changed: int) -> None:
                self.say(f"{changed:,} pairs accepted. u takes them back.")
                self.on_project_changed()
                self.refresh_status()

            self.say(f"Accepting {len(ids):,} pairs …")
            self.act(operate, done)

        self.ask(ask, confirm, group="accept-all")

    def action_shift(self, sentences: int) -> None:
        """Move the boundary between prompt and response."""
        pair_id = self.pairs.current
        if pair_id is None:
            return

        def operate() -> None:
            from workbench.operations.curating import shift_boundary

            shift_boundary(self.project, pair_id, sentences)

        def done(_none: None) -> None:
            self.forget([pair_id])
            self.say("A sentence went to the prompt." if sentences > 0 else "A sentence went back to the response.")

        self.act(operate, done)

    def action_merge(self) -> None:
        """Merge with the next pair of the essay."""
        pair_id = self.pairs.current
        if pair_id is None:
            return

        def operate() -> None:
            from workbench.operations.curating import merge_with_next

            merge_with_next(self.project, pair_id)

        def done(_none: None) -> None:
            self.say("Merged with the next. u takes it back.")
            self._views.clear()
            self.ask_list(cursor=pair_id)
            self.refresh_status()

        self.act(operate, done)

    def action_split(self) -> None:
        """Choose a place in the response, and split there."""
        pair_id = self.pairs.current
        view = None if pair_id is None else self._views.get(pair_id)
        if view is None:
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
            from workbench.operations.curating import split_pair

            return split_pair(self.project, pair_id, offset)

        def done(_second: int) -> None:
            self.say("Split in two. u takes it back.")
            self._views.clear()
            self.ask_list(cursor=pair_id)
            self.refresh_status()

        self.act(operate, done)

    def action_tier(self) -> None:
        """Choose the tier of the marked pairs or the current one."""
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        ids = self.pairs.targets
        if not ids:
            return
        row = self.pairs.row(ids[0])

        def chosen(tier: str | None) -> None:
            if tier is None:
                return

            def operate() -> None:
                from workbench.operations.curating import retag

                retag(self.project, ids, tier)

            before = self.redraw_rows(ids, lambda row: replace(row, tier=tier))
            self.show_pair()
            self.pairs.unmark()
            self.act(operate, lambda _none: self.forget(ids), failed=lambda _sentence: self.pairs.put(before))

        self.app.push_screen(
            ChoiceDialog(
                f"Tier of {len(ids)} pairs" if len(ids) > 1 else "Tier",
                [Choice(value=name, name=name, words=words) for name, words in TIERS],
                current=row.tier if row else None,
            ),
            chosen,
        )

    def action_flag(self) -> None:
        """Flag the marked pairs or the current one, or take the flag off."""
        ids = self.pairs.targets
        if not ids:
            return
        flagged = not all(row.flagged for item in ids if (row := self.pairs.row(item)) is not None)
        before = self.redraw_rows(ids, lambda row: replace(row, flagged=flagged))
        self.pairs.unmark()
        self.show_pair()

        def operate() -> bool:
            from workbench.operations.curating import flag

            return flag(self.project, ids)

        self.act(operate, lambda _flagged: self.ask_counts(), failed=lambda _sentence: self.pairs.put(before))

    def action_note(self) -> None:
        """Write the note of the pair."""
        from workbench.widgets.dialogs import TextDialog

        pair_id = self.pairs.current
        view = None if pair_id is None else self._views.get(pair_id)
        if view is None:
            return
        noted = view.pair.id

        def written(text: str | None) -> None:
            if text is None:
                return

            def operate() -> None:
                from workbench.operations.curating import note

                note(self.project, noted, text.strip())

            self.act(operate, lambda _none: self.forget([noted]))

        self.app.push_screen(TextDialog("Note", "An empty note is removed.", value=view.pair.note), written)

    def action_seen(self) -> None:
        """Show what the model sees of the pair."""
        from workbench.widgets.dialogs import TextOverlay

        pair_id = self.pairs.current
        if pair_id is None:
            return

        def ask() -> SeenView:
            from workbench.operations.curating import seen_by_model

            return seen_by_model(self.project, pair_id)

        def show(view: SeenView) -> None:
            self.app.push_screen(TextOverlay("What the model sees", seen_text(view)))

        self.ask(ask, show, group="seen")

    def action_copy(self) -> None:
        """Copy the response."""
        view = self._views.get(self.pairs.current) if self.pairs.current is not None else None
        if view is not None:
            self.app.copy_to_clipboard(view.pair.response)
            self.say("Copied the response.")

    def action_edit(self) -> None:
        """Edit prompt and response here."""
        draft = self._draft()
        if draft is None:
            return
        view = self._views[draft.pair_id]
        self.app.push_screen(EditPair(draft, view.pair.title), self._keep_edit)

    def action_edit_outside(self) -> None:
        """Edit prompt and response in the author's editor."""
        from workbench.operations.errors import WorkbenchError

        draft = self._draft()
        if draft is None:
            return
        try:
            self._keep_edit(edit_in_editor(self.app, draft))
        except WorkbenchError as error:
            self.say(str(error), "error")

    def _draft(self) -> PairDraft | None:
        pair_id = self.pairs.current
        view = None if pair_id is None else self._views.get(pair_id)
        if view is None:
            return None
        return PairDraft(pair_id=view.pair.id, prompt=view.pair.prompt, response=view.pair.response)

    def _keep_edit(self, typed: PairDraft | None) -> None:
        if typed is None:
            return

        def operate() -> None:
            from workbench.operations import guide
            from workbench.operations.curating import edit_pair

            edit_pair(self.project, typed.pair_id, prompt=typed.prompt, response=typed.response)
            guide.remember(self.project, DRAFT, None)

        self.act(operate, lambda _none: self.forget([typed.pair_id]))
