"""HSDS as JSON: nested as the API has it, flat a table each, in lines; out and in again without a changed byte."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from directory.actions import export_package
from directory.columns import LINKED
from directory.county import write_county
from directory.json_stream import BrokenJson, objects
from directory.packages import Limits
from hub.base.db import Database
from tests.directory.test_entities import NOW, _clear, _import, _package, _write

SERVICE: dict[str, Any] = {
    "id": "s1", "name": "虛構庇護服務", "status": "active", "minimum_age": 18,
    "organization": {"id": "o1", "name": "虛構會"},
    "phones": [{"id": "p1", "number": "0900-000-001", "languages": [{"id": "g1", "name": "English"}]}],
    "contacts": [{"name": "虛構人", "phones": [{"number": "0900-000-002"}]}],
    "service_at_locations": [
        {"id": "k1", "location": {"id": "l1", "location_type": "physical", "name": "處",
                                  "addresses": [{"id": "a1", "address_1": "虛構路一號", "address_type": "physical"}]},
         "schedules": [{"id": "h1", "byday": "MO,WE", "opens_at": "09:00"}]},
    ],
    "attributes": [{"id": "b1", "taxonomy_term": {"id": "t1", "code": "shelter", "name": "庇護",
                                                  "taxonomy_detail": {"id": "x1", "name": "v"}}}],
    "cost_options": [{"id": "c1", "amount": 99.50, "currency": "TWD", "option": "每晚"}],
}  # fmt: skip


def _said(path: Path, *values: Any, lines: bool = False) -> Path:
    said = "\n".join(map(json.dumps, values)) if lines else json.dumps(values[0], ensure_ascii=False)
    path.write_text(said, encoding="utf-8")
    return path


async def _rows(db: Database, sql: str) -> list[tuple[Any, ...]]:
    async with db.work() as session:
        return [tuple(row) for row in (await session.execute(text(sql))).all()]


async def _export(db: Database, path: Path, form: Any) -> dict[str, int]:
    async with db.work() as session:
        return await export_package(session, path, form)


async def _forget(db: Database, owner_url: str) -> None:
    await _clear(db)
    owner = await asyncpg.connect(owner_url)
    await owner.execute("TRUNCATE metadata")
    await owner.close()


async def test_every_table_goes_out_nested_and_comes_in_again(db: Database, owner_url: str, tmp_path: Path) -> None:
    made = _package(random.Random(7), 2 * len(LINKED))  # noqa: S311 - the same rows each time
    await _import(db, _write(tmp_path / "in", made))
    as_csv = await _export(db, tmp_path / "one.zip", "zip")
    counts = await _export(db, tmp_path / "one.json", "json")
    assert counts == as_csv
    await _forget(db, owner_url)
    report = await _import(db, tmp_path / "one.json")
    assert [p for p in report.problems if p.code != "unknown_area"] == []
    assert report.adds_up
    read = {t.entity: t.created for t in report.tables}
    assert {t: n for t, n in read.items() if n} == {t: n for t, n in counts.items() if n}
    assert await _export(db, tmp_path / "two.json", "json") == counts
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    await _export(db, tmp_path / "two.zip", "zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


async def test_the_county_as_json_is_nested_and_hides_what_is_confidential(db: Database, tmp_path: Path) -> None:
    await _import(db, write_county(tmp_path / "county", NOW))
    await _export(db, tmp_path / "c.json", "json")
    out = json.loads((tmp_path / "c.json").read_bytes())
    service = next(s for s in out["services"] if s.get("service_at_locations") and s.get("attributes"))
    assert service["organization"]["id"] == service["organization_id"]
    assert service["attributes"][0]["taxonomy_term"]["id"] == service["attributes"][0]["taxonomy_term_id"]
    assert service["service_at_locations"][0]["location"]["location_type"]
    hidden = [place for place in out["locations"] if place["location_type"] == "confidential"]
    assert hidden
    assert all(not place.keys() & {"addresses", "latitude", "longitude", "area_code"} for place in hidden)


@pytest.mark.parametrize("form", ["object", "list", "page", "lines"])
async def test_what_the_api_gives_is_taken_apart(db: Database, tmp_path: Path, form: str) -> None:
    second = {**{k: v for k, v in SERVICE.items() if k in {"name", "status", "organization"}}, "id": "s2"}
    path = {
        "object": lambda: _said(tmp_path / "x.json", SERVICE),
        "list": lambda: _said(tmp_path / "x.json", [SERVICE, second]),
        "page": lambda: _said(tmp_path / "x.json", {"total_items": 2, "page_number": 1, "contents": [SERVICE, second]}),
        "lines": lambda: _said(tmp_path / "x.ndjson", SERVICE, second, lines=True),
    }[form]()
    report = await _import(db, path, source="api")
    assert report.refused is None
    assert (report.problems, report.total("rejected"), report.adds_up) == ([], 0, True)
    services = 1 if form == "object" else 2
    created = {t.entity: t.created for t in report.tables}
    assert created == {
        "organization": 1, "service": services, "phone": 2, "language": 1, "contact": 1, "service_at_location": 1,
        "location": 1, "address": 1, "schedule": 1, "attribute": 1, "taxonomy_term": 1, "taxonomy": 1, "cost_option": 1,
    }  # fmt: skip
    assert await _rows(db, "SELECT amount::text FROM cost_option") == [("99.5",)]
    assert await _rows(db, "SELECT o.name FROM service s JOIN organization o ON o.id = s.organization_id "
                           "WHERE s.source_id = 's1'") == [("虛構會",)]  # fmt: skip
    assert await _rows(db, "SELECT count(*) FROM phone WHERE contact_id IS NOT NULL") == [(1,)]
    again = await _import(db, path, source="api")
    assert (again.total("created"), again.total("removed")) == (0, 0)


async def test_flat_arrays_a_table_each(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "flat"
    folder.mkdir()
    _said(folder / "organizations.json", [{"id": 1, "name": "虛構會", "description": None}])
    _said(folder / "services.json", [{"id": 7, "organization_id": 1, "name": "服務", "status": "active"}])
    _said(folder / "services_taxonomy.json", [{"id": 9, "service_id": 7, "taxonomy_id": 3}])
    _said(folder / "taxonomy.json", [{"id": 3, "name": "庇護", "vocabulary": "v"}])
    _said(folder / "physical_addresses.json", [{"id": 1, "location_id": 5, "address_1": "x", "city": "y"}])
    _said(folder / "postal_addresses.json", [{"id": 1, "location_id": 5, "address_1": "x", "city": "y"}])
    _said(folder / "locations.json", [{"id": 5, "organization_id": 1, "latitude": 22.5, "longitude": 122}])
    report = await _import(db, folder)
    assert (report.refused, report.problems) == (None, [])
    made = Counter[str]()
    for table in report.tables:
        made[table.entity] += table.created
    assert made == {
        "organization": 1, "service": 1, "attribute": 1, "taxonomy_term": 1, "address": 2, "location": 1,
    }  # fmt: skip
    assert await _rows(db, "SELECT address_type FROM address ORDER BY 1") == [("physical",), ("postal",)]


async def test_remarks_name_the_object_and_the_path_in_it(db: Database, tmp_path: Path) -> None:
    bad = json.loads(json.dumps(SERVICE))
    bad["service_at_locations"][0]["schedules"][0]["opens_at"] = "25:99"
    bad["phones"].append({"id": "p9"})
    report = await _import(db, _said(tmp_path / "x.json", [SERVICE, {**bad, "id": "s2"}, 3, {"what": 1}]), source="x")
    told = {(p.row, p.column, p.code) for p in report.problems}
    assert (2, "phones[1].number", "says_nothing") in told
    assert (3, "", "not_an_object") in told
    assert (4, "", "unknown_object") in told
    assert any(c.startswith("service_at_locations[0].schedules[0]") for _, c, _ in told)
    assert all(p.file == "x.json" for p in report.problems)
    assert report.adds_up


async def test_a_confidential_place_takes_no_address_from_json(db: Database, tmp_path: Path) -> None:
    hidden = json.loads(json.dumps(SERVICE))
    hidden["service_at_locations"][0]["location"]["location_type"] = "confidential"
    del hidden["service_at_locations"][0]["schedules"]
    report = await _import(db, _said(tmp_path / "x.json", hidden), source="x")
    assert [p.code for p in report.problems] == ["confidential_address"]
    assert "虛構路" not in str(report.problems)
    assert await _rows(db, "SELECT count(*) FROM address") == [(0,)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b'[{"id": "1",', "bad_json"), (b'[{"id": "1"} {"id": "2"}]', "bad_json"), (b"[" * 100_000, "bad_json"),
        (b'[{"id": "\xff"}]', "encoding"), (b"\xff\xfe\x00\x00[", "encoding"), (b"[]", "no_tables"),
    ],
)  # fmt: skip
async def test_broken_json_writes_nothing(db: Database, tmp_path: Path, said: bytes, code: str) -> None:
    (tmp_path / "services.json").write_bytes(said)
    report = await _import(db, tmp_path / "services.json")
    assert report.refused is not None
    assert report.refused.code == code
    assert await _rows(db, "SELECT count(*) FROM service") == [(0,)]


def _in_bits(said: str, size: int, **more: Any) -> Iterator[Any]:
    stream = io.StringIO(said)
    return objects(lambda _n: stream.read(size), lambda key: key in {"services", "phones"}, **more)


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_objects_are_found_however_the_text_is_cut(size: int) -> None:
    assert list(_in_bits('[{"a":1.50},\n {"b":[1,"]}"]}]', size)) == [
        (1, "", {"a": "1.50"}), (2, "", {"b": ["1", "]}"]}),
    ]  # fmt: skip
    assert list(_in_bits('{"id":1}\n{"id":22}\n', size)) == [(1, "", {"id": "1"}), (2, "", {"id": "22"})]
    lists = '{"services":[{"id":1}],"phones":[{"id":2},{"id":3}]}'
    found = [(1, "services", {"id": "1"}), (1, "phones", {"id": "2"}), (2, "phones", {"id": "3"})]
    assert list(_in_bits(lists, size)) == found
    assert list(_in_bits(lists, size, longest=20)) == found  # too long to be held: key by key
    assert list(_in_bits("[]", size)) == []
    with pytest.raises(BrokenJson) as broken:
        list(_in_bits('[{"a": "' + "x" * 50 + '"}]', size, longest=20))
    assert broken.value.code == "object_too_long"
    with pytest.raises(BrokenJson) as broken:
        list(_in_bits('[{"a":1},\n{"a" 2}]', size))
    assert (broken.value.code, broken.value.line) == ("bad_json", 2)


async def test_what_is_laid_down_on_disk_is_bounded(db: Database, tmp_path: Path) -> None:
    path = _said(tmp_path / "x.json", [{**SERVICE, "id": str(i)} for i in range(200)])
    report = await _import(db, path, limits=Limits(total_bytes=path.stat().st_size + 1000))
    assert report.refused is not None
    assert report.refused.code == "too_big"
