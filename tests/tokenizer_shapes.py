"""Tokenizers in the shapes of the published ones, trained here on a few texts, for the tests that count with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LLAMA_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN_SPLIT = LLAMA_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")
SHAPES = ("gpt2", "prefix space", "llama3", "qwen2")
ODD = [
    "", " ", "  two  spaces ", "\n\n\n", "don't DON'T we'll", "3.14159 12345", "😀 手紙 café", "\t\r\n x",
    "a<|eos|>b<|eos|>", "<|eos|>", "“quotes”—dashes…", "\ufeff\u200b", "aaaaaaaaaaaaaaaaaaaaaaaa", "x" * 300,
    "\u0301e\u0301", "<|eos|", "\x00\x7f", "<tool>x<tool>", "<|eos|>b<tool", "e\u0301<cafe\u0301>", "<café>",
]  # fmt: skip


def make(
    path: Path,
    texts: Iterable[str],
    shape: str,
    *,
    special: Iterable[str] = ("<|eos|>", "<|eos|>b"),
    added: Mapping[str, bool] | None = None,
    size: int = 3000,
) -> Path:
    """Train a tokenizer and write it.

    Args:
        path: the file.
        texts: what it is trained on.
        shape: one of `SHAPES`, or `metaspace`, which is no byte-level one.
        special: the special tokens.
        added: added tokens that are not special, and whether each is looked for in the normalized text.
        size: of the vocabulary.
    """
    import tokenizers

    pre = tokenizers.pre_tokenizers
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(ignore_merges=shape == "llama3"))
    alphabet: Any = pre.ByteLevel.alphabet()
    if shape in ("llama3", "qwen2"):
        if shape == "qwen2":
            tokenizer.normalizer = tokenizers.normalizers.NFC()
        tokenizer.pre_tokenizer = pre.Sequence(
            [
                pre.Split(tokenizers.Regex(LLAMA_SPLIT if shape == "llama3" else QWEN_SPLIT), behavior="isolated"),
                pre.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    elif shape == "metaspace":
        tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(byte_fallback=True, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre.Metaspace()
        alphabet, special = [], ("<unk>", *special)
    else:
        tokenizer.pre_tokenizer = pre.ByteLevel(add_prefix_space=shape == "prefix space")
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, special_tokens=list(special), show_progress=False
    )
    tokenizer.train_from_iterator(list(texts), trainer)
    for content, normalized in (added or {}).items():
        tokenizer.add_tokens([tokenizers.AddedToken(content, normalized=normalized)])
    tokenizer.save(str(path))
    return path


def library(path: Path) -> Any:
    """Return the library's own reading of a file, set as the job sets it."""
    import tokenizers

    read = tokenizers.Tokenizer.from_file(str(path))
    read.encode_special_tokens = True
    return read
