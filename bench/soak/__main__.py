"""`make soak`: the long runs. A line a check with PASS or FAIL; the exit code is 1 if any of them failed."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from ..data import Scale
from ..ground import fill
from ..servers import free_ports
from ..services import searches
from ..site import Say, started, teller
from . import clocks, suites, users
from .report import Check, Kept, holds, told

STATE = Path(".state") / "soak.json"
_LONG = 10.0
"""Minutes from which on the suites run in their long form, and 10,000 clocks instead of 1,000."""
Part = Callable[[argparse.Namespace, Say], Coroutine[None, None, list[Check]]]


async def people(asked: argparse.Namespace, say: Say) -> list[Check]:
    """(a) People with think time, for half of the minutes."""
    ports = free_ports(2)
    scale = Scale(asked.size, asked.size, max(1, asked.size // 200), max(1, asked.size // 400))
    async with started(f"http://127.0.0.1:{ports[0]}/dev-issuer") as site:
        urls = await site.copy("soak_people")
        made, found = await fill(urls, site.settings, scale, say)
        wanted = searches(found).pairs
        how = users.Asked(asked.minutes * 30, asked.users, asked.think)
        return await users.run(site, urls, made, found, wanted, ports, how, say)


async def due(asked: argparse.Namespace, say: Say) -> list[Check]:
    """(b) Clocks due at once, a worker killed among them."""
    async with started("http://127.0.0.1:1/dev-issuer") as site:
        urls = await site.copy("soak_clocks")
        return await clocks.run(site, urls, 10_000 if asked.minutes >= _LONG else 1_000, say)


async def policy(asked: argparse.Namespace, say: Say) -> list[Check]:
    """(c) Every mutant of the policy."""
    return await asyncio.to_thread(suites.run, "tests/policy", _limit(asked), asked.minutes >= _LONG, say)


async def audit(asked: argparse.Namespace, say: Say) -> list[Check]:
    """(c) A million entries, and every way to tamper with them."""
    return await asyncio.to_thread(suites.run, "tests/audit", _limit(asked), asked.minutes >= _LONG, say)


async def matching(asked: argparse.Namespace, say: Say) -> list[Check]:
    """(d) Ten thousand questions, ranked as a slow oracle ranks them."""
    suite = "tests/directory/test_matching.py"
    return await asyncio.to_thread(suites.run, suite, _limit(asked), asked.minutes >= _LONG, say)


PARTS: dict[str, Part] = {"people": people, "clocks": due, "audit": audit, "policy": policy, "matching": matching}


def _limit(asked: argparse.Namespace) -> float:
    """Seconds a suite may take: as long as the whole was given, and never less than its short form needs."""
    return float(max(300.0, asked.minutes * 60))


def main(arguments: list[str] | None = None) -> int:
    """Run the parts; 0 only if every check of every part asked for has passed."""
    asked = _asked(arguments)
    say = teller(time.monotonic())
    question = f"{asked.minutes:g} minutes, {asked.users} users, {asked.think:g} s, size {asked.size}"
    kept = Kept(asked.state, question)
    whole = True
    for name in asked.only or PARTS:
        found = kept.passed(name) if asked.resume else None
        if found is None:
            say(f"{name}: begins")
            found = asyncio.run(PARTS[name](asked, say))
            kept.keep(name, found)
        else:
            say(f"{name}: passed before, kept")
        whole = whole and holds(found)
        print(f"\n{name}\n{told(found) or 'FAIL  nothing was checked'}", flush=True)
    print(f"\n{'PASS' if whole else 'FAIL'}  the soak of {question}")
    return 0 if whole else 1


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=30, help="half of them people work; also the limit of each suite (30)"
    )
    parser.add_argument("--users", type=int, default=200, help="people at work at once (200)")
    parser.add_argument("--think", type=float, default=5.0, help="mean seconds between two deeds of one of them (5)")
    parser.add_argument("--size", type=int, default=20_000, help="services and referrals (20,000)")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone; may be given again")
    parser.add_argument(
        "--resume", action="store_true", help="leave out the parts that have passed when asked the same"
    )
    parser.add_argument("--state", type=Path, default=STATE, help=f"where the results are kept ({STATE})")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers and folders go, however this ends
    sys.exit(main())
