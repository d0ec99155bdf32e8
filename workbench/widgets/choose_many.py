"""A dialog that asks which of a few things: switches that read without colour, by the key before each, or by space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from workbench.widgets.dialogs import Choice, Dialog, keys_of
from workbench.widgets.plain import one_line

T = TypeVar("T")


class ManyDialog(Dialog[list[T]], Generic[T]):
    """Asks for any of a few; leaves with what is on, in order, and not while nothing is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "done", "done", show=False, priority=True),
        Binding("space", "switch", "switch", show=False, priority=True),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]

    def __init__(
        self, title: str, choices: Sequence[Choice[T]], *, on: Sequence[T], words: str = "", done: str = "done"
    ) -> None:
        """Make the dialog.

        Args:
            title: what is asked.
            choices: what there is.
            on: the values that are on at first.
            words: a sentence under the title.
            done: what enter does, for the line of keys.
        """
        super().__init__(title, words)
        self._choices = list(choices)
        self._on = {choice.value for choice in choices if choice.value in on}
        self._line_keys = keys_of([choice.name for choice in choices])
        self.KEYS = f"the key before a line switches it · ↑ ↓ space · enter {done} · esc leave"  # type: ignore[misc]

    def compose_body(self) -> ComposeResult:
        """Yield the switches."""
        yield OptionList(*[self._option(index) for index in range(len(self._choices))], markup=False)
        yield Static("Switch one on, or leave with esc.", classes="dialog-needs", markup=False)

    def _option(self, index: int) -> Option:
        choice = self._choices[index]
        width = max(len(item.name) for item in self._choices)
        on = choice.value in self._on
        return Option(
            Content.assemble(
                (f"{self._line_keys[index]:<1}  ", "bold $accent"),
                ("[x] " if on else "[ ] ", "bold" if on else ""),
                one_line(choice.name).ljust(width),
                (f" {one_line(choice.words)}", "$text-muted"),
            )
        )

    def _switch(self, index: int) -> None:
        self._on ^= {self._choices[index].value}
        self.query_one(".dialog-needs").display = False
        options = self.query_one(OptionList)
        options.replace_option_prompt_at_index(index, self._option(index).prompt)

    def action_switch(self) -> None:
        """Switch the one under the cursor."""
        index = self.query_one(OptionList).highlighted
        if index is not None:
            self._switch(index)

    def action_done(self) -> None:
        """Leave with what is on."""
        chosen = [choice.value for choice in self._choices if choice.value in self._on]
        if chosen:
            self.dismiss(chosen)
        else:
            self.query_one(".dialog-needs").display = True

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._switch(event.option_index)

    def on_key(self, event: Any) -> None:
        """Switch the line whose key it is."""
        if not event.character or event.character not in self._line_keys:
            return
        event.stop()
        index = self._line_keys.index(event.character)
        self.query_one(OptionList).highlighted = index
        self._switch(index)
