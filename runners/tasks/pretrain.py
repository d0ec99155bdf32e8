"""Make the embedded model: `python -m runners.tasks.pretrain ESSAYS_FOLDER OUT_FOLDER`.

Two phases share one set of weights. The causal one predicts each next token, which teaches words and grammar fast; the
masked-diffusion one then sees both ways and fills hidden tokens, which is what the model is used for. The decision a
reader needs: the schedule follows the clock, not a count of steps, so that a slow machine trains less and still ends
on a low learning rate. The weights kept are those with the lowest masked loss on one essay that is not trained on.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from runners.layouts import Layout, layout_for
from runners.tasks.batches import Batch, Example, collate
from runners.tasks.masks import MaskSource
from runners.tasks.models.llada import as_model, llama_config, save_llada
from runners.tasks.pretrain_corpus import SPECIAL_TOKENS, RowMaker, SourceText, read_corpus, train_tokenizer
from runners.tasks.pretrain_losses import anywhere_loss, block_loss, causal_loss, masked_loss, windows

SHAPE = {
    "d_model": 256,
    "max_sequence_length": 1024,
    "mlp_hidden_size": 768,
    "n_heads": 4,
    "n_layers": 4,
    "rope_theta": 10000.0,
    "weight_tying": True,
}

# Share of the batches that have rows of this many tokens; longer ones are rarer, since most pairs are short.
ROW_LENGTHS = {128: 0.15, 256: 0.6, 512: 0.15, 1024: 0.1}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to train.

    Attributes:
        vocabulary: token ids of the tokenizer, special ones included.
        minutes: wall-clock time of both phases together; 0 saves the untrained model.
        causal_share: part of that time for the causal phase.
        causal_rate: peak learning rate of the causal phase.
        diffusion_rate: peak learning rate of the masked-diffusion phase.
        tokens_a_step: tokens in one batch, padding included.
        warmup_steps: steps of linear warm-up at the start of each phase.
        weight_decay: of matrices; norms have none.
        t_min: lowest mask ratio.
        causal_hidden: share of the causal phase's inputs that are replaced by the mask token, against overfitting.
        block_share: share of the masked-diffusion batches hidden as the block sampler finds a canvas.
        report_minutes: time between two lines of the curve.
        bf16: whether matrices are multiplied in bfloat16; twice as fast where the processor has it.
        seed: of the weights, the rows and the masks.
    """

    vocabulary: int = 2048
    minutes: float = 75.0
    causal_share: float = 0.25
    causal_rate: float = 3e-3
    diffusion_rate: float = 2e-3
    tokens_a_step: int = 4096
    warmup_steps: int = 60
    weight_decay: float = 0.05
    t_min: float = 0.03
    causal_hidden: float = 0.1
    block_share: float = 0.25
    report_minutes: float = 2.0
    bf16: bool = False
    seed: int = 1


def main(arguments: list[str] | None = None) -> int:
    """Train the tokenizer and the model, and write the model's folder."""
    parser = argparse.ArgumentParser(prog="python -m runners.tasks.pretrain", description=__doc__)
    parser.add_argument("essays", type=Path, help="folder of Markdown essays, the whole corpus")
    parser.add_argument("out", type=Path, help="folder of the model, replaced whenever it got better")
    parser.add_argument("--minutes", type=float, default=Plan.minutes)
    parser.add_argument("--causal-share", type=float, default=Plan.causal_share)
    parser.add_argument("--report-minutes", type=float, default=Plan.report_minutes)
    parser.add_argument("--held-out", default="gifts.md", help="file of the folder that is measured and not trained on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--bf16", action="store_true")
    given = parser.parse_args(arguments)
    plan = Plan(
        minutes=given.minutes,
        causal_share=given.causal_share,
        report_minutes=given.report_minutes,
        bf16=given.bf16,
        seed=given.seed,
    )
    torch.set_num_threads(given.threads)
    corpus = read_corpus(given.essays)
    if given.held_out not in {source.name for source in corpus}:
        parser.error(f"{given.essays} holds no {given.held_out}. Name one of its files with --held-out.")
    Pretraining(corpus, given.held_out, plan, given.out).run()
    return 0


class Pretraining:
    """One training from nothing: the tokenizer, both phases, and the folder they end in."""

    def __init__(self, corpus: list[SourceText], held_out: str, plan: Plan, out: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.out, self.corpus, self.held_out = plan, out, corpus, held_out
        trained = [source for source in corpus if source.name != held_out]
        self.tokenizer = train_tokenizer([source.text for source in trained], plan.vocabulary)
        special = {name: plan.vocabulary - len(SPECIAL_TOKENS) + at for at, name in enumerate(SPECIAL_TOKENS)}
        self.layout: Layout = layout_for("embedded", special)
        self.rows = RowMaker(trained, self.tokenizer, self.layout, plan.seed)
        unseen = [source for source in corpus if source.name == held_out]
        ids = RowMaker(unseen, self.tokenizer, self.layout, plan.seed).tokens
        self.unseen_rows = windows(held_out, ids)
        self.unseen = collate(self.unseen_rows, layout=self.layout, eos_padding="none")
        config = SHAPE | {
            "embedding_size": plan.vocabulary,
            "eos_token_id": self.layout.eos_token_id,
            "mask_token_id": self.layout.mask_token_id,
            "pad_token_id": self.layout.pad_token_id,
        }
        self.net = LlamaForCausalLM(llama_config(config))
        self.model = as_model(self.net, config)
        self.masks = MaskSource(seed=plan.seed, rows=plan.tokens_a_step // min(ROW_LENGTHS), t_min=plan.t_min)
        self.curve: list[dict[str, Any]] = []
        self.best = math.inf
        self.choose = random.Random(plan.seed)

    def run(self) -> None:
        """Train both phases and leave the best weights in the folder."""
        self.save()
        begun = time.monotonic()
        if self.plan.minutes <= 0:
            return
        causal_seconds = 60 * self.plan.minutes * self.plan.causal_share
        if causal_seconds > 0:
            self.causal_phase(begun, causal_seconds)
        self.diffusion_phase(begun, 60 * self.plan.minutes - (time.monotonic() - begun))

    def causal_phase(self, begun: float, seconds: float) -> None:
        """Predict each next token; the weights end in `net`."""
        config = copy.deepcopy(self.net.config)
        config.is_causal = True
        causal = LlamaForCausalLM(config)
        causal.load_state_dict(self.net.state_dict())
        for _ in self._steps("causal", causal, self.plan.causal_rate, begun, seconds):
            pass
        self.net.load_state_dict(causal.state_dict())

    def diffusion_phase(self, begun: float, seconds: float) -> None:
        """Fill hidden tokens, seeing both ways; the folder is rewritten at each lowest loss on the unseen essay."""
        for unseen_loss in self._steps("diffusion", self.net, self.plan.diffusion_rate, begun, seconds):
            if unseen_loss < self.best:
                self.best = unseen_loss
                self.save()

    def save(self) -> None:
        """Write the model's folder: weights as float16, tokenizer, configuration, and what it was made from."""
        half = copy.deepcopy(self.net).half()
        layout = self.layout
        save_llada(
            half,
            self.out,
            mask_token_id=layout.needed_mask_token_id,
            eos_token_id=layout.eos_token_id,
            pad_token_id=layout.pad_token_id,
        )
        self.tokenizer.save(str(self.out / "tokenizer.json"))
        record = {
            "corpus": [
                {"name": source.name, "sha256": source.sha256, "trained_on": source.name != self.held_out}
                for source in self.corpus
            ],
            "corpus_tokens": len(self.rows.tokens),
            "plan": asdict(self.plan),
            "curve": self.curve,
        }
        (self.out / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    def _steps(self, phase: str, net: LlamaForCausalLM, peak: float, begun: float, seconds: float) -> Iterator[float]:
        """Take steps until the time is over; yield the unseen essay's loss whenever a line of the curve is due."""
        plan = self.plan
        matrices = [weights for weights in net.parameters() if weights.dim() > 1]
        vectors = [weights for weights in net.parameters() if weights.dim() == 1]
        groups = [{"params": matrices, "weight_decay": plan.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.98))
        phase_begun = reported = time.monotonic()
        step = tokens = 0
        losses: list[float] = []
        while (progress := (time.monotonic() - phase_begun) / seconds) < 1:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(peak, progress, step, plan.warmup_steps)
            batch = self._batch()
            with torch.autocast("cpu", torch.bfloat16, enabled=plan.bf16):
                if phase == "causal":
                    dropped = self.masks.uniform(*batch.input_ids.shape) < plan.causal_hidden
                    loss = causal_loss(net, batch, dropped, self.layout)
                else:
                    loss = self._diffusion_loss(batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            step, tokens = step + 1, tokens + batch.input_ids.numel()
            if time.monotonic() - reported > 60 * plan.report_minutes:
                yield self._report(phase, net, begun, step, tokens / (time.monotonic() - reported), losses)
                reported, tokens, losses = time.monotonic(), 0, []
        yield self._report(phase, net, begun, step, tokens / (time.monotonic() - reported), losses)

    def _report(
        self, phase: str, net: LlamaForCausalLM, begun: float, step: int, speed: float, losses: list[float]
    ) -> float:
        """Measure the unseen essay, add a line to the curve, and return the loss."""
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.plan.bf16):
            if phase == "causal":
                none = torch.zeros_like(self.unseen.input_ids, dtype=torch.bool)
                unseen = causal_loss(net, self.unseen, none, self.layout).item()
            else:
                unseen = masked_loss(self.model, self.unseen_rows, draws=8)
        line = {
            "phase": phase,
            "minutes": round((time.monotonic() - begun) / 60, 1),
            "step": step,
            "loss": round(sum(losses) / max(1, len(losses)), 3),
            "unseen_loss": round(unseen, 3),
            "tokens_per_s": round(speed),
        }
        self.curve.append(line)
        print(json.dumps(line), flush=True)
        return unseen

    def _batch(self) -> Batch:
        """Return rows of one length, half of them pairs, short ones padded."""
        length = self.choose.choices(list(ROW_LENGTHS), list(ROW_LENGTHS.values()))[0]
        count = max(1, self.plan.tokens_a_step // length)
        rows = [self.rows.pair(length) if index % 2 else self.rows.running(length) for index in range(count)]
        examples = [Example("", row.input_ids, row.prompt_length) for row in rows]
        return collate(examples, layout=self.layout, eos_padding="none")

    def _diffusion_loss(self, batch: Batch) -> Tensor:
        """Return the mean loss of the rows, in nats a response token."""
        rows, length = batch.input_ids.shape
        t, uniform = self.masks.ratios(rows), self.masks.uniform(rows, length)
        if self.choose.random() < self.plan.block_share:
            starts = self.masks.uniform(rows, 1)[:, 0]
            return block_loss(self.model, batch, t, uniform, starts)
        return anywhere_loss(self.model, batch, t, uniform)


def learning_rate(peak: float, progress: float, step: int, warmup_steps: int) -> float:
    """Return the rate at a point of a phase: linear warm-up, then a cosine down to a tenth of the peak.

    Args:
        peak: highest rate.
        progress: part of the phase's time that is over, 0 to 1.
        step: steps taken in this phase.
        warmup_steps: length of the warm-up.
    """
    cosine = 0.1 + 0.45 * (1 + math.cos(math.pi * min(1.0, progress)))
    return peak * cosine * min(1.0, (step + 1) / max(1, warmup_steps))


if __name__ == "__main__":
    sys.exit(main())
