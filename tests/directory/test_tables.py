"""The database itself refuses whatever would tell where a confidential location is (DVPA 56)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from directory.derived import service_route, service_search
from directory.tables import Address, Area, Location
from hub.base.db import Database


def _location(kind: str, **more: Any) -> Location:
    return Location(source="t", source_id=f"{kind}{sorted(more)}", location_type=kind, **more)


async def _refused(db: Database, *rows: Any, sql: str = "") -> str:
    async with db.work() as session:
        session.add_all(rows[:-1])
        await session.flush()
        session.add_all(rows[-1:])
        savepoint = await session.begin_nested() if sql else None
        with pytest.raises(IntegrityError) as error:
            await (session.execute(text(sql)) if sql else session.flush())
        await (savepoint or session).rollback()
        return str(error.value.orig)


async def _place(session: AsyncSession, kind: str) -> Location:
    place = _location(kind)
    session.add(place)
    await session.flush()
    await session.refresh(place)
    return place


async def test_a_confidential_location_can_tell_nothing(db: Database) -> None:
    for more in (
        {"latitude": 22.0}, {"longitude": 122.0}, {"transportation": "公車"}, {"description": "山腳"},
        {"url": "https://x.invalid"}, {"extra": {"address_1": "虛構路"}}, {"alternate_name": "山腳之家"},
        {"external_identifier": "990-1"}, {"external_identifier_type": "建號"},
    ):  # fmt: skip
        assert "ck_location_confidential" in await _refused(db, _location("confidential", **more))
    area = Area(code="9", kind="county", names={"en": "x"})
    assert "ck_location_confidential" in await _refused(db, area, _location("confidential", area_code="9"))


async def test_a_confidential_location_can_own_no_address(db: Database) -> None:
    async with db.work() as session:
        hidden, seen = await _place(session, "confidential"), await _place(session, "physical")

    def address(location: Location, kind: str) -> Address:
        return Address(source="t", source_id="a", location_id=location.id, location_type=kind, address_1="虛構路")

    assert "ck_address_confidential" in await _refused(db, address(hidden, "confidential"))
    assert "foreign key" in await _refused(db, address(hidden, "physical"))  # a lie about the type finds no such place
    async with db.work() as session:
        session.add(address(seen, "physical"))
    # Nor can a place with an address become confidential and keep it.
    statement = "UPDATE location SET location_type = 'confidential' WHERE location_type = 'physical'"
    assert "ck_address_confidential" in await _refused(db, sql=statement)


def test_what_routing_and_search_read_have_no_place_for_an_address() -> None:
    columns = {c.name for table in (service_route, service_search) for c in table.columns}
    assert not {c for c in columns if "address" in c or "location" in c}
