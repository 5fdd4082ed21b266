"""What sources said beyond the standard is listed and given away whole, and nothing of a confidential place with it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from directory.aside import aside, counts, export_aside
from directory.hiding import hide_location
from hub.base.db import Database
from tests.directory.test_confidential import ADDRESSES, HIDDEN, SERVICES, THERE, _package
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
    package = _package(
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
    unlinked = _package(tmp_path / "b.zip", HIDDEN, ADDRESSES[:1], service_at_locations=[THERE[0]], **more)
    report = await _import(db, unlinked)
    assert report.refused is None
    assert report.adds_up
    assert [(p.code, p.detail) for p in report.problems if p.code == "beside_secret"] == [("beside_secret", "4")]
    await nothing_told()
    moved = _package(tmp_path / "c.zip", HIDDEN, ADDRESSES[:1], services=[TWO[0], [*TWO[1][:-1], "red again"], TWO[2]])
    await _import(db, moved)
    async with db.work() as session:
        assert {row.source_id for row in await aside(session, 100)} == {"o2", "s2", "f2", "p2"}
    await nothing_told()


async def test_a_place_hidden_by_its_source_takes_it_along(db: Database, tmp_path: Path) -> None:
    more: dict[str, Any] = {"organizations": ORGANIZATIONS, "services": TWO, "payment_accepted": PAID, "phones": PHONES}
    await _import(db, _package(tmp_path / "a.zip", **more))
    await _import(db, _package(tmp_path / "b.zip", HIDDEN, ADDRESSES[:1], **more))
    async with db.work() as session:
        assert {row.source_id for row in await aside(session, 100)} == {"o2", "s2", "f2", "p2"}
        assert await counts(session) == [c for c in await counts(session) if not c.hidden]
    kept = await _rows(db, "select source_id from kept_row")
    assert kept == [("p2",)]
