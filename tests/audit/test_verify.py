"""Six kinds of tampering by the database's owner: each found, the last two only thanks to the head kept outside."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.audit.chain import append, seal
from hub.audit.heads import Head, check, export, public_key, read
from hub.audit.verify import verify
from hub.base.db import Database, Session
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


@pytest.mark.parametrize("dated", [timedelta(hours=-2), timedelta(days=-200), timedelta(minutes=10)])
async def test_an_entry_dated_otherwise_is_found_though_it_is_sealed(
    chain: Database, owner: Session, tmp_path: Path, dated: timedelta
) -> None:
    """Who owns the database can have a deed sealed that nobody did, as one of now; never as one of another day."""
    for shift, problems in ((timedelta(0), 0), (dated, 1)):
        await owner.execute(
            text(
                "insert into audit_entry (at, actor_id, agency_id, action, subject, case_ids, body)"
                " select :at, actor_id, agency_id, action, subject, case_ids, body from audit_entry order by id limit 1"
            ),
            {"at": now() + shift},
        )
        await owner.commit()
        async with chain.work() as session:
            assert await seal(session)
        head = await _head(chain, tmp_path)
        async with chain.work() as session:
            for found in (await verify(session, head, public_key(SEED)), await verify(session)):
                assert [kind for kind, _ in found.problems] == ["dated"] * problems


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


async def test_a_clock_that_was_wrong_for_a_while_tells_against_nobody(chain: Database, actor: Actor) -> None:
    """Two hours fast for a deed and its seal, then right again: what is done and sealed after that is in time."""
    for shift in (timedelta(0), timedelta(hours=2), timedelta(0), timedelta(minutes=1)):
        with at(now() + shift):
            async with chain.work() as session:
                await append(session, actor, "case.view")
            async with chain.work() as session:
                assert await seal(session)
    with at(now() + timedelta(minutes=2)):
        async with chain.work() as session:
            assert (await verify(session)).problems == []


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
