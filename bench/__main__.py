"""`make bench`: the hub's hot jobs and its parts beside their anchors; prints ratios, writes docs/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time

from . import paper, servers, turns
from .data import Scale
from .figures import Figure, Run, figures_table
from .ground import Ground, lay
from .groups import GROUPS, OF_THE_COUNTY
from .site import Say, Site, started, teller
from .table import Line, ratio, table


def main() -> None:
    """Run it all, or what `--only` names."""
    asked = _asked()
    jobs, groups = [n for n in asked.only if n in turns.JOBS], [n for n in asked.only if n in GROUPS]
    if jobs:
        servers.installed()
    began, busy = time.monotonic(), os.getloadavg()[1]
    say = teller(began)
    ports = servers.free_ports(6)
    scale = Scale(asked.size, asked.size)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers and folders go, however this ends

    async def run() -> tuple[dict[str, dict[str, Line]], list[Figure], str]:
        async with started(f"http://127.0.0.1:{ports[0]}/dev-issuer") as site:
            say(f"PostgreSQL {site.version} is ready")
            ground = await lay(site, scale, say) if jobs or OF_THE_COUNTY & {*groups} else None
            found = await asyncio.to_thread(turns.measure, ground, jobs, ports, asked, say) if ground and jobs else {}
            return found, await _figures(site, ground, groups, asked, say), site.version

    found, figures, postgres = asyncio.run(run())
    parts = [table(job, lines, turns.PROCESSES) for job, lines in found.items()]
    print("\n" + "\n\n".join([*parts, figures_table(figures)] if figures else parts) + "\n")
    for job, lines in found.items():
        for n in turns.PROCESSES:
            print(f"{job}: hub x{n} is {ratio(lines, n):.2f} of the better PostGraphile x{n}")
    if asked.whole:
        paper.write(asked, found, figures, postgres, busy, time.monotonic() - began)
        say(f"written to {paper.PAPER}")


async def _figures(
    site: Site, ground: Ground | None, names: list[str], asked: argparse.Namespace, say: Say
) -> list[Figure]:
    made = list[Figure]()
    for name in names:
        say(name)
        made += await GROUPS[name](Run(site, ground, asked.size, asked.imported, asked.rounds, say))
    return made


def _asked() -> argparse.Namespace:
    every = [*turns.JOBS, *GROUPS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's check; writes no figures")
    parser.add_argument("--size", type=int, help="services, and as many referrals (100,000; quick: 5,000)")
    parser.add_argument("--imported", type=int, help="services of the package that is imported (a fifth of --size)")
    parser.add_argument("--clients", type=int, default=16, help="requests in flight")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (3; quick: 1)")
    parser.add_argument("--seconds", type=float, help="of one turn (2; quick: 1)")
    parser.add_argument(
        "--only",
        action="append",
        choices=every,
        metavar="NAME",
        help=f"one of {', '.join(every)}; may be given again; writes no figures",
    )
    asked = parser.parse_args()
    asked.whole = not asked.only and not asked.quick
    asked.only = asked.only or every
    asked.size = asked.size or (5_000 if asked.quick else 100_000)
    asked.imported = asked.imported or asked.size // 5
    asked.rounds = asked.rounds or (1 if asked.quick else 3)
    asked.seconds = asked.seconds or (1 if asked.quick else 2)
    return asked


if __name__ == "__main__":
    main()
