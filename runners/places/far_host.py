"""Ask a far host one question: the package is there before, and what goes wrong is told as a sentence.

The decision to know: the package is sent when the host says that it is not there, never on a guess, so an emptied disk
or another machine under the same name mends itself at the next question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from runners.errors import PlaceError
from runners.places.package import UNPACK, package
from runners.places.ssh_client import Conversation, FarError, Reach, sh_path, sh_words

_NO_PACKAGE: Final = 91
_NO_FOLDER: Final = 92
_NOT_FOUND: Final = (126, 127)
_OLDEST: Final = "3.11"
# With less the job could not even write its first checkpoint.
_LEAST_FREE_BYTES: Final = 200 << 20
_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class FarHost:
    """A host, and where the workbench lives on it.

    Attributes:
        destination: how the host is reached.
        folder: on the host; `~/` is the home folder there.
        python: the interpreter there, with torch: a path, or a name that is found.
        environment: set for the jobs, such as HF_HOME.
        cancelled: asked a few times a second; a question is given up then.
        shared: whether the folder is one that several machines see: then it has to stand, since one that is made where
            nothing is mounted would be seen by nobody else.
    """

    destination: Reach
    folder: str
    python: str
    environment: Mapping[str, str] = field(default_factory=dict)
    cancelled: Callable[[], bool] = lambda: False
    shared: bool = False

    @property
    def name(self) -> str:
        """The host as the settings name it."""
        return self.destination.host

    def ask(self, do: str, *, send: Callable[[], Iterable[bytes]] = tuple, **question: Any) -> dict[str, Any]:
        """Ask a question whose answer has nothing behind it.

        Raises:
            PlaceError: as for `asked`.
        """
        with self.asked(do, send=send, **question) as (told, _):
            return told

    @contextmanager
    def asked(
        self, do: str, *, send: Callable[[], Iterable[bytes]] = tuple, **question: Any
    ) -> Iterator[tuple[dict[str, Any], Conversation]]:
        """Ask a question; give the answer, and the conversation in which the bytes behind it are read.

        Args:
            do: what, as `far_end` names it.
            send: makes the bytes behind the question; called again where the package had to be sent first.
            question: its fields; with `machine`, only that one answers.

        Raises:
            UnreachableError: the host cannot be asked now.
            PlaceError: it cannot answer, and what to do.
        """
        row = {"do": do, "folder": self.folder, "env": dict(self.environment), **question}
        asking = json.dumps(row).encode("ascii") + b"\n"
        for again in (False, True):
            with Conversation(self.destination, self._script(), cancelled=self.cancelled) as conversation:
                conversation.send(chain((asking,), send()))
                try:
                    line = conversation.line()
                except FarError as error:
                    if error.status != _NO_PACKAGE or again:
                        raise self._told(error) from error
                else:
                    yield self._answer(line, question.get("machine")), conversation
                    return
            self._ship()

    def room_problems(self, free_bytes: int) -> list[str]:
        """Say whether what is free there is too little."""
        if free_bytes >= _LEAST_FREE_BYTES:
            return []
        return [
            f"{self.name}: {free_bytes >> 20} MiB are free at {self.folder}, too little for a checkpoint. Make room "
            "there, or name another `folder`."
        ]

    def _script(self) -> str:
        """Go to the package and be the far end; a status of its own tells that it is not there."""
        name, _ = package()
        folder = sh_path(f"{self.folder.rstrip('/')}/packages/{name}")
        far_end = f'PYTHONSAFEPATH=1 PYTHONPATH="$PWD" exec {sh_path(self.python)} -m runners.places.far_end'
        return f"cd {folder} 2>/dev/null || exit {_NO_PACKAGE}; {far_end}"

    def _ship(self) -> None:
        name, data = package()
        folder = sh_path(f"{self.folder.rstrip('/')}/packages")
        unpack = sh_words([*UNPACK, name, hashlib.sha256(data).hexdigest()])
        stands = f"[ -d {sh_path(self.folder)} ] || exit {_NO_FOLDER}; " if self.shared else ""
        script = f"{stands}mkdir -p {folder} && cd {folder} && {sh_path(self.python)} {unpack} && echo unpacked"
        blocks = [data[start : start + _BLOCK_BYTES] for start in range(0, len(data), _BLOCK_BYTES)]
        with Conversation(self.destination, script, cancelled=self.cancelled) as conversation:
            conversation.send(blocks)
            try:
                conversation.line()
            except FarError as error:
                raise self._told(error) from error

    def _answer(self, line: bytes, machine: str | None = None) -> dict[str, Any]:
        """Read an answer; one of another machine than the one that was meant says nothing."""
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise PlaceError(f"{self.name}: what it answered is no answer ({line[:80]!r}). Try again.") from error
        if "error" in told:
            raise PlaceError(f"{self.name}: {self._full() if told['full'] else told['error']}")
        if machine not in (None, told["machine"]):
            raise PlaceError(
                f"{self.name} is another machine now than the one this run was started on, or {self.folder} there was "
                "emptied: nothing is known of its job."
            )
        return told

    def _told(self, error: FarError) -> PlaceError:
        """Say what kept a command there from answering."""
        last = (error.said.strip().splitlines() or [f"exit status {error.status}"])[-1]
        if error.status == _NO_FOLDER:
            return PlaceError(
                f"{self.name}: there is no folder {self.folder}. Mount what the machines of the cluster share, or make "
                "the folder, if it is new."
            )
        if error.status in _NOT_FOUND:
            return PlaceError(
                f"{self.name}: there is no {self.python} to run the jobs with ({last}). Install Python {_OLDEST} or "
                "newer there, or name another one as `python` of this place."
            )
        if last.startswith("too old: "):
            found = last.removeprefix("too old: ")
            return PlaceError(
                f"{self.name}: {self.python} is Python {found}, and jobs need {_OLDEST} or newer. Install one there, "
                "or name another one as `python` of this place."
            )
        if "No space left" in error.said or "Disk quota" in error.said:
            return PlaceError(f"{self.name}: {self._full()}")
        return PlaceError(
            f"{self.name}: {self.python} did not answer ({last}). Look at `folder` and `python` of this place."
        )

    def _full(self) -> str:
        return f"its disk is full at {self.folder}. Make room there, or name another `folder`; what stands is kept."
