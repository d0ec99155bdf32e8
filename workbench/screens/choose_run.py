"""Ask which run is meant: nothing is asked where there is only one."""

from __future__ import annotations

from collections.abc import Callable

from workbench.screens.base import ProjectScreen


def choose_run(
    screen: ProjectScreen,
    question: str,
    names: Callable[[], list[str]],
    then: Callable[[str], None],
    *,
    none: str,
    group: str,
) -> None:
    """Read which runs there are, and go on with the one that is chosen.

    Args:
        screen: which asks for it.
        question: the title of the dialog.
        names: reads those that can be chosen.
        then: takes the name.
        none: is said where there is none.
        group: of what is read, as for `ask`.
    """

    def show(found: list[str]) -> None:
        from workbench.screens.run_lines import short_name
        from workbench.widgets.dialogs import Choice, ChoiceDialog

        if not found:
            screen.say(none, "warning")
        elif len(found) == 1:
            then(found[0])
        else:
            choices = [Choice(value=name, name=short_name(name, 60)) for name in found]
            screen.app.push_screen(
                ChoiceDialog(question, choices, typed_next=True),
                lambda name: None if name is None else then(name),
            )

    screen.ask(names, show, group=group)
