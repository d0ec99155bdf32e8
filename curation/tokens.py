"""How many tokens a text has for a model, and which, by the model's own tokenizer, without torch or transformers.

A byte-level BPE `tokenizer.json` (LLaDA, Llama 3, Qwen, GPT-2, the embedded model) becomes a `tiktoken.Encoding` that
splits and merges in the same way. Any other is left to the library tokenizers where that is installed. What neither can
count exactly is refused, and the caller may take an estimate, which says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from curation.byte_level import Added, ByteLevel, InexactError, byte_letters, byte_level
from curation.errors import CurationError

if TYPE_CHECKING:
    import tiktoken

# English prose under today's tokenizers of 32,000 to 256,000 tokens.
_BYTES_PER_TOKEN = 4.3
_MAX_BYTES = 200_000_000
_BYTE = re.compile("<0x([0-9A-F]{2})>")
# Combining marks, and letters that combine, that came to Unicode after version 9, whose tables the library tokenizers
# (0.21 to 0.23) normalizes with: there they stand still, while a newer Python would move or join them.
_NEWER = re.compile(
    "([\u07fd\u0897-\u089f\u08ca-\u08d3\u0c3c\u0d3b\u0d3c\u0eba\u1715\u1abf-\u1aff\u1df6-\u1dfa\ua82c"
    "\U000105c0-\U000105ff\U00010d69-\U00010d6d\U00010ec0-\U00010eff\U00010f46-\U00010f50\U00010f82-\U00010f85\U00011070"
    "\U0001133b\U00011380-\U000113ff\U00011839\U0001183a\U00011900-\U0001195f\U000119e0\U00011a34\U00011a47\U00011a99"
    "\U00011d42-\U00011d45\U00011d97\U00011f00-\U00011f5f\U00016100-\U0001613f\U00016d40-\U00016d7f"
    "\U00016ff0\U00016ff1\U0001e08f\U0001e4ec-\U0001e4ef\U0001e5ee\U0001e5ef])"
)


class TokenCounter(Protocol):
    """Counts the tokens of a text for one model."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def exact(self) -> bool:
        """False for an estimate."""
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens, without any that a layout adds."""
        ...


class Tokenizer(TokenCounter, Protocol):
    """Knows the very tokens of a text; a special token's name inside a text is text like any other, as for the job."""

    def encode(self, text: str) -> list[int]:
        """Return the model's ids, with nothing added before or after."""
        ...

    def piece(self, token: int) -> bytes | None:
        """Return what a token adds to the text, which may be a part of a character; None for an id it does not have."""
        ...


@dataclass(frozen=True)
class _Merging:
    """A tokenizer that tiktoken carries out."""

    name: str
    found: ByteLevel = field(repr=False)
    encoding: tiktoken.Encoding = field(repr=False)
    # Looked for in the text as it is, and then in the normalized text; None where there is nothing to look for.
    raw: _Finder | None
    normalized: _Finder | None
    exact: bool = True

    def count(self, text: str) -> int:
        return sum(1 if isinstance(part, int) else len(self._ranks(part)) for part in self._parts(text))

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for part in self._parts(text):
            ids += [part] if isinstance(part, int) else [self.found.ids[rank] for rank in self._ranks(part)]
        return ids

    def piece(self, token: int) -> bytes | None:
        return self._pieces.get(token)

    @cached_property
    def _pieces(self) -> dict[int, bytes]:
        merged = dict(zip(self.found.ids, self.found.tokens, strict=True))
        return merged | {token.id: token.content.encode() for token in self.found.added}

    def _ranks(self, text: str) -> list[int]:
        if self.found.prefix_space and not text.startswith(" "):
            text = " " + text
        return self.encoding.encode_ordinary(text)

    def _parts(self, text: str) -> Iterator[str | int]:
        """Give the text between added tokens, normalized, and the ids of those tokens; no part is empty."""
        for part in self.raw.parts(text) if self.raw else (text,):
            if isinstance(part, int):
                yield part
                continue
            shown = _to_nfc(part) if self.found.nfc else part
            for inner in self.normalized.parts(shown) if self.normalized else (shown,):
                if inner != "":
                    yield inner


@dataclass(frozen=True)
class _Finder:
    """Finds added tokens in a text: the leftmost, and of those the longest; a special one's name stays text."""

    pattern: re.Pattern[str]
    ids: dict[str, int]

    def parts(self, text: str) -> Iterator[str | int]:
        begun = 0
        for match in self.pattern.finditer(text):
            token = self.ids.get(match.group())
            if token is not None:
                yield text[begun : match.start()]
                yield token
                begun = match.end()
        yield text[begun:]


@dataclass(frozen=True)
class _Library:
    """A tokenizer that the library tokenizers carries out."""

    name: str
    library: Any = field(repr=False)
    # Whether its vocabulary writes bytes as letters.
    by_bytes: bool
    # Whether it writes the bytes of what it has no token for as numbers.
    falls_back: bool = False
    exact: bool = True

    def count(self, text: str) -> int:
        return len(self.encode(text))

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self.library.encode(text, add_special_tokens=False).ids
        return ids

    def piece(self, token: int) -> bytes | None:
        written: str | None = self.library.id_to_token(token)
        if written is None or token in self._added:
            return written.encode() if written else None
        if self.falls_back and (byte := _BYTE.fullmatch(written)):
            return bytes([int(byte[1], 16)])
        letters = byte_letters()
        if self.by_bytes and all(letter in letters for letter in written):
            return bytes(letters[letter] for letter in written)
        return written.replace("▁", " ").encode()

    @cached_property
    def _added(self) -> frozenset[int]:
        return frozenset(self.library.get_added_tokens_decoder())


@dataclass(frozen=True)
class _Estimate:
    name: str
    exact: bool = False

    def count(self, text: str) -> int:
        size = len(text.encode("utf-8", "surrogatepass"))
        return max(-(-size * 10 // int(_BYTES_PER_TOKEN * 10)), len(text.split()))


def estimate_counter(name: str) -> TokenCounter:
    """Return a counter that guesses from the length of the text, and says that it does."""
    return _Estimate(name)


def load_counter(tokenizer_json: Path, *, name: str, kept: Path | None = None) -> Tokenizer:
    """Return the exact counter of a model.

    Args:
        tokenizer_json: the model's `tokenizer.json`, as the library tokenizers writes it.
        name: the model's name.
        kept: a folder, made if it is not there, that keeps what was read and checked, so that it takes a fraction of
            the time when the same file is loaded again.

    Raises:
        CurationError: the file cannot be read, or it is of a kind whose counts would not be exact here.
    """
    try:
        if tokenizer_json.stat().st_size > _MAX_BYTES:
            raise CurationError(f"{tokenizer_json}: is too large for a tokenizer. Name the model's `tokenizer.json`.")
        raw = tokenizer_json.read_bytes()
        place = kept / f"{hashlib.sha256(raw).hexdigest()}.tokens" if kept else None
        found = _recall(place)
        data: dict[str, Any] = {} if found else json.loads(raw.decode())
    except (OSError, ValueError) as error:
        raise CurationError(
            f"{tokenizer_json}: cannot be read as a tokenizer ({error}). Name the model's `tokenizer.json`."
        ) from error
    try:
        if found is None:
            found = byte_level(data)
            _keep(place, found)
        return _merging(found, name)
    except InexactError as error:
        if find_spec("tokenizers") is None:
            raise CurationError(
                f"{tokenizer_json}: {error}. Install the library tokenizers to count it, or use an estimate."
            ) from error
        return _library(tokenizer_json, name, by_bytes="'ByteLevel'" in str(data.get("pre_tokenizer")))
    except CurationError as error:
        raise CurationError(f"{tokenizer_json}: {error}. Use an estimate for this model.") from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise CurationError(
            f"{tokenizer_json}: is not laid out as a tokenizer is ({error!r}). Fetch it again, or use an estimate."
        ) from error


def _recall(place: Path | None) -> ByteLevel | None:
    try:
        return ByteLevel.from_bytes(place.read_bytes()) if place else None
    except OSError:
        return None


def _keep(place: Path | None, found: ByteLevel) -> None:
    """Keep what was read; a disk that is full or read-only costs only time."""
    if place is None:
        return
    written = place.with_suffix(".new")
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(found.to_bytes())
        written.replace(place)


def _merging(found: ByteLevel, name: str) -> Tokenizer:
    # 0.05 s, so it waits until something is counted.
    import tiktoken

    ranks = {token: rank for rank, token in enumerate(found.tokens)}
    return _Merging(
        name=name,
        found=found,
        encoding=tiktoken.Encoding(name, pat_str=found.pattern, mergeable_ranks=ranks, special_tokens={}),
        raw=_finder([token for token in found.added if not token.normalized]),
        normalized=_finder([token for token in found.added if token.normalized], nfc=found.nfc),
    )


def _finder(tokens: list[Added], *, nfc: bool = False) -> _Finder | None:
    """Find these tokens; special ones are found only so that no other is found inside their name."""
    written = {_to_nfc(token.content) if nfc else token.content: token for token in tokens}
    wanted = {content: token.id for content, token in written.items() if not token.special}
    if not wanted:
        return None
    contents = sorted(written, key=lambda content: (-len(content), content))
    return _Finder(re.compile("|".join(re.escape(content) for content in contents)), wanted)


def _to_nfc(text: str) -> str:
    if text.isascii():
        return text
    # Split by one group: what stands at an odd place is a newer character, left as it is.
    parts = _NEWER.split(text)
    return "".join(part if odd % 2 else unicodedata.normalize("NFC", part) for odd, part in enumerate(parts))


def _library(tokenizer_json: Path, name: str, *, by_bytes: bool) -> Tokenizer:
    # 0.01 s to import, 0.4 s to read a vocabulary of 128,000.
    from tokenizers import Tokenizer as Library

    try:
        # Of a file the library (0.23) says by a plain `Exception` what is wrong, of bytes by a `ValueError`.
        library = Library.from_buffer(tokenizer_json.read_bytes())
    except (OSError, ValueError) as error:
        raise CurationError(
            f"{tokenizer_json}: cannot be read as a tokenizer ({error}). Fetch it again, or use an estimate."
        ) from error
    library.encode_special_tokens = True
    library.no_truncation()
    library.no_padding()
    return _Library(name, library, by_bytes, falls_back=bool(getattr(library.model, "byte_fallback", False)))
