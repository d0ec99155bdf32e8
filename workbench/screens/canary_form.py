"""Write a canary prompt: its name, the opening, what kind it is, and the real piece to compare with.

Nothing asks to be saved: each key is kept in a draft, so a program that is killed has lost nothing; leaving makes it
one edit, which undo takes back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Static, TextArea

from workbench.screens.shell import Shell
from workbench.widgets.plain import visible
from workbench.widgets.text_fields import LineField, SwitchField, TextField

DRAFT = "datasets.draft"
_KEYS = "esc keep and go back · tab next field · space switches"
_MISSING = "The opening is missing: write it, or press esc again to leave without."


@dataclass(frozen=True, kw_only=True)
class CanaryDraft:
    """A canary prompt as typed; `canary_id` is None for a new one. An empty `slug` comes from the words, or stays."""

    canary_id: int | None = None
    slug: str = ""
    prompt: str = ""
    novel: bool = False
    long: bool = False
    reference: str = ""

    @property
    def holds_words(self) -> bool:
        """Whether anything was typed."""
        return any(text.strip() for text in (self.slug, self.prompt, self.reference))


def draft_of(value: object) -> CanaryDraft | None:
    """Read a draft as it was kept; anything else is none."""
    if isinstance(value, dict) and set(value) == {field.name for field in fields(CanaryDraft)}:
        kept: dict[str, Any] = value
        return CanaryDraft(**kept)
    return None


class CanaryForm(ModalScreen[CanaryDraft]):
    """The form over the whole screen; dismissed with what was typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "keep and go back"),
        Binding("tab", "app.focus_next", "next field"),
        Binding("shift+tab", "app.focus_previous", "field before"),
    ]

    app = getters.app(Shell)

    def __init__(self, draft: CanaryDraft, *, refused: str = "") -> None:
        """Make the form.

        Args:
            draft: what stands in it at first.
            refused: why it could not be kept as it is; said until something is changed.
        """
        super().__init__()
        self._draft = self._kept = draft
        self._refused = refused
        self._left = False
        self._warned = False

    def compose(self) -> ComposeResult:
        """Lay out the fields from top to bottom."""
        new = self._draft.canary_id is None
        yield Static("A new canary prompt" if new else f"Canary {self._draft.slug}", classes="form-title", markup=False)
        yield Static("The opening every model is to continue", classes="form-label")
        yield TextField(self._draft.prompt, id="canary-prompt", soft_wrap=True, show_line_numbers=False)
        empty = "first words" if new else "as it is"
        words = f"Its name: its topic, by which leaks are looked for (empty: {empty})"
        yield Static(words, classes="form-label", markup=False)
        yield LineField(self._draft.slug, id="canary-name", select_on_focus=False)
        with Horizontal(id="canary-kind"):
            yield SwitchField("novel: on a topic no essay names", self._draft.novel, id="canary-novel", compact=True)
            yield SwitchField("long", self._draft.long, id="canary-long", compact=True)
        yield Static("The real piece to compare with, if there is one", classes="form-label")
        yield TextField(self._draft.reference, id="canary-reference", soft_wrap=True, show_line_numbers=False)
        yield Static(_KEYS, id="canary-keys", classes="form-label", markup=False)

    def on_mount(self) -> None:
        """Begin in the first field, so that typing from the top to the bottom fills the form."""
        self.query_one("#canary-prompt").focus()
        self._say(self._refused)

    @property
    def typed(self) -> CanaryDraft:
        """What stands in the fields."""
        return CanaryDraft(
            canary_id=self._draft.canary_id,
            slug=self.query_one("#canary-name", Input).value.strip(),
            prompt=self.query_one("#canary-prompt", TextArea).text,
            novel=self.query_one("#canary-novel", Checkbox).value,
            long=self.query_one("#canary-long", Checkbox).value,
            reference=self.query_one("#canary-reference", TextArea).text,
        )

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Checkbox.Changed)
    def _changed(self) -> None:
        typed, project = self.typed, self.app.project
        if self._warned and typed.prompt.strip():
            self._warn(False)
        if typed == self._kept or self._left:
            return
        self._kept = typed
        if self._refused:
            self._refused = ""
            self._warn(self._warned)

        def keep() -> None:
            from workbench.operations import guide

            guide.remember(project, DRAFT, asdict(typed))

        self.app.write(keep)

    def action_leave(self) -> None:
        """Leave with what stands here; the caller makes the edit. Without an opening, say so first."""
        typed = self.typed
        if not typed.prompt.strip() and typed != self._draft and not self._warned:
            self._warn(True)
            self.query_one("#canary-prompt").focus()
            return
        # What the fields still have to tell of their last letters must not bring the draft back.
        self._left = True
        self.dismiss(typed)

    def _warn(self, missing: bool) -> None:
        self._warned = missing
        self._say(_MISSING if missing else "")

    def _say(self, what: str) -> None:
        """Say what is wrong in the place of the keys; they come back with an empty text."""
        keys = self.query_one("#canary-keys", Static)
        keys.update(visible(what) if what else _KEYS)
        keys.set_class(bool(what), "-missing")
