"""What the OpenSSH client says when it fails, told as what happened and what to do."""

from __future__ import annotations

import re
from typing import Final

from runners.errors import PlaceError, UnreachableError

# What the client says, what to tell of it, and whether it may pass by itself. The first that fits counts.
_KNOWN: Final[tuple[tuple[str, str, bool], ...]] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key is not the one you accepted: another machine answers under this name, or somebody is in between. "
        "If you know that the machine is a new one, remove the old key with `ssh-keygen -R {name}`, then run "
        "`{command}` once by hand.",
        False,
    ),
    (
        r"host key is known for|Host key verification failed",
        "its host key is not known yet. Run `{command}` once by hand, compare the key with what the host's owner says, "
        "and accept it.",
        False,
    ),
    (
        r"Permission denied|Too many authentication failures|no mutual signature|No supported authentication",
        "it refused you. Put your public key on it with `ssh-copy-id {command_tail}`, unlock your key with `ssh-add`, "
        "or name the right user in ~/.ssh/config.",
        False,
    ),
    (
        r"Could not resolve hostname",
        "no machine of that name was found. Look at the name, or at your network.",
        True,
    ),
    (
        r"Connection refused",
        "it refused the connection: no SSH server listens there, or the machine is just starting.",
        True,
    ),
    (
        r"timed out|No route to host|Network is unreachable|Host is down|not responding",
        "it did not answer. Is it switched on, and are you online?",
        True,
    ),
    (
        r"Connection (closed|reset)|Broken pipe|kex_exchange|client_loop|mux_client|Control socket",
        "the connection broke off.",
        True,
    ),
    (
        r"Bad configuration option|terminating, \d+ bad|Can't open user config file",
        "the client does not understand its settings: {said}",
        False,
    ),
)


def ssh_error(host: str, arguments: list[str], said: str, status: int | None) -> PlaceError:
    """Return the error for a connection that did not come about, or broke off.

    Args:
        host: as the settings name it.
        arguments: what a person gives to `ssh` by hand to reach it.
        said: standard error of the client.
        status: of the client; None for one that had to be ended.
    """
    last = (said.strip().splitlines() or [f"ssh ended with {status}"])[-1]
    words = {
        "command": " ".join(["ssh", *arguments]),
        "command_tail": " ".join(arguments),
        "name": _key_name(host),
        "said": last,
    }
    for pattern, told, passes in _KNOWN:
        if re.search(pattern, said):
            kind = UnreachableError if passes else PlaceError
            return kind(f"{host}: {told.format(**words)}")
    return UnreachableError(f"{host}: it could not be reached ({last}). `{words['command']}` by hand may tell more.")


def _key_name(host: str) -> str:
    """Return the name that the host's key is kept under."""
    name, colon, port = host.rpartition("@")[2].rpartition(":")
    return f"'[{name}]:{port}'" if colon and port.isdecimal() and port != "22" else host.rpartition("@")[2]
