"""What must never have stood in the directory is forgotten by two administrators, wherever it was kept."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from hub.identity.tables import Staff, StaffRole
from hub.policy.terms import Role
from tests.inventory.conftest import World, service_id
from tests.inventory.test_answers import problem
from tests.inventory.test_editing import edit, rows, world_of
from tests.support.hub import Person

SECRET = "Behind the Fictional Lighthouse, Saltmarsh Lane 9"


async def second(world: World) -> Person:
    """Another administrator."""
    made: dict[Any, list[dict[str, Any]]] = {Staff: [], StaffRole: []}
    world._staff(made, "admin-2", world.authority, Role.ADMINISTRATOR)
    async with world.hub.hub.db.work() as session:
        for table, values in made.items():
            await session.execute(insert(table), values)
    return world.sign_in("admin-2")


async def everywhere(world: World, word: str) -> set[str]:
    """Tables that hold a word, read as the database writes them."""
    found = set()
    for (table,) in await rows(world, "select relname from pg_class where relnamespace = 'public'::regnamespace "
                               "and relkind = 'r' and relname <> 'alembic_version'"):  # fmt: skip
        for (row,) in await rows(world, f"select to_jsonb(t)::text from {table} t"):
            if word.casefold() in json.dumps(json.loads(row), ensure_ascii=False).casefold():
                found.add(table)
    return found


async def changes(person: Person, key: UUID) -> list[Any]:
    return [edge["node"] for edge in (await person.ask("ServiceHistory", id=service_id(key)))["edges"]]


async def test_two_administrators_make_it_forgotten(world: World) -> None:
    manager, key, other = await world_of(world)
    admin, another = world.sign_in("admin"), await second(world)
    ((source, source_id),) = await rows(world, "select source, source_id from service where id = :id", id=key)
    beside = {"service": key, "source": source, "id": source_id, "extra": json.dumps({"note": SECRET, "kept": "yes"}),
              "said": SECRET}  # fmt: skip
    for statement in (
        "update service set extra = cast(:extra as jsonb) where id = :service",
        "insert into kept_row (source, source_id, entity, extra) values (:source, 'k', 'notes', cast(:extra as jsonb))",
        "insert into source_metadata (source, source_id, resource_id, resource_type, field_name, replacement_value) "
        "values (:source, 'm', :id, 'service', 'description', :said)",
    ):
        await rows(world, f"with done as ({statement} returning 1) select * from done", **beside)
    await edit(manager, key, about={"description": f"A house. {SECRET}"})
    await edit(manager, key, about={"description": SECRET, "alert": SECRET})
    await edit(manager, key, about={"description": "A house.", "alert": ""})
    held = {"metadata", "service", "kept_row", "source_metadata"}
    assert await everywhere(world, "Saltmarsh") >= held
    mine = next(c for c in await changes(admin, key) if c["field"] == "description")
    given = {"serviceId": service_id(key), "changeId": mine["id"], "reason": "WHEREABOUTS"}
    assert problem(await manager.do("AskPurge", **given))[0] == "NotPermitted"
    assert problem(await admin.do("AskPurge", **{**given, "serviceId": service_id(other)}))[0] == "NotFound"
    asked = await admin.do("AskPurge", **given)
    assert (asked["field"], asked["agreed"], asked["own"]) == ("description", None, True)
    assert problem(await another.do("AskPurge", **given))[0] == "Conflict"
    for person in (admin, manager):
        assert problem(await person.do("DecidePurge", purgeId=asked["id"], agreed=True))[0] == "NotPermitted"
    assert await everywhere(world, "Saltmarsh") >= held
    assert [one["id"] for one in await another.ask("WaitingPurges")] == [asked["id"]]

    await another.do("MakeExport", form="JSON")
    await world.hub.work("exports")
    assert await world.scalar("select count(*) from directory_export_part") > 0
    done = await another.do("DecidePurge", purgeId=asked["id"], agreed=True)
    assert await world.scalar("select count(*) from directory_export_part") == 0  # it was made before
    assert (done["agreed"], done["own"], done["decidedBy"]) == (True, False, "admin-2")
    assert await everywhere(world, "Saltmarsh") == set()
    assert await everywhere(world, "Lighthouse") == set()
    assert await rows(world, "select extra from service where id = :id", id=key) == [({"kept": "yes"},)]
    assert await another.ask("WaitingPurges") == []
    after = await changes(manager, key)
    said = [c for c in after if c["field"] == "description"]
    assert len(said) == 3
    assert {(c["before"], c["after"], c["action"]) for c in said} == {("", "", "update")}
    assert {c["purge"]["reason"] for c in said} == {"WHEREABOUTS"}
    assert all(c["by"].startswith("manager-") for c in said)
    assert (await manager.ask("EditableService", id=service_id(key)))["about"]["description"] == "A house."
    entries = await rows(world, "select action, body from audit_entry where action like 'history.%' order by id")
    assert [row[0] for row in entries] == ["history.ask_purge", "history.purge"]
    assert entries[1][1] | {"records": 0} == {
        **entries[0][1], "asked_by": entries[1][1]["asked_by"], "records": 0
    }  # fmt: skip
    assert problem(await admin.do("AskPurge", **given))[0] == "Conflict"  # nothing is left of it
    assert problem(await another.do("DecidePurge", purgeId=asked["id"], agreed=True))[0] == "Conflict"


async def test_a_removed_row_is_forgotten_and_its_service_still_knows_that_it_was(world: World) -> None:
    manager, key, _ = await world_of(world)
    admin, another = world.sign_in("admin"), await second(world)
    await edit(manager, key, contacts=[{"name": SECRET, "title": "Desk"}])
    await edit(manager, key, contacts=[])
    gone = next(c for c in await changes(admin, key) if c["action"] == "delete" and c["what"] == "contact")
    given = {"serviceId": service_id(key), "changeId": gone["id"], "reason": "IDENTITY"}
    asked = await admin.do("AskPurge", **given)
    taken = await admin.do("DecidePurge", purgeId=asked["id"], agreed=False)
    assert taken["agreed"] is False
    assert "metadata" in await everywhere(world, "Saltmarsh")
    asked = await another.do("AskPurge", **given)
    await admin.do("DecidePurge", purgeId=asked["id"], agreed=True)
    assert await everywhere(world, "Saltmarsh") == set()
    left = next(c for c in await changes(manager, key) if c["id"] == gone["id"])
    assert (left["action"], left["what"], left["purge"]["reason"]) == ("delete", "contact", "IDENTITY")
    assert json.loads(left["before"]) == {"service_id": str(key)}


async def test_the_application_cannot_do_it_alone(world: World) -> None:
    """No right to change the history, nor to say that somebody agreed; the function wants a request of another's."""
    manager, key, _ = await world_of(world)
    admin = world.sign_in("admin")
    await edit(manager, key, about={"description": SECRET})
    await edit(manager, key, about={"description": ""})
    change = next(c for c in await changes(admin, key) if c["field"] == "description")
    asked = await admin.do("AskPurge", serviceId=service_id(key), changeId=change["id"], reason="OTHER")
    for statement in (
        "update metadata set previous_value = ''",
        "update history_purge set agreed = true, decided_at = now(), decided_by = gen_random_uuid()",
        "delete from history_purge",
        "insert into history_purge (service_id, change_id, resource_type, resource_id, field_name, reason, asked_by, "
        "asked_at, decided_by, decided_at, agreed) select service_id, change_id, resource_type, resource_id, 'alert', "
        "reason, asked_by, asked_at, gen_random_uuid(), asked_at, true from history_purge",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with world.hub.hub.db.work() as session:
                await session.execute(text(statement))
    purge = "select directory_purge(q.id, q.asked_by, now(), true) from history_purge q where q.id = :id"
    assert await rows(world, purge, id=UUID(asked["id"])) == [(None,)]
    assert await rows(world, "select directory_purge(gen_random_uuid(), gen_random_uuid(), now(), true)") == [(None,)]
    assert "metadata" in await everywhere(world, "Saltmarsh")
