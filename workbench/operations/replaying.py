"""Replay of a sample: its canvas filling step by step, with what each position adds to the text.

A frame is the canvas after one step. Frames are counted by the sampler's steps from 1; frame 0 is the empty canvas, and
steps that commit nothing have no frame of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import Literal

from runners.errors import RunnersError
from runners.spec import RunSpec
from store import runs, samples
from store.errors import StoreError
from store.samples import Of, Sample
from workbench.operations.errors import WorkbenchError
from workbench.operations.explaining import Facts, facts_of
from workbench.operations.project import Project
from workbench.operations.reviewing import review
from workbench.operations.targets import known_of, target_of
from workbench.operations.token_pieces import Unit, pieces_of, units_of
from workbench.operations.traces import Commit, Trace, TraceError, check_leads_to, read_trace

HIDDEN = "▒"
"""What stands for a position that is not committed."""

Order = Literal["blocks", "left to right"]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The canvas after one step.

    Attributes:
        step: of the sampler, from 1.
        block: which block it fills, from 0; None without blocks.
        commits: what it commits.
    """

    step: int
    block: int | None
    commits: tuple[Commit, ...]

    @property
    def confidence(self) -> float:
        """The mean confidence of what it commits."""
        return sum(commit.confidence for commit in self.commits) / len(self.commits)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A sample's replay.

    Attributes:
        sample: whose.
        order: whether a canvas is filled by blocks, or text is written on from its end.
        canvas: its positions.
        frames: one for each step that commits something, in order.
        blocks: the positions of each block, from left to right; none where they are not known.
        units: what is shown together, in order; none where no tokenizer is at hand.
        texts: what each position adds to the text; likewise.
        facts: what can be said of how it filled.
        problem: why there is no text, and what to do; empty where there is.
    """

    sample: Sample
    order: Order
    canvas: int
    frames: tuple[Frame, ...]
    blocks: tuple[range, ...]
    units: tuple[Unit, ...]
    texts: tuple[str, ...]
    facts: Facts
    problem: str = ""

    @property
    def steps(self) -> int:
        """The last step that commits anything."""
        return self.frames[-1].step if self.frames else 0

    def frame_at(self, step: int) -> int:
        """Return how many frames there are up to a step."""
        return sum(frame.step <= step for frame in self.frames)


def replay(project: Project, sample_id: int) -> Replay:
    """Return the replay of a sample.

    Raises:
        TraceError: it has no trace, or one that cannot be replayed.
        NotFound: there is no such sample.
        CountingError: a large tokenizer's process could not be started, or ended.
    """
    sample = samples.get(project.db, sample_id)
    if sample.trace_path is None:
        raise TraceError(
            "this sample has no trace, so there is nothing to replay. Samples that were made elsewhere bring none; "
            "those of runs that are launched here have one."
        )
    run = runs.get(project.db, sample.run)
    path = PurePosixPath(sample.trace_path)
    name = f"{run.dir}/{sample.trace_path}"
    if path.is_absolute() or ".." in path.parts:
        raise TraceError("lies outside of its run's directory, and is not read.", path=name)
    trace = read_trace(project.absolute(run.dir) / path, name)
    token_ids = samples.token_ids(project.db, sample_id)
    check_leads_to(trace, token_ids, path=name)
    return replay_of(project, sample, trace, RunSpec.from_json(run.spec_json))


def replay_or_reason(project: Project, sample_id: int, *, hidden: bool) -> Replay | str:
    """Return the replay of a sample, or a sentence that says why there is none.

    Args:
        project: whose sample.
        sample_id: the sample.
        hidden: whether nothing in the sentence may tell whose sample it is.
    """
    try:
        return replay(project, sample_id)
    except TraceError as error:
        return error.unnamed if hidden else str(error)
    except (WorkbenchError, StoreError, RunnersError) as error:
        return "This sample cannot be replayed. Show the names to see why." if hidden else str(error)


def replay_of(project: Project, sample: Sample, trace: Trace, spec: RunSpec) -> Replay:
    """Make the replay of a sample from its trace and the spec of its run."""
    model = spec.model.id if spec.model.revision is None else f"{spec.model.id}@{spec.model.revision}"
    chosen = target_of(project, model)
    ids = canvas_ids(trace)
    pieces = pieces_of(project, chosen, ids)
    units, texts = ((), ()) if pieces.problem else units_of(ids, pieces)
    known = known_of(chosen.files)
    written_on = spec.sampling.sampler == "autoregressive"
    length = None if written_on else spec.sampling.block_length
    blocks = blocks_of(trace, length, aligned=bool(known and known.block_tokens)) if length else ()
    facts = facts_of(trace.commits, units, texts, blocks, sample.text)
    return Replay(
        sample=sample,
        order="left to right" if written_on else "blocks",
        canvas=trace.canvas,
        frames=frames_of(trace, blocks),
        blocks=blocks,
        units=units,
        texts=texts,
        facts=facts,
        problem=pieces.problem,
    )


def canvas_ids(trace: Trace) -> list[int]:
    """Return the token at each position when all is committed."""
    ids = [0] * trace.canvas
    for commit in trace.commits:
        ids[commit.position] = commit.token_id
    return ids


def frames_of(trace: Trace, blocks: Sequence[range]) -> tuple[Frame, ...]:
    """Put a trace's commits together by their steps."""
    where = {position: number for number, block in enumerate(blocks) for position in block}
    frames = []
    for step, group in groupby(trace.commits, key=lambda commit: commit.step):
        commits = tuple(group)
        frames.append(Frame(step=step + 1, block=where.get(commits[0].position), commits=commits))
    return tuple(frames)


def blocks_of(trace: Trace, length: int, *, aligned: bool) -> tuple[range, ...]:
    """Return the blocks of a canvas; none where its commits do not keep to them, so that no wrong border is drawn.

    Args:
        trace: how it was filled.
        length: of a block, in tokens.
        aligned: whether blocks are counted from the beginning of the sequence, as block-causal models have them, and
            not from that of the canvas.
    """
    first = -(trace.prompt_tokens % length) if aligned else 0
    starts = range(first, trace.canvas, length)
    blocks = tuple(range(max(0, start), min(trace.canvas, start + length)) for start in starts)
    before = 0
    for commit in trace.commits:
        number = (commit.position - first) // length
        if number < before:
            return ()
        before = number
    return blocks


def canvas_text(found: Replay, step: int) -> str:
    """Return the text of the canvas after a step: a sign for what is not committed, and nothing behind the last commit.

    Without a tokenizer every committed position is a block.
    """
    committed = {commit.position for frame in found.frames if frame.step <= step for commit in frame.commits}
    if not committed:
        return ""
    if not found.units:
        return "".join("■" if position in committed else HIDDEN for position in range(max(committed) + 1))
    end = max(committed)
    shown = []
    for unit in found.units:
        if unit.first > end:
            break
        positions = range(unit.first, unit.last + 1)
        whole = committed.issuperset(positions)
        text = f"[{unit.text}]" if unit.special else unit.text
        shown.append(text if whole else HIDDEN * len(positions))
    return "".join(shown)


def sample_named(project: Project, run: str, prompt: str, number: int, of: Of) -> Sample:
    """Return the NUMBER-th sample, from 1, of a canary prompt; the base's is the one a run is compared with.

    Raises:
        WorkbenchError: there is none.
    """
    if of == "base":
        found = [item.base for item in review(project, run).comparisons]
    else:
        found = samples.of_run(project.db, run, "adapter")
    for sample in found:
        if sample.canary_slug == prompt and sample.idx == number - 1:
            return sample
    if not found:
        raise WorkbenchError(f"{run} has no samples of its adapter yet. They come when it has trained.")
    known = ", ".join(dict.fromkeys(item.canary_slug for item in found))
    raise WorkbenchError(f"{run} has no sample {number} for {prompt!r}. Its prompts: {known}.")
