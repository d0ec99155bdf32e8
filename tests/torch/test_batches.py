import json
from dataclasses import replace

import pytest
import torch

from runners.errors import RunDirError, SpecError
from runners.layouts import Layout
from runners.tasks.batches import Example, Pair, collate, lay_out_pairs, order, read_pairs

LAYOUT = Layout(name="embedded", before=(1,), between=(2,), eos_token_id=3, mask_token_id=4, pad_token_id=5)
PAIRS = [Pair("short", "ab", "cd"), Pair("long", "ab", "cdefghij"), Pair("prompt", "abcdefghijkl", "m")]


def encode(text):
    return [ord(letter) for letter in text]


def laid(over_long):
    return lay_out_pairs(PAIRS, LAYOUT, encode, max_length=8, over_long=over_long)


def test_over_long_pairs_are_skipped_and_named():
    found = laid("skip")
    assert [example.id for example in found.used] == ["short"]
    assert found.skipped == (("long", 13), ("prompt", 16))
    assert found.cut == ()


def test_a_cut_response_gets_no_eos_and_a_prompt_that_fills_everything_is_skipped():
    found = laid("cut")
    assert [example.id for example in found.used] == ["short", "long"]
    assert found.used[0].input_ids[-1] == LAYOUT.eos_token_id
    assert found.used[1].input_ids == [1, *encode("ab"), 2, *encode("cdef")]
    assert (found.cut, found.skipped) == ((("long", 13),), (("prompt", 16),))


def test_refusing_names_every_over_long_pair():
    with pytest.raises(SpecError) as caught:
        laid("refuse")
    assert len(caught.value.problems) == 2
    assert "long is 13 tokens" in caught.value.problems[0]


def test_padding_is_neither_seen_nor_learnt():
    batch = collate([Example("a", [7, 8, 9], 1), Example("b", [7, 8, 9, 9, 3], 2)], layout=LAYOUT, eos_padding="none")
    assert batch.input_ids.tolist() == [[7, 8, 9, 5, 5], [7, 8, 9, 9, 3]]
    assert batch.response.int().tolist() == [[0, 1, 1, 0, 0], [0, 0, 1, 1, 1]]
    assert batch.attention_mask.int().tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]


def test_eos_padding_counts_as_response():
    batch = collate([Example("a", [7, 8, 3], 1), Example("b", [7, 8, 9, 9, 3], 2)], layout=LAYOUT, eos_padding="eos")
    assert batch.input_ids.tolist() == [[7, 8, 3, 3, 3], [7, 8, 9, 9, 3]]
    assert batch.response.sum(1).tolist() == [4, 3]
    assert batch.attention_mask is None


def test_rainbow_padding_cycles_through_reserved_tokens_behind_one_true_eos():
    layout = replace(LAYOUT, reserved_token_ids=(20, 21, 22))
    rows = [Example("a", [7, 8, 3], 1), Example("b", [7, 8, 9, 9, 9, 9, 3], 2)]
    batch = collate(rows, layout=layout, eos_padding="rainbow")
    assert batch.input_ids.tolist()[0] == [7, 8, 3, 20, 21, 22, 20]
    assert batch.response.sum(1).tolist() == [6, 5]
    assert batch.attention_mask is None


def test_a_row_alone_is_filled_up_to_a_multiple_but_never_beyond_the_longest_allowed():
    def length(tokens, **options):
        rows = [Example("a", [7] * (tokens - 1) + [3], 1)]
        return collate(rows, layout=LAYOUT, eos_padding="eos", pad_to_multiple_of=8, **options).input_ids.shape[1]

    assert [length(5), length(8), length(9)] == [8, 8, 16]
    assert length(9, max_length=12) == 12
    assert length(12, max_length=12) == 12


def test_rows_of_one_length_need_no_attention_mask():
    assert collate([Example("a", [7, 8], 1)] * 2, layout=LAYOUT, eos_padding="none").attention_mask is None


def test_every_pair_comes_once_before_any_comes_again():
    taken = order(5, seed=1, start=0, take=15)
    assert [sorted(taken[start : start + 5]) for start in (0, 5, 10)] == [list(range(5))] * 3
    assert taken[:5] != taken[5:10] or taken[5:10] != taken[10:]


def test_the_order_can_be_taken_up_anywhere():
    whole = order(5, seed=1, start=0, take=20)
    assert order(5, seed=1, start=7, take=9) == whole[7:16]
    assert order(5, seed=2, start=0, take=20) != whole


def test_a_line_separator_inside_a_pair_breaks_no_line(tmp_path):
    row = {"id": "a", "prompt": "one\u2028two", "response": "three\x85four"}
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_pairs(path) == [Pair("a", "one\u2028two", "three\x85four")]


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text('{"id": "a", "prompt": "b", "response": "c"}\n{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(RunDirError, match=r"train\.jsonl:2: "):
        read_pairs(path)


def test_an_empty_or_missing_file_of_pairs(tmp_path):
    path = tmp_path / "holdout.jsonl"
    with pytest.raises(RunDirError, match="missing"):
        read_pairs(path)
    path.touch()
    assert read_pairs(path) == []


def test_collated_ids_are_whole_numbers():
    assert collate([Example("a", [7, 8], 1)], layout=LAYOUT, eos_padding="none").input_ids.dtype == torch.int64
