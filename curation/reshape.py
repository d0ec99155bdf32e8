"""The edits an author makes to the two texts of a pair: move the boundary, trim, split, merge.

Where the response begins a new paragraph, its prompt ends in that blank line. So a boundary that is moved, or two pairs
that are merged, keep the author's paragraphs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from curation import sentences as sentence_rules
from curation.errors import CurationError

Side = Literal["prompt", "response"]
End = Literal["first", "last"]


@dataclass(frozen=True)
class PairText:
    """The two texts of a pair."""

    prompt: str
    response: str


def move_boundary(pair: PairText, sentences: int) -> PairText:
    """Move sentences over the boundary.

    Args:
        pair: the pair.
        sentences: +1 gives the prompt the response's first sentence, -1 gives its last one back.

    Raises:
        CurationError: one side would be left empty.
    """
    prompt, response = pair.prompt, pair.response
    for _ in range(abs(sentences)):
        prompt, response = _forward(prompt, response) if sentences > 0 else _back(prompt, response)
    return PairText(prompt, response)


def moved_sentence(pair: PairText, sentences: int) -> str:
    """Return the text that `move_boundary` carries over."""
    spans = sentence_rules.sentences(pair.response if sentences > 0 else pair.prompt)
    text = pair.response if sentences > 0 else pair.prompt
    found = spans[:sentences] if sentences > 0 else spans[sentences:]
    return text[found[0][0] : found[-1][1]].strip() if found else ""


def trim(pair: PairText, side: Side, end: End) -> tuple[PairText, str]:
    """Cut a sentence off one of the four ends of a pair; return the pair and what was cut.

    Args:
        pair: the pair.
        side: of the prompt or of the response.
        end: its first sentence or its last.

    Raises:
        CurationError: nothing would be left of that side.
    """
    text = pair.prompt if side == "prompt" else pair.response
    spans = sentence_rules.sentences(text)
    if len(spans) < 2:
        raise CurationError(f"The {side} has only this sentence left: nothing was cut.")
    if end == "first":
        cut, kept = text[: spans[0][1]], text[spans[0][1] :].lstrip()
    else:
        cut = text[spans[-1][0] :]
        # The blank line that a prompt ends in says that the response begins a paragraph: it stays.
        kept = _apart(text[: spans[-1][0]])[0] + (_apart(text)[1] if side == "prompt" else "")
    done = PairText(kept, pair.response) if side == "prompt" else PairText(pair.prompt, kept)
    return done, cut.strip()


def _forward(prompt: str, response: str) -> tuple[str, str]:
    spans = sentence_rules.sentences(response)
    if len(spans) < 2:
        raise CurationError(
            "The response has only this sentence left. Move the boundary back, or merge with the next pair."
        )
    cut = spans[0][1]
    head, joint = _apart(response[:cut])
    return prompt + _joint(prompt, head) + head + joint, response[cut:].lstrip()


def _back(prompt: str, response: str) -> tuple[str, str]:
    spans = sentence_rules.sentences(prompt)
    if len(spans) < 2:
        raise CurationError(
            "The prompt has only this sentence left. Move the boundary on, or merge with the pair before."
        )
    cut = spans[-1][0]
    head, joint = _apart(prompt[:cut])
    tail = prompt[cut:]
    return head + joint, (tail + _joint(tail, response) + response).lstrip()


def _apart(text: str) -> tuple[str, str]:
    """Return a text without the white space it ends in, and that space where it ends a line."""
    bare = text.rstrip()
    space = text[len(bare) :]
    return bare, space if "\n" in space else ""


def _joint(left: str, right: str) -> str:
    return "" if not left or not right or left[-1].isspace() or right[0].isspace() else " "


def split(pair: PairText, offset: int) -> tuple[PairText, PairText]:
    """Split a pair at a character of its response; what stands before it prompts what follows.

    Raises:
        CurationError: one part would be empty.
    """
    head, joint = _apart(pair.response[: max(offset, 0)])
    rest = pair.response[max(offset, 0) :]
    tail = rest.lstrip()
    if not head or not tail:
        raise CurationError(
            f"Splitting at character {offset} of {len(pair.response)} leaves one part empty. "
            "Put the cursor inside the text."
        )
    space = rest[: len(rest) - len(tail)]
    joint = joint + space if "\n" in joint + space else ""
    return PairText(pair.prompt, head), PairText(head + joint, tail)


def merge(first: PairText, second: PairText) -> PairText:
    """Merge two pairs that follow each other: the first's prompt, both responses.

    The second's prompt is mostly what the first says already. Where it is not (the opening of a new section, a thesis
    written by hand) it goes between the responses, so no text is lost.
    """
    prompt, joint = _apart(second.prompt)
    if not _says(f"{first.prompt} {first.response}", prompt):
        middle = prompt + (joint or _joint(prompt, second.response)) + second.response
        return PairText(first.prompt, f"{first.response.rstrip()}\n\n{middle}")
    return PairText(first.prompt, first.response.rstrip() + (joint or " ") + second.response)


def _says(text: str, part: str) -> bool:
    """Say whether a text holds another, words changed here and there allowed: half of its runs of three words."""
    words, whole = re.findall(r"\w+", part.casefold()), re.findall(r"\w+", text.casefold())
    if len(words) < 3:
        return "".join(part.split()) in "".join(text.split())
    runs = set(zip(words, words[1:], words[2:]))
    known = set(zip(whole, whole[1:], whole[2:]))
    return len(runs & known) * 2 >= len(runs)
