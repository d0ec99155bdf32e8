"""Marks of a text that is edited: they go with their words, and what is typed in one is none of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from workbench.widgets.marked_field import MarkedField, alike, moved

TEXT = "One two three four."


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("So: One two three four.", ["two three"]),
        ("One two three four. And more.", ["two three"]),
        ("One two and three four.", ["two ", "three"]),
        ("One twelve three four.", ["tw", " three"]),
        ("One two thr four.", ["two thr"]),
        ("One ee four.", ["ee"]),
        ("One four.", []),
        ("", []),
    ],
)
def test_what_is_changed_in_a_mark_is_none_of_it_and_the_rest_stays(now: str, words: list[str]) -> None:
    start = TEXT.index("two")
    found = moved([(start, start + len("two three"))], TEXT, now)
    assert [now[first:last] for first, last in found] == words


@given(st.text("ab \n", max_size=30), st.text("ab \n", max_size=30), st.data())
def test_marks_stay_inside_the_text_apart_and_on_characters_that_were_marked(
    before: str, now: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    found = moved([(start, end)], before, now)
    assert "".join(now[first:last] for first, last in found) in (before[start:end], *_cuts(before[start:end]))
    assert all(0 <= first < last <= len(now) for first, last in found)
    assert all(one[1] <= other[0] for one, other in zip(found, found[1:], strict=False))
    assert moved([(start, end)], before, before) == (((start, end),) if start < end else ())


def _cuts(text: str) -> set[str]:
    """Return what is left of a text with one stretch cut out."""
    return {text[:start] + text[end:] for start in range(len(text) + 1) for end in range(start, len(text) + 1)}


@given(st.text("ab", max_size=12), st.text("ab", max_size=12))
def test_texts_are_alike_up_to_the_first_difference(one: str, other: str) -> None:
    length = alike(one, other)
    assert one[:length] == other[:length]
    assert length == min(len(one), len(other)) or one[length] != other[length]


class _Field(App[None]):
    def compose(self) -> ComposeResult:
        yield MarkedField(id="field")


async def test_a_mark_is_drawn_in_its_own_style_on_every_line_and_follows_edits_and_undo() -> None:
    app = _Field()
    async with app.run_test(size=(40, 10)) as pilot:
        field = app.query_one(MarkedField)
        field.load_text("One two.\n\nThree four.")
        start = field.text.index("two")
        field.mark([(start, field.text.index(" four"))])
        await pilot.pause()
        assert _italic(field) == ["two.", "", "Three"]
        field.insert("So: ", (0, 0))
        assert _italic(field) == ["two.", "", "Three"]
        field.history.checkpoint()
        field.insert("x", (2, 2))
        assert _italic(field) == ["two.", "", "Three"]
        assert [field.text[first:last] for first, last in field.spans] == ["two.\n\nTh", "ree"]
        field.undo()
        await pilot.pause()
        assert field.text == "So: One two.\n\nThree four."
        assert "".join(_italic(field)) == "two.Three"


def _italic(field: MarkedField) -> list[str]:
    """Return of each line what is drawn in the style of a mark."""
    said = []
    for row in range(field.document.line_count):
        line = field.get_line(row)
        said.append(
            "".join(line.plain[span.start : span.end] for span in line.spans if getattr(span.style, "italic", 0))
        )
    return said
