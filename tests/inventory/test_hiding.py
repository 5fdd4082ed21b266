"""A place that its agency makes confidential by hand: emptied, its past forgotten, and nobody brings it back."""

from __future__ import annotations

import json
from uuid import UUID

from sqlalchemy import text

from tests.inventory.conftest import World, service_id
from tests.inventory.test_answers import fields
from tests.inventory.test_editing import OLD_STREET, PLACE, edit, rows, world_of


async def test_a_place_made_confidential_is_forgotten_with_its_past(world: World) -> None:
    manager, key, other = await world_of(world)
    place = (await edit(manager, key, places=[PLACE]))["places"][0]
    moved = {**PLACE, "id": place["id"], "address1": "無名路八號", "transportation": "公車七號"}
    await edit(manager, key, places=[moved])
    story = json.dumps(await manager.ask("ServiceHistory", id=service_id(key)), ensure_ascii=False)
    assert OLD_STREET in story
    hidden = (await edit(manager, key, places=[{**moved, "kind": "confidential"}]))["places"]
    assert [(p["kind"], p["name"], p["address1"], p["areaCode"]) for p in hidden] == [("confidential", "", "", None)]
    story = json.dumps(await manager.ask("ServiceHistory", id=service_id(key)), ensure_ascii=False)
    assert "location_type" in story
    assert not [word for word in (OLD_STREET, "無名路八號", "公車", "一樓櫃台", "虛構鎮") if word in story]
    for table in ("metadata", "address", "location", "service_search", "audit_entry"):
        dump = "".join(str(row[0]) for row in await rows(world, f"select to_jsonb(t)::text from {table} t"))
        assert not [word for word in (OLD_STREET, "無名路八號", "公車") if word in dump], table
    shown = await manager.ask("Service", id=service_id(key))
    assert shown["confidential"]
    named = {"id": place["id"], "kind": "confidential", "name": "甲處"}
    assert (await edit(manager, key, places=[named]))["places"][0]["name"] == "甲處"
    back = await edit(manager, key, places=[{**named, "kind": "physical", "address1": OLD_STREET}])
    assert fields(back) == {"places.0.kind": "place_stays_confidential"}
    assert fields(await edit(manager, key, places=[{**named, "name": "x", "address1": OLD_STREET}])) == {
        "places.0.address1": "place_tells"
    }
    # Where another agency serves too it is not this agency's to change; leaving it is.
    async with world.hub.hub.db.work() as session:
        await session.execute(
            text("insert into service_at_location (source, source_id, service_id, location_id) values ('x','x',:s,:l)"),
            {"s": other, "l": UUID(place["id"])},
        )
    shared = await edit(manager, key, places=[{**named, "name": "y"}])
    assert fields(shared) == {"places.0.name": "place_shared"}
    assert (await edit(world.sign_in("admin"), key, places=[{**named, "name": "y"}]))["places"][0]["name"] == "y"
    assert (await edit(manager, key, places=[]))["places"] == []
    assert await world.scalar("select count(*) from location") == 1
