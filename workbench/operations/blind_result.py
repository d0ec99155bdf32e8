"""What a blind test found: how many were told rightly, with an exact interval, in words that claim no more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curation.alike import SAID
from curation.counted import counted
from runners.intervals import Interval, answers_needed, share
from store import blind, datasets, runs, samples
from store.blind import BlindText, Round
from workbench.operations.blind import BlindTest, round_of
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.project import Project
from workbench.operations.reviewing import is_masked, review

_SURE = {1: "hardly sure", 2: "rather sure", 3: "quite sure"}
# How the texts of every round are made and drawn.
HOW = f"{SAID} A coin of its own decides for each whether a real or a generated one of that length stands there."
# The least rate that is spoken of: a smaller one takes more answers than anybody gives.
_SMALL = 0.6
# So many digits of a percent tell any count of answers from none and from all.
_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Of some texts: how many were told rightly, how many were answered, and the exact 95 % interval of the share."""

    right: int
    answered: int
    interval: Interval | None


@dataclass(frozen=True, kw_only=True)
class Source:
    """Whose a text of a round is and what was answered.

    Attributes:
        number: in the round, from 1.
        text: as it was shown.
        real: whether it is the author's.
        where: its essay, or the canary prompt and number of the sample.
        answer: mine, not mine, skipped; None where undo took the answer back.
        right: whether the answer was; None where there is none.
        sure: 1 to 3, or None.
        note: hers.
        known: she had read it before.
    """

    number: int
    text: str
    real: bool
    where: str
    answer: str | None
    right: bool | None
    sure: int | None
    note: str
    known: bool

    @property
    def whose(self) -> str:
        """Say whose it is."""
        return "yours" if self.real else "the run's"

    @property
    def told(self) -> str:
        """Say how it was told; empty where it has no answer."""
        return (self.answer or "") if self.right is None else f"told {'rightly' if self.right else 'wrongly'}"


@dataclass(frozen=True, kw_only=True)
class BlindResult:
    """The result of a round.

    Attributes:
        round: which.
        total: its texts.
        all: over all answers.
        real: over the author's own texts.
        made: over the model's.
        known: how many of its texts she had read before.
        unknown: over the others; None where that is all of them. Half of them is not what guessing tells, since no coin
            decided which texts she had read.
        unknown_real: over those of them that are the author's own; likewise.
        by_sure: over the answers of each confidence that was given.
        skipped: how many were skipped.
        taken_back: how many answers undo took back after the result was seen.
        changed: how many stand otherwise since then, by undo or redo.
        needed: how many answers tell the share from guessing four times in five; None where more than 400.
        at: the share that `needed` is for: hers, or the least that is spoken of.
        sources: each text with its source; empty where `hidden`.
        hidden: how many samples of the round stand in pairs of the masked review that have no verdict yet.
    """

    round: Round
    total: int
    all: Tally
    real: Tally
    made: Tally
    known: int
    unknown: Tally | None
    unknown_real: Tally | None
    by_sure: dict[int, Tally]
    skipped: int
    taken_back: int
    changed: int
    needed: int | None
    at: float
    sources: tuple[Source, ...]
    hidden: int


def reveal(project: Project, test: BlindTest, *, unmask: bool = False) -> BlindResult:
    """Return the result of a round; from now on its answers stay.

    Args:
        project: whose.
        test: the round.
        unmask: name sources even where that unmasks a masked review.

    Raises:
        Conflict: texts of it were not answered.
        WorkbenchError: its texts are not those that were frozen.
    """
    blind.reveal(project.db, test.round.id)
    return result(project, test.round.run, test.round.number, unmask=unmask)


def result(project: Project, run: str, number: int | None = None, *, unmask: bool = False) -> BlindResult:
    """Return the result of a round that was revealed.

    Raises:
        NothingToDoError: there is no such round.
        WorkbenchError: its result was not seen yet, or its texts are not those that were frozen.
    """
    test = round_of(project, run, number)
    row = test.round
    if row.revealed_at is None:
        if test.left:
            what, command = f"Round {row.number} of {run} has {test.left} to answer", f"next {run}` shows one"
        else:
            what, command = f"All texts of round {row.number} of {run} are answered", f"reveal {run}` shows the result"
        raise WorkbenchError(
            f"{what}, and its result was not asked for yet: until then the sources stay hidden.",
            on_command_line=f"{what}: `workbench review mine {command}. Until then the sources stay hidden.",
        )
    everything = told(project, row)
    if isinstance(everything, str):
        raise WorkbenchError(everything)
    texts = test.texts
    known = sum(item.known for item in texts)
    unknown = [item for item in texts if not item.known]
    at = everything.right / everything.answered if everything.answered else 0.5
    at = max(at, _SMALL)
    hidden = 0 if unmask else _masked(project, run, texts)
    return BlindResult(
        round=row,
        total=len(texts),
        all=everything,
        real=_tally([item for item in texts if item.real]),
        made=_tally([item for item in texts if not item.real]),
        known=known,
        unknown=_tally(unknown) if known else None,
        unknown_real=_tally([item for item in unknown if item.real]) if known else None,
        by_sure={
            sure: tally
            for sure in (1, 2, 3)
            if (tally := _tally([item for item in texts if item.sure == sure])).answered
        },
        skipped=sum(item.answer == "skipped" for item in texts),
        taken_back=sum(item.answer is None for item in texts),
        changed=sum(item.answer not in (None, seen) for item, seen in zip(texts, row.seen_answers or (), strict=False)),
        needed=answers_needed(at),
        at=at,
        sources=() if hidden else tuple(_source(project, item) for item in texts),
        hidden=hidden,
    )


def told(project: Project, row: Round) -> Tally | str:
    """Return how many texts of a round that was revealed were told rightly, or say why that means nothing."""
    if not blind.is_intact(project.db, row.id):
        return (
            f"Round {row.number} of {row.run}: its texts were changed outside of the program, and are not those that "
            "were frozen. Its result would mean nothing: begin another round."
        )
    return _tally(blind.texts(project.db, row.id))


def sentences(found: BlindResult) -> list[str]:
    """Return a result in plain words: what was told rightly, what that shows, what it does not."""
    tally, row = found.all, found.round
    said = []
    if tally.interval is None:
        return ["No text was answered: there is nothing to tell."]
    low, high = tally.interval.low or 0.0, tally.interval.high or 1.0
    said.append(
        f"You told {tally.right} of {tally.answered} rightly, {percent(tally.interval.mean)}. By guessing alone it "
        f"would be 50 % on average. The exact 95 % interval is {interval_words(tally)}."
    )
    if low > 0.5:
        said.append(
            "So you can tell this run's texts from your own more often than by guessing. By what, the count does not "
            "say: voice, topic, sense and memory of your own pages all help."
        )
    elif high < 0.5:
        said.append(
            "So you were wrong more often than by guessing: something in the texts leads you the other way. Read them "
            "below with their sources."
        )
    else:
        said.append(
            "So this count does not tell you from somebody who guesses. That is not the same as alike: a true rate of "
            f"{_outward(high, up=True)} % can look like this."
        )
        more = f"about {found.needed}" if found.needed else "more than 400"
        said.append(f"A true rate of {percent(found.at)} is told from guessing, four times in five, by {more} answers.")
    said.append(f"Of yours you told {_of(found.real)}, of the run's {_of(found.made)}.")
    if found.by_sure:
        by_sure = ", ".join(f"{_SURE[sure]} {_of(item)}" for sure, item in found.by_sure.items())
        said.append(f"Where you were {by_sure}.")
    if found.unknown is not None and found.unknown_real is not None:
        said.append(
            f"{counted(found.known, 'text was', 'texts were')} known to you from Review or an earlier round; without "
            f"them you told {_of(found.unknown)}, of yours {_of(found.unknown_real)}."
        )
    if found.skipped:
        said.append(f"{counted(found.skipped, 'text was', 'texts were')} skipped and count nowhere.")
    if found.taken_back:
        word = counted(found.taken_back, "answer was", "answers were")
        said.append(f"{word} taken back after the result was seen: it counts fewer than were given.")
    if found.changed:
        word = counted(found.changed, "answer stands", "answers stand")
        said.append(f"{word} otherwise than when the result was seen, by undo or redo: it counts what stands now.")
    if not row.same_prompt:
        said.append(
            "Real and generated texts answer other prompts, so a topic alone may have told. Canary prompts of held-out "
            "pairs take that away."
        )
    if row.left_out:
        said.append("Left out: " + ", ".join(f"{count} {why}" for why, count in row.left_out.items()) + ".")
    if found.hidden:
        said.append(
            f"Whose each text is stays hidden: {counted(found.hidden, 'sample')} of it "
            f"{'stands' if found.hidden == 1 else 'stand'} in your masked review without a verdict. Judge them first, "
            "or show the names in Review with M."
        )
    return said


def _tally(texts: Sequence[BlindText]) -> Tally:
    answered = [item for item in texts if item.answer in ("mine", "not mine")]
    right = sum((item.answer == "mine") == item.real for item in answered)
    return Tally(right=right, answered=len(answered), interval=share(right, len(answered)) if answered else None)


def _source(project: Project, item: BlindText) -> Source:
    if item.real:
        assert item.dataset_id is not None
        assert item.pair_hash is not None
        pair = datasets.pair(project.db, item.dataset_id, item.pair_hash)
        where = f"{pair.source}, pair {pair.pair_id}"
    else:
        assert item.sample_id is not None
        sample = samples.get(project.db, item.sample_id)
        where = f"{sample.canary_slug}, sample {sample.idx + 1}"
    answered = item.answer in ("mine", "not mine")
    return Source(
        number=item.position + 1,
        text=item.text,
        real=item.real,
        where=where,
        answer=item.answer,
        right=(item.answer == "mine") == item.real if answered else None,
        sure=item.sure,
        note=item.note,
        known=item.known,
    )


def _masked(project: Project, run: str, texts: tuple[BlindText, ...]) -> int:
    """Count the samples of a round whose pairs in the masked review have no verdict: naming them would unmask it."""
    if not is_masked(project):
        return 0
    unjudged: set[int] = set()
    for name in runs.of_adapter(project.db, run):
        try:
            unjudged |= {item.adapter.id for item in review(project, name).comparisons if item.verdict is None}
        except NothingToDoError:
            # Nothing of it is reviewed, so there is nothing that names could unmask.
            continue
    return len({item.sample_id for item in texts} & unjudged)


def _of(tally: Tally) -> str:
    return f"{tally.right} of {tally.answered}"


def percent(part: float) -> str:
    """Return a share in whole percent, and in parts of one where that would say never or always of what is neither."""
    digits = 0
    while 0 < part < 1 and float(f"{100 * part:.{digits}f}") in (0, 100) and digits < _DIGITS:
        digits += 1
    return f"{100 * part:.{digits}f} %"


def _outward(part: float, *, up: bool) -> str:
    """Return an end of an interval in percent, rounded outward, but never to 0 or 100 where it is neither."""
    whole = round(100 * part, 6)
    for digits in range(_DIGITS + 1):
        end = (math.ceil if up else math.floor)(round(whole * 10**digits, 6)) / 10**digits
        if end not in (0, 100) or whole in (0, 100):
            break
    return f"{end:.{digits}f}"


def interval_words(tally: Tally) -> str:
    """Return the interval of a share in percent, rounded outward: never narrower than it is."""
    if tally.interval is None or tally.interval.low is None or tally.interval.high is None:
        return ""
    return f"{_outward(tally.interval.low, up=False)} to {_outward(tally.interval.high, up=True)} %"


def short(tally: Tally | str) -> str:
    """Say a result in a few words, or why there is none: rounds stand below one another so."""
    if isinstance(tally, str):
        return tally
    if tally.interval is None:
        return "no answers"
    return f"{tally.right} of {tally.answered} rightly, {percent(tally.interval.mean)} ({interval_words(tally)})"
