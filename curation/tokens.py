"""How many tokens a text has for a model, counted by the model's own tokenizer, with neither torch nor transformers.

A byte-level BPE `tokenizer.json` (LLaDA, Llama 3, Qwen, GPT-2, the embedded model) becomes a `tiktoken.Encoding` that
splits and merges in the same way. What cannot be counted exactly is refused, and the caller may take an estimate, which
says so.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from curation.errors import CurationError

if TYPE_CHECKING:
    import tiktoken

# The split that byte-level BPE makes by itself, as GPT-2 defined it.
_GPT2_SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# English prose under today's tokenizers of 32,000 to 256,000 tokens.
_BYTES_PER_TOKEN = 4.3
_MAX_BYTES = 200_000_000


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


@dataclass(frozen=True)
class _Exact:
    name: str
    encoding: tiktoken.Encoding = field(repr=False)
    added: re.Pattern[str] | None
    normal_form: Any
    prefix_space: bool
    exact: bool = True

    def count(self, text: str) -> int:
        if self.added is None:
            return self._plain(text)
        parts = self.added.split(text)
        return sum(self._plain(part) for part in parts) + len(parts) - 1

    def _plain(self, text: str) -> int:
        if not text:
            return 0
        if self.normal_form:
            text = unicodedata.normalize(self.normal_form, text)
        if self.prefix_space and not text.startswith(" "):
            text = " " + text
        return len(self.encoding.encode_ordinary(text))


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


def load_counter(tokenizer_json: Path, *, name: str) -> TokenCounter:
    """Return the exact counter of a model.

    Args:
        tokenizer_json: the model's `tokenizer.json`, as the library tokenizers writes it.
        name: the model's name.

    Raises:
        CurationError: the file cannot be read, or it is of a kind whose counts would not be exact here.
    """
    try:
        if tokenizer_json.stat().st_size > _MAX_BYTES:
            raise CurationError(f"{tokenizer_json}: is too large for a tokenizer. Name the model's `tokenizer.json`.")
        data = json.loads(tokenizer_json.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CurationError(
            f"{tokenizer_json}: cannot be read as a tokenizer ({error}). Name the model's `tokenizer.json`."
        ) from error
    try:
        return _exact(data, name)
    except _InexactError as error:
        raise CurationError(f"{tokenizer_json}: {error}. Use an estimate for this model.") from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise CurationError(
            f"{tokenizer_json}: is not laid out as a tokenizer is ({error!r}). Fetch it again, or use an estimate."
        ) from error


class _InexactError(CurationError):
    """This kind of tokenizer cannot be counted exactly."""


def _exact(data: dict[str, Any], name: str) -> TokenCounter:
    # 0.05 s, so it waits until something is counted.
    import tiktoken

    model = data["model"]
    if model.get("type", "BPE") != "BPE" or "merges" not in model:
        raise _InexactError(f"its model is {model.get('type')!r}, not BPE")
    for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"):
        if model.get(key):
            raise _InexactError(f"it sets {key!r}, which byte-level BPE does not")
    pattern, prefix_space = _split(data.get("pre_tokenizer"))
    return _Exact(
        name=name,
        encoding=tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=_ranks(model), special_tokens={}),
        added=_added(data.get("added_tokens") or []),
        normal_form=_normal_form(data.get("normalizer")),
        prefix_space=prefix_space,
    )


def _normal_form(normalizer: dict[str, Any] | None) -> str | None:
    if normalizer is None or (normalizer["type"] == "Sequence" and not normalizer["normalizers"]):
        return None
    if normalizer["type"] == "Sequence" and len(normalizer["normalizers"]) == 1:
        return _normal_form(normalizer["normalizers"][0])
    if normalizer["type"] in ("NFC", "NFD", "NFKC", "NFKD"):
        return str(normalizer["type"])
    raise _InexactError(f"its normalizer is {normalizer['type']!r}")


def _split(pre_tokenizer: dict[str, Any] | None) -> tuple[str, bool]:
    """Return the regular expression that parts a text, and whether a space is put before the text."""
    steps = [pre_tokenizer] if pre_tokenizer else []
    if pre_tokenizer and pre_tokenizer["type"] == "Sequence":
        steps = pre_tokenizer["pretokenizers"]
    if not steps or steps[-1]["type"] != "ByteLevel":
        raise _InexactError("it is not byte-level")
    last = steps[-1]
    prefix_space = bool(last.get("add_prefix_space", True))
    if len(steps) == 1:
        if not last.get("use_regex", True):
            raise _InexactError("it does not part the text into words")
        return _GPT2_SPLIT, prefix_space
    first = steps[0]
    plain = first["type"] == "Split" and first.get("behavior") == "Isolated" and not first.get("invert")
    if len(steps) > 2 or not plain or last.get("use_regex", True) or prefix_space or "Regex" not in first["pattern"]:
        raise _InexactError("it parts the text in several steps")
    return str(first["pattern"]["Regex"]), False


def _added(tokens: list[dict[str, Any]]) -> re.Pattern[str] | None:
    """Match the added tokens that text may hold; a special one's name in an essay is ordinary text, as for the job."""
    tokens = [token for token in tokens if not token.get("special")]
    for token in tokens:
        if token.get("lstrip") or token.get("rstrip") or token.get("single_word"):
            raise _InexactError(f"its added token {token['content']!r} takes in the space around it")
    contents = sorted({token["content"] for token in tokens if token["content"]}, key=lambda text: (-len(text), text))
    return re.compile("|".join(re.escape(content) for content in contents)) if contents else None


def _ranks(model: dict[str, Any]) -> dict[bytes, int]:
    """Return each token's rank: single bytes first, then the order of the merges that make them."""
    letters = _byte_letters()
    missing = [letter for letter in letters if letter not in model["vocab"]]
    if missing:
        raise _InexactError(f"it lacks {len(missing)} of the 256 bytes")
    # tiktoken takes a word that is a token whole; the order of the first 256 never matters.
    ranks = {bytes([value]): value for value in letters.values()}
    made_from: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        halves = bytes(letters[letter] for letter in left), bytes(letters[letter] for letter in right)
        token = halves[0] + halves[1]
        made_from.setdefault(token, []).append(halves)
        ranks.setdefault(token, len(ranks))
    whole_words = bool(model.get("ignore_merges"))
    if whole_words:
        for word in model["vocab"]:
            token = bytes(letters[letter] for letter in word) if all(letter in letters for letter in word) else b""
            if token and token not in ranks:
                raise _InexactError(f"its token {word!r} is made by no merge")
    _check(ranks, made_from)
    return ranks


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
            raise _InexactError(f"its merges for {token!r} are not in the order of its tokens")


def _merged(token: bytes, ranks: dict[bytes, int], limit: int) -> list[bytes]:
    parts = [token[index : index + 1] for index in range(len(token))]
    while len(parts) > 1:
        lowest, at = min((ranks.get(parts[index] + parts[index + 1], limit), index) for index in range(len(parts) - 1))
        if lowest >= limit:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def _byte_letters() -> dict[str, int]:
    """Return the printable letter that stands for each byte in a byte-level vocabulary."""
    shown = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [value for value in range(256) if value not in shown]
    return {chr(value): value for value in shown} | {chr(256 + index): value for index, value in enumerate(hidden)}
