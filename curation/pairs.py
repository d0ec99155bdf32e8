"""Pairs of prompt and response: proposed from an essay, and the edits an author makes to one.

Where the response begins a new paragraph, its prompt ends in that blank line. So a boundary that is moved, or two pairs
that are merged, keep the author's paragraphs; snapshots trim it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from curation import sentences as sentence_rules
from curation.atoms import Atom, join, sections
from curation.cleaning import CLEAN, Cleaning, staying
from curation.errors import CurationError
from curation.joints import joint_costs
from curation.paragraphs import Paragraph

Tier = Literal["rewrite", "thesis", "continuation", "note"]

# An opening is at least this share of the context, so that `Yes.` alone is never a prompt.
_OPENING_SHARE = 0.12
# Where a later sentence leaves a better cut, an opening goes on up to this share; each share longer costs so much.
_LONGEST_OPENING_SHARE = 0.5
_LONGER_OPENING = 0.5
# A response below this share of the target teaches little; a section that gives no more gives no pair.
_LEAST_SHARE = 0.08
_LEAST_WORDS = 12
# How much worse too long is than too short.
_TOO_LONG = 2.0
# A response beyond this share of the target is only made of what cannot be parted.
LONGEST_SHARE = 1.65


@dataclass(frozen=True)
class Proposal:
    """A pair the workbench proposes.

    Attributes:
        tier: of which sort.
        prompt: whole sentences before the response; empty where the author has to write it.
        response: whole sentences.
        start: first character of the response in the source text.
        end: one past its last.
    """

    tier: Tier
    prompt: str
    response: str
    start: int
    end: int


@dataclass(frozen=True)
class PairText:
    """The two texts of a pair."""

    prompt: str
    response: str


def propose(
    text: str,
    blocks: Sequence[Paragraph],
    *,
    count_tokens: Callable[[str], int],
    response_tokens: int,
    context_tokens: int,
    cleaning: Cleaning = CLEAN,
) -> list[Proposal]:
    """Propose continuation pairs for a text.

    Each part between headings and scene breaks is taken by itself. Its opening sentence or two prompt the first
    response; every later response is prompted by the sentences before it. Short paragraphs go together and long ones
    are parted at sentence ends, so that responses come near the target; a paragraph's end is preferred. A part of one
    sentence gives no pair.

    Args:
        text: the essay.
        blocks: its paragraphs.
        count_tokens: counts tokens of a text; asked once for each sentence, and once or twice for each prompt.
        response_tokens: how long a response should be, in tokens; none is cut to reach it.
        context_tokens: how long a prompt may be, in tokens; a single longer sentence is kept whole.
        cleaning: the rules by which leftovers of a platform go.

    Raises:
        CurationError: a budget is below 1.
    """
    if response_tokens < 1 or context_tokens < 1:
        raise CurationError(
            f"Pairs of {response_tokens} response and {context_tokens} context tokens cannot be made. Give 1 or more."
        )
    proposals: list[Proposal] = []
    kept = staying(text, blocks, cleaning)
    for atoms in sections(text, kept, count_tokens, response_tokens, cleaning.off):
        joints = joint_costs(atoms)
        first = _opening(atoms, joints, response_tokens, context_tokens)
        if first is None:
            continue
        begin = first
        for end in divide(atoms, joints, first, response_tokens):
            prompt = _context(atoms, begin, context_tokens, count_tokens)
            response = atoms[begin:end]
            proposals.append(
                Proposal("continuation", prompt, join(response), response[0].start, max(atom.end for atom in response))
            )
            begin = end
    return proposals


def _opening(atoms: Sequence[Atom], joints: Sequence[float], response_tokens: int, context_tokens: int) -> int | None:
    """Return how many atoms open a section, or None where too little would follow them.

    A sentence or two, up to a share of the context: as many as leave the better cut.
    """
    least, most = context_tokens * _OPENING_SHARE, context_tokens * _LONGEST_OPENING_SHARE
    tokens = 0
    best: tuple[float, int] | None = None
    for index, atom in enumerate(atoms[:-1], start=1):
        if index > 1 and tokens + atom.tokens > context_tokens:
            break
        tokens += atom.tokens
        if not _enough(atoms[index:], response_tokens):
            break
        if atoms[index].glued:
            continue
        if best is not None and tokens > most:
            break
        # One that is too short is taken only where there is no other.
        cost = joints[index] + _LONGER_OPENING * tokens / context_tokens + (1.0 if tokens < least else 0.0)
        if best is None or cost < best[0]:
            best = cost, index
    return best[1] if best else None


def _enough(atoms: Sequence[Atom], response_tokens: int) -> bool:
    tokens = words = 0
    for atom in atoms:
        tokens += atom.tokens
        words += len(atom.text.split())
        if tokens >= response_tokens * _LEAST_SHARE and words >= _LEAST_WORDS:
            return True
    return False


def divide(atoms: Sequence[Atom], joints: Sequence[float], first: int, target: int) -> list[int]:
    """Return where responses end, as the cheapest way to divide what follows the opening.

    The cost of a response is the square of its distance from the target, as a share of it, and what is lost where it
    begins; the sum is least overall, so the last response is no rest.
    """
    count = len(atoms)
    sums = [0]
    for atom in atoms:
        sums.append(sums[-1] + atom.tokens)
    best = [float("inf")] * (count + 1)
    best[first] = 0.0
    came_from = [first] * (count + 1)
    for begin in range(first, count):
        if best[begin] == float("inf"):
            continue
        start_cost = joints[begin] if begin > first else 0.0
        ended = False
        for end in range(begin + 1, count + 1):
            if end < count and atoms[end].glued:
                continue
            tokens = sums[end] - sums[begin]
            if ended and tokens > target * LONGEST_SHARE:
                break
            ended = True
            distance = (tokens - target) / target
            cost = best[begin] + start_cost + distance * distance * (_TOO_LONG if distance > 0 else 1.0)
            if cost < best[end]:
                best[end], came_from[end] = cost, begin
    ends = [count]
    while came_from[ends[-1]] > first:
        ends.append(came_from[ends[-1]])
    return ends[::-1]


def _context(atoms: Sequence[Atom], begin: int, context_tokens: int, count_tokens: Callable[[str], int]) -> str:
    """Return the sentences before a response: from a paragraph's beginning where that still leaves half the room."""
    joint = "\n\n" if atoms[begin].opens else ""
    low = begin - 1
    tokens = atoms[low].tokens
    while low > 0 and tokens + atoms[low - 1].tokens <= context_tokens:
        low -= 1
        tokens += atoms[low].tokens
    left = tokens
    for index in range(low, begin):
        if left * 2 < min(context_tokens, tokens):
            break
        if atoms[index].opens and atoms[index].kind == "prose":
            low = index
            break
        left -= atoms[index].tokens
    while low < begin - 1 and atoms[low].glued:
        low += 1
    prompt = join(atoms[low:begin]) + joint
    # The sum of the sentences' counts can be a token or two off the count of the whole.
    while low < begin - 1 and count_tokens(prompt) > context_tokens:
        low += 1
        prompt = join(atoms[low:begin]) + joint
    return prompt


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
