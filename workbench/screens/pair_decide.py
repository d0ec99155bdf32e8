"""Keys of Pairs that decide: accept, reject, put back, skip; on the row, the marked rows, or all that the filter shows.

Decisions are drawn at once and written behind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import Binding, BindingType

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_lines import pairs_said

if TYPE_CHECKING:
    from store.pairs import PairRow
    from workbench.operations.curating import Acceptable, Decided

Status = Literal["proposed", "accepted", "rejected"]

_WORDS = {"accepted": "accepted", "rejected": "rejected", "proposed": "put back"}


def decided_said(decided: Decided, status: Status) -> str:
    """Say of every pair of a decision what became of it, so that the numbers add up."""
    said = f"{pairs_said(decided.changed)} {_WORDS[status]}"
    if decided.waiting:
        said += f", {_still(decided.waiting)} (i)"
    if decided.already:
        before = {"proposed": "proposed", "accepted": "accepted", "rejected": "rejected"}[status]
        said += f", {decided.already:,} {'was' if decided.already == 1 else 'were'} {before} already"
    return f"{said}. u takes {'it' if decided.changed == 1 else 'them'} back." if decided.changed else f"{said}."


def _still(waiting: int) -> str:
    return f"{waiting:,} still {'needs its' if waiting == 1 else 'need their'} prompt"


class DecideKeys(PairBase):
    """Decisions."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "skip", "skip", show=False, tooltip="skip: comes back last in the queue", id="pairs.skip"),
        Binding("o", "decide('proposed')", "put back", show=False, tooltip="put back as proposed", id="pairs.put-back"),
        Binding(
            "A", "accept_all", "accept all", show=False, tooltip="accept all that the list shows", id="pairs.accept-all"
        ),
    ]

    def action_decide(self, status: Status) -> None:
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
        if status == "accepted" and not several and row is not None and not row.prompt_words:
            self.say("Its prompt is not written yet: i writes it, then a accepts.", "warning")
            return

        def drawn(row: PairRow) -> PairRow:
            waits = status == "accepted" and not row.prompt_words
            return row if waits else replace(row, status=status)

        before = self.redraw_rows(ids, drawn)
        self._count_ahead(before, status)
        if several:
            self.pairs.unmark()
            self.show_pair()
        else:
            self._decided_at.append(self.clock())
            self.go_on()
        self._write(ids, status, before, several)

    def _write(self, ids: list[int], status: Status, before: dict[int, PairRow], several: bool) -> None:
        row = before.get(ids[0])

        def operate() -> Decided:
            from workbench.operations.curating import decide_all

            return decide_all(self.project, ids, status)

        def done(decided: Decided) -> None:
            if several:
                self.say(decided_said(decided, status))
            elif status == "proposed" and decided.changed and row is not None:
                self.say(f"Pair {row.id} is a proposal again, no longer {row.status}: u takes it back.")
            self.ask_counts()

        def failed(_sentence: str) -> None:
            self.pairs.put(before)
            self.forget(ids)
            self.ask_counts()

        self.act(operate, done, failed=failed)
        if several and len(ids) > len(before):
            self.say(f"{pairs_said(len(ids))} …")

    def _count_ahead(self, before: dict[int, PairRow], status: str) -> None:
        """Show the counts as they will be."""
        if self._counts is None:
            return
        counts = self._counts
        for row in before.values():
            waits = status == "accepted" and not row.prompt_words
            if row.status in _WORDS and not waits:
                counts = replace(counts, **{row.status: getattr(counts, row.status) - 1})
                counts = replace(counts, **{status: getattr(counts, status) + 1})
        self._counts = counts
        self.show_title()

    def action_skip(self) -> None:
        """Skip: the pair comes back last in the queue; in reading order it keeps its place."""
        ids = [item for item in self.pairs.targets if (row := self.pairs.row(item)) is None or row.status == "proposed"]
        if not ids:
            said = "Only a proposed pair can be skipped." if self.pairs.ids else "There is nothing here to skip."
            self.say(said, "warning")
            return
        several = bool(self.pairs.marked)
        before = self.redraw_rows(ids, lambda row: replace(row, skipped=True))
        self.pairs.unmark()
        if self.order == "queue":
            self.pairs.send_last(ids)
            self.show_pair()
        elif not several:
            self.go_on()

        def operate() -> int:
            from workbench.operations.curating import skip

            return skip(self.project, ids)

        def done(changed: int) -> None:
            if several or self.order == "reading":
                last = "last in the queue" if self.order == "queue" else "last in the queue (O)"
                self.say(f"{pairs_said(changed)} skipped: {last}.")

        self.act(operate, done, failed=lambda _sentence: self.pairs.put(before))

    def action_accept_all(self) -> None:
        """Accept what the list shows and can be accepted, after a question that names their number."""
        from workbench.widgets.dialogs import ConfirmDialog

        if not self.list_is_here:
            self.say("This list is still being read: press the key again when it is there.", "warning")
            return
        shown, rejected = self.pairs.ids, self._filter == "rejected"

        def ask() -> Acceptable:
            from workbench.operations.curating import acceptable

            return acceptable(self.project, shown, rejected=rejected)

        def confirm(found: Acceptable) -> None:
            if not found.ready:
                self.say(_none_said(found))
                return
            left_out = _left_out(found)
            words = f"This list shows {pairs_said(len(shown))}" if left_out else "All that this list shows"
            words += f". Left out: {left_out}." if left_out else "."
            self.app.push_screen(
                ConfirmDialog(
                    f"Accept {pairs_said(len(found.ready))} unread?", f"{words} One undo takes them all back."
                ),
                lambda yes: accept(found) if yes else None,
            )

        def accept(found: Acceptable) -> None:
            def operate() -> Decided:
                from workbench.operations.curating import decide_all

                return decide_all(self.project, found.ready, "accepted")

            def done(decided: Decided) -> None:
                self.say(decided_said(replace(decided, waiting=decided.waiting + found.waiting), "accepted"))
                self.on_project_changed()
                self.refresh_status()

            self.act(operate, done)
            self.say(f"Accepting {pairs_said(len(found.ready))} …")

        self.ask(ask, confirm, group="accept-all", fresh=True)


def _none_said(found: Acceptable) -> str:
    """Say why nothing of a list can be accepted."""
    if found.waiting:
        none = "None of these pairs can be accepted yet:" if found.waiting > 1 else "It cannot be accepted yet:"
        return f"{none} {_still(found.waiting)} (i)."
    why = _left_out(found)
    return f"There is nothing here to accept: {why}." if why else "There is nothing here to accept: no pair is shown."


def _left_out(found: Acceptable) -> str:
    """Say what of a list is not accepted with the rest; nothing where all of it is."""
    parts = [f"{_still(found.waiting)} (i)"] if found.waiting else []
    for number, word in ((found.already, "accepted already"), (found.rejected, "rejected")):
        if number:
            parts.append(f"{number:,} {'is' if number == 1 else 'are'} {word}")
    return ", ".join(parts)
