"""Keys of Pairs that say something about a pair: tier, flag, note; and copy."""

from __future__ import annotations

from dataclasses import replace

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_lines import TIERS


class MarkKeys(PairBase):
    """Tier, flag, note, copy."""

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

    def action_copy(self) -> None:
        """Copy the response."""
        view = self._views.get(self.pairs.current) if self.pairs.current is not None else None
        if view is not None:
            self.app.copy_to_clipboard(view.pair.response)
            self.say("Copied the response.")
