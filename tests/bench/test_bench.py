"""The benchmark's own parts: equal data for an equal seed, honest medians and tables, and a load that sees errors."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count, repeat
from uuid import UUID

import pytest

from bench import data, services, slots
from bench.data import Scale
from bench.figures import Figure, figures_table, medians
from bench.groups import GROUPS, OF_THE_COUNTY
from bench.load import Expected, Measured, WrongAnswer, drive, post
from bench.table import best_peer, line, ratio, table
from bench.turns import JOBS
from scheduling.availability import Attendee
from scheduling.calendar import Calendar
from scheduling.slots import find_slots

SMALL = Scale(services=400, referrals=500)
NEEDS = ["counselling", "housing"]


def test_equal_seeds_make_equal_counties() -> None:
    once, again = (data.county(SMALL, NEEDS, services.areas(), 5) for _ in range(2))
    assert once == again
    assert once != data.county(SMALL, NEEDS, services.areas(), 5, seed=1)
    assert list(services.entries(once, 400)) == list(services.entries(again, 400))


def test_a_county_is_whole() -> None:
    made = data.county(SMALL, NEEDS, services.areas(), 5)
    found = list(services.entries(made, 400))
    assert len(found) == len({entry.id for entry in found}) == 400
    offered = {entry.id: entry.organization_id for entry in found}
    for referral in made.referrals:
        assert offered[referral.service_id] == made.agencies[referral.agency].organization_id
    assert {referral.case for referral in made.referrals} == set(range(SMALL.cases))
    assert any(referral.open for referral in made.referrals)
    assert not all(referral.open for referral in made.referrals)


def test_searches_asked_for_have_enough_answers() -> None:
    found = list(services.entries(data.county(SMALL, NEEDS, services.areas(), 5), 20_000))
    wanted = services.searches(found)
    assert len(wanted.pairs) == 200
    assert 1 <= wanted.least <= services.TOP
    for need, area in wanted.pairs:
        said = [e for e in found if need in e.needs and services.TEXT in e.description]
        assert sum((area in e.areas) + (area[:3] in e.areas) for e in said) >= wanted.least


def _turn(rate: int, latency: float) -> Measured:
    return Measured(1.0, [latency] * rate)


def test_medians_and_ratios() -> None:
    hub = line([_turn(100, 0.01), _turn(400, 0.02), _turn(200, 0.03)])
    assert (hub.rate, hub.p50, hub.p99) == (200, 20, 20)
    lines = {"hub x1": hub, "PostGraphile 4 x1": line([_turn(100, 0.1)]), "PostGraphile 5 x1": line([_turn(50, 0.1)])}
    assert best_peer(lines, 1) is lines["PostGraphile 4 x1"]
    assert ratio(lines, 1) == 2
    made = table("inbox", lines, [1])
    assert "| hub x1 | 200 | 20.0 | 20.0 | 2.00 |" in made
    assert "| PostGraphile 5 x1 | 50 | 100.0 | 100.0 | 0.50 |" in made


@contextmanager
def _answering(answers: Iterator[bytes]) -> Iterator[int]:
    """An HTTP server on loopback that gives these answers, one a request."""
    ready, port, stop = threading.Event(), [0], threading.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(next(answers))

    async def serve() -> None:
        async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await answer(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(quiet, "127.0.0.1", 0)
        port[0] = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    ready.wait(5)
    try:
        yield port[0]
    finally:
        stop.set()
        thread.join(5)


def _http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nrow 1\r\n0\r\n\r\n"
EXPECTED = Expected(b"row", 1)


def test_the_load_counts_whole_answers_of_both_framings() -> None:
    turns = (CHUNKED if n % 2 else _http(b"row 1") for n in count())
    with _answering(turns) as port:
        found = drive([port], 2, 0.2, lambda: post(b"{}", "token"), EXPECTED)
    assert len(found.latencies) > 2
    assert found.rate > 0
    assert not found.wrong


@pytest.mark.parametrize(
    "wrong", [_http(b"nothing"), _http(b'row 1 "errors"'), _http(b"row 1", "500 Internal Server Error")]
)
def test_the_load_refuses_a_wrong_answer(wrong: bytes) -> None:
    turns = (_http(b"row 1") if n < 3 else wrong for n in count())
    with _answering(turns) as port, pytest.raises(WrongAnswer):
        drive([port], 1, 2, lambda: post(b"{}", "token"), EXPECTED)


def test_the_load_refuses_silence() -> None:
    with _answering(repeat(b"")) as port, pytest.raises(WrongAnswer, match="no answer"):
        drive([port], 1, 0.1, lambda: post(b"{}", "token"), EXPECTED, patience=0.2)


def test_figures_say_what_held_and_what_did_not() -> None:
    found = [
        Figure(3, "recall", "1.000", "LIKE", 1.0, "1.0", True),
        Figure(7, "slots", "9 ms", "the loop", 0.5, "<= 0.025", False),
        Figure(4, "routing", "2 ms", "joins", None, "at 1 M", None),
    ]
    rows = figures_table(found).splitlines()[2:]
    assert [row.rsplit("|", 2)[1].strip() for row in rows] == ["yes", "**no**", "-"]


async def test_medians_leave_the_first_round_out() -> None:
    calls: list[str] = []

    async def turn(name: str) -> None:
        calls.append(name)
        await asyncio.sleep(0.2 if len(calls) <= 2 else 0)

    took = await medians({"a": partial(turn, "a"), "b": partial(turn, "b")}, 3)
    assert calls == ["a", "b"] * 4
    assert max(took.values()) < 100


def test_the_naive_loop_and_the_bits_agree() -> None:
    people = [Attendee(UUID(int=n + 1), n < 3, slots.diary(n, 40)) for n in range(5)]
    found = find_slots(people, slots.WINDOW, slots.HOUR, tz=slots.TAIPEI, calendar=Calendar("TW"))
    assert slots.naive(people, Calendar("TW")) == [(slot.starts_at, slot.missing) for slot in found]


def test_every_group_named_is_there() -> None:
    assert set(GROUPS) >= OF_THE_COUNTY
    assert not set(GROUPS) & set(JOBS)
