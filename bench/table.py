"""What a run found: medians over interleaved rounds, ratios, and docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from .load import Measured

HUB, PEERS = "hub", ("PostGraphile 4", "PostGraphile 5")


@dataclass(frozen=True, slots=True)
class Line:
    """One contender's medians: answers a second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def line(turns: Sequence[Measured]) -> Line:
    """The medians of a contender's turns."""
    return Line(
        median(turn.rate for turn in turns),
        median(turn.percentile(0.5) for turn in turns) * 1000,
        median(turn.percentile(0.99) for turn in turns) * 1000,
    )


def best_peer(lines: Mapping[str, Line], processes: int) -> Line:
    """The better PostGraphile with as many processes."""
    return max((lines[f"{peer} x{processes}"] for peer in PEERS), key=lambda found: found.rate)


def ratio(lines: Mapping[str, Line], processes: int) -> float:
    """The hub's rate over the better PostGraphile's, both with as many processes."""
    return lines[f"{HUB} x{processes}"].rate / best_peer(lines, processes).rate


def table(job: str, lines: Mapping[str, Line], processes: Sequence[int]) -> str:
    """One job as a Markdown table; the last columns are rates over the better PostGraphile of as many processes."""
    against = "".join(f" / better PostGraphile x{n} |" for n in processes)
    rows = [f"### {job}", "", f"| contender | /s | p50 ms | p99 ms |{against}"]
    rows.append("|---|---:|---:|---:|" + "---:|" * len(processes))
    for name, found in lines.items():
        ratios = "".join(f" {found.rate / best_peer(lines, n).rate:.2f} |" for n in processes)
        rows.append(f"| {name} | {found.rate:,.0f} | {found.p50:.1f} | {found.p99:.1f} |{ratios}")
    return "\n".join(rows)
