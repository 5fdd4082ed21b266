"""What sources said beyond the standard is listed and given away whole, and nothing of a confidential place with it."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from directory.aside import aside, counts, export_aside
from directory.hiding import hide_location
from hub.base.db import Database
from tests.directory.places import ADDRESSES, HIDDEN, SERVICES, THERE, packed
from tests.directory.test_entities import _import
from tests.directory.test_json import _rows

ORGANIZATIONS = [
    ["id", "name", "Mailing street"],
    ["o1", "Fictional Aid", "Secret lane 1"],
    ["o2", "Open Aid", "Plain road 2"],
]
TWO = [*([*row, ""] for row in SERVICES), ["s2", "o2", "Day centre", "helps", "active", "blue"]]
TWO[0][-1], TWO[1][-1] = "Door", "red"
PAID = [["id", "service_id", "payment"], ["p1", "s1", "cash"], ["p2", "s2", "card"]]
PHONES = [
    ["id", "organization_id", "service_id", "number", "Told by"],
    ["f1", "o1", "", "1", "a"],
    ["f2", "o2", "", "2", "b"],
]


async def _hidden_and_open(db: Database, tmp_path: Path) -> None:
    package = packed(
        tmp_path / "a.zip", organizations=ORGANIZATIONS, services=TWO, payment_accepted=PAID, phones=PHONES
    )
    report = await _import(db, package)
    assert report.adds_up
    ((place,),) = await _rows(db, "SELECT id FROM location")
    async with db.work() as session:
        assert len(await aside(session, 100)) == 8
        await hide_location(session, place)


async def test_all_of_it_is_listed_and_nothing_of_a_confidential_place(db: Database, tmp_path: Path) -> None:
    await _hidden_and_open(db, tmp_path)
    async with db.work() as session:
        found = await aside(session, 100)
        pages: list[Any] = []
        while page := await aside(session, 1, (pages[-1].table, pages[-1].id) if pages else None):
            pages += page
        counted = await counts(session)
        assert await aside(session, 9, entity="payment_accepted") == [r for r in found if r.table == "kept_row"]
        assert [r.entity for r in await aside(session, 9, entity="phone")] == ["phone"]
        assert await aside(session, 9, source="another") == []
    assert pages == found
    assert {(row.entity, row.source_id): row.said for row in found} == {
        ("organization", "o2"): {"mailing street": "Plain road 2"},
        ("service", "s2"): {"door": "blue"},
        ("phone", "f2"): {"told by": "b"},
        ("payment_accepted", "p2"): {"id": "p2", "payment": "card", "service_id": "s2"},
    }
    assert {(c.entity, c.rows, c.hidden) for c in counted} == {
        (entity, 1, 0) for entity in ("organization", "service", "phone", "payment_accepted")
    }


async def test_as_files(db: Database, tmp_path: Path) -> None:
    await _hidden_and_open(db, tmp_path)
    for form in ("csv", "json"):
        async with db.work() as session:
            assert await export_aside(session, tmp_path / f"a.{form}", form) == 4
        text = (tmp_path / f"a.{form}").read_text("utf-8-sig")
        assert "Plain road 2" in text
        assert "Secret" not in text
        assert "red" not in text
    lines = list(csv.DictReader((tmp_path / "a.csv").read_text("utf-8-sig").splitlines()))
    assert len(lines) == 6
    assert len(json.loads((tmp_path / "a.json").read_text("utf-8"))) == 4


async def test_of_nothing(db: Database, tmp_path: Path) -> None:
    async with db.work() as session:
        assert await export_aside(session, tmp_path / "a.json", "json") == 0
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == []


async def test_unlinking_brings_nothing_back(db: Database, tmp_path: Path) -> None:
    """Not at rest, not in the history, not from the same source once it takes the link away and says it again."""
    await _hidden_and_open(db, tmp_path)
    more: dict[str, Any] = {"organizations": ORGANIZATIONS, "services": TWO, "payment_accepted": PAID, "phones": PHONES}

    async def nothing_told() -> None:
        for table in ("organization", "service", "phone", "kept_row", "metadata"):
            said = str(await _rows(db, f"select to_jsonb(t)::text from {table} t"))
            assert [word for word in ("Secret lane", '"red"', "cash", '"told by": "a"') if word in said] == [], table

    await nothing_told()
    unlinked = packed(tmp_path / "b.zip", HIDDEN, ADDRESSES[:1], service_at_locations=[THERE[0]], **more)
    report = await _import(db, unlinked)
    assert report.refused is None
    assert report.adds_up
    assert [(p.code, p.detail) for p in report.problems if p.code == "beside_secret"] == [
        ("beside_secret", "1"),  # the row of a table there is no place for, with its file
        ("beside_secret", "3"),
    ]
    (kept,) = [table for table in report.tables if table.entity == "kept_row"]
    assert (kept.kept, kept.rejected) == (1, 1)
    await nothing_told()
    moved = packed(tmp_path / "c.zip", HIDDEN, ADDRESSES[:1], services=[TWO[0], [*TWO[1][:-1], "red again"], TWO[2]])
    await _import(db, moved)
    async with db.work() as session:
        assert {row.source_id for row in await aside(session, 100)} == {"o2", "s2", "f2", "p2"}
    await nothing_told()


async def test_a_place_hidden_by_its_source_takes_it_along(db: Database, tmp_path: Path) -> None:
    more: dict[str, Any] = {"organizations": ORGANIZATIONS, "services": TWO, "payment_accepted": PAID, "phones": PHONES}
    await _import(db, packed(tmp_path / "a.zip", **more))
    await _import(db, packed(tmp_path / "b.zip", HIDDEN, ADDRESSES[:1], **more))
    async with db.work() as session:
        assert {row.source_id for row in await aside(session, 100)} == {"o2", "s2", "f2", "p2"}
        assert await counts(session) == [c for c in await counts(session) if not c.hidden]
    kept = await _rows(db, "select source_id from kept_row")
    assert kept == [("p2",)]


async def test_what_only_has_the_same_number_is_not_touched(db: Database, tmp_path: Path) -> None:
    """Numbers of places, services and agencies are each their own: a row goes for what it points to, and for no id."""
    services = [SERVICES[0], ["l1", "o2", "Day centre", "helps", "active"], ["s1", *SERVICES[1][1:]]]
    paid = [["id", "service_id", "payment"], ["s1", "l1", "cash"], ["l1", "l1", "card"], ["x", "s1", "coin"]]
    phones = [PHONES[0], ["l1", "", "l1", "2", "b"]]
    told = [
        ["id", "resource_id", "resource_type", "field_name", "Seen by"],
        ["m1", "l1", "taxonomy_term", "name", "somebody"],
    ]
    organizations = [row[:2] for row in ORGANIZATIONS]
    package = packed(
        tmp_path / "a.zip", HIDDEN, ADDRESSES[:1], organizations=organizations, services=services, phones=phones,
        payment_accepted=paid, metadata=told,
    )  # fmt: skip
    report = await _import(db, package)
    assert report.refused is None
    assert report.adds_up
    assert await _rows(db, "select source_id from kept_row order by 1") == [("l1",), ("s1",)]
    assert await _rows(db, "select extra->>'told by' from phone where source_id = 'l1'") == [("b",)]
    assert await _rows(db, "select extra->>'seen by' from source_metadata") == [("somebody",)]


async def test_what_was_removed_before_leaves_its_history_too(db: Database, tmp_path: Path) -> None:
    """Of the service, of a contact that is there, and of one that was removed as well."""
    for number, door in enumerate(("Secret lane 1", "Secret lane 2", "")):
        rows = [["c1", "s1", "Fictional", door]] if door else []
        phones = [["f1", "s1", "", "1", door], ["f2", "", "c2", "2", door], ["f3", "", "c1", "3", door]] if door else []
        package = packed(
            tmp_path / f"{number}.zip",
            contacts=[["id", "service_id", "name", "Door"], ["c2", "s1", "Fictional", ""], *rows],
            phones=[["id", "service_id", "contact_id", "number", "Door"], *phones],
        )
        assert (await _import(db, package)).refused is None
    said = "select to_jsonb(t)::text from metadata t where to_jsonb(t)::text like '%Secret lane%'"
    assert await _rows(db, said)
    ((place,),) = await _rows(db, "SELECT id FROM location")
    async with db.work() as session:
        await hide_location(session, place)
    assert await _rows(db, said) == []


async def test_what_is_linked_to_a_program_goes_too(db: Database, tmp_path: Path) -> None:
    package = packed(
        tmp_path / "a.zip",
        programs=[["id", "organization_id", "name", "description"], ["g1", "o1", "Fictional", "x"]],
        taxonomies=[["id", "name", "description"], ["x", "words", "x"]],
        taxonomy_terms=[["id", "taxonomy_id", "name", "description"], ["w", "x", "word", "x"]],
        attributes=[
            ["id", "link_id", "link_entity", "taxonomy_term_id", "Door"],
            ["b1", "g1", "program", "w", "Secret"],
        ],
    )
    assert (await _import(db, package)).refused is None
    assert await _rows(db, "select extra->>'door' from attribute") == [("Secret",)]
    ((place,),) = await _rows(db, "SELECT id FROM location")
    async with db.work() as session:
        await hide_location(session, place)
    assert await _rows(db, "select extra->>'door' from attribute") == [(None,)]


_MANY = """
with p as (
  insert into location (source, source_id, name, location_type, organization_id, seen)
  select 'many', 'l' || i, 'x', 'confidential', o.id, gen_random_uuid()
  from organization o, generate_series(1, 3000) i where o.source_id = 'o1' returning id)
insert into kept_row (source, entity, source_id, extra, seen)
select 'many', 'payment_accepted', 'k' || i, jsonb_build_object('service_id', 'x' || i), gen_random_uuid()
from generate_series(1, 40000) i
"""


async def test_many_places_and_rows_are_compared_as_sets(db: Database, tmp_path: Path) -> None:
    """3,000 new marks and 40,000 kept rows: each against each would be minutes."""
    await _import(db, packed(tmp_path / "a.zip"))
    async with db.work() as session:
        await session.execute(text(_MANY))
    began = time.monotonic()
    await _import(db, packed(tmp_path / "b.zip"))
    assert time.monotonic() - began < 20
    assert await _rows(db, "select count(*) from sheltered where source = 'many'") == [(3000,)]
    assert await _rows(db, "select count(*) from kept_row") == [(40000,)]
