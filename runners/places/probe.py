"""What a machine of a cluster says of itself when a place is checked: written into the folder that all of them share.

So one look tells two things: what a job would run on there, and that the folder is the same one there as here.
"""

from __future__ import annotations

import importlib.util
import platform
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from runners.places.cluster_record import write_probe
from runners.places.far_end import NEEDED
from runners.places.far_files import free_bytes
from runners.places.far_survey import survey
from runners.places.keeper import ANOTHER_FOLDER


def main(arguments: Sequence[str]) -> int:
    """Look at this machine: FOLDER MACHINE NAME; write what was found under that name."""
    folder, machine, name = arguments
    there = Path(folder)
    mark = there / "machine"
    if not mark.is_file() or mark.read_text(encoding="ascii") != machine:
        print(f"{folder} is another folder on {socket.gethostname()}.", file=sys.stderr)
        return ANOTHER_FOLDER
    missing = [package for package in NEEDED if importlib.util.find_spec(package) is None]
    told = {
        "machine": socket.gethostname(),
        "python": platform.python_version(),
        "missing": missing,
        "free_bytes": free_bytes(there),
        **survey(missing),
    }
    write_probe(there, name, told)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
