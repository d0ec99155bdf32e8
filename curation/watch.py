"""Watch folders and files on the disk, and say which have changed once they stand still.

The system's events only say when to look; what changed is read from names, sizes and times. So it is all one how an
editor saves (in place, by renaming, in two steps), an event that is lost costs only time, and network mounts and synced
folders, which send none, are seen by the slow look that comes by itself.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curation.discover import SUFFIXES, is_environment, written_by_us

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver, ObservedWatch

# How long a file's size and time must stand before it is read, in seconds.
QUIET_S = 0.4
# How often the places are looked at when no event came, in seconds; on a slow disk at most a twentieth of the time.
RESCAN_S = 30.0
_SLOW_SHARE = 20.0
# A file that is written all the time is looked at less and less often, down to this, in seconds.
_RESTLESS_S = 5.0
# Essays, and tables of notes.
_WATCHED = (*SUFFIXES, ".csv")
_CHANGES = ("created", "modified", "moved", "deleted", "closed")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another: its size, its time of last change, and which file it is."""

    size_bytes: int
    mtime_ns: int
    inode: tuple[int, int]


@dataclass(frozen=True)
class Places:
    """What is watched: folders with all that is in them, and single files."""

    folders: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()


Survey = dict[str, Stamp]
_UNKNOWN = Stamp(-1, -1, (-1, -1))


def survey(places: Places) -> Survey:
    """Return every Markdown file in the folders, and the single files, that are there, by their real paths."""
    found: Survey = {}
    seen: set[tuple[int, int]] = set()
    for folder in places.folders:
        for path, stamp in _walk(os.path.realpath(folder), seen):
            found[path] = stamp
    for file in places.files:
        stamp_of_file = stamp_of(file)
        if stamp_of_file is not None:
            found.setdefault(os.path.realpath(file), stamp_of_file)
    return found


def stamp_of(path: Path | str) -> Stamp | None:
    """Return the state of an ordinary file; None where there is none, or nobody can tell."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return _stamp(status) if stat.S_ISREG(status.st_mode) else None


def is_gone(path: Path | str) -> bool:
    """Say whether a file is surely not there; one that only cannot be looked at is not gone."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def standing(places: Places, quiet_s: float = QUIET_S) -> frozenset[str]:
    """Look twice, and return the paths that are the same both times: of files that are there, and of missing ones."""
    first = survey(places)
    time.sleep(quiet_s)
    second = survey(places)
    named = {os.path.realpath(path) for path in places.files}
    return frozenset(path for path in first.keys() | second.keys() | named if first.get(path) == second.get(path))


class Watcher:
    """A thread that watches, and calls `changed` in itself."""

    def __init__(
        self,
        places: Callable[[], Places],
        changed: Callable[[frozenset[str]], bool],
        *,
        rescan_s: float = RESCAN_S,
        quiet_s: float = QUIET_S,
        native: bool = True,
    ) -> None:
        """Make a watcher; `start` starts it.

        Args:
            places: asked in the thread for what to watch, before each look of its own accord.
            changed: called with the real paths that came, changed or went and stand still by now, first with all that
                there are and with single files that are gone; returns False to be called again later.
            rescan_s: seconds between looks when no event came.
            quiet_s: seconds for which a file must stand still.
            native: whether to ask the system for events; without them there is only the slow look.
        """
        self._ask_places = places
        self._changed = changed
        self._rescan_s = rescan_s
        self._quiet_s = quiet_s
        self._native = native
        self._wake = threading.Event()
        self._stopped = False
        self._observer: BaseObserver | None = None
        self._watches: dict[tuple[str, bool], ObservedWatch] = {}
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Start the thread; it costs nothing here, since watchdog is imported in it."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread, after the call of `changed` that is under way."""
        self._stopped = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        places = self._ask_places()
        # Nothing is known of any of them yet: one that is gone already is handed out as well.
        handed: Survey = {os.path.realpath(file): _UNKNOWN for file in places.files}
        last: Survey = dict(handed)
        self._observe(places)
        restless_s = self._quiet_s
        while not self._stopped:
            began = time.monotonic()
            now = survey(places)
            took_s = time.monotonic() - began
            differing = {path for path in now.keys() | handed.keys() if now.get(path) != handed.get(path)}
            still = frozenset(path for path in differing if last.get(path) == now.get(path))
            last = now
            if still and not self._stopped:
                if not self._changed(still):
                    self._wait(max(1.0, self._quiet_s))
                    continue
                _hand(handed, now, still)
            if differing == still:
                restless_s = self._quiet_s
                self._wait(max(self._rescan_s, took_s * _SLOW_SHARE))
                if not self._stopped:
                    places = self._ask_places()
                    self._observe(places)
            else:
                # Not woken by each event: a file that is being written sends many.
                self._pause(restless_s)
                restless_s = self._quiet_s if still else min(_RESTLESS_S, restless_s * 1.5)
        self._close()

    def _wait(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopped and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))

    def _observe(self, places: Places) -> None:
        """Ask the system for events of what is there; it may refuse, then there is the slow look."""
        if not self._native:
            return
        if self._observer is None:
            from watchdog.observers import Observer

            self._observer = Observer()
            self._observer.start()
        wanted = {(os.path.realpath(folder), True) for folder in places.folders}
        folders = tuple(path for path, _ in wanted)
        parents = {str(Path(os.path.realpath(file)).parent) for file in places.files}
        wanted |= {(parent, False) for parent in parents if not _inside(parent, folders)}
        for place in list(self._watches):
            # A folder that was taken away and put back is another one: the old watch of it is deaf.
            if place not in wanted or not Path(place[0]).is_dir():
                self._forget(place)
        for path, recursive in wanted - self._watches.keys():
            if Path(path).is_dir():
                try:
                    self._watches[path, recursive] = self._observer.schedule(
                        _handler(self._wake), path, recursive=recursive
                    )
                except OSError:
                    continue

    def _forget(self, place: tuple[str, bool]) -> None:
        assert self._observer is not None
        try:
            self._observer.unschedule(self._watches.pop(place))
        except (KeyError, OSError):
            return

    def _close(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(2.0)


def _handler(wake: threading.Event) -> FileSystemEventHandler:
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            # Reading a file sends events as well, and a database that is written beside the essays sends many.
            if event.event_type in _CHANGES:
                names = (os.fsdecode(event.src_path), os.fsdecode(event.dest_path or ""))
                if event.is_directory or any(name.lower().endswith(_WATCHED) for name in names):
                    wake.set()

    return Handler()


def _hand(handed: Survey, now: Mapping[str, Stamp], paths: frozenset[str]) -> None:
    for path in paths:
        if path in now:
            handed[path] = now[path]
        else:
            handed.pop(path, None)


def _walk(folder: str, seen: set[tuple[int, int]]) -> Iterator[tuple[str, Stamp]]:
    """Yield the Markdown files of a folder by their real paths; as in an import, some are passed over."""
    try:
        status = Path(folder).stat()
        if not stat.S_ISDIR(status.st_mode) or (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            listed = [entry for entry in entries if not entry.name.startswith(".")]
    except (OSError, ValueError):
        return
    passed_over = written_by_us([entry.name for entry in listed])
    for entry in listed:
        if entry.name in passed_over:
            continue
        try:
            path = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
            if entry.is_dir():
                if not is_environment(path):
                    yield from _walk(path, seen)
            elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                yield path, _stamp(entry.stat())
        except OSError:
            continue


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns, (status.st_dev, status.st_ino))


def _inside(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
