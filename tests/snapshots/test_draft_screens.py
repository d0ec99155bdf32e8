"""How a draft looks while it is written with the model, at 80x24 and 120x40."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from store import program
from tests.journeys.builders import make_curated_project
from tests.journeys.fake_session import instead_of_a_model
from tests.journeys.program import press
from tests.snapshots.test_curation_screens import SIZES, Compare, looks_right
from workbench.operations import sessions
from workbench.screens.draft import DraftScreen

TEXT = """The lane bends past a farm where nobody hurries, and every gate is mended with string.

It is a great thing to walk there in the morning, before the post has come and the day is somebody else's.

The end of it is a pond."""

pytestmark = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])


def test_the_answers_to_a_span(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    project = make_curated_project(tmp_path / "voice")
    program.remember(project.db, "draft.text.", {"standing": "", "text": TEXT})

    async def ask(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, DraftScreen)
        start = TEXT.splitlines()[2].index("walk there")
        screen.area.selection = type(screen.area.selection)((2, start), (2, start + len("walk there")))
        screen.area.cursor_blink = False
        await pilot.press("ctrl+g")
        end = time.monotonic() + 20
        while not (screen._asked and screen.session and screen.session.seconds):
            assert time.monotonic() < end, "no answer came"
            await pilot.pause(0.02)
        await press(pilot, "j")
        # What is said of the answer stands for some seconds only.
        screen.outdate()

    with instead_of_a_model():
        try:
            assert looks_right(snap_compare, project.root, size, screen="essays", keys=("I",), before=ask)
        finally:
            for view in sessions.session_views(project):
                if view.lives:
                    sessions.stop(project, view.name)
