"""Experiment logs in Markdown: one `## Run N — date` a run, with its configuration, its GPU and a table of losses.

The whole text of a run is kept for its note. The table `epoch | train | val` gives metrics where it parses; where it
does not, that is said with its line, and the note still holds it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from curation.errors import Problem

_RUN = re.compile(r"##[ \t]+Run[ \t]+(\w+)[ \t]*(?:[—–:-]+[ \t]*(.*?))?[ \t]*\Z", re.IGNORECASE)
_FIELD = re.compile(r"\*\*(Config|GPU|Loss)[^*]*:?\*\*:?[ \t]*(.*?)[ \t]*\Z", re.IGNORECASE)
_EPOCH_DIGITS = 9
_RULE = re.compile(r"[ \t|:-]*-[ \t|:-]*\Z")


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One line of a table; None where a cell says nothing."""

    epoch: int
    train_loss: float | None
    val_loss: float | None


@dataclass(frozen=True, kw_only=True)
class LoggedRun:
    """One run of a log.

    Attributes:
        path: the log.
        line: of its heading, from 1.
        number: as the heading gives it.
        date: likewise; may be empty.
        config: what stands after `**Config:**`.
        gpu: what stands after `**GPU:**`.
        text: everything under the heading.
        epochs: of its table, in order.
    """

    path: str
    line: int
    number: str
    date: str
    config: str
    gpu: str
    text: str
    epochs: tuple[Epoch, ...]


def read_log(text: str, path: str) -> tuple[list[LoggedRun], list[Problem]]:
    """Read the runs of a log; a table with a fault is named by its line."""
    lines = _lines(text.removeprefix("\ufeff"))
    problems: list[Problem] = []
    begins = [index for index, line in enumerate(lines) if _RUN.match(line)]
    runs = [_read(lines[begin:end], begin + 1, path, problems) for begin, end in zip(begins, [*begins[1:], len(lines)])]
    if not runs:
        problems.append(Problem(path, None, "holds no runs. Expected `## Run 1`, then what is known of it."))
    return runs, problems


def _read(lines: Sequence[str], number: int, path: str, problems: list[Problem]) -> LoggedRun:
    found = _RUN.match(lines[0])
    assert found is not None
    fields: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in lines[1:]:
        if field := _FIELD.match(line):
            current = fields.setdefault(field[1].lower(), [])
            current.append(field[2])
        elif line.startswith("**") or line.startswith("#"):
            current = None
        elif current is not None:
            current.append(line)
    text = re.sub(r"\n*-{3,}\s*\Z", "", "\n".join(lines[1:])).strip()
    return LoggedRun(
        path=path,
        line=number,
        number=found[1],
        date=found[2] or "",
        config="\n".join(fields.get("config", ())).strip(),
        gpu="\n".join(fields.get("gpu", ())).strip(),
        text=text,
        epochs=_table(lines, number, path, problems),
    )


def _table(lines: Sequence[str], number: int, path: str, problems: list[Problem]) -> tuple[Epoch, ...]:
    head = next((index for index, line in enumerate(lines) if "|" in line and "epoch" in line.lower()), None)
    if head is None:
        return ()
    names = [cell.lower() for cell in _cells(lines[head])]
    places = [next((at for at, name in enumerate(names) if word in name), None) for word in ("epoch", "train", "val")]
    epochs: list[Epoch] = []
    faults = []
    for index in range(head + 1, len(lines)):
        line = lines[index]
        if "|" not in line:
            break
        if _RULE.match(line):
            continue
        cells = _cells(line)
        values = ["" if at is None or at >= len(cells) else cells[at] for at in places]
        read = _epoch(values)
        if isinstance(read, str):
            faults.append(Problem(path, number + index, f"this line of the table holds {read!r} for a number."))
        else:
            epochs.append(read)
    if not faults and len({item.epoch for item in epochs}) < len(epochs):
        faults.append(Problem(path, number + head, "this table has an epoch twice."))
    if faults:
        last = faults[-1]
        remedy = f"{last.message} No metrics are taken from the table; the run's note keeps it. Mend it, import again."
        problems += [*faults[:-1], Problem(path, last.line, remedy)]
        return ()
    return tuple(epochs)


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("*`") for cell in line.strip().strip("|").split("|")]


def _epoch(cells: Sequence[str]) -> Epoch | str:
    """Return a line of a table, or the cell that is no number."""
    if not cells[0].isdecimal() or len(cells[0]) > _EPOCH_DIGITS:
        return cells[0]
    losses: list[float | None] = []
    for cell in cells[1:]:
        try:
            losses.append(None if cell in ("", "-", "–", "—", "n/a") else float(cell))
        except ValueError:
            return cell
    return Epoch(epoch=int(cells[0]), train_loss=losses[0], val_loss=losses[1])


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")
