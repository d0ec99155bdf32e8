"""What the samplers write down is replayed to the very text they made."""

from __future__ import annotations

import pytest
import torch

from curation.tokens import load_counter
from runners.spec import ModelSpec, SamplingSpec
from runners.tasks.models.registry import EMBEDDED, load
from runners.tasks.sample import sample_once, trace
from workbench.operations.replaying import blocks_of, canvas_ids, frames_of
from workbench.operations.token_pieces import Pieces, units_of
from workbench.operations.traces import Trace, trace_of


@pytest.fixture(scope="module")
def embedded():
    return load(ModelSpec(), torch.device("cpu"))


@pytest.mark.parametrize("steps", [32, 8])
def test_a_real_trace_leads_to_the_samples_tokens_and_text(embedded, steps):
    sampling = SamplingSpec(max_new_tokens=32, block_length=16, steps=steps, temperature=1.5)
    prompt, filled = sample_once(embedded, sampling, "The café’s sign said — what did it say? 🐌", index=0)
    found = trace_of(trace(prompt, filled))
    assert isinstance(found, Trace)
    ids = filled.canvas[0].tolist()
    assert canvas_ids(found) == ids
    blocks = blocks_of(found, 16, aligned=False)
    assert blocks == (range(16), range(16, 32))
    assert [len(frame.commits) for frame in frames_of(found, blocks)] == [32 // steps] * steps
    counter = load_counter(EMBEDDED / "tokenizer.json", name="embedded")
    special = {token: f"<{token}>" for token in embedded.layout.special_token_ids}
    texts = {token: piece for token in ids if (piece := counter.piece(token)) is not None}
    units, added = units_of(ids, Pieces(texts=texts, names=special, ends=embedded.layout.end_token_ids))
    shown = [unit for unit in units if unit.kind == "text"]
    text = "".join(added[place] for unit in shown for place in range(unit.first, unit.last + 1))
    assert text == embedded.codec.visible(ids)
