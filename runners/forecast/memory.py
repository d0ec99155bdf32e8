"""How much memory a training step takes, from the tensors that are alive at its peak.

Nothing is fitted: each term is a count of tensors that the loop in `tasks/` keeps, read off what torch's autograd
saves for one layer, and checked against measured allocations in `tests/torch/test_forecast.py`. What cannot be counted
(the CUDA context, the rounding of its allocator) is one allowance of its own, `RESERVE_BYTES`.

Two moments can be the peak: the head's logits while every layer's activations are kept, or the recomputation of a layer
on the way back, beside what its gradients need for a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runners.forecast.shapes import Shape
from runners.spec import LoraSpec, ModelSpec, TrainSpec

GIB = 1024**3
RESERVE_BYTES = int(0.6 * GIB)
"""Taken for the CUDA context and what the allocator rounds up; assumed, not counted."""

PROCESS_BYTES = int(0.8 * GIB)
"""What the program takes itself where the weights lie in the machine's own memory; assumed: 0.4 GiB were measured
after importing torch, transformers and peft; the embedded model trained in 1.1 GiB, 0.4 of them tensors as computed."""

CHUNK_ROWS, WHOLE_LOGITS = 512, 2**25
"""Rows whose logits are held at once, and logits computed in one piece; a test holds them equal to the objective's."""

_FLOAT = 4
_HALF = 2
# NF4 with double quantisation: half a byte a weight, one byte of scale for 64, and 4 bytes for 256 of those.
_NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes at the peak of a training step, by what they hold.

    Attributes:
        weights: the model's, in memory.
        trained: the adapter's weights; 0 where the model itself is trained.
        moments: of AdamW.
        gradients: of all that is trained; alive beside the activations only where passes are accumulated.
        activations: kept by the forward pass for the backward pass.
        head: the loss: states, logits and their gradient.
        layer: going back through one layer, with its activations where they are recomputed.
        update: for a moment in AdamW's own step.
        accumulated: whether gradients of an earlier pass are there when the next one is at its peak.
        reserve: the CUDA context and rounding on a card; elsewhere the program itself.
        gathered: weights and gradients that are whole for a moment where each process keeps a part of all; else 0.
        whole: the whole weights, which the first of such processes validates and samples with between steps; else 0.
    """

    weights: int
    trained: int
    moments: int
    gradients: int
    activations: int
    head: int
    layer: int
    update: int
    accumulated: bool
    reserve: int = 0
    gathered: int = 0
    whole: int = 0

    @property
    def resting(self) -> int:
        """What is there between two steps."""
        return self.weights + self.trained + self.moments + self.reserve

    @property
    def total(self) -> int:
        """The most at any moment of a step: at the loss, going back, or while the weights are changed."""
        forward = self.activations + max(self.head, self.layer)
        if self.accumulated:
            forward += self.gradients
        step = max(forward + self.gathered, self.gradients + self.layer + self.gathered, self.gradients + self.update)
        return self.resting + max(step, self.whole)


def forecast_memory(
    shape: Shape,
    model: ModelSpec,
    train: TrainSpec,
    lora: LoraSpec | None,
    *,
    default_targets: Sequence[str],
    cuda: bool = True,
    doubled: bool = False,
) -> Memory:
    """Return what one training step takes at most, with every pair as long as `max_length`.

    Args:
        shape: the network's sizes.
        model: number format and quantization.
        train: method, batch, length, checkpointing, optimizer.
        lora: the adapter; None where the whole model is trained.
        default_targets: the linear layers an adapter goes to when the spec names none.
        cuda: whether it runs on a CUDA card.
        doubled: whether a clean copy stands beside the noised sequence, as in block diffusion.
    """
    tokens = train.per_device_train_batch_size * train.max_length
    plan = _Plan(
        shape=shape,
        seen=tokens * (2 if doubled else 1),
        answered=tokens,
        model=model,
        train=train,
        lora=None if train.method == "full" else lora,
        targets=_targets(shape, lora, default_targets),
        cuda=cuda,
    )
    recomputes = train.gradient_checkpointing == "on" or (train.gradient_checkpointing == "auto" and cuda)
    trained = shape.parameters if plan.lora is None else plan.adapter_parameters()
    width = plan.stored if plan.lora is None else plan.adapter_stored
    layer, states = plan.layer_bytes(), plan.seen * shape.hidden * plan.stream
    small_moments = train.optim == "adamw_bnb_8bit"
    sharded, parts = train.sharding == "fsdp2", train.world_size if train.sharding == "fsdp2" else 1
    trained = -(-trained // parts)
    return Memory(
        weights=-(-plan.weight_bytes() // parts),
        trained=0 if plan.lora is None else trained * width,
        moments=trained * 2 * (1 if small_moments else width),
        gradients=trained * width,
        activations=shape.layers * (states if recomputes else layer) + states + plan.casts(recomputes=recomputes),
        head=plan.head_bytes(),
        layer=(layer if recomputes else 0) + plan.layer_passing(),
        # On CUDA torch's AdamW takes the roots of all second moments at once; elsewhere, and in 8 bits, one by one.
        update=trained * width if cuda and not small_moments else plan.largest_trained() * width // parts,
        accumulated=train.gradient_accumulation_steps > 1,
        reserve=RESERVE_BYTES if cuda else PROCESS_BYTES,
        gathered=plan.gathered() if sharded else 0,
        whole=plan.weight_bytes() if sharded else 0,
    )


def _targets(shape: Shape, lora: LoraSpec | None, default: Sequence[str]) -> tuple[str, ...]:
    """Return the linear layers of a block that take an adapter, by their names in `Shape.linears`."""
    named = tuple(lora.target_modules) if lora and lora.target_modules else tuple(default)
    if named == ("all-linear",):
        return tuple(shape.linears)
    return tuple(name for name in shape.linears if name in named or name.rpartition(".")[2] in named)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """The terms of one step; `seen` tokens go through the layers, `answered` may be predicted."""

    shape: Shape
    seen: int
    answered: int
    model: ModelSpec
    train: TrainSpec
    lora: LoraSpec | None
    targets: tuple[str, ...]
    cuda: bool

    @property
    def stored(self) -> int:
        """Bytes of a weight that is not quantised."""
        return _FLOAT if self.model.dtype == "float32" else _HALF

    @property
    def adapter_stored(self) -> int:
        """Bytes of an adapter's weight: peft keeps it in float32 over 16-bit weights."""
        return _FLOAT

    @property
    def mixed(self) -> bool:
        """Whether arithmetic is cast down, pass by pass."""
        return self.train.mixed_precision != "no" and self.model.dtype == "float32"

    @property
    def stream(self) -> int:
        """Bytes of a number of the residual stream."""
        return self.stored

    @property
    def worked(self) -> int:
        """Bytes of a number that a matrix product gives."""
        return _HALF if self.mixed else self.stored

    def weight_bytes(self) -> int:
        shape = self.shape
        if self.model.quantization == "none":
            return shape.parameters * self.stored
        rest = shape.parameters - shape.linear_parameters
        return int(shape.linear_parameters * _NF4_BYTES + rest * self.stored)

    def adapter_parameters(self) -> int:
        assert self.lora is not None
        sizes = [self.shape.linears[name] for name in self.targets]
        of_layer = sum(self.lora.r * (inputs + outputs) for inputs, outputs in sizes)
        if self.lora.use_dora:
            of_layer += sum(outputs for _, outputs in sizes)
        return self.shape.layers * of_layer

    def largest_trained(self) -> int:
        """Return the weights of the largest tensor that is trained."""
        if self.lora is not None:
            return max((max(self.shape.linears[name]) * self.lora.r for name in self.targets), default=0)
        return self.shape.hidden * max(self.shape.vocabulary, self.shape.inner)

    def casts(self, *, recomputes: bool) -> int:
        """Return what autocast's copies of the weights take: of all layers, until the pass is over.

        Where the weights are gathered layer by layer no copy is kept beyond what is needed to go back.
        """
        layers = 1 if recomputes and self.train.sharding == "fsdp2" else self.shape.layers
        return self.shape.linear_parameters // self.shape.layers * layers * _HALF if self.mixed else 0

    def gathered(self) -> int:
        """Return what is whole for a moment: embeddings and head, two layers, and the gradients of both on the way."""
        layer = self.shape.linear_parameters // self.shape.layers
        ends = self.shape.parameters - self.shape.linear_parameters
        return 2 * (ends + 2 * layer) * self.stored

    def layer_bytes(self) -> int:
        """Return what autograd keeps of one layer."""
        shape, seen = self.shape, self.seen
        queries, keys = shape.heads * shape.head_width, shape.key_heads * shape.head_width
        attention = seen * (2 * queries + 2 * keys) * self.worked + seen * shape.heads * _FLOAT
        return self._norms() + attention + self._mlp() + self._inputs()

    def _norms(self) -> int:
        shape, seen = self.shape, self.seen
        if shape.network == "GPT2LMHeadModel":
            return seen * (2 * shape.hidden + 4) * self.stream
        # RMSNorm computes in float32, and keeps the sum's root beside its input.
        kept = seen * (2 * shape.hidden + 2) * _FLOAT
        if self.lora is None:
            kept += seen * 2 * shape.hidden * self.stream
        if shape.network == "Qwen3ForCausalLM":
            heads = shape.heads + shape.key_heads
            kept += seen * heads * (shape.head_width + 1) * _FLOAT
            if self.lora is None:
                kept += seen * heads * shape.head_width * self.worked
        return kept

    def _mlp(self) -> int:
        # GELU written out keeps its input and three powers and products of it; SiLU gate, up, and what gates.
        tensors = 4 if self.shape.network == "GPT2LMHeadModel" else 3
        return tensors * self.seen * self.shape.inner * self.worked

    def _inputs(self) -> int:
        """Return what is kept of the linear layers' inputs, for the gradients of the weights that are trained."""
        shape, seen = self.shape, self.seen
        if self.lora is None:
            copies = 5 if self.mixed and shape.network != "GPT2LMHeadModel" else 2
            return seen * (copies * shape.hidden + shape.inner) * self.worked
        given = _HALF if self.mixed else self.adapter_stored
        sizes = {name: shape.linears[name] for name in self.targets}
        kept = len(sizes) * seen * self.lora.r * given
        if self.lora.lora_dropout > 0:
            mask = 1 if self.cuda else given
            return kept + seen * sum(inputs for inputs, _ in sizes.values()) * (given + mask)
        if given != self.stored or self.mixed:
            # Cast for each adapter by itself.
            return kept + seen * sum(inputs for inputs, _ in sizes.values()) * given
        shared = {self._input_of(name): inputs for name, (inputs, _) in sizes.items()}
        shared.pop("attention's output", None)  # kept already
        return kept + seen * sum(shared.values()) * given

    def _input_of(self, name: str) -> str:
        if name in ("q_proj", "k_proj", "v_proj", "c_attn"):
            return "attention's input"
        if name in ("o_proj", "attn.c_proj"):
            return "attention's output"
        return "mlp's input" if name in ("gate_proj", "up_proj", "c_fc") else "mlp's output"

    def head_bytes(self) -> int:
        """Return what the loss takes: the states it predicts from, their gradient, and the logits it goes through."""
        shape, rows = self.shape, self.answered
        chunk = min(rows, CHUNK_ROWS) * shape.vocabulary
        states = rows * shape.hidden * (self.worked + self.stream)
        if self.lora is not None:
            # The logits as computed and in float32, or then their gradient and what it is multiplied as; one buffer
            # where both are float32. Mixed arithmetic makes a 16-bit copy of the head.
            copied = shape.vocabulary * shape.hidden * _HALF if self.mixed else 0
            return states + chunk * (_FLOAT if self.worked == _FLOAT else _FLOAT + _HALF) + copied
        if rows <= CHUNK_ROWS and rows * shape.vocabulary <= WHOLE_LOGITS:
            # Going back: the logarithms of the probabilities, the gradient of the loss, and that of the logits.
            return states + rows * shape.vocabulary * 3 * _FLOAT
        # The fused loss works in one buffer; off CUDA it makes a float32 copy of a 16-bit head.
        copied = 0 if self.cuda or self.worked == _FLOAT else shape.vocabulary * shape.hidden * _FLOAT
        return states + chunk * _FLOAT + copied

    def layer_passing(self) -> int:
        """Return what going back through one layer needs for a moment: gradients inside the MLP, and of the stream."""
        shape = self.shape
        gradients = self.seen * (3 * shape.inner * self.worked + 2 * shape.hidden * max(self.stream, self.worked))
        unpacked = max(inputs * outputs for inputs, outputs in shape.linears.values()) * self.stored
        return gradients + (unpacked if self.model.quantization != "none" else 0)
