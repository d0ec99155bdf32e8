"""The table `[rubric]` of the settings: the author's own few criteria, each a name and a question."""

from __future__ import annotations

import re
from typing import Any

Criterion = tuple[str, str]

DEFAULT: tuple[Criterion, ...] = (
    ("voice", "Does it sound like me?"),
    ("sense", "Does it hold together?"),
    ("freshness", "Is it said as nobody else says it?"),
)
# As many as one reads at a glance, under a text.
_MOST = 6
_NAME = re.compile(r"[^\W\d_][\w-]{0,15}")


def rubric_table() -> str:
    """Return the table with its comments."""
    lines = "".join(f'{name} = "{question}"\n' for name, question in DEFAULT)
    return (
        "# By what you rate a sample from 1 to 5 in Review, with c: your own few criteria, at most six, each with the\n"
        f"# question it asks. What you rated stays under the name it had.\n[rubric]\n{lines}"
    )


def read_rubric(data: Any, problems: list[str]) -> tuple[Criterion, ...]:
    """Return the criteria of the table, in order; what is wrong is added to the problems, all of it."""
    if data is None:
        return DEFAULT
    if not isinstance(data, dict):
        problems.append('rubric: expected a table of criteria, such as voice = "Does it sound like me?".')
        return DEFAULT
    for name, question in data.items():
        if not _NAME.fullmatch(name):
            problems.append(f"rubric.{name}: expected a name of one word, at most 16 letters.")
        if not isinstance(question, str) or not question.strip():
            problems.append(f"rubric.{name}: found {question!r}, expected a question in quotes.")
    if len(data) > _MOST:
        problems.append(f"rubric: found {len(data)} criteria, expected at most {_MOST}. Keep those you read by.")
    return tuple((name, " ".join(str(question).split())) for name, question in data.items())
