"""One figure against its anchor and its goal, and what every group of figures is given to measure with."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from .ground import Ground
from .site import Say, Site

Turn = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the paper. `held` is None where the goal says nothing of this size or this machine."""

    goal: int
    what: str
    ours: str
    anchor: str
    ratio: float | None
    wanted: str
    held: bool | None


@dataclass(frozen=True, slots=True)
class Run:
    """What a group measures on: a server, perhaps the county in it, and how much is asked."""

    site: Site
    ground: Ground | None
    size: int
    imported: int
    rounds: int
    say: Say

    @property
    def county(self) -> Ground:
        """The county; a group that reads it is in `groups.OF_THE_COUNTY`."""
        assert self.ground is not None, "this group reads the county: it must be laid"
        return self.ground


async def medians(turns: Mapping[str, Turn], rounds: int) -> dict[str, float]:
    """Milliseconds of each turn: medians over interleaved rounds, after one unmeasured round."""
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds + 1):
        for name, turn in turns.items():
            began = time.perf_counter()
            await turn()
            if number:
                taken[name].append((time.perf_counter() - began) * 1000)
    return {name: median(found) for name, found in taken.items()}


def figures_table(found: Sequence[Figure]) -> str:
    """The lines as a Markdown table."""
    rows = ["| goal | what | ours | anchor | ratio | wanted | held |", "|---:|---|---:|---|---:|---|---|"]
    for one in found:
        ratio = "" if one.ratio is None else f"{one.ratio:,.3g}"
        held = {True: "yes", False: "**no**", None: "-"}[one.held]
        rows.append(f"| {one.goal} | {one.what} | {one.ours} | {one.anchor} | {ratio} | {one.wanted} | {held} |")
    return "\n".join(rows)
