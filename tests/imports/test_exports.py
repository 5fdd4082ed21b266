"""Files of the directory over HTTP: asked for, made by the worker, taken; the template; what lies aside."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import text

from directory.actions import export_package
from directory.hiding import hide_location
from hub.imports import making
from tests.inventory.conftest import World

SECRET, LANE = "Hidden lane 9", "Fictional lane 9"


async def _get(person: Any, path: str) -> Any:
    return await person.http.get(path, headers={"Authorization": person.token or ""})


async def _fill(world: World) -> None:
    """Two organizations whose services say more than the standard; the first runs a confidential place."""
    await world.people(2)
    async with world.hub.hub.db.work() as session:
        await session.execute(text("update service set extra = jsonb_build_object('door', name)"))
        await session.execute(
            text(
                "insert into location (source, source_id, location_type, name, organization_id) "
                "select 'fictional', 'l', 'confidential', '', organization_id from service order by id limit 1"
            )
        )
        await session.execute(
            text(
                "insert into service_at_location (source, source_id, service_id, location_id) "
                "select 'fictional', 'k', s.id, l.id from service s, location l order by s.id limit 1"
            )
        )
        await session.execute(
            text(
                "update service set extra = jsonb_build_object('door', cast(:secret as text)) "
                "where id = (select service_id from service_at_location)"
            ),
            {"secret": SECRET},
        )


async def _open_place(world: World) -> UUID:
    """A place at `LANE` that anybody may read of."""
    async with world.hub.hub.db.work() as session:
        await session.execute(
            text(
                "insert into location (source, source_id, location_type, name, description, organization_id) "
                "select 'fictional', 'l', 'physical', :lane, :lane, organization_id from service order by id limit 1"
            ),
            {"lane": LANE},
        )
        place: UUID = (await session.execute(text("select id from location where source_id = 'l'"))).scalar_one()
    return place


@pytest.mark.parametrize(("form", "start"), [("HSDS", b"PK"), ("JSON", b"{"), ("XLSX", b"PK"), ("BEYOND_JSON", b"[")])
async def test_a_file_is_made_and_taken(world: World, form: str, start: bytes) -> None:
    await _fill(world)
    auditor = world.sign_in("auditor")
    found = await auditor.do("MakeExport", form=form)
    assert (found["state"], found["downloadPath"]) == ("WAITING", None)
    assert (await auditor.do("MakeExport", form=form))["id"] == found["id"]
    await world.hub.work("exports")
    (found,) = await auditor.ask("DirectoryExports")
    assert found["state"] == "READY"
    answer = await _get(auditor, found["downloadPath"])
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{found["name"]}"'
    assert answer.content.startswith(start)
    assert len(answer.content) == found["size"]
    inside = answer.content
    if form == "HSDS":
        with zipfile.ZipFile(io.BytesIO(inside)) as archive:
            inside = b"".join(archive.read(name) for name in archive.namelist())
    if form != "XLSX":
        assert (b"Fictional service" in inside) is True
        assert SECRET.encode() not in inside
    done = await world.scalar("select array_agg(action order by id) from audit_entry where action like 'export.%'")
    assert done == ["export.ask", "export.made", "export.take"]
    again = await auditor.do("MakeExport", form=form)
    assert again["id"] != found["id"]
    assert (await _get(auditor, found["downloadPath"])).json()["code"] == "not_found"
    assert (await _get(auditor, f"/downloads/{world.authority}")).status_code == 404
    await world.hub.work("exports")
    await world.forward(days=2)
    await world.hub.work("exports")
    assert await world.sign_in("auditor").ask("DirectoryExports") == []
    assert await world.scalar("select count(*) from directory_export_part") == 0


async def test_what_is_hidden_since_leaves_the_files_that_hold_it(world: World) -> None:
    """A place that becomes a shelter is in no file made before: neither to be had nor at rest (DVPA 56)."""
    await world.people(2)
    place = await _open_place(world)
    auditor = world.sign_in("auditor")
    await auditor.do("MakeExport", form="JSON")
    await world.hub.work("exports")
    (found,) = await auditor.ask("DirectoryExports")
    path = found["downloadPath"]
    assert LANE.encode() in (await _get(auditor, path)).content
    async with world.hub.hub.db.work() as session:
        assert await hide_location(session, place)
    assert await world.scalar("select count(*) from directory_export_part") == 0
    assert (await _get(auditor, path)).status_code == 409
    await world.hub.work("exports")
    (found,) = await auditor.ask("DirectoryExports")
    again = await _get(auditor, found["downloadPath"])
    assert again.status_code == 200
    assert LANE.encode() not in again.content


async def test_hiding_waits_for_no_file_and_none_made_meanwhile_is_handed_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place becomes a shelter while the directory is being written: at once, and what was begun is made anew."""
    await world.people(2)
    place = await _open_place(world)
    auditor, made, real = world.sign_in("auditor"), list[bool](), export_package

    async def slow(session: Any, path: Any, **how: Any) -> Any:
        done = await real(session, path, **how)
        made.append(LANE in path.read_text("utf-8"))
        if len(made) == 1:
            async with world.hub.hub.db.work() as other:
                await other.execute(text("set local lock_timeout = '2s'"))
                assert await hide_location(other, place)
        return done

    monkeypatch.setattr(making, "export_package", slow)
    await auditor.do("MakeExport", form="JSON")
    await world.hub.work("exports")
    assert made == [True, False]
    (found,) = await auditor.ask("DirectoryExports")
    taken = await _get(auditor, found["downloadPath"])
    assert taken.status_code == 200
    assert LANE.encode() not in taken.content


async def test_what_is_asked_for_while_a_place_is_being_hidden_waits(world: World) -> None:
    """An import may hide one for minutes: a file asked for meanwhile is none its trigger has seen."""
    await world.people(2)
    place = await _open_place(world)
    auditor = world.sign_in("auditor")
    async with world.hub.hub.db.work() as hiding:
        assert await hide_location(hiding, place)
        await auditor.do("MakeExport", form="JSON")
        await world.hub.work("exports")
        assert (await auditor.ask("DirectoryExports"))[0]["state"] == "WAITING"
    await world.hub.work("exports")
    (found,) = await auditor.ask("DirectoryExports")
    taken = await _get(auditor, found["downloadPath"])
    assert taken.status_code == 200
    assert LANE.encode() not in taken.content
    assert await world.scalar("select begun from directory_export") == 1


async def test_who_may_take_them(world: World) -> None:
    await _fill(world)
    admin = world.sign_in("admin")
    found = await admin.do("MakeExport", form="HSDS")
    early = await _get(admin, f"/downloads/{await world.scalar('select id from directory_export')}")
    assert (early.status_code, early.json()["code"]) == (409, "file_not_ready")
    await world.hub.work("exports")
    (found,) = await admin.ask("DirectoryExports")
    for person in (world.manager(next(iter(world.agencies))), world.sign_in("worker"), world.sign_in("reporter")):
        assert (await person.do("MakeExport", form="HSDS"))["code"] == "not_permitted"
        for operation in ("DirectoryExports", "KeptAside", "KeptAsideCounts"):
            answer = (await person.post({"documentId": operation})).json()
            assert answer["errors"][0]["extensions"]["code"] == "not_permitted"
        assert (await _get(person, found["downloadPath"])).status_code == 403
    assert (await _get(world.hub.person(None), found["downloadPath"])).status_code == 401


async def test_the_template_is_for_everybody(world: World) -> None:
    await world.people(2)
    worker = world.sign_in("worker")
    titles = {}
    for worker.lang in ("en", "zh-Hant", "ko"):
        raw = base64.b64decode((await worker.ask("DirectoryTemplate"))["content"])
        titles[worker.lang] = openpyxl.load_workbook(io.BytesIO(raw)).sheetnames
    assert "Services" in titles["en"]
    assert "服務" in titles["zh-Hant"]
    assert "서비스" in titles["ko"]


async def test_what_lies_aside_is_listed_page_by_page(world: World) -> None:
    await _fill(world)
    auditor = world.sign_in("auditor")
    told: list[Any] = []
    page = await auditor.ask("KeptAside", first=1)
    while True:
        told += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        page = await auditor.ask("KeptAside", first=1, after=page["pageInfo"]["endCursor"])
    (count,) = await auditor.ask("KeptAsideCounts")
    assert (count["entity"], count["hidden"]) == ("service", 1)
    assert len(told) == count["rows"] == len(world.filled.all) - 1
    assert SECRET not in json.dumps(told)
    assert all(row["said"][0]["column"] == "door" for row in told)
    assert (await auditor.ask("KeptAside", entity="phone"))["edges"] == []
    answer = (await auditor.post({"documentId": "KeptAside", "variables": {"after": "bm9uZQ"}})).json()
    assert answer["errors"][0]["extensions"]["code"] == "invalid_input"


async def test_what_fails_again_and_again_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    await admin.do("MakeExport", form="JSON")

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no")

    monkeypatch.setattr(making, "export_package", broken)
    for state in ("WAITING", "WAITING", "WAITING", "WAITING", "FAILED"):
        await world.hub.work("exports")
        (found,) = await admin.ask("DirectoryExports")
        assert found["state"] == state
