"""What a session is asked and what it answers: numbered files in `requests/`, torch-free, so both processes read alike.

A number is taken by linking a file that is written already, which only one program can do, so a question is seen whole
or not at all. Whoever takes the file of a question away has withdrawn it. What follows the last blank line before the
place to write at is where the response of a pair would begin, and all before it the prompt: an adapter is asked as it
was trained.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from runners.errors import RunDirError, SpecError
from runners.families.base import Family
from runners.layouts import Layout, lay_out
from runners.rundir import RunDir
from runners.sampler_fields import FIELDS, sampling_problems
from runners.spec import Remasking, SamplingSpec
from runners.spec_reading import from_dict

Kind = Literal["infill", "continue"]

_PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\n\s*")
_SAMPLER_FIELDS: Final = (
    "temperature",
    "top_p",
    "top_k",
    "repetition_penalty",
    "block_length",
    "steps",
    "cfg_scale",
    "remasking",
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question to a session.

    Attributes:
        kind: `infill` writes between `before` and `after`; `continue` writes behind `before`.
        before: the text in front of what is to be written, to the letter.
        after: the text behind it; empty for `continue`.
        tokens: length of what is written: exactly, in front of an `after`; at most, else. 1 or more.
        samples: how many answers are wanted, 1 or more.
        seed: the i-th answer is seeded from `seed + i`.
        temperature: this and the fields that follow take the place of those of the session's own sampling; None leaves
            them. `steps` left open are as many as tokens.
    """

    kind: Kind
    before: str
    after: str = ""
    tokens: int
    samples: int = 1
    seed: int = 1
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    block_length: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    remasking: Remasking | None = None

    def __post_init__(self) -> None:
        found = [
            f"{name}: found {getattr(self, name)}, expected 1 or more."
            for name in ("tokens", "samples")
            if getattr(self, name) < 1
        ]
        if self.kind == "continue" and self.after:
            found.append("after: only for the kind infill. Leave it out, or ask for infill.")
        if found:
            raise SpecError(found)

    def sampling(self, base: SamplingSpec) -> SamplingSpec:
        """Return how it is answered: as the session samples, but for what the question says itself.

        The last block of a canvas may be cut off, so any length will do.

        Raises:
            SpecError: a value is out of range, or not one that the sampler knows; all of them at once.
        """
        own = {name: value for name in _SAMPLER_FIELDS if (value := getattr(self, name)) is not None}
        found = replace(base, max_new_tokens=self.tokens, samples_per_prompt=self.samples, seed=self.seed, **own)
        if "block_length" not in FIELDS[found.sampler]:
            if problems := sampling_problems(found):
                raise SpecError(problems)
            return found
        whole = -(-self.tokens // max(1, found.block_length)) * max(1, found.block_length)
        found = replace(found, steps=whole if self.steps is None else self.steps)
        if problems := sampling_problems(replace(found, max_new_tokens=whole)):
            raise SpecError(problems)
        return found


@dataclass(frozen=True, kw_only=True)
class Written:
    """One of the texts that answer a question.

    Attributes:
        index: from 0.
        seed: what it was seeded with.
        text: stands between `before` and `after` as it is; up to where the model ended it.
        token_ids: the whole canvas.
        tokens: length of that canvas.
        seconds: time it took.
        trace: how the canvas was filled, relative to the run directory.
    """

    index: int
    seed: int
    text: str
    token_ids: tuple[int, ...]
    tokens: int
    seconds: float
    trace: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a session answers.

    Attributes:
        request: number of the question.
        attempt: which one answered.
        samples: the texts; none where `error` says why.
        seconds: time it took from reading the question.
        warnings: what should be known of the texts.
        error: a sentence; None where all is well.
        at: when it was written.
    """

    request: int
    attempt: int
    samples: tuple[Written, ...] = ()
    seconds: float
    warnings: tuple[str, ...] = ()
    error: str | None = None
    at: str


@dataclass(frozen=True)
class LaidGap:
    """A gap as a model is given it.

    Attributes:
        before_ids: all in front of the canvas.
        lead_ids: the last of them, from where the response begins.
        after_ids: all behind it.
        opening: what the canvas has to begin with: a space that `before` ends with, which belongs to the word behind
            it in every tokenizer here. It stands in `before`, so it is no part of the text that is written.
    """

    before_ids: list[int]
    lead_ids: list[int]
    after_ids: list[int]
    opening: str


def ask(run_dir: RunDir, question: Question) -> int:
    """Write a question into a session's run directory; return its number.

    Raises:
        RunDirError: there is no session.
    """
    if not run_dir.requests.is_dir():
        raise RunDirError(f"{run_dir.path}: no requests/ here, so this is no session. Start one.")
    aside = run_dir.requests / f".{secrets.token_hex(6)}.tmp"
    data = {name: value for name, value in dataclasses.asdict(question).items() if value is not None}
    aside.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")
    number = max(run_dir.request_numbers(), default=0) + 1
    try:
        # A withdrawn question's number is not given again, since its answer may still come.
        while run_dir.answer_json(number).exists() or not _link(aside, run_dir.request_json(number)):
            number += 1
    finally:
        aside.unlink()
    return number


def withdraw(run_dir: RunDir, number: int) -> None:
    """Take a question back; the session stops answering it at its next step."""
    run_dir.request_json(number).unlink(missing_ok=True)


def read_question(run_dir: RunDir, number: int) -> Question | None:
    """Read a question; None where it was withdrawn.

    Raises:
        SpecError: it is none; all problems at once.
    """
    path = run_dir.request_json(number)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise SpecError([f"{path}: not JSON ({error}). Write the question again."]) from error
    return from_dict(Question, data)


def write_answer(run_dir: RunDir, answer: Answer) -> None:
    """Write an answer beside its question, whole or not at all."""
    path = run_dir.answer_json(answer.request)
    aside = path.with_name(f".{path.name}.{answer.attempt}.tmp")
    aside.write_text(json.dumps(dataclasses.asdict(answer), ensure_ascii=False) + "\n", encoding="utf-8")
    aside.replace(path)


def read_answer(run_dir: RunDir, number: int) -> Answer | None:
    """Read the answer to a question; None as long as there is none.

    Raises:
        RunDirError: it is broken.
    """
    path = run_dir.answer_json(number)
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        rows = [from_dict(Written, row) for row in data.pop("samples")]
        return replace(from_dict(Answer, data), samples=tuple(rows))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, SpecError) as error:
        raise RunDirError(f"{path}: no answer of a session ({error}). Ask again.") from error


def cannot(kind: Kind, family: Family) -> str | None:
    """Say why a family cannot answer a kind of question; None where it can."""
    if kind == "continue" or family.attention == "bidirectional":
        return None
    return (
        f"{family.title} reads what is before a gap and never what is behind it, so it cannot infill from both sides. "
        "Models that see both ways can (LLaDA, iLLaDA, Dream, Tiny-A2D); this one can continue a text."
    )


def lay_gap(layout: Layout, encode: Callable[[str], list[int]], before: str, after: str) -> LaidGap:
    """Lay out what stands around a gap, as a model was trained to see it."""
    breaks = list(_PARAGRAPH_BREAK.finditer(before))
    prompt, start = (before[: breaks[-1].start()], before[breaks[-1].end() :]) if breaks else ("", before)
    opening = ""
    if start.endswith(" ") and start[:-1].strip() and not start[:-1].endswith((" ", "\t", "\n")):
        start, opening = start[:-1], " "
    lead = encode(start) if start else []
    given = lay_out(layout, encode, prompt).input_ids
    return LaidGap([*given, *lead], lead, encode(after) if after else [], opening)


def _link(written: Path, name: Path) -> bool:
    """Give a written file its name; say whether the name was free."""
    with contextlib.suppress(FileExistsError):
        os.link(written, name)
        return True
    return False
