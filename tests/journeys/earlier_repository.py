"""An author's repository as it was before the workbench: pairs, prompts, outputs in all their shapes, a log."""

from __future__ import annotations

import json
from pathlib import Path

PROMPTS = """\
# Canary prompts

## canary_a
tier: 3

The lane to the sea was closed for repairs, which was odd, for nobody had ever made it.

## canary_b
tier: 2

That a kettle is the only honest instrument.

## canary_c
tier: 4

The author says why she gave up umbrellas.
"""
PAIRS = """\
# Training pairs

Notes to myself.

---

## pair: salt_cellar
tier: 3

### prompt
Nobody owns a salt cellar on purpose.

### response
It comes with a house, as damp does, and is found at the back of a drawer by a person looking for string.

***

---

## pair: salt_cellar
tier: 2

### prompt
Salt is kept by those who do not use it.

### response
I have counted four cellars in this house and not one grain.

---

## pair: broken_block
tier: 3

### prompt
This one has no answer.

---

## pair: umbrellas
tier: 4

### prompt
The author gives up umbrellas.

### response
An umbrella is a small roof for people who distrust their own.
"""
BASE = {
    "A": ["The lane is a lane. The lane is a lane.", "", "\u200b\u200b", "\n" * 2000, "道路关闭了。"],
    "B": ["A kettle, a kettle, a kettle,", "It boils."],
    "C": ["Umbrellas are useful.", "I cannot help with that."],
}
TUNED = {
    "A": [
        "It had been closed by the first man who walked it.",
        "Closed, said the board, which was new.",
        "x",
        "y",
        "z",
    ],
    "B": ["It tells you when it is angry.", "It never once said it was cold."],
}
TUNED_AGAIN = {"A": ["A second download of another run.", "With two texts."]}
MARKDOWN = """\
# dream_finetuned

## Canary A — the lane

**Prompt:** The lane to the sea was closed for repairs, which was odd, for nobody had ever made it.

**Samples:** 2

### Sample 1

A board stood there.

### Notes

---

It had no paint.

### Sample 2

## Canary B — the kettle

**Prompt:** That a kettle is the only honest instrument.

**Samples:** 1

### Sample 1

Steam has no opinions.
"""
OLDER = """\
# dream_baselines

**Generated:** 2026-02-11
**Model:** Dream-7B
**Inference config:** 512 tokens, 64 steps

---

## Canary A

**Prompt:** The lane to the sea was closed for repairs, which was odd, for nobody had ever made it.

### Sample 1

Lanes are roads.

### Sample 2

Roads are lanes.
"""
LOG = """\
# Log

## Run 1 — 2026-02-10

**Config:** LoRA r 16, alpha 32, 5e-5
**GPU:** L4
**Loss:**

| epoch | train | val |
|---|---|---|
| 1 | 3.31 | 3.52 |
| 2 | 3.02 | 3.49 |
| 3 | 2.87 | 3.50 |

Rhythm is there; the endings run on.

## Run 2 — 2026-02-12

**Config:** the same at 2e-4
**Loss:**

| epoch | train | val |
|---|---|---|
| 1 | collapsed | 9.1 |
"""


def make_repository(root: Path) -> Path:
    """Write the repository and return its folder."""
    files = {
        "curation/pairs.md": PAIRS,
        "canaries/prompts.md": PROMPTS,
        "5_llada/llada_baselines.json": json.dumps(BASE, ensure_ascii=False),
        "5_llada/1_LR 5e-5/llada_finetuned.json": json.dumps(TUNED, ensure_ascii=False),
        "5_llada/2_LR 2e-4/llada_finetuned (1).json": json.dumps(TUNED_AGAIN),
        "5_llada/log.md": LOG,
        "6_dream/dream_finetuned_2.md": MARKDOWN,
        "6_dream/dream_baselines.md": OLDER,
        "7_other/gpt2_finetuned.json": '{\n"A": ["one", 2],\n"B": "three"\n}',
        "7_other/broken_finetuned.json": '{"A": ["one",',
        "essays/the-salt-cellar.md": "# The Salt Cellar\n\nNobody owns a salt cellar on purpose.\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
