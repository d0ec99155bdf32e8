"""What is meant by a name that was typed: whole, or only its beginning."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from workbench.operations.errors import WorkbenchError


def named(given: str, names: Sequence[str], kind: str, command: str) -> str:
    """Return the name that is given whole, or by a beginning that is one name's alone.

    Args:
        given: as it was typed.
        names: those there are.
        kind: of what, such as `run`.
        command: which lists them.

    Raises:
        WorkbenchError: there is none of that name, or several begin so.
    """
    begin_so = [name for name in names if given and name.startswith(given)]
    if given in names or len(begin_so) == 1:
        return given if given in names else begin_so[0]
    if begin_so:
        found = ", ".join(begin_so)
        raise WorkbenchError(f"{len(begin_so)} {kind}s begin with {given!r}: {found}. Give more of the name.")
    near = difflib.get_close_matches(given, names, n=3)
    hint = f"Near it: {', '.join(near)}." if near else f"See `{command}` for those there are."
    raise WorkbenchError(f"There is no {kind} named {given!r}. {hint}")
