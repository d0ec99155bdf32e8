"""The first line of every screen: the project, and the six screens with their keys; the mouse works on it too."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from workbench.widgets.plain import cell, one_line

SCREENS = (
    ("essays", "1", "Essays"),
    ("pairs", "2", "Pairs"),
    ("datasets", "3", "Datasets"),
    ("runs", "4", "Runs"),
    ("review", "5", "Review"),
    ("experiments", "6", "Experiments"),
)


class Tabs(Widget):
    """One line: where the author is, and where else she can be."""

    DEFAULT_CSS = """
    Tabs { height: 1; padding: 0 1; background: $panel; color: $foreground; }
    """

    def __init__(self, *, project: str, current: str) -> None:
        super().__init__()
        self._project = one_line(project)
        self._current = current

    def render(self) -> Content:
        """Draw the line; a narrow terminal crops the project's name first, then the names of other tabs go."""
        parts: list[Content | str | tuple[str, str]] = []
        length = 0
        whole = sum(cell_len(f" {key} {title} ") for _, key, title in SCREENS) <= self.size.width
        for name, key, title in SCREENS:
            here = name == self._current
            label = f" {key} {title} " if whole or here else f" {key} "
            style = "bold reverse" if here else "$text-muted"
            # Not `@click`: Textual 8.2 draws that as a link, in a colour of its own.
            parts.append(Content.styled(label, style).stylize(Style.from_meta({"screen": name})))
            length += cell_len(label)
        room = self.size.width - length - 2
        if room >= 6:
            parts.insert(0, (cell(self._project, min(room, max(12, cell_len(self._project)))) + "  ", "bold $accent"))
        return Content.assemble(*parts)

    async def on_click(self, event: events.Click) -> None:
        """Go to the screen that was clicked."""
        name = event.style.meta.get("screen")
        if name is not None:
            await self.run_action(f"app.go('{name}')")
