"""How each model lays out prompt, response and EOS, as token ids; torch-free, so both processes count alike.

A layout is built from parts, special tokens by their ids and words by encoding them, and never from a rendered chat
template: the published LLaDA template appends an assistant header whatever it is asked, so a whole pair rendered
through it would carry a third, empty turn into the training text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from runners.errors import ModelError

LayoutName = Literal[
    "embedded",
    "llada-instruct",
    "llada-base",
    "illada",
    "chatml",
    "chatml-base",
    "llama3-instruct",
    "llama3-base",
    "llama-base",
    "gpt2",
]

_MOST_RESERVED = 8

Part = int | str
"""A special token's id, or words to encode."""


Section = Literal["layout", "prompt", "response", "turn end", "EOS"]
"""What a stretch of a laid-out pair is."""

LEARNT: frozenset[Section] = frozenset({"response", "turn end", "EOS"})
"""The sections that are learnt; all others are given, and never hidden."""


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
        after: parts between a whole response and its EOS; learnt with it.
        eos_token_id: ends every whole response, once.
        mask_token_id: stands for a hidden token; None for a model that hides none.
        pad_token_id: fills a batch up; equal to EOS where the model has no other.
        special_token_ids: every id that is no visible text.
        stop_token_ids: ids beside EOS that end a response, such as the end of a turn.
        reserved_token_ids: the first few that the tokenizer reserves for later use and no text has; often none.
        trim_prompt: whether the prompt's outer white space is dropped, as the published template does.
    """

    name: LayoutName
    before: tuple[Part, ...]
    between: tuple[Part, ...]
    after: tuple[Part, ...] = ()
    eos_token_id: int
    mask_token_id: int | None
    pad_token_id: int
    special_token_ids: frozenset[int] = frozenset()
    stop_token_ids: frozenset[int] = frozenset()
    reserved_token_ids: tuple[int, ...] = ()
    trim_prompt: bool = False

    @property
    def needed_mask_token_id(self) -> int:
        """Return the mask's id.

        Raises:
            ModelError: the model has none.
        """
        if self.mask_token_id is None:
            raise ModelError(f"The layout {self.name} has no mask: nothing of a text can be hidden.")
        return self.mask_token_id

    @property
    def end_token_ids(self) -> frozenset[int]:
        """Return every id that ends a response."""
        return self.stop_token_ids | {self.eos_token_id}


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
    if name not in _RECIPES:
        raise ModelError(f"There is no layout {name!r}. Known: {', '.join(get_args(LayoutName))}.")
    wanted, build = _RECIPES[name]
    missing = [token for token in wanted if token not in special]
    if missing:
        raise ModelError(
            f"The layout {name} needs {', '.join(missing)}, and the tokenizer has none of that name. "
            "Choose a model whose tokenizer belongs to it."
        )
    reserved = sorted(token_id for token, token_id in special.items() if "reserved" in token)
    return replace(
        build(special),
        name=name,
        special_token_ids=frozenset(special.values()),
        reserved_token_ids=tuple(reserved[:_MOST_RESERVED]),
    )


def _embedded(special: Mapping[str, int]) -> Layout:
    return Layout(
        name="embedded",
        before=(special["<|user|>"],),
        between=(special["<|assistant|>"],),
        eos_token_id=special["<|endoftext|>"],
        mask_token_id=special["<|mask|>"],
        pad_token_id=special["<|pad|>"],
    )


def _headers(special: Mapping[str, int], *, begin: str, eos: str, mask: str | None, pad: str) -> Layout:
    """Build the layout of LLaDA and Llama 3, which name each turn's speaker in a header of its own."""
    head, end, turn = special["<|start_header_id|>"], special["<|end_header_id|>"], special["<|eot_id|>"]
    return Layout(
        name="llada-instruct",
        before=(special[begin], head, "user", end, "\n\n"),
        between=(turn, head, "assistant", end, "\n\n"),
        eos_token_id=special[eos],
        mask_token_id=None if mask is None else special[mask],
        pad_token_id=special[pad],
        trim_prompt=True,
    )


def _llada_instruct(special: Mapping[str, int]) -> Layout:
    eos = "<|endoftext|>"
    return _headers(special, begin="<|startoftext|>", eos=eos, mask="<|mdm_mask|>", pad=eos)


def _llama3_instruct(special: Mapping[str, int]) -> Layout:
    pad = next(name for name in ("<|finetune_right_pad_id|>", "<|end_of_text|>") if name in special)
    made = _headers(special, begin="<|begin_of_text|>", eos="<|eot_id|>", mask=None, pad=pad)
    return replace(made, stop_token_ids=frozenset({special["<|end_of_text|>"]}))


def _plain(
    between: str, eos: int, *, begin: Iterable[int] = (), mask: int | None = None, pad: int | None = None
) -> Layout:
    """Build the layout of a model that was trained on documents: words with a separator between them."""
    return Layout(
        name="gpt2",
        before=tuple(begin),
        between=(between,),
        eos_token_id=eos,
        mask_token_id=mask,
        pad_token_id=eos if pad is None else pad,
    )


def _chatml(special: Mapping[str, int]) -> Layout:
    start, end, eos = special["<|im_start|>"], special["<|im_end|>"], special["<|endoftext|>"]
    return Layout(
        name="chatml",
        before=(start, "user\n"),
        between=(end, "\n", start, "assistant\n"),
        after=(end,),
        eos_token_id=eos,
        mask_token_id=_mask(special),
        pad_token_id=eos,
        stop_token_ids=frozenset({end}),
    )


def _chatml_base(special: Mapping[str, int]) -> Layout:
    # Dream puts its own token in front of a document; Qwen's other descendants put nothing there.
    begin = [special["<|beginoftext|>"]] if "<|beginoftext|>" in special else []
    return _plain("\n\n", special["<|endoftext|>"], begin=begin, mask=_mask(special))


def _mask(special: Mapping[str, int]) -> int | None:
    """Return the mask's id by the names that models of Qwen's tokenizer give it."""
    return next((special[name] for name in ("<|mask|>", "<|MASK|>", "<MASK>") if name in special), None)


# The parts of a document are parted by a blank line; GPT-2's separator is the one that its pairs have always had here.
_BLANK_LINE, _RULE = "\n\n", "\n\n---\n\n"

# The names of iLLaDA's tokens were never seen, its ids were published.
_ILLADA_BOS, _ILLADA_PAD, _ILLADA_EOS, _ILLADA_MASK = 0, 1, 2, 5

_HEADERS = ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
_RECIPES: dict[LayoutName, tuple[tuple[str, ...], Callable[[Mapping[str, int]], Layout]]] = {
    "embedded": (("<|user|>", "<|assistant|>", "<|endoftext|>", "<|mask|>", "<|pad|>"), _embedded),
    "llada-instruct": (("<|startoftext|>", *_HEADERS, "<|endoftext|>", "<|mdm_mask|>"), _llada_instruct),
    "llada-base": (
        ("<|endoftext|>", "<|mdm_mask|>"),
        lambda special: _plain(_BLANK_LINE, special["<|endoftext|>"], mask=special["<|mdm_mask|>"]),
    ),
    "illada": (
        (),
        lambda special: _plain(_BLANK_LINE, _ILLADA_EOS, begin=[_ILLADA_BOS], mask=_ILLADA_MASK, pad=_ILLADA_PAD),
    ),
    "chatml": (("<|im_start|>", "<|im_end|>", "<|endoftext|>"), _chatml),
    "chatml-base": (("<|endoftext|>",), _chatml_base),
    "llama3-instruct": (("<|begin_of_text|>", *_HEADERS, "<|end_of_text|>"), _llama3_instruct),
    "llama3-base": (
        ("<|begin_of_text|>", "<|end_of_text|>"),
        lambda special: _plain(_BLANK_LINE, special["<|end_of_text|>"], begin=[special["<|begin_of_text|>"]]),
    ),
    "llama-base": (
        ("<s>", "</s>"),
        lambda special: _plain(_BLANK_LINE, special["</s>"], begin=[special["<s>"]]),
    ),
    "gpt2": (("<|endoftext|>",), lambda special: _plain(_RULE, special["<|endoftext|>"])),
}


def layout_name(model_id: str, special: Mapping[str, int], family: str = "") -> LayoutName:
    """Say which layout a model uses, from its tokenizer and the last part of its id or folder.

    A base model and the one that answers share a tokenizer, so the name is what tells them apart. Where it says
    nothing, a diffusion model counts as one that answers, as LLaDA-1.5 is, and a Llama as a base.

    Args:
        model_id: repository id or folder.
        special: ids of special tokens by name.
        family: the family by `config.json`, where that was read.
    """
    name = model_id.rstrip("/").rsplit("/", 1)[-1].lower()
    base, answers = "base" in name, any(word in name for word in ("instruct", "chat"))
    if "<|user|>" in special:
        return "embedded"
    if family == "illada" or "illada" in name:
        return "illada"
    if "<|mdm_mask|>" in special:
        return "llada-base" if base else "llada-instruct"
    if "<|begin_of_text|>" in special:
        return "llama3-instruct" if answers else "llama3-base"
    if "<|im_start|>" in special:
        return "chatml-base" if base else "chatml"
    return "llama-base" if "</s>" in special else "gpt2"


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
    sections = laid_sections(layout, encode, prompt, response)
    given = sum(len(ids) for section, ids in sections if section not in LEARNT)
    return LaidOut([token for _, ids in sections for token in ids], given)


def laid_sections(
    layout: Layout, encode: Callable[[str], list[int]], prompt: str, response: str | None = None
) -> list[tuple[Section, list[int]]]:
    """Return the sections of a laid-out pair in order, by what they are; see `lay_out`."""
    sections: list[tuple[Section, list[int]]] = [
        ("layout", _encode(layout.before, encode)),
        ("prompt", encode(prompt.strip() if layout.trim_prompt else prompt)),
        ("layout", _encode(layout.between, encode)),
    ]
    if response is not None:
        sections += [
            ("response", encode(response)),
            ("turn end", _encode(layout.after, encode)),
            ("EOS", [layout.eos_token_id]),
        ]
    return sections


def _encode(parts: tuple[Part, ...], encode: Callable[[str], list[int]]) -> list[int]:
    ids: list[int] = []
    for part in parts:
        ids += [part] if isinstance(part, int) else encode(part)
    return ids


def visible_ids(layout: Layout, token_ids: list[int]) -> list[int]:
    """Return a canvas's tokens up to the first that ends a response, without masks and other special tokens."""
    ends = layout.end_token_ids
    end = next((place for place, token in enumerate(token_ids) if token in ends), len(token_ids))
    return [token for token in token_ids[:end] if token not in layout.special_token_ids]
