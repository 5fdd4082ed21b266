"""A package over HTTP: tried by the worker, told cell by cell, written once confirmed, and only as it was tried."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from directory.actions import import_package
from directory.reports import Step
from hub.imports import running
from tests.imports.conftest import one_sent, put, sent, services
from tests.inventory.conftest import World

Workbook = Callable[..., Any]


async def _count(world: World) -> int:
    return int(await world.scalar("select count(*) from service where source = 'filled'"))


async def test_a_thousand_rows_with_twenty_bad(world: World, workbook: Workbook) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    rows = services(1000)
    bad = {"minimum_age": ("abc", range(0, 100, 10)), "name": ("", range(500, 550, 10)),
           "organization_id": ("nobody", range(900, 950, 10))}  # fmt: skip
    for column, (value, where) in bad.items():
        for n in where:
            rows[n][column] = value
    raw = await workbook(rows)
    key = await sent(admin, raw)
    found = await admin.ask("DirectoryImport", id=key)
    assert (found["state"], found["size"], found["report"]) == ("WAITING", len(raw), None)
    assert found["digest"] == hashlib.sha256(raw).hexdigest()
    assert raw[:64] not in await world.scalar("select sealed from directory_import_part where number = 0")
    await world.hub.work("imports")
    found = await admin.ask("DirectoryImport", id=key)
    assert (found["state"], found["progress"]) == ("TRIED", None)
    assert await _count(world) == 0
    (table,) = [t for t in found["report"]["tables"] if t["entity"] == "service"]
    assert (table["read"], table["created"], table["rejected"]) == (1000, 990, 10)
    told = []
    after = None
    while True:
        page = await admin.ask("ImportRemarks", id=key, first=7, after=after)
        told += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert page["totalCount"] == 20
    expected = {(column, n + 3) for column, (_, where) in bad.items() for n in where}  # two lines of headings
    cells = {"V Age from": "minimum_age", "D Name *": "name", "B Agency's number *": "organization_id"}
    assert {(cells[r["column"]], r["row"]) for r in told} == expected
    assert all(r["message"] and r["advice"] for r in told)
    chinese = world.sign_in("auditor")
    chinese.lang = "zh-Hant"
    (first, *_rest) = (await chinese.ask("ImportRemarks", id=key, code=told[0]["code"]))["edges"]
    assert first["node"]["message"] != told[0]["message"]
    done = await admin.do("ConfirmImport", importId=key, version=found["version"])
    assert done["state"] == "CONFIRMED"
    assert await _count(world) == 0
    await world.hub.work("imports")
    found = await admin.ask("DirectoryImport", id=key)
    assert (found["state"], found["moved"]) == ("WRITTEN", False)
    assert await _count(world) == 990
    assert await world.scalar("select count(*) from directory_import_part") == 0
    assert await world.scalar("select key is null from directory_import")
    done = await world.scalar("select array_agg(action order by id) from audit_entry where action like 'import.%'")
    assert done == ["import.stage", "import.receive", "import.tried", "import.confirm", "import.written"]


async def test_who_may(world: World, workbook: Workbook) -> None:
    await world.people(2)
    manager, auditor, admin = (
        world.manager(next(iter(world.agencies))), world.sign_in("auditor"), world.sign_in("admin")
    )  # fmt: skip
    raw = await workbook(services(1))
    key = await sent(admin, raw)
    await world.hub.work("imports")
    for person in (manager, auditor, world.sign_in("worker"), world.sign_in("reporter")):
        for operation, given in (
            ("StageImport", {"fileName": "a.zip"}), ("ConfirmImport", {"importId": key, "version": 3}),
            ("DiscardImport", {"importId": key}),
        ):  # fmt: skip
            assert (await person.do(operation, **given))["code"] == "not_permitted"
        assert await put(person, f"/uploads/{world.authority}", b"x") == (403, "not_permitted")
    for person in (manager, world.sign_in("worker"), world.sign_in("reporter")):
        for operation in ("DirectoryImport", "ImportRemarks"):
            answer = (await person.post({"documentId": operation, "variables": {"id": key}})).json()
            assert answer["errors"][0]["extensions"]["code"] == "not_permitted"
        assert (await person.post({"documentId": "DirectoryImports"})).json()["errors"]
    assert (await auditor.ask("DirectoryImports"))["edges"][0]["node"]["id"] == key
    assert (await auditor.ask("DirectoryImport", id=key))["state"] == "TRIED"
    nobody = world.hub.person(None)
    assert await put(nobody, f"/uploads/{world.authority}", b"x") == (401, "sign_in_first")


async def test_what_is_sent_wrongly(world: World, workbook: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    for given, code in (
        ({"fileName": "a.exe"}, "package_kind"), ({"fileName": ""}, "file_name_form"),
        ({"fileName": "a.zip", "source": "hub"}, "source_is_ours"),
        ({"fileName": "a.zip", "source": "x" * 201}, "too_long"),
    ):  # fmt: skip
        assert [f["code"] for f in (await admin.do("StageImport", **given))["fields"]] == [code]
    found = await admin.do("StageImport", fileName="../../etc/a.csv", idempotencyKey="once-only")
    assert found["fileName"] == "a.csv"
    assert (await admin.do("StageImport", fileName="../../etc/a.csv", idempotencyKey="once-only"))["id"] == found["id"]
    path = found["uploadPath"]
    assert await put(admin, path, b"") == (422, "choose_a_file")
    assert await put(admin, "/uploads/none", b"x") == (404, "not_found")
    assert await put(admin, f"/uploads/{world.authority}", b"x") == (404, "not_found")
    monkeypatch.setattr("hub.api.uploads.MOST_BYTES", 10)
    assert await put(admin, path, b"x" * 11) == (413, "package_too_big")

    async def unsaid() -> Any:
        yield b"x" * 11

    answer = await admin.http.put(path, content=unsaid(), headers={"Authorization": admin.token or ""})
    assert (answer.status_code, answer.json()["code"]) == (413, "package_too_big")
    monkeypatch.undo()
    assert (await admin.ask("DirectoryImport", id=found["id"]))["state"] == "RECEIVING"
    assert await put(admin, path, b"\x00\x01 no table") == (204, "")
    assert await put(admin, path, b"again") == (409, "package_already_there")
    assert (await admin.do("ConfirmImport", importId=found["id"], version=2))["code"] == "package_not_tried"
    await world.hub.work("imports")
    refused = await admin.ask("DirectoryImport", id=found["id"])
    assert refused["state"] == "REFUSED"
    (why,) = refused["report"]["counts"]
    assert why["message"]
    for _ in range(5):
        await admin.do("StageImport", fileName="a.zip")
    assert (await admin.do("StageImport", fileName="a.zip"))["code"] == "too_many_packages"
    listed = [edge["node"] for edge in (await admin.ask("DirectoryImports"))["edges"]]  # all of one moment here
    waiting = next(package for package in listed if package["state"] == "RECEIVING")
    assert (await admin.do("DiscardImport", importId=waiting["id"]))["state"] == "DISCARDED"
    assert (await admin.do("DiscardImport", importId=waiting["id"]))["code"] == "package_closed"
    await world.forward(days=8)
    await world.hub.work("imports")
    states = [e["node"]["state"] for e in (await world.sign_in("admin").ask("DirectoryImports"))["edges"]]
    assert sorted(states) == ["DISCARDED", "EXPIRED", "EXPIRED", "EXPIRED", "EXPIRED", "REFUSED"]


async def test_only_what_was_tried_is_written(world: World, workbook: Workbook, tmp_path: Any) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    raw = await workbook(services(5))
    key = await sent(admin, raw)
    await world.hub.work("imports")
    found = await admin.ask("DirectoryImport", id=key)
    path = tmp_path / "other.xlsx"
    path.write_bytes(await workbook(services(2)))
    async with world.hub.hub.db.work() as session:  # somebody else writes of this source in between
        await import_package(session, path, dry_run=False, source="filled")
    await admin.do("ConfirmImport", importId=key, version=found["version"])
    await world.hub.work("imports")
    again = await admin.ask("DirectoryImport", id=key)
    assert (again["state"], again["moved"]) == ("TRIED", True)
    assert await _count(world) == 2
    assert again["report"]["known"] > 0 == found["report"]["known"]
    assert (await admin.do("ConfirmImport", importId=key, version=found["version"]))["code"] == "conflict"
    await admin.do("ConfirmImport", importId=key, version=again["version"])
    await world.hub.work("imports")
    assert (await admin.ask("DirectoryImport", id=key))["state"] == "WRITTEN"
    assert await _count(world) == 5


async def test_an_older_package_does_not_undo_a_newer_one_unseen(world: World, workbook: Workbook) -> None:
    """Both change one row: every count is the same, and it would still do something else than was shown."""
    await world.people(2)
    admin = world.sign_in("admin")

    async def tried(said: str) -> Any:
        rows = services(3)
        rows[0]["description"] = said
        key = await sent(admin, await workbook(rows))
        await world.hub.work("imports")
        return await admin.ask("DirectoryImport", id=key)

    async def written(found: Any) -> Any:
        await admin.do("ConfirmImport", importId=found["id"], version=found["version"])
        await world.hub.work("imports")
        return await admin.ask("DirectoryImport", id=found["id"])

    assert (await written(await tried("first")))["state"] == "WRITTEN"
    old, new = await tried("old"), await tried("new")
    assert (await written(new))["state"] == "WRITTEN"
    again = await written(old)
    assert (again["state"], again["moved"]) == ("TRIED", True)
    assert await world.scalar("select count(*) from service where description = 'new'") == 1
    assert (await written(again))["state"] == "WRITTEN"
    assert await world.scalar("select count(*) from service where description = 'old'") == 1


async def test_a_part_that_was_altered_is_not_read(world: World, workbook: Workbook) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    key = await sent(admin, b"x" * (2 << 20), "a.csv")
    async with world.hub.hub.db.work() as session:
        await session.execute(text("delete from directory_import_part where number = 1"))
    await world.hub.work("imports")
    assert (await admin.ask("DirectoryImport", id=key))["state"] == "FAILED"


async def test_it_can_be_watched_and_stopped(world: World, workbook: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, key = await one_sent(world, workbook, 50)
    monkeypatch.setattr(running, "_PACE", 0.01)
    real, gone = import_package, asyncio.Event()

    async def slow(*given: Any, progress: Any, **more: Any) -> Any:
        report = await real(*given, progress=progress, **more)
        for n in range(1000):
            progress(Step("services.csv", n, n / 1000))
            await asyncio.sleep(0.01)
        gone.set()
        return report

    monkeypatch.setattr(running, "import_package", slow)
    work = asyncio.create_task(world.hub.work("imports"))
    for _ in range(500):
        found = await admin.ask("DirectoryImport", id=key)
        if found["progress"] and found["progress"]["step"] == "services.csv" and found["progress"]["done"]:
            break
        await asyncio.sleep(0.01)
    assert (found["state"], found["progress"]["step"]) == ("WAITING", "services.csv")
    assert 0 < found["progress"]["share"] < 1
    await world.hub.work("imports")  # a second worker passes over it
    assert (await admin.do("DiscardImport", importId=key))["progress"]["stopping"]
    await work
    assert not gone.is_set()
    assert (await admin.ask("DirectoryImport", id=key))["state"] == "DISCARDED"


async def test_what_fails_again_and_again_is_given_up(
    world: World, workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, key = await one_sent(world, workbook)

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no")

    monkeypatch.setattr(running, "import_package", broken)
    for _ in range(4):
        await world.hub.work("imports")
        assert (await admin.ask("DirectoryImport", id=key))["state"] == "WAITING"
    await world.hub.work("imports")
    assert (await admin.ask("DirectoryImport", id=key))["state"] == "FAILED"


async def test_whoever_may_no_more_writes_nothing(world: World, workbook: Workbook) -> None:
    admin, key = await one_sent(world, workbook)
    await world.hub.work("imports")
    found = await admin.ask("DirectoryImport", id=key)
    await admin.do("ConfirmImport", importId=key, version=found["version"])
    async with world.hub.hub.db.work() as session:
        await session.execute(text("update staff set suspended = true where subject = 'admin'"))
    await world.hub.work("imports")
    assert (await world.sign_in("auditor").ask("DirectoryImport", id=key))["state"] == "FAILED"
    assert await _count(world) == 0
