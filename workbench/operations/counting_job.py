"""The child process that reads the large tokenizers: `python -m workbench.operations.counting_job PROJECT`.

Questions come in as lines of JSON and are answered in order, so that the terminal holds no vocabulary and no key waits
for one. Counts of pairs go straight into the store. It ends when its input does, so it never outlives who asked.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from curation.errors import CurationError
from runners.errors import RunnersError
from store import token_counts
from store.errors import StoreError
from workbench.operations.errors import WorkbenchError
from workbench.operations.lengths import count_slice
from workbench.operations.project import Project
from workbench.operations.sequences import Recipe, sequence_of
from workbench.operations.stepping_back import step_back
from workbench.operations.targets import Target, named, read
from workbench.operations.token_pieces import read_pieces

Question = dict[str, Any]


def count_pairs(project: Project, asked: Question) -> Question:
    """Count the pairs `ids` for every model of `entries`, as far as they are not counted yet."""
    counted = 0
    for entry in asked["entries"]:
        chosen = named(entry, project)
        texts = token_counts.uncounted(project.db, chosen.fingerprint, asked["ids"])
        if texts:
            reading = read(chosen, project)
            token_counts.put(
                project.db,
                fingerprint=chosen.fingerprint,
                model=chosen.files.model,
                exact=reading.exact,
                counts=[(text, *reading.count(text.prompt, text.response)) for text in texts],
            )
            counted += len(texts)
    return {"counted": counted}


def count_texts(project: Project, asked: Question) -> Question:
    """Count the texts, without what a layout adds."""
    reading = read(_target(project, asked), project)
    return {"counts": [reading.counter.count(text) for text in asked["texts"]], "exact": reading.exact}


def count_pair(project: Project, asked: Question) -> Question:
    """Count one pair that need not be in the store."""
    reading = read(_target(project, asked), project)
    return {"counts": reading.count(asked["prompt"], asked["response"]), "exact": reading.exact}


def dataset_lengths(project: Project, asked: Question) -> Question:
    """Count `take` pairs of a frozen dataset from the one numbered `start`."""
    where = {name: asked[name] for name in ("start", "take")}
    return count_slice(project, _target(project, asked), asked["dataset_id"], **where)


def lay_out(project: Project, asked: Question) -> Question:
    """Lay a pair out as the view of what the model sees shows it."""
    chosen = _target(project, asked)
    sequence = sequence_of(
        chosen, read(chosen, project), asked["prompt"], asked["response"], Recipe(**asked["recipe"]), asked["longest"]
    )
    return {"sequence": asdict(sequence)}


def pieces(project: Project, asked: Question) -> Question:
    """Say what the tokens `ids` add to a text, as bytes in hexadecimal."""
    found = read_pieces(read(_target(project, asked), project), asked["ids"])
    return {
        "texts": {token: text.hex() for token, text in found.texts.items()},
        "names": dict(found.names),
        "ends": sorted(found.ends),
        "problem": found.problem,
    }


_ANSWERS: dict[str, Callable[[Project, Question], Question]] = {
    "count pairs": count_pairs,
    "count texts": count_texts,
    "count": count_pair,
    "dataset lengths": dataset_lengths,
    "lay out": lay_out,
    "pieces": pieces,
}


def _target(project: Project, asked: Question) -> Target:
    return named(asked["entry"], project)


def main(arguments: list[str]) -> int:
    """Answer until the input ends."""
    step_back()
    project = Project.open(Path(arguments[0]))
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            answer = _ANSWERS[asked["do"]](project, asked)
        except (CurationError, RunnersError, StoreError, WorkbenchError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
