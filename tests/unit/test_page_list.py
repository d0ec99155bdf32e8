"""The list that draws lines on demand: its cursor, its marks, and how little it holds."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from textual import on
from textual.app import App, ComposeResult
from textual.content import Content

from workbench.widgets.page_list import PageList


class Lists(App[None]):
    """One list whose rows are strings; it counts what it is asked for."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__()
        self.all_ids = ids
        self.wanted: list[Sequence[int]] = []
        self.drawn = 0
        self.moves: list[int | None] = []
        self.opened: list[int] = []

    def compose(self) -> ComposeResult:
        yield PageList(self.draw, id="list", empty="Nothing here: press i.")

    def draw(self, row: str, width: int) -> Content:
        self.drawn += 1
        return Content(row)

    @property
    def list(self) -> PageList[str]:
        return self.query_one(PageList)

    def on_mount(self) -> None:
        self.list.focus()
        self.list.show(self.all_ids)

    @on(PageList.Wanted)
    def fetch(self, event: PageList.Wanted) -> None:
        self.wanted.append(event.ids)
        event.list.put({item: f"row {item}" for item in event.ids})

    @on(PageList.Moved)
    def moved(self, event: PageList.Moved) -> None:
        self.moves.append(event.id)

    @on(PageList.Opened)
    def open_row(self, event: PageList.Opened) -> None:
        self.opened.append(event.id)


def lines(app: Lists) -> list[str]:
    """Return what the list shows."""
    return ["".join(segment.text for segment in app.list.render_line(y)).rstrip() for y in range(app.list.size.height)]


async def test_a_hundred_thousand_rows_are_asked_for_only_where_they_are_drawn() -> None:
    app = Lists(array("q", range(100_000)))
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        assert "row 0" in lines(app)[0]
        await pilot.press("G")
        await pilot.pause()
        await pilot.pause()
        assert app.list.current == 99_999
        assert lines(app)[-1].endswith("row 99999")
        assert sum(len(ids) for ids in app.wanted) < 500
        assert app.drawn < 500


async def test_the_cursor_moves_by_keys_and_stays_inside() -> None:
    app = Lists([3, 5, 7])
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("k", "j", "down", "j", "j")
        assert app.list.current == 7
        await pilot.press("g")
        assert app.list.current == 3
        await pilot.press("enter")
        await pilot.pause()
        assert app.opened == [3]
        assert app.moves[0] == 3
        assert app.moves[-1] == 3


async def test_space_marks_and_goes_on_and_marks_are_what_keys_act_on() -> None:
    app = Lists([1, 2, 3, 4])
    async with app.run_test(size=(40, 10)) as pilot:
        assert app.list.targets == [1]
        await pilot.press("j", "space", "space")
        assert app.list.targets == [2, 3]
        assert app.list.current == 4
        app.list.unmark()
        assert app.list.targets == [4]


async def test_the_cursor_stays_on_its_row_when_others_come_and_go() -> None:
    app = Lists([1, 2, 3, 4])
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("j", "j")
        app.list.show([0, 1, 3, 9])
        assert app.list.current == 3
        app.list.show([0, 1])
        assert app.list.current == 1
        app.list.show([5, 6, 7], cursor=6)
        assert app.list.current == 6
        assert not app.list.go_to(99)


async def test_marks_of_rows_that_went_are_forgotten() -> None:
    app = Lists([1, 2, 3])
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("space", "space")
        app.list.show([2, 3])
        assert app.list.marked == {2}


async def test_an_empty_list_says_what_to_do() -> None:
    app = Lists([])
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert "Nothing here: press i." in "\n".join(lines(app))
        assert app.moves == [None]
        await pilot.press("j", "enter", "space")
        assert app.list.current is None


async def test_markup_and_escapes_in_a_row_are_text() -> None:
    app = Lists([1])
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.list.put({1: "[bold]not bold[/bold]"})
        assert "[bold]not bold[/bold]" in lines(app)[0]


async def test_rows_that_are_lent_are_all_drawn_and_none_is_asked_for() -> None:
    app = Lists(array("q", range(10_000)))
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        asked = len(app.wanted)
        app.list.hold({item: f"lent {item}" for item in range(10_000)})
        app.list.show(array("q", range(10_000)))
        await pilot.pause()
        assert lines(app)[0].endswith("lent 0")
        await pilot.press("G")
        await pilot.pause()
        assert lines(app)[-1].endswith("lent 9999")
        assert app.list.current_row == "lent 9999"
        app.list.hold({9999: "lent anew"})
        app.list.show([9999])
        await pilot.pause()
        assert lines(app)[0].endswith("lent anew")
        assert len(app.wanted) == asked
