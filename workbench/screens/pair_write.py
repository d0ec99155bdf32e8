"""Keys of Pairs that write: edit prompt and response here or in the author's editor, and the essay there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.binding import Binding, BindingType

from workbench.screens.kept_text import take_left
from workbench.screens.pair_base import PairBase
from workbench.screens.pair_edit import DRAFT, EditPair, PairDraft, draft_of, edit_in_editor

if TYPE_CHECKING:
    from store.pairs import Pair


class WriteKeys(PairBase):
    """Edits of the two texts, and of the essay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "write_prompt", "write prompt", show=False, tooltip="write the prompt", id="pairs.write-prompt"),
        Binding("E", "edit_outside", "edit in $EDITOR", show=False, id="pairs.edit-outside"),
        Binding(
            "ctrl+e", "edit_essay", "essay", show=False, tooltip="open the essay in $EDITOR here", id="pairs.edit-essay"
        ),
    ]

    def action_edit(self) -> None:
        """Edit prompt and response here; begin in the prompt where it is still to be written."""
        self._with_pair(lambda pair: self._open(pair, "response" if pair.prompt.strip() else "prompt"))

    def action_write_prompt(self) -> None:
        """Edit both texts here, beginning in the prompt."""
        self._with_pair(lambda pair: self._open(pair, "prompt"))

    def _open(self, pair: Pair, part: Literal["prompt", "response"]) -> None:
        if self.pairs.marked:
            self.say("One pair is written at a time: take the marks off with esc first.", "warning")
            return
        self.app.push_screen(EditPair(_draft(pair), pair.title, tier=pair.tier, part=part), self._keep_edit)

    def action_edit_essay(self) -> None:
        """Open the essay in the author's editor at the pair's line, and read it again afterwards."""
        pair_id = self.pairs.current
        if pair_id is None:
            return

        def ask() -> tuple[Path, int]:
            from workbench.operations.reshaping import essay_place

            return essay_place(self.project, pair_id)

        self.ask(ask, lambda place: self._essay_edited(*place), group="essay-place")

    def _essay_edited(self, path: Path, line: int) -> None:
        from workbench.operations.errors import WorkbenchError
        from workbench.screens.editor import STANDS, edit_file

        try:
            edit_file(self.app, path, line=line, stands=STANDS)
        except WorkbenchError as error:
            self.say(str(error), "error")
            return

        def operate() -> str:
            from workbench.operations.importing import import_paths

            return import_paths(self.project, [path], as_edit=False).summary

        def done(summary: str) -> None:
            self.say(summary)
            self.on_project_changed()

        self.act(operate, done)

    def action_edit_outside(self) -> None:
        """Edit prompt and response in the author's editor."""
        from curation.errors import CurationError
        from workbench.operations.errors import WorkbenchError

        def edit(pair: Pair) -> None:
            try:
                self._keep_edit(edit_in_editor(self.app, _draft(pair)))
            except (WorkbenchError, CurationError) as error:
                self.say(str(error), "error")

        self._with_pair(edit)

    def _with_pair(self, then: Callable[[Pair], None]) -> None:
        """Give the pair under the cursor to `then`; it is asked for where it was not yet, or is being asked anew."""
        pair_id, view = self.pairs.current, self.view
        if pair_id is None:
            return
        if view is not None:
            then(view.pair)
            return

        def ask() -> Pair:
            from workbench.operations.curating import pair_view

            return pair_view(self.project, pair_id).pair

        self.ask(ask, then, group="write")

    def _keep_edit(self, typed: PairDraft | None) -> None:
        if typed is None:
            return

        row = self.pairs.row(typed.pair_id)
        waits = not (typed.prompt.strip() and typed.response.strip())

        def operate() -> bool:
            from workbench.operations import guide
            from workbench.operations.reshaping import edit_pair

            changed = edit_pair(self.project, typed.pair_id, prompt=typed.prompt, response=typed.response)
            guide.remember(self.project, DRAFT, None)
            return changed

        def done(changed: bool) -> None:
            self.forget([typed.pair_id])
            if waits and row is not None and row.status == "accepted":
                self.say("A text of it is empty: it is proposed again, until e writes it.", "warning")
                self.ask_counts()
            else:
                said = f"Pair {typed.pair_id} is changed: u takes it back." if changed else "Nothing was changed."
                self.say(said)

        self.act(operate, done)

    def take_draft(self) -> None:
        """Take in an edit that a killed program left unfinished."""
        project = self.project

        def take(kept: dict[str, Any]) -> str:
            from workbench.operations.reshaping import edit_pair

            if (draft := draft_of(kept)) is None:
                return ""
            edit_pair(project, draft.pair_id, prompt=draft.prompt, response=draft.response)
            return "An edit that was not finished last time was kept. u takes it back."

        take_left(self, DRAFT, take)


def _draft(pair: Pair) -> PairDraft:
    return PairDraft(pair_id=pair.id, prompt=pair.prompt, response=pair.response)
