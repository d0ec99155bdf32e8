"""Carries out the run that this folder holds: `python run.py`, on any machine with Python 3.11 or later.

It sees that everything has arrived, unpacks the program, which comes along as runners.zip, and hands over to it:

    python run.py            check, train or sample, and pack the results; run again, it goes on where it ended
    python run.py install    install what is missing
    python run.py check      say what this machine has
    python run.py run        train or sample
    python run.py pack       pack what there is up to now into results.zip
"""

import hashlib
import json
import os
import platform
import shutil
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = "WORKBENCH_WORK"


def main() -> int:
    """Verify the folder, unpack the program and hand over."""
    if sys.hexversion < 0x030B0000:
        sys.exit(f"This Python is {platform.python_version()}, and 3.11 or later is needed: start run.py with it.")
    try:
        bundle = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"{HERE}: bundle.json cannot be read ({error}). Wait until all has arrived, or unpack the zip again.")
    here, damaged = [], []
    for name, told in bundle["files"].items():
        path = HERE / name
        if path.is_file() and path.stat().st_size == told["bytes"]:
            here.append(name)
            with path.open("rb") as file:
                if "sha256:" + hashlib.file_digest(file, "sha256").hexdigest() != told["sha256"]:
                    damaged.append(name)
    if len(here) < len(bundle["files"]):
        sys.exit(f"{HERE}: not all has arrived: {len(here)} of {len(bundle['files'])} files. Wait, and start it again.")
    if damaged:
        sys.exit(f"{HERE}: changed since it was packed: {', '.join(damaged)}. Bring the bundle here again.")
    # On the machine's own disk: what is appended to in a synced folder may never be synced.
    work = Path(os.environ.get(WORK) or "~/workbench-runs").expanduser() / bundle["run"]
    program = work / "program"
    shutil.rmtree(program, ignore_errors=True)
    program.mkdir(parents=True)
    with zipfile.ZipFile(HERE / "runners.zip") as archive:
        archive.extractall(program)
    sys.path.insert(0, str(program))
    from runners.carried.start import start

    return start(HERE, work, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
