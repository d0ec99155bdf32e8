"""Pairs as JSON lines: the forms others write are read, and those they read are written.

`rows` says which forms are known. A JSON file that holds one list of rows is read as well. All problems of a file are
reported, and its good lines come in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

from curation.errors import CurationError, Problem
from curation.filepair import FilePair, half_character
from curation.rows import SEPARATOR, RowReader

Form = Literal["chat", "prompt-completion", "text", "alpaca", "sharegpt"]
FORMS: tuple[Form, ...] = get_args(Form)


def read_jsonl(text: str, path: str) -> tuple[list[FilePair], list[Problem]]:
    """Read pairs; a line that is none is named."""
    reader = RowReader(path)
    rows = _listed(text, reader) if text.lstrip("\ufeff \t\r\n").startswith("[") else _lined(text, reader)
    for row, line in rows:
        reader.read(row, line)
    return reader.done(empty="holds no lines. Name a file with one JSON object a line.")


def _lined(text: str, reader: RowReader) -> Iterator[tuple[Any, int]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line), number
        except (ValueError, RecursionError) as error:
            reader.fault(number, f"is not JSON ({error}). Mend or delete the line.")


def _listed(text: str, reader: RowReader) -> Iterator[tuple[Any, int]]:
    """Give the rows of one JSON list, each with the line it begins on, up to the first that cannot be read."""
    decoder = json.JSONDecoder()
    position, line, counted = text.index("[") + 1, 1, 0
    while True:
        position = _past_space(text, position)
        line, counted = line + text.count("\n", counted, position), position
        if text[position : position + 1] == "]":
            rest = _past_space(text, position + 1)
            if rest < len(text):
                line += text.count("\n", counted, rest)
                reader.fault(line, "stands after the end of the list. Put it into the list, or delete it.")
            return
        try:
            row, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            reader.fault(line, f"is not JSON ({error}): nothing from here on was read. Mend it, and import again.")
            return
        yield row, line
        position = _past_space(text, end)
        if text[position : position + 1] == ",":
            position += 1
        elif text[position : position + 1] != "]":
            line += text.count("\n", counted, position)
            reader.fault(line, "expected , or ] after a row: nothing from here on was read. Mend it, and import again.")
            return


def _past_space(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\t", "\r", "\n"):
        position += 1
    return position


def write_jsonl(pairs: Iterable[FilePair], *, form: Form, labels: bool = False) -> str:
    """Return pairs as JSON lines.

    Args:
        pairs: in the order of the lines.
        form: how a row says prompt and response.
        labels: whether each row also says tier, source and split, which some trainers refuse.

    Raises:
        CurationError: texts that the form cannot say so that they are read again, all of them named.
    """
    lines, refused = [], []
    for number, pair in enumerate(pairs, start=1):
        if bad := half_character(pair.prompt, pair.response) or _refusal(pair, form):
            refused.append(f"Pair {number} of {pair.source or 'no source'} {bad}")
            continue
        row = _row(pair, form)
        if labels:
            said = {"tier": pair.tier, "source": pair.source, "split": pair.split}
            row |= {key: value for key, value in said.items() if value is not None}
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    if refused:
        raise CurationError(" ".join(refused))
    return "".join(lines)


def _refusal(pair: FilePair, form: Form) -> str:
    if form == "text" and (pair.prompt + SEPARATOR + pair.response).index(SEPARATOR) != len(pair.prompt):
        return "has a line --- in its prompt, which parts prompt and response in this form. Choose another form."
    return ""


def _row(pair: FilePair, form: Form) -> dict[str, Any]:
    prompt, response = pair.prompt, pair.response
    if form == "chat":
        return {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": response}]}
    if form == "sharegpt":
        return {"conversations": [{"from": "human", "value": prompt}, {"from": "gpt", "value": response}]}
    if form == "alpaca":
        return {"instruction": prompt, "input": "", "output": response}
    if form == "text":
        return {"text": prompt + SEPARATOR + response}
    return {"prompt": prompt, "completion": response}
