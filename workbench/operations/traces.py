"""Traces of samples, read and checked: what a sampler committed, in the order it did.

The decision to know: a trace is replayed whole or not at all. One that is not exactly as `docs/run-directory.md` says,
or that does not lead to the very tokens of its sample, is refused with what was found in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from workbench.operations.errors import WorkbenchError

_FIELDS = ("prompt_tokens", "canvas", "commits")
# Of a canvas with text behind it.
_OPTIONAL = ("suffix_tokens",)
# A commit takes about 30 bytes; no canvas has a million positions.
_MOST_BYTES = 50_000_000


class TraceError(WorkbenchError):
    """A trace that is not there, cannot be read, or is not its sample's.

    Attributes:
        unnamed: the text without the name of the file, which says whose the sample is.
    """

    def __init__(self, what: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {what}" if path else f"{what[:1].upper()}{what[1:]}")
        self.unnamed = f"The trace {what}" if path else str(self)


class Commit(NamedTuple):
    """One token fixed for good.

    Attributes:
        step: the sampler's, from 0.
        position: on the canvas, from 0.
        token_id: what was committed.
        confidence: the model's probability of it at that step, 0 to 1.
    """

    step: int
    position: int
    token_id: int
    confidence: float


@dataclass(frozen=True)
class Trace:
    """How a canvas was filled: the tokens in front of it, its length, and every commit in order."""

    prompt_tokens: int
    canvas: int
    commits: tuple[Commit, ...]


def read_trace(path: Path, name: str) -> Trace:
    """Read a trace, whose commits fill the whole canvas.

    Args:
        path: the file.
        name: what errors call it.

    Raises:
        TraceError: it is missing, cannot be read, or is no such trace.
    """
    again = "Fetch the run's `traces` again, or sample anew."
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise TraceError(f"is too large for a trace ({path.stat().st_size:,} bytes). {again}", path=name)
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TraceError(f"is not there any more. {again}", path=name) from error
    except OSError as error:
        raise TraceError(f"cannot be read ({error.strerror}). {again}", path=name) from error
    except (ValueError, RecursionError) as error:
        raise TraceError(f"is not whole: no JSON can be read from it. {again}", path=name) from error
    found = trace_of(data)
    if isinstance(found, str):
        raise TraceError(found, path=name)
    return found


def trace_of(data: Any) -> Trace | str:
    """Return the trace that an object of JSON is, or what is wrong with it, from the verb on."""
    if not isinstance(data, dict):
        return f"holds {_kind(data)} where an object of {', '.join(_FIELDS)} is expected. Sample anew."
    unknown = sorted(str(name) for name in data if name not in (*_FIELDS, *_OPTIONAL))
    if unknown:
        return (
            f"holds {', '.join(map(repr, unknown))}, which this version does not know: a newer one wrote it. "
            "Update the workbench to replay it."
        )
    missing = [name for name in _FIELDS if name not in data]
    if missing:
        return f"has no {', '.join(missing)}, so it is no trace, or was cut off. Sample anew."
    prompt, canvas, commits = (data[name] for name in _FIELDS)
    counts = (prompt, canvas, *(data[name] for name in _OPTIONAL if name in data))
    if not all(map(_count, counts)) or not isinstance(commits, list):
        return "needs its numbers of tokens as whole numbers from 0, and commits as a list. Sample anew."
    wrong = _wrong(commits, canvas)
    if wrong:
        return f"{wrong} Sample anew."
    return Trace(prompt, canvas, tuple(Commit(*commit) for commit in commits))


def check_leads_to(trace: Trace, token_ids: Sequence[int] | None, *, path: str) -> None:
    """Check that a trace ends with the tokens of its sample.

    Raises:
        TraceError: it ends with others, so it is another sample's.
    """
    if token_ids is None:
        return
    other = "It is another sample's; sample anew."
    if trace.canvas != len(token_ids):
        raise TraceError(
            f"fills a canvas of {trace.canvas} positions, and the sample has {len(token_ids)}. {other}", path=path
        )
    for commit in trace.commits:
        if token_ids[commit.position] != commit.token_id:
            raise TraceError(
                f"commits token {commit.token_id} at position {commit.position + 1}, where the sample has "
                f"{token_ids[commit.position]}. {other}",
                path=path,
            )


def _wrong(commits: Sequence[Any], canvas: int) -> str:
    """Say what is wrong with the first commit that is none; empty where they fill the canvas."""
    filled: set[int] = set()
    before = 0
    for number, commit in enumerate(commits, start=1):
        where = f"has a commit, number {number}, "
        if not (isinstance(commit, list) and len(commit) == 4):
            return f"{where}that is not [step, position, token_id, confidence]."
        step, position, token_id, confidence = commit
        if not (_count(step) and _count(position) and _count(token_id)):
            return f"{where}whose step, position or token_id is no whole number from 0."
        if not (isinstance(confidence, int | float) and not isinstance(confidence, bool) and 0 <= confidence <= 1):
            return f"{where}whose confidence is no number from 0 to 1."
        if step < before:
            return f"{where}of step {step}, after one of step {before}."
        if position >= canvas:
            return f"{where}at position {position}, outside a canvas of {canvas}."
        if position in filled:
            return f"{where}at position {position}, which was committed before."
        filled.add(position)
        before = step
    return "" if len(filled) == canvas else f"fills {len(filled)} of the canvas's {canvas} positions."


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", type(None): "nothing"}
    return names.get(type(value), "a number")
