"""A project whose run can be tested blind: held-out pairs, and samples of the run's adapter on their prompts."""

from __future__ import annotations

import json
import random
from pathlib import Path

from store import canaries, essays, pairs
from store.pairs import PairChange
from tests.journeys.builders import NOW, add_proposed, add_run, fixed_time, make_curated_project, train_spec
from workbench.operations.blind import add_held_out_prompts
from workbench.operations.canaries import freeze_canaries
from workbench.operations.collecting import collect
from workbench.operations.freezing import freeze
from workbench.operations.project import Project

RUN = "20261120-1712-embedded-lr0.001-3f9c"
_SUBJECTS = ("The lamp", "My uncle", "A good hinge", "The parish clock", "Our neighbour", "A wet umbrella", "The ferry")
_VERBS = ("keeps", "forgives", "outlasts", "explains", "mislays", "remembers", "borrows", "admires")
_ADJECTIVES = (
    "amber bare blunt brisk brown chipped clean crooked damp deep dull dusty empty faded faint flat frayed glad grey "
    "hollow idle keen lame late lean loose mild narrow neat odd pale patched plain polite proud quiet rough rusty shy "
    "slow small sober stiff stray tame tidy tired upright vague warm worn"
).split()
_NOUNS = (
    "apron basin bell bench bolt boot bottle bucket button candle chair clock collar comb crate cup door drawer fence "
    "ferry flag gate glove hammer handle hinge jar kettle key ladder lamp ledger letter lid map mirror mug needle nail "
    "oar parcel pencil pillow plate pocket rope saddle saucer shelf spade spoon stool string table ticket towel"
).split()


def paragraph(seed: str, sentences: int = 12) -> str:
    """Return a paragraph that is the same for the same seed, and shares no eight words with another's."""
    choose = random.Random(seed)
    said = []
    for _ in range(sentences):
        things = [f"{choose.choice(_ADJECTIVES)} {choose.choice(_NOUNS)}" for _ in range(3)]
        before = f"{choose.choice(_SUBJECTS)} {choose.choice(_VERBS)}"
        said.append(f"{before} the {things[0]}, the {things[1]} and a {things[2]}.")
    return " ".join(said)


def make_blind_project(
    folder: Path, *, held_out: int = 14, prompts: bool = True, per_prompt: int = 2, with_base: bool = False
) -> Project:
    """Make a project with a held-out essay of many pairs, and a run that trained and sampled its adapter.

    Args:
        folder: made.
        held_out: how many pairs of the essay are accepted.
        prompts: whether the held-out prompts are among the canary prompts.
        per_prompt: samples of its adapter for each prompt; 0 for none.
        with_base: whether the base was sampled as well, so that the run can be reviewed.
    """
    project = make_curated_project(folder)
    with fixed_time():
        _add_held_out(project, held_out)
        freeze(project)
        add_run(project, train_spec(project, RUN), created_at="2026-11-20T17:12:00.000Z", with_base=with_base)
        if prompts:
            add_held_out_prompts(project, RUN)
        if per_prompt:
            fold_samples(project, RUN, per_prompt)
            if with_base:
                fold_samples(project, RUN, per_prompt, of="base")
    return project


def fold_samples(project: Project, run: str, per_prompt: int, *, of: str = "adapter") -> None:
    """Put samples of a run on the present canary prompts into the store, with what models leave in them."""
    prompts = freeze_canaries(project)
    with project.db.transaction() as connection:
        connection.execute("UPDATE run SET canary_set_id = ? WHERE name = ?", (prompts.id, run))
    lines = []
    for prompt in prompts.prompts:
        for index in range(per_prompt):
            text = paragraph(f"{of} {run} {prompt.slug} {index}", 13)
            first, _, rest = text.partition(". ")
            lines.append(
                {
                    "of": of,
                    "step": 60 if of == "adapter" else 0,
                    "prompt": prompt.slug,
                    "index": index,
                    "seed": 7 + index,
                    "text": f"## Part\n\n“{first}”—{rest} And then the<|endoftext|>",
                    "token_ids": [0],
                    "tokens": 160,
                    "seconds": 1.9,
                    "attempt": 1,
                    "trace": None,
                    "at": NOW,
                }
            )
    with (project.runs_folder / run / "samples.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    collect(project, (run,))


def _add_held_out(project: Project, count: int) -> None:
    bodies = [paragraph(f"held {number}") for number in range(count + 1)]
    source, made = add_proposed(project, "the-parish-clock", "The Parish Clock", bodies)
    pairs.change(project.db, "decide", [PairChange(id=pair, status="accepted") for pair in made])
    essays.set_split(project.db, [source], "holdout")
    assert canaries.rows(project.db)
