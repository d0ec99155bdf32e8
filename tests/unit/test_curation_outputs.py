"""Canary outputs and experiment logs that were made elsewhere."""

from __future__ import annotations

import json

import pytest

from curation.earlier import earlier_runs, identity
from curation.outputs import Outputs, read_outputs
from curation.trainlog import Epoch, read_log

NEWER = """\
# llada_finetuned

## Canary A — a bicycle

**Prompt:** The wheel turns,
and turns.

**Samples:** 3

### Sample 1

It went round.

### Sample 3

Not a sample: the count says so.

---

## Canary B is named here, in a sample.

### Sample 2

### Sample 3

\u200b

## Canary B — salt

**Prompt:** Salt.

**Samples:** 2

### Sample 1

中文。
"""
OLDER = """\
# llada_baselines

**Generated:** 2026-03-01
**Model:** LLaDA-8B-Instruct
**Inference config:** 512 tokens, 64 steps

---

## Canary A

**Prompt:** The wheel turns,
and turns.

### Sample 1

Round.
"""
TUNED = "llada_finetuned (1)"
LOG = """\
# Experiments

## Run 1 — 2026-03-02

**Config:** r 16, alpha 32,
lr 5e-5
**GPU:** L4

**Loss:**

| epoch | train | val |
|---|---|---|
| 1 | 3.10 | 3.40 |
| 2 | 2.80 | - |

It drifts.

---

## Run 2

**Config:** lr 2e-4
**Loss:**
epoch | train | val
1 | 9.9 | lost
"""


def read(
    text: str, stem: str = "llada_finetuned", folders: tuple[str, ...] = (), suffix: str = ".x"
) -> tuple[Outputs, list[str]]:
    outputs, problems = read_outputs(text, f"{stem}{suffix}", stem=stem, folders=folders)
    assert outputs is not None
    return outputs, [str(problem) for problem in problems]


def line_of(text: str, line: str) -> int:
    return text.split("\n").index(line) + 1


def test_json_keeps_every_text_to_the_letter_and_in_its_place() -> None:
    texts = ["", "\u200b\u200b", "\n" * 3000, "中文。", "One.\r\nTwo.\u2028"]
    outputs, problems = read(json.dumps({"A": texts, "b": ["x"]}), "LLaDA_baselines (1)")
    assert problems == []
    assert (outputs.of, outputs.model) == ("base", "llada")
    assert [item.letter for item in outputs.canaries] == ["A", "B"]
    assert outputs.canaries[0].samples == tuple(enumerate(texts))
    assert outputs.canaries[0].prompt is None


@pytest.mark.parametrize(
    ("stem", "model", "of"),
    [
        ("gpt2_finetuned_2", "gpt2", "adapter"),
        ("llama-3_fine-tuned", "llama-3", "adapter"),
        ("baselines", "unknown", "base"),
        ("llada_baseline", "llada", "base"),
    ],
)
def test_the_name_says_model_and_side(stem: str, model: str, of: str) -> None:
    outputs, _ = read('{"A": ["x"]}', stem)
    assert (outputs.model, outputs.of) == (model, of)


def test_every_fault_of_a_json_file_is_named_by_line_and_the_rest_comes_in() -> None:
    text = (
        '{\n"A": ["x", 3, "half \\ud83d", null],\n"B": "text",\n"C": [],\n"D": {"x": 1},\n"E": ["y"],\n"E": ["z"],\n'
        '"e": ["w"]}'
    )
    outputs, problems = read(text)
    assert [item.letter for item in outputs.canaries] == ["A", "C", "E"]
    assert outputs.canaries[0].samples == ((0, "x"), (2, "half \ud83d"))
    assert [problem.partition(": ")[0] for problem in problems] == [
        f"llada_finetuned.x:{line}" for line in (6, 2, 2, 2, 3, 4, 5, 8)
    ]


def test_what_is_no_json_and_a_name_that_says_nothing_are_named() -> None:
    assert read_outputs('{"A": [', "a.json", stem="llada_finetuned")[1][0].line == 1
    outputs, problems = read_outputs('{"A": ["x"]}', "notes.json", stem="notes")
    assert outputs is None
    assert "neither baselines nor finetuned" in problems[0].message


def test_samples_of_the_newer_markdown_are_read_only_in_sequence() -> None:
    outputs, problems = read(NEWER)
    first, second = outputs.canaries
    assert (first.letter, first.label, first.prompt) == ("A", "a bicycle", "The wheel turns,\nand turns.")
    assert first.samples == (
        (
            0,
            "It went round.\n\n### Sample 3\n\nNot a sample: the count says so.\n\n---\n\n"
            "## Canary B is named here, in a sample.",
        ),
        (1, ""),
        (2, "\u200b"),
    )
    assert second.samples == ((0, "中文。"),)
    assert problems == [
        f"llada_finetuned.x:{line_of(NEWER, '**Samples:** 2')}: says '2' samples of canary B, and 1 was found."
    ]


def test_the_older_markdown_keeps_its_header() -> None:
    outputs, problems = read(OLDER.replace("\n", "\r\n"), "llada_baselines")
    assert problems == []
    assert outputs.header.split("\n") == [
        "**Generated:** 2026-03-01",
        "**Model:** LLaDA-8B-Instruct",
        "**Inference config:** 512 tokens, 64 steps",
    ]
    assert outputs.canaries[0].prompt == "The wheel turns,\nand turns."


def test_a_log_gives_a_note_and_the_table_where_it_parses() -> None:
    (first, second), problems = read_log(LOG, "log.md")
    assert (first.number, first.date, first.config, first.gpu) == ("1", "2026-03-02", "r 16, alpha 32,\nlr 5e-5", "L4")
    assert first.epochs == (
        Epoch(epoch=1, train_loss=3.1, val_loss=3.4),
        Epoch(epoch=2, train_loss=2.8, val_loss=None),
    )
    assert first.text.endswith("It drifts.")
    assert second.epochs == ()
    assert "1 | 9.9 | lost" in second.text
    assert [problem.line for problem in problems] == [line_of(LOG, "1 | 9.9 | lost")]
    assert "No metrics are taken" in problems[0].message


def test_files_that_belong_together_find_each_other() -> None:
    top = ("5_llada",)
    low = ("5_llada", "1_LR 5e-5")
    base, _ = read('{"A": ["b"]}', "llada_baselines", top)
    again, _ = read('{"A": ["other"]}', "llada_baselines_2", top)
    foreign, _ = read('{"A": ["g"]}', "gpt2_baselines", low)
    tuned, _ = read('{"A": ["t"]}', TUNED, low, ".json")
    twin, _ = read("## Canary A\n\n**Prompt:** P\n\n### Sample 1\n\nt\n", "llada_finetuned", low)
    lonely, _ = read('{"A": ["l"]}', "dream_finetuned", ("6_dream",))
    logged, _ = read_log(LOG, "log.md")
    runs = earlier_runs([twin, tuned, again, base, foreign, lonely], [(item, top) for item in logged])
    told = {run.outputs.stem if run.outputs else "log": run for run in runs}
    assert list(told) == ["gpt2_baselines", "llada_baselines", "llada_baselines_2", TUNED, "dream_finetuned", "log"]
    assert told[TUNED].base == base
    assert len(told[TUNED].also) == 1
    assert told[TUNED].logged == logged[0]
    assert told["llada_baselines_2"].base == again
    assert told["dream_finetuned"].base is None
    assert told["log"].logged == logged[1]
    assert len({identity(run) for run in runs}) == len(runs)
