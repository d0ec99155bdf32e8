"""Measure a model on essays: `python -m runners.tasks.pretrain_measure MODEL_FOLDER CORPUS_FOLDER ESSAYS_FOLDER`.

It prints JSON: the masked loss beside what guessing by frequency alone would lose, and the first samples with the share
of their word pairs that stand in the texts. The decision a reader needs: nothing is chosen. Prompts are the first
sentences of the first essays, and each is sampled once, with the first seed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from runners.spec import ModelSpec, SamplingSpec
from runners.tasks.models.registry import Loaded, load
from runners.tasks.pretrain_corpus import SourceText, first_sentence, read_corpus, unigram_loss
from runners.tasks.pretrain_losses import masked_loss, windows
from runners.tasks.sample import sample_once

WordPair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How well a model predicts some essays.

    Attributes:
        tokens: measured, in whole windows.
        masked_loss: of the model, in nats a token.
        unigram_loss: of guessing each token by its frequency in the corpus.
        ratio: the first divided by the second.
    """

    tokens: int
    masked_loss: float
    unigram_loss: float
    ratio: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m runners.tasks.pretrain_measure", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of the model")
    parser.add_argument("corpus", type=Path, help="folder of the essays it was trained on")
    parser.add_argument("essays", type=Path, help="folder of the essays to measure it on")
    parser.add_argument("--held-out", default="gifts.md", help="file of the corpus that was not trained on")
    parser.add_argument("--draws", type=int, default=8, help="masks for each window of 256 tokens")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    loaded = load(ModelSpec(id=str(given.model)), torch.device("cpu"))
    corpus = [source for source in read_corpus(given.corpus) if source.name != given.held_out]
    essays = read_corpus(given.essays)
    sampling = replace(SamplingSpec(), samples_per_prompt=1, temperature=given.temperature)
    texts = [sample(loaded, sampling, first_sentence(source.text)) for source in essays[: given.samples]]
    print(
        json.dumps(
            {
                "measured": asdict(measure(loaded, corpus, essays, draws=given.draws)),
                "sampling": asdict(sampling),
                "samples": texts,
                "word_pairs": word_pair_shares([text["text"] for text in texts], corpus, essays),
            },
            indent=1,
            ensure_ascii=False,
        )
    )
    return 0


def measure(loaded: Loaded, corpus: Sequence[SourceText], essays: Sequence[SourceText], *, draws: int) -> Measured:
    """Return a model's masked loss on `essays` beside that of the frequencies in `corpus`."""
    eos = loaded.layout.eos_token_id
    known = [token for source in corpus for token in [*loaded.codec.encode(source.text), eos]]
    rows = [row for source in essays for row in windows(source.name, loaded.codec.encode(source.text))]
    tokens = [token for row in rows for token in row.input_ids]
    model, unigram = (
        masked_loss(loaded.model, rows, draws=draws),
        unigram_loss(known, tokens, loaded.model.facts.vocab_size),
    )
    return Measured(tokens=len(tokens), masked_loss=model, unigram_loss=unigram, ratio=model / unigram)


def sample(loaded: Loaded, sampling: SamplingSpec, prompt: str) -> dict[str, Any]:
    """Return the first sample of a prompt."""
    filled = sample_once(loaded, sampling, prompt, index=0)[1]
    return {"prompt": prompt, "text": loaded.codec.visible(filled.canvas[0].tolist())}


def word_pairs(text: str) -> list[WordPair]:
    """Return each two words that stand side by side within one sentence, in lower case."""
    parts = re.split(r"[.!?;:—\n]", text.lower().replace("’", "'"))
    return [pair for part in parts for pair in itertools.pairwise(re.findall(r"[a-z']+", part))]


def word_pair_shares(
    texts: Sequence[str], corpus: Sequence[SourceText], essays: Sequence[SourceText]
) -> dict[str, float]:
    """Return how many word pairs were written, and their shares that stand in the corpus, the essays, and either.

    Repetition flatters these, so that the same is told of the different ones, each counted once.
    """
    written = [pair for text in texts for pair in word_pairs(text)]
    in_corpus = {pair for source in corpus for pair in word_pairs(source.text)}
    in_essays = {pair for source in essays for pair in word_pairs(source.text)}

    told: dict[str, float] = {}
    for prefix, found in (("", written), ("different_", list(dict.fromkeys(written)))):
        told[f"{prefix}written"] = len(found)
        for name, known in (("corpus", in_corpus), ("essays", in_essays), ("either", in_corpus | in_essays)):
            told[prefix + name] = round(sum(pair in known for pair in found) / max(1, len(found)), 3)
    return told


if __name__ == "__main__":
    sys.exit(main())
