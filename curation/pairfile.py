r"""Pairs in Markdown: blocks that begin `## pair: slug`, with a tier, a prompt and a response.

    ## pair: slow-puncture
    tier: 3

    ### prompt
    The opening.

    ### response
    What follows it.

    ---

Tiers are numbered there: 1 rewrite, 2 thesis, 3 continuation, 4 note; a name is read as well. What stands before the
first block is a header. The format has no escape, so a line of a text that looks like one of its marks is written with
a backslash before it, which Markdown shows as the line itself; the reader takes the backslash away again. A line ends
at LF, CR LF or CR, as it does for programs that read such files by universal newlines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from curation.errors import Problem
from curation.filepair import TIER_NUMBERS, FilePair, source_slug, tier_named
from curation.pairs import Tier
from curation.quoted import quoted

_LINE_END = re.compile(r"\r\n|\n|\r")
_PAIR = re.compile(r"##[ \t]+pair:(.*)\Z", re.IGNORECASE | re.DOTALL)
_TIER = re.compile(r"tier:(.*)\Z", re.IGNORECASE | re.DOTALL)
_SECTION = re.compile(r"###[ \t]+(prompt|response)[ \t]*\Z", re.IGNORECASE)
_RULE = re.compile(r"-{3,}[ \t]*\Z")
# A mark inside a text, with as many backslashes before it as stand there.
_MARK = re.compile(r"\\*(?:##[ \t]+pair:.*|###[ \t]+(?:prompt|response)[ \t]*)\Z", re.IGNORECASE | re.DOTALL)


@dataclass
class _Line:
    """A line: its number from 1, its text without its end, and where that lies in the file."""

    number: int
    text: str
    start: int
    end: int


@dataclass
class _Block:
    slug: str
    lines: list[_Line] = field(default_factory=list)

    @property
    def first(self) -> int:
        return self.lines[0].number

    @property
    def last(self) -> int:
        """The last line that is not blank."""
        return next(line.number for line in reversed(self.lines) if line.text.strip() or line is self.lines[0])


def read_pairfile(text: str, path: str) -> tuple[list[FilePair], list[Problem]]:
    """Read pairs; a block with a fault is left out, and each of its faults is named.

    Args:
        text: the file's text.
        path: the file, for the problems.
    """
    text = _uniform(text)
    blocks: list[_Block] = []
    for line in _lines(text):
        if found := _PAIR.match(line.text):
            blocks.append(_Block(found[1].strip()))
        if blocks:
            blocks[-1].lines.append(line)
    problems: list[Problem] = []
    if not blocks:
        problems.append(Problem(path, None, "holds no pairs. Begin each with a line `## pair: slug`."))
    pairs = [_read(text, block, path, problems) for block in blocks]
    problems.sort(key=lambda problem: problem.line or 0)
    return [pair for pair in pairs if pair is not None], problems


def write_pairfile(pairs: Sequence[FilePair], *, title: str, path: str = "") -> tuple[str, list[Problem]]:
    """Return pairs as Markdown that `read_pairfile` reads, and each line that had to be escaped.

    Args:
        pairs: in the order of the file; one without a tier is written as a continuation.
        title: the file's heading.
        path: the file, for what is said about the lines.
    """
    said: list[Problem] = []
    written = f"# {' '.join(title.split())}\n\n---\n"
    number = written.count("\n") + 1
    parts = [written]
    for pair in pairs:
        tier = TIER_NUMBERS[pair.tier or "continuation"]
        block = f"\n## pair: {pair.source or 'untitled'}\ntier: {tier}\n\n### prompt\n"
        for name, body in (("prompt", pair.prompt), ("response", pair.response)):
            if name == "response":
                block += "\n\n### response\n"
            # A text on one line must not be taken for the first mark either, so it is escaped line by line.
            begin = number + len(_LINE_END.findall(block))
            escaped, lines = _escape(body.strip())
            block += escaped
            said += [
                Problem(path, begin + line, f"the {name} holds a mark of the format: written as {quoted(shown)}.")
                for line, shown in lines
            ]
        block += "\n\n---\n"
        number += len(_LINE_END.findall(block))
        parts.append(block)
    return "".join(parts), said


def _read(text: str, block: _Block, path: str, problems: list[Problem]) -> FilePair | None:
    faults = len(problems)

    def fault(line: int, message: str) -> None:
        problems.append(Problem(path, line, message))

    if not block.slug:
        fault(block.first, "this pair has no slug. Write a part of its essay's file name after `## pair:`.")
    tier: Tier | None = None
    tiers: list[int] = []
    sections: dict[str, int] = {}
    for index, line in enumerate(block.lines[1:], start=1):
        if found := _SECTION.match(line.text):
            name = found[1].lower()
            if name in sections or (name == "prompt" and "response" in sections):
                fault(
                    line.number,
                    f'a text holds the line "### {name}", which marks a section. Write a backslash before it, or begin '
                    "the next pair with `## pair: slug`.",
                )
            else:
                sections[name] = index
        elif sections or not line.text.strip() or _RULE.match(line.text):
            continue
        elif found := _TIER.match(line.text):
            tier = tier_named(found[1])
            tiers.append(line.number)
            if tier is None:
                fault(line.number, f"the tier is {found[1].strip()!r}. Write 1, 2, 3 or 4.")
            if len(tiers) > 1:
                fault(line.number, f"this pair has a tier at line {tiers[0]} already. Delete one of the two lines.")
        else:
            fault(
                line.number,
                f"{quoted(line.text.strip(), 40)} stands before the prompt. Move it into the prompt, or delete it.",
            )
    if not tiers:
        fault(block.first, "this pair has no tier. Write `tier: 1`, 2, 3 or 4 under its first line.")
    for name in ("prompt", "response"):
        if name not in sections:
            message = f'this pair has no "### {name}" section. Add one, or delete lines {block.first} to {block.last}.'
            fault(block.first, message)
    if len(problems) > faults:
        return None
    prompt = _text(text, block.lines[sections["prompt"] + 1 : sections["response"]])
    answer = block.lines[sections["response"] + 1 :]
    while answer and not answer[-1].text.strip():
        answer = answer[:-1]
    if answer and _RULE.match(answer[-1].text):
        answer = answer[:-1]
    response = _text(text, answer)
    for name, body in (("prompt", prompt), ("response", response)):
        if not body:
            where = block.lines[sections[name]].number
            fault(where, f"the {name} is empty. Write it, or delete lines {block.first} to {block.last}.")
    if len(problems) > faults:
        return None
    return FilePair(prompt=prompt, response=response, line=block.first, tier=tier, source=source_slug(block.slug))


def _text(text: str, lines: Sequence[_Line]) -> str:
    """Return what some lines say, to the letter, without the backslashes before marks and the white space around."""
    if not lines:
        return ""
    parts = []
    for line, following in zip(lines, [*lines[1:], None]):
        shown = line.text[1:] if line.text.startswith("\\") and _MARK.match(line.text) else line.text
        parts.append(shown + (text[line.end : following.start] if following else ""))
    return "".join(parts).strip()


def _escape(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Return a text that holds no mark, and the escaped lines: their place from 0, and how they are written."""
    escaped: list[tuple[int, str]] = []
    parts = []
    lines = _lines(text)
    for line, following in zip(lines, [*lines[1:], None]):
        shown = line.text
        if _MARK.match(shown):
            shown = "\\" + shown
            escaped.append((line.number - 1, shown))
        parts.append(shown + (text[line.end : following.start] if following else ""))
    return "".join(parts), escaped


def _lines(text: str) -> list[_Line]:
    found, start = [], 0
    for number, end in enumerate(_LINE_END.finditer(text), start=1):
        found.append(_Line(number, text[start : end.start()], start, end.start()))
        start = end.end()
    found.append(_Line(len(found) + 1, text[start:], start, len(text)))
    return found


def _uniform(text: str) -> str:
    """Write the line ends of a file as LF where all of them are CR LF, or all CR; a mixture is the texts' own."""
    kinds = set(_LINE_END.findall(text))
    return text.replace(kinds.pop(), "\n") if len(kinds) == 1 else text
