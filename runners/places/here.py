"""A folder that is mounted on this machine, asked by the same questions as one on a far host.

The decision to know: also here a process of its own answers. A network mount that hangs then keeps nobody waiting who
can give the question up.
"""

from __future__ import annotations

from dataclasses import dataclass

from runners.errors import PlaceError, UnreachableError


@dataclass(frozen=True, kw_only=True)
class Here:
    """This machine.

    Attributes:
        host: whose folder is mounted, as errors name it.
    """

    host: str

    def arguments(self) -> list[str]:
        """Return nothing: `ssh` is not asked."""
        return []

    def command(self, script: str) -> list[str]:
        """Return a shell of this machine."""
        return ["/bin/sh", "-c", script]

    def error(self, said: str, status: int) -> PlaceError:
        """Say that not even the shell began."""
        last = (said.strip().splitlines() or [f"exit status {status}"])[-1]
        return UnreachableError(f"{self.host}: its folder cannot be looked at on this machine ({last}). Try again.")
