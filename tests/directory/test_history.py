"""Every change of a field leaves its record, whoever makes it; what was known of a place leaves with it (DVPA 56)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from directory.actions import import_package
from directory.county import write_county
from directory.entities import ENTITIES
from directory.hiding import hide_location
from directory.history import Change, history, said_by
from directory.tables import (
    Accessibility,
    Address,
    Attribute,
    Contact,
    Location,
    Organization,
    Phone,
    Schedule,
    Service,
    ServiceAtLocation,
    TaxonomyTerm,
)
from hub.base.db import Database

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
SECRET = "祕密路九九九號"


async def _do(db: Database, *statements: str, by: str = "") -> None:
    async with db.work() as session:
        if by:
            await said_by(session, by, NOW)
        for statement in statements:
            await session.execute(text(statement))


async def _records(db: Database, where: str = "true") -> list[tuple[Any, ...]]:
    async with db.work() as session:
        rows = await session.execute(
            text("SELECT resource_type, field_name, previous_value, replacement_value, last_action_type, updated_by "
                 f"FROM metadata WHERE {where} ORDER BY number")
        )  # fmt: skip
        return [tuple(row) for row in rows.all()]


async def _world(db: Database) -> dict[str, UUID]:
    """An agency, a service, and a place that tells of itself in every way it can."""
    rows: list[Any] = [
        o := Organization(source="t", source_id="o", name="虛構會"),
        s := Service(source="t", source_id="s", name="庇護", organization_id=o.id),
        w := TaxonomyTerm(source="t", source_id="w", code="w", name="w"),
        x := Location(source="t", source_id="l", location_type="physical", name=SECRET, latitude=22.125,
                      longitude=122.5, description=SECRET, alternate_name=SECRET, extra={"note": SECRET}),
        k := ServiceAtLocation(source="t", source_id="k", service_id=s.id, location_id=x.id, description=SECRET),
        a := Address(source="t", source_id="a", location_id=x.id, location_type="physical", address_1=SECRET),
        c := Contact(source="t", source_id="c", service_at_location_id=k.id, name=SECRET),
        Phone(source="t", source_id="p1", contact_id=c.id, number=SECRET),
        Phone(source="t", source_id="p2", service_at_location_id=k.id, number=SECRET),
        Phone(source="t", source_id="p3", service_id=s.id, number="0900-000-000"),
        Schedule(source="t", source_id="h", service_at_location_id=k.id, byday="MO", notes=SECRET),
        Accessibility(source="t", source_id="y1", location_id=x.id, description=f"{SECRET} ramp", code="wheelchair"),
        Accessibility(source="t", source_id="y2", location_id=x.id, description=SECRET),
    ]  # fmt: skip
    links = {"location": x.id, "service_at_location": k.id, "contact": c.id}
    tags = [Attribute(source="t", source_id=e, link_entity=e, link_id=i, taxonomy_term_id=w.id, value=SECRET)
            for e, i in links.items()]  # fmt: skip
    async with db.work() as session:
        for row in (*rows, *tags):
            session.add(row)
            await session.flush()
    return {"organization": o.id, "service": s.id, "location": x.id, "address": a.id, "there": k.id}


async def _found(db: Database, what: str, but: Iterable[str] = ()) -> set[str]:
    """Tables that hold the words anywhere."""
    async with db.work() as session:
        names = (await session.execute(text("SELECT relname FROM pg_class WHERE relkind = 'r' "
                 "AND relnamespace = 'public'::regnamespace"))).scalars().all()  # fmt: skip
        return {
            name for name in names if name not in but and (
                await session.execute(text(f"SELECT EXISTS (SELECT FROM {name} t WHERE t::text LIKE '%{what}%')"))
            ).scalar_one()
        }  # fmt: skip


async def test_each_changed_field_is_one_record(db: Database) -> None:
    ids = await _world(db)
    assert await _records(db) == []  # what is new has no past
    await _do(db, "UPDATE organization SET name = '新名', year_incorporated = 1999, name_i18n = '{\"en\": \"x\"}', "
                  "seen = gen_random_uuid()", by="staff-7")  # fmt: skip
    await _do(db, "UPDATE organization SET seen = gen_random_uuid(), name = '新名'", "UPDATE service SET url = url")
    assert await _records(db) == [
        ("organization", "name", "虛構會", "新名", "update", "staff-7"),
        ("organization", "name_i18n", "{}", '{"en": "x"}', "update", "staff-7"),
        ("organization", "year_incorporated", "", "1999", "update", "staff-7"),
    ]
    await _do(db, "UPDATE organization SET year_incorporated = NULL", "DELETE FROM phone WHERE source_id = 'p3'")
    last, gone = (await _records(db))[3:]
    assert last == ("organization", "year_incorporated", "1999", "", "update", "hub_app")
    assert gone[0] == "phone"
    assert '"number": "0900-000-000"' in gone[2]
    assert (gone[1], gone[3], gone[4]) == ("", "", "delete")
    async with db.work() as session:
        of = ids["organization"]
        pages: list[Change] = await history(session, "organization", of, 3)
        pages += await history(session, "organization", of, 3, pages[-1].number)
        assert [c.field_name for c in pages] == ["year_incorporated", "year_incorporated", "name_i18n", "name"]
        assert pages[-1].last_action_date == NOW
        assert await history(session, "service", of) == []
        with pytest.raises(ValueError, match="nothing"):
            await history(session, "nothing", of)


async def test_every_entity_keeps_every_field(db: Database, owner_url: str) -> None:
    """A column added by a later migration must be added to the trigger: `SELECT directory_track(...)`."""
    async with db.work() as session:
        for table in ENTITIES.keys() - {"source_metadata"}:
            columns = await session.execute(
                text(f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 "
                     "AND NOT attisdropped"))  # fmt: skip
            trigger = await session.execute(
                text("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'A_history_changed' "
                     f"AND tgrelid = '{table}'::regclass AND tgenabled = 'O'"))  # fmt: skip
            said = trigger.scalar_one().replace('"', "")
            missing = {c for c in columns.scalars() if f"new.{c}" not in said.replace(")", ",").lower()}
            assert missing == {"seen", "by_hand", "added"}, table
            gone = text(
                f"SELECT count(*) FROM pg_trigger WHERE tgname = 'A_history_gone' AND tgrelid = '{table}'::regclass"
            )
            assert (await session.execute(gone)).scalar_one() == 1, table


async def test_nobody_changes_the_past(db: Database) -> None:
    await _world(db)
    await _do(db, "UPDATE organization SET name = 'x'")
    for statement in (
        "UPDATE metadata SET updated_by = 'another'", "DELETE FROM metadata", "TRUNCATE metadata",
        "INSERT INTO metadata (resource_id, resource_type, last_action_date, last_action_type, updated_by) "
        "VALUES (gen_random_uuid(), 'service', now(), 'update', 'x')",
        "ALTER TABLE organization DISABLE TRIGGER USER", 'DROP TRIGGER "A_history_changed" ON organization',
        "SET session_replication_role = replica", "SELECT directory_track('organization')",
        "CREATE OR REPLACE FUNCTION directory_history() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ):  # fmt: skip
        with pytest.raises(ProgrammingError, match=r"denied|owner"):
            await _do(db, statement)
    assert len(await _records(db)) == 1


async def test_a_place_that_becomes_confidential_takes_its_past_along(db: Database) -> None:
    ids = await _world(db)
    place = ids["location"]
    await _do(
        db,
        "INSERT INTO area (code, kind, names, latitude, longitude) "
        "VALUES ('~q', 'state', '{}', 22.125, 122.5), ('~q/r', 'city', '{}', 22.125, 122.5)",
        "UPDATE area SET parent = '~q' WHERE code = '~q/r'",
        "INSERT INTO service_area (source, source_id, service_id, area_code, derived) "
        f"VALUES ('t', '~', '{ids['service']}', '~q/r', true)",
        "UPDATE location SET latitude = 22.375", "UPDATE location SET description = description || '旁'",
        "UPDATE address SET address_2 = '二樓', address_1 = address_1 || '之一'",
        "UPDATE phone SET extension = '9' WHERE source_id IN ('p1', 'p2')", "UPDATE contact SET title = name",
        "UPDATE schedule SET description = notes", "UPDATE attribute SET label = value",
        "UPDATE accessibility SET details = description", "UPDATE service_at_location SET description = '三樓'",
        "INSERT INTO address (source, source_id, location_id, location_type, address_type, city) "
        f"SELECT 't', 'b', id, location_type, 'postal', '{SECRET}市' FROM location WHERE id = '{place}'",
        "DELETE FROM address WHERE source_id = 'b'", "DELETE FROM contact",
        f"UPDATE service SET description = '仍在' WHERE id = '{ids['service']}'",
    )  # fmt: skip
    assert "metadata" in await _found(db, SECRET)
    assert len(await _records(db)) == 19
    async with db.work() as session:
        await said_by(session, "staff-7", NOW)
        assert await hide_location(session, place, "保密處所")
        assert not await hide_location(session, ids["service"])
    for told in (SECRET, "22.125", "22.375", "122.5", "二樓", "三樓"):  # areas derived from its address included
        assert await _found(db, told) == set(), told
    async with db.work() as session:
        assert (await session.execute(text("SELECT count(*) FROM service_area"))).scalar_one() == 0
    kept = await _records(db)
    assert ("location", "location_type", "physical", "confidential", "update", "staff-7") in kept
    assert ("service", "description", "", "仍在", "update", "hub_app") in kept
    assert {r[0] for r in kept} == {"location", "service"}
    async with db.work() as session:  # what may stay has stayed
        left = await session.execute(
            text("SELECT (SELECT count(*) FROM schedule), (SELECT string_agg(description, ',') FROM accessibility), "
                 "(SELECT count(*) FROM service_at_location), (SELECT count(*) FROM phone), name FROM location")
        )  # fmt: skip
        assert tuple(left.one()) == (1, "wheelchair", 1, 1, "保密處所")
    # Its later changes and its end leave no more than that they were.
    await _do(db, "UPDATE location SET name = '另一名'", "DELETE FROM location")
    assert await _found(db, "另一名") == set()
    assert ("location", "", "", "", "delete", "hub_app") in await _records(db)


async def test_what_hung_on_a_place_is_forgotten_however_it_went(db: Database) -> None:
    """A service leaves the place and its numbers go with the link: the record of the link still knows the place."""
    ids = await _world(db)
    await _do(db, "DELETE FROM service_at_location")
    assert {r[0] for r in await _records(db)} >= {"service_at_location", "contact", "phone", "schedule", "attribute"}
    assert "metadata" in await _found(db, SECRET)
    async with db.work() as session:
        assert await hide_location(session, ids["location"])
    assert await _found(db, SECRET) == set()


async def test_a_place_that_still_tells_cannot_become_confidential(db: Database) -> None:
    ids = await _world(db)
    plain = (
        "UPDATE location SET location_type = 'confidential', latitude = NULL, longitude = NULL, description = '', "
        "alternate_name = '', extra = '{}', name = ''"
    )
    empty = {
        "address": "DELETE FROM address", "phone": "DELETE FROM phone WHERE service_id IS NULL AND contact_id IS NULL",
        "contact": "DELETE FROM contact",
        "accessibility": "UPDATE accessibility SET details = '', description = 'wheelchair', code = 'wheelchair'",
        "service_at_location": "UPDATE service_at_location SET description = ''",
        "schedule": "UPDATE schedule SET notes = ''",
        "attribute": "DELETE FROM attribute WHERE link_entity <> 'contact'",
    }  # fmt: skip
    seen = set()
    for _ in empty:
        with pytest.raises(IntegrityError) as refusal:
            await _do(db, plain)
        entity = str(refusal.value.orig).split("ck_")[1].split("_confidential")[0]
        seen.add(entity)
        await _do(db, empty[entity])
    assert seen == set(empty)
    await _do(db, plain)
    for statement in (
        f"INSERT INTO phone (source, source_id, number, location_id) VALUES ('t', 'z', '1', '{ids['location']}')",
        "INSERT INTO phone (source, source_id, number, service_at_location_id) "
        f"VALUES ('t', 'z', '1', '{ids['there']}')",
        f"INSERT INTO contact (source, source_id, name, location_id) VALUES ('t', 'z', '1', '{ids['location']}')",
        "UPDATE schedule SET schedule_link = 'https://x.invalid'", "UPDATE accessibility SET url = 'https://x.invalid'",
        "UPDATE service_at_location SET description = 'x'",
        f"UPDATE phone SET location_id = '{ids['location']}'",
        "INSERT INTO attribute (source, source_id, link_entity, link_id, taxonomy_term_id) "
        f"SELECT 't', 'z', 'location', '{ids['location']}', id FROM taxonomy_term",
        "INSERT INTO attribute (source, source_id, link_entity, link_id, taxonomy_term_id) "
        "SELECT 't', 'z', 'schedule', h.id, w.id FROM taxonomy_term w, schedule h",
        f"UPDATE location SET alternate_name = 'x' WHERE id = '{ids['location']}'",
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match="confidential"):
            await _do(db, statement)


async def test_a_service_with_numbers_cannot_move_to_a_confidential_place(db: Database) -> None:
    await _world(db)
    async with db.work() as session:
        session.add(Location(source="t", source_id="hid", location_type="confidential"))
    move = (
        "UPDATE service_at_location SET description = '', "
        "location_id = (SELECT id FROM location WHERE source_id = 'hid')"
    )
    with pytest.raises(IntegrityError, match="ck_service_at_location_confidential"):
        await _do(db, move)
    await _do(db, "DELETE FROM contact", "DELETE FROM phone WHERE service_at_location_id IS NOT NULL",
              "DELETE FROM attribute", "UPDATE schedule SET notes = ''", move)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("INSERT INTO phone (source, source_id, number, location_id) SELECT 't', 'z', '1', id FROM location",
         "UPDATE location SET location_type = 'confidential', latitude = NULL, longitude = NULL"),
        ("INSERT INTO phone (source, source_id, number, service_at_location_id) "
         "SELECT 't', 'z', '1', id FROM service_at_location",
         "UPDATE location SET location_type = 'confidential', latitude = NULL, longitude = NULL"),
        ("INSERT INTO attribute (source, source_id, link_entity, link_id, taxonomy_term_id) "
         "SELECT 't', 'z', 'location', l.id, w.id FROM taxonomy_term w, location l",
         "UPDATE location SET location_type = 'confidential', latitude = NULL, longitude = NULL"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
async def test_two_at_once_do_not_slip_past_each_other(
    db: Database, database_url: str, first: str, second: str, turned: bool
) -> None:
    o = Organization(source="t", source_id="o", name="x")
    s = Service(source="t", source_id="s", name="x", organization_id=o.id)
    x = Location(source="t", source_id="l", location_type="physical", latitude=22.0, longitude=122.0)
    async with db.work() as session:
        for row in (o, s, x, ServiceAtLocation(source="t", source_id="k", service_id=s.id, location_id=x.id),
                    TaxonomyTerm(source="t", source_id="w", code="w", name="w")):  # fmt: skip
            session.add(row)
            await session.flush()
    if turned:
        first, second = second, first
    one, two = [await asyncpg.connect(database_url) for _ in range(2)]
    try:
        begun = one.transaction()
        await begun.start()
        await one.execute(first)
        await two.execute("SET lock_timeout = '300ms'")
        with pytest.raises((asyncpg.LockNotAvailableError, asyncpg.CheckViolationError)):
            await two.execute(second)  # it waits for the first, and would then see it
        await begun.commit()
        with pytest.raises(asyncpg.CheckViolationError):
            await two.execute(second)
    finally:
        await one.close()
        await two.close()


async def test_an_import_that_changes_nothing_writes_nothing(db: Database, tmp_path: Path) -> None:
    folder = write_county(tmp_path, NOW)
    for _ in range(2):
        async with db.work() as session:
            report = await import_package(session, folder, dry_run=False)
    assert report.total("updated") > 500
    assert await _records(db) == []
    organizations = folder / "organizations.csv"
    said = organizations.read_text(encoding="utf-8")
    organizations.write_text(said.replace("police@hub.invalid", "other@hub.invalid"), encoding="utf-8")
    async with db.work() as session:
        await import_package(session, folder, dry_run=False)
    said_so = ("update", "import:fictional-county")
    assert await _records(db) == [("organization", "email", "police@hub.invalid", "other@hub.invalid", *said_so)]
