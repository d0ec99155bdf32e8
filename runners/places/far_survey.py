"""What a machine has to run on: its torch, its cards and their memory, as torch itself finds them.

Asked in a process of its own: a torch that does not fit its driver may end the process that loads it.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Collection
from typing import Any, Final

_TIMEOUT_S: Final = 100.0

_LOOK: Final = """
import json, torch
cuda = torch.cuda.is_available()
cards = [torch.cuda.get_device_properties(n) for n in range(torch.cuda.device_count())] if cuda else []
mps = getattr(torch.backends, "mps", None)
device = "cuda" if cuda else "mps" if mps is not None and mps.is_available() else "cpu"
cards = [{"name": card.name, "bytes": card.total_memory} for card in cards]
print("\\n" + json.dumps({"torch": torch.__version__, "device": device, "cards": cards}))
"""


def survey(missing: Collection[str]) -> dict[str, Any]:
    """Return torch's version, the device it would take, the cards it finds, and the memory of the host.

    Args:
        missing: packages that are not there; without torch there is nothing to ask.
    """
    told: dict[str, Any] = {"torch": None, "device": None, "cards": [], "torch_error": None}
    told["system"] = f"{platform.system()} {platform.machine()}"
    told["memory_bytes"] = _memory_bytes()
    if "torch" in missing:
        return told
    try:
        done = subprocess.run(
            [sys.executable, "-c", _LOOK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return {**told, "torch_error": f"torch was not loaded within {_TIMEOUT_S:.0f} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {**told, "torch_error": last}
    return {**told, **json.loads(done.stdout.strip().splitlines()[-1])}


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None
