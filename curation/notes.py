"""Pasted notes: one file, one note a section between `---` lines, or a CSV with one note a row.

A note has no file of its own, so what makes it the same note the next time is decided here: its words, else its name,
else that most of its words are the same. So a note may be mended, moved or joined by new ones, and stays itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from curation.csv_rows import csv_rows
from curation.errors import EssayError, Problem
from curation.essay import NOTE_WORDS, slugify
from curation.front_matter import front_matter_end
from curation.markdown import count_words, plain
from curation.paragraphs import LINE, paragraphs

_RULE = re.compile(r"-{3,}[ \t]*\Z")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_NAMED_SO = re.compile(r"(?:.*[-_ ])?notes(?:[-_ ]?\d+)?\Z", re.IGNORECASE)
_TITLE_WORDS = 8
# Of the words of two notes together, how many both have when one is the other, mended.
_ALIKE = 0.5
_LEAST_SECTIONS = 2

_TEXT_COLUMNS = ("body", "text", "content", "note", "markdown", "body_markdown")
_TITLE_COLUMNS = ("title", "name", "subject")
_DATE_COLUMNS = ("date", "created_at", "published_at", "post_date", "timestamp")
_PAIR_COLUMNS = frozenset(("prompt", "completion", "response", "instruction", "output"))


@dataclass(frozen=True)
class Note:
    """A note.

    Attributes:
        key: what tells it from the others of its file: a name made from its title.
        title: its first heading, or its first words.
        text: to the letter, without the white space around it.
        line: where it begins in the file, from 1.
        about: what else is known of it.
    """

    key: str
    title: str
    text: str
    line: int
    about: dict[str, str] = field(default_factory=dict)


def named_notes(path: Path) -> bool:
    """Say whether a file is named as one of notes is: `notes`, `field-notes`, `Notes 2`."""
    return _NAMED_SO.match(path.stem) is not None


def is_notes(path: Path, text: str) -> bool:
    """Say whether a Markdown file holds several notes: it is named so, and its sections are short."""
    if not named_notes(path):
        return False
    found = [section for _, section in _sections(text) if count_words(section)]
    return len(found) >= _LEAST_SECTIONS and all(count_words(section) < NOTE_WORDS for section in found)


def is_notes_csv(path: Path, head: bytes) -> bool:
    """Say whether a table holds notes: a column of texts, and none that only pairs have."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    columns = {name.strip(' "\r').lower() for name in first.split(",")}
    if columns & _PAIR_COLUMNS or not columns & set(_TEXT_COLUMNS):
        return False
    # A lone column `text` is as good as any other text; its neighbours or the file's name say that it is notes.
    return columns - {"text"} != set() or named_notes(path)


def bare(text: str) -> str:
    """Return the text of a note without the white space around it, which is none of it."""
    return text.strip("\ufeff \t\r\n")


def title_of(text: str) -> str:
    """Return the title of a note: its first heading, or its first words; nothing where it has no words of its own."""
    title, words = _title(text, "")
    return title if words else ""


def split_notes(text: str, shown: str) -> tuple[list[Note], list[Problem]]:
    """Return the notes of a text, and what is no note, by line.

    Args:
        text: sections between `---` lines; front matter at the top is passed over.
        shown: the file, for the problems.
    """
    return _named([(line, section, "", {}) for line, section in _sections(text)], shown)


def read_notes_csv(text: str, shown: str) -> tuple[list[Note], list[Problem]]:
    """Return the notes of a table with a header, and what is wrong, by line.

    Raises:
        EssayError: no column holds texts.
    """
    rows: list[_Section] = []
    problems: list[Problem] = []
    columns: list[str] = []

    def broken(line: int, why: str) -> None:
        message = f"is no CSV from here on ({why}). Mend this line; the notes above came in."
        problems.append(Problem(shown, line, message))

    for line, cells in csv_rows(text, broken):
        if not columns:
            columns = [cell.strip().lower() for cell in cells]
            if not set(columns) & set(_TEXT_COLUMNS):
                wanted, seen = ", ".join(_TEXT_COLUMNS), ", ".join(columns)
                message = f"has no column of texts ({wanted}); found: {seen}. Name one so."
                raise EssayError(Problem(shown, 1, message))
        elif any(cell.strip() for cell in cells):
            row = dict(zip(columns, cells))
            about = {"date": _first(row, _DATE_COLUMNS)} if _first(row, _DATE_COLUMNS) else {}
            rows.append((line, _first(row, _TEXT_COLUMNS), _first(row, _TITLE_COLUMNS), about))
    notes, more = _named(rows, shown)
    return notes, problems + more


def recognised(notes: Sequence[Note], known: dict[str, str]) -> list[Note]:
    """Return the notes with the keys of those that were there before.

    Args:
        notes: as they are read now, with keys of their own.
        known: the texts of the notes of the same file that came in before, by key.
    """
    left = dict(known)
    keys: list[str | None] = [None] * len(notes)
    by_text = {text: key for key, text in known.items()}
    for number, note in enumerate(notes):
        key = by_text.get(note.text)
        if key is not None and left.pop(key, None) is not None:
            keys[number] = key
    for number, note in enumerate(notes):
        if keys[number] is None and left.pop(note.key, None) is not None:
            keys[number] = note.key
    bags = {key: _bag(text) for key, text in left.items()}
    for number, note in enumerate(notes):
        if keys[number] is None and bags:
            mine = _bag(note.text)
            likeness, key = max((_likeness(mine, bag), key) for key, bag in bags.items())
            if likeness >= _ALIKE:
                keys[number] = key
                del bags[key]
    taken = set(known)
    found = []
    for note, given in zip(notes, keys, strict=True):
        key = given if given is not None else _free(note.key, taken)
        taken.add(key)
        found.append(replace(note, key=key))
    return found


def _sections(text: str) -> list[tuple[int, str]]:
    """Return each section that holds anything, with the line it begins at."""
    body = front_matter_end(text)
    found: list[tuple[int, str]] = []
    fence = ""
    start, line = body, 1 + len(LINE.findall(text, 0, body))
    first_line = line
    at = body
    while at <= len(text):
        end_of_line = LINE.search(text, at)
        end = end_of_line.start() if end_of_line else len(text)
        mark = _FENCE.match(text, at, end)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        if not fence and _RULE.match(text[at:end]):
            _add(found, text[start:at], first_line)
            start, first_line = end, line
        if end_of_line is None:
            break
        at = end_of_line.end()
        line += 1
    _add(found, text[start:], first_line)
    return found


def _add(found: list[tuple[int, str]], section: str, line: int) -> None:
    note = bare(section)
    if note:
        before = section[: section.index(note)]
        found.append((line + len(LINE.findall(before)), note))


# Line, words, title where it is given, and what else is known.
_Section = tuple[int, str, str, dict[str, str]]


def _named(sections: Sequence[_Section], shown: str) -> tuple[list[Note], list[Problem]]:
    notes: list[Note] = []
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    taken: set[str] = set()
    for line, section, given, about in sections:
        text = bare(section)
        title, words = _title(text, given)
        if not words:
            problems.append(Problem(shown, line, "this section holds no words of its own. Write it, or delete it."))
        elif text in lines:
            message = f"says the same as the note at line {lines[text]}, and is left out. Delete one of them."
            problems.append(Problem(shown, line, message))
        else:
            lines[text] = line
            key = _free(slugify(title), taken)
            taken.add(key)
            notes.append(Note(key, title, text, line, about))
    return notes, problems


def _title(text: str, given: str) -> tuple[str, str]:
    """Return the title of a note, and the first words of its own; nothing where it has none."""
    blocks = paragraphs(text)
    heading = next((plain(text, block) for block in blocks if block.kind == "heading"), "")
    spoken = sorted((block for block in blocks if block.kind not in _NO_TITLE), key=lambda block: block.kind == "code")
    words = plain(text, spoken[0]) if spoken else ""
    return " ".join((given or heading or " ".join(words.split()[:_TITLE_WORDS])).replace("*", "").split()), words


_NO_TITLE = ("front-matter", "heading", "break", "image", "html", "footnote")


def _free(wished: str, taken: set[str]) -> str:
    key, number = wished, 2
    while key in taken:
        key, number = f"{wished}-{number}", number + 1
    return key


def _first(row: dict[str, str], columns: Sequence[str]) -> str:
    return next((row[name].strip() for name in columns if row.get(name, "").strip()), "")


def _bag(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))
