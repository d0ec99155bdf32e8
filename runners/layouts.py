"""How each model lays out prompt, response and EOS, as token ids; torch-free, so both processes count alike.

A layout is built from parts, special tokens by their ids and words by encoding them, and never from a rendered chat
template: the published LLaDA template appends an assistant header whatever it is asked, so a whole pair rendered
through it would carry a third, empty turn into the training text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from runners.errors import ModelError

LayoutName = Literal["embedded", "llada-instruct", "llada-base"]

Part = int | str
"""A special token's id, or words to encode."""


class Encoder(Protocol):
    """Turns text into token ids; a special token's name inside the text is text like any other."""

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text` with nothing added before or after."""
        ...


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where prompt, response and EOS stand in a sequence.

    Attributes:
        name: how the program calls this layout.
        before: parts in front of the prompt.
        between: parts between prompt and response.
        eos_token_id: ends every whole response, once.
        mask_token_id: stands for a hidden token.
        pad_token_id: fills a batch up; equal to EOS where the model has no other.
        special_token_ids: every id that is no visible text.
        trim_prompt: whether the prompt's outer white space is dropped, as the published template does.
    """

    name: LayoutName
    before: tuple[Part, ...]
    between: tuple[Part, ...]
    eos_token_id: int
    mask_token_id: int
    pad_token_id: int
    special_token_ids: frozenset[int] = frozenset()
    trim_prompt: bool = False


@dataclass(frozen=True)
class LaidOut:
    """One laid-out sequence.

    Attributes:
        input_ids: the whole sequence, or the prompt's part of it when there is no response.
        prompt_length: tokens in front of the response; they are never hidden.
    """

    input_ids: list[int]
    prompt_length: int


def layout_for(name: LayoutName, special: Mapping[str, int]) -> Layout:
    """Build a layout from the tokenizer's special tokens.

    Args:
        name: which layout.
        special: ids of special tokens by name, as `special_tokens` reads them.

    Raises:
        ModelError: a token that this layout needs is not in the tokenizer; all missing ones at once.
    """
    wanted = _TOKENS.get(name)
    if wanted is None:
        raise ModelError(f"There is no layout {name!r}. Known: {', '.join(get_args(LayoutName))}.")
    missing = [token for token in wanted if token not in special]
    if missing:
        raise ModelError(
            f"The layout {name} needs {', '.join(missing)}, and the tokenizer has none of that name. "
            "Choose a model whose tokenizer belongs to it."
        )
    ids = frozenset(special.values())
    if name == "embedded":
        return Layout(
            name=name,
            before=(special["<|user|>"],),
            between=(special["<|assistant|>"],),
            eos_token_id=special["<|endoftext|>"],
            mask_token_id=special["<|mask|>"],
            pad_token_id=special["<|pad|>"],
            special_token_ids=ids,
        )
    eos, mask = special["<|endoftext|>"], special["<|mdm_mask|>"]
    if name == "llada-base":
        # A base model was trained on documents, where a blank line parts two paragraphs.
        return Layout(
            name=name,
            before=(),
            between=("\n\n",),
            eos_token_id=eos,
            mask_token_id=mask,
            pad_token_id=eos,
            special_token_ids=ids,
        )
    head, end, turn = special["<|start_header_id|>"], special["<|end_header_id|>"], special["<|eot_id|>"]
    return Layout(
        name=name,
        before=(special["<|startoftext|>"], head, "user", end, "\n\n"),
        between=(turn, head, "assistant", end, "\n\n"),
        eos_token_id=eos,
        mask_token_id=mask,
        pad_token_id=eos,
        special_token_ids=ids,
        trim_prompt=True,
    )


_TOKENS: dict[str, tuple[str, ...]] = {
    "embedded": ("<|user|>", "<|assistant|>", "<|endoftext|>", "<|mask|>", "<|pad|>"),
    "llada-base": ("<|endoftext|>", "<|mdm_mask|>"),
    "llada-instruct": (
        "<|startoftext|>",
        "<|start_header_id|>",
        "<|end_header_id|>",
        "<|eot_id|>",
        "<|endoftext|>",
        "<|mdm_mask|>",
    ),
}


def layout_name(model_id: str, special: Mapping[str, int]) -> LayoutName:
    """Say which layout a model uses, from its tokenizer and the last part of its id or folder.

    LLaDA's Base and Instruct models share one tokenizer, so the name is what tells them apart; a model named neither
    way counts as Instruct, as LLaDA-1.5 is.
    """
    if "<|user|>" in special:
        return "embedded"
    return "llada-base" if "base" in model_id.rstrip("/").rsplit("/", 1)[-1].lower() else "llada-instruct"


def special_tokens(tokenizer_json: Path) -> dict[str, int]:
    """Read the ids of the added tokens from a `tokenizer.json`, by name.

    Raises:
        ModelError: the file is missing or is no tokenizer.
    """
    try:
        data: Any = json.loads(tokenizer_json.read_text(encoding="utf-8"))
        return {str(token["content"]): int(token["id"]) for token in data["added_tokens"]}
    except FileNotFoundError as error:
        raise ModelError(
            f"{tokenizer_json}: missing. A model folder holds its tokenizer beside config.json."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{tokenizer_json}: not a tokenizer ({type(error).__name__}: {error}). Fetch the model again."
        ) from error


def lay_out(layout: Layout, encode: Callable[[str], list[int]], prompt: str, response: str | None = None) -> LaidOut:
    """Lay a pair out, or only the prompt, ready for a canvas to follow.

    Args:
        layout: how the model wants it.
        encode: see `Encoder.encode`.
        prompt: the pair's prompt.
        response: the pair's response, or None for the prompt's part alone. A response gets one EOS.
    """
    ids = _encode(layout.before, encode)
    ids += encode(prompt.strip() if layout.trim_prompt else prompt)
    ids += _encode(layout.between, encode)
    prompt_length = len(ids)
    if response is not None:
        ids = [*ids, *encode(response), layout.eos_token_id]
    return LaidOut(ids, prompt_length)


def _encode(parts: tuple[Part, ...], encode: Callable[[str], list[int]]) -> list[int]:
    ids: list[int] = []
    for part in parts:
        ids += [part] if isinstance(part, int) else encode(part)
    return ids


def visible_ids(layout: Layout, token_ids: list[int]) -> list[int]:
    """Return a canvas's tokens up to its first EOS, without masks and other special tokens."""
    end = token_ids.index(layout.eos_token_id) if layout.eos_token_id in token_ids else len(token_ids)
    return [token for token in token_ids[:end] if token not in layout.special_token_ids]
