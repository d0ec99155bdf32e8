"""Pairs as JSON lines."""

from __future__ import annotations

import pytest

from curation.jsonl import JsonPair, read_jsonl, write_jsonl


@pytest.mark.parametrize(
    "line",
    [
        '{"prompt": "P", "completion": "R"}',
        '{"id": "x", "prompt": "P", "response": "R", "tier": "note"}',
        '{"instruction": "P", "input": "", "output": "R"}',
        '{"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "P"}, '
        '{"role": "assistant", "content": "R"}]}',
        '{"conversations": [{"from": "human", "value": "P"}, {"from": "gpt", "value": "R"}]}',
    ],
)
def test_each_known_form_is_read(line: str) -> None:
    assert read_jsonl(f"\n{line}\r\n", "p.jsonl") == ([JsonPair("P", "R", 2)], [])


def test_alpaca_input_follows_its_instruction() -> None:
    pairs, _ = read_jsonl('{"instruction": "P", "input": "I", "output": "R"}', "p.jsonl")
    assert pairs[0].prompt == "P\n\nI"


def test_every_bad_line_is_named_and_the_good_ones_come_in() -> None:
    text = "\n".join(
        [
            "{", "[]", '{"text": "T"}', '{"prompt": "P", "completion": 3}',
            '{"messages": [{"role": "user", "content": "P"}]}',
            '{"messages": [3]}', '{"prompt": "P", "completion": "R"}',
        ]
    )  # fmt: skip
    pairs, problems = read_jsonl(text, "p.jsonl")
    assert [pair.line for pair in pairs] == [7]
    assert [problem.line for problem in problems] == [1, 2, 3, 4, 5, 6]
    assert str(problems[2]) == "p.jsonl:3: has no prompt: found the keys text. Add one, or delete the line."


def test_an_empty_file_is_a_problem() -> None:
    assert read_jsonl("\n", "p.jsonl")[1][0].message.startswith("holds no lines")


@pytest.mark.parametrize("form", ["chat", "prompt-completion"])
def test_what_is_written_is_read_again(form: str) -> None:
    pairs = [("A “prompt”\n\nhere", "R\u2028esponse"), ("P", "R")]
    text = write_jsonl(pairs, form=form)
    assert text.count("\n") == 2
    assert [(pair.prompt, pair.response) for pair in read_jsonl(text, "p.jsonl")[0]] == pairs
