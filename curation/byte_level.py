"""Byte-level BPE as a `tokenizer.json` says it, checked and made ready for tiktoken.

tiktoken merges by the rank of the result, the library tokenizers by the order of the merges. Both end in the same
tokens only where the two orders agree, so that is checked token by token, and what does not agree is refused. The
check takes seconds for a vocabulary of 128,000; what passed it can be kept (`to_bytes`) and is then read in a fraction
of one.
"""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass
from typing import Any

from curation.errors import CurationError

# The split that byte-level BPE makes by itself, as GPT-2 defined it.
_GPT2_SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_KEPT = b"byte-level 1\n"


class InexactError(CurationError):
    """This kind of tokenizer cannot be counted exactly by merging bytes."""


@dataclass(frozen=True)
class Added:
    """A token beside the merges; `normalized` when it is looked for in the normalized text."""

    content: str
    id: int
    special: bool
    normalized: bool


@dataclass(frozen=True)
class ByteLevel:
    """All that turns text into ids.

    Attributes:
        pattern: the regular expression that parts a text into words.
        prefix_space: whether a space is put before each text that does not begin with one.
        nfc: whether the text is brought to the normal form C first.
        added: the added tokens.
        tokens: the bytes of each token, by rank: lower ranks merge first.
        ids: the id of each token in the model, by rank.
    """

    pattern: str
    prefix_space: bool
    nfc: bool
    added: tuple[Added, ...]
    tokens: list[bytes]
    ids: array[int]

    def to_bytes(self) -> bytes:
        """Write it down for `from_bytes`."""
        head = {
            "pattern": self.pattern,
            "prefix_space": self.prefix_space,
            "nfc": self.nfc,
            "added": [[token.content, token.id, token.special, token.normalized] for token in self.added],
            "tokens": len(self.tokens),
        }
        lengths = array("I", map(len, self.tokens))
        parts = [json.dumps(head).encode(), b"\n", self.ids.tobytes(), lengths.tobytes(), *self.tokens]
        return _KEPT + b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> ByteLevel | None:
        """Read what `to_bytes` wrote on a machine of the same kind; None for anything else."""
        if not data.startswith(_KEPT):
            return None
        try:
            end = data.index(b"\n", len(_KEPT))
            head = json.loads(data[len(_KEPT) : end])
            ids, lengths = array("I"), array("I")
            size = head["tokens"] * ids.itemsize
            at = end + 1
            ids.frombytes(data[at : at + size])
            lengths.frombytes(data[at + size : at + 2 * size])
            at += 2 * size
            if len(lengths) != head["tokens"] or at + sum(lengths) != len(data):
                return None
        except (ValueError, KeyError, TypeError):
            return None
        tokens = []
        for length in lengths:
            tokens.append(data[at : at + length])
            at += length
        added = tuple(Added(*token) for token in head["added"])
        return cls(head["pattern"], head["prefix_space"], head["nfc"], added, tokens, ids)


def byte_level(data: dict[str, Any]) -> ByteLevel:
    """Read the content of a `tokenizer.json`.

    Raises:
        InexactError: it is of a kind whose tokens would not be the same here.
        CurationError: its tokens are not even the same twice.
        KeyError, TypeError, AttributeError, IndexError: it is not laid out as a tokenizer is.
    """
    model = data["model"]
    if model.get("type", "BPE") != "BPE" or "merges" not in model:
        raise InexactError(f"its model is {model.get('type')!r}, not BPE")
    if model.get("dropout"):
        raise CurationError("its dropout gives other tokens each time")
    for key in ("continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"):
        if model.get(key):
            raise InexactError(f"it sets {key!r}, which byte-level BPE does not")
    pattern, prefix_space = _split(data.get("pre_tokenizer"))
    tokens, ids = _tokens(model, pattern)
    return ByteLevel(
        pattern=pattern,
        prefix_space=prefix_space,
        nfc=_is_nfc(data.get("normalizer")),
        added=_added(data.get("added_tokens") or []),
        tokens=tokens,
        ids=ids,
    )


def _is_nfc(normalizer: dict[str, Any] | None) -> bool:
    if normalizer is None or (normalizer["type"] == "Sequence" and not normalizer["normalizers"]):
        return False
    if normalizer["type"] == "Sequence" and len(normalizer["normalizers"]) == 1:
        return _is_nfc(normalizer["normalizers"][0])
    if normalizer["type"] == "NFC":
        return True
    raise InexactError(f"its normalizer is {normalizer['type']!r}")


def _split(pre_tokenizer: dict[str, Any] | None) -> tuple[str, bool]:
    """Return the regular expression that parts a text, and whether a space is put before the text."""
    steps = [pre_tokenizer] if pre_tokenizer else []
    if pre_tokenizer and pre_tokenizer["type"] == "Sequence":
        steps = pre_tokenizer["pretokenizers"]
    if not steps or steps[-1]["type"] != "ByteLevel":
        raise InexactError("it is not byte-level")
    last = steps[-1]
    prefix_space = bool(last.get("add_prefix_space", True))
    if len(steps) == 1:
        if not last.get("use_regex", True):
            raise InexactError("it does not part the text into words")
        return _GPT2_SPLIT, prefix_space
    first = steps[0]
    plain = first["type"] == "Split" and first.get("behavior") == "Isolated" and not first.get("invert")
    if len(steps) > 2 or not plain or last.get("use_regex", True) or prefix_space or "Regex" not in first["pattern"]:
        raise InexactError("it parts the text in several steps")
    return str(first["pattern"]["Regex"]), False


def _added(tokens: list[dict[str, Any]]) -> tuple[Added, ...]:
    for token in tokens:
        greedy = token.get("lstrip") or token.get("rstrip") or token.get("single_word")
        if greedy and not token.get("special"):
            raise InexactError(f"its added token {token['content']!r} takes in the space around it")
    return tuple(
        Added(
            content=str(token["content"]),
            id=int(token.get("id", -1)),
            special=bool(token.get("special")),
            normalized=bool(token.get("normalized", not token.get("special"))),
        )
        for token in tokens
        if token["content"]
    )


def _tokens(model: dict[str, Any], pattern: str) -> tuple[list[bytes], array[int]]:
    """Return each token's bytes and id by rank: single bytes first, then the order of the merges that make them."""
    letters, vocab = byte_letters(), model["vocab"]
    missing = [letter for letter in letters if letter not in vocab]
    if missing:
        raise InexactError(f"it lacks {len(missing)} of the 256 bytes")
    # tiktoken takes a word that is a token whole; the order of the first 256 never matters.
    ranks = {bytes([value]): value for value in letters.values()}
    ids = array("I", [0] * 256)
    for letter, value in letters.items():
        ids[value] = vocab[letter]
    made_from: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        halves = bytes(letters[letter] for letter in left), bytes(letters[letter] for letter in right)
        token = halves[0] + halves[1]
        made_from.setdefault(token, []).append(halves)
        if token not in ranks:
            ranks[token] = len(ranks)
            ids.append(vocab[left + right])
    if model.get("ignore_merges"):
        written = (word for word in vocab if word and all(letter in letters for letter in word))
        unmade = {bytes(letters[letter] for letter in word) for word in written} - ranks.keys()
        if whole := _taken_whole(unmade, pattern):
            raise InexactError(f"its token {whole!r} is made by no merge")
    _check(ranks, made_from)
    return sorted(ranks, key=ranks.__getitem__), ids


def _taken_whole(tokens: set[bytes], pattern: str) -> bytes | None:
    """Return a token that a text can hold as one word, or None: special tokens' names, say, are parted before merging.

    Such a word is taken whole by a tokenizer that ignores its merges, but here it would have to be merged.
    """
    import tiktoken

    if not tokens:
        return None
    listed = sorted(tokens)
    ranks = {bytes([value]): value for value in range(256)} | {token: 256 + at for at, token in enumerate(listed)}
    encoding = tiktoken.Encoding("words", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    for token in listed:
        try:
            text = token.decode()
        except UnicodeDecodeError:
            # A part of a character is never a word of its own.
            continue
        # Where a pattern looks at what follows, it looks at white space.
        if any(letter.isspace() for letter in text) or encoding.encode_ordinary(text) == [ranks[token]]:
            return token
    return None


def _check(ranks: dict[bytes, int], made_from: dict[bytes, list[tuple[bytes, bytes]]]) -> None:
    """Check that merging by the rank of the result, as tiktoken does, ends in the halves that the merges name."""
    for token, halves in made_from.items():
        limit = ranks[token]
        other = [
            (token[:cut], token[cut:])
            for cut in range(1, len(token))
            if ranks.get(token[:cut], limit) < limit and ranks.get(token[cut:], limit) < limit
        ]
        if len(other) == 1 and other[0] in halves:
            continue
        parts = _merged(token, ranks, limit)
        if len(parts) != 2 or (parts[0], parts[1]) not in halves:
            raise InexactError(f"its merges for {token!r} are not in the order of its tokens")


def _merged(token: bytes, ranks: dict[bytes, int], limit: int) -> list[bytes]:
    parts = [token[index : index + 1] for index in range(len(token))]
    while len(parts) > 1:
        lowest, at = min((ranks.get(parts[index] + parts[index + 1], limit), index) for index in range(len(parts) - 1))
        if lowest >= limit:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def byte_letters() -> dict[str, int]:
    """Return the printable letter that stands for each byte in a byte-level vocabulary."""
    shown = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [value for value in range(256) if value not in shown]
    return {chr(value): value for value in shown} | {chr(256 + index): value for index, value in enumerate(hidden)}
