"""The spec: what a run is to do, as frozen dataclasses that check themselves.

A spec is written once into the run directory and never edited. Every field has a unit and a range; an unknown key is
an error that names the nearest known one. All problems of a spec are reported at once.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import types
import typing
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar, get_args, get_origin

from runners.errors import SpecError
from runners.sampler_fields import NEUTRAL, sampling_problems

SCHEMA_VERSION = 1

T = TypeVar("T")

Task = Literal["train", "sample"]
Dtype = Literal["float32", "bfloat16", "float16"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Schedule = Literal["cosine", "constant"]
Remasking = Literal["low_confidence", "random"]
EosPadding = Literal["none", "eos"]
Objective = Literal["masked-diffusion", "block-diffusion", "causal"]
SamplerName = Literal["block", "autoregressive"]


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Which weights to load.

    Attributes:
        id: `embedded`, a Hugging Face repository id, or a folder.
        revision: commit of the repository; None for `embedded` and folders.
        dtype: number format of the weights in memory.
        device: where the weights live; `auto` takes CUDA, then MPS, then the CPU.
    """

    id: str = "embedded"
    revision: str | None = None
    dtype: Dtype = "float32"
    device: Device = "auto"


@dataclass(frozen=True, kw_only=True)
class AdapterSpec:
    """Which adapter to lay over the base, for a sample run.

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
        target_modules: names of linear layers, or the model's own default when empty.
    """

    r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    target_modules: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrainSpec:
    """How to train.

    Attributes:
        learning_rate: peak rate of AdamW, above 0; what was published for a model stands in its family's file.
        max_steps: optimizer steps, 1 or more.
        per_device_train_batch_size: pairs in one forward pass.
        gradient_accumulation_steps: forward passes for one optimizer step.
        max_length: tokens of prompt, response and EOS together; longer pairs are handled by `over_long`.
        over_long: `refuse` ends the run before it starts, `skip` leaves the pair out and says so, `cut` cuts the
            response and gives it no EOS.
        lr_scheduler_type: shape of the rate after warm-up.
        warmup_steps: steps of linear warm-up.
        weight_decay: decoupled decay of AdamW, 0 or more.
        max_grad_norm: clip above this norm, above 0.
        eos_padding: `none` keeps one true EOS a response; `eos` fills the batch up with EOS that counts as response.
        t_min: lower end of the mask ratio t, 0 to below 1; t is stratified over the accumulated batch.
        eval_every_steps: optimizer steps between validations; 0 for start and end only.
        eval_draws: fixed (t, mask) draws for each validation pair.
        checkpoint_every_steps: optimizer steps between checkpoints; 0 for the end only.
        sample_every_steps: optimizer steps between canary samples; 0 for the end only.
        seed: of masks, order and initial adapter.
    """

    learning_rate: float = 5e-5
    max_steps: int = 120
    per_device_train_batch_size: int = 4
    gradient_accumulation_steps: int = 1
    max_length: int = 512
    over_long: Literal["refuse", "skip", "cut"] = "skip"
    lr_scheduler_type: Schedule = "cosine"
    warmup_steps: int = 10
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    eos_padding: EosPadding = "none"
    t_min: float = 0.0
    eval_every_steps: int = 0
    eval_draws: int = 4
    checkpoint_every_steps: int = 0
    sample_every_steps: int = 0
    seed: int = 1


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
class RunSpec:
    """One run: a task, a model, and what the task needs.

    Attributes:
        name: the run's directory name and its identity everywhere.
        task: `train` trains, then samples the canaries from the adapter; `sample` only samples.
        parent: name of the run this one was copied from.
        objective: what training minimises; None for the one of the model's family.
        train, lora: for the task `train` only.
        adapter: for the task `sample`, None for the base.
        sample_base: whether a training run samples the canaries from the base before it trains.
        hashes: sha256 of `dataset/train.jsonl`, `dataset/holdout.jsonl`, `prompts.jsonl` and every file of `adapter`,
            as far as they are there, tagged `sha256:`.
        dataset_hash: content hash of the snapshot; None for the task `sample`.
        canary_hash: content hash of the canary set.
    """

    name: str
    task: Task
    model: ModelSpec = field(default_factory=ModelSpec)
    sampling: SamplingSpec = field(default_factory=SamplingSpec)
    train: TrainSpec | None = None
    lora: LoraSpec | None = None
    adapter: AdapterSpec | None = None
    objective: Objective | None = None
    parent: str | None = None
    sample_base: bool = False
    dataset_hash: str | None = None
    canary_hash: str | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        problems = _problems(self)
        if problems:
            raise SpecError(problems)

    def to_json(self) -> str:
        """Return the spec as indented JSON with every field written out."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> RunSpec:
        """Read a spec.

        Raises:
            SpecError: not JSON, an unknown key, a wrong type or a value out of range; all of them at once.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise SpecError([f"spec.json:{error.lineno}: not JSON ({error.msg}). Write the spec again."]) from error
        return from_dict(cls, data)


def from_dict(cls: type[T], data: Any) -> T:
    """Build the dataclass `cls` from plain JSON data; see `RunSpec.from_json` for the errors."""
    problems: list[str] = []
    built = _build(cls, data, "", problems)
    if problems:
        raise SpecError(problems)
    return typing.cast(T, built)


def sample_key(spec: RunSpec) -> str:
    """Return the key under which base samples are shared: model, prompt set, sampler and seeds."""
    # A temperature given as 0 reads back as 0.0: both are the same key.
    sampling = dataclasses.asdict(from_dict(SamplingSpec, dataclasses.asdict(spec.sampling)))
    # Fields that came later and change nothing stay out, so that base samples made before them are still shared.
    unchanged = {name for name, value in NEUTRAL.items() if sampling[name] == value}
    parts = {
        "model": [spec.model.id, spec.model.revision, spec.model.dtype],
        "canary_hash": spec.canary_hash,
        "sampling": {name: value for name, value in sampling.items() if name not in unchanged},
    }
    return "sha256:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def diff(parent: RunSpec, child: RunSpec) -> list[tuple[str, Any, Any]]:
    """List the fields (dotted path, parent's value, child's value) in which two specs differ in substance."""
    ignored = {"name", "parent", "hashes", "schema_version", "sample_base"}
    left, right = _flatten(dataclasses.asdict(parent)), _flatten(dataclasses.asdict(child))
    keys = [key for key in dict.fromkeys([*left, *right]) if key.split(".")[0] not in ignored]
    return [(key, left.get(key), right.get(key)) for key in keys if left.get(key) != right.get(key)]


def _flatten(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def _build(cls: Any, data: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(data, dict):
        problems.append(f"{path or 'spec'}: found {type(data).__name__}, expected an object.")
        return None
    hints = typing.get_type_hints(cls)
    known = [f.name for f in fields(cls)]
    values: dict[str, Any] = {}
    for key, value in data.items():
        where = f"{path}.{key}" if path else key
        if key not in hints:
            near = difflib.get_close_matches(key, known, n=1)
            problems.append(
                f"{where}: no such field." + (f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}.")
            )
            continue
        values[key] = _convert(hints[key], value, where, problems)
    for f in fields(cls):
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if required and f.name not in data:
            problems.append(f"{path + '.' if path else ''}{f.name}: missing. Add it.")
    if problems:
        return None
    try:
        return cls(**values)
    except SpecError as error:
        problems.extend(error.problems)
        return None


def _convert(hint: Any, value: Any, where: str, problems: list[str]) -> Any:
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        if value is None and len(options) < len(get_args(hint)):
            return None
        return _convert(options[0], value, where, problems)
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, where, problems)
    if origin is Literal:
        if value not in get_args(hint):
            problems.append(f"{where}: found {value!r}, expected one of {', '.join(map(str, get_args(hint)))}.")
        return value
    if origin is tuple and isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if origin is dict and isinstance(value, dict):
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is None and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    problems.append(f"{where}: found {value!r}, expected {getattr(hint, '__name__', hint)}.")
    return value


def _problems(spec: RunSpec) -> list[str]:
    """Check ranges, and that the parts fit the task."""
    found: list[str] = []

    def need(ok: bool, text: str) -> None:
        if not ok:
            found.append(text)

    need(
        spec.schema_version == SCHEMA_VERSION,
        f"schema_version: found {spec.schema_version}, this program reads {SCHEMA_VERSION}.",
    )
    need(
        bool(spec.name) and "/" not in spec.name and spec.name not in (".", ".."),
        f"name: {spec.name!r} is no directory name.",
    )
    if spec.task == "train":
        need(spec.train is not None and spec.lora is not None, "train and lora: missing, the task is train.")
        need(spec.dataset_hash is not None, "dataset_hash: missing. Freeze a dataset and train on it.")
        need(spec.adapter is None, "adapter: only for the task sample.")
    else:
        need(spec.train is None and spec.lora is None, "train and lora: only for the task train.")
    if (train := spec.train) is not None:
        for name in (
            "max_steps",
            "per_device_train_batch_size",
            "gradient_accumulation_steps",
            "max_length",
            "eval_draws",
        ):
            need(getattr(train, name) >= 1, f"train.{name}: found {getattr(train, name)}, expected 1 or more.")
        for name in (
            "warmup_steps",
            "eval_every_steps",
            "checkpoint_every_steps",
            "sample_every_steps",
            "weight_decay",
        ):
            need(getattr(train, name) >= 0, f"train.{name}: found {getattr(train, name)}, expected 0 or more.")
        for name in ("learning_rate", "max_grad_norm"):
            need(getattr(train, name) > 0, f"train.{name}: found {getattr(train, name)}, expected above 0.")
        need(0 <= train.t_min < 1, f"train.t_min: found {train.t_min}, expected 0 to below 1.")
    if (lora := spec.lora) is not None:
        need(lora.r >= 1, f"lora.r: found {lora.r}, expected 1 or more.")
        need(lora.lora_alpha > 0, f"lora.lora_alpha: found {lora.lora_alpha}, expected above 0.")
        need(
            0 <= lora.lora_dropout < 1,
            f"lora.lora_dropout: found {lora.lora_dropout}, expected 0 to below 1.",
        )
    found += sampling_problems(spec.sampling)
    return found
