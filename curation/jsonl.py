"""Pairs as JSON lines: the forms others write are read, and those they read are written.

Read are `{"prompt", "completion"}`, our own `{"prompt", "response"}`, Alpaca's `{"instruction", "input", "output"}`,
chat `{"messages"}` and ShareGPT `{"conversations"}`. All problems of a file are reported, and its good lines come in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from curation.errors import Problem

Form = Literal["chat", "prompt-completion"]

_PROMPT_ROLES = ("user", "human")
_RESPONSE_ROLES = ("assistant", "gpt")


@dataclass(frozen=True)
class JsonPair:
    """A pair of a file; `line` is from 1."""

    prompt: str
    response: str
    line: int


def read_jsonl(text: str, path: str) -> tuple[list[JsonPair], list[Problem]]:
    """Read pairs; a line that is none is named."""
    pairs: list[JsonPair] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(path, number, f"is not JSON ({error}). Mend or delete the line."))
            continue
        found = _texts(row)
        if isinstance(found, str):
            problems.append(Problem(path, number, found))
        else:
            pairs.append(JsonPair(*found, line=number))
    if not pairs and not problems:
        problems.append(Problem(path, None, "holds no lines. Name a file with one JSON object a line."))
    return pairs, problems


def _texts(row: Any) -> tuple[str, str] | str:
    """Return prompt and response of a row, or what is wrong with it."""
    if not isinstance(row, dict):
        return "is not a JSON object. Write one object a line."
    turns = row.get("messages", row.get("conversations"))
    if isinstance(turns, list):
        return _turns(turns)
    prompt, response = row.get("prompt"), row.get("completion", row.get("response"))
    if prompt is None and isinstance(row.get("instruction"), str):
        given = row.get("input") or ""
        prompt = f"{row['instruction']}\n\n{given}" if given else row["instruction"]
        response = row.get("output")
    for name, value in (("prompt", prompt), ("response", response)):
        if not isinstance(value, str) or not value.strip():
            keys = ", ".join(sorted(row)) or "none"
            return f"has no {name}: found the keys {keys}. Add one, or delete the line."
    return str(prompt), str(response)


def _turns(turns: list[Any]) -> tuple[str, str] | str:
    spoken = []
    for turn in turns:
        if not isinstance(turn, dict):
            return "has a turn that is no JSON object. Mend or delete the line."
        role, value = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
        if role == "system":
            continue
        if not isinstance(value, str) or not value.strip():
            return "has a turn without text. Write it, or delete the line."
        spoken.append((role, value))
    if len(spoken) != 2 or spoken[0][0] not in _PROMPT_ROLES or spoken[1][0] not in _RESPONSE_ROLES:
        roles = ", ".join(str(role) for role, _ in spoken) or "none"
        return f"has the turns {roles}. A pair is one of the user, then one of the assistant: split or delete the line."
    return spoken[0][1], spoken[1][1]


def write_jsonl(pairs: Iterable[tuple[str, str]], *, form: Form) -> str:
    """Return pairs of prompt and response, one a line."""
    lines = []
    for prompt, response in pairs:
        row: dict[str, Any] = {"prompt": prompt, "completion": response}
        if form == "chat":
            row = {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": response}]}
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines)
