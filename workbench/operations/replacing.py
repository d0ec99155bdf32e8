"""Replacing a file of the author's as a whole, or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Make a file say something else; it keeps its rights, and no other file is touched.

    Raises:
        OSError: it cannot be written, and is as it was.
    """
    # Behind a link lies the author's own file: that one is replaced, not the link.
    real = path.resolve()
    rights = real.stat().st_mode & 0o777
    aside = real.with_name(f".{real.name}.{secrets.token_hex(4)}.part")
    try:
        with aside.open("xb") as file:
            file.write(data)
        aside.chmod(rights)
        aside.replace(real)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
