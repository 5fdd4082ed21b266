"""The HTTP jobs in turns: every contender is up the whole time and idle unless it is its turn."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from . import jobs, load, pgbench, servers
from .ground import Ground
from .jobs import Job
from .load import Measured
from .site import Say
from .table import HUB, Line, line

JOBS = ("inbox", "search", "create")
PROCESSES = (1, 2)


def measure(
    laid: Ground, names: Sequence[str], ports: Sequence[int], asked: argparse.Namespace, say: Say
) -> dict[str, dict[str, Line]]:
    """Run these jobs; the medians of each contender's turns."""
    tokens = jobs.Tokens(laid)
    wanted = [job for job in jobs.every(laid, tokens) if job.name in names]
    found = {}
    say("starting the servers")
    with _served(laid, ports) as listening:
        for port in listening[HUB]:  # one by one: each process fetches the provider's keys with its first token
            load.drive([port], 1, 0.1, wanted[0].ours(), wanted[0].ours_expected)
        for job in wanted:
            turns = _turns(job, laid, listening, asked)
            for turn in turns.values():  # once unmeasured: caches, plans and pools are warm for everybody
                turn(1)
            measured: dict[str, list[Measured]] = {name: [] for name in turns}
            for number in range(asked.rounds):
                for name, turn in turns.items():
                    measured[name].append(turn(asked.seconds))
                say(f"{job.name}: round {number + 1} of {asked.rounds}")
            found[job.name] = {name: line(of) for name, of in measured.items()}
    return found


@contextlib.contextmanager
def _served(laid: Ground, ports: Sequence[int]) -> Iterator[dict[str, Sequence[int]]]:
    """Two processes of each contender."""
    with contextlib.ExitStack() as stack:
        for port in ports[:2]:
            stack.enter_context(servers.hub(laid.site, laid.urls, port))
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
    return pgbench.drive(laid.site, laid.raw, script, clients, seconds, **jobs.picks(laid))
