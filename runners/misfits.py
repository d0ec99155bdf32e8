"""What of a spec cannot be carried out with a model, as far as it is known without its weights; torch-free.

The launch form asks before a run is launched, the job once more when it has read the model's files.
"""

from __future__ import annotations

from runners.families.base import Known
from runners.spec import RunSpec


def misfits(spec: RunSpec, known: Known) -> list[str]:
    """Return each problem as the field's dotted path, what was found, and what to choose instead."""
    family, sampling, found = known.family, spec.sampling, []
    if spec.task in ("train", "score") and spec.objective is not None and spec.objective not in family.objectives:
        found.append(
            f"objective: found {spec.objective}, which does not fit {family.title}. Expected "
            f"{' or '.join(family.objectives)}."
        )
    if sampling.sampler not in family.samplers:
        found.append(
            f"sampling.sampler: found {sampling.sampler}, which does not fit {family.title}. Expected "
            f"{' or '.join(family.samplers)}."
        )
    elif known.block_tokens is not None and sampling.block_length != known.block_tokens:
        found.append(
            f"sampling.block_length: found {sampling.block_length}, and this model fills blocks of "
            f"{known.block_tokens}, as it was trained to. Set it to {known.block_tokens}."
        )
    objective = spec.objective or family.objectives[0]
    if spec.train is not None and spec.train.complementary_masks and objective == "causal":
        found.append(
            "train.complementary_masks: found true, and the objective causal hides nothing, so every pair would be "
            "taken twice for nothing. Set it to false."
        )
    limit = known.context_tokens if family.context_is_hard else None
    for section, part in (("train", spec.train), ("score", spec.score)):
        if limit is not None and part is not None and part.max_length > limit:
            found.append(
                f"{section}.max_length: found {part.max_length}; {family.title} has positions for {limit} tokens and "
                "none beyond. Lower it."
            )
    return found
