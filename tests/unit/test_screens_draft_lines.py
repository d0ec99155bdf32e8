"""The lines around a draft, at the widths of a small terminal."""

from __future__ import annotations

from dataclasses import replace

from workbench.operations.sessions import SessionView, Writer
from workbench.screens.draft_lines import model_line, title_line

RUN = "20261124-1347-embedded-lr0.001-0cd6"
VIEW = SessionView(
    name="s",
    model="embedded",
    adapter_run=RUN,
    checkpoint=None,
    status="running",
    phase="wait",
    answered=1,
    open=0,
    seconds=35.863,
    error=None,
    created_at="2026-11-24T13:47:00Z",
)


def test_how_the_model_is_stands_whole_beside_a_long_name() -> None:
    writer = Writer(adapter_run=RUN, words="embedded with its adapter")
    narrow = model_line(writer, VIEW, 76).plain
    assert narrow == "model  20261124-1347-embedded-lr0.001… · loaded, the last answer took 35.9 s"
    assert len(narrow) == 76
    assert model_line(writer, VIEW, 116).plain == f"model  {RUN} · loaded, the last answer took 35.9 s"


def test_a_short_name_takes_no_more_room_than_it_has() -> None:
    writer = Writer(adapter_run=None, words="embedded as it is")
    assert model_line(writer, None, 76).plain == "model  embedded as it is · not loaded"


def test_the_title_counts_the_words_of_the_model_where_there_are_any() -> None:
    assert title_line("gates.md", (0, 12), 76).plain.rstrip() == "Draft · gates.md"
    counted = title_line("gates.md", (9, 120), 76).plain
    assert counted.startswith("Draft · gates.md ")
    assert counted.endswith("  9 of 120 words the model's, in italics")
    assert len(counted) == 76


def test_what_is_loaded_in_place_of_who_writes_is_named() -> None:
    base, adapter = Writer(adapter_run=None, words="embedded as it is"), Writer(adapter_run=RUN, words="")
    assert model_line(base, None, 76, other=VIEW).plain.endswith("· not loaded; loaded is embedded-lr0.001-0cd6")
    assert model_line(adapter, None, 116, other=VIEW).plain.endswith("loaded is another checkpoint of it")
    of_base = replace(VIEW, adapter_run=None)
    assert model_line(adapter, None, 116, other=of_base).plain.endswith("not loaded; loaded is embedded")
    assert model_line(base, replace(of_base, status="stopping"), 76).plain.endswith("· ending")
