"""What breaks, what is held and what is away: told in words, with nothing half-done and nothing of the cause said."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from directory.hot import Hot, fetch
from directory.sql import sql
from hub.api.describe import gid
from hub.audit.chain import append
from hub.base.db import Database
from hub.identity.actors import actor_by_id
from hub.identity.provider import Oidc
from hub.policy.terms import Actor
from tests.api.conftest import VICTIM, World
from tests.api.inputs import consent, fingerprint
from tests.conftest import Server
from tests.support.hub import free_port


async def test_a_fault_rolls_back_and_says_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the audit cannot be appended, nothing happened and nothing leaves, and nothing of the cause is said."""
    before = await fingerprint(world)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"disk full while writing {VICTIM}")

    monkeypatch.setattr("hub.audit.ledger.append", broken)
    with pytest.raises(RuntimeError):
        # the ledger is written at the very end: the request must fail as a whole
        await _inside(world)
    found = await world.people["coordinator"].post({"documentId": "Case", "variables": {"id": gid("Case", world.case)}})
    assert found.status_code == 500
    assert VICTIM not in found.text
    assert "disk" not in found.text
    monkeypatch.undo()
    assert await fingerprint(world) == before


async def _inside(world: World) -> None:
    from hub.cases.views import case
    from hub.identity.actors import actor_of

    async with world.hub.hub.db.work() as session:
        actor = await actor_of(session, world.hub.hub.oidc.issuer, "coordinator")
        assert actor is not None
        assert await case(session, actor, world.case) is not None


async def test_a_fault_around_the_fields_is_told_as_one(world: World, owner_url: str) -> None:
    """Whoever asks, the ledger, the commit: what fails there is worded too, and numbered, and nothing happened."""
    before = await fingerprint(world)
    case = {"documentId": "Case", "variables": {"id": gid("Case", world.case)}}
    deed = {"documentId": "RecordConsent", "variables": {"input": consent(world)}}
    owner = await asyncpg.connect(owner_url)
    try:
        for away, back in (
            ("revoke insert on audit_entry from hub_app", "grant insert on audit_entry to hub_app"),
            ("alter table staff rename to staff_away", "alter table staff_away rename to staff"),
        ):
            await owner.execute(away)
            try:
                for body in (case, deed):
                    answer = await world.people["coordinator"].post(body, **{"Accept-Language": "en"})
                    assert answer.status_code == 500, answer.text
                    (error,) = answer.json()["errors"]
                    assert error["message"].startswith("Something went wrong on our side.")
                    assert error["extensions"]["code"] == "fault"
                    assert UUID(error["extensions"]["fault"])
                    assert answer.headers["content-type"].startswith("application/graphql-response+json")
                    assert "audit_entry" not in answer.text
                    assert "staff" not in answer.text
            finally:
                await owner.execute(back)
    finally:
        await owner.close()
    assert await fingerprint(world) == before


async def test_what_passes_is_not_called_a_fault(world: World, owner_url: str) -> None:
    """Rows somebody else holds, a full pool, a database that is away: 503, when to try again, and nothing happened."""
    hub = world.hub.hub
    patient, hub.db = hub.db, Database(hub.db.engine.url, 1, hub.keys, patience=0.3)
    hub.db.engine.pool._timeout = 0.3  # type: ignore[attr-defined]
    case = {"documentId": "Case", "variables": {"id": gid("Case", world.case)}}
    owner = await asyncpg.connect(owner_url)

    async def told(code: str) -> None:
        answer = await world.people["coordinator"].post(case, **{"Accept-Language": "en"})
        assert answer.status_code == 503, answer.text
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": code}
        assert "gain in a m" in error["message"]
        assert answer.headers["retry-after"].isdigit()
        assert answer.headers["cache-control"] == "no-store"

    try:
        for table in ("staff", "case_file", "audit_entry"):  # who asks, a field, the ledger
            held = owner.transaction()
            await held.start()
            await owner.execute(f"lock table {table}")
            await told("being_written")
            await held.rollback()
        async with hub.db.work() as session:  # the one connection of the pool
            await session.execute(text("select 1"))
            await told("unavailable")
    finally:
        await owner.close()
        await hub.db.close()
        hub.db = patient
    answer = await world.people["coordinator"].post(case)
    assert answer.status_code == 200


async def test_a_provider_that_is_away_is_not_a_bad_token(world: World) -> None:
    """Whoever is told that the token is bad gets another one, again and again; who is told to wait, waits."""
    hub = world.hub.hub
    there, away = hub.oidc, f"http://127.0.0.1:{free_port()}"
    person = world.people["coordinator"]
    async with httpx.AsyncClient() as http:
        hub.oidc = Oidc(hub.settings.model_copy(update={"oidc_issuer": away}), http)
        try:
            answer = await person.post({"documentId": "Me"}, **{"Accept-Language": "en"})
            assert answer.status_code == 503
            assert answer.headers["retry-after"].isdigit()
            assert "www-authenticate" not in answer.headers
            (error,) = answer.json()["errors"]
            assert error["extensions"] == {"code": "provider_unavailable"}
            assert error["message"].startswith("The identity provider cannot be reached now.")
            for method, path in (("GET", "/hsds/services"), ("PUT", "/uploads/x"), ("GET", "/downloads/x")):
                plain = await world.hub.http.request(method, path, headers={"Authorization": person.token or ""})
                assert (plain.status_code, plain.json()["code"]) == (503, "provider_unavailable"), path
        finally:
            hub.oidc = there
    assert (await person.post({"documentId": "Me"})).status_code == 200


async def test_connections_the_database_has_closed_are_not_used_again(
    world: World, server: Server, owner_url: str
) -> None:
    """A restart of the database is felt by who was being answered, and by nobody after."""
    person = world.people["coordinator"]
    assert (await person.post({"documentId": "Me"})).status_code == 200
    async with world.hub.hub.db.work() as session:
        here = (await session.execute(text("select current_database()"))).scalar_one()
    admin = await asyncpg.connect(server.admin)
    try:
        ended = await admin.fetch("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", here)
    finally:
        await admin.close()
    assert ended
    await asyncio.sleep(0.2)
    assert [(await person.post({"documentId": "Me"})).status_code for _ in range(5)] == [200] * 5


async def test_a_query_that_writes_more_than_its_entry_writes_all_or_nothing(world: World) -> None:
    """Each hot statement of a query is a transaction of its own, but what it writes is not."""
    actor = await _actor(world)
    before = await _entries(world)

    async def fails() -> None:
        async with world.hub.hub.db.work(reading=True) as session:
            await fetch(session, Hot(sql("select 1")), {})
            await append(session, actor, "tried")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await _entries(world) == before
    async with world.hub.hub.db.work(reading=True) as session:
        await append(session, actor, "tried")
    assert await _entries(world) == before + 1


async def _actor(world: World) -> Actor:
    async with world.hub.hub.db.work() as session:
        key = (await session.execute(text("select id from staff order by id limit 1"))).scalar_one()
        found = await actor_by_id(session, key)
    assert found is not None
    return found


async def _entries(world: World) -> int:
    async with world.hub.hub.db.work() as session:
        return int((await session.execute(text("select count(*) from audit_entry"))).scalar_one())
