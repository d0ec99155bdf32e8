"""Keys of Pairs that say something about a pair or its essay: tier, flag, note, hold out; and copy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from workbench.screens.kept_text import KeptText, take_left
from workbench.screens.pair_base import PairBase
from workbench.screens.pair_lines import TIERS, pairs_said

if TYPE_CHECKING:
    from curation.pairs import Tier


# What a note is kept under while it is typed.
NOTE = "pairs.note"


class MarkKeys(PairBase):
    """Tier, flag, note, hold out, copy."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "hold_out", "hold out", show=False, tooltip="hold the essay out, or back", id="pairs.hold-out"),
        Binding("y", "copy", "copy", show=False, tooltip="copy the response", id="pairs.copy"),
    ]

    def action_hold_out(self) -> None:
        """Hold the essays of the marked pairs or of the current one out, or take them back."""
        rows = [row for item in self.pairs.targets if (row := self.pairs.row(item)) is not None]
        if not rows:
            return
        sources = list(dict.fromkeys(row.source_id for row in rows))

        def operate() -> str:
            from workbench.operations.essays import toggle_holdout

            return toggle_holdout(self.project, sources)

        def done(sentence: str) -> None:
            self.say(sentence)
            self.pairs.unmark()
            self.on_project_changed()
            self.refresh_status()

        self.act(operate, done)

    def action_tier(self) -> None:
        """Choose the tier of the marked pairs or the current one."""
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        ids = self.pairs.targets
        if not ids:
            return
        row = self.pairs.row(ids[0])

        def chosen(tier: Tier | None) -> None:
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
                f"Tier of {pairs_said(len(ids))}" if len(ids) > 1 else "Tier",
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

        def done(flagged: bool) -> None:
            if len(ids) > 1:
                self.say(f"{pairs_said(len(ids))} {'flagged' if flagged else 'no longer flagged'}. u takes it back.")
            self.ask_counts()

        self.act(operate, done, failed=lambda _sentence: self.pairs.put(before))

    def action_note(self) -> None:
        """Write the note of the marked pairs or the current one; what is typed is kept, however it is left."""
        from workbench.widgets.note_dialog import NoteDialog

        ids = self.pairs.targets
        view = self.view
        if not ids or view is None:
            return
        keeping = KeptText(self.app, NOTE, ids=ids)

        def written(text: str | None) -> None:
            if text is None:
                keeping.drop()
                return
            keeping.end()

            def operate() -> None:
                from workbench.operations import guide
                from workbench.operations.curating import note

                note(self.project, ids, text.strip())
                guide.remember(self.project, NOTE, None)

            self.redraw_rows(ids, lambda row: replace(row, has_note=bool(text.strip())))
            self.pairs.unmark()
            self.act(operate, lambda _none: self.forget(ids))

        title = "Note" if len(ids) == 1 else f"Note on {pairs_said(len(ids))}"
        kept = view.pair.note if len(ids) == 1 else ""
        dialog = NoteDialog(title, "An empty note is removed.", value=kept, typed=keeping.typed)
        self.app.push_screen(dialog, written)

    def take_note(self) -> None:
        """Take in a note that a killed program left unfinished."""
        project = self.project

        def take(kept: dict[str, Any]) -> str:
            from workbench.operations.curating import note

            if not isinstance(ids := kept.get("ids"), list):
                return ""
            note(project, [int(item) for item in ids], str(kept.get("text", "")).strip())
            return f"The note on {pairs_said(len(ids))} that was not finished was kept. u takes it back."

        take_left(self, NOTE, take)

    def action_copy(self) -> None:
        """Copy the response."""
        view = self.view
        if view is not None:
            self.app.copy_to_clipboard(view.pair.response)
            self.say("Copied the response.")
