"""The smallest parts a response is made of: sentences of prose, stanzas, items and paragraphs of quotations.

An atom is never broken, and one that goes on with the sentence before it (verse behind a colon, `when Orpheus speaks`
behind verse) is glued to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from curation.markdown import NOTHING, Keep, plain_text
from curation.paragraphs import Kind, Paragraph
from curation.sentences import finer, sentences

_FLOW = ("prose", "quote", "verse", "list")
# In the blocks only where the rule that takes them away is off: then they are read like prose.
_UNCLEANED = ("front-matter", "footnote", "image", "caption", "html")
_GOES_ON = ":,;—–-"
_ENDS = ".!?…"
_CLOSERS = "”’\"')]*_ "


@dataclass(frozen=True)
class Atom:
    """A sentence, or what stands for one.

    Attributes:
        kind: of the paragraph it is from.
        text: as a pair gets it.
        lead: what stands before it where it comes first: the `> ` of a quotation's second sentence.
        joint: white space and marks between it and the atom before it.
        start: first character in the source.
        end: one past its last.
        tokens: how long it is.
        opens: it begins a paragraph.
        glued: nothing may come between it and the atom before it.
    """

    kind: Kind
    text: str
    lead: str
    joint: str
    start: int
    end: int
    tokens: int
    opens: bool
    glued: bool


def join(atoms: Sequence[Atom]) -> str:
    """Return the text of atoms that follow each other."""
    if not atoms:
        return ""
    return atoms[0].lead + atoms[0].text + "".join(atom.joint + atom.text for atom in atoms[1:])


def sections(
    text: str,
    blocks: Sequence[Paragraph],
    count_tokens: Callable[[str], int],
    longest: int,
    keep: Keep = NOTHING,
) -> Iterator[list[Atom]]:
    """Yield the atoms of each part between headings, breaks, code and tables; a part that only quotes others is none.

    Args:
        text: the essay.
        blocks: its paragraphs, without those that a rule of `cleaning` takes away.
        count_tokens: counts tokens of a text; asked once for each sentence.
        keep: names of the rules that are off.
        longest: tokens above which a quotation of several sentences is no longer one atom.
    """
    atoms: list[Atom] = []
    blocks = _without_epigraph(text, blocks)
    for block in blocks:
        if block.kind in _FLOW or block.kind in _UNCLEANED:
            atoms += _atoms(text, block, count_tokens, longest, keep, atoms[-1] if atoms else None)
        else:
            if not all(_is_quoted(atom.text) for atom in atoms):
                yield atoms
            atoms = []
    if not all(_is_quoted(atom.text) for atom in atoms):
        yield atoms


def _without_epigraph(text: str, blocks: Sequence[Paragraph]) -> list[Paragraph]:
    """Return the blocks without what an essay quotes before its own first word."""
    flow = [block for block in blocks if block.kind in _FLOW]
    own = next((block.start for block in flow if not _is_quoted(text[block.start : block.end])), len(text))
    return [block for block in blocks if block.start >= own or block.kind not in _FLOW]


def _is_quoted(text: str) -> bool:
    return text.startswith(">")


def _atoms(
    text: str,
    block: Paragraph,
    count_tokens: Callable[[str], int],
    longest: int,
    keep: Keep,
    before: Atom | None,
) -> Iterator[Atom]:
    source = plain_text(text, block, keep)
    for number, (start, end) in enumerate(_spans(source.text, block.kind, count_tokens, longest)):
        piece = source.text[start:end].strip("\n").rstrip()
        if not piece.strip():
            continue
        opens = number == 0 or "\n" in source.text[max(start - 3, 0) : start]
        atom = Atom(
            kind=block.kind,
            text=piece,
            lead="" if opens or block.kind != "quote" else "> ",
            joint="\n\n" if number == 0 else _between(source.text, start, block.kind),
            start=block.start if number == 0 else source.origin(start),
            end=source.origin(end - len(source.text[start:end]) + len(source.text[start:end].rstrip()) - 1) + 1,
            tokens=count_tokens(piece),
            opens=opens,
            glued=False,
        )
        if number == 0 and before is not None and _goes_on(before, atom):
            atom = replace(atom, glued=True)
        yield atom


def _between(text: str, start: int, kind: Kind) -> str:
    """Return the white space in front of an atom, with the lone `>` between two paragraphs of a quotation."""
    head = text[max(start - 40, 0) : start]
    bare = head.rstrip("\n> " if kind in ("quote", "verse") else None)
    return head[len(bare) :].removesuffix("> ") or " "


def _spans(text: str, kind: Kind, count_tokens: Callable[[str], int], longest: int) -> Iterator[tuple[int, int]]:
    if kind in ("verse", "list"):
        gap = "\n>\n" if text.startswith(">") else "\n\n" if kind == "verse" else "\n"
        yield from _parts(text, gap)
        return
    for first, last in _parts(text, "\n>\n") if kind == "quote" else [(0, len(text))]:
        part = text[first:last]
        if kind == "quote" and count_tokens(part) <= longest:
            yield first, last
            continue
        for start, end in sentences(part):
            sentence = part[start:end]
            # A speech of several sentences in one pair of quotation marks stays one, unless it is a response by itself.
            if len(sentence) > longest and count_tokens(sentence) > longest * 0.75:
                yield from ((first + start + a, first + start + b) for a, b in finer(sentence))
            else:
                yield first + start, first + end


def _parts(text: str, gap: str) -> Iterator[tuple[int, int]]:
    start = 0
    while (end := text.find(gap, start)) >= 0:
        yield start, end
        start = end + len(gap)
    yield start, len(text)


def _goes_on(before: Atom, atom: Atom) -> bool:
    if not any(letter.isalnum() for letter in atom.text):
        return True
    left = before.text.rstrip(_CLOSERS)
    begins = atom.text.lstrip(" >*_“‘\"'(—–…")
    # A writer without capitals begins every paragraph small; only an unfinished one before it goes on.
    if begins[:1].islower() and (left[-1:] not in _ENDS or before.kind != "prose"):
        return True
    # `In an interesting poem he says that`, and then the poem.
    if before.kind == "prose" and atom.kind in ("verse", "quote") and left[-1:] not in _ENDS:
        return True
    if left[-1:] in _GOES_ON or before.text.rstrip()[-1:] in _GOES_ON:
        return True
    return before.kind == "list" and atom.kind == "list"
