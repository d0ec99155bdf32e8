"""What the experiments say, in sentences: the same on the screen, on the command line and in the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from curation.counted import counted
from runners.intervals import Interval
from workbench.operations.experiment_losses import NO_PAIRS_IN_COMMON, Finding, LossDifference, Measurement
from workbench.operations.experiment_verdicts import Tally

_NOT_KNOWN = "Seeds: not known: one run each, no replicate."


def loss_words(found: LossDifference) -> list[str]:
    """Say how two validation losses differ, with both sorts of noise, a sentence a line; the last says what follows."""
    if found.value is None:
        return [finding_words(found)]
    lines = [f"Validation loss {side_words(found.now)} against {side_words(found.before)}: {_by(found.value)}."]
    lines += [f"Both as scored on the same held-out pairs by {' and '.join(found.scored)}."] if found.scored else []
    lines += [f"Left out: {', '.join(found.left_out)}."] if found.left_out else []
    if found.over_pairs is None:
        lines.append("Held-out pairs: a single one, so nothing is known of how much others would differ.")
    elif found.one_by_one:
        of = counted(found.pairs, "pair")
        lines.append(
            f"Held-out pairs: 95 % {span(found.over_pairs)}, {of} compared one by one, each on the same masks."
        )
    else:
        lines.append(
            f"Held-out pairs: 95 % {span(found.over_pairs)}, put together from each run's own interval, since the "
            "losses of the pairs were not kept; wider than it need be."
        )
    if found.over_seeds is not None and found.spread is not None:
        runs = f"{len(found.now)} and {counted(len(found.before), 'run')}"
        lines.append(f"Seeds: 95 % {span(found.over_seeds)}, by the spread of {found.spread:.3f} among {runs}.")
    elif found.finding != "a replicate":
        lines.append(_NOT_KNOWN)
    return [*lines, finding_words(found)]


def finding_words(found: LossDifference) -> str:
    """Say what follows from a difference, and no more than that."""
    if found.finding == "a replicate":
        return "A replicate: both trained alike, so this difference is the noise itself."
    if found.finding == "within the noise":
        return "Smaller than the noise: nothing follows from it."
    if found.finding == "not known":
        known = "the held-out pairs" if found.over_pairs is not None else "the seeds" if found.over_seeds else "nothing"
        more = "another seed" if found.over_seeds is None else "more held-out pairs"
        return f"Beyond the noise of {known}; whether {more} would show it too is not known."
    if found.finding == "not comparable":
        remedy = " Score one of them on the other's dataset." if found.why_not == NO_PAIRS_IN_COMMON else ""
        return f"Not comparable: {found.why_not}.{remedy}"
    return f"{found.finding.capitalize()} beyond the noise of the pairs and of the seeds."


def short_finding(value: float | None, finding: Finding) -> str:
    """Return a difference and what it is worth in few words, for a column."""
    if value is None:
        return "not comparable"
    words = {
        "lower": "beyond the noise",
        "higher": "beyond the noise",
        "within the noise": "smaller than the noise",
        "not known": "noise not known",
        "a replicate": "a replicate: noise",
    }
    return f"{signed(value)} {words[finding]}"


def side_words(side: Sequence[Measurement]) -> str:
    """Say what one side measured: its loss and step, or the mean of its replicates."""
    if len(side) == 1:
        return f"{side[0].loss:.3f} at step {side[0].step}"
    mean = sum(item.loss for item in side) / len(side)
    steps = sorted({item.step for item in side})
    at = f"step {steps[0]}" if len(steps) == 1 else f"steps {steps[0]} to {steps[-1]}"
    return f"{mean:.3f} at {at}, the mean of {len(side)} replicates"


def verdict_words(tally: Tally) -> list[str]:
    """Say how the author judged, a sentence a line."""
    pairs = f"{tally.judged} of {counted(tally.pairs, 'pair')} of samples"
    how = "" if not tally.masked else f", {tally.masked} of them masked"
    if tally.withheld:
        if tally.judged:
            how = ", all of them masked" if tally.masked == tally.judged else how or ", none of them masked"
        return [f"{pairs} judged{how}: who was better is said when all are judged, or when Review shows the names (M)."]
    if not tally.judged:
        return [f"None of {counted(tally.pairs, 'pair')} of samples judged."]
    if tally.direct:
        other = "the base" if tally.other == "base" else tally.other
        lines = [
            f"{pairs} judged{how}: better than {other} in {tally.better}, {other} better in {tally.worse}, "
            f"ties {tally.ties}, both bad {tally.both_bad}."
        ]
    else:
        lines = [
            f"Not read side by side. Of {counted(tally.judged, 'pair')} of samples that both were judged on against "
            f"the base: this run fared better in {tally.better}, {tally.other} in {tally.worse}, alike {tally.ties}."
        ]
    if tally.share is not None:
        low, high = _ends(tally.share)
        # Rounded outward: never narrower than it is.
        exact = f"exact 95 % {math.floor(round(low * 100, 6))} % to {math.ceil(round(high * 100, 6))} %"
        lines.append(
            f"Of the {tally.decided} decided: {percent(tally.share.mean)}, {exact}, if each pair were a reading of its "
            f"own; samples of one prompt are alike, so less is known than that. {_side_of_half(tally)}"
        )
    else:
        lines.append("No pair was decided for either side: nothing follows.")
    return lines


def _side_of_half(tally: Tally) -> str:
    found = tally.share
    assert found is not None
    low, high = _ends(found)
    if low <= 0.5 <= high:
        return "Chance alone could give this."
    fewer = "the base" if tally.other == "base" else tally.other
    better = "This run" if low > 0.5 else fewer[0].upper() + fewer[1:]
    return f"{better} was better more often than chance gives."


def short_tally(tally: Tally | None) -> str:
    """Return the verdicts in few letters for a column: run:base of how many; nothing where nothing is judged."""
    if tally is None or not tally.judged:
        return ""
    return f"?:? of {tally.judged}" if tally.withheld else f"{tally.better}:{tally.worse} of {tally.judged}"


def signed(value: float) -> str:
    """Return a difference with its sign, three decimals."""
    return f"{value:+.3f}".replace("-", "−")


def span(found: Interval) -> str:
    """Return an interval as its ends, with their signs."""
    low, high = _ends(found)
    return f"{signed(low)} to {signed(high)}"


def _ends(found: Interval) -> tuple[float, float]:
    if found.low is None or found.high is None:
        raise ValueError("This interval has no ends: a single value has none.")
    return found.low, found.high


def percent(value: float) -> str:
    """Return a share in whole percent."""
    return f"{value * 100:.0f} %"


def _by(value: float) -> str:
    return f"lower by {-value:.3f}" if value < 0 else f"higher by {value:.3f}" if value > 0 else "the same"
