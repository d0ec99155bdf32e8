"""Preference pairs from the author's verdicts: of two samples the better one is chosen, the other rejected.

What no verdict decides is left out and counted. So is a sample that holds a paragraph of the author's that is held out:
a model trained on it would have been shown the text that it is judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.counted import counted
from store import experiments
from store.experiments import JudgedRow
from workbench.operations.experiment_records import Records
from workbench.operations.project import Project

# A shorter text may stand in a sample by chance.
_LEAST_WORDS = 5


@dataclass(frozen=True, kw_only=True)
class Preference:
    """A prompt, the sample that was better, and the one that was worse."""

    prompt: str
    chosen: str
    rejected: str


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """The pairs, in the order of runs and prompts, and how many verdicts gave none, by why."""

    pairs: tuple[Preference, ...]
    left_out: dict[str, int]

    @property
    def summary(self) -> str:
        """What was taken and what was not, in one sentence."""
        said = counted(len(self.pairs), "preference pair")
        left = ", ".join(f"{why} {count}" for why, count in self.left_out.items() if count)
        return f"{said}; left out: {left}" if left else said


def preferences(project: Project, *, with_real: bool = False) -> Preferences:
    """Return the preference pairs of all verdicts.

    Args:
        project: whose.
        with_real: keep samples that hold a held-out paragraph, or a canary prompt's real piece, word for word.
    """
    rows, hidden = Records.read(project).verdicts.told()
    texts = experiments.prompt_texts(project.db, [key for row in rows for key in (row.left_id, row.right_id)])
    real = [] if with_real else [_flat(text) for text in experiments.held_out_texts(project.db)]
    real = [text for text in real if text.count(" ") + 1 >= _LEAST_WORDS]
    left_out = dict.fromkeys(("ties", "both bad", "without words of the prompt", "alike", "with a real paragraph"), 0)
    found: dict[Preference, None] = {}
    for row in rows:
        why, pair = _of(row, texts)
        if pair is not None and _holds_real(pair, real):
            why, pair = "with a real paragraph", None
        if pair is None:
            left_out[why] += 1
        else:
            found[pair] = None
    return Preferences(pairs=tuple(found), left_out={**left_out, "of masked reviews that go on": hidden})


def _of(row: JudgedRow, texts: dict[int, tuple[str, str]]) -> tuple[str, Preference | None]:
    """Return the pair of a verdict, or why it gives none."""
    if row.verdict in ("tie", "both bad"):
        return ("ties" if row.verdict == "tie" else "both bad"), None
    better, worse = (row.left_id, row.right_id) if row.verdict == "left" else (row.right_id, row.left_id)
    (prompt, chosen), (_, rejected) = texts[better], texts[worse]
    if not prompt.strip():
        return "without words of the prompt", None
    if chosen.strip() == rejected.strip():
        return "alike", None
    return "", Preference(prompt=prompt, chosen=chosen, rejected=rejected)


def _holds_real(pair: Preference, real: Sequence[str]) -> bool:
    sides = (_flat(pair.chosen), _flat(pair.rejected))
    return any(text in side for text in real for side in sides)


def _flat(text: str) -> str:
    """Return a text with its white space made even."""
    return " ".join(text.split())
