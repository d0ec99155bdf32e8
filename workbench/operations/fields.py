"""The fields of a run as the launch form shows them: what each does, its unit and range, and what was published.

`runners/spec.py` checks values; this table explains them. A test holds the two together, so a new field of the spec
cannot be left without a word to the author.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runners.families.base import Known


@dataclass(frozen=True, kw_only=True)
class Field:
    """One line of the form.

    Attributes:
        path: dotted, as in the spec.
        does: one sentence.
        unit: of the value; empty for words and bare numbers.
        range: what is allowed.
        published: the value in papers and recipes that holds for every model; what was published of one model stands
            in its family's file.
        choices: all allowed values, where they are few.
        rare: whether the form folds it away until it is asked for, or differs from what is usual.
    """

    path: str
    does: str
    unit: str = ""
    range: str = ""
    published: str = ""
    choices: tuple[str, ...] = ()
    rare: bool = False

    @property
    def section(self) -> str:
        """The part of the spec the field belongs to."""
        return self.path.split(".")[0]

    @property
    def name(self) -> str:
        """Its name within that part."""
        return self.path.rpartition(".")[2]

    def explained(self, model: Known | None) -> str:
        """Return everything the table says, as one line.

        Args:
            model: whose published values are named; those that hold for every model where None.
        """
        parts = [self.does]
        if self.unit:
            parts.append(f"Unit: {self.unit}.")
        if self.range:
            parts.append(f"Range: {self.range}.")
        own = model.published(self.path) if model else None
        if published := self.published if own is None else own:
            parts.append(f"Published: {published}.")
        return " ".join(parts)


_YES_NO = ("false", "true")

ONLY_WHERE_TOKENS_ARE_HIDDEN = (
    "train.t_min",
    "train.t_max",
    "train.max_loss_weight",
    "train.complementary_masks",
    "train.eval_draws",
    "score.draws",
)
"""Fields that a causal model has no use for."""

FIELDS: tuple[Field, ...] = (
    Field(
        path="objective",
        does="What training minimises: masked-diffusion fills tokens hidden anywhere, block-diffusion those of a block "
        "behind clean ones, causal predicts each next token. The model says which fits; null for its own.",
        choices=("masked-diffusion", "block-diffusion", "causal"),
    ),
    Field(
        path="train.method",
        does="lora trains a small adapter beside the weights; full trains every weight, which moves the model further "
        "and takes many times the memory.",
        choices=("lora", "full"),
    ),
    Field(
        path="train.learning_rate",
        does="Peak rate of AdamW after warm-up: how far one step moves the weights.",
        range="above 0",
    ),
    Field(path="train.max_steps", does="How long to train.", unit="optimizer steps", range="1 or more"),
    Field(
        path="train.per_device_train_batch_size",
        does="Pairs in one forward pass: more is steadier and takes more memory.",
        unit="pairs",
        range="1 or more",
    ),
    Field(
        path="train.gradient_accumulation_steps",
        does="Forward passes for one optimizer step: a larger batch at no cost in memory.",
        unit="passes",
        range="1 or more",
        published="8 to 16 at batch 1",
    ),
    Field(
        path="train.world_size",
        does="GPUs of one machine that share a step, one process each; the same losses as one with as large a batch.",
        unit="processes",
        range="1 or more",
        rare=True,
    ),
    Field(
        path="train.sharding",
        does="Over several GPUs in full: none keeps the whole model on each, fsdp2 a part of weights, gradients and "
        "moments on each, so that a larger one fits; the losses are the same.",
        choices=("none", "fsdp2"),
        rare=True,
    ),
    Field(
        path="train.max_length",
        does="Longest pair, prompt, response and EOS together; longer ones go by over_long.",
        unit="tokens",
        range="1 or more",
    ),
    Field(
        path="train.over_long",
        does="What happens to longer pairs: refuse the run, skip the pair, or cut it and give it no EOS.",
        choices=("refuse", "skip", "cut"),
    ),
    Field(
        path="train.optim",
        does="AdamW with its moments in 32 bits, or in 8 by bitsandbytes, a quarter of that memory: worth it in full.",
        published="adamw_bnb_8bit performs alike (arXiv 2110.02861)",
        choices=("adamw_torch", "adamw_bnb_8bit"),
        rare=True,
    ),
    Field(
        path="train.lr_scheduler_type",
        does="Shape of the rate after warm-up: falling as a cosine, or constant.",
        choices=("cosine", "constant"),
    ),
    Field(path="train.warmup_steps", does="Steps in which the rate rises from 0.", unit="steps", range="0 or more"),
    Field(
        path="train.weight_decay", does="Decoupled decay of AdamW: pulls weights to 0.", range="0 or more", rare=True
    ),
    Field(
        path="train.max_grad_norm", does="Gradients longer than this are shortened to it.", range="above 0", rare=True
    ),
    Field(
        path="train.mixed_precision",
        does="Computes in 16 bits over weights in float32: bf16 needs nothing else, fp16, for older cards, scales its "
        "gradients.",
        choices=("no", "bf16", "fp16"),
        rare=True,
    ),
    Field(
        path="train.gradient_checkpointing",
        does="Keeps only the inputs of layers and computes the rest again: far less memory, a third more time. auto "
        "does so on CUDA.",
        choices=("auto", "on", "off"),
        rare=True,
    ),
    Field(
        path="train.eos_padding",
        does="What follows a response in a batch: one true EOS only, EOS up to the longest, counted as response, or "
        "a rainbow of reserved tokens that is.",
        choices=("none", "eos", "rainbow"),
    ),
    Field(
        path="train.pad_to_multiple_of",
        does="Fills every batch up to a multiple, so that even one pair alone has padding to learn an end from.",
        unit="tokens",
        range="1 or more",
        rare=True,
    ),
    Field(
        path="train.t_min",
        does="Least share of a response that is hidden; higher is steadier and teaches less of the last words.",
        unit="mask ratio",
        range="0 to below t_max",
        published="0, arXiv 2502.09992",
        rare=True,
    ),
    Field(
        path="train.t_max",
        does="Largest share of a response that is hidden; lower spares the hopeless guesses of the first words.",
        unit="mask ratio",
        range="above t_min, up to 1",
        published="1, arXiv 2502.09992",
        rare=True,
    ),
    Field(
        path="train.max_loss_weight",
        does="Caps the weight 1 / p of a hidden token: steadier, and no longer unbiased at small mask ratios.",
        range="1 or more, or 0 for none",
        published="none, arXiv 2502.09992",
        rare=True,
    ),
    Field(
        path="train.complementary_masks",
        does="Takes each pair twice in a step, the second time with the other tokens hidden: less noise for as many "
        "passes, from half as many pairs.",
        choices=_YES_NO,
        rare=True,
    ),
    Field(
        path="train.eval_every_steps",
        does="Validation on fixed masks every so often; 0 for start and end only.",
        unit="steps",
        range="0 or more",
    ),
    Field(
        path="train.eval_draws",
        does="Fixed draws of (t, mask) for each validation pair: more narrows the interval. A multiple of 5 covers "
        "five mask ratios alike.",
        unit="draws",
        range="1 or more",
    ),
    Field(
        path="train.probe_pairs",
        does="Training pairs measured like the holdout: where their loss falls and the holdout's does not, the model "
        "memorises.",
        unit="pairs",
        range="0 or more",
    ),
    Field(
        path="train.early_stopping_patience",
        does="Ends the run after so many validations in a row that are worse than the best beyond the noise, pair by "
        "pair; 0 for never.",
        unit="validations",
        range="0 or more",
    ),
    Field(
        path="train.checkpoint_every_steps",
        does="Checkpoints to resume and sample from; 0 for the end only.",
        unit="steps",
        range="0 or more",
    ),
    Field(
        path="train.save_total_limit",
        does="How many of the newest checkpoints stay; the best, and those with samples, stay beside them. 0 for all.",
        unit="checkpoints",
        range="0 or more",
        rare=True,
    ),
    Field(
        path="train.sample_every_steps",
        does="Canary samples while training; 0 for the end only.",
        unit="steps",
        range="0 or more",
    ),
    Field(
        path="train.sample_at_steps",
        does="Canary samples at these steps too, with commas between.",
        unit="steps",
        range="1 to max_steps",
        rare=True,
    ),
    Field(path="train.seed", does="Of masks, order and initial adapter: another seed shows the noise of a run."),
    Field(
        path="score.draws",
        does="Fixed draws of (t, mask) for each held-out pair. Losses are compared only where both were measured on as "
        "many. A multiple of 5 covers five mask ratios alike.",
        unit="draws",
        range="1 or more",
    ),
    Field(
        path="score.max_length",
        does="Longest pair, prompt, response and EOS together; longer ones go by over_long.",
        unit="tokens",
        range="1 or more",
    ),
    Field(
        path="score.over_long",
        does="What happens to longer pairs: refuse the run, skip the pair, or cut it and give it no EOS.",
        choices=("refuse", "skip", "cut"),
    ),
    Field(
        path="lora.r",
        does="Rank of the adapter: how many directions it may learn in each layer.",
        range="1 or more",
    ),
    Field(path="lora.lora_alpha", does="The adapter is scaled by lora_alpha / r.", range="above 0"),
    Field(
        path="lora.lora_dropout",
        does="Share of inputs the adapter misses in training; above 0 it also takes more memory.",
        unit="probability",
        range="0 to below 1",
    ),
    Field(
        path="lora.target_modules",
        does="Linear layers that get an adapter, with commas between, or all-linear; empty for the model's own choice.",
        rare=True,
    ),
    Field(
        path="lora.use_dora",
        does="Learns size and direction of the weights apart: nearer to training in full at a low rank, and slower.",
        published="DoRA, arXiv 2402.09353",
        choices=_YES_NO,
        rare=True,
    ),
    Field(
        path="lora.use_rslora",
        does="Scales by lora_alpha / sqrt(r) instead of lora_alpha / r, so that a high rank still learns.",
        published="rsLoRA, arXiv 2312.03732",
        choices=_YES_NO,
        rare=True,
    ),
    Field(
        path="sampling.sampler",
        does="How text is made: block fills the blocks of a canvas from left to right, autoregressive adds a token "
        "behind the last. The model says which fits.",
        choices=("block", "autoregressive"),
    ),
    Field(
        path="sampling.max_new_tokens",
        does="Length of the canvas, or most tokens to write.",
        unit="tokens",
        range="1 or more; in blocks, a multiple of block_length",
    ),
    Field(
        path="sampling.block_length",
        does="Length of a block; a small one keeps the sampler close to its context.",
        unit="tokens",
        range="1 or more",
        published="small blocks and more steps against collapse, arXiv 2502.09992",
    ),
    Field(
        path="sampling.steps",
        does="Denoising steps over all blocks: fewer commit several tokens blind to each other.",
        unit="steps",
        range="1 or more, a multiple of the number of blocks",
        published="quality peaks at one a token",
    ),
    Field(
        path="sampling.temperature",
        does="How freely a token is drawn; 0 always takes the likeliest.",
        range="0 or more",
    ),
    Field(
        path="sampling.top_p",
        does="Draw only among the likeliest tokens that make up this much of the probability; 1 for all.",
        unit="probability",
        range="above 0, up to 1",
    ),
    Field(
        path="sampling.top_k",
        does="Draw only among so many of the likeliest tokens; 0 for all.",
        unit="tokens",
        range="0 or more",
    ),
    Field(
        path="sampling.repetition_penalty",
        does="Makes tokens less likely that stand already, in prompt or text; 1 for none.",
        range="above 0",
        published="1.2 (CTRL, arXiv 1909.05858)",
    ),
    Field(path="sampling.cfg_scale", does="Classifier-free guidance toward the prompt; 0 for none.", range="0 or more"),
    Field(
        path="sampling.remasking",
        does="Which predictions of a step are committed: the most confident, or random ones.",
        published="low_confidence",
        choices=("low_confidence", "random"),
    ),
    Field(
        path="sampling.samples_per_prompt",
        does="Samples for each canary prompt: one may be luck.",
        unit="samples",
        range="1 or more",
    ),
    Field(path="sampling.seed", does="Sample i of a prompt is seeded from seed + i, in every run: they pair by index."),
    Field(path="model.id", does="Which weights: embedded, a folder, or a Hugging Face id."),
    Field(path="model.revision", does="Commit of the Hugging Face repository; null for the newest."),
    Field(
        path="model.dtype",
        does="Number format of the weights in memory.",
        choices=("float32", "bfloat16", "float16"),
    ),
    Field(
        path="model.quantization",
        does="nf4 keeps the linear layers in 4 bits: a quarter of their memory, slower, and with lora it is QLoRA. "
        "Needs the extra quant.",
        published="nf4, QLoRA, arXiv 2305.14314",
        choices=("none", "nf4"),
    ),
    Field(
        path="model.device",
        does="Where the weights live; auto takes CUDA, then MPS, then the CPU.",
        choices=("auto", "cpu", "cuda", "mps"),
    ),
)


def field(path: str) -> Field | None:
    """Return the field of a dotted path, or None."""
    return next((item for item in FIELDS if item.path == path), None)


def shown(value: Any) -> str:
    """Return a value as it is typed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
