"""Canary outputs that were made elsewhere: JSON `{"A": [text, ...]}` and two forms of Markdown, newer and older.

A file says neither seeds nor sampler: which model wrote it stands in its name (`llada_finetuned (1).json`), how it was
trained in the names of its folders. Texts are kept to the letter, empty ones too, and keep their place in their list:
samples of two files are compared by it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from curation.counted import counted
from curation.errors import Problem
from curation.filepair import half_character
from curation.quoted import quoted

Of = Literal["base", "adapter"]

_NAME = re.compile(r"(?P<model>.*?)[ _-]*(?P<of>baselines?|fine[ _-]?tuned?)(?P<rest>.*)\Z", re.IGNORECASE | re.DOTALL)
_CANARY = re.compile(r"##[ \t]+Canary[ \t]+(\w+)[ \t]*(?:[—–:-]+[ \t]*(.*?))?[ \t]*\Z", re.IGNORECASE)
_SAMPLE = re.compile(r"###[ \t]+Sample[ \t]+(\d+)[ \t]*\Z", re.IGNORECASE)
_PROMPT = re.compile(r"\*\*Prompt:\*\*[ \t]*(.*)\Z", re.IGNORECASE)
_COUNT = re.compile(r"\*\*Samples:\*\*[ \t]*(.*?)[ \t]*\Z", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class CanaryOutput:
    """What a model wrote for one canary prompt.

    Attributes:
        letter: as the file names it, such as `A`.
        label: the words after the letter; may be empty.
        prompt: the prompt's words; None where the file does not say.
        samples: place in the list, from 0, and text.
    """

    letter: str
    label: str = ""
    prompt: str | None = None
    samples: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """One file of outputs.

    Attributes:
        path: the file, as it was named.
        folders: names of all the folders it lies in, outermost first; the last ones say how it was made.
        stem: its name without the suffix.
        model: from its name; `unknown` where that does not say.
        of: base for baselines, adapter for what was fine-tuned.
        canaries: in order.
        header: what the file says of itself before the first canary.
    """

    path: str
    folders: tuple[str, ...]
    stem: str
    model: str
    of: Of
    canaries: tuple[CanaryOutput, ...]
    header: str = ""


class _Faults:
    """Gathers what is wrong with one file."""

    def __init__(self, path: str) -> None:
        self.problems: list[Problem] = []
        self._path = path

    def name(self, line: int | None, message: str) -> None:
        self.problems.append(Problem(self._path, line, message))


def read_outputs(
    text: str, path: str, *, stem: str, folders: Sequence[str] = ()
) -> tuple[Outputs | None, list[Problem]]:
    """Read one file of outputs, JSON or Markdown; None where nothing of it can be read.

    Args:
        text: the file's text.
        path: the file, for the problems.
        stem: its name without the suffix.
        folders: the folders it lies in, outermost first.
    """
    faults = _Faults(path)
    text = text.removeprefix("\ufeff")
    header = ""
    if text.lstrip().startswith("{"):
        canaries = _read_json(text, faults)
    else:
        canaries, header = _read_markdown(text, faults)
    named = _NAME.match(stem)
    if named is None:
        faults.name(
            None,
            f"is named {stem!r}, which says neither baselines nor finetuned. Name it so: `model_baselines` or "
            "`model_finetuned`.",
        )
    if not canaries or named is None:
        return None, faults.problems
    of: Of = "base" if named["of"].lower().startswith("base") else "adapter"
    outputs = Outputs(
        path=path,
        folders=tuple(folders),
        stem=stem,
        model=named["model"].strip(" _-").lower() or "unknown",
        of=of,
        canaries=tuple(canaries),
        header=header,
    )
    return outputs, faults.problems


def same_texts(left: Outputs, right: Outputs) -> bool:
    """Say whether two files hold the same samples, but for white space around them."""

    def bare(outputs: Outputs) -> list[tuple[str, int, str]]:
        return [(item.letter, place, text.strip()) for item in outputs.canaries for place, text in item.samples]

    return bare(left) == bare(right)


def _read_json(text: str, faults: _Faults) -> list[CanaryOutput]:
    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice.extend(dict.fromkeys(key for key in keys if keys.count(key) > 1))
        return dict(pairs)

    try:
        data = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        faults.name(error.lineno, f"is not JSON ({error.msg}). Mend it, and import it again.")
        return []
    except (ValueError, RecursionError) as error:
        faults.name(None, f"is not JSON that can be read ({error}). Mend it, and import it again.")
        return []
    for key in twice:
        faults.name(_line_of(text, key), f"has the canary {key!r} twice: only the last was read. Name one otherwise.")
    canaries: list[CanaryOutput] = []
    for key, value in data.items():
        line = _line_of(text, key)
        if any(item.letter == key.upper() for item in canaries):
            faults.name(line, f"has the canary {key!r} in upper and lower case: only the first was read. Rename one.")
            continue
        if not isinstance(value, list):
            faults.name(line, f"has under {key!r} {_kind(value)}, expected a list of texts. Put it into a list.")
            continue
        samples = []
        for place, item in enumerate(value):
            if not isinstance(item, str):
                faults.name(line, f"has as text {place + 1} of {key!r} {_kind(item)}. Write a text, or delete it.")
                continue
            if half_character(item):
                faults.name(line, f"holds half a character in text {place + 1} of {key!r}: kept as \ufffd.")
            samples.append((place, item))
        if not value:
            faults.name(line, f"has no texts under {key!r}. Nothing to read there; delete the key.")
        canaries.append(CanaryOutput(letter=key.upper(), samples=tuple(samples)))
    if not canaries and not faults.problems:
        faults.name(None, 'holds no canaries. Expected `{"A": [text, ...]}`.')
    return canaries


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a text", bool: "true or false"}.get(type(value), repr(value))


def _line_of(text: str, key: str) -> int:
    found = re.search(re.escape(json.dumps(key)) + r"\s*:", text) or re.search(
        re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:", text
    )
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _read_markdown(text: str, faults: _Faults) -> tuple[list[CanaryOutput], str]:
    lines = _lines(text)
    begins: list[int] = []
    letters: set[str] = set()
    for index, line in enumerate(lines):
        found = _CANARY.match(line)
        if found and found[1].upper() not in letters and _opens(lines[index + 1 :]):
            begins.append(index)
            letters.add(found[1].upper())
    head = lines[: begins[0]] if begins else lines
    header = "\n".join(line for line in head if not line.startswith("# ")).strip()
    header = re.sub(r"\n*-{3,}\Z", "", header).rstrip()
    canaries = []
    for begin, end in zip(begins, [*begins[1:], len(lines)]):
        canaries.append(_read_canary(lines[begin:end], begin + 1, faults))
    if not canaries:
        faults.name(None, "holds no canaries. Expected `## Canary A`, then `### Sample 1` and so on.")
    return canaries, header


def _opens(following: Sequence[str]) -> bool:
    """Say whether what follows a heading shows that a canary begins there, and not a line of a sample."""
    first = next((line for line in following if line.strip()), "")
    found = _SAMPLE.match(first)
    return bool(_PROMPT.match(first) or _COUNT.match(first) or (found and found[1] == "1"))


def _read_canary(lines: Sequence[str], number: int, faults: _Faults) -> CanaryOutput:
    found = _CANARY.match(lines[0])
    assert found is not None
    letter, label = found[1].upper(), found[2] or ""
    prompt: list[str] | None = None
    said: str | None = None
    said_line = number
    begins: list[int] = []
    for index, line in enumerate(lines):
        sample = _SAMPLE.match(line)
        if sample and int(sample[1][:9]) == len(begins) + 1:
            begins.append(index)
        elif begins or index == 0:
            continue
        elif opening := _PROMPT.match(line):
            prompt = [opening[1]]
        elif count := _COUNT.match(line):
            said, said_line = count[1], number + index
        elif prompt is not None and said is None:
            prompt.append(line)
        elif line.strip() and not re.fullmatch(r"-{3,}[ \t]*", line):
            faults.name(
                number + index, f"{quoted(line.strip(), 40)} stands before the first sample: not read. Delete it."
            )
    samples = [
        (place, "\n".join(lines[begin + 1 : end]).strip("\n"))
        for place, (begin, end) in enumerate(zip(begins, [*begins[1:], len(lines)]))
    ]
    if said is not None and said != str(len(samples)):
        faults.name(
            said_line, f"says {said!r} samples of canary {letter}, and {counted(len(samples), 'was', 'were')} found."
        )
    if not samples:
        faults.name(number, f"has no samples of canary {letter}. Write `### Sample 1` before the first.")
    words = "\n".join(prompt).strip() if prompt is not None else ""
    return CanaryOutput(letter=letter, label=label, prompt=words or None, samples=tuple(samples))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")
