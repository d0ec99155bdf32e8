"""The spec: what a run is to do, as frozen dataclasses that check themselves.

A spec is written once into the run directory and never edited. Every field has a unit and a range; an unknown key is
an error that names the nearest known one. All problems of a spec are reported at once. A spec of an older schema is
read as what it meant then: fields it does not have get the value that changes nothing, not today's default.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from runners.errors import SpecError
from runners.sampler_fields import NEUTRAL
from runners.spec_ranges import problems_of
from runners.spec_reading import from_dict as from_dict

SCHEMA_VERSION = 2

Task = Literal["train", "sample", "score", "session"]
Dtype = Literal["float32", "bfloat16", "float16"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Schedule = Literal["cosine", "constant"]
Remasking = Literal["low_confidence", "random"]
EosPadding = Literal["none", "eos", "rainbow"]
Objective = Literal["masked-diffusion", "block-diffusion", "causal"]
SamplerName = Literal["block", "autoregressive"]
Method = Literal["lora", "full"]
OverLong = Literal["refuse", "skip", "cut"]
Sharding = Literal["none", "fsdp2"]
Optim = Literal["adamw_torch", "adamw_bnb_8bit"]
MixedPrecision = Literal["no", "bf16", "fp16"]
GradientCheckpointing = Literal["auto", "on", "off"]
Quantization = Literal["none", "nf4"]

# What a spec of schema 1 could not say, as it was then.
_AS_IN_SCHEMA_1 = {"probe_pairs": 0, "save_total_limit": 0}


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Which weights to load.

    Attributes:
        id: `embedded`, a Hugging Face repository id, or a folder.
        revision: commit of the repository; None for `embedded` and folders.
        dtype: number format of the weights in memory, and of the arithmetic on quantised ones.
        quantization: `nf4` keeps the linear layers in 4 bits (QLoRA, arXiv 2305.14314), embeddings and head in `dtype`.
        device: where the weights live; `auto` takes CUDA, then MPS, then the CPU.
    """

    id: str = "embedded"
    revision: str | None = None
    dtype: Dtype = "float32"
    quantization: Quantization = "none"
    device: Device = "auto"

    @property
    def is_path(self) -> bool:
        """Whether it is named by a path, so that it can only be a folder of the machine it runs on."""
        return self.id.startswith(("/", ".", "~"))


@dataclass(frozen=True, kw_only=True)
class AdapterSpec:
    """Which adapter to lay over the base, for a sample or score run, or a session.

    Attributes:
        run: name of the training run that made it.
        checkpoint: its folder, relative to that run's directory, such as `checkpoints/step-000120`.
        path: folder that holds the adapter, relative to this run's own directory (`adapter` after submission).
    """

    run: str
    checkpoint: str
    path: str = "adapter"


@dataclass(frozen=True, kw_only=True)
class LoraSpec:
    """The low-rank adapter (LoRA, arXiv 2106.09685).

    Attributes:
        r: rank, 1 or more.
        lora_alpha: numerator of the scale `lora_alpha / r`, above 0.
        lora_dropout: probability, 0 to below 1.
        target_modules: names of linear layers, `all-linear` for all below the head, or the model's own default when
            empty.
        use_dora: learn size and direction of the weights apart (DoRA, arXiv 2402.09353): slower, at the same rank.
        use_rslora: scale by `lora_alpha / sqrt(r)` instead (rsLoRA, arXiv 2312.03732), so that high ranks learn too.
    """

    r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    target_modules: tuple[str, ...] = ()
    use_dora: bool = False
    use_rslora: bool = False


@dataclass(frozen=True, kw_only=True)
class TrainSpec:
    """How to train.

    Attributes:
        method: `lora` trains an adapter, `full` every weight of the model.
        learning_rate: peak rate of AdamW, above 0; what was published for a model stands in its family's file.
        max_steps: optimizer steps, 1 or more.
        per_device_train_batch_size: pairs in one forward pass.
        gradient_accumulation_steps: forward passes for one optimizer step, on each device.
        world_size: processes that share one optimizer step, one a GPU of the same machine; 1 or more.
        sharding: `none` keeps the whole model in every process; `fsdp2` a part of all weights, gradients and moments in
            each (arXiv 2304.11277), for the method full and several processes.
        max_length: tokens of prompt, response and EOS together; longer pairs are handled by `over_long`.
        over_long: `refuse` ends the run before it starts, `skip` leaves the pair out and says so, `cut` cuts the
            response and gives it no EOS.
        optim: `adamw_torch`, or `adamw_bnb_8bit` with its moments in 8 bits (arXiv 2110.02861).
        lr_scheduler_type: shape of the rate after warm-up.
        warmup_steps: steps of linear warm-up.
        weight_decay: decoupled decay of AdamW, 0 or more.
        max_grad_norm: clip above this norm, above 0.
        mixed_precision: `bf16` or `fp16` computes in 16 bits over weights kept in float32; fp16 scales its gradients.
        gradient_checkpointing: recompute activations instead of keeping them; `auto` does so on CUDA.
        eos_padding: `none` keeps one true EOS a response; `eos` fills the batch up with EOS that counts as response;
            `rainbow` does so with a cycle of the tokenizer's reserved tokens.
        pad_to_multiple_of: tokens; a batch is filled up to the next multiple, so that one pair alone is padded too.
        t_min: lower end of the mask ratio t, 0 to below `t_max`; t is stratified over the accumulated batch.
        t_max: upper end of t, at most 1.
        max_loss_weight: highest weight 1 / p of a hidden token, 1 or more; 0 for none, which alone is unbiased.
        complementary_masks: each pair is taken twice in a row, the second time with the other tokens hidden.
        eval_every_steps: optimizer steps between validations; 0 for start and end only.
        eval_draws: fixed (t, mask) draws for each validation pair; a multiple of 5 covers five mask ratios alike.
        probe_pairs: training pairs measured like the holdout at each validation; 0 for none.
        early_stopping_patience: end after so many validations in a row that are worse than the best beyond the noise
            (95 %, paired); 0 for never.
        checkpoint_every_steps: optimizer steps between checkpoints; 0 for the end only.
        save_total_limit: newest checkpoints to keep, beside the best and those with samples; 0 for all.
        sample_every_steps: optimizer steps between canary samples; 0 for the end only.
        sample_at_steps: further steps with canary samples.
        seed: of masks, order and initial adapter.
    """

    method: Method = "lora"
    learning_rate: float = 5e-5
    max_steps: int = 120
    per_device_train_batch_size: int = 4
    gradient_accumulation_steps: int = 1
    world_size: int = 1
    sharding: Sharding = "none"
    max_length: int = 512
    over_long: OverLong = "skip"
    optim: Optim = "adamw_torch"
    lr_scheduler_type: Schedule = "cosine"
    warmup_steps: int = 10
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    mixed_precision: MixedPrecision = "no"
    gradient_checkpointing: GradientCheckpointing = "auto"
    eos_padding: EosPadding = "none"
    pad_to_multiple_of: int = 1
    t_min: float = 0.0
    t_max: float = 1.0
    max_loss_weight: float = 0.0
    complementary_masks: bool = False
    eval_every_steps: int = 0
    eval_draws: int = 5
    probe_pairs: int = 16
    early_stopping_patience: int = 0
    checkpoint_every_steps: int = 0
    save_total_limit: int = 3
    sample_every_steps: int = 0
    sample_at_steps: tuple[int, ...] = ()
    seed: int = 1

    @property
    def rows(self) -> int:
        """Rows of one optimizer step: of the whole accumulated batch, over all processes."""
        return self.per_device_train_batch_size * self.gradient_accumulation_steps * self.world_size


@dataclass(frozen=True, kw_only=True)
class SamplingSpec:
    """How to sample the canary prompts; part of the key under which base samples are shared.

    Attributes:
        sampler: name of a file in `tasks/samplers`; which fields it goes by stands in `sampler_fields`.
        max_new_tokens: length of the canvas, for the block sampler a multiple of `block_length`.
        block_length: tokens of one block; blocks are filled from left to right.
        steps: denoising steps over all blocks, a multiple of the number of blocks; quality peaks at one a token.
        temperature: of the choice of tokens, 0 for greedy.
        top_p: draw among the likeliest tokens that make up this probability, above 0 to 1 for all.
        top_k: draw among this many of the likeliest tokens, 0 for all.
        repetition_penalty: divides the logits of tokens that stand already, 1 for none.
        cfg_scale: classifier-free guidance, 0 for none.
        remasking: which of a step's predictions are committed.
        samples_per_prompt: samples for each canary prompt.
        seed: the i-th sample of a prompt is seeded from `seed + i`, so that samples of different runs pair by index.
    """

    sampler: SamplerName = "block"
    max_new_tokens: int = 128
    block_length: int = 16
    steps: int = 128
    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    cfg_scale: float = 0.0
    remasking: Remasking = "low_confidence"
    samples_per_prompt: int = 2
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class ScoreSpec:
    """How to measure the loss on held-out pairs, as a validation of training does.

    Attributes:
        draws: fixed (t, mask) draws for each pair, 1 or more; a multiple of 5 covers five mask ratios alike. Losses are
            compared only where both have as many.
        max_length: tokens of prompt, response and EOS together; longer pairs are handled by `over_long`.
        over_long: as in training.
    """

    draws: int = 5
    max_length: int = 512
    over_long: OverLong = "skip"


@dataclass(frozen=True, kw_only=True)
class SessionSpec:
    """How a session waits for questions; how it answers them stands in `sampling`, as far as a question leaves it open.

    Attributes:
        idle_minutes: minutes without a question after which it ends and gives its memory back, above 0.
    """

    idle_minutes: float = 30.0


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One run: a task, a model, and what the task needs.

    Attributes:
        name: the run's directory name and its identity everywhere.
        task: `train` trains, then samples the canaries from the adapter; `sample` only samples; `score` measures the
            loss on held-out pairs; `session` keeps the model loaded and answers questions.
        parent: name of the run this one was copied from.
        objective: what training minimises and scoring measures; None for the one of the model's family.
        train: for the task `train` only.
        lora: likewise, and only for its method `lora`.
        score: for the task `score` only.
        session: for the task `session` only.
        adapter: for the tasks `sample`, `score` and `session`, None for the base.
        sample_base: whether a training run samples the canaries from the base before it trains.
        hashes: sha256 of `dataset/train.jsonl`, `dataset/holdout.jsonl`, `prompts.jsonl` and every file of `adapter`,
            as far as they are there, tagged `sha256:`.
        dataset_hash: content hash of the snapshot; for the tasks `train` and `score` only.
        canary_hash: content hash of the canary set; None for a session or a score run.
    """

    name: str
    task: Task
    model: ModelSpec = field(default_factory=ModelSpec)
    sampling: SamplingSpec = field(default_factory=SamplingSpec)
    train: TrainSpec | None = None
    lora: LoraSpec | None = None
    score: ScoreSpec | None = None
    session: SessionSpec | None = None
    adapter: AdapterSpec | None = None
    objective: Objective | None = None
    parent: str | None = None
    sample_base: bool = False
    dataset_hash: str | None = None
    canary_hash: str | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        problems = problems_of(self, SCHEMA_VERSION)
        if problems:
            raise SpecError(problems)

    def to_json(self) -> str:
        """Return the spec as indented JSON with every field written out."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> RunSpec:
        """Read a spec of this schema or an older one.

        Raises:
            SpecError: not JSON, an unknown key, a wrong type or a value out of range; all of them at once.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise SpecError([f"spec.json:{error.lineno}: not JSON ({error.msg}). Write the spec again."]) from error
        return from_dict(cls, _as_newest(data))


def method_name(spec: RunSpec) -> str:
    """Return how people call a training run's method: LoRA, QLoRA, DoRA, QDoRA or full fine-tuning."""
    if spec.lora is None:
        return "full fine-tuning"
    name = "DoRA" if spec.lora.use_dora else "LoRA"
    return f"Q{name}" if spec.model.quantization == "nf4" else name


def _as_newest(data: Any) -> Any:
    """Return a spec of an older schema with what it could not say added; anything else as it is."""
    if not isinstance(data, dict) or data.get("schema_version", SCHEMA_VERSION) != 1:
        return data
    train = data.get("train")
    if isinstance(train, dict):
        train = _AS_IN_SCHEMA_1 | train
    return data | {"train": train, "schema_version": SCHEMA_VERSION}


def sample_key(spec: RunSpec) -> str:
    """Return the key under which base samples are shared: model, prompt set, sampler and seeds."""
    # A temperature given as 0 reads back as 0.0: both are the same key.
    sampling = dataclasses.asdict(from_dict(SamplingSpec, dataclasses.asdict(spec.sampling)))
    # Fields that came later and change nothing stay out, so that base samples made before them are still shared.
    unchanged = {name for name, value in NEUTRAL.items() if sampling[name] == value}
    quantized = [] if spec.model.quantization == "none" else [spec.model.quantization]
    parts = {
        "model": [spec.model.id, spec.model.revision, spec.model.dtype, *quantized],
        "canary_hash": spec.canary_hash,
        "sampling": {name: value for name, value in sampling.items() if name not in unchanged},
    }
    return "sha256:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def substance(spec: RunSpec) -> dict[str, Any]:
    """Return what makes a run what it is, by dotted path: all fields but its name, its parent and what follows."""
    ignored = {"name", "parent", "hashes", "schema_version", "sample_base"}
    flat = _flatten(dataclasses.asdict(spec))
    return {path: value for path, value in flat.items() if path.split(".")[0] not in ignored}


def diff(parent: RunSpec, child: RunSpec) -> list[tuple[str, Any, Any]]:
    """List the fields (dotted path, parent's value, child's value) in which two specs differ in substance."""
    return differences(substance(parent), substance(child))


def differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """List the fields in which two specs differ that `substance` was asked of already."""
    return [
        (path, left.get(path), right.get(path))
        for path in dict.fromkeys([*left, *right])
        if left.get(path) != right.get(path)
    ]


def _flatten(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat
