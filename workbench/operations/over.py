"""How many pairs are over a model's limit, as their list says it; `counting`, which finds out, knows every model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Over:
    """How many pairs are over the limit of any target model; None while pairs are uncounted, and how many those are."""

    found: int | None = None
    uncounted: int = 0
