r"""Canary prompts as Markdown: one `## slug` block each, with its topic, its length and the real piece to compare with.

    ## sandals
    topic: known
    length: short

    The opening that every model continues.

    ### reference
    What the author wrote herself.

A line of a text that looks like one of these marks is written with a backslash before it, so what is written out comes
back to the letter. The hash of a set is over all fields in order: it names the version.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast

from curation.errors import Problem
from curation.essay import slugify

# Unknown are only those of prompts that samples made elsewhere are of.
Topic = Literal["known", "novel", "unknown"]
Length = Literal["short", "long", "unknown"]

_BLOCK = re.compile(r"##[ \t]+(\S.*?)[ \t]*\Z")
_REFERENCE = re.compile(r"###[ \t]+reference[ \t]*\Z", re.IGNORECASE)
# `tier:` is the older format's; canary prompts have none, so it is read over.
_HEADER = re.compile(r"(topic|length|tier):[ \t]*(.*?)[ \t]*\Z", re.IGNORECASE)
_MARK = re.compile(r"\\*(?:##[ \t]|###[ \t]+reference[ \t]*\Z|(?:topic|length|tier):)", re.IGNORECASE)
_HEADING = re.compile(r"[ ]{0,3}#{1,6}(?:[ \t]|\Z)")
# Openings are short: what says more under a heading is the section of a piece.
_OPENING_WORDS = 150
_LEAST_BLOCKS = 2
_CHOICES = {"topic": ("known", "novel"), "length": ("short", "long")}


@dataclass(frozen=True)
class CanaryText:
    """A canary prompt.

    Attributes:
        slug: its name, unique in a set.
        prompt: the opening that every model continues.
        topic: whether the training text knows the topic; a novel one must not be named there.
        length: whether a short or a long continuation is asked for.
        reference: the real piece to compare with; may be empty.
    """

    slug: str
    prompt: str
    topic: Topic
    length: Length
    reference: str


@dataclass
class _Block:
    slug: str
    line: int
    lines: list[str]


def parse_canaries(text: str, path: str) -> tuple[list[CanaryText], list[Problem]]:
    """Read canary prompts; a block with a fault is left out and named.

    Args:
        text: the file's text; what stands before the first `## slug` is a header and is passed over.
        path: the file, for the problems.
    """
    problems: list[Problem] = []
    blocks: list[_Block] = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        found = _BLOCK.match(line)
        if found:
            blocks.append(_Block(slugify(found[1]), number, []))
        elif blocks:
            blocks[-1].lines.append(line)
    if not blocks:
        message = "holds no canary prompts. Begin each with a line `## name`, then a blank line and the prompt."
        problems.append(Problem(path, None, message))
    canaries: dict[str, CanaryText] = {}
    for block in blocks:
        first = next((other.line for other in blocks if other.slug == block.slug), block.line)
        if first != block.line:
            message = f"the name {block.slug!r} stands at line {first} already. Name this prompt otherwise."
            problems.append(Problem(path, block.line, message))
            continue
        canary = _read(block, path, problems)
        if canary is not None:
            canaries[canary.slug] = canary
    return list(canaries.values()), problems


def is_bare(text: str) -> bool:
    """Say whether a text is surely canary prompts, though no block says its topic: each is named by a slug."""
    names = _bare_names(text)
    return len(names) >= _LEAST_BLOCKS and all(slugify(name) == name for name in names)


def may_be_bare(text: str) -> bool:
    """Say whether a text looks like canary prompts, and might be short sections under headings just as well."""
    names = _bare_names(text)
    return len(names) >= _LEAST_BLOCKS or (bool(names) and slugify(names[0]) == names[0])


def _bare_names(text: str) -> list[str]:
    """Return the names of the blocks of a text that has nothing else, none of them long; else none."""
    names: list[str] = []
    words = 0
    counted = True
    for line in text.lstrip("\ufeff").splitlines():
        block = _BLOCK.match(line)
        if block:
            names.append(block[1])
            words, counted = 0, True
        elif names and _REFERENCE.match(line):
            # The real piece may be as long as it is.
            counted = False
        elif _HEADING.match(line) or (not names and line.strip()):
            return []
        elif counted:
            words += len(line.split())
        if words > _OPENING_WORDS:
            return []
    return names


def _read(block: _Block, path: str, problems: list[Problem]) -> CanaryText | None:
    header = {"topic": "known", "length": "short"}
    faults = len(problems)
    begin = 0
    while begin < len(block.lines) and (found := _HEADER.match(block.lines[begin])):
        key, value = found[1].lower(), found[2].lower()
        begin += 1
        if key in _CHOICES and value not in _CHOICES[key]:
            message = f"the {key} is {value!r}. Write {' or '.join(_CHOICES[key])}."
            problems.append(Problem(path, block.line + begin, message))
        header[key] = value
    body = block.lines[begin:]
    cut = next((index for index, line in enumerate(body) if _REFERENCE.match(line)), len(body))
    prompt, reference = _unescape(body[:cut]), _unescape(body[cut + 1 :])
    if not prompt:
        message = f"the canary {block.slug!r} has no prompt. Write its opening under the heading, or delete the block."
        problems.append(Problem(path, block.line, message))
    if len(problems) > faults:
        return None
    return CanaryText(
        slug=block.slug,
        prompt=prompt,
        topic=cast("Topic", header["topic"]),
        length=cast("Length", header["length"]),
        reference=reference,
    )


def format_canaries(canaries: Sequence[CanaryText]) -> str:
    """Return canary prompts as the Markdown that `parse_canaries` reads."""
    blocks = []
    for canary in canaries:
        block = f"## {canary.slug}\ntopic: {canary.topic}\nlength: {canary.length}\n\n{_escape(canary.prompt)}\n"
        if canary.reference.strip():
            block += f"\n### reference\n{_escape(canary.reference)}\n"
        blocks.append(block)
    return "\n".join(blocks)


def canary_set_hash(canaries: Sequence[CanaryText]) -> str:
    """Return the sha256 of a set in its order, tagged `sha256:`."""
    canonical = json.dumps(
        [asdict(item) for item in canaries], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return "sha256:" + hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _escape(text: str) -> str:
    return "\n".join("\\" + line if _MARK.match(line) else line for line in text.strip().split("\n"))


def _unescape(lines: Sequence[str]) -> str:
    return "\n".join(line[1:] if line.startswith("\\") and _MARK.match(line) else line for line in lines).strip()
