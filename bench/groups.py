"""The groups of figures beside the HTTP jobs, by the name `--only` takes. A new group is a file and a line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from . import audit, coverage, deciding, importing, routing, slots, words
from .figures import Figure, Run

Group = Callable[[Run], Awaitable[list[Figure]]]

GROUPS: Mapping[str, Group] = {
    "words": words.measure,  # goal 3
    "routing": routing.measure,  # goal 4
    "coverage": coverage.measure,  # goal 6
    "importing": importing.measure,  # goal 11
    "slots": slots.measure,  # goal 7
    "audit": audit.measure,  # goal 9
    "policy": deciding.measure,  # goal 10
}
OF_THE_COUNTY = frozenset({"words", "routing", "coverage"})
"""Those that read the county; without them and the HTTP jobs it is not written at all."""
