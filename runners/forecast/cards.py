"""The cards that a run may be sent to, and how much of their memory a program gets."""

from __future__ import annotations

from dataclasses import dataclass

from runners.forecast.memory import GIB


@dataclass(frozen=True, kw_only=True)
class Card:
    """One kind of GPU, or this machine's own memory.

    Attributes:
        name: as people call it.
        usable_bytes: what a program gets of its memory.
        cuda: whether it is a CUDA card.
        bfloat16: whether it computes in bfloat16 itself.
    """

    name: str
    usable_bytes: int
    cuda: bool = True
    bfloat16: bool = True


CARDS = (
    Card(name="T4", usable_bytes=int(14.7 * GIB), bfloat16=False),
    Card(name="L4", usable_bytes=int(22.0 * GIB)),
    Card(name="A100-40", usable_bytes=int(39.5 * GIB)),
    Card(name="RTX PRO 6000", usable_bytes=95 * GIB),
    Card(name="H100", usable_bytes=78 * GIB),
    Card(name="H200", usable_bytes=139 * GIB),
)
