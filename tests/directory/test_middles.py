"""Where services stand that have no position of their own: at their town's middle, whoever's places that is made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from directory.hiding import hide_location
from hub.base.db import Database
from tests.directory.places import (
    ADDRESSES,
    HIDDEN,
    OPEN,
    SERVICES,
    THERE,
    TOWN,
    Rows,
    load,
    packed,
    packed_hidden,
    rows_of,
    two_services,
)

STANDS = (  # of a service whose place is at no position that is known
    "select 'area', latitude from area where code = '~XX/FICTION/hiddenville' union "
    "select 'search', latitude from service_search where service_id in (select id from service where source_id = 's2') "
    "union select 'routing', latitude from service_route "
    "where service_id in (select id from service where source_id = 's2')"
)


def _two_places(
    path: Path,
    first: list[str] = ADDRESSES[1],
    *,
    hidden: bool = False,
    latitude: float | None = 24.5,
    longitude: float = 121.5,
) -> Path:
    """The shelter, and another place of the same source in the town."""
    other: Rows = [["l3", "o1", "physical", "Third", latitude, "" if latitude is None else longitude]]
    return packed(
        path,
        [OPEN[0], *([[*HIDDEN[1], "", ""]] if hidden else OPEN[1:]), *other],
        [ADDRESSES[0], *([] if hidden else [first]), ["a3", "l3", "Main 3", TOWN, "Fiction", "99999", "XX"]],
        services=[*SERVICES, ["s3", "o1", "Third", "x", "active"]],
        service_at_locations=[*THERE, ["k3", "s3", "l3"]],
        attributes=[["id", "service_id", "taxonomy_term_id"], ["t1", "s1", "w"], ["t3", "s3", "w"]],
    )


async def test_an_area_made_of_addresses_is_what_they_say_not_what_a_package_says_of_it(
    db: Database, tmp_path: Path
) -> None:
    """Detached by one source's list of areas, a town would be in no county, and who looks there would find nothing."""
    await load(db, two_services(tmp_path / "o.zip"), "u")
    derived = "select code, parent, names::text, latitude from area where code like '~%' order by code"
    before = await rows_of(db, derived)
    town = max(before, key=lambda row: len(row[0]))[0]
    areas: Rows = [["code", "parent", "kind", "names", "latitude", "longitude"], [town, "", "city", "{}", 10, 10]]
    told = packed(tmp_path / "a.zip", [OPEN[0]], [ADDRESSES[0]], service_at_locations=[THERE[0]], areas=areas)
    await load(db, told, "v")
    assert await rows_of(db, derived) == before


async def _stand(db: Database, latitude: float | None) -> None:
    assert set(await rows_of(db, STANDS)) == {(what, latitude) for what in ("area", "search", "routing")}


@pytest.mark.parametrize("then", ["hidden", "moved"])
async def test_a_middle_that_another_source_moves_takes_who_stands_there_along(
    db: Database, tmp_path: Path, then: str
) -> None:
    """Else they are found where the hidden place was, or, once that is forgotten, nowhere."""
    await load(db, two_services(tmp_path / "u.zip", hidden=True), "u")
    await _stand(db, None)
    await load(db, _two_places(tmp_path / "a.zip"))
    await _stand(db, 24.3)
    if then == "hidden":
        await load(db, _two_places(tmp_path / "b.zip", hidden=True))
        await _stand(db, 24.5)
    else:
        await load(db, _two_places(tmp_path / "b.zip", latitude=25.5))
        await _stand(db, 24.8)


async def test_a_town_without_a_middle_gets_one_when_a_place_elsewhere_is_hidden(db: Database, tmp_path: Path) -> None:
    """Whoever stands there is told, though nothing of theirs was hidden."""
    await load(db, two_services(tmp_path / "u.zip", hidden=True), "u")
    await _stand(db, None)
    far = ["a1", "l1", "Main 1", "Farville", "Elsewhere", "99998", "XY"]
    await load(db, _two_places(tmp_path / "a.zip", far, latitude=None))
    await _stand(db, None)
    async with db.work() as session:
        known = "update location set latitude = 25.03, longitude = 121.52 where source_id = 'l3'"
        await session.execute(text(known))
        hidden = "select id from location where source = 't' and source_id = 'l1'"
        assert await hide_location(session, (await session.execute(text(hidden))).scalar_one())
    await _stand(db, 25.05)


async def test_an_older_export_does_not_bring_the_middle_back(db: Database, tmp_path: Path) -> None:
    """A neighbour keeps the town; its middle is what open places make of it, whatever a package says it was."""
    await load(db, two_services(tmp_path / "u.zip", hidden=True), "u")
    await load(db, packed(tmp_path / "a.zip"))
    await _stand(db, 24.1)
    await load(db, packed_hidden(tmp_path / "b.zip"))
    areas: Rows = [["code", "parent", "kind", "names", "latitude", "longitude"],
             ["~XX/FICTION/hiddenville", "", "city", "{}", 24.1, 121.65]]  # fmt: skip
    await load(db, packed_hidden(tmp_path / "c.zip", areas=areas))
    await _stand(db, None)


async def test_a_town_an_address_spoke_of_before_does_not_keep_the_hidden_places_middle(
    db: Database, tmp_path: Path
) -> None:
    """Its address was put right, which moved no position; then it became a shelter, and it is where it was."""
    await load(db, two_services(tmp_path / "u.zip", hidden=True), "u")
    await load(db, packed(tmp_path / "a.zip"))
    await _stand(db, 24.1)
    righted: Rows = [ADDRESSES[0], ["a1", "l1", "Main 1", "Elsewhere", "Fiction", "99999", "XX"]]
    await load(db, packed(tmp_path / "b.zip", OPEN, righted))
    await _stand(db, 24.1)
    await load(db, packed_hidden(tmp_path / "c.zip"))
    await _stand(db, None)


async def test_a_middle_that_is_the_same_without_the_hidden_place_loses_nobody(db: Database, tmp_path: Path) -> None:
    """Another open place of the town rounds to where the hidden one was: who stands there still stands there."""
    await load(db, two_services(tmp_path / "u.zip", hidden=True), "u")
    await load(db, _two_places(tmp_path / "a.zip", latitude=24.11, longitude=121.66))
    await _stand(db, 24.1)
    await load(db, _two_places(tmp_path / "b.zip", hidden=True, latitude=24.11, longitude=121.66))
    await _stand(db, 24.1)
