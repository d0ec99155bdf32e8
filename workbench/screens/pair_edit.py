"""Edit a pair's two texts: here, or in the author's own editor.

Nothing asks to be saved. What is typed here is kept as a draft with each key, so a program that is killed has lost
nothing; leaving makes it one edit, which undo takes back whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from textual import getters, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from workbench.operations.errors import WorkbenchError
from workbench.operations.outside import text_from_editor
from workbench.screens.editor import edit_file
from workbench.screens.pair_lines import TO_WRITE
from workbench.screens.shell import Shell
from workbench.widgets.plain import one_line
from workbench.widgets.text_fields import TextField

DRAFT = "pairs.draft"


@dataclass(frozen=True, kw_only=True)
class PairDraft:
    """The two texts of a pair as typed so far."""

    pair_id: int
    prompt: str
    response: str


def draft_of(value: object) -> PairDraft | None:
    """Read a draft as it was kept; anything else is none."""
    if isinstance(value, dict) and set(value) == {"pair_id", "prompt", "response"}:
        return PairDraft(pair_id=int(value["pair_id"]), prompt=str(value["prompt"]), response=str(value["response"]))
    return None


class EditPair(ModalScreen[PairDraft]):
    """Two text areas over the whole screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "keep and go back"),
        Binding("tab", "app.focus_next", "other text"),
    ]
    app = getters.app(Shell)

    def __init__(
        self,
        draft: PairDraft,
        title: str,
        *,
        tier: str = "continuation",
        part: Literal["prompt", "response"] = "response",
    ) -> None:
        """Make the editor.

        Args:
            draft: the texts to begin with.
            title: of the essay.
            tier: of the pair: it says what its prompt is.
            part: the text to begin in.
        """
        super().__init__()
        self._draft = self._kept = draft
        self._left = False
        wanted = TO_WRITE.get(tier)
        self._head = f"{one_line(title)} · prompt" + (f": {wanted}" if wanted else "")
        self._part = part

    def compose(self) -> ComposeResult:
        """Lay out prompt above response."""
        yield Static(self._head, markup=False)
        yield TextField(self._draft.prompt, id="edit-prompt", soft_wrap=True, show_line_numbers=False)
        yield Static("response", markup=False)
        yield TextField(self._draft.response, id="edit-response", soft_wrap=True, show_line_numbers=False)
        yield Static("esc keep and go back · tab other text · ctrl+z undo what was typed", markup=False)

    def on_mount(self) -> None:
        """Begin in the text that was asked for; a prompt at its end, as it is gone on with."""
        area = self.query_one(f"#edit-{self._part}", TextArea)
        area.focus()
        if self._part == "prompt":
            area.move_cursor(area.document.end)

    @property
    def typed(self) -> PairDraft:
        """What stands in the two text areas."""
        return PairDraft(
            pair_id=self._draft.pair_id,
            prompt=self.query_one("#edit-prompt", TextArea).text,
            response=self.query_one("#edit-response", TextArea).text,
        )

    @on(TextArea.Changed)
    def _changed(self) -> None:
        typed = self.typed
        if typed == self._kept or self._left:
            return
        self._kept = typed
        project = self.app.project

        def keep() -> None:
            from workbench.operations import guide

            guide.remember(
                project, DRAFT, {"pair_id": typed.pair_id, "prompt": typed.prompt, "response": typed.response}
            )

        self.app.write(keep)

    def action_leave(self) -> None:
        """Leave; the caller makes the edit."""
        # What the fields still have to tell of their last letters must not bring the draft back.
        self._left = True
        self.dismiss(self.typed)


def edit_in_editor(app: App[Any], draft: PairDraft) -> PairDraft:
    """Let the author edit the two texts in her editor.

    Raises:
        WorkbenchError: the editor failed, or one of the two headings is gone.
        EssayError: what it saved is no UTF-8.
    """
    text = text_from_editor(
        f"pair-{draft.pair_id}.md",
        f"### prompt\n\n{draft.prompt}\n\n### response\n\n{draft.response}\n",
        lambda path: edit_file(app, path, stands="the pair stays as it was"),
    )
    found = re.fullmatch(r"\s*### prompt[ \t]*\n(.*?)\n### response[ \t]*\n(.*)", text, re.DOTALL)
    if found is None:
        raise WorkbenchError(
            'The lines "### prompt" and "### response" are not both there: the pair stays as it was. '
            "Leave them where they stand."
        )
    prompt, response = (part.strip("\n") for part in found.groups())
    return PairDraft(pair_id=draft.pair_id, prompt=prompt, response=response)
