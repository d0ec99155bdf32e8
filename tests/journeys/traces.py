"""Traces for tests: of a text that is already there, as the block sampler would have left it; the same every time."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from runners.rundir import RunDir
from workbench.operations.project import Project
from workbench.operations.targets import read, target_of

BLOCK = 16


def encoded(project: Project, text: str, *, block: int = BLOCK) -> list[int]:
    """Return a text's tokens for the embedded model, filled up to whole blocks with its EOS."""
    reading = read(target_of(project, "embedded"), project)
    assert reading.tokenizer is not None
    assert reading.layout is not None
    ids = reading.tokenizer.encode(text)
    return ids + [reading.layout.eos_token_id] * (block - len(ids) % block)


def commits(ids: Sequence[int], *, seed: str, block: int = BLOCK) -> list[list[float]]:
    """Fill a canvas block by block, a token a step, in an order and with confidences that the seed decides.

    A token that stands already is committed surer than one that does not, as it is in a collapse.
    """
    choose = random.Random(seed)
    made: list[list[float]] = []
    seen: set[int] = set()
    for start in range(0, len(ids), block):
        places = list(range(start, min(start + block, len(ids))))
        choose.shuffle(places)
        for place in places:
            low = 0.6 if ids[place] in seen else 0.0
            made.append([len(made), place, ids[place], round(choose.uniform(low, low + 0.4), 6)])
            seen.add(ids[place])
    return made


def trace(ids: Sequence[int], *, seed: str, block: int = BLOCK) -> dict[str, object]:
    """Return a trace that leads to these tokens."""
    return {"prompt_tokens": 20, "canvas": len(ids), "commits": commits(ids, seed=seed, block=block)}


def traced_line(project: Project, run_dir: RunDir, line: dict[str, object]) -> dict[str, object]:
    """Return a line of `samples.jsonl` with its tokens and its trace, which is written beside it."""
    ids = encoded(project, str(line["text"]))
    name = f"{line['of']}-{line['step']:06d}-{line['prompt']}-{line['index']}.json"
    run_dir.traces.mkdir(exist_ok=True)
    (run_dir.traces / name).write_text(json.dumps(trace(ids, seed=name)))
    return line | {"token_ids": ids, "trace": f"traces/{name}"}
