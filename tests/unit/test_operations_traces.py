"""A trace is replayed whole or not at all: what is broken in one is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.operations.traces import Trace, TraceError, check_leads_to, read_trace, trace_of

GOOD: dict[str, Any] = {
    "prompt_tokens": 7,
    "canvas": 3,
    "commits": [[0, 2, 40, 0.5], [0, 0, 41, 0.25], [2, 1, 42, 1]],
}


def test_a_trace_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(GOOD))
    found = read_trace(path, "traces/one.json")
    assert (found.prompt_tokens, found.canvas) == (7, 3)
    assert [(commit.step, commit.position) for commit in found.commits] == [(0, 2), (0, 0), (2, 1)]


def test_a_canvas_with_text_behind_it_is_a_trace() -> None:
    assert isinstance(trace_of(GOOD | {"suffix_tokens": 12}), Trace)


def test_an_empty_canvas_is_a_trace() -> None:
    assert isinstance(trace_of({"prompt_tokens": 0, "canvas": 0, "commits": []}), Trace)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "holds 'version', which this version does not know"),
        ({"prompt_tokens": -1}, "whole numbers from 0"),
        ({"canvas": True}, "whole numbers from 0"),
        ({"suffix_tokens": "two"}, "whole numbers from 0"),
        ({"commits": {}}, "commits as a list"),
        ({"commits": GOOD["commits"][:2]}, "fills 2 of the canvas's 3 positions"),
        ({"commits": [[0, 0, 41]]}, "number 1, that is not [step, position, token_id, confidence]"),
        ({"commits": [[0, 0, "a", 0.1]]}, "whose step, position or token_id is no whole number"),
        ({"commits": [[0, 0, 41, 1.5]]}, "whose confidence is no number from 0 to 1"),
        ({"commits": [[0, 0, 41, None]]}, "whose confidence is no number from 0 to 1"),
        ({"commits": [[0, 0, 41, float("nan")]]}, "whose confidence is no number from 0 to 1"),
        ({"commits": [[3, 0, 41, 0.1], [2, 1, 41, 0.1]]}, "number 2, of step 2, after one of step 3"),
        ({"commits": [[0, 3, 41, 0.1]]}, "at position 3, outside a canvas of 3"),
        ({"commits": [[0, 1, 41, 0.1], [1, 1, 41, 0.1]]}, "at position 1, which was committed before"),
    ],
)
def test_what_is_broken_in_a_trace_is_said(change: dict[str, Any], said: str) -> None:
    found = trace_of(GOOD | change)
    assert isinstance(found, str)
    assert said in found


@pytest.mark.parametrize("data", [None, 3, "text", [GOOD]])
def test_what_is_no_object_is_no_trace(data: Any) -> None:
    assert isinstance(trace_of(data), str)


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_field_is_named(name: str) -> None:
    assert f"has no {name}" in str(trace_of({key: value for key, value in GOOD.items() if key != name}))


@pytest.mark.parametrize(
    ("content", "said"), [(b'{"canvas": 3', "is not whole"), (b"\xff\xfe", "is not whole"), (None, "is not there")]
)
def test_a_file_that_cannot_be_read_is_named_and_its_error_without_the_name_does_not_say_whose_it_is(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "base-0.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TraceError) as caught:
        read_trace(path, "runs/one/traces/base-0.json")
    assert str(caught.value).startswith("runs/one/traces/base-0.json: ")
    assert caught.value.unnamed.startswith(f"The trace {said}")
    assert "base" not in caught.value.unnamed


def test_a_folder_in_its_place_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be read"):
        read_trace(tmp_path, "traces/one.json")


def test_a_trace_that_leads_to_other_tokens_is_another_samples() -> None:
    found = trace_of(GOOD)
    assert isinstance(found, Trace)
    check_leads_to(found, [41, 42, 40], path="one")
    check_leads_to(found, None, path="one")
    with pytest.raises(TraceError, match="commits token 40 at position 3, where the sample has 43"):
        check_leads_to(found, [41, 42, 43], path="one")
    with pytest.raises(TraceError, match="fills a canvas of 3 positions, and the sample has 2"):
        check_leads_to(found, [41, 42], path="one")
