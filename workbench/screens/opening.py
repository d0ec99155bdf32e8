"""The first frame, painted before the project is opened."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from workbench.widgets.plain import visible
from workbench.widgets.status_line import KeyLine, StatusLine
from workbench.widgets.tabs import Tabs


class OpeningScreen(Screen[None]):
    """The first frame: the header, and one line that says what is being opened, or why it could not be."""

    def __init__(self, name: str) -> None:
        super().__init__(id="opening")
        self._title = name

    def compose(self) -> ComposeResult:
        """Lay out the frame that every other screen has too."""
        yield Tabs(project=self._title, current="")
        yield Static(f"Opening {self._title} …", id="opening-body", markup=False)
        yield StatusLine()
        yield KeyLine()

    def bring_up(self) -> None:
        """Say that an earlier version wrote the project, and what is done about it."""
        text = Content.assemble(
            f"Bringing {self._title} to this version of the program …\n\n",
            ("Its database is backed up, and what is searched is indexed anew.\n", "$text-muted"),
            ("Where there are tens of thousands of pairs, this can take a minute.", "$text-muted"),
        )
        self.query_one("#opening-body", Static).update(text)

    def fail(self, sentence: str) -> None:
        """Say why the project could not be opened."""
        text = Content.assemble(
            ("This project cannot be opened.\n\n", "bold $text-error"),
            visible(sentence),
            ("\n\nNothing was changed. q closes the program.", "$text-muted"),
        )
        self.query_one("#opening-body", Static).update(text)
