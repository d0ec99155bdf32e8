"""Lists of choices: every line has its own key, and what is typed too early chooses nothing."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.widgets import OptionList

from workbench.widgets.choose_many import ManyDialog
from workbench.widgets.dialogs import Choice, ChoiceDialog, keys_of


def test_lines_have_their_first_letters_where_no_two_begin_alike_and_are_counted_else() -> None:
    assert keys_of(["near-copy", "near-copy", "small-holdout"]) == ["1", "2", "3"]
    assert keys_of(["chat", "csv", "text"]) == ["1", "2", "3"]
    assert keys_of(["20260102-a", "20260101-b"]) == ["1", "2"]
    assert keys_of(["rewrite", "Thesis"]) == ["r", "t"]


def test_no_key_is_given_twice_and_none_that_moves() -> None:
    keys = keys_of([f"pair {number}" for number in range(12)])
    assert keys == [*"1234567890", "", ""]
    assert keys_of(["jump", "keep"]) == ["1", "2"]


@pytest.mark.parametrize(("typed_next", "taken"), [(False, "csv"), (True, None)])
async def test_the_key_of_a_line_takes_it_but_only_goes_there_where_a_line_is_typed_next(
    typed_next: bool, taken: str | None
) -> None:
    app, answers = App[None](), list[str | None]()
    async with app.run_test(size=(80, 24)) as pilot:
        choices = [Choice(value=name, name=name) for name in ("chat", "csv", "text")]
        app.push_screen(ChoiceDialog("Which?", choices, typed_next=typed_next), answers.append)
        await pilot.pause()
        assert "2  csv" in str(app.screen.query_one(OptionList).get_option_at_index(1).prompt)
        await pilot.press("c", "2")
        assert answers == ([taken] if taken else [])
        if typed_next:
            await pilot.press("enter")
            assert answers == ["csv"]


async def test_a_switch_has_its_own_key_before_it_also_where_names_begin_alike() -> None:
    app, answers = App[None](), list[list[str] | None]()
    async with app.run_test(size=(80, 24)) as pilot:
        names = ("chat", "csv", "text")
        app.push_screen(ManyDialog("Which?", [Choice(value=name, name=name) for name in names], on=[]), answers.append)
        await pilot.pause()
        options = app.screen.query_one(OptionList)
        lines = [str(options.get_option_at_index(index).prompt) for index in range(3)]
        assert [line.split()[0] for line in lines] == ["1", "2", "3"]
        await pilot.press("c")
        assert not any("[x]" in str(options.get_option_at_index(index).prompt) for index in range(3))
        await pilot.press("3", "2", "1", "1")
        assert options.highlighted == 0
        await pilot.press("enter")
    assert answers == [["csv", "text"]]
