"""Proposals of every tier: continuation, and the three whose prompt only the author can write.

A thesis is asked of a section, a summary of a finished note, a rough draft of a paragraph: what is proposed there is
the response, with an empty prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import get_args

from curation.atoms import Atom, join, sections
from curation.cleaning import staying
from curation.cleaning_rules import CLEAN, Cleaning
from curation.joints import joint_costs
from curation.pairs import LONGEST_SHARE, Proposal, Tier, divide, propose
from curation.paragraphs import Paragraph

TIERS: tuple[Tier, ...] = get_args(Tier)
# Below this a draft of a paragraph has nothing to be rewritten, and a section nothing to be argued.
_LEAST_WORDS = 25


def propose_tier(
    tier: Tier,
    text: str,
    blocks: Sequence[Paragraph],
    *,
    source_kind: str,
    count_tokens: Callable[[str], int],
    response_tokens: int,
    context_tokens: int,
    longest_tokens: int,
    cleaning: Cleaning = CLEAN,
) -> list[Proposal]:
    """Propose pairs of one tier for a text.

    Args:
        tier: which.
        text: the essay or note.
        blocks: its paragraphs.
        source_kind: `essay` or `note`; only a note is proposed whole as a note.
        count_tokens: counts tokens of a text.
        response_tokens: how long the response of a continuation should be.
        context_tokens: how long its prompt may be.
        longest_tokens: the longest response of the other tiers; a longer section or paragraph is parted, a note is not.
        cleaning: the rules by which leftovers of a platform go.

    Raises:
        CurationError: a budget is below 1.
    """
    if tier == "continuation":
        return propose(
            text,
            blocks,
            count_tokens=count_tokens,
            response_tokens=response_tokens,
            context_tokens=context_tokens,
            cleaning=cleaning,
        )
    parts = list(sections(text, staying(text, blocks, cleaning), count_tokens, longest_tokens, cleaning.off))
    if tier == "note":
        return _whole_note(parts) if source_kind == "note" else []
    if tier == "rewrite":
        parts = [paragraph for part in parts for paragraph in _paragraphs(part)]
    return [
        Proposal(tier, "", join(found), found[0].start, max(atom.end for atom in found))
        for part in parts
        for found in _parted(part, longest_tokens)
        if _words(found) >= _LEAST_WORDS
    ]


def _whole_note(parts: Sequence[Sequence[Atom]]) -> list[Proposal]:
    atoms = [atom for part in parts for atom in part]
    if not atoms:
        return []
    response = "\n\n".join(join(part) for part in parts if part)
    return [Proposal("note", "", response, atoms[0].start, max(atom.end for atom in atoms))]


def _paragraphs(atoms: Sequence[Atom]) -> Iterator[list[Atom]]:
    """Yield the paragraphs of prose of a section."""
    paragraph: list[Atom] = []
    for atom in atoms:
        if atom.opens and paragraph:
            yield paragraph
            paragraph = []
        if atom.kind == "prose":
            paragraph.append(atom)
    if paragraph:
        yield paragraph


def _parted(atoms: Sequence[Atom], longest_tokens: int) -> Iterator[Sequence[Atom]]:
    """Yield atoms whole where they are short enough, else in parts that are."""
    if sum(atom.tokens for atom in atoms) <= longest_tokens:
        yield atoms
        return
    begin = 0
    for end in divide(atoms, joint_costs(atoms), 0, max(1, int(longest_tokens / LONGEST_SHARE))):
        yield atoms[begin:end]
        begin = end


def _words(atoms: Sequence[Atom]) -> int:
    return sum(len(atom.text.split()) for atom in atoms)
