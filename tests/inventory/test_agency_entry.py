"""An agency's own entry: who may change it, what is refused, what stays, and that its services follow."""

from __future__ import annotations

from typing import Any

from directory.history import history
from directory.taxonomy import NETWORKS
from tests.inventory.conftest import World, service_id
from tests.inventory.test_answers import fields, problem
from tests.inventory.test_editing import rows
from tests.support.hub import Person

WHOLE: dict[str, Any] = {
    "name": "Fictional Night Aid",
    "names": [{"language": "en", "name": "Fictional Night Aid"}, {"language": "zh-Hant", "name": "虛構夜間扶助會"}],
    "alternateName": "FNA",
    "description": "Helps at night.",
    "email": "office@agency.invalid",
    "website": "https://night.example.invalid/",
    "phones": [{"number": "02-0000-0042", "extension": "7", "type": "voice"}],
    "contacts": [{"name": "示範窗口", "title": "Desk", "email": "desk@agency.invalid"}],
}


async def change(person: Person, key: object, version: str | None = None, **given: Any) -> Any:
    """Change an entry as it stands."""
    held = version or (await person.ask("EditableOrganization", id=str(key)))["version"]
    return await person.do("UpdateOrganization", organizationId=str(key), version=held, **given)


async def test_a_manager_keeps_its_own_entry(world: World) -> None:
    await world.people(6)
    key = next(iter(world.agencies))
    manager = world.manager(key)
    assert (await manager.ask("EditableOrganization"))["organizationId"] == str(key)
    made = await change(manager, key, **WHOLE)
    assert made["own"] is True
    for name in ("name", "names", "alternateName", "description", "email", "website"):
        assert made[name] == WHOLE[name]
    for name in ("phones", "contacts"):
        (row,) = made[name]
        assert {field: row[field] for field in WHOLE[name][0]} == WHOLE[name][0]
    assert made["network"] == world.filled.networks[key]  # what is not sent stays
    own = service_id(world.filled.services[key][0])
    assert (await manager.ask("Service", id=own))["organizationName"] == "Fictional Night Aid"
    phone = {**made["phones"][0], "number": "02-0000-0043"}
    again = await change(manager, key, phones=[phone], contacts=[])
    assert again["phones"] == [phone]
    assert again["contacts"] == []
    async with world.hub.hub.db.work() as session:
        changed = await history(session, "organization", key)
    (staff,) = (await rows(world, "select id from staff where subject = :s", s=f"manager-{key}"))[0]
    assert {(c.field_name, c.updated_by) for c in changed} >= {("name", str(staff)), ("website", str(staff))}
    done = await world.scalar(
        "select array_agg(body order by id) from audit_entry where action = 'organization.change'"
    )
    assert [set(body["fields"]) for body in done] == [
        {"name", "names", "alternate_name", "description", "email", "website", "phones", "contacts"},
        {"phones", "contacts"},
    ]
    same = await change(manager, key, name="Fictional Night Aid")
    assert same["version"] == again["version"]
    assert await world.scalar("select count(*) from audit_entry where action = 'organization.change'") == 2


async def test_who_may_not(world: World) -> None:
    await world.people(6)
    first, second = list(world.agencies)[:2]
    manager, admin = world.manager(first), world.sign_in("admin")
    held = (await admin.ask("EditableOrganization", id=str(second)))["version"]
    assert await manager.ask("EditableOrganization", id=str(second)) is None
    refused = await change(manager, second, version=held, name="Mine now")
    assert problem(refused) == ("NotPermitted", "not_own_agency")
    for person in (world.sign_in("worker"), world.sign_in("auditor"), world.sign_in("reporter")):
        assert problem(await change(person, first, version=held, name="x"))[1] == "not_permitted"
    assert fields(await change(manager, first, network="police")) == {"network": "network_is_the_authoritys"}
    other = next(code for code in NETWORKS if code not in world.filled.networks.values())
    assert await world.scalar("select count(*) from coverage where network = :n", n=other) == 0
    made = await change(admin, second, network=other, name="Set by the authority")
    assert (made["network"], made["own"]) == (other, False)
    assert await admin.ask("EditableOrganization") is None  # it stands for none itself
    assert problem(await change(admin, world.authority, version=held, name="x"))[0] == "NotFound"
    theirs = service_id(world.filled.services[second][0])
    assert (await admin.ask("Service", id=theirs))["network"] == other
    assert await world.scalar("select count(*) from coverage where network = :n", n=other) > 0


async def test_wrong_input_changes_nothing(world: World) -> None:
    await world.people(6)
    first, second = list(world.agencies)[:2]
    manager = world.manager(first)
    before = await manager.ask("EditableOrganization")
    wrong = await change(
        manager, first, name=" ", email="none", website="ftp://x", alternateName="x" * 301,
        names=[{"language": "fr", "name": "x"}], phones=[{"number": "call us"}],
        contacts=[{"email": "x"}, {"name": "a", "id": str(second)}],
    )  # fmt: skip
    assert fields(wrong) == {
        "name": "required", "email": "email_form", "website": "url_form", "alternateName": "too_long",
        "names": "language_unknown", "phones.0.number": "phone_form", "contacts.0.name": "required",
        "contacts.0.email": "email_form", "contacts.1.id": "unknown_row",
    }  # fmt: skip
    assert problem(await change(manager, first, version="old", name="x")) == ("Conflict", "changed_meanwhile")
    assert problem(await change(manager, "none", version="x", name="x"))[0] == "InvalidInput"
    assert await manager.ask("EditableOrganization") == before


async def test_an_import_leaves_what_a_manager_wrote(world: World) -> None:
    await world.people(6)
    key = next(iter(world.agencies))
    await change(world.manager(key), key, name="Ours", description="By hand")
    assert await world.scalar("select by_hand @> array['name', 'description'] from organization where id = :k", k=key)


async def test_a_telephone_of_a_service_is_not_the_agencys(world: World) -> None:
    await world.people(6)
    key = next(iter(world.agencies))
    manager = world.manager(key)
    await rows(
        world,
        "insert into phone (source, source_id, organization_id, service_id, number) "
        "values ('x', 'x', :o, :s, '1') returning id",
        o=key, s=world.filled.services[key][0],
    )  # fmt: skip
    assert (await manager.ask("EditableOrganization"))["phones"] == []
    await change(manager, key, phones=[{"number": "02-0000-0001"}])
    assert await world.scalar("select count(*) from phone") == 2
