"""What this machine has to run on: its own CUDA card, as the driver's tool tells it, or its memory."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache

import psutil

from runners.forecast.cards import Card

_TIMEOUT_S = 5.0
_MIB = 1024**2
# The system and this program need some too; what is in use now may be free when the run starts.
OWN_SHARE = 0.85
# The driver keeps some of a card: a T4 of 15.0 GiB gives 14.7.
CARD_SHARE = 0.98


@lru_cache(maxsize=1)
def this_machine() -> Card:
    """Return this machine's first CUDA card, else its memory; asks the driver once, in the calling thread."""
    return _cuda_card() or Card(
        name="this machine", usable_bytes=int(psutil.virtual_memory().total * OWN_SHARE), cuda=False
    )


def _cuda_card() -> Card | None:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    try:
        answer = subprocess.run(
            [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
        name, mebibytes = (part.strip() for part in answer.stdout.strip().splitlines()[0].rsplit(",", 1))
        return Card(name=f"this machine ({name})", usable_bytes=int(float(mebibytes) * _MIB * CARD_SHARE))
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return None
