"""Pairs of prompt and response as they are proposed from an essay.

Where the response begins a new paragraph, its prompt ends in that blank line; snapshots trim it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from curation.atoms import Atom, join, sections
from curation.cleaning import staying
from curation.cleaning_rules import CLEAN, Cleaning
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
