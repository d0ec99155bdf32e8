"""What the terminal shows of masking and padding is what the job's tensors do."""

import random

import pytest
import torch

from runners.layouts import Layout, lay_out
from runners.sequences import fit, hidden_positions, hiding_probability, padding, padding_is_learnt
from runners.tasks.batches import Pair, collate, lay_out_pairs
from runners.tasks.objectives import hide

LAYOUT = Layout(name="embedded", before=(1,), between=(2,), eos_token_id=3, mask_token_id=4, pad_token_id=5)


def encode(text):
    return [ord(letter) for letter in text]


@pytest.mark.parametrize("t", [0.0, 0.01, 0.25, 0.5, 0.999, 1.0])
def test_a_number_is_hidden_exactly_where_a_tensor_is(t):
    draw = random.Random(7)
    # Draws of a float32 generator, so that both compare the very same numbers.
    uniform = [[draw.getrandbits(24) / 2**24 for _ in range(60)] for _ in range(40)]
    response = [[draw.random() < 0.7 for _ in range(60)] for _ in range(40)]
    tensors = hide(
        torch.zeros(40, 60, dtype=torch.int64), torch.tensor(response), torch.full((40,), t), torch.tensor(uniform), 9
    )
    assert tensors.p_mask.tolist() == pytest.approx([hiding_probability(t)] * 40)
    for row in range(40):
        assert hidden_positions(uniform[row], response[row], t) == tensors.hidden[row].tolist()


@pytest.mark.parametrize("eos_padding", ["none", "eos"])
@pytest.mark.parametrize("cut", [True, False])
def test_what_is_fitted_and_padded_is_the_row_of_the_batch(eos_padding, cut):
    pairs = [Pair("a", "ab", "cd"), Pair("b", "ab", "cdefghijkl"), Pair("c", "ab", "cdef")]
    examples = lay_out_pairs(pairs, LAYOUT, encode, max_length=10, over_long="cut" if cut else "skip").used
    batch = collate(examples, layout=LAYOUT, eos_padding=eos_padding)
    length = batch.input_ids.shape[1]
    rows = []
    for pair in pairs:
        laid = lay_out(LAYOUT, encode, pair.prompt, pair.response)
        ids = fit(laid, max_length=10, cut=cut)
        if ids is None:
            continue
        end = length if padding_is_learnt(eos_padding) else len(ids)
        response = [laid.prompt_length <= place < end for place in range(length)]
        rows.append((ids + padding(LAYOUT, eos_padding, length - len(ids)), response))
    assert [row for row, _ in rows] == batch.input_ids.tolist()
    assert [response for _, response in rows] == batch.response.tolist()
    assert len(rows) == (3 if cut else 2)
