"""How a package ends: told why, gone with a secret, swept after a killed worker, its remarks whole and for a month."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from directory import hiding, purging
from directory.actions import import_package
from hub.base.ids import new_id
from hub.base.workroom import sweep
from hub.imports import running
from tests.imports.conftest import one_sent, put, sent, services
from tests.inventory.conftest import World

Workbook = Callable[..., Any]
PACKAGE = os.environ.get("HUB_TEST_HSDS_PACKAGE", "")
PLACE = "INSERT INTO location (id, source, source_id, location_type) VALUES (:id, 'hub', 'x', 'physical')"


async def _ended(person: Any, key: str) -> tuple[str, str | None]:
    found = await person.ask("DirectoryImport", id=key)
    assert bool(found["reason"]) == bool(found["reasonMessage"])
    return found["state"], found["reason"]


@pytest.mark.parametrize("by", ["hiding", "forgetting"])
async def test_no_kept_package_outlives_a_secret(world: World, workbook: Workbook, by: str) -> None:
    """Whether it waits, was tried or was confirmed; one that has not come yet stays, and what was told is blank."""
    await world.people(2)
    admin = world.sign_in("admin")
    rows = services(2)
    rows[1]["minimum_age"] = "Secret lane"
    raw = await workbook(rows)
    done, tried, confirmed = [await sent(admin, raw, source=f"s{n}") for n in range(3)]
    await world.hub.work("imports")
    for key in (done, confirmed):
        version = (await admin.ask("DirectoryImport", id=key))["version"]
        await admin.do("ConfirmImport", importId=key, version=version)
        if key == done:
            await world.hub.work("imports")
    waiting = await sent(admin, raw)
    coming = (await admin.do("StageImport", fileName="a.csv"))["id"]
    assert await world.scalar("select count(*) from directory_import_remark where detail = 'Secret lane'") == 3
    async with world.hub.hub.db.work() as session:
        if by == "hiding":
            place = new_id()
            await session.execute(
                text(
                    "INSERT INTO location (id, source, source_id, location_type) VALUES (:id, 'hub', 'x', 'physical')"
                ),
                {"id": place},
            )
            assert await hiding.hide_location(session, place)
        else:
            given = {"id": new_id(), "service": (await session.execute(text("SELECT min(id::text)::uuid FROM service"))
                                                 ).scalar_one(), "who": new_id()}  # fmt: skip
            await session.execute(
                text(
                    "INSERT INTO history_purge (id, service_id, change_id, resource_type, resource_id, field_name, "
                    "reason, asked_by, asked_at) VALUES (:id, :service, :id, 'service', :service, 'name', "
                    "'whereabouts', :who, now())"
                ),
                given,
            )
            asked = await purging.purge(session, given["id"])
            assert asked is not None
            assert await purging.decide(session, asked, new_id(), asked.asked_at, agreed=True) is not None
    assert [await _ended(admin, key) for key in (tried, confirmed, waiting, coming, done)] == [
        *[("DISCARDED", "SECRET")] * 3, ("RECEIVING", None), ("WRITTEN", None)
    ]  # fmt: skip
    assert await world.scalar("select count(*) from directory_import_part") == 0
    assert await world.scalar("select count(*) from directory_import_remark where detail <> ''") == 0
    assert await world.scalar("select count(*) from directory_import_remark") == 1
    await world.hub.work("imports")


async def test_a_package_that_hides_a_place_takes_others_of_its_source_along(world: World, workbook: Workbook) -> None:
    """What its source said before is not to lie about for a week; what others sent is theirs."""
    await world.people(2)
    admin = world.sign_in("admin")
    rows = services(2)
    rows[1]["minimum_age"] = "Secret lane"
    raw = await workbook(rows)
    same, other = [await sent(admin, raw, source=source) for source in ("s0", "s1")]
    await world.hub.work("imports")
    async with world.hub.hub.db.work() as session:
        await session.execute(
            text("INSERT INTO location (source, source_id, location_type) VALUES ('s0', 'x', 'physical')")
        )
    async with world.hub.hub.db.work() as session:
        await session.execute(text("SELECT set_config('hub.by', 'import:s0', true)"))
        await session.execute(text("UPDATE location SET location_type = 'confidential' WHERE source = 's0'"))
    assert [await _ended(admin, key) for key in (same, other)] == [("DISCARDED", "SECRET"), ("TRIED", None)]
    assert await world.scalar("select count(*) from directory_import_remark where detail <> ''") == 0


async def test_a_package_in_work_is_stopped_for_a_secret(
    world: World, workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, key = await one_sent(world, workbook)
    held, real = asyncio.Event(), import_package

    async def slow(*given: Any, **more: Any) -> Any:
        held.set()
        await asyncio.sleep(0.5)
        return await real(*given, **more)

    monkeypatch.setattr(running, "import_package", slow)
    monkeypatch.setattr(running, "_PACE", 0.01)
    work = asyncio.create_task(world.hub.work("imports"))
    await held.wait()
    async with world.hub.hub.db.work() as session:
        place = new_id()
        await session.execute(text(PLACE), {"id": place})
        assert await hiding.hide_location(session, place)
    await work
    assert (await _ended(admin, key))[0] in ("DISCARDED", "TRIED")
    await world.hub.work("imports")
    assert await world.scalar("select stopped_by is not null from directory_import_progress")


async def test_every_reason_is_told(world: World, workbook: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.people(2)
    admin, auditor = world.sign_in("admin"), world.sign_in("auditor")
    key = await sent(admin, b"x" * (2 << 20), "a.csv")
    async with world.hub.hub.db.work() as session:
        await session.execute(text("delete from directory_import_part where number = 1"))
    await world.hub.work("imports")
    assert await _ended(admin, key) == ("FAILED", "FILE_DAMAGED")
    said = set()
    for lang in ("en", "zh-Hant", "ko"):
        auditor.lang = lang
        said.add((await auditor.ask("DirectoryImport", id=key))["reasonMessage"])
    assert len(said) == 3

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no")

    key = await sent(admin, await workbook(services(1)))
    with monkeypatch.context() as patch:
        patch.setattr(running, "import_package", broken)
        for _ in range(5):
            await world.hub.work("imports")
    assert await _ended(admin, key) == ("FAILED", "GIVEN_UP")
    key = await sent(admin, await workbook(services(1)))
    async with world.hub.hub.db.work() as session:
        await session.execute(text("update staff set suspended = true where subject = 'admin'"))
    await world.hub.work("imports")
    assert await _ended(world.sign_in("auditor"), key) == ("FAILED", "NOT_ALLOWED")


async def test_every_remark_is_there_and_goes_after_a_month(world: World) -> None:
    """3,000 rows point nowhere: the report's own lists end at a thousand, the file has a line for each."""
    await world.people(2)
    admin = world.sign_in("admin")
    raw = b"id,organization_id,name\n" + b"".join(b"s%d,nobody,Fictional %d\n" % (n, n) for n in range(3000))
    key = await sent(admin, raw, "services.csv")
    await world.hub.work("imports")
    found = await admin.ask("DirectoryImport", id=key)
    (table,) = found["report"]["tables"]
    assert (found["state"], table["rejected"]) == ("TRIED", 3000)
    assert (await admin.ask("ImportRemarks", id=key, first=1))["totalCount"] == 3000
    answer = await admin.http.get(found["remarksPath"], headers={"Authorization": admin.token or ""})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert [int(row["row"]) for row in rows] == list(range(2, 3002))
    worker: Any = world.sign_in("worker")
    refused = await worker.http.get(found["remarksPath"], headers={"Authorization": worker.token or ""})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    for path in (f"/downloads/{world.authority}/remarks.csv", "/downloads/x/remarks.csv"):
        assert (await admin.http.get(path, headers={"Authorization": admin.token or ""})).status_code == 404
    assert (await admin.http.get(found["remarksPath"])).status_code == 401
    await admin.do("ConfirmImport", importId=key, version=found["version"])
    await world.hub.work("imports")
    assert await _ended(admin, key) == ("WRITTEN", None)
    await world.forward(days=29)
    await world.hub.work("imports")
    assert await world.scalar("select count(*) from directory_import_remark") == 3000
    await world.forward(days=2)
    await world.hub.work("imports")
    assert await world.scalar("select count(*) from directory_import_remark") == 0
    counts = (await world.sign_in("admin").ask("DirectoryImport", id=key))["report"]["counts"]
    assert [count["count"] for count in counts] == [3000]


async def test_a_remark_repeats_no_text_of_a_place(world: World) -> None:
    """Whatever is wrong with a cell of a location or an address."""
    await world.people(2)
    admin = world.sign_in("admin")
    said = "Fictional lane 9"
    columns = ("id", "location_type", "name", "latitude", "longitude", "area_code", "organization_id", said)
    raw = ",".join(columns) + "\n" + "\n".join(
        ",".join(said if m == n else {0: f"l{n}", 1: "physical"}.get(m, "") for m in range(len(columns)))
        for n in range(1, len(columns))
    )  # fmt: skip
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("locations.csv", raw.replace(said, f'"{said}"'))
        made.writestr("services.csv", "id,organization_id,name\ns1,o1,Fictional\n")
        made.writestr("organizations.csv", "id,name\no1,Fictional\n")
        made.writestr("addresses.csv", f'id,location_id,address_type,city\na1,l1,"{said}",\na2,"{said}",,"{said}"\n')
    key = await sent(admin, file.getvalue(), "a.zip")
    await world.hub.work("imports")
    assert (await _ended(admin, key))[0] == "TRIED"
    assert await world.scalar("select count(*) from directory_import_remark") > 5
    assert await world.scalar("select count(*) from directory_import_remark where detail like '%lane%'") == 0
    assert "lane" not in await world.scalar("select (report - 'counts')::text from directory_import")


async def test_a_long_name_is_no_trouble(world: World, workbook: Workbook) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    name = "虛構" * 97 + ".xlsx"
    key = await sent(admin, await workbook(services(1)), name)
    await world.hub.work("imports")
    found = await admin.ask("DirectoryImport", id=key)
    assert (found["state"], found["fileName"]) == ("TRIED", name)


async def test_five_at_once_and_no_more(world: World) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(admin.do("StageImport", fileName=f"a{n}.zip")) for n in range(16)]
    assert sorted(task.result().get("code", "") for task in asked) == [""] * 5 + ["too_many_packages"] * 11


async def test_one_of_two_senders_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    path = (await admin.do("StageImport", fileName="a.csv"))["uploadPath"]
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(put(admin, path, b"x" * (8 << 20))) for _ in range(4)]
    assert sorted(task.result() for task in asked) == [(204, ""), *[(409, "package_already_there")] * 3]


async def test_what_nobody_can_see_is_no_name(world: World) -> None:
    await world.people(2)
    admin = world.sign_in("admin")
    found = await admin.do("StageImport", fileName="a.zip", source="x\u202ey")
    assert [(f["path"], f["code"]) for f in found["fields"]] == [("source", "plain_text_only")]
    assert (await admin.do("StageImport", fileName="a\u202excod.zip"))["fileName"] == "a_xcod.zip"


async def test_an_orderly_end_is_no_failed_beginning(
    world: World, workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, key = await one_sent(world, workbook)
    begun = asyncio.Event()

    async def slow(*_: Any, **__: Any) -> Any:
        begun.set()
        await asyncio.sleep(60)

    with monkeypatch.context() as patch:
        patch.setattr(running, "import_package", slow)
        for _ in range(6):
            begun.clear()
            work = asyncio.create_task(world.hub.work("imports"))
            await asyncio.wait_for(begun.wait(), 20)
            work.cancel()
            await asyncio.wait([work])
    await world.hub.work("imports")
    assert await _ended(admin, key) == ("TRIED", None)
    home = world.hub.hub.settings.state_dir / "work"
    assert list(home.iterdir()) == []
    assert home.stat().st_mode & 0o777 == 0o700


_HOLDS = """
import sys, time
from pathlib import Path
from hub.base.workroom import workroom
with workroom(Path(sys.argv[1])) as folder:
    (folder / "package").write_text("in clear")
    print("ready", flush=True)
    time.sleep(60)
"""


async def test_a_killed_worker_leaves_nothing_for_long(tmp_path: Path) -> None:
    """Its folder goes when the next one starts; that of a living one stays."""
    home = tmp_path / "work"

    async def worker() -> asyncio.subprocess.Process:
        made = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _HOLDS, str(home), stdout=asyncio.subprocess.PIPE
        )
        assert made.stdout is not None
        assert await made.stdout.readline() == b"ready\n"
        return made

    killed, living = await worker(), await worker()
    try:
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
        assert len(list(home.glob("*/package"))) == 2
        assert sweep(home) == 1
        assert len(list(home.glob("*/package"))) == 1
    finally:
        living.kill()
        await living.wait()
    assert sweep(home) == 1
    assert list(home.iterdir()) == []


def _much_rejected() -> bytes:
    """A package of one service and 1,500 telephones of services nobody knows: more than a page tells of one kind."""
    files = {
        "organizations.csv": "id,name,description\no,虛構機構,示範\n",
        "services.csv": "id,organization_id,name,status\ns,o,虛構服務,active\n",
        "phones.csv": "id,service_id,number\n" + "".join(f"p{n},x{n},02-0000-{n:04}\n" for n in range(1500)),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name, said in files.items():
            package.writestr(name, said)
    return made.getvalue()


async def test_every_rejected_row_is_explained(world: World) -> None:
    """Of the package at HUB_TEST_HSDS_PACKAGE, or of one with more wrong rows than a page tells of."""
    await world.people(2)
    admin = world.sign_in("admin")
    raw = await asyncio.to_thread(Path(PACKAGE).read_bytes) if PACKAGE else _much_rejected()
    key = await sent(admin, raw, "package.zip", "real")
    await world.hub.work("imports")
    found = await admin.ask("DirectoryImport", id=key)
    assert found["state"] == "TRIED"
    answer = await admin.http.get(found["remarksPath"], headers={"Authorization": admin.token or ""})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == sum(count["count"] for count in found["report"]["counts"])
    assert sum(table["rejected"] for table in found["report"]["tables"]) > 1000
    for table in found["report"]["tables"]:
        told = {row["row"] for row in rows if row["file"] == table["file"] and row["row"] != "0"}
        assert len(told) >= table["rejected"], table
