"""Which are mine?: begin a blind test of real held-out paragraphs and a run's samples, and answer it.

Real texts are responses of the holdout pairs of the dataset that the run trained on; generated ones are all samples of
its adapter at its last sampled step. What copies eight words in a row of training text is in neither.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from curation.alike import alike
from curation.blind import FEWEST, MOST, SHORTEST, WANTED, Candidate, copying, draw, without_twins
from curation.counted import counted
from store import annotations as said_of_samples
from store import blind, datasets, history, runs, samples
from store.blind import Answer, BlindText, NewText, Round
from store.datasets import DatasetPair
from store.samples import Sample
from workbench.operations.canaries import add_canary, canary_rows
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.project import Project

Progress = Callable[[int, int, str], None]

# Why a text is left out, in the words that follow its count.
COPIES = "copying eight words of training text, or of the prompt"
NO_CUT = "without a sentence end near the length"
NOVEL = "on topics marked novel, which alone would tell"
KNOWN = "shown in an earlier round"
TWIN = "saying what another one says"
# More candidates of a kind than this are not looked at, times the texts that are wanted.
_TIMES = 4


@dataclass(frozen=True, kw_only=True)
class _Pool:
    real: list[Candidate]
    made: list[Candidate]
    left_out: dict[str, int]
    holdout: int
    samples: int
    passed_over: int


@dataclass(frozen=True, kw_only=True)
class BlindTest:
    """A round with its texts; whose each is must not be shown before the result was seen."""

    round: Round
    texts: tuple[BlindText, ...]

    @property
    def left(self) -> int:
        """How many have neither an answer nor were skipped."""
        return sum(item.answer is None for item in self.texts)


def tested_run(project: Project, run: str) -> str:
    """Return the training run whose adapter a run's samples are of.

    Raises:
        WorkbenchError: it has no adapter, or its dataset is not known here.
    """
    found = runs.get(project.db, run)
    if found.task == "sample":
        if found.adapter_run is None:
            raise WorkbenchError(f"{run} sampled the base: choose a training run, or a run that sampled its adapter.")
        found = runs.get(project.db, found.adapter_run)
    if found.dataset_id is None:
        raise WorkbenchError(
            f"{found.name} was made elsewhere: what it held out is not known here, so real texts that it never saw "
            "cannot be told. Choose a run that was launched here."
        )
    return found.name


def testable_runs(project: Project) -> list[str]:
    """Return the training runs launched here whose adapter has samples, newest first."""
    return [
        row.name
        for row in reversed(runs.rows(project.db))
        if row.task == "train" and runs.get(project.db, row.name).dataset_id is not None and _written(project, row.name)
    ]


def rounds(project: Project, run: str | None = None) -> list[Round]:
    """Return the rounds of a run, or of all, oldest first."""
    return blind.rounds(project.db, run)


def round_of(project: Project, run: str, number: int | None = None) -> BlindTest:
    """Return a round of a run: the one of a number, or the newest.

    Raises:
        NothingToDoError: there is none.
    """
    every = blind.rounds(project.db, run)
    found = [item for item in every if number in (None, item.number)]
    if not found:
        if every:
            last = every[-1].number
            raise NothingToDoError(f"{run} has no round {number} of its blind test: there are 1 to {last}.")
        raise NothingToDoError(
            f"{run} has no blind test yet: begin one with b in its review.",
            on_command_line=f"{run} has no blind test yet: begin one with `workbench review mine begin {run}`.",
        )
    return BlindTest(round=found[-1], texts=tuple(blind.texts(project.db, found[-1].id)))


def begin(
    project: Project,
    run: str,
    *,
    wanted: int = WANTED,
    seed: int | None = None,
    again: bool = False,
    progress: Progress = lambda done, total, name: None,
) -> BlindTest:
    """Draw and freeze the next round of a run.

    Args:
        project: whose run.
        run: the training run, or one that sampled its adapter.
        wanted: how many texts to show at most.
        seed: draws the same texts again from the same candidates; None for a drawn one.
        again: whether texts may come that an earlier round has shown.
        progress: told how many texts were read.

    Raises:
        NothingToDoError: there are too few texts; it says how many of which, and what gives more.
        WorkbenchError: a number that cannot be, or a run that cannot be tested.
        Conflict: a round of the run has no result yet.
    """
    if not FEWEST <= wanted <= MOST:
        raise WorkbenchError(
            f"A blind test of {counted(wanted, 'text')}: expected {FEWEST} to {MOST}. With fewer than {FEWEST} even "
            "who is always right cannot be told from who guesses."
        )
    run = tested_run(project, run)
    seed = secrets.randbelow(2**31) if seed is None else seed
    pool = _pool(project, run, again=again, most=wanted * _TIMES, progress=progress)
    drawn = draw(pool.real, pool.made, wanted=wanted, seed=seed)
    if len(drawn.texts) < FEWEST:
        raise _too_few(run, pool, len(drawn.texts), again=again)
    dataset_id = runs.get(project.db, run).dataset_id
    hashes = {item.pair_id: item.pair_hash for item in _held_out(project, run)}
    row = blind.add_round(
        project.db,
        run,
        seed=seed,
        length=drawn.length,
        same_prompt=drawn.same_prompt,
        left_out=pool.left_out,
        texts=[
            NewText(
                text=item.text,
                words=item.words,
                known=item.known,
                dataset_id=dataset_id if item.real else None,
                pair_hash=hashes[item.key] if item.real else None,
                sample_id=None if item.real else item.key,
            )
            for item in drawn.texts
        ],
    )
    return BlindTest(round=row, texts=tuple(blind.texts(project.db, row.id)))


def answer(
    project: Project,
    text_id: int,
    *,
    answer: Answer | None = None,
    sure: int | None = None,
    note: str | None = None,
) -> None:
    """Record what the author says of a text; what is None stays. It can be changed until the result was seen.

    Raises:
        WorkbenchError: `sure` is not 1 to 3.
        Conflict: the result was seen.
    """
    if sure not in (None, 1, 2, 3):
        raise WorkbenchError(f"How sure: found {sure}, expected 1, 2 or 3.")
    blind.set_answer(project.db, text_id, answer=answer, sure=sure, note=None if note is None else note.strip())


def skip_rest(project: Project, test: BlindTest) -> int:
    """End a round where it stands: what was not answered is skipped, as one edit; return how many those were."""
    return blind.skip_rest(project.db, test.round.id)


def add_held_out_prompts(project: Project, run: str, *, count: int = WANTED) -> int:
    """Add prompts of held-out pairs to the canary prompts, as one edit; return how many came in.

    Sampled by the run's adapter, they give generated texts on the very topics of the real ones.

    Args:
        project: whose run.
        run: whose dataset holds the pairs out.
        count: at most so many.
    """
    run = tested_run(project, run)
    standing = {row.prompt.strip() for row in canary_rows(project)}
    slugs = {row.slug for row in canary_rows(project)}
    added = 0
    with history.edit(project.db, "add held-out prompts as canary prompts"):
        for pair in _held_out(project, run):
            prompt = pair.prompt.strip()
            if added == count:
                break
            if not prompt or prompt in standing:
                continue
            number = next(n for n in range(1, len(slugs) + 2) if f"held-out-{pair.source}-{n}" not in slugs)
            slug = f"held-out-{pair.source}-{number}"
            add_canary(project, prompt=prompt, slug=slug, topic="known", length="short", reference=pair.response)
            slugs.add(slug)
            standing.add(prompt)
            added += 1
    return added


def _held_out(project: Project, run: str) -> list[DatasetPair]:
    dataset_id = runs.get(project.db, run).dataset_id
    assert dataset_id is not None
    return [item for item in datasets.pairs(project.db, dataset_id) if item.split == "holdout"]


def _written(project: Project, run: str) -> list[Sample]:
    """Return the samples of a run's adapter at its last step: its own, and those of runs that sampled it."""
    found = [item for name in runs.of_adapter(project.db, run) for item in samples.of_run(project.db, name, "adapter")]
    own = [item.step for item in found if item.run == run]
    step = max(own or [item.step for item in found], default=0)
    return [item for item in found if item.step == step]


def _pool(project: Project, run: str, *, again: bool, most: int, progress: Progress) -> _Pool:
    held, written = _held_out(project, run), _written(project, run)
    shown_pairs, shown_samples = blind.shown(project.db)
    read = said_of_samples.judged_samples(project.db, [item.id for item in written])
    novel = [item for item in written if item.topic == "novel"]
    fresh_pairs = [item for item in held if again or item.pair_hash not in shown_pairs]
    fresh = [item for item in written if item.topic != "novel" and (again or item.id not in shown_samples)]
    asked = {item.canary_prompt.strip() for item in fresh}
    # Those that answer the prompts of samples first, of all others as many as can be of use.
    fresh_pairs.sort(key=lambda item: item.prompt.strip() not in asked)
    fresh_pairs, fresh = fresh_pairs[:most], fresh[: max(most, MOST)]
    total = len(fresh_pairs) + len(fresh)
    real: list[Candidate] = []
    made: list[Candidate] = []
    for pair in fresh_pairs:
        progress(len(real), total, "reading what is held out")
        real.append(_real(pair, known=pair.pair_hash in shown_pairs))
    for sample in fresh:
        progress(len(real) + len(made), total, "reading samples")
        made.append(_made(sample, known=sample.id in shown_samples or sample.id in read))
    passed_over = sum(item.pair_hash in shown_pairs for item in held) + sum(
        item.id in shown_samples and item.topic != "novel" for item in written
    )
    left_out = {NOVEL: len(novel), KNOWN: 0 if again else passed_over}
    real, made = (_usable(side, left_out) for side in (real, made))
    # Each kind has keys of its own: pairs and samples may have the same number.
    copied_real = copying(real, _trained(project, run))
    copied_made = copying(made, (*_trained(project, run), *(item.response for item in held)))
    left_out[COPIES] = len(copied_real) + len(copied_made)
    return _Pool(
        real=[item for item in real if item.key not in copied_real],
        made=[item for item in made if item.key not in copied_made],
        left_out={why: count for why, count in left_out.items() if count},
        holdout=len(held),
        samples=len(written),
        passed_over=passed_over,
    )


def _usable(candidates: Sequence[Candidate], left_out: dict[str, int]) -> list[Candidate]:
    ending = [item for item in candidates if item.cuts]
    kept = without_twins(ending)
    left_out[NO_CUT] = left_out.get(NO_CUT, 0) + len(candidates) - len(ending)
    left_out[TWIN] = left_out.get(TWIN, 0) + len(ending) - len(kept)
    return kept


def _real(pair: DatasetPair, *, known: bool) -> Candidate:
    text = alike(pair.response, pair.prompt)
    return Candidate(key=pair.pair_id, text=text, prompt=pair.prompt.strip(), group=pair.source, known=known)


def _made(sample: Sample, *, known: bool) -> Candidate:
    text = alike(sample.text, sample.canary_prompt)
    prompt = sample.canary_prompt.strip()
    return Candidate(key=sample.id, text=text, prompt=prompt, group=sample.canary_slug, known=known)


def _trained(project: Project, run: str) -> Iterator[str]:
    dataset_id = runs.get(project.db, run).dataset_id
    assert dataset_id is not None
    for pair in datasets.pairs(project.db, dataset_id):
        if pair.split == "train":
            yield from (pair.prompt, pair.response)


def _too_few(run: str, pool: _Pool, found: int, *, again: bool) -> NothingToDoError:
    """Say how many texts there are, how many are needed, and which step gives more."""
    left_out = "".join(f", {count} {why}" for why, count in pool.left_out.items())
    what = (
        f"{run}: a blind test needs {FEWEST} pairs of a real and a generated text of one length, found {found}. It has "
        f"{counted(pool.holdout, 'held-out pair')} ({len(pool.real)} of use) and "
        f"{counted(pool.samples, 'sample')} of its adapter ({len(pool.made)} of use)"
        f"{'; left out: ' + left_out[2:] if left_out else ''}. "
    )
    screen, command = [], []
    short = sum(item.too_short for item in pool.made)
    real, made = sum(not item.too_short for item in pool.real), len(pool.made) - short
    if short:
        what += f"Too short are {short:,} of these samples: a text needs {SHORTEST} words up to a sentence end. "
    if short and made < FEWEST:
        screen.append("sample the adapter with more max_new_tokens (4, s)")
        command.append(f"`workbench sample --adapter {run}` with more max_new_tokens")
    if real < FEWEST:
        screen.append("hold more essays out (1, h), accept their pairs, freeze (3, f) and train on that (4, r)")
        command.append(
            "hold more essays out with `workbench essays hold-out`, accept their pairs, `workbench dataset freeze`, "
            "and train on that"
        )
    if len(pool.made) < FEWEST or (real >= FEWEST and made >= FEWEST):
        screen.append(
            "add held-out prompts as canary prompts (p here) and sample the adapter with them (4, s, prompts: held out)"
        )
        command.append(
            f"`workbench review mine prompts {run}` adds held-out prompts as canary prompts, then `workbench sample "
            f"--adapter {run} --prompts held-out`"
        )
    if pool.passed_over and not again:
        screen.append("or take texts that were shown before (a)")
        command.append("or take texts that were shown before with --again")
    return NothingToDoError(
        f"{what}For more: {'; '.join(screen)}.", on_command_line=f"{what}For more: {'; '.join(command)}."
    )
