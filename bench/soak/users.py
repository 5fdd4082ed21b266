"""The hub under people: two `hub serve`, one `hub work`, a mail server; what they answer, hold, seal, and leave."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

import asyncpg
import psutil

from hub.base.databases import Urls
from hub.notices.catcher import Catcher

from .. import servers
from ..audit import oldest_unsealed
from ..data import County
from ..jobs import Tokens
from ..servers import Running
from ..services import Entry, offered
from ..site import Say, Site
from .people import KINDS, Pair, Seen, work
from .report import Check

MOST_P95 = 0.3
"""Seconds within which 95 of 100 answers must come (goal 13)."""
MOST_TAIL = 1.0
"""Seconds an audit entry may wait for its seal (goal 9)."""
_GROWTH, _SLACK = 1.3, 32
"""What a process may hold at the end: so many times what it held when warm, or so many megabytes more."""
_EVERY = 15.0
"""Seconds between two lines of progress."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How long, how many people, and how long they think: seconds."""

    seconds: float
    people: int = 200
    think: float = 5.0
    settle: float = 30.0
    """How long the sealer has, when all have stopped, to come to the end."""


async def run(
    site: Site,
    urls: Urls,
    made: County,
    found: Sequence[Entry],
    wanted: Sequence[Pair],
    ports: Sequence[int],
    asked: Asked,
    say: Say,
) -> list[Check]:
    """Put the people to work. The first of `ports` must be the issuer's of the site."""
    seen, stop = Seen(), asyncio.Event()
    async with Catcher(keep=10) as mail, contextlib.AsyncExitStack() as stack:
        running: dict[str, Running] = {}
        for number, port in enumerate(ports, 1):
            served = servers.hub(site, urls, port)
            running[f"serve {number}"] = await asyncio.to_thread(stack.enter_context, served)
        working = servers.worker(site, urls, "soak-worker", mail.port)
        running["work"] = await asyncio.to_thread(stack.enter_context, working)
        owner = await asyncpg.connect(urls.owner)
        stack.push_async_callback(owner.close)
        may_send = offered(made, found)
        people = asyncio.create_task(
            work(made, wanted, may_send, Tokens(site), ports, asked.people, asked.think, stop, seen)
        )
        warm, longest = await _watch(owner, people, running, asked, seen, say)
        at_end = await oldest_unsealed(owner)
        stop.set()
        await people
        final = {name: _megabytes(one) for name, one in running.items()}
        alive = {name: one.process.poll() is None for name, one in running.items()}
        await _all_sealed(owner, asked.settle)
    checks = [
        *answers(seen),
        *memory(warm, final),
        Check(
            "unsealed audit tail",
            f"the oldest entry had waited {at_end:.2f} s at the end, {longest:.2f} s at most",
            at_end <= MOST_TAIL,
        ),
        *(_process(name, one, alive[name]) for name, one in running.items()),
    ]
    return [*checks, await asyncio.to_thread(_verified, site, urls)]


async def _watch(
    owner: asyncpg.Connection,
    people: asyncio.Task[None],
    running: Mapping[str, Running],
    asked: Asked,
    seen: Seen,
    say: Say,
) -> tuple[dict[str, float], float]:
    """Look on until time is over; megabytes of each process after a fifth of it, and the longest tail seen."""
    began, told, longest = time.monotonic(), time.monotonic(), 0.0
    warm: dict[str, float] = {}
    while (passed := time.monotonic() - began) < asked.seconds and not people.done():
        if not warm and passed >= asked.seconds / 5:
            warm = {name: _megabytes(one) for name, one in running.items()}
        longest = max(longest, await oldest_unsealed(owner))
        if time.monotonic() - told >= _EVERY:
            told = time.monotonic()
            say(f"people: {passed:.0f} of {asked.seconds:.0f} s, {seen.count:,} answers, {len(seen.errors)} errors")
        await asyncio.sleep(0.2)
    return warm, longest


def answers(seen: Seen) -> list[Check]:
    """No error; every kind of deed was done; 95 of 100 answers within the goal."""
    first = f"; the first: {seen.errors[0]}" if seen.errors else ""
    missing = [kind for kind in KINDS if not seen.latencies[kind]]
    counted = ", ".join(f"{kind} {len(found)}" for kind, found in seen.latencies.items())
    every = [seconds for found in seen.latencies.values() for seconds in found]
    checks = [
        Check("answers without error", f"{seen.count:,} right, {len(seen.errors):,} wrong{first}", not seen.errors),
        Check("every kind of deed", counted, not missing),
    ]
    if len(every) < 2:
        return [*checks, Check("latency", "nothing was answered", False)]
    slowest = max(KINDS, key=lambda kind: _percentile(seen.latencies[kind], 95))
    p50, p95, p99 = (_percentile(every, part) * 1000 for part in (50, 95, 99))
    found = f"p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f} ms; slowest kind: {slowest}, p95 "
    found += f"{_percentile(seen.latencies[slowest], 95) * 1000:.0f} ms; wanted: p95 < {MOST_P95 * 1000:.0f} ms"
    return [*checks, Check("latency", found, p95 < MOST_P95 * 1000)]


def _percentile(found: Sequence[float], part: int) -> float:
    return quantiles(found, n=100, method="inclusive")[part - 1] if len(found) > 1 else sum(found)


def memory(warm: Mapping[str, float], final: Mapping[str, float]) -> list[Check]:
    """A check a process: what it holds at the end against what it held when warm, in megabytes."""
    if not warm:
        return [Check("memory", "never measured", False)]
    return [
        Check(
            f"memory of {name}",
            f"{warm[name]:.0f} MB warm, {held:.0f} MB at the end",
            held <= max(warm[name] * _GROWTH, warm[name] + _SLACK),
        )
        for name, held in final.items()
    ]


def _megabytes(one: Running) -> float:
    """What a process and its children hold; 0 for one that is no more."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(one.process.pid)
        return sum(p.memory_info().rss for p in (process, *process.children(recursive=True))) / 2**20
    return 0.0


def _process(name: str, one: Running, alive: bool) -> Check:
    """It is still there, and logged no error."""
    bad = [line for line in one.said().splitlines() if '"level": "error"' in line or '"level":"error"' in line]
    state = "alive" if alive else "DEAD"
    return Check(f"{name}", f"{state}, {len(bad)} errors logged{': ' + bad[0][:200] if bad else ''}", alive and not bad)


async def _all_sealed(owner: asyncpg.Connection, patience: float) -> None:
    """Let the sealer come to the end of what nobody adds to any more; what it does not seal, the verifier tells."""
    end = time.monotonic() + patience
    while True:
        if not await oldest_unsealed(owner) or time.monotonic() > end:
            return
        await asyncio.sleep(0.1)


def _verified(site: Site, urls: Urls) -> Check:
    """`hub audit verify` against the head kept outside; it must have had something to verify."""
    head = site.settings.state_dir / "heads" / "latest.json"
    command = [servers.HUB, "audit", "verify", "--head", str(head)]
    done = subprocess.run(
        command, env=servers.environment(site, urls), capture_output=True, text=True, timeout=600, check=False
    )
    said = " ".join((done.stdout + done.stderr).split())
    whole = done.returncode == 0 and not said.startswith("0 entries") and " 0 not sealed" in said
    return Check("audit verify", said[:300], whole)
