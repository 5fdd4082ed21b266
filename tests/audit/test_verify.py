"""Six kinds of tampering by the database's owner: each found, the last two only thanks to the head kept outside."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.audit.chain import append, link, seal
from hub.audit.heads import Head, check, export, public_key, read
from hub.audit.health import sealing
from hub.audit.tables import AuditSeal
from hub.audit.verify import verify
from hub.base.db import Database, Session
from hub.base.settings import Settings
from hub.base.time import at, now
from hub.policy.terms import Actor

from .vandal import BLOWS, SEEN_ONLY_FROM_OUTSIDE

SEED = bytes(range(32))
ROUNDS = 170 if os.environ.get("SOAK") else 20


async def _head(chain: Database, folder: Path) -> Head:
    async with chain.work() as session:
        path = await export(session, SEED, folder)
    assert path is not None
    return read(path)


async def test_an_untouched_chain_is_whole(chain: Database, tmp_path: Path) -> None:
    """The control: nothing found where nothing was done, with the head and without."""
    head = await _head(chain, tmp_path)
    async with chain.work() as session:
        report = await verify(session, head, public_key(SEED))
        alone = await verify(session)
    assert (report.problems, report.seals, report.entries, report.unsealed) == ([], 7, 41, 2)
    assert report.whole
    assert report.head_checked
    assert report.head == head.head
    assert alone.whole
    assert not alone.head_checked


_FORGED = (
    "insert into audit_entry (at, actor_id, agency_id, action, subject, case_ids, body)"
    " select %s, actor_id, agency_id, action, subject, case_ids, body from audit_entry order by id limit 1"
)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


async def _done(chain: Database, actor: Actor | None, made: datetime, sealed: datetime | None = None) -> None:
    """A deed at its time, unless there is no actor, and a seal at its own."""
    if actor is not None:
        with at(made):
            async with chain.work() as session:
                await append(session, actor, "case.view")
    with at(sealed or made):
        async with chain.work() as session:
            assert await seal(session)


async def _forge(owner: Session, made: datetime | str) -> None:
    """An entry by who owns the database, never done by anybody."""
    odd = isinstance(made, str)
    await owner.execute(text(_FORGED % (f"'{made}'" if odd else ":at")), {} if odd else {"at": made})
    await owner.commit()


async def _dated(chain: Database) -> list[str]:
    """What verifying tells, all of it of the kind `dated`: which entry or seal."""
    async with chain.work() as session:
        problems = (await verify(session)).problems
    assert {kind for kind, _ in problems} <= {"dated"}
    return [where.partition(",")[0] for _, where in problems]


@pytest.mark.parametrize(
    ("shift", "told"),
    [
        *((timedelta(days=-200), True), (-3 * HOUR - SECOND, True), (-3 * HOUR + SECOND, False)),
        *((timedelta(0), False), (5 * MINUTE - SECOND, False), (5 * MINUTE + SECOND, True), (timedelta(days=1), True)),
    ],
)
async def test_an_entry_dated_otherwise_is_found_though_it_is_sealed(
    chain: Database, owner: Session, actor: Actor, shift: timedelta, told: bool
) -> None:
    """Who owns the database can have a deed sealed that nobody did, as one of these hours; never as one of another
    day. What is honest before and after it is accused of nothing."""
    await _done(chain, actor, start := now())
    await _done(chain, actor, start + 2 * HOUR)
    await _forge(owner, start + 4 * HOUR + shift)
    await _done(chain, None, start + 4 * HOUR)
    for hours in (6, 8):
        await _done(chain, actor, start + hours * HOUR)
    with at(start + 8 * HOUR):
        assert len(await _dated(chain)) == told


async def test_a_deed_of_another_day_is_found_also_beside_an_honest_one(
    chain: Database, owner: Session, actor: Actor
) -> None:
    await _done(chain, actor, start := now())
    with at(start + 48 * HOUR):
        async with chain.work() as session:
            await append(session, actor, "case.view")
    await _forge(owner, start - 24 * HOUR)
    await _done(chain, None, start + 48 * HOUR)
    with at(start + 48 * HOUR):
        assert len(await _dated(chain)) == 1


@pytest.mark.parametrize("empty", [False, True])
async def test_a_seal_set_back_is_found_and_what_it_was_to_hide_is_not_forgotten(
    chain: Database, owner: Session, actor: Actor, empty: bool
) -> None:
    """Who seals a deed of another day himself, at that day, is told of by the seal; in small steps too."""
    await _done(chain, actor, start := now())
    back = start - 24 * HOUR * 100
    if empty:
        last = (await owner.execute(text("select * from audit_seal order by number desc limit 1"))).one()
        made = AuditSeal(**{**last._asdict(), "number": last.number + 1, "sealed_at": back, "entry_ids": []})
        made.digests, made.upto = b"", int(last.upto)
        made.head = link(last.head, made)
        owner.add(made)
        await owner.commit()
    else:
        await _forge(owner, back)
        await _done(chain, None, back)
    assert [one.partition(" ")[0] for one in await _dated(chain)] == ["seal"]
    for minutes in (45, 90):  # each step is short; together they are not
        await _forge(owner, back - minutes * MINUTE)
        await _done(chain, None, back - minutes * MINUTE)
    assert [one.partition(" ")[0] for one in await _dated(chain)] == ["seal"] * 2


@pytest.mark.parametrize("odd", ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"])
@pytest.mark.parametrize("sealed", [True, False])
async def test_a_time_nobody_could_have_done_anything_at_is_told_as_any(
    chain: Database, owner: Session, odd: str, sealed: bool, settings_env: pytest.MonkeyPatch
) -> None:
    async with chain.work() as session:
        await seal(session)
    await _forge(owner, odd)
    if not sealed:
        async with chain.work() as session:
            told = [finding.state async for finding in sealing(session, Settings())]
        assert told[0] == "wrong"
    else:
        await _done(chain, None, now())
    assert len(await _dated(chain)) == 1


async def test_what_waited_long_for_its_seal_is_as_old_as_it_says(chain: Database, actor: Actor) -> None:
    """The worker was away for three hours, or a transaction was open: what was done meanwhile is sealed in several."""
    async with chain.work() as session:
        await seal(session)
    for _ in range(6):
        async with chain.work() as session:
            await append(session, actor, "case.view")
    with at(now() + timedelta(hours=3)):
        sealed = []
        while True:
            async with chain.work() as session:
                sealed.append(await seal(session, most=2))
            if not sealed[-1]:
                break
        assert len(sealed) > 3
        async with chain.work() as session:
            assert (await verify(session)).problems == []


@pytest.mark.parametrize("forged", [True, False])
async def test_a_last_seal_ahead_of_its_time_is_told(
    chain: Database, owner: Session, actor: Actor, forged: bool
) -> None:
    """No seal after it could tell. A clock a little fast is none."""
    await _done(chain, None, start := now())
    if forged:
        await _forge(owner, start + 300 * 24 * HOUR)
        await _done(chain, None, start + 300 * 24 * HOUR)
    else:
        await _done(chain, actor, start + 4 * MINUTE)
    assert await _dated(chain) == (["the last seals"] if forged else [])


async def test_what_a_long_deed_held_up_is_accused_of_nothing(chain: Database, actor: Actor) -> None:
    """An import of two hours is on record at its end, and sealed ahead of what others did meanwhile, in several."""
    async with chain.work() as session:
        await seal(session)
    start = now()
    async with chain.work() as long:
        await long.execute(text("select pg_current_xact_id()"))
        for number in range(6):
            with at(start + number * 10 * MINUTE):
                async with chain.work() as session:
                    await append(session, actor, "case.view")
        with at(start + 2 * HOUR):
            await append(long, actor, "import.written")
    with at(start + 2 * HOUR + SECOND):
        for _ in range(3):
            async with chain.work() as session:
                assert await seal(session, most=3)
    await _done(chain, actor, start + 4 * HOUR)
    with at(start + 4 * HOUR):
        assert await _dated(chain) == []


async def test_a_clock_that_was_wrong_for_a_while_is_told_once_and_tells_against_nobody(
    chain: Database, owner: Session, actor: Actor
) -> None:
    """Five days fast for some deeds and seals, then right again: one seal tells; what is done after that is in time,
    and what is forged after that is found."""
    async with chain.work() as session:
        await seal(session)
    start = now()
    for hours in (0, 120, 120.5, 122, 1, 1.5, 3, 5):
        await _done(chain, actor, start + hours * HOUR)
    with at(start + 6 * HOUR):
        (told,) = await _dated(chain)
    assert told.startswith("seal ")
    await _forge(owner, start)
    await _done(chain, None, start + 7 * HOUR)
    with at(start + 7 * HOUR):
        assert len(await _dated(chain)) == 2


async def test_a_sealer_whose_clock_goes_fast_accuses_nobody(chain: Database, actor: Actor) -> None:
    async with chain.work() as session:
        await seal(session)
    start = now()
    for minutes in range(0, 240, 20):
        made = start + minutes * MINUTE
        await _done(chain, actor, made + (90 * MINUTE if not minutes % 60 else timedelta(0)), made + 90 * MINUTE)
    with at(start + 6 * HOUR):
        assert await _dated(chain) == []


@pytest.mark.parametrize("kind", BLOWS)
async def test_tampering_is_found(kind: str, chain: Database, owner: Session, tmp_path: Path) -> None:
    """At random places and in random ways; each blow landed, was found, and was undone again."""
    head, missed = await _head(chain, tmp_path), list[str]()
    chance = random.Random(f"vandal {kind}")  # noqa: S311 - repeatable, no secret
    with at(now()):  # however long it takes, what is not sealed yet is young
        await _blows(kind, chain, owner, head, chance, missed)
    assert missed == []


async def _blows(
    kind: str, chain: Database, owner: Session, head: Head, chance: random.Random, missed: list[str]
) -> None:
    for _ in range(ROUNDS):
        done = await BLOWS[kind](owner, chance)
        report = await verify(owner, head, public_key(SEED))
        if report.whole:
            missed.append(done)
        if kind in SEEN_ONLY_FROM_OUTSIDE:
            blind = await verify(owner)
            assert blind.whole, f"{kind} ({done}) agrees with itself: only an outside head can tell; {blind.problems}"
            assert not blind.head_checked
        await owner.rollback()
    assert (await verify(owner, head, public_key(SEED))).whole, "the vandal's rollback left something behind"


async def test_a_cut_end_sealed_anew_is_seen(chain: Database, owner: Session, tmp_path: Path) -> None:
    """The last seal alone is taken away and its entries are sealed again later: not the same seal."""
    head = await _head(chain, tmp_path)
    await owner.execute(text("delete from audit_seal where number = 7"))
    assert await seal(owner) > 0
    report = await verify(owner, head, public_key(SEED))
    assert ("rewritten", "seal 7") in report.problems


async def test_heads_are_signed(chain: Database, tmp_path: Path) -> None:
    """Ours holds; one by another key, or with any part changed, does not, and `verify` says so."""
    head, key = await _head(chain, tmp_path), public_key(SEED)
    assert check(head, key)
    assert read(tmp_path / "latest.json") == head
    other = public_key(bytes(32))
    changed = [
        replace(head, number=head.number + 1),
        replace(head, entries=head.entries - 1),
        replace(head, head=head.head[::-1]),
        replace(head, at="2020-01-01T00:00:00+00:00"),
        replace(head, signature=""),
        replace(head, signature="not hex"),
        replace(head, signature=head.signature[:-2] + ("00" if head.signature[-2:] != "00" else "01")),
    ]
    assert not check(head, other)
    assert not check(head, b"short")
    assert [check(forged, key) for forged in changed] == [False] * len(changed)
    async with chain.work() as session:
        assert [kind for kind, _ in (await verify(session, head, other)).problems] == ["head"]
        assert ("head", "the outside head's signature does not hold") in (
            await verify(session, changed[1], key)
        ).problems
        for odd in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "soon"):
            assert (await verify(session, replace(head, at=odd), key)).head_at is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        "{}",
        '{"number": 1}',
        '{"number": "x", "entries": 1, "head": "", "at": "", "signature": ""}',
        '{"number": 1e400, "entries": 1, "head": "", "at": "", "signature": ""}',
        '{"number": null, "entries": 1, "head": "", "at": "", "signature": ""}',
        '{"number": 9223372036854775807, "entries": 1, "head": "", "at": "", "signature": ""}',
        '{"number": 1, "entries": -1, "head": "", "at": "", "signature": ""}',
        "[" * 100_000,
        "\N{REPLACEMENT CHARACTER}",
    ],
)
def test_a_file_that_is_no_head(body: str, tmp_path: Path) -> None:
    """A clear ValueError, whatever stands in it."""
    path = tmp_path / "head.json"
    path.write_text(body, "utf-8")
    with pytest.raises(ValueError, match="is not an audit head"):
        read(path)


def test_a_missing_or_binary_file_is_no_head(tmp_path: Path) -> None:
    """As above."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", "binary", "."):
        with pytest.raises(ValueError, match="is not an audit head"):
            read(tmp_path / name)


def test_a_signature_of_another_type_is_refused(tmp_path: Path) -> None:
    """Not an error: just no signature."""
    path = tmp_path / "head.json"
    path.write_text(json.dumps({"number": 1, "entries": 1, "head": "00", "at": "", "signature": 7}), "utf-8")
    assert not check(read(path), public_key(SEED))


async def test_nothing_sealed_gives_no_head(db: Database, actor: Actor, tmp_path: Path) -> None:
    """No file for an empty chain, and an empty chain is whole."""
    async with db.work() as session:
        await append(session, actor, "first")
        assert await export(session, SEED, tmp_path / "heads") is None
        report = await verify(session)
    assert not (tmp_path / "heads").exists()
    assert (report.whole, report.seals, report.entries, report.unsealed) == (True, 0, 0, 1)
