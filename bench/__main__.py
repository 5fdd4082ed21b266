"""`make bench`: the hot jobs of the hub beside raw SQL and PostGraphile; prints ratios, writes docs/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from . import ground, jobs, load, pgbench, servers
from .data import Scale
from .ground import Ground
from .jobs import Job
from .load import Measured
from .table import HUB, Line, line, ratio, table

PROCESSES = (1, 2)
PAPER = Path(__file__).parents[1] / "docs" / "performance.md"
Turn = Callable[[], Measured]


def main() -> None:
    """Run it all."""
    asked = _asked()
    servers.installed()
    began, busy = time.monotonic(), os.getloadavg()[1]
    ports = servers.free_ports(6)
    issuer = f"http://127.0.0.1:{ports[0]}/dev-issuer"
    scale = Scale(asked.size, asked.size)

    async def run() -> tuple[dict[str, dict[str, Line]], str]:
        _say(began, f"{scale.services:,} services, {scale.referrals:,} referrals, {scale.cases:,} cases: writing them")
        async with ground.laid(scale, issuer) as laid:
            _say(began, f"PostgreSQL {laid.version} is ready")
            return await asyncio.to_thread(_measure, laid, ports, asked, began), laid.version

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers and folders go, however this ends
    found, postgres = asyncio.run(run())
    text = "\n\n".join(table(job, lines, PROCESSES) for job, lines in found.items())
    print(f"\n{text}\n")
    for job, lines in found.items():
        for n in PROCESSES:
            print(f"{job}: hub x{n} is {ratio(lines, n):.2f} of the better PostGraphile x{n}")
    if not asked.quick:
        PAPER.write_text(_paper(text, found, asked, postgres, busy), "utf-8")
        _say(began, f"written to {PAPER}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's check; writes no figures")
    parser.add_argument("--size", type=int, help="services, and as many referrals (100,000; quick: 10,000)")
    parser.add_argument("--clients", type=int, default=16, help="requests in flight")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (3; quick: 1)")
    parser.add_argument("--seconds", type=float, help="of one turn (3; quick: 1)")
    parser.add_argument("--job", action="append", help="this job alone; may be given again")
    asked = parser.parse_args()
    asked.size = asked.size or (10_000 if asked.quick else 100_000)
    asked.rounds = asked.rounds or (1 if asked.quick else 3)
    asked.seconds = asked.seconds or (1 if asked.quick else 3)
    return asked


def _measure(laid: Ground, ports: Sequence[int], asked: argparse.Namespace, began: float) -> dict[str, dict[str, Line]]:
    tokens = jobs.Tokens(laid)
    wanted = [job for job in jobs.every(laid, tokens) if not asked.job or job.name in asked.job]
    with _served(laid, ports) as listening:
        for port in listening[HUB]:  # one by one: each process fetches the provider's keys with its first token
            load.drive([port], 1, 0.1, wanted[0].ours(), wanted[0].ours_expected)
        found = {}
        for job in wanted:
            turns = _turns(job, laid, listening, asked)
            for turn in turns.values():  # once unmeasured: caches, plans and pools are warm for everybody
                turn(1)
            measured: dict[str, list[Measured]] = {name: [] for name in turns}
            for number in range(asked.rounds):
                for name, turn in turns.items():
                    measured[name].append(turn(asked.seconds))
                _say(began, f"{job.name}: round {number + 1} of {asked.rounds}")
            found[job.name] = {name: line(of) for name, of in measured.items()}
    return found


@contextlib.contextmanager
def _served(laid: Ground, ports: Sequence[int]) -> Iterator[dict[str, Sequence[int]]]:
    """Two processes of each contender, all of them up for the whole run and idle unless it is their turn."""
    with contextlib.ExitStack() as stack:
        for port in ports[:2]:
            stack.enter_context(servers.hub(laid, port))
        for number, release in enumerate((4, 5)):
            for port in ports[2 + 2 * number : 4 + 2 * number]:
                stack.enter_context(servers.peer(laid, release, port))
        yield {HUB: ports[:2], "PostGraphile 4": ports[2:4], "PostGraphile 5": ports[4:6]}


def _turns(
    job: Job, laid: Ground, listening: dict[str, Sequence[int]], asked: argparse.Namespace
) -> dict[str, Callable[[float], Measured]]:
    makers = {HUB: job.ours, "PostGraphile 4": job.peers[4], "PostGraphile 5": job.peers[5]}
    turns: dict[str, Callable[[float], Measured]] = {}
    for count in PROCESSES:
        for name, make in makers.items():
            expected = job.ours_expected if name == HUB else job.peers_expected
            turns[f"{name} x{count}"] = partial(_http, listening[name][:count], asked.clients, make, expected)
    for name, script in job.scripts.items():
        turns[name] = partial(_raw, laid, script, asked.clients)
    return turns


def _http(
    ports: Sequence[int], clients: int, make: Callable[[], load.Make], expected: load.Expected, seconds: float
) -> Measured:
    return load.drive(ports, clients, seconds, make(), expected)


def _raw(laid: Ground, script: str, clients: int, seconds: float) -> Measured:
    return pgbench.drive(laid, script, clients, seconds, **jobs.picks(laid))


def _say(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)


def _paper(text: str, found: dict[str, dict[str, Line]], asked: argparse.Namespace, postgres: str, busy: float) -> str:
    packages = ("uvicorn", "strawberry-graphql", "graphql-core", "sqlalchemy", "asyncpg", "orjson")
    held = [
        f"- {job}: {ratio(lines, n):.2f} of the better PostGraphile with {n} process{'es' if n > 1 else ''}"
        for job, lines in found.items()
        for n in PROCESSES
    ]
    here = Path(__file__).parent
    return (
        (here / "performance.md")
        .read_text("utf-8")
        .format(
            held=(here / "held.md").read_text("utf-8").strip(),
            postgres=postgres,
            command=" ".join(["python -m bench", *sys.argv[1:]]),
            load=f"{busy:.1f}",
            node=subprocess.run(
                [servers.node(), "--version"], capture_output=True, text=True, check=True
            ).stdout.strip(),
            peers=" and ".join(_release(n) for n in (4, 5)),
            table=text,
            ratios="\n".join(held),
            date=datetime.now(UTC).date().isoformat(),
            machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
            python=platform.python_version(),
            packages=", ".join(f"{name} {version(name)}" for name in packages),
            size=f"{asked.size:,}",
            cases=f"{Scale(asked.size, asked.size).cases:,}",
            agencies=Scale(asked.size, asked.size).agencies,
            clients=asked.clients,
            rounds=asked.rounds,
            seconds=f"{asked.seconds:g}",
        )
    )


def _release(major: int) -> str:
    package = servers.NODE / "node_modules" / f"postgraphile{major}" / "package.json"
    return str(json.loads(package.read_text("utf-8"))["version"])


if __name__ == "__main__":
    main()
