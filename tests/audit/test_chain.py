"""Append with the deed or not at all; every entry sealed once and only once, in an order nothing can join later."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import pytest
from asyncpg import InsufficientPrivilegeError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.audit.chain import append, seal
from hub.audit.once import claim, remember
from hub.audit.verify import Report, verify
from hub.base.db import Database, Session
from hub.base.ids import new_id
from hub.policy.terms import Actor

from .conftest import Undone, undone
from .vandal import make_anew


async def _sealed(database: Database) -> list[int]:
    async with database.work() as session:
        rows = await session.execute(text("select unnest(entry_ids) from audit_seal order by number"))
        return [row[0] for row in rows.all()]


async def _ids(database: Database) -> list[int]:
    async with database.work() as session:
        return [row[0] for row in (await session.execute(text("select id from audit_entry order by id"))).all()]


async def _seal(database: Database, most: int = 5000) -> int:
    async with database.work() as session:
        return await seal(session, most)


async def _verify(database: Database) -> Report:
    async with database.work() as session:
        return await verify(session)


async def _deeds(database: Database) -> int:
    async with database.work() as session:
        count: int = (await session.execute(text("select count(*) from done_once"))).scalar_one()
        return count


async def _act(session: Session, actor: Actor, key: str) -> None:
    assert await claim(session, actor, key, b"body") is None
    await remember(session, actor, key, new_id())
    await append(session, actor, "deed", key)


async def test_deed_and_entry_are_one(db: Database, actor: Actor) -> None:
    """Both after a commit, neither after a rollback, and neither when only a savepoint is undone."""
    async with db.work() as session:
        await _act(session, actor, "kept")
    async with undone(), db.work() as session:
        await _act(session, actor, "undone")
        raise Undone
    async with db.work() as session:
        async with undone(), session.begin_nested():
            await _act(session, actor, "undone within")
            raise Undone
        await _act(session, actor, "kept too")
    async with db.work() as session:
        subjects = await session.execute(text("select subject, actor_id, agency_id from audit_entry order by id"))
        assert subjects.all() == [("kept", actor.id, actor.agency_id), ("kept too", actor.id, actor.agency_id)]
    assert await _deeds(db) == 2
    async with undone(), db.work() as session:
        assert await claim(session, actor, "undone", b"body") is None
        raise Undone


async def test_no_entry_no_deed(db: Database, owner_url: str, owner: Session, actor: Actor) -> None:
    """If the entry cannot be written, what was done before it in the transaction is undone."""
    async with db.work() as session:
        await _act(session, actor, "before")
    await owner.execute(text("revoke insert on audit_entry from hub_app"))
    await owner.commit()
    for number in range(20):
        with pytest.raises(InsufficientPrivilegeError, match="permission denied"):
            async with db.work() as session:
                await _act(session, actor, f"never {number}")
    assert await _deeds(db) == 1


_FORBIDDEN = (
    "update {} set {column} = {column}",
    "delete from {}",
    "truncate {}",
    "drop table {}",
    "alter table {} add column more int",
    "alter table {} disable trigger all",
    "create rule r as on insert to {} do instead nothing",
    "create trigger t before insert on {} execute function pg_catalog.suppress_redundant_updates_trigger()",
    "create index on {} ({column})",
    "select 1 from {} for update",
    "merge into {} t using (select 1) s on true when matched then delete",
    "insert into {} overriding system value select * from {} on conflict ({key}) do update set {column} = null",
)


async def test_the_application_only_reads_and_adds(chain: Database) -> None:
    """Its role can neither change nor remove what is written, nor prepare for it."""
    for table in ("audit_entry", "audit_seal"):
        await _try(chain, f"grant all on {table} to hub_app")  # only warns that nothing was granted
    for table, column, key in (("audit_entry", "subject", "id"), ("audit_seal", "entries", "number")):
        for blow in _FORBIDDEN:
            with pytest.raises(DBAPIError, match=r"permission denied|must be owner|no privileges"):
                await _try(chain, blow.format(table, table, column=column, key=key))
    assert (await _verify(chain)).whole


async def _try(database: Database, statement: str) -> None:
    async with database.work() as session:
        await session.execute(text(statement))


async def test_nothing_is_sealed_past_a_running_transaction(db: Database, actor: Actor) -> None:
    """A younger transaction that ends first waits for the older one, so that the order never changes afterwards."""
    async with db.work() as slow:
        await append(slow, actor, "older")
        async with db.work() as session:
            await append(session, actor, "younger")
        assert await _seal(db) == 0
    assert await _seal(db) == 2
    assert await _sealed(db) == [1, 2]
    async with undone(), db.work() as slow:
        await append(slow, actor, "older, and undone")
        async with db.work() as session:
            await append(session, actor, "younger")
        assert await _seal(db) == 0
        raise Undone
    assert await _seal(db) == 1
    assert await _sealed(db) == [1, 2, 4]
    assert (await _verify(db)).whole


async def test_a_sealer_by_id_would_lose_one(db: Database, actor: Actor) -> None:
    """The control: taking whatever is visible above the last id passes over the entry of a slower transaction."""
    taken: list[int] = []

    async def naive() -> None:
        async with db.work() as session:
            query = text("select id from audit_entry where id > :last order by id")
            taken.extend(row[0] for row in (await session.execute(query, {"last": max(taken, default=0)})).all())

    async with db.work() as slow:
        await append(slow, actor, "older")
        async with db.work() as session:
            await append(session, actor, "younger")
        await naive()
    await naive()
    assert taken == [2]
    assert await _seal(db) == 2


async def test_one_sealer_at_a_time(db: Database, actor: Actor) -> None:
    """While one seals, another does nothing and waits for nothing."""
    async with db.work() as session:
        await append(session, actor, "one")
    async with db.work() as first:
        assert await seal(first) == 1
        assert await asyncio.wait_for(_seal(db), 5) == 0
    assert await _sealed(db) == [1]


async def test_a_large_transaction_is_never_split(db: Database, actor: Actor) -> None:
    """A batch ends where a transaction ends, and the rest follows."""
    for size in (3, 7, 1, 1):
        async with db.work() as session:
            for _ in range(size):
                await append(session, actor, "many")
    assert [await _seal(db, 4) for _ in range(4)] == [10, 2, 0, 0]
    assert await _sealed(db) == list(range(1, 13))
    assert (await _verify(db)).whole


async def test_twenty_writers_and_two_sealers(database_url: str, actor: Actor) -> None:
    """Short and long, kept and undone transactions: every entry that was kept is sealed exactly once."""
    database, writing = Database(database_url, pool=24), True
    chance = random.Random(7)  # noqa: S311 - repeatable, no secret

    async def write(number: int) -> int:
        kept = 0
        for _ in range(12):
            try:
                async with database.work() as session:
                    size = chance.randrange(1, 5)
                    for _ in range(size):
                        await append(session, actor, "work", str(number))
                        if chance.random() < 0.3:
                            await asyncio.sleep(chance.random() * 0.03)
                    if chance.random() < 0.2:
                        raise Undone
                kept += size
            except Undone:
                continue
        return kept

    async def keep_sealing() -> int:
        seals = 0
        while writing:
            seals += await _seal(database, chance.choice([1, 5, 5000])) > 0
            await asyncio.sleep(0.005)
        return seals

    sealers = [asyncio.create_task(keep_sealing()) for _ in range(2)]
    kept = sum(await asyncio.gather(*(write(number) for number in range(20))))
    writing = False
    seals = sum(await asyncio.gather(*sealers))
    while await _seal(database):
        pass
    sealed, report = await _sealed(database), await _verify(database)
    assert seals >= 5, "sealing and writing must have met"
    assert len(sealed) == len(set(sealed)) == kept
    assert sorted(sealed) == await _ids(database)
    assert (report.problems, report.unsealed, report.entries) == ([], 0, kept)
    await database.close()


async def _as_if_restored(owner: Session, shift: int) -> None:
    """Give all that stands the transaction ids of a cluster that had counted `shift` further."""
    for table, column in (("audit_entry", "xid"), ("audit_seal", "upto")):
        changed = f"update {table} set {column} = ({column}::text::bigint + :shift)::text::xid8"
        await owner.execute(text(changed), {"shift": shift})
    await make_anew(owner)
    await owner.commit()


async def test_after_a_restore_into_a_new_cluster(db: Database, owner: Session, actor: Actor) -> None:
    """Transaction ids start low again: what came unsealed with the backup and what is new are sealed, each once."""
    for _ in range(6):
        async with db.work() as session:
            await append(session, actor, "before")
    # number 2 took its id before the others and its transaction id after them: unsealed below sealed ids
    await owner.execute(text("update audit_entry set xid = (xid::text::bigint + 1000)::text::xid8 where id = 2"))
    await owner.commit()
    assert await _seal(db) == 5
    async with db.work() as session:
        await append(session, actor, "before, not sealed yet")
    await _as_if_restored(owner, 10**9)
    before = await _verify(db)
    assert (before.problems, before.unsealed) == ([], 2)
    async with db.work() as session:
        await append(session, actor, "after")
    async with db.work() as slow:
        await append(slow, actor, "after, slowly")
        assert await _seal(db) == 3
        async with db.work() as session:
            await append(session, actor, "after")
        assert await _seal(db) == 0
    assert await _seal(db) == 2
    assert await _seal(db) == 0
    sealed, report = await _sealed(db), await _verify(db)
    assert sorted(sealed) == list(range(1, 11))
    assert (report.problems, report.unsealed) == ([], 0)
    # and once more, into yet another cluster
    async with db.work() as session:
        await append(session, actor, "not sealed at the second backup")
    await _as_if_restored(owner, 10**10)
    async with db.work() as session:
        await append(session, actor, "after the second")
    assert await _seal(db) == 2
    assert await _seal(db) == 0
    assert sorted(await _sealed(db)) == list(range(1, 13))
    assert (await _verify(db)).whole


async def test_a_late_first_seal_after_a_restore(db: Database, owner: Session, actor: Actor) -> None:
    """The new cluster's counter has already passed the backup's before anything is sealed: nothing is lost."""
    async with db.work() as session:
        await append(session, actor, "before")
    assert await _seal(db) == 1
    await _as_if_restored(owner, 12)
    for _ in range(20):
        async with db.work() as session:
            await append(session, actor, "after")
    while await _seal(db):
        pass
    assert sorted(await _sealed(db)) == await _ids(db)
    report = await _verify(db)
    assert (report.problems, report.unsealed, report.entries) == ([], 0, 21)


async def test_what_an_entry_holds_is_under_the_hash(db: Database, owner: Session, actor: Actor) -> None:
    """Cases and body too, whatever characters are in them."""
    async with db.work() as session:
        body = {"b": ["家", {"é": None}], "a": 1.5, "": "\N{PILE OF POO}"}
        await append(session, actor, "odd", UUID(int=5), cases=[UUID(int=6), UUID(int=7)], body=body)
        await append(session, actor, "bare")
    assert await _seal(db) == 2
    assert (await _verify(db)).whole
    await owner.execute(text("update audit_entry set case_ids = array[case_ids[2], case_ids[1]] where id = 1"))
    assert (await verify(owner)).problems == [("edited", "entry 1")]
