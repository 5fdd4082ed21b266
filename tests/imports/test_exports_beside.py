"""Files of what sources said beyond the standard, made before a service first had to do with a confidential place."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from directory.aside import export_aside
from directory.hiding import shed
from hub.base.db import Session
from hub.imports import making
from tests.inventory.conftest import World

TOLD = "behind Fictional lane 9"


async def _say(world: World) -> None:
    """A service of which much is said, and a shelter that it has nothing to do with."""
    await world.people(2)
    async with world.hub.hub.db.work() as session:
        told = "update service set extra = jsonb_build_object('door', cast(:told as text)) where id = (%s)"
        await session.execute(text(told % "select id from service order by id limit 1"), {"told": TOLD})
        await session.execute(
            text(
                "insert into location (source, source_id, location_type, name, organization_id) "
                "select 'fictional', 'l', 'confidential', '', organization_id from service order by id desc limit 1"
            )
        )
        await shed(session)


async def _link(session: Session) -> None:
    await session.execute(
        text(
            "insert into service_at_location (source, source_id, service_id, location_id) "
            "select 'fictional', 'k', s.id, l.id from service s, location l order by s.id limit 1"
        )
    )
    assert (await shed(session)).emptied == 1


async def _taken(person: Any) -> bytes:
    (found,) = await person.ask("DirectoryExports")
    answer = await person.http.get(found["downloadPath"], headers={"Authorization": person.token})
    assert answer.status_code == 200
    return bytes(answer.content)


async def test_they_go_with_it(world: World) -> None:
    await _say(world)
    auditor = world.sign_in("auditor")
    await auditor.do("MakeExport", form="BEYOND_JSON")
    await world.hub.work("exports")
    assert TOLD.encode() in await _taken(auditor)
    async with world.hub.hub.db.work() as session:
        await _link(session)
    assert await world.scalar("select count(*) from directory_export_part") == 0
    await world.hub.work("exports")
    assert TOLD.encode() not in await _taken(auditor)
    async with world.hub.hub.db.work() as session:
        await shed(session)  # nothing new: what stands is kept
    assert await world.scalar("select state from directory_export") == "ready"


async def test_one_that_is_being_made_is_made_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await _say(world)
    auditor, made = world.sign_in("auditor"), list[bool]()

    async def slow(session: Any, path: Any, form: Any) -> int:
        rows = await export_aside(session, path, form)
        made.append(TOLD in path.read_text("utf-8"))
        if len(made) == 1:
            async with world.hub.hub.db.work() as other:
                await _link(other)
        return rows

    monkeypatch.setattr(making, "export_aside", slow)
    await auditor.do("MakeExport", form="BEYOND_JSON")
    await world.hub.work("exports")
    assert made == [True, False]
    assert TOLD.encode() not in await _taken(auditor)
