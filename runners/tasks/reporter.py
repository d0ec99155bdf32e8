"""How a task speaks to the outside: events, samples, traces, a heartbeat; and how it hears that it should end.

Loads no torch. The decision to know: a task asks `stop_requested()` between steps and, told yes, returns after writing
its checkpoint; `runners.__main__` then writes the last word. A task that was never told has finished.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, MappingProxyType, TracebackType
from typing import Any, Literal, Self

from runners.events import EventWriter, LineWriter, read_lines, utc_now
from runners.rundir import RunDir

# docs/run-directory.md promises one every ten seconds; a busy machine gets some room.
HEARTBEAT_S = 8.0

# Of the loss of one pair: finer than any comparison shows.
_LOSS_DECIMALS = 6

# Kept free for the last word of a job that has filled the disk.
_ROOM_BYTES = 64 * 1024

# Set by whoever starts a job that must not outlive it: a job whose machine was given to another, for one.
WATCH_PARENT = "RUNNERS_WATCH_PARENT"

# Set by whoever starts a job to have it say something first, such as why it was started again.
NOTICE = "RUNNERS_NOTICE"

Of = Literal["base", "adapter"]


class Reporter:
    """The voice and the ear of one attempt; a context manager that runs the heartbeat meanwhile."""

    def __init__(self, run_dir: RunDir, attempt: int, *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self.run_dir = run_dir
        self.attempt = attempt
        self.stop_reason: str | None = None
        self._open()
        self._place = _identity(run_dir.path)
        self._parent = os.getppid() if os.environ.get(WATCH_PARENT) == "1" else None
        self._checkpoints: set[int] = set()
        self._signal: str | None = None
        self._previous: dict[signal.Signals, Any] = {}
        self._heartbeat_s = heartbeat_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def _open(self) -> None:
        self._events = EventWriter(self.run_dir.events(self.attempt), self.attempt)
        self._samples = LineWriter(self.run_dir.samples)
        rows, _ = read_lines(self.run_dir.samples, 0)
        self._standing = {(row["of"], row["step"], row["prompt"], row["index"]) for row in rows}
        self._room = self.run_dir.attempt(self.attempt) / ".room"
        # Not zeros: a file system may keep those as a hole, which frees nothing.
        self._room.write_bytes(os.urandom(_ROOM_BYTES))

    def _close(self) -> None:
        self._events.close()
        self._samples.close()
        self._room.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Start the heartbeat; from here on TERM and INT are polite requests to stop."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._previous[number] = signal.signal(number, self._on_signal)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End the heartbeat, give the signals back and close the files."""
        self._end_heartbeat()
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._close()

    def emit(self, type: str, fields: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Write an event of any documented type, and a line of the log.

        Numbers that are not finite cannot be written as JSON: they are left out, and a warning says which.

        Raises:
            ValueError: an unknown type, or fields other than its documented ones.
        """
        lost: list[str] = []
        self._events.emit(type, _finite(fields, lost))
        _log(type, fields)
        if lost:
            at = f" at step {fields['step']}" if "step" in fields else ""
            self.warning(f"{type}{at}: {', '.join(lost)} is not a finite number and was left out.")

    def phase(self, phase: str, total: int | None = None) -> None:
        """Say which part of the work begins, and how many units it has."""
        self.emit("phase", {"phase": phase, "total": total})

    def progress(self, phase: str, done: int, total: int | None = None) -> None:
        """Say how many units of a phase are done."""
        self.emit("progress", {"phase": phase, "done": done, "total": total})

    def metric(self, step: int, values: Mapping[str, float]) -> None:
        """Report what was measured at an optimizer step."""
        self.emit("metric", {"step": step, "values": dict(values)})

    def validation(
        self,
        step: int,
        values: Mapping[str, float],
        *,
        draws: int,
        pairs: int,
        pair_losses: Mapping[str, float],
        seconds: float,
    ) -> None:
        """Report the loss on the held-out pairs with its interval.

        Args:
            step: after which optimizer step.
            values: by name.
            draws: fixed draws for each pair.
            pairs: that were measured, those of the probe among them.
            pair_losses: of each held-out pair, by its id: two runs are compared pair by pair.
            seconds: that it took.
        """
        said = {"step": step, "values": dict(values), "draws": draws, "pairs": pairs}
        losses = [
            {"id": pair, "loss": round(loss, _LOSS_DECIMALS)}
            for pair, loss in pair_losses.items()
            if math.isfinite(loss)
        ]
        self.emit("validation", said | {"pair_losses": losses, "seconds": round(seconds, 3)})

    def checkpoint(self, step: int, path: Path) -> None:
        """Report a checkpoint that is complete."""
        self.emit("checkpoint", {"step": step, "path": self._relative(path)})
        self._checkpoints.add(step)

    def said_checkpoint(self, step: int) -> bool:
        """Say whether this attempt has reported the checkpoint of a step."""
        return step in self._checkpoints

    def best(self, step: int, path: Path, val_loss: float) -> None:
        """Report which checkpoint is the best so far."""
        self.emit("best", {"step": step, "path": self._relative(path), "val_loss": val_loss})

    def pruned(self, step: int, path: Path) -> None:
        """Report a checkpoint that was deleted by rule."""
        self.emit("pruned", {"step": step, "path": self._relative(path)})

    def early(self, step: int, reason: str) -> None:
        """Report that the run ends before its last step, and why."""
        self.emit("early", {"step": step, "reason": reason})

    def sampled_steps(self) -> set[int]:
        """Return the steps whose adapter was sampled, by whichever attempt."""
        return {step for of, step, _, _ in self._standing if of == "adapter"}

    def warning(self, message: str) -> None:
        """Tell the author something that does not end the run."""
        self.emit("warning", {"message": message})

    def samples_complete(self, of: Of, step: int, count: int) -> None:
        """Report that a complete set of canary samples stands."""
        self.emit("samples", {"of": of, "step": step, "count": count})

    def has_sample(self, of: Of, step: int, prompt: str, index: int) -> bool:
        """Say whether a sample stands already, from whichever attempt."""
        return (of, step, prompt, index) in self._standing

    def sample(
        self,
        *,
        of: Of,
        step: int,
        prompt: str,
        index: int,
        seed: int,
        text: str,
        token_ids: Sequence[int],
        tokens: int,
        seconds: float,
        trace: Mapping[str, Any] | None = None,
    ) -> bool:
        """Append a sample and its trace; one that stands already is left as it is.

        Args:
            of: what it was sampled from.
            step: optimizer step of the adapter, 0 for the base.
            prompt: slug of the canary prompt.
            index: of this sample among those of its prompt, from 0.
            seed: what it was seeded with.
            text: decoded up to the first EOS.
            token_ids: the whole canvas after the prompt.
            tokens: length of that canvas.
            seconds: time it took.
            trace: how the canvas was filled, as docs/run-directory.md lays it out.

        Returns:
            whether it was written.
        """
        if self.has_sample(of, step, prompt, index):
            return False
        # The trace comes first, so that no sample ever names one that is not there.
        trace_path = None if trace is None else self._write_trace(of, step, prompt, index, trace)
        self._samples.write(
            {
                "of": of,
                "step": step,
                "prompt": prompt,
                "index": index,
                "seed": seed,
                "text": text,
                "token_ids": list(token_ids),
                "tokens": tokens,
                "seconds": round(seconds, 3),
                "attempt": self.attempt,
                "trace": trace_path,
                "at": utc_now(),
            }
        )
        self._standing.add((of, step, prompt, index))
        return True

    def trace(self, name: str, trace: Mapping[str, Any]) -> str:
        """Write a trace, whole or not at all; return where it lies, relative to the run directory."""
        self.run_dir.traces.mkdir(exist_ok=True)
        aside = self.run_dir.traces / f".{name}.{self.attempt}.tmp"
        aside.write_text(json.dumps(trace, allow_nan=False), encoding="utf-8")
        aside.replace(self.run_dir.traces / name)
        return f"{self.run_dir.traces.name}/{name}"

    def superseded(self) -> bool:
        """Say whether a newer attempt was started: it owns the checkpoints now, so write none."""
        return (self.run_dir.latest_attempt() or 0) > self.attempt

    def lost(self) -> str | None:
        """Say what the job has lost that it cannot go on without, or None: its run directory, or who started it."""
        if _identity(self.run_dir.path) != self._place:
            return f"the run directory was moved or deleted: {self.run_dir.path} is no longer there"
        if self._parent is not None and os.getppid() != self._parent:
            return f"the process that started this job, number {self._parent}, is gone"
        return None

    def stop_requested(self) -> bool:
        """Say whether to end after this step; `stop_reason` tells why.

        A lost run directory, a newer attempt, a signal and the stop file are reasons.
        """
        if (lost := self.lost()) is not None:
            self.stop_reason = lost
        elif self.superseded():
            self.stop_reason = f"a newer attempt, number {self.run_dir.latest_attempt()}, was started"
        elif self._signal is not None or self.run_dir.stop_requested():
            self.stop_reason = self._told_reason() or (
                f"the signal {self._signal}" if self._signal else "the stop file"
            )
        else:
            return False
        return True

    def _told_reason(self) -> str:
        """Return why whoever sent the signal, or wrote the stop file, did so; empty where that is not said."""
        try:
            return self.run_dir.stop_reason(self.attempt).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def last_word(self, type: Literal["finished", "stopped", "error"], fields: Mapping[str, Any]) -> None:
        """End the heartbeat and write the attempt's last event, in the room kept for it where the disk is full."""
        self._end_heartbeat()
        try:
            self.emit(type, fields)
        except OSError:
            self._room.unlink(missing_ok=True)
            self.emit(type, fields)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.run_dir.path).as_posix()

    def _write_trace(self, of: Of, step: int, prompt: str, index: int, trace: Mapping[str, Any]) -> str:
        return self.trace(f"{of}-{step:06d}-{urllib.parse.quote(prompt, safe='')}-{index}.json", trace)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signal = signal.Signals(number).name

    def _beat(self) -> None:
        while not self._ended.wait(self._heartbeat_s):
            try:
                self._events.emit("heartbeat")
            except OSError as error:
                # A full disk is told by what cannot do without it.
                print(utc_now(), "heartbeat", error, file=sys.stderr, flush=True)

    def _end_heartbeat(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()


class SilentReporter(Reporter):
    """The ear without the voice: of the processes that share a run's steps, only the first one speaks."""

    def _open(self) -> None:
        self._standing = set()

    def _close(self) -> None: ...

    def emit(self, type: str, fields: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Say nothing."""

    def _beat(self) -> None: ...


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another of the same name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _finite(value: Any, lost: list[str]) -> Any:
    """Return `value` without the numbers in its objects that are not finite; their names go to `lost`."""
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for key, item in value.items():
        if isinstance(item, float) and not math.isfinite(item):
            lost.append(key)
        else:
            kept[key] = _finite(item, lost)
    return kept


def _log(type: str, fields: Mapping[str, Any]) -> None:
    """Print an event for whoever reads log.txt; the traceback of an error keeps its lines."""
    if type == "progress":
        return
    words = []
    for key, value in fields.items():
        if isinstance(value, Mapping):
            words += [f"{inner} {_short(item)}" for inner, item in value.items()]
        elif isinstance(value, list):
            words.append(f"{key} {len(value)}")
        elif key != "detail" and value is not None:
            words.append(f"{key} {_short(value)}")
    print(utc_now(), type, ", ".join(words), flush=True)
    if "detail" in fields:
        print(str(fields["detail"]).rstrip("\n"), flush=True)


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
