"""What token ids add to a text, by the tokenizer of the model that wrote them; torch-free, large vocabularies aside.

A character may take several tokens, as an accent or an emoji does in a byte-level vocabulary: none of them is a
character by itself, so positions are put together into units that are.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.operations.counting import ask_child
from workbench.operations.project import Project
from workbench.operations.targets import Reading, Target, read

Kind = Literal["text", "special", "end", "beyond"]
"""What a unit is: visible text, a special token, the token that ends the text, or what stands behind that."""


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What a model's tokens are.

    Attributes:
        texts: the bytes of each token that was asked for, as far as the tokenizer has it.
        names: names of special tokens, by id.
        ends: ids that end a text.
        problem: why there is no tokenizer, and what to do; empty where there is one.
    """

    texts: Mapping[int, bytes]
    names: Mapping[int, str]
    ends: frozenset[int]
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """Positions that are shown together: one token, or those that make up one character.

    Attributes:
        first: its first position.
        last: its last position.
        text: what they add to the text; a special token's name.
        kind: what it is.
        special: whether `text` is a name, and adds nothing to the text.
    """

    first: int
    last: int
    text: str
    kind: Kind
    special: bool = False


def pieces_of(project: Project, chosen: Target, token_ids: Iterable[int]) -> Pieces:
    """Return what tokens of a target model are; a large tokenizer is read in the child process.

    Raises:
        CountingError: the child process could not be started, or ended.
    """
    ids = sorted(set(token_ids))
    if chosen.small:
        return read_pieces(read(chosen, project), ids)
    answer = ask_child(project, {"do": "pieces", "entry": chosen.entry, "ids": ids})
    return Pieces(
        texts={int(token): bytes.fromhex(text) for token, text in answer["texts"].items()},
        names={int(token): name for token, name in answer["names"].items()},
        ends=frozenset(answer["ends"]),
        problem=answer["problem"],
    )


def read_pieces(reading: Reading, ids: Sequence[int]) -> Pieces:
    """Return what tokens are by a tokenizer that is read."""
    tokenizer, layout = reading.tokenizer, reading.layout
    found = {} if tokenizer is None else {token: tokenizer.piece(token) for token in ids}
    return Pieces(
        texts={token: text for token, text in found.items() if text is not None},
        names={token: reading.names[token] for token in ids if token in reading.names},
        ends=layout.end_token_ids if layout else frozenset(),
        problem=(reading.problem or f"No tokenizer of {reading.counter.name} is here.") if tokenizer is None else "",
    )


def units_of(token_ids: Sequence[int], pieces: Pieces) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """Put a canvas's positions together into units, and say what each position adds to the text.

    The texts of the positions add up to the text of the whole canvas, special tokens aside: the last position of a
    character carries it. Bytes that are no character at all become U+FFFD, as in the sample's own text.
    """
    units: list[Unit] = []
    texts = [""] * len(token_ids)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    begin = 0
    ended = False

    def close(end: int) -> None:
        """End the unit that has begun before `end`, if any; a part of a character that is left is none."""
        nonlocal begin
        if begin < end:
            texts[end - 1] += decoder.decode(b"", True)
            decoder.reset()
            text = "".join(texts[begin:end])
            units.append(Unit(first=begin, last=end - 1, text=text, kind="beyond" if ended else "text"))
            begin = end

    for position, token in enumerate(token_ids):
        name, piece = pieces.names.get(token), pieces.texts.get(token)
        if name is not None or token in pieces.ends or piece is None:
            close(position)
            kind: Kind = "beyond" if ended else "end" if token in pieces.ends else "special"
            text = name if name is not None else f"‹id {token}›"
            units.append(Unit(first=position, last=position, text=text, kind=kind, special=True))
            begin, ended = position + 1, ended or kind == "end"
            continue
        texts[position] = decoder.decode(piece)
        if not decoder.getstate()[0]:
            close(position + 1)
    close(len(token_ids))
    return tuple(units), tuple(texts)
