"""What the first bytes of a file show it to be, among the forms of pairs, canary prompts and outputs.

Only shapes that no essay has by accident are taken: what is recognised wrongly would be read wrongly.
"""

from __future__ import annotations

import re
from pathlib import Path

# A file of pairs holds many pieces.
MAX_PAIR_BYTES = 200_000_000

_END = rb"(?:\A|[\r\n])"
_PAIR = re.compile(_END + rb"##[ \t]+pair:", re.IGNORECASE)
_PROMPT = re.compile(rb"(?:\A|[\r\n])##[ \t]+[^\r\n]+(?:\r\n|\n|\r)(?:tier:[ \t]*\d|topic:|length:)", re.IGNORECASE)
_BLOCK = re.compile(rb"(?:\xef\xbb\xbf)?\s*##[ \t]+\S")
_CANARY = re.compile(_END + rb"##[ \t]+Canary[ \t]+\w", re.IGNORECASE)
_SAMPLES = re.compile(_END + rb"(?:\*\*(?:Prompt|Samples):\*\*|###[ \t]+Sample[ \t]+1\b)", re.IGNORECASE)
_RUN = re.compile(_END + rb"##[ \t]+Run[ \t]+\w", re.IGNORECASE)
_LOGGED = re.compile(_END + rb"\*\*(?:Config|GPU|Loss)\b", re.IGNORECASE)
_LETTERS = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"[A-Za-z]"\s*:')
_SIDES = re.compile(r"(?:baselines?|fine[ _-]?tuned)(?![a-z])", re.IGNORECASE)
_TWO_TEXTS = re.compile(rb'"(?:completion|response|messages|conversations|instruction)"\s*:')
_ONE_TEXT = re.compile(rb'\{\s*"text"\s*:')
_OF_REPOSITORIES = ("readme", "changelog", "contributing", "code_of_conduct")
_COLUMNS = ({b"prompt", b"completion"}, {b"prompt", b"response"}, {b"instruction", b"output"})


def readme(path: Path, head: bytes) -> bool:
    """Say whether a file is what a repository, or an exported dataset, says of itself: by its name."""
    return path.stem.lower() in _OF_REPOSITORIES and path.suffix.lower() in (".md", ".txt")


def pairs(path: Path, head: bytes) -> bool:
    """Say whether a Markdown file holds pairs."""
    return _PAIR.search(head) is not None


def prompts(path: Path, head: bytes) -> bool:
    """Say whether a Markdown file holds prompts alone: some say their topic, length or tier."""
    return _PROMPT.search(head) is not None


def begins_with_block(head: bytes) -> bool:
    """Say whether a Markdown file begins with a heading of the second level, as prompts do that say nothing else."""
    return _BLOCK.match(head) is not None


def log(path: Path, head: bytes) -> bool:
    """Say whether a Markdown file is an experiment log."""
    return _RUN.search(head) is not None and _LOGGED.search(head) is not None


def outputs(path: Path, head: bytes) -> bool:
    """Say whether a file holds canary outputs: by its name and shape, so that a broken one is named and not left."""
    if path.suffix.lower() == ".json":
        return _LETTERS.match(head) is not None or _SIDES.search(path.stem) is not None
    return _CANARY.search(head) is not None and _SAMPLES.search(head) is not None


def json_pairs(path: Path, head: bytes) -> bool:
    """Say whether a JSON file holds rows that are pairs; a lone object is other people's settings."""
    if path.suffix.lower() == ".json" and not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        return False
    return _TWO_TEXTS.search(head) is not None or _ONE_TEXT.search(head) is not None


def csv_pairs(path: Path, head: bytes) -> bool:
    """Say whether a table's first line names the two texts of a pair."""
    first = head.removeprefix(b"\xef\xbb\xbf").splitlines()[0] if head else b""
    names = {name.strip(b' "').lower() for name in re.split(rb"[,;\t]", first)}
    return any(wanted <= names for wanted in _COLUMNS)
