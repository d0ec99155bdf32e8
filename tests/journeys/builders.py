"""Projects for tests of the screens: filled through the store and the collector, the same to the letter every time."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from runners.rundir import RunDir
from runners.spec import LoraSpec, ModelSpec, RunSpec, SamplingSpec, TrainSpec, sample_key
from store import canaries, essays, pairs, runs
from store.essays import NewParagraph, NewSource
from store.pairs import NewPair, PairChange
from tests.journeys.traces import traced_line
from workbench.operations.canaries import freeze_canaries
from workbench.operations.collecting import collect
from workbench.operations.essays import essay_rows
from workbench.operations.freezing import freeze, snapshot_of
from workbench.operations.project import Project

NOW = "2026-11-20T18:45:00.000Z"
BASE_RUN = "20261120-1712-embedded-lr0.001-3f9c"
SECOND_RUN = "20261120-1802-embedded-lr0.0005-81d2"

_ESSAYS = (
    ("on-sandals", "On Sandals", "train"),
    ("the-back-wheel", "The Back Wheel", "train"),
    ("queue-position-four", "Queue Position Four", "train"),
    ("a-drawer-of-keys", "A Drawer of Keys", "holdout"),
)
_SENTENCES = (
    "The simple life is lived by people who have somebody else to be complicated for them.",
    "A man may wear sandals for the sake of his feet, or for the sake of his neighbours' opinion of his feet.",
    "I have never met the second kind without wishing to give him a pair of boots.",
    "It is not that the boots would make him humble; they would only make him quiet on gravel.",
    "My aunt kept her good shoes in a box, and the box in a cupboard, and the key in her other shoes.",
    "There is more philosophy in that arrangement than in most of the pamphlets on plain living.",
    "For a thing that is locked away is at least known to be worth wearing.",
    "The bicycle has a back wheel so that there may be something to mend on Sundays.",
    "We queue, I think, because standing alone would look like a complaint.",
    "Nobody has ever thrown away a key, and that is the whole history of hope.",
)
_CANARIES = (
    (
        "slow-puncture",
        "known",
        "short",
        "There are two kinds of puncture and I can only mend the honest one. The other kind takes a week. You pump up "
        "the front tyre on Monday and by Sunday it has the feel of a pear that was ripe on Friday.",
        "I've had it in the sink. You take out the tube and pass it through the water hand over hand, like somebody "
        "washing an eel, and you look for the string of bubbles. There was no string.",
    ),
    ("shop-scales", "known", "long", "My sister has found the scales. They were in her loft, in a hatbox.", ""),
    ("lane-swimming", "novel", "short", "At the public baths there are three lanes: Slow, Medium and Fast.", ""),
)


@contextmanager
def fixed_time(at: str = NOW) -> Iterator[None]:
    """Let the store write this time wherever it writes the present one."""
    modules = (
        "canaries",
        "checks",
        "datasets",
        "essays",
        "pairs",
        "runs",
        "history",
        "annotations",
        "notebook",
        "blind",
    )
    with ExitStack() as stack:
        for module in modules:
            target = f"store.{module}.now"
            stack.enter_context(mock.patch(target, return_value=at, create=True))
        yield


def make_curated_project(folder: Path, *, canary_prompts: bool = True) -> Project:
    """Make a project with four essays, one of them held out, pairs of every status, and three canary prompts."""
    with fixed_time():
        project = Project.create(folder, essays=("essays",))
        for number, (slug, title, _) in enumerate(_ESSAYS):
            _add_essay(project, slug, title, random.Random(number))
        held = [row.id for row in essay_rows(project) if row.slug == "a-drawer-of-keys"]
        essays.set_split(project.db, held, "holdout")
        if canary_prompts:
            for slug, topic, length, prompt, reference in _CANARIES:
                canaries.add(project.db, slug=slug, prompt=prompt, topic=topic, length=length, reference=reference)
    return project


def make_reviewed_project(folder: Path, *, runs_made: int = 2, traced: bool = False) -> Project:
    """Make a project whose runs have trained and sampled: a parent, and a copy with half its learning rate.

    Args:
        folder: where.
        runs_made: one for the parent alone.
        traced: whether the samples have traces.
    """
    project = make_curated_project(folder)
    with fixed_time():
        dataset = freeze(project).dataset.id
        spec = _spec(project, BASE_RUN, dataset, parent=None, learning_rate=1e-3)
        at = "2026-11-20T17:12:00.000Z"
        add_run(project, spec, dataset, created_at=at, with_base=True, sampled=True, traced=traced)
        if runs_made > 1:
            spec = _spec(project, SECOND_RUN, dataset, parent=BASE_RUN, learning_rate=5e-4)
            at = "2026-11-20T18:02:00.000Z"
            add_run(project, spec, dataset, created_at=at, with_base=False, sampled=True, traced=traced)
    return project


def make_smoke(project: Project, name: str) -> None:
    """Give a run the spec that a smoke run has."""
    with project.db.transaction() as connection:
        for field, value in runs.SMOKE_TRAIN.items():
            connection.execute(
                "UPDATE run SET spec_json = json_set(spec_json, ?, ?) WHERE name = ?", (f"$.train.{field}", value, name)
            )


def train_spec(project: Project, name: str, *, parent: str | None = None, learning_rate: float = 1e-3) -> RunSpec:
    """Return a spec on the newest dataset, for `add_run`."""
    return _spec(project, name, _newest_dataset(project), parent=parent, learning_rate=learning_rate)


def add_run(
    project: Project,
    spec: RunSpec,
    dataset_id: int | None = None,
    *,
    created_at: str = NOW,
    with_base: bool = False,
    sampled: bool = False,
    steps_done: int | None = None,
    error: str | None = None,
    status: str | None = None,
    warning: str | None = None,
    diverges: bool = False,
    finished: bool = False,
    shift: float = 0.0,
    pair_losses: Mapping[str, float] | None = None,
    log: str = "",
    traced: bool = False,
) -> RunDir:
    """Record a run as launch does, write what its job would have written, and collect it.

    Args:
        project: whose run.
        spec: what it was to do.
        dataset_id: what it trained on; None for the newest.
        created_at: UTC.
        with_base: whether it sampled the base first.
        sampled: whether it got as far as sampling its adapter.
        steps_done: optimizer steps it got through; None for all.
        error: its last word, if it failed.
        status: what the collector is taken to have found, for a run that is not over.
        warning: a message it sent.
        diverges: whether its loss ends in NaN.
        finished: whether it finished even where it sampled nothing.
        shift: how far its validation loss lies beside that of others, from the first step on.
        pair_losses: the loss of each held-out pair beside the mean, by its id; None for a job that keeps none.
        log: what it printed.
        traced: whether its samples have traces.
    """
    assert spec.train is not None
    dataset_id = dataset_id or _newest_dataset(project)
    frozen = snapshot_of(project, dataset_id)
    prompts = freeze_canaries(project)
    run_dir = RunDir.create(
        project.runs_folder / spec.name,
        spec,
        train_jsonl=frozen.train_jsonl,
        holdout_jsonl=frozen.holdout_jsonl,
        manifest_json=frozen.manifest_json,
        prompts_jsonl=b"".join(json.dumps({"slug": item.slug}).encode() + b"\n" for item in prompts.prompts),
    )
    with fixed_time(created_at):
        runs.add(
            project.db,
            name=spec.name,
            task=spec.task,
            parent=spec.parent,
            dir=project.relative(run_dir.path),
            place="local",
            spec_json=run_dir.spec().to_json(),
            model=spec.model.id,
            sample_key=sample_key(spec),
            dataset_id=dataset_id,
            canary_set_id=prompts.id,
            adapter_run=None,
        )
    attempt = run_dir.new_attempt()
    run_dir.log(attempt).write_text(log or "loaded embedded on cpu\nself-test: the model sees both sides\n")
    total = spec.train.max_steps
    done = total if steps_done is None else steps_done
    events: list[dict[str, object]] = [{"type": "started", "pid": 1, "host": "desk", "device": "cpu", "task": "train"}]
    written: list[dict[str, object]] = []
    slugs = [item.slug for item in prompts.prompts]
    if with_base:
        written += _samples("base", 0, slugs, spec, seed=1)
        events += [
            {"type": "phase", "phase": "sample-base", "total": len(written)},
            {"type": "samples", "of": "base", "step": 0, "count": len(written)},
        ]
    events.append({"type": "phase", "phase": "train", "total": total})
    noise = random.Random(spec.name)
    for step in range(done + 1):
        loss = 6.0 * math.exp(-step / 25) + 2.6 + noise.gauss(0, 0.35)
        if step % 20 == 0:
            centre = 5.8 * math.exp(-step / 25) + 2.9 + (shift if step else 0.0)
            event: dict[str, object] = {"type": "validation", "step": step, "values": _measured(centre), "draws": 5}
            if pair_losses is not None:
                event["pair_losses"] = [{"id": pair, "loss": centre + loss} for pair, loss in pair_losses.items()]
            events.append(event)
            if step:
                path = f"checkpoints/step-{step:06d}"
                events.append({"type": "best", "step": step, "path": path, "val_loss": centre})
        if step:
            value = None if diverges and step > done // 2 else loss  # as a job writes what is no number
            values = {"loss": value, "learning_rate": 1e-3, "grad_norm": 1.0, "memory_bytes": 412.0 * 2**20}
            events.append({"type": "metric", "step": step, "values": values})
    events.append({"type": "progress", "phase": "train", "done": done, "total": total})
    if warning:
        events.append({"type": "warning", "message": warning})
    if done == total:
        events.append({"type": "checkpoint", "step": done, "path": f"checkpoints/step-{done:06d}"})
        run_dir.checkpoint(done).mkdir(parents=True)
    if sampled:
        adapter = _samples("adapter", done, slugs, spec, seed=2)
        written += adapter
        events += [
            {"type": "phase", "phase": "sample", "total": len(adapter)},
            {"type": "progress", "phase": "sample", "done": len(adapter), "total": len(adapter)},
            {"type": "samples", "of": "adapter", "step": done, "count": len(adapter)},
        ]
    if error:
        events.append({"type": "error", "message": error, "kind": "ModelError", "detail": ""})
    elif sampled or finished:
        events.append({"type": "finished", "seconds": 61.0})
    if traced:
        written = [traced_line(project, run_dir, line) for line in written]
    _write_lines(run_dir.samples, written)
    stamped = [{"attempt": attempt, "seq": seq, "at": created_at, **event} for seq, event in enumerate(events, start=1)]
    _write_lines(run_dir.events(attempt), stamped)
    collect(project, (spec.name,))
    if status is not None:
        runs.set_status(project.db, spec.name, status, None)
    return run_dir


def _newest_dataset(project: Project) -> int:
    from workbench.operations.freezing import dataset_rows

    return dataset_rows(project)[0].id


def _add_essay(project: Project, slug: str, title: str, choose: random.Random) -> None:
    paragraphs = [" ".join(choose.sample(_SENTENCES, 4)) for _ in range(5)]
    _, made = add_proposed(project, slug, title, paragraphs)
    decided = ["accepted"] * (len(made) - 2) + ["rejected"]
    pairs.change(project.db, "decide", [PairChange(id=pair, status=status) for pair, status in zip(made, decided)])


def add_proposed(project: Project, slug: str, title: str, paragraphs: Sequence[str]) -> tuple[int, list[int]]:
    """Add an essay of some paragraphs with a pair of each two that follow each other; return its id and theirs."""
    text = f"# {title}\n\n" + "\n\n".join(paragraphs) + "\n"
    spans, offset = [], text.index("\n\n") + 2
    for body in paragraphs:
        spans.append(NewParagraph("prose", offset, offset + len(body), len(body.split())))
        offset += len(body) + 2
    source, _ = essays.save(
        project.db,
        NewSource(
            path=f"essays/{slug}.md",
            slug=slug,
            kind="essay",
            title=title,
            text=text,
            file_bytes=len(text.encode()),
            words=sum(item.words for item in spans),
            front_matter={},
            paragraphs=spans,
        ),
    )
    new = [
        NewPair("continuation", before, after, span.start, span.end, len(before.split()), len(after.split()))
        for before, after, span in zip(paragraphs, paragraphs[1:], spans[1:])
    ]
    return source, pairs.propose(project.db, source, new, f"propose {len(new)} pairs from {title}")


def _spec(project: Project, name: str, dataset_id: int, *, parent: str | None, learning_rate: float) -> RunSpec:
    from store import datasets

    return RunSpec(
        name=name,
        task="train",
        model=ModelSpec(),
        sampling=SamplingSpec(max_new_tokens=96, block_length=16, steps=96, samples_per_prompt=2),
        train=TrainSpec(learning_rate=learning_rate, max_steps=60, per_device_train_batch_size=8, eval_every_steps=20),
        lora=LoraSpec(),
        objective="masked-diffusion",
        parent=parent,
        dataset_hash=datasets.get(project.db, dataset_id).content_hash,
        canary_hash=freeze_canaries(project).content_hash,
    )


def _measured(centre: float) -> dict[str, float]:
    """Return what a validation says: the holdout around a loss, the probe somewhat below it, both by mask ratio."""
    values = {}
    for name, loss in (("val_loss", centre), ("probe_loss", centre * 0.9)):
        values |= {name: loss, f"{name}_low": loss - 0.3, f"{name}_high": loss + 0.3}
        for ratio in ("0.1", "0.3", "0.5", "0.7", "0.9"):
            at = loss + 2 * (float(ratio) - 0.5)
            values |= {f"{name}@{ratio}": at, f"{name}_low@{ratio}": at - 0.5, f"{name}_high@{ratio}": at + 0.5}
    return values


def _samples(of: str, step: int, slugs: Sequence[str], spec: RunSpec, *, seed: int) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    for slug in slugs:
        for index in range(spec.sampling.samples_per_prompt):
            choose = random.Random(f"{of}-{spec.name}-{slug}-{index}-{seed}")
            if of == "base":
                opening = choose.choice(_SENTENCES)
                text = opening + " The tyre was flat, and the tyre was flat, and" + " the tyre was flat, and" * 6
            else:
                text = "\n\n".join(" ".join(choose.sample(_SENTENCES, 3)) for _ in range(2))
            lines.append(
                {
                    "of": of,
                    "step": step,
                    "prompt": slug,
                    "index": index,
                    "seed": spec.sampling.seed + index,
                    "text": text,
                    "token_ids": [0] * 96,
                    "tokens": 96 if of == "base" else 72 + 3 * index,
                    "seconds": 1.9,
                    "attempt": 1,
                    "trace": None,
                    "at": NOW,
                }
            )
    return lines


def _write_lines(path: Path, lines: Sequence[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def project_time() -> datetime:
    """Return the time at which these projects are looked at."""
    return datetime(2026, 11, 20, 18, 45, tzinfo=UTC)
