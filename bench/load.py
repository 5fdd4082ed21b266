"""A closed-loop HTTP load on raw keep-alive sockets: as many requests in flight as clients, every answer checked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

Make = Callable[[], bytes]
"""Makes the next request: path and headers and body, ready to send."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer must be: status 200, `marker` at least `least` times, and nothing of `never`."""

    marker: bytes
    least: int
    never: bytes = b'"errors"'

    def met(self, head: bytes, body: bytes) -> bool:
        """Whether this is the answer asked for."""
        right = head.startswith(b"HTTP/1.1 200") and self.never not in body
        return right and body.count(self.marker) >= self.least


@dataclass(slots=True)
class Measured:
    """Answers of one turn: how long the turn was in seconds, the latency of each in seconds, bytes, wrong ones."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    received: int = 0
    wrong: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, part: float) -> float:
        """Latency in seconds below which this part of the answers came."""
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(part * len(ranked)))] if ranked else float("nan")


class _Client(asyncio.Protocol):
    """One connection with one request in flight."""

    def __init__(self, make: Make, expected: Expected, into: Measured) -> None:
        self._make, self._expected, self._into = make, expected, into
        self._buffer = bytearray()
        self._body = self._length = -1
        self._began = 0.0
        self.stopping = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own has another base
        self._next()

    def _next(self) -> None:
        self._buffer.clear()
        self._body = self._length = -1
        request = self._make()
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count an answer once it is whole."""
        self._buffer += data
        if self._body < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._body = end + 4
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            self._length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else -1
        if self._length >= 0:
            whole = len(self._buffer) >= self._body + self._length
        else:
            whole = self._buffer.endswith(b"0\r\n\r\n")
        if whole:
            self._answered()

    def _answered(self) -> None:
        into = self._into
        into.latencies.append(time.perf_counter() - self._began)
        into.received += len(self._buffer)
        head, body = bytes(self._buffer[:20]), bytes(self._buffer[self._body :])
        if not self._expected.met(head, body):
            into.wrong.append(head + body[:500])
        if self.stopping or into.wrong:
            self._transport.close()
        else:
            self._next()

    def abort(self) -> None:
        """Hang up."""
        self._transport.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        """End; a connection the server closed is a wrong answer."""
        if not (self.stopping or self._into.wrong):
            self._into.wrong.append(b"closed by the server")
        if not self.done.done():
            self.done.set_result(None)


async def _run(
    ports: Sequence[int], clients: int, seconds: float, make: Make, expected: Expected, patience: float
) -> Measured:
    loop = asyncio.get_running_loop()
    into = Measured(0.0)
    began = time.perf_counter()
    made = []
    for i in range(clients):
        port = ports[i % len(ports)]
        _, client = await loop.create_connection(lambda: _Client(make, expected, into), "127.0.0.1", port)
        made.append(client)
    await asyncio.wait([client.done for client in made], timeout=seconds)
    for client in made:
        client.stopping = True
    await asyncio.wait([client.done for client in made], timeout=patience)
    into.seconds = time.perf_counter() - began
    if into.wrong:
        raise WrongAnswer(into.wrong[0].decode("utf-8", "replace"))
    silent = [client for client in made if not client.done.done()]
    if silent:
        for client in silent:
            client.abort()
        await asyncio.sleep(0)
        raise WrongAnswer(f"no answer within {patience:g} s")
    return into


class WrongAnswer(Exception):
    """A contender did not answer what was asked: its figure would mean nothing."""


def drive(
    ports: Sequence[int], clients: int, seconds: float, make: Make, expected: Expected, patience: float = 20
) -> Measured:
    """Load these ports for about `seconds`, then wait for what is still in flight, `patience` seconds at most.

    Raises `WrongAnswer` at the first wrong answer, and for one that does not come.
    """
    return uvloop.run(_run(ports, clients, seconds, make, expected, patience))


def post(body: bytes, token: str, path: str = "/graphql") -> bytes:
    """A POST of a JSON body with a bearer token."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
