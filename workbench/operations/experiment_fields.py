"""What the author's own runs showed of one field: the runs that differ in it alone, value by value.

The decision to know: only runs that are alike in all else that can have had an effect are laid beside each other. What
was tried together with other changes is named, and nothing is said of what it did.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from curation.counted import counted
from runners.spec import RunSpec, substance
from workbench.operations.errors import WorkbenchError
from workbench.operations.experiment_changes import SEED, Effect, all_else, effect_of
from workbench.operations.experiment_losses import LossDifference, Measurement, loss_difference, measured
from workbench.operations.experiment_records import Records
from workbench.operations.experiment_verdicts import Tally
from workbench.operations.experiment_words import short_tally
from workbench.operations.fields import FIELDS, shown
from workbench.operations.project import Project

DATASET = "dataset"
"""The line of the launch form that is no field of the table, but a variable like one."""

PATHS = (DATASET, *(item.path for item in FIELDS))
"""What can be asked for, in the order of the form."""

# What all runs of one context share, and in each context the runs of each value.
_Contexts = dict[tuple[tuple[str, Any], ...], dict[str, list[str]]]


@dataclass(frozen=True, kw_only=True)
class ValueShown:
    """The runs that had one value of a field, all else alike but for the seed.

    Attributes:
        value: as it is typed.
        runs: their names, oldest first.
        status: of the newest that finished, else of the newest.
        measured: the last validations of those that finished, one for each seed; none where the field cannot have an
            effect on the loss.
        verdicts: the verdicts on the samples of the newest run that has some; None without any.
    """

    value: str
    runs: tuple[str, ...]
    status: str
    measured: tuple[Measurement, ...]
    verdicts: Tally | None

    @property
    def loss(self) -> float | None:
        """The mean validation loss, nats a token; None where none was measured."""
        losses = [item.loss for item in self.measured if math.isfinite(item.loss)]
        return sum(losses) / len(losses) if losses else None


@dataclass(frozen=True, kw_only=True)
class FieldShown:
    """What the author's own runs showed of one field.

    Attributes:
        path: the field, dotted.
        effect: what it can have an effect on: training and so everything, only the samples, or nothing.
        here: whether all else is as in the run that is asked for; else the runs are alike among themselves.
        values: each value with its runs, in order; none where no two runs differ in this field alone and none is like
            the run that is asked for.
        difference: how the value with the lowest loss differs from the next; None without two of them.
        tried: values that were tried with other changes too.
    """

    path: str
    effect: Effect
    here: bool = False
    values: tuple[ValueShown, ...] = ()
    difference: LossDifference | None = None
    tried: tuple[str, ...] = ()


def field_shown(project: Project, path: str, like: RunSpec | None = None, records: Records | None = None) -> FieldShown:
    """Return what the project's runs showed of a field.

    Args:
        project: whose runs.
        path: the field, dotted.
        like: the run for which it is asked; its own value does not matter. None for any.
        records: all runs, where they were read already.

    Raises:
        WorkbenchError: there is no such field.
    """
    if path not in PATHS:
        raise WorkbenchError(f"There is no field {path!r}. `workbench experiments fields` lists them.")
    records = records or Records.read(project)
    effect = effect_of(path, early=like is None or bool(like.train and like.train.early_stopping_patience))
    if effect == "nothing":
        return FieldShown(path=path, effect=effect)
    contexts = _contexts(records, path, effect)
    asked = all_else(substance(like), _spec_path(path)) if like is not None else None
    chosen = _chosen(records, contexts, asked)
    beside = contexts.get(chosen, {}) if chosen is not None else {}
    values = tuple(_value(records, path, value, beside[value], effect) for value in sorted(beside, key=_order))
    everywhere = {value for context in contexts.values() for value in context}
    return FieldShown(
        path=path,
        effect=effect,
        here=chosen is not None and chosen == asked,
        values=values,
        difference=_difference(records, values),
        tried=tuple(sorted(everywhere - set(beside), key=_order)),
    )


def varied(project: Project) -> list[FieldShown]:
    """Return what the runs showed of every field in which two of them differ, in the order of the form."""
    records = Records.read(project)
    found = (field_shown(project, path, records=records) for path in PATHS)
    return [item for item in found if len(item.values) + len(item.tried) > 1]


def shown_words(found: FieldShown) -> str:
    """Say what the runs showed in one or two sentences; empty where there are none to speak of."""
    if not found.values:
        if len(found.tried) > 1:
            values = ", ".join(found.tried)
            return f"Your runs had {values}, but with other changes too: of this field alone they show nothing."
        return ""
    alike = "all else as here" if found.here else "alike in all else"
    shown_values = " · ".join(_value_words(item, found.effect) for item in found.values)
    lead = f"Your runs, {alike}: {shown_values}."
    also = f" With other changes: {', '.join(found.tried)}." if found.tried else ""
    return lead + _difference_words(found) + also


def _contexts(records: Records, path: str, effect: Effect) -> _Contexts:
    """Group the runs that can tell something by all else, and by their value."""
    found: _Contexts = {}
    for name in records.specs:
        fields = records.fields(name)
        if records.sort(name) not in ("training", "sampling") or _spec_path(path) not in fields:
            continue
        if effect == "training" and (records.sort(name) != "training" or not measured(records, name)[0]):
            continue
        if effect == "samples" and records.verdicts.against_base(name) is None:
            continue
        number = records.rows[name].dataset_number
        value = str(number or "none") if path == DATASET else shown(fields[path])
        found.setdefault(all_else(fields, _spec_path(path)), {}).setdefault(value, []).append(name)
    return found


def _spec_path(path: str) -> str:
    """Return where the spec keeps what a line of the form shows."""
    return "dataset_hash" if path == DATASET else path


def _chosen(
    records: Records, contexts: _Contexts, asked: tuple[tuple[str, Any], ...] | None
) -> tuple[tuple[str, Any], ...] | None:
    """Return what is shared by the runs to tell of: all else as asked, or the most values, the newest of those.

    Runs as asked of which none has finished tell less than others that have.
    """
    as_asked = contexts.get(asked, {}) if asked is not None else {}
    if any(records.rows[name].status == "finished" for names in as_asked.values() for name in names):
        return asked
    age = {name: index for index, name in enumerate(records.rows)}
    several = [key for key, values in contexts.items() if len(values) > 1]
    if not several:
        return asked if as_asked else None

    def worth(key: tuple[tuple[str, Any], ...]) -> tuple[int, int]:
        values = contexts[key].values()
        return len(contexts[key]), max(age[name] for names in values for name in names)

    return max(several, key=worth)


def _value(records: Records, path: str, value: str, names: list[str], effect: Effect) -> ValueShown:
    finished = [name for name in names if records.rows[name].status == "finished"]
    losses = measured(records, finished[-1])[0] if effect == "training" and finished else ()
    if path == SEED:
        # Its replicates have other seeds, which are values of their own here.
        losses = losses[:1]
    tallies = [tally for name in reversed(names) if (tally := records.verdicts.against_base(name)) is not None]
    judged = [tally for tally in tallies if tally.judged] or tallies
    return ValueShown(
        value=value,
        runs=tuple(names),
        status=records.rows[[*names, *finished][-1]].status,
        measured=losses,
        verdicts=judged[0] if judged else None,
    )


def _difference(records: Records, values: tuple[ValueShown, ...]) -> LossDifference | None:
    ranked = sorted((item for item in values if item.loss is not None), key=lambda item: item.loss or 0.0)
    if len(ranked) < 2:
        return None
    return loss_difference(records, ranked[0].measured[0].run, ranked[1].measured[0].run)


def _value_words(item: ValueShown, effect: Effect) -> str:
    parts = []
    if effect == "training":
        seeds = f" ({counted(len(item.measured), 'seed')})" if len(item.measured) > 1 else ""
        unmeasured = "diverged" if item.measured else item.status
        parts.append(unmeasured if item.loss is None else f"loss {item.loss:.3f}{seeds}")
    if judged := short_tally(item.verdicts):
        parts.append(f"run:base {judged}")
    elif effect == "samples":
        parts.append("not judged")
    return f"{item.value}: {', '.join(parts)}"


def _difference_words(found: FieldShown) -> str:
    difference = found.difference
    if difference is None:
        return ""
    lowest = min((item for item in found.values if item.loss is not None), key=lambda item: item.loss or 0.0).value
    words = {
        "lower": f"{lowest} is lower beyond the noise",
        "within the noise": "the lowest two differ by less than the noise",
        "not known": f"whether {lowest} is lower beyond the noise is not known",
        "a replicate": "what they differ by is the noise",
        "not comparable": f"not comparable: {difference.why_not}",
    }
    said = words.get(difference.finding, "")
    return f" {said[0].upper()}{said[1:]}." if said else ""


def _order(value: str) -> tuple[int, float, str]:
    try:
        return 0, float(value), value
    except ValueError:
        return 1, 0.0, value
