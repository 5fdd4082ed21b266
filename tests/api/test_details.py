"""What everybody signed in reads of one service: its details whole, and of a confidential place only that it is."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from hub.api.describe import gid
from tests.api.conftest import World

SECRET = ("虛構祕密路", "虛構祕密屋", "虛構祕密公車")


async def _place(world: World, kind: str) -> None:
    """The service is given at one place more."""
    async with world.hub.hub.db.work() as session:
        place = await session.execute(
            text(
                "insert into location (source, source_id, location_type, name, transportation) "
                "values ('t', :kind, :kind, :name, :way) returning id"
            ),
            {"kind": kind, "name": SECRET[1], "way": "" if kind == "confidential" else SECRET[2]},
        )
        given = {"place": place.scalar_one(), "service": world.service, "kind": kind, "street": SECRET[0]}
        await session.execute(
            text("insert into service_at_location (source, source_id, service_id, location_id) "
                 "values ('t', :kind, :service, :place)"),
            given,
        )  # fmt: skip
        if kind != "confidential":
            await session.execute(
                text("insert into address (source, source_id, location_id, location_type, address_type, address_1) "
                     "values ('t', :kind, :place, :kind, :kind, :street)"),
                given,
            )  # fmt: skip


async def test_details_are_whole(world: World) -> None:
    """Telephones, hours, costs and an open place's address are there for any role; an unknown service is null."""
    await _place(world, "physical")
    found = await world.people["clinic"].ask("ServiceDetails", id=gid("Service", world.service))
    assert found["phones"]
    assert found["hours"]
    assert all(hours["days"] for hours in found["hours"] if hours["opensAt"])
    (place,) = [place for place in found["places"] if place["name"] == SECRET[1]]
    assert (place["address1"], place["transportation"]) == (SECRET[0], SECRET[2])
    assert await world.people["clinic"].ask("ServiceDetails", id=gid("Service", UUID(int=7))) is None
    refused = await world.people["nobody"].post({"documentId": "ServiceDetails", "variables": {"id": "x"}})
    assert refused.status_code == 401


async def test_a_confidential_place_says_only_that_it_is(world: World) -> None:
    """Not even its name, which is free text."""
    await _place(world, "confidential")
    answer = await world.people["coordinator"].post(
        {"documentId": "ServiceDetails", "variables": {"id": gid("Service", world.service)}}
    )
    assert "confidential" in {place["kind"] for place in answer.json()["data"]["serviceDetails"]["places"]}
    assert not any(word in answer.text for word in SECRET)
