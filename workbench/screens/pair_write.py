"""Keys of Pairs that write: edit prompt and response here or in the author's editor."""

from __future__ import annotations

from workbench.screens.pair_base import PairBase
from workbench.screens.pair_edit import DRAFT, EditPair, PairDraft, draft_of, edit_in_editor


class WriteKeys(PairBase):
    """Edits of the two texts."""

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

    def take_draft(self) -> None:
        """Take in an edit that a killed program left unfinished."""

        def operate() -> str | None:
            from workbench.operations import guide
            from workbench.operations.curating import edit_pair

            draft = draft_of(guide.recall(self.project, DRAFT))
            if draft is None:
                return None
            edit_pair(self.project, draft.pair_id, prompt=draft.prompt, response=draft.response)
            guide.remember(self.project, DRAFT, None)
            return "An edit that was not finished last time was kept. u takes it back."

        def done(sentence: str | None) -> None:
            if sentence:
                self.say(sentence)
                self.on_project_changed()

        self.act(operate, done)
