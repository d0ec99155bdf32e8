"""What a row of keys and values says of a pair: the one reading shared by JSON lines, CSV and Parquet.

Known are `prompt` with `completion` or `response`, chat `messages`, ShareGPT `conversations`, Alpaca's `instruction`,
`input`, `output`, and `text`, whose prompt and response stand apart by a line `---`. Beside them `tier`, `source` and
`split` are read. Text that is no part of the pair is never dropped without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from curation.errors import Problem
from curation.filepair import FilePair, Split, half_character, source_slug, tier_named
from curation.quoted import quoted

# Between prompt and response in a row that has only a text.
SEPARATOR = "\n\n---\n\n"

_PROMPT_ROLES = ("user", "human")
_RESPONSE_ROLES = ("assistant", "gpt")
_LABELS = frozenset({"id", "tier", "source", "split"})


@dataclass(frozen=True)
class _Texts:
    """What was found: the two texts, the keys they stood under, and what was left out of them."""

    prompt: str
    response: str
    keys: frozenset[str]
    left_out: str = ""


class RowReader:
    """Reads the rows of one file and gathers its pairs and problems.

    Attributes:
        pairs: those read.
        problems: in order of their lines, with one at the end for keys that were read over.
    """

    def __init__(self, path: str) -> None:
        self.pairs: list[FilePair] = []
        self.problems: list[Problem] = []
        self._path = path
        self._unread: dict[str, int] = {}

    def fault(self, line: int | None, message: str) -> None:
        """Name what is wrong at a line."""
        self.problems.append(Problem(self._path, line, message))

    def read(self, row: Any, line: int) -> None:
        """Read one row; one that is no pair is named."""
        if not isinstance(row, Mapping):
            self.fault(line, "is not a JSON object. Write one object a line.")
            return
        found = _texts(row)
        if isinstance(found, str):
            self.fault(line, found)
            return
        faults = len(self.problems)
        tier = None
        if not _blank(row.get("tier")) and (tier := tier_named(row["tier"])) is None:
            self.fault(line, f"has the tier {row['tier']!r}. Write rewrite, thesis, continuation or note.")
        split = None if _blank(row.get("split")) else str(row["split"]).strip().lower()
        if split in ("validation", "valid", "val", "test"):
            split = "holdout"
        if split not in (None, "train", "holdout"):
            self.fault(line, f"has the split {row['split']!r}. Write train or holdout.")
        source = row.get("source")
        if not _blank(source) and not isinstance(source, str):
            self.fault(line, f"has the source {source!r}. Write a part of its essay's file name.")
        if bad := half_character(found.prompt, found.response):
            self.fault(line, bad)
        if len(self.problems) > faults:
            return
        if found.left_out:
            self.fault(line, found.left_out)
        for key in row.keys() - found.keys - _LABELS:
            if not _blank(row[key]):
                self._unread.setdefault(str(key), line)
        self.pairs.append(
            FilePair(
                prompt=found.prompt,
                response=found.response,
                line=line,
                tier=tier,
                source=None if _blank(source) else source_slug(str(source)),
                split=cast("Split | None", split),
            )
        )

    def done(self, *, empty: str) -> tuple[list[FilePair], list[Problem]]:
        """Return pairs and problems; `empty` is the problem of a file that had no row."""
        if not self.pairs and not self.problems:
            self.fault(None, empty)
        for key, line in sorted(self._unread.items(), key=lambda item: (item[1], item[0])):
            self.fault(
                line, f"has the key {key!r}, which is no part of a pair: it was left out, here and further down."
            )
        return self.pairs, self.problems


def _texts(row: Mapping[Any, Any]) -> _Texts | str:
    """Return prompt and response of a row, or what is wrong with it."""
    for key in ("messages", "conversations"):
        if isinstance(row.get(key), list):
            return _turns(row[key], key)
    response_key = "completion" if row.get("completion") is not None else "response"
    keys = frozenset({"prompt", response_key})
    prompt, response = row.get("prompt"), row.get(response_key)
    if prompt is None and isinstance(row.get("instruction"), str):
        given = row.get("input") or ""
        if not isinstance(given, str):
            return f"has an input that is no text: {given!r}. Write it as text, or delete it."
        prompt = f"{row['instruction']}\n\n{given}" if given else row["instruction"]
        response, keys = row.get("output"), frozenset({"instruction", "input", "output"})
    elif prompt is None and response is None and isinstance(row.get("text"), str):
        before, mark, after = row["text"].partition(SEPARATOR)
        if not mark or not before.strip() or not after.strip():
            return (
                "has a text without a line --- between prompt and response, blank lines around it. Write one, or "
                "give the keys prompt and completion."
            )
        prompt, response, keys = before, after, frozenset({"text"})
    for name, value in (("prompt", prompt), ("response", response)):
        if not isinstance(value, str) or not value.strip():
            found = ", ".join(sorted(map(str, row))) or "none"
            return f"has no {name}: found the keys {found}. Add one, or delete the line."
    return _Texts(str(prompt), str(response), keys)


def _turns(turns: list[Any], key: str) -> _Texts | str:
    spoken: list[tuple[Any, str]] = []
    systems: list[str] = []
    for turn in turns:
        if not isinstance(turn, Mapping):
            return "has a turn that is no JSON object. Mend or delete the line."
        role, value = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
        if role == "system":
            systems.append(str(value))
            continue
        if _blank(value):
            return "has a turn without text. Write it, or delete the line."
        if not isinstance(value, str):
            return f"has a turn whose content is no text but {_kind(value)}. Write it as one text, or delete the line."
        spoken.append((role, value))
    if len(spoken) != 2 or spoken[0][0] not in _PROMPT_ROLES or spoken[1][0] not in _RESPONSE_ROLES:
        roles = ", ".join(str(role) for role, _ in spoken) or "none"
        return f"has the turns {roles}. A pair is one of the user, then one of the assistant: split or delete the line."
    said = " ".join(" ".join(systems).split())
    left_out = f"has a system turn, which a pair does not hold: left out ({quoted(said, 60)})." if said else ""
    return _Texts(spoken[0][1], spoken[1][1], frozenset({key}), left_out)


def _kind(value: Any) -> str:
    """Name what stands where a text should: `a list`, `an object`, or a value as it is."""
    if isinstance(value, list | tuple):
        return "a list"
    return "an object" if isinstance(value, Mapping) else repr(value)


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
