"""People at work: each reads, searches and writes over HTTP with pauses, and every answer is judged."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import orjson

from .. import services
from ..data import County
from ..jobs import PAGE, Tokens, gid
from ..load import post

_PATIENCE = 30.0
"""Seconds after which an answer counts as missing."""
_TOKEN_SECONDS = 1800
_WORKER = ("inbox", "inbox", "inbox", "read referral", "answer")
_COORDINATOR = ("search", "search", "case", "case", "my cases", "create")
KINDS = tuple(dict.fromkeys((*_WORKER, *_COORDINATOR)))
_ROOTS = {
    "inbox": ("Inbox", "inbox"),
    "read referral": ("Referral", "referral"),
    "answer": ("AnswerReferral", "answerReferral"),
    "search": ("SearchServices", "services"),
    "case": ("Case", "case"),
    "my cases": ("MyCases", "myCases"),
    "create": ("SendReferral", "sendReferral"),
}


@dataclass(slots=True)
class Seen:
    """What all the people saw: seconds of each answer by kind, and what was wrong."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    errors: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Right answers in all."""
        return sum(map(len, self.latencies.values()))


Pair = tuple[str, str]


class Wrong(Exception):
    """An answer that was none, or not the one asked for."""


async def work(
    made: County,
    wanted: Sequence[Pair],
    offered: Sequence[tuple[UUID, str]],
    tokens: Tokens,
    ports: Sequence[int],
    people: int,
    think: float,
    stop: asyncio.Event,
    into: Seen,
) -> None:
    """Let `people` work until `stop`, three in ten as coordinators, the others each for an agency of their own.

    `wanted`: needs and townships somebody serves. `offered`: services and a need of each. `think`: the mean pause in
    seconds, exponentially distributed.
    """
    coordinators = max(1, people * 3 // 10)
    if coordinators > len(made.coordinators) or people - coordinators > len(made.agencies):
        raise ValueError(f"this county has no {people} people")
    cases: list[list[str]] = [[] for _ in made.coordinators]
    for case in made.cases:
        cases[case.coordinator].append(gid("Case", case.id))
    everybody = [
        _Person(n, tokens, f"coordinator-{n}", ports[n % len(ports)], cases[n], offered, wanted)
        for n in range(coordinators)
    ] + [
        _Person(n, tokens, f"worker-{n - coordinators}", ports[n % len(ports)], [], offered, wanted)
        for n in range(coordinators, people)
    ]
    async with asyncio.TaskGroup() as group:
        for person in everybody:
            group.create_task(person.live(think, stop, into))


class _Person:
    """Somebody with an account, and what they have on their screen."""

    def __init__(
        self,
        number: int,
        tokens: Tokens,
        account: str,
        port: int,
        cases: Sequence[str],
        offered: Sequence[tuple[UUID, str]],
        wanted: Sequence[Pair],
    ) -> None:
        self._wanted = wanted
        self._random, self._tokens, self._account, self._port = Random(number), tokens, account, port
        self._cases, self._offered = cases, offered
        self._does = _COORDINATOR if cases else _WORKER
        self._rows: list[dict[str, Any]] = []
        self._token, self._until = "", 0.0

    async def live(self, think: float, stop: asyncio.Event, into: Seen) -> None:
        """Think, act, again."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._random.expovariate(1 / think))
            if stop.is_set():
                return
            kind = self._random.choice(self._does)
            if kind in ("read referral", "answer") and not self._choosable(kind):
                kind = "inbox"  # nothing to open: one looks whether something has come
            began = time.perf_counter()
            try:
                await self._do(kind)
            except (Wrong, OSError, TimeoutError, ValueError, LookupError) as error:
                into.errors.append(f"{kind}: {type(error).__name__} {error}"[:300])
            else:
                into.latencies[kind].append(time.perf_counter() - began)

    def _choosable(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in self._rows if kind != "answer" or row["state"] == "REQUESTED"]

    async def _do(self, kind: str) -> None:
        operation, root = _ROOTS[kind]
        body = {"documentId": operation, "variables": self._variables(kind)}
        found = await self._ask(orjson.dumps(body))
        answer = found["data"][root]
        if answer is None or ("code" in answer and "message" in answer):
            raise Wrong(orjson.dumps(answer).decode())
        if kind == "inbox":
            self._rows = [edge["node"] for edge in answer["edges"]]
            if not isinstance(answer["totalCount"], int):
                raise Wrong("an inbox without its count")
        elif kind == "search" and not answer["edges"]:
            raise Wrong("a search that must find something found nothing")
        elif kind in ("case", "read referral", "create", "answer") and not answer["id"]:
            raise Wrong(orjson.dumps(answer).decode())

    def _variables(self, kind: str) -> dict[str, Any]:
        pick = self._random
        if kind == "inbox":
            return {"first": PAGE}
        if kind == "read referral":
            return {"id": pick.choice(self._rows)["id"]}
        if kind == "answer":
            row = pick.choice(self._choosable(kind))
            self._rows.remove(row)
            yes = pick.random() < 0.7
            given = {"answer": "ACCEPT"} if yes else {"answer": "DECLINE", "reason": "NO_CAPACITY"}
            return {"input": {"referralId": row["id"], "version": row["version"], **given}}
        if kind == "search":
            need, area = pick.choice(self._wanted)
            return {"text": services.TEXT, "need": need, "area": area}
        if kind == "case":
            return {"id": pick.choice(self._cases)}
        if kind == "my cases":
            return {"first": 20}
        told = "The person asks for help near home, on weekday evenings."
        service, need = pick.choice(self._offered)
        return {
            "input": {
                "caseId": pick.choice(self._cases),
                "need": need,
                "area": pick.choice(services.areas()),
                "urgency": "NORMAL",
                "serviceId": gid("Service", service),
                "summary": told,
            }
        }

    async def _ask(self, body: bytes) -> dict[str, Any]:
        if time.monotonic() > self._until:
            self._token, self._until = self._tokens.ours(self._account), time.monotonic() + _TOKEN_SECONDS
        request = post(body, self._token).replace(b"\r\nHost", b"\r\nConnection: close\r\nHost", 1)
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                writer.write(request)
                answer = await reader.read(-1)
            finally:
                writer.close()
        head, _, text = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise Wrong(f"{head[:40].decode('latin-1')} {text[:200].decode('utf-8', 'replace')}")
        found: dict[str, Any] = orjson.loads(text)
        if found.get("errors"):
            raise Wrong(orjson.dumps(found["errors"]).decode()[:250])
        return found
