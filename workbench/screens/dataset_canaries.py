"""Keys of Datasets for the canary prompts: write, edit, remove, import."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from curation.counted import counted
from workbench.screens.dataset_base import DatasetBase

if TYPE_CHECKING:
    from workbench.operations.canaries import CanaryImport
    from workbench.screens.canary_form import CanaryDraft


class CanaryKeys(DatasetBase):
    """Write, edit, remove, import."""

    def action_new_canary(self) -> None:
        """Write a new canary prompt."""
        from workbench.screens.canary_form import CanaryDraft

        self._open_form(CanaryDraft())

    def action_edit_canary(self) -> None:
        """Edit the canary prompt under the cursor."""
        row = self.canaries.current_row
        if row is None:
            self.say("There is no canary prompt to edit: write one with n.", "warning")
            return
        from workbench.screens.canary_form import CanaryDraft

        draft = CanaryDraft(
            canary_id=row.id,
            slug=row.slug,
            prompt=row.prompt,
            novel=row.topic == "novel",
            long=row.length == "long",
            reference=row.reference,
        )
        self._open_form(draft)

    def _keep(self, draft: CanaryDraft | None) -> None:
        if draft is None:
            return

        def refused(sentence: str) -> None:
            # A name that is taken, say: what was typed is not thrown away.
            if draft.prompt.strip():
                self._open_form(draft, refused=sentence)

        words = "Kept. The next freeze or run makes it a version."
        self.act(lambda: self._store(draft), lambda stored: self.changed(words) if stored else None, failed=refused)

    def _open_form(self, draft: CanaryDraft, *, refused: str = "") -> None:
        from workbench.screens.canary_form import CanaryForm

        self.app.push_screen(CanaryForm(draft, refused=refused), self._keep)

    def _take_draft(self) -> None:
        """Make what a killed program left an edit; where it is none yet, open the form again as it was left."""

        def operate() -> bool | CanaryDraft:
            from workbench.operations import guide
            from workbench.operations.canaries import canary_rows
            from workbench.operations.errors import WorkbenchError
            from workbench.screens.canary_form import DRAFT, draft_of

            draft = draft_of(guide.recall(self.project, DRAFT))
            if draft is None:
                return False
            if all(row.id != draft.canary_id for row in canary_rows(self.project)):
                draft = replace(draft, canary_id=None)
            if not draft.prompt.strip() and draft.holds_words:
                return draft
            try:
                return self._store(draft)
            except WorkbenchError:
                # A name that was taken meanwhile, say.
                return draft

        def done(stored: bool | CanaryDraft) -> None:
            if isinstance(stored, bool):
                if stored:
                    self.changed("A canary prompt that was not finished last time was kept. u takes it back.")
            elif self.is_current:
                self._open_form(stored)

        self.act(operate, done)

    def _store(self, draft: CanaryDraft) -> bool:
        """Make a draft the edit it stands for, in the writer's thread; return whether there was anything to store."""
        from workbench.operations import guide
        from workbench.operations.canaries import add_canary, change_canary
        from workbench.screens.canary_form import DRAFT

        topic, length = "novel" if draft.novel else "known", "long" if draft.long else "short"
        if draft.canary_id is not None:
            change_canary(
                self.project,
                draft.canary_id,
                prompt=draft.prompt,
                topic=topic,
                length=length,
                reference=draft.reference,
                slug=draft.slug,
            )
        elif draft.prompt.strip():
            add_canary(
                self.project,
                prompt=draft.prompt,
                slug=draft.slug,
                topic=topic,
                length=length,
                reference=draft.reference,
            )
        # Last: what is refused stays a draft.
        guide.remember(self.project, DRAFT, None)
        return draft.canary_id is not None or bool(draft.prompt.strip())

    def action_remove_canary(self) -> None:
        """Take the prompt under the cursor out of the working set."""
        row = self.canaries.current_row
        if row is None or not self.canaries.has_focus:
            self.say("Choose a canary prompt first: tab goes to their list.", "warning")
            return

        def operate() -> None:
            from workbench.operations.canaries import remove_canary

            remove_canary(self.project, row.id)

        self.act(operate, lambda _none: self.changed(f"Removed {row.slug}: u brings it back. Versions keep it."))

    def action_import_canaries(self) -> None:
        """Ask for a file of prompts."""
        from workbench.widgets.path_dialog import PathDialog

        self.app.push_screen(
            PathDialog(
                "Import canary prompts",
                "A Markdown file of `## name` blocks.",
                root=self.project.root,
                suffixes=(".md", ".markdown", ".txt"),
            ),
            self._import,
        )

    def _import(self, given: str | None) -> None:
        if not given or not given.strip():
            return
        path = self.project.root / Path(given.strip()).expanduser()

        def operate() -> CanaryImport:
            from workbench.operations.canaries import import_canaries

            return import_canaries(self.project, path)

        def done(report: CanaryImport) -> None:
            words = f"{counted(report.imported, 'canary prompt')} imported: {report.summary}"
            self.changed(words)
            if report.problems:
                self.say(
                    "\n".join([words, *map(str, report.problems)]),
                    "warning",
                )

        self.act(operate, done)
