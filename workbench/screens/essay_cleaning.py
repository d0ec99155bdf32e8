"""What goes of an essay when pairs are proposed from it: every rule, what it takes, and a key that switches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from workbench.screens.base import ProjectScreen
from workbench.widgets.dialogs import Dialog
from workbench.widgets.page_list import PageList
from workbench.widgets.plain import cell, one_line

if TYPE_CHECKING:
    from store.essays import SourceRow
    from workbench.operations.cleaning import CleaningView, RuleView

# How many finds of one rule are listed, and how long each may be, in characters.
_LISTED = 200
_LONGEST = 600


class CleaningDialog(Dialog[None]):
    """Lists the rules with what each finds in one essay; the screen switches them."""

    VERTICAL_BREAKPOINTS = [(0, "-short"), (35, "-tall")]
    KEYS = "↑ ↓ rule · space switch it · tab the list of what goes · esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", "switch", show=False),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]
    DEFAULT_CSS = """
    CleaningDialog > Vertical { width: 120; }
    CleaningDialog Horizontal { height: auto; }
    CleaningDialog OptionList { width: 29; }
    CleaningDialog #cleaning-goes { height: auto; padding-left: 1; }
    CleaningDialog #cleaning-words { height: 3; }
    CleaningDialog VerticalScroll { height: 8; max-height: 8; }
    CleaningDialog.-tall VerticalScroll { height: 24; max-height: 24; }
    """

    def __init__(self, view: CleaningView, switch: Callable[[str, bool], None]) -> None:
        super().__init__(f"What goes of {view.source.title} when pairs are proposed")
        self._view = view
        self._switch = switch

    def compose_body(self) -> ComposeResult:
        """Yield the rules, and beside them what the highlighted one takes away."""
        with Horizontal():
            yield OptionList(*[Option(_rule(rule), id=rule.name) for rule in self._view.rules], markup=False)
            with Vertical(id="cleaning-goes"):
                yield Static("", id="cleaning-words")
                with VerticalScroll():
                    yield Static("", id="cleaning-finds")

    def on_mount(self) -> None:
        """Begin at the first rule that finds something."""
        found = [index for index, rule in enumerate(self._view.rules) if rule.found]
        self.query_one(OptionList).highlighted = found[0] if found else 0

    def show(self, view: CleaningView) -> None:
        """Show the rules anew after one was switched."""
        self._view = view
        options = self.query_one(OptionList)
        for rule in view.rules:
            options.replace_option_prompt(rule.name, _rule(rule))
        self._show_finds()

    @on(OptionList.OptionHighlighted)
    def _show_finds(self) -> None:
        rule = self._rule
        state = "on" if rule.on else "off: it stays as it is written"
        self.query_one("#cleaning-words", Static).update(
            Content.assemble(
                (rule.words, "$text-muted"), "\n", (state, "$text-success" if rule.on else "$text-warning")
            )
        )
        self.query_one("#cleaning-finds", Static).update(finds(self._view, rule.name))

    @on(OptionList.OptionSelected)
    def action_switch(self) -> None:
        """Switch the highlighted rule."""
        self._switch(self._rule.name, not self._rule.on)

    @property
    def _rule(self) -> RuleView:
        return self._view.rules[self.query_one(OptionList).highlighted or 0]


class CleaningKeys(ProjectScreen):
    """The key that shows what goes; `EssaysScreen`, which binds it, is the only screen made of it."""

    @property
    def sources(self) -> PageList[SourceRow]:
        """The list of sources."""
        raise NotImplementedError

    def action_clean(self) -> None:
        """Show what goes of the current source when pairs are proposed from it."""
        source_id = self.sources.current
        if source_id is None:
            self.say("There is nothing to look at: import essays with i.", "warning")
            return
        project = self.project

        def ask() -> CleaningView:
            from workbench.operations.cleaning import cleaning_view

            return cleaning_view(project, source_id)

        def switch(name: str, on: bool) -> None:
            def operate() -> tuple[str, CleaningView]:
                from workbench.operations.cleaning import cleaning_view, switch_rule

                return switch_rule(project, name, on), cleaning_view(project, source_id)

            def done(answer: tuple[str, CleaningView]) -> None:
                self.say(answer[0])
                if isinstance(self.app.screen, CleaningDialog):
                    self.app.screen.show(answer[1])

            self.act(operate, done)

        def show(view: CleaningView) -> None:
            self.app.push_screen(CleaningDialog(view, switch))

        self.ask(ask, show, group="clean")


def finds(view: CleaningView, rule: str) -> Content:
    """Lay out what a rule finds, each with its line in the file and what stays in its place."""
    found = [item for item in view.leftovers if item.rule == rule]
    if not found:
        return Content.styled("Nothing in this piece.", "$text-muted")
    parts: list[Content | str | tuple[str, str]] = []
    for item in found[:_LISTED]:
        text = one_line(item.text if len(item.text) <= _LONGEST else item.text[:_LONGEST] + " …")
        parts += [(f"{item.line:>4}  ", "$text-muted"), text]
        if item.kept:
            parts.append((f"  stays: {one_line(item.kept[:_LONGEST])}", "$text-success"))
        parts.append("\n")
    if len(found) > _LISTED:
        parts.append((f"and {len(found) - _LISTED} more\n", "$text-muted"))
    return Content.assemble(*parts)


def _rule(rule: RuleView) -> Content:
    return Content.assemble(
        (cell("on" if rule.on else "off", 4), "$text-success" if rule.on else "$text-warning"),
        cell(rule.name, 19),
        (cell(str(rule.found or "–"), 4, right=True), "" if rule.found else "$text-muted"),
    )
