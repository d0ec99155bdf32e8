"""Pairs as JSON lines."""

from __future__ import annotations

import json

import pytest

from curation.errors import CurationError
from curation.filepair import FilePair
from curation.jsonl import FORMS, Form, read_jsonl, write_jsonl


def pair(prompt: str, response: str, line: int = 0) -> FilePair:
    return FilePair(prompt=prompt, response=response, line=line)


@pytest.mark.parametrize(
    "line",
    [
        '{"prompt": "P", "completion": "R"}',
        '{"id": "x", "prompt": "P", "response": "R"}',
        '{"instruction": "P", "input": "", "output": "R"}',
        '{"messages": [{"role": "user", "content": "P"}, {"role": "assistant", "content": "R"}]}',
        '{"conversations": [{"from": "human", "value": "P"}, {"from": "gpt", "value": "R"}]}',
        '{"text": "P\\n\\n---\\n\\nR"}',
    ],
)
def test_each_known_form_is_read(line: str) -> None:
    assert read_jsonl(f"\n{line}\r\n", "p.jsonl") == ([pair("P", "R", 2)], [])
    assert read_jsonl(f"[\n{line},\n{line}]", "p.json") == ([pair("P", "R", 2), pair("P", "R", 3)], [])


def test_tier_source_and_split_are_read_by_number_or_name() -> None:
    rows = [
        '{"prompt": "P", "response": "R", "tier": "note", "source": "the_back_wheel", "split": "validation"}',
        '{"prompt": "P", "response": "R", "tier": 1, "source": null, "split": "train"}',
    ]
    pairs, problems = read_jsonl("\n".join(rows), "p.jsonl")
    assert problems == []
    assert [(item.tier, item.source, item.split) for item in pairs] == [
        ("note", "the-back-wheel", "holdout"),
        ("rewrite", None, "train"),
    ]


def test_alpaca_input_follows_its_instruction() -> None:
    pairs, _ = read_jsonl('{"instruction": "P", "input": "I", "output": "R"}', "p.jsonl")
    assert pairs[0].prompt == "P\n\nI"


def test_only_the_first_break_of_a_text_parts_prompt_and_response() -> None:
    pairs, _ = read_jsonl(json.dumps({"text": "P\n\n---\n\nR\n\n---\n\nmore"}), "p.jsonl")
    assert (pairs[0].prompt, pairs[0].response) == ("P", "R\n\n---\n\nmore")


def test_every_bad_line_is_named_and_the_good_ones_come_in() -> None:
    text = "\n".join(
        [
            "{", "[]", '{"text": "T"}', '{"prompt": "P", "completion": 3}',
            '{"messages": [{"role": "user", "content": "P"}]}', '{"messages": [3]}',
            '{"prompt": "P", "completion": "R", "tier": 7}', '{"prompt": "P", "completion": "half \\ud800"}',
            '{"prompt": "P", "completion": "R", "split": "both", "source": 4}', '{"prompt": "P", "completion": "R"}',
        ]
    )  # fmt: skip
    pairs, problems = read_jsonl(text, "p.jsonl")
    assert [item.line for item in pairs] == [10]
    assert [problem.line for problem in problems] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert str(problems[3]) == (
        "p.jsonl:4: has no response: found the keys completion, prompt. Add one, or delete the line."
    )
    assert "half a character" in problems[7].message


def test_no_text_is_left_out_without_a_word() -> None:
    lines = [
        '{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "P"}, '
        '{"role": "assistant", "content": "R"}]}',
        '{"prompt": "P", "completion": "R", "comment": "mine"}',
    ]
    pairs, problems = read_jsonl("\n".join(lines), "p.jsonl")
    assert len(pairs) == 2
    assert [(problem.line, "Be brief." in problem.message, "comment" in problem.message) for problem in problems] == [
        (1, True, False),
        (2, False, True),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"type": "text", "text": "P"}]', "a turn whose content is no text but a list"),
        ('{"text": "P"}', "a turn whose content is no text but an object"),
        ("3", "a turn whose content is no text but 3"),
        ("null", "a turn without text"),
        ('"  "', "a turn without text"),
    ],
)
def test_a_turn_that_is_no_text_is_told_from_one_without(content: str, said: str) -> None:
    line = '{"messages": [{"role": "user", "content": ' + content + '}, {"role": "assistant", "content": "R"}]}'
    pairs, problems = read_jsonl(line, "a.jsonl")
    assert pairs == []
    assert said in problems[0].message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[{"prompt": "P", "completion": "R"}\n{"prompt"', 2, "expected , or ]"),
        ('[{"prompt": "P", "completion": "R"},\n\n{"prompt"', 3, "nothing from here on"),
        ('[{"prompt": "P", "completion": "R"}]\nmore', 2, "after the end"),
    ],
)
def test_a_list_is_read_up_to_its_fault(text: str, line: int, words: str) -> None:
    pairs, problems = read_jsonl(text, "p.json")
    assert len(pairs) == 1
    assert problems[0].line == line
    assert words in problems[0].message


def test_an_empty_file_is_a_problem() -> None:
    assert read_jsonl("\n", "p.jsonl")[1][0].message.startswith("holds no lines")
    assert read_jsonl("[]", "p.json")[1][0].message.startswith("holds no lines")


@pytest.mark.parametrize("form", FORMS)
def test_a_row_is_one_object_with_the_keys_its_readers_expect(form: Form) -> None:
    whole = FilePair(prompt="P", response="R", tier="note", source="salt", split="train")
    keys = {
        "chat": ["messages"],
        "prompt-completion": ["prompt", "completion"],
        "text": ["text"],
        "alpaca": ["instruction", "input", "output"],
        "sharegpt": ["conversations"],
    }
    assert list(json.loads(write_jsonl([whole], form=form))) == keys[form]
    labelled = json.loads(write_jsonl([whole], form=form, labels=True))
    assert list(labelled) == [*keys[form], "tier", "source", "split"]


def test_what_a_form_cannot_say_is_refused_with_all_its_pairs() -> None:
    torn = [pair("a\n\n---\n\nb", "R"), pair("P", "R"), pair("a\n\n---", "R")]
    with pytest.raises(CurationError, match=r"Pair 1 .* Pair 3 "):
        write_jsonl(torn, form="text")
    assert write_jsonl(torn, form="chat").count("\n") == 3
    with pytest.raises(CurationError, match="half a character"):
        write_jsonl([pair("\udc00", "R")], form="chat")
