"""Keeping the directory by hand: who may, what is refused, what stays, what is forgotten, and that nothing is lost."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from directory.editing import write
from directory.kept import sheet
from tests.inventory.conftest import World, service_id
from tests.inventory.test_answers import fields, problem
from tests.support.hub import Person

OLD_STREET = "無名路七號之一"
PHONE = "02-0000-0042"


async def edit(person: Person, key: UUID, reopen: bool = False, version: str | None = None, **sections: Any) -> Any:
    """Change a service as it stands."""
    held = version or (await person.ask("EditableService", id=service_id(key)))["version"]
    given = {"serviceId": service_id(key), "version": held, "sections": sections, "reopen": reopen}
    return await person.do("UpdateService", **given)


async def world_of(world: World) -> tuple[Person, UUID, UUID]:
    """Six agencies; the manager of the first, its service, and a service of the second."""
    await world.people(6)
    first, second = list(world.agencies)[:2]
    return world.manager(first), world.filled.services[first][0], world.filled.services[second][0]


async def rows(world: World, statement: str, **given: Any) -> list[Any]:
    """Rows of the database."""
    async with world.hub.hub.db.work() as session:
        return list((await session.execute(text(statement), given)).all())


PLACE = {"name": "一樓櫃台", "address1": OLD_STREET, "city": "虛構鎮", "postalCode": "99999", "areaCode": "X011"}
WHOLE: dict[str, Any] = {
    "about": {
        "name": "Fictional night line", "names": [{"language": "zh-Hant", "name": "虛構夜線"}],
        "description": "Answers at night.", "url": "https://night.example.invalid/", "email": "line@agency.invalid",
        "applicationProcess": "Call.", "feesDescription": "Free of charge.", "alert": "Closed on 1 May.",
    },
    "whom": {"eligibilityDescription": "Adults", "minimumAge": 18, "maximumAge": 99, "genders": ["female"]},
    "needs": ["shelter", "hotline"], "areas": ["X011", "X02"], "languages": ["vi", "zh"],
    "phones": [{"number": PHONE, "extension": "7", "type": "voice"}],
    "contacts": [{"name": "示範窗口", "title": "Desk", "email": "desk@agency.invalid"}],
    "hours": [{"days": ["MO", "FR"], "opensAt": "22:00:00", "closesAt": "06:00:00"}],
    "costs": [{"option": "Night", "amount": "120.50", "currency": "TWD"}],
    "documents": [{"document": "None"}],
    "places": [PLACE],
    "capacity": {"available": 3, "unit": "bed"},
}  # fmt: skip


async def test_all_of_a_service_is_kept_and_found(world: World) -> None:
    """Every section written reads back as written, and search, routes, history and audit follow."""
    manager, key, _ = await world_of(world)
    made = await edit(manager, key, **WHOLE)
    assert made["about"]["name"] == "Fictional night line"
    assert made["about"]["waitTime"] == ""
    assert made["whom"] == WHOLE["whom"]
    assert made["needs"] == ["hotline", "shelter"]
    assert made["areas"] == ["X011", "X02"]
    assert made["languages"] == ["vi", "zh"]
    for name in ("phones", "contacts", "hours", "costs", "documents", "places"):
        (row,) = made[name]
        sent = WHOLE[name][0]
        assert {field: row[field] for field in sent} == sent, name
    assert (made["available"], made["unit"]) == (3, "bed")
    found = await manager.ask("SearchServices", need="hotline", area="X011")
    assert [edge["node"]["id"] for edge in found["edges"]] == [service_id(key)]
    routes = await rows(world, "select distinct need, available from service_route where service_id = :id", id=key)
    assert sorted(routes) == [("hotline", 3), ("shelter", 3)]
    (cover,) = await rows(world, "select needs from coverage_service where service_id = :id", id=key)
    assert cover.needs == ["hotline", "shelter"]
    again = await edit(manager, key, phones=[], hours=[{"id": made["hours"][0]["id"], "days": ["SU"], "opensAt":
        "08:00:00", "closesAt": "12:00:00"}])  # fmt: skip
    assert again["phones"] == []
    assert again["hours"][0]["id"] == made["hours"][0]["id"]
    assert again["contacts"] == made["contacts"]
    story = [edge["node"] for edge in (await manager.ask("ServiceHistory", id=service_id(key)))["edges"]]
    assert {entry["by"] for entry in story} == {f"manager-{next(iter(world.agencies))}"}
    said = {(entry["what"], entry["action"], entry["field"]) for entry in story}
    assert {("service", "update", "name"), ("phone", "delete", ""), ("schedule", "update", "byday")} <= said
    gone = next(entry for entry in story if entry["what"] == "phone")
    assert json.loads(gone["before"])["number"] == PHONE
    entries = await rows(world, "select body, subject from audit_entry where action = 'service.change' order by id")
    assert [entry.subject for entry in entries] == [str(key)] * 2
    assert entries[1].body["fields"] == ["phones", "hours"]
    assert "about.feesDescription" not in entries[0].body["fields"]
    assert {"about.fees_description", "whom.minimum_age", "contacts"} <= set(entries[0].body["fields"])
    whole = json.dumps([entry.body for entry in entries])
    assert not [word for word in (PHONE, "示範窗口", "night", OLD_STREET, "desk@") if word in whole]


async def test_a_manager_keeps_its_own_an_administrator_any_nobody_else_one(world: World) -> None:
    manager, key, other = await world_of(world)
    admin, auditor = world.sign_in("admin"), world.sign_in("auditor")
    version = (await manager.ask("EditableService", id=service_id(key)))["version"]
    for person in (world.sign_in("worker"), auditor, world.sign_in("reporter")):
        assert problem(await edit(person, key, version=version, needs=["shelter"])) == ("NotPermitted", "not_permitted")
        given = {"serviceId": service_id(key), "version": version, "temporarily": True}
        assert problem(await person.do("CloseService", **given))[0] == "NotPermitted"
        assert problem(await person.do("AddService", sections=WHOLE))[0] == "NotPermitted"
        body = (await person.post({"documentId": "EditableService", "variables": {"id": service_id(key)}})).json()
        assert body["errors"][0]["extensions"]["code"] == "not_permitted"
    assert await manager.ask("EditableService", id=service_id(other)) is None
    assert await manager.ask("EditableService", id=service_id(UUID(int=7))) is None
    assert problem(await edit(manager, other, version="x", needs=["shelter"])) == ("NotPermitted", "not_own_service")
    assert problem(await edit(manager, UUID(int=7), version="x"))[0] == "NotFound"
    foreign = str(list(world.agencies)[1])
    assert problem(await manager.do("AddService", organizationId=foreign, sections=WHOLE))[1] == "not_own_service"
    changed = await edit(admin, other, about={"name": "By the authority"})
    assert changed["about"]["name"] == "By the authority"
    assert problem(await admin.do("AddService", sections=WHOLE))[0] == "NotPermitted"  # it stands for no agency
    assert fields(await admin.do("AddService", organizationId=str(UUID(int=7)), sections=WHOLE)) == {
        "organizationId": "unknown_id"
    }
    made = await admin.do("AddService", organizationId=foreign, sections=WHOLE)
    assert (await world.manager(list(world.agencies)[1]).ask("EditableService", id=made["serviceId"]))["needs"] == [
        "hotline", "shelter",
    ]  # fmt: skip
    for person in (admin, auditor, manager):
        assert (await person.ask("ServiceHistory", id=service_id(key)))["edges"] == []
    for person, whose in ((manager, other), (world.sign_in("worker"), key)):
        body = (await person.post({"documentId": "ServiceHistory", "variables": {"id": service_id(whose)}})).json()
        assert body["errors"][0]["extensions"]["code"] == "not_permitted"
    # An administrator's change is no answer of the agency: its clock is left alone.
    clock = "select count(*) from deadline where subject_id = :id and clock = 'attestation' and state = 'running'"
    assert await world.scalar(clock, id=other) == 0
    await edit(manager, key, about={"alert": "x"})
    assert await world.scalar(clock, id=key) == 1


async def test_a_change_answers_a_round_and_nothing_changed_says_so(world: World) -> None:
    await world.people(6)
    third = list(world.agencies)[2]
    manager, (one, two, *_more) = world.manager(third), world.filled.services[third]
    await world.open()
    name = (await manager.ask("EditableService", id=service_id(one)))["about"]["name"]
    await edit(manager, one, about={"name": name})
    await edit(manager, two, about={"name": "Another name"})
    tasks = (await manager.ask("MyInventoryTasks", which="ANSWERED"))["edges"]
    assert {edge["node"]["serviceId"]: edge["node"]["answer"] for edge in tasks} == {
        service_id(one): "UNCHANGED", service_id(two): "CHANGED",
    }  # fmt: skip
    assert await world.scalar("select count(*) from audit_entry where action = 'service.change'") == 1
    assert await world.scalar("select count(*) from audit_entry where action = 'service.attest'") == 2
    left = (await manager.ask("MyInventoryTasks", which="UNANSWERED"))["totalCount"]
    await edit(manager, world.filled.services[third][2], capacity={"available": 0, "unit": "place"})
    assert (await manager.ask("MyInventoryTasks", which="UNANSWERED"))["totalCount"] == left  # that alone is no answer


async def test_wrong_input_is_told_field_by_field_and_nothing_is_written(world: World) -> None:
    manager, key, _ = await world_of(world)
    before = await manager.ask("EditableService", id=service_id(key))
    bad = await edit(
        manager,
        key,
        about={"name": " ", "email": "nobody", "url": "javascript:alert(1)", "description": "x" * 5001,
               "names": [{"language": "xx", "name": "?"}], "alert": "\x07"},
        whom={"minimumAge": 30, "maximumAge": 20, "genders": ["any"]},
        needs=["money"], areas=[], languages=["tlh"],
        phones=[{"number": PHONE}, {"number": "call me"}, {"id": str(UUID(int=9)), "number": PHONE}],
        contacts=[{"email": "x"}],
        hours=[{"days": ["XX"], "opensAt": "08:00:00"},
               {"days": ["MO"], "opensAt": "08:00:00", "closesAt": "09:00:00", "validFrom": "2026-02-02",
                "validTo": "2026-02-01"}],
        costs=[{"amount": "-1", "currency": "twd"}], documents=[{"document": ""}],
        places=[{"kind": "castle", "name": "x"}, {"name": "y", "areaCode": "Z9"},
                {"kind": "confidential", "address1": OLD_STREET}, {}],
        capacity={"available": -1, "unit": "bed"},
    )  # fmt: skip
    assert fields(bad) == {
        "about.name": "required", "about.email": "email_form", "about.url": "url_form", "about.description": "too_long",
        "about.names": "language_unknown", "about.alert": "control_characters", "whom.maximumAge": "age_order",
        "whom.genders": "choose_one", "needs": "unknown_need", "areas": "choose_one", "languages": "language_unknown",
        "phones.1.number": "phone_form", "phones.2.id": "unknown_row", "contacts.0.name": "required",
        "contacts.0.email": "email_form", "hours.0.days": "choose_one", "hours.0.opensAt": "hours_form",
        "hours.1.validTo": "ends_before_it_begins", "costs.0.amount": "amount_form", "costs.0.currency":
        "currency_form", "documents.0.document": "required", "places.0.kind": "choose_one",
        "places.1.areaCode": "area_unknown", "places.2.address1": "place_tells", "places.3.name": "required",
        "capacity.available": "free_places_form",
    }  # fmt: skip
    assert fields(await edit(manager, key, phones=[{"number": PHONE}] * 31)) == {"phones": "too_many"}
    assert fields(await edit(manager, key, phones=[{"number": PHONE}] * 201)) == {"phones": "too_many"}
    assert fields(await edit(manager, key, whom={"minimumAge": 151})) == {"whom.minimumAge": "age_form"}
    assert fields(await manager.do("AddService", sections={"about": {"alert": "x"}})) == {
        "about.name": "required", "needs": "choose_one", "areas": "choose_one",
    }  # fmt: skip
    assert await manager.ask("EditableService", id=service_id(key)) == before
    assert await world.scalar("select count(*) from service") == len(world.filled.all)
    assert await world.scalar("select count(*) from audit_entry where action like 'service.%'") == 0


async def test_who_reads_first_and_writes_last_is_told(world: World) -> None:
    """Two at once: one is done, the other gets a Conflict, whatever changed meanwhile; a repetition is done once."""
    manager, key, _ = await world_of(world)
    version = (await manager.ask("EditableService", id=service_id(key)))["version"]
    both = await asyncio.gather(
        *(edit(manager, key, version=version, about={"description": f"From {n}"}) for n in range(4))
    )
    done = [one for one in both if "__typename" not in one]
    assert len(done) == 1
    assert {problem(one) for one in both if "__typename" in one} == {("Conflict", "changed_meanwhile")}
    now = await manager.ask("EditableService", id=service_id(key))
    assert now["about"]["description"] == done[0]["about"]["description"]
    async with world.hub.hub.db.work() as session:  # an import says a telephone
        await session.execute(
            text("insert into phone (source, source_id, service_id, number) values ('x', 'x', :id, '1')"), {"id": key}
        )
    late = await edit(manager, key, version=now["version"], about={"alert": "late"})
    assert problem(late) == ("Conflict", "changed_meanwhile")
    given = {"sections": {**WHOLE, "places": []}, "idempotencyKey": "once-and-only-once"}
    one, two = await manager.do("AddService", **given), await manager.do("AddService", **given)
    assert one["serviceId"] == two["serviceId"]
    assert await world.scalar("select count(*) from service where source = 'hub'") == 1


async def test_closed_for_a_while_for_good_and_open_again(world: World) -> None:
    manager, key, _ = await world_of(world)
    await world.open()

    async def close(**given: Any) -> Any:
        held = await manager.ask("EditableService", id=service_id(key))
        return await manager.do("CloseService", serviceId=service_id(key), version=held["version"], **given)

    async def found() -> int:
        need = (await manager.ask("EditableService", id=service_id(key)))["needs"][0]
        page = await manager.ask("SearchServices", need=need)
        return [edge["node"]["id"] for edge in page["edges"]].count(service_id(key))

    assert await found() == 1
    stale = (await manager.ask("EditableService", id=service_id(key)))["version"]
    assert (await close(temporarily=True))["status"] == "temporarily closed"
    assert problem(await close(temporarily=True)) == ("Conflict", "already_closed")
    assert await found() == 0
    assert problem(await edit(manager, key, version=stale, about={"alert": "x"})) == ("Conflict", "changed_meanwhile")
    assert (await edit(manager, key, reopen=True))["status"] == "active"
    assert await found() == 1
    assert fields(await close()) == {"day": "day_needed", "reason": "reason_needed"}
    assert (await close(day="2026-03-01", reason="NO_STAFF"))["status"] == "inactive"
    (task,) = (await manager.ask("MyInventoryTasks", which="ANSWERED"))["edges"]
    assert (task["node"]["answer"], task["node"]["reason"]) == ("NO_LONGER_OFFERED", "NO_STAFF")
    assert await world.scalar("select count(*) from deadline where subject_id = :id and state = 'running'", id=key) == 0
    quiet = await edit(manager, key, about={"alert": "Moved."})  # a word more is no reopening
    assert quiet["status"] == "inactive"
    assert (await edit(manager, key, reopen=True))["status"] == "active"


async def test_what_the_pure_writes_do_to_what_an_import_said(world: World) -> None:
    """Oddities of an import that nobody touches stay and are not judged; needs of foreign words go when taken away."""
    manager, key, _ = await world_of(world)
    async with world.hub.hub.db.work() as session:
        for table, columns, values in (
            ("phone", "number", "'call the desk'"), ("schedule", "byday, description", "'1MO', 'first Monday'"),
            ("language", "name", "'Ferengi'"), ("service_area", "name", "'somewhere'"),
        ):  # fmt: skip
            await session.execute(
                text(f"insert into {table} (source, source_id, service_id, {columns}) values ('x', :n, :s, {values})"),
                {"n": table, "s": key},
            )
    before = await manager.ask("EditableService", id=service_id(key))
    kept = [{field: row[field] for field in ("id", "number")} for row in before["phones"]]
    made = await edit(
        manager, key, phones=[*kept, {"number": PHONE}], areas=["X02"], languages=["ko"], needs=["rescue"]
    )
    assert [row["number"] for row in made["phones"]] == [PHONE, "call the desk"]
    assert made["needs"] == ["rescue"]
    names = await rows(world, "select name from service_area where service_id = :id order by name", id=key)
    assert [row.name for row in names] == ["", "somewhere"]
    async with world.hub.hub.db.work() as session:
        held = await sheet(session, key)
        assert held is not None
        assert await write(session, held, held, datetime.now(UTC)) == ()


async def test_own_services_are_listed_page_by_page(world: World) -> None:
    await world.people(6)
    third = list(world.agencies)[2]
    manager = world.manager(third)
    first = await manager.ask("OwnServices", first=2)
    rest = await manager.ask("OwnServices", first=2, after=first["pageInfo"]["endCursor"])
    got = [edge["node"]["serviceId"] for edge in [*first["edges"], *rest["edges"]]]
    assert got == [service_id(key) for key in world.filled.services[third]]
    assert not rest["pageInfo"]["hasNextPage"]
    body = (await world.sign_in("auditor").post({"documentId": "OwnServices"})).json()
    assert body["errors"][0]["extensions"]["code"] == "not_permitted"
