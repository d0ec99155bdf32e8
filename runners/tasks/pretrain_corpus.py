"""The words the embedded model is made from: essays read, a tokenizer trained on them, rows cut for training.

The decision a reader needs: a row that is a pair begins and ends at a sentence, one of running text
anywhere. The two forms are mixed so that fine-tuning on pairs finds the layout already known.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from runners.layouts import LaidOut, Layout, lay_out

USER, ASSISTANT, EOS, MASK, PAD = "<|user|>", "<|assistant|>", "<|endoftext|>", "<|mask|>", "<|pad|>"
SPECIAL_TOKENS = (USER, ASSISTANT, EOS, MASK, PAD)

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?][”’\")]*\s+(?=[“‘\"(]?[A-Z])|\n\n")
_LAYOUT_TOKENS = 3


@dataclass(frozen=True, kw_only=True)
class SourceText:
    """One essay of the corpus.

    Attributes:
        name: file name, without its folder.
        sha256: of the file's bytes, tagged.
        text: paragraphs parted by blank lines, without front matter, headings, quote marks or hard wraps.
    """

    name: str
    sha256: str
    text: str


def read_corpus(folder: Path) -> list[SourceText]:
    """Read every Markdown file directly in `folder`, in order of name.

    Raises:
        FileNotFoundError: the folder holds no Markdown file.
        UnicodeDecodeError: a file is not UTF-8.
    """
    corpus = []
    for path in sorted(folder.glob("*.md")):
        data = path.read_bytes()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        corpus.append(SourceText(name=path.name, sha256=digest, text="\n\n".join(_paragraphs(data.decode("utf-8")))))
    if not corpus:
        raise FileNotFoundError(f"{folder}: no Markdown file here. Name the folder that holds the essays.")
    return corpus


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Train a byte-level BPE tokenizer of exactly `vocabulary` ids, the special tokens being the last of them.

    The pieces are numbered in the order of their merges, so that tiktoken, whose ranks are its ids, reads them as they
    are. Texts are cut before merging by the one pattern of GPT-2 that the byte-level step brings along.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    if tokenizer.get_vocab_size() != vocabulary:
        found = tokenizer.get_vocab_size()
        raise ValueError(
            f"the corpus gives {found} token ids, expected {vocabulary}. Ask for fewer, or give more text."
        )
    return tokenizer


class RowMaker:
    """Cut random rows from a corpus; the same seed gives the same rows.

    Attributes:
        tokens: ids of the whole corpus, each essay ended by EOS.
    """

    def __init__(self, corpus: Sequence[SourceText], tokenizer: Tokenizer, layout: Layout, seed: int) -> None:
        self._random = random.Random(seed)
        self._encode = encoder(tokenizer)
        self._layout = layout
        self._texts = [source.text for source in corpus]
        self._cuts = [_sentence_starts(text) for text in self._texts]
        self._sizes = [
            [len(self._encode(text[start:end])) for start, end in itertools.pairwise(cuts)]
            for text, cuts in zip(self._texts, self._cuts)
        ]
        self.tokens: list[int] = []
        for text in self._texts:
            self.tokens += [*self._encode(text), layout.eos_token_id]

    def running(self, length: int) -> LaidOut:
        """Return `length` tokens of running text from anywhere, with no prompt."""
        start = self._random.randrange(max(1, len(self.tokens) - length))
        return LaidOut(self.tokens[start : start + length], 0)

    def pair(self, length: int) -> LaidOut:
        """Return the sentences before a point as prompt and those after it as response, at most `length` tokens.

        A response that stands at its limit inside its first sentence is cut there and has no EOS.
        """
        essay = self._random.choices(range(len(self._texts)), [len(sizes) for sizes in self._sizes])[0]
        sizes, cuts, text = self._sizes[essay], self._cuts[essay], self._texts[essay]
        at = self._random.randrange(1, len(sizes))
        prompt_room = length * self._random.uniform(0.1, 0.6)
        first, used = at - 1, sizes[at - 1]
        while first > 0 and used + sizes[first - 1] <= prompt_room:
            first -= 1
            used += sizes[first]
        last = at + 1
        used += sizes[at] + _LAYOUT_TOKENS
        while last < len(sizes) and used + sizes[last] <= length:
            used += sizes[last]
            last += 1
        prompt, response = text[cuts[first] : cuts[at]].rstrip(), text[cuts[at] : cuts[last]].rstrip()
        laid = lay_out(self._layout, self._encode, prompt, response)
        return LaidOut(laid.input_ids[:length], min(laid.prompt_length, length - 1))


def encoder(tokenizer: Tokenizer) -> Callable[[str], list[int]]:
    """Return the function that turns text into ids with nothing added."""

    def encode(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False).ids)

    return encode


def unigram_loss(corpus_ids: Sequence[int], ids: Iterable[int], vocabulary: int) -> float:
    """Return the mean loss, in nats a token, of guessing `ids` from how often each id stands in the corpus.

    Counts start at one, so that an id the corpus lacks has a finite loss.
    """
    counts = Counter(corpus_ids)
    total = len(corpus_ids) + vocabulary
    losses = [math.log(total / (counts[token] + 1)) for token in ids]
    return sum(losses) / len(losses)


def first_sentence(text: str) -> str:
    """Return a text's first sentence."""
    return text[: _sentence_starts(text)[1]].rstrip()


def _sentence_starts(text: str) -> list[int]:
    """Return where each sentence starts, and the text's end; a paragraph break ends a sentence too."""
    ends = {match.end() for match in _SENTENCE_END.finditer(text)}
    return sorted({0, *ends, len(text)})


def _paragraphs(text: str) -> list[str]:
    """Return the running text of an essay: headings and rules go, quote and list marks and hard wraps too."""
    found = []
    for block in re.split(r"\n\s*\n", _FRONT_MATTER.sub("", text)):
        lines = [re.sub(r"^\s*(>\s?|[-*]\s+)", "", line).strip() for line in block.splitlines()]
        joined = " ".join(line for line in lines if line)
        if joined and not joined.startswith(("#", "![", "[^")) and re.search(r"[A-Za-z]", joined):
            found.append(joined)
    return found
