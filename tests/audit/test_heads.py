"""The head kept outside: written after each seal, never over the evidence of a cut, and what it cannot show."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from hub import worker
from hub.audit.chain import append, seal
from hub.audit.heads import ChainBroken, Head, export, newest, public_key, read
from hub.audit.verify import LATE, Report, verify
from hub.base.crypto import keys_of
from hub.base.db import Database, Session
from hub.base.settings import Settings
from hub.base.time import at, now
from hub.policy.terms import Actor

from .conftest import Undone, undone

SEED = bytes(range(32))


async def _deed(db: Database, actor: Actor, times: int = 1) -> None:
    async with db.work() as session:
        for _ in range(times):
            await append(session, actor, "referral.send")


async def _sealed(db: Database, actor: Actor) -> None:
    await _deed(db, actor, 3)
    async with db.work() as session:
        assert await seal(session) == 3


async def _export(db: Database, folder: Path, *, keep: bool = False) -> Path | None:
    async with db.work() as session:
        return await export(session, SEED, folder, keep=keep)


async def _cut(owner: Session, after: int) -> None:
    """What a database administrator can do: no seal after `after`, no entry that is not under a seal."""
    done = await owner.execute(text("delete from audit_seal where number > :after returning 1"), {"after": after})
    assert done.all(), "nothing was cut"
    await owner.execute(text("delete from audit_entry where id not in (select unnest(entry_ids) from audit_seal)"))
    await owner.commit()


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.json")}


async def _verify(db: Database, head: Head | None = None) -> Report:
    async with db.work() as session:
        return await verify(session, head, public_key(SEED))


async def test_an_entry_without_a_seal_is_told_when_it_waits_too_long(db: Database, actor: Actor) -> None:
    """Nobody seals: within the bound the chain is whole, beyond it is not; a seal mends it."""
    with at(now()) as move:
        begun = now()
        await _deed(db, actor, 55)
        move(LATE)
        report = await _verify(db)
        assert (report.whole, report.unsealed, report.unsealed_since) == (True, 55, begun)
        move(timedelta(milliseconds=1))
        report = await _verify(db)
        assert (report.whole, report.seals) == (False, 0)
        assert report.problems == [("unsealed", f"55 entries since {begun.isoformat(timespec='seconds')}")]
        async with db.work() as session:
            assert (await verify(session, late=timedelta(minutes=1))).whole
            assert await seal(session) == 55
        report = await _verify(db)
        assert (report.whole, report.unsealed, report.unsealed_since) == (True, 0, None)


async def test_an_unsealed_entry_cannot_be_made_young(db: Database, owner: Session, actor: Actor) -> None:
    """Moved into the future by the database's owner, it is told too."""
    await _deed(db, actor)
    await owner.execute(text("update audit_entry set at = at + interval '1 year'"))
    await owner.commit()
    assert [kind for kind, _ in (await _verify(db)).problems] == ["unsealed"]


async def test_the_worker_writes_a_head_after_each_seal(
    db: Database, owner: Session, actor: Actor, settings_env: pytest.MonkeyPatch
) -> None:
    """So every cut of a seal is found, however short the tail; before, a minute's seals could go unseen."""
    made = Settings()
    todo, folder = worker.jobs(db, made, asyncio.Event()), made.state_dir / "heads"
    assert todo["head"][0] == made.seal_interval
    key = public_key(keys_of(made).audit)
    for number in (1, 2, 3):
        await _deed(db, actor)
        await todo["seal"][1]()
        await todo["head"][1]()
        assert read(folder / "latest.json").number == number
    assert set(_files(folder)) == {"latest.json"}
    before = (folder / "latest.json").stat()
    await todo["head"][1]()
    assert (folder / "latest.json").stat() == before, "nothing new, nothing written"
    await todo["heads"][1]()
    assert set(_files(folder)) == {"latest.json", "head-000000000003.json"}

    await _cut(owner, 2)
    async with db.work() as session:
        report = await verify(session, newest(folder), key)
    assert report.problems == [("truncated", "the outside head knows 3 seals and 3 entries")]
    assert (await _verify(db)).whole, "without the head nobody sees it"


@pytest.mark.parametrize("grown", [0, 1, 2, 5])
async def test_the_evidence_of_a_cut_is_never_written_over(
    grown: int, db: Database, owner: Session, actor: Actor, tmp_path: Path
) -> None:
    """After a cut the chain grows again, past the head even: exporting refuses, and the old head still tells."""
    for _ in range(4):
        await _sealed(db, actor)
    await _export(db, tmp_path, keep=True)
    files = _files(tmp_path)
    await _cut(owner, 2)
    for _ in range(grown):
        await _sealed(db, actor)
    for keep in (False, True):
        with pytest.raises(ChainBroken, match="seal 4"):
            await _export(db, tmp_path, keep=keep)
    assert _files(tmp_path) == files
    assert not (await _verify(db, newest(tmp_path))).whole


async def test_a_chain_cut_to_nothing_is_seen(db: Database, owner: Session, actor: Actor, tmp_path: Path) -> None:
    """The whole audit gone: exporting does not take it for a new installation."""
    await _sealed(db, actor)
    await _export(db, tmp_path)
    await _cut(owner, 0)
    with pytest.raises(ChainBroken):
        await _export(db, tmp_path)
    assert not (await _verify(db, newest(tmp_path))).whole


async def test_what_lies_after_the_head_is_the_window(
    db: Database, owner: Session, actor: Actor, tmp_path: Path
) -> None:
    """Seals the head does not know can be cut unseen, as docs/operations.md says; the report counts them first, and
    the numbers they used stay used."""
    for number in range(4):
        await _sealed(db, actor)
        if number == 1:
            await _export(db, tmp_path)
    head = newest(tmp_path)
    report = await _verify(db, head)
    assert (report.whole, report.after_head, report.unused) == (True, 2, 0)
    assert report.head_at is not None
    await _cut(owner, 2)
    report = await _verify(db, head)
    assert (report.whole, report.after_head, report.unused) == (True, 0, 6)


async def test_numbers_used_up_prove_nothing(db: Database, actor: Actor) -> None:
    """A deed undone uses up a number too: this is why they are told, and are no problem."""
    await _sealed(db, actor)
    async with undone(), db.work() as session:
        await append(session, actor, "never.happened")
        raise Undone
    report = await _verify(db)
    assert (report.whole, report.unused) == (True, 1)


async def test_two_workers_share_a_folder(db: Database, actor: Actor, tmp_path: Path) -> None:
    """Many exports at once over a growing chain: none complains, and the last head is the chain's end."""

    async def grow() -> None:
        for _ in range(15):
            await _deed(db, actor)
            async with db.work() as session:
                await seal(session)

    growing = asyncio.create_task(grow())
    while not growing.done():
        await asyncio.gather(*(_export(db, tmp_path, keep=keep) for keep in (True, False, False)))
    await growing
    await _export(db, tmp_path)
    head = newest(tmp_path)
    assert head is not None
    report = await _verify(db, head)
    assert (report.whole, report.after_head, report.seals) == (True, 0, head.number)


async def test_a_lost_last_head_is_the_newest_kept_one(db: Database, actor: Actor, tmp_path: Path) -> None:
    """latest.json taken away: what was kept still binds. Damaged: exporting stops, rather than wipe it out."""
    assert newest(tmp_path / "none") is None
    for _ in range(2):
        await _sealed(db, actor)
        await _export(db, tmp_path, keep=True)
    latest = tmp_path / "latest.json"
    kept = json.loads(latest.read_text())
    latest.unlink()
    found = newest(tmp_path)
    assert found is not None
    assert found.number == kept["number"] == 2
    latest.write_text("{")
    with pytest.raises(ValueError, match="is not an audit head"):
        await _export(db, tmp_path)
    assert latest.read_text() == "{"


def test_the_auditors_page_has_the_workers_heads() -> None:
    """In compose.yaml the volume the worker writes is mounted, read-only, where the web servers look."""
    written = (Path(__file__).parents[2] / "compose.yaml").read_text("utf-8")
    web, worked = (written.split(f"\n  {name}:")[1].split("\n\n")[0] for name in ("hub1", "worker"))
    assert 'volumes: ["heads:/var/lib/hub"]' in worked
    assert 'volumes: ["heads:/var/lib/hub:ro"]' in web
    assert "<<: *web" in written.split("\n  hub2:")[1].split("\n\n")[0]
    assert "HUB_STATE_DIR=/var/lib/hub " in (Path(__file__).parents[2] / "Dockerfile").read_text("utf-8")
