"""Agencies, accounts, roles and relations through the API: from a new agency to its first sign-in, and F1 and F2."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from hub.api.describe import gid
from hub.identity.actors import actor_of
from tests.api.conftest import World, oidc, settings, template, world
from tests.support.identity import Provider

__all__ = ["oidc", "settings", "template", "world"]

OPPOSITE = "乙男金絲雀"


async def account(world: World, login: str) -> UUID:
    """The id of an account."""
    hub = world.hub.hub
    async with hub.db.work() as session:
        found = await actor_of(session, hub.oidc.issuer, login)
    assert found is not None
    return found.id


async def audited(world: World) -> list[str]:
    """What was done to agencies and accounts, in order."""
    async with world.hub.hub.db.work() as session:
        rows = text("select action from audit_entry where action like 'agency.%' or action like 'staff.%' order by id")
        return list((await session.execute(rows)).scalars())


async def case_of(world: World, login: str) -> Any:
    """The case as somebody sees it."""
    return await world.people[login].ask("Case", id=gid("Case", world.case))


async def test_a_new_agency_s_worker_signs_in_and_is_shut_out(world: World, oidc: Provider) -> None:
    """Nobody becomes anybody by signing in; one who was entered can work; F1 by account, then by agency."""
    boss, stranger = world.people["boss"], world.hub.person(await oidc.bearer("newcomer"))
    assert (await stranger.post({"documentId": "Me"})).status_code == 401
    made = await boss.do(
        "AddAgency",
        code="school-1",
        name="示範學校",
        names=[{"language": "en", "name": "Sample school"}],
        network="education",
        county="99001",
        email="school@agency.invalid",
    )
    assert (made["code"], made["name"], made["suspended"]) == ("school-1", "Sample school", False)
    opened = await boss.do(
        "AddStaff", agencyId=made["id"], subject="newcomer", displayName="示範 新", roles=["AGENCY_WORKER"]
    )
    assert (opened["roles"], opened["agency"]["name"]) == (["AGENCY_WORKER"], "Sample school")
    seen = await stranger.ask("Me")
    assert (seen["roles"], seen["agency"]["code"]) == (["AGENCY_WORKER"], "school-1")
    shut: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("SuspendStaff", "ReinstateStaff", {"staffId": opened["id"]}),
        ("SuspendAgency", "ReinstateAgency", {"agencyId": made["id"]}),
    )
    for away, back, key in shut:
        assert (await boss.do(away, **key))["suspended"]
        body = (await stranger.post({"documentId": "MyActions"})).json()
        assert body["errors"][0]["extensions"]["code"] == "account_suspended", away
        assert not (await boss.do(back, **key))["suspended"]
        assert await stranger.ask("MyActions") == []
    assert await audited(world) == [
        "agency.add",
        "staff.add",
        "staff.grant_role",
        "staff.suspend",
        "staff.reinstate",
        "agency.suspend",
        "agency.reinstate",
    ]


async def test_an_administrator_waits_for_a_second_one(world: World) -> None:
    boss, other = world.people["boss"], gid("Staff", await account(world, "other"))
    asked = await boss.do("GrantRole", staffId=other, role="ADMINISTRATOR")
    assert (asked["roles"], asked["pending"]) == (["AGENCY_WORKER"], ["ADMINISTRATOR"])
    refused = await world.people["other"].post({"documentId": "AgencyRecords"})
    assert refused.json()["errors"][0]["extensions"]["code"] == "not_permitted"
    taken = await boss.do("RevokeRole", staffId=other, role="ADMINISTRATOR")
    assert (taken["roles"], taken["pending"]) == (["AGENCY_WORKER"], [])


async def test_nobody_else_keeps_agencies_and_accounts(world: World) -> None:
    """Each mutation answers `NotPermitted`, and nothing is changed."""
    agency, staff = gid("Agency", world.agencies["clinic"]), gid("Staff", await account(world, "clinic"))
    for who in ("coordinator", "clinic", "auditor", "reporter", "nobody"):
        for operation, given in (
            ("AddAgency", {"code": "x", "name": "示範", "network": "health"}),
            ("SuspendAgency", {"agencyId": agency}),
            ("ReinstateAgency", {"agencyId": agency}),
            ("AddStaff", {"agencyId": agency, "subject": "x", "displayName": "示範"}),
            ("SuspendStaff", {"staffId": staff}),
            ("ReinstateStaff", {"staffId": staff}),
            ("GrantRole", {"staffId": staff, "role": "AUDITOR"}),
            ("RevokeRole", {"staffId": staff, "role": "AGENCY_WORKER"}),
        ):
            assert (await world.people[who].do(operation, **given))["__typename"] == "NotPermitted", (who, operation)
    assert await audited(world) == []


async def test_wrong_words_are_told_field_by_field(world: World) -> None:
    boss = world.people["boss"]
    refused = await boss.do("AddAgency", code="n 1", name="", network="x", email="a@b\r\nbcc: c")
    assert {field["path"] for field in refused["fields"]} == {"code", "name", "network", "email"}
    agency = gid("Agency", world.agencies["clinic"])
    taken = await boss.do("AddStaff", agencyId=agency, subject="clinic", displayName="示範")
    assert (taken["__typename"], taken["code"]) == ("Conflict", "account_exists")
    for wrong in ("x", gid("Case", world.case)):
        assert (await boss.do("SuspendStaff", staffId=wrong))["fields"][0]["path"] == "staffId"


async def test_by_name_a_case_closes_to_who_declares_it_themself(world: World) -> None:
    """F2 from the next request on, for the account alone; a name no case has is answered alike."""
    coordinator = world.people["coordinator"]
    assert (await case_of(world, "coordinator"))["assigned"]
    unknown = await coordinator.do("DeclareRelation", name="無人示範", kind="CLOSE_TO")
    assert (await case_of(world, "coordinator"))["assigned"]
    known = await coordinator.do("DeclareRelation", name="乙男 金絲雀", kind="CLOSE_TO")
    assert known == unknown
    assert await case_of(world, "coordinator") is None
    assert (await coordinator.ask("MyCases"))["edges"] == []
    assert await case_of(world, "colleague") is not None
    assert await case_of(world, "clinic") is not None


@pytest.mark.parametrize(("party", "kind"), [("OPPOSITE", "LIVES_WITH"), ("VICTIM", "IS"), ("CHILD", "IS")])
async def test_in_a_case_whose_names_are_hidden(world: World, party: str, kind: str) -> None:
    """Who was referred to reads no name and need not: which party it is says enough, recorded by name or not.

    Being close to the victim closes nothing.
    """
    clinic, case = world.people["clinic"], gid("Case", world.case)
    assert (await case_of(world, "clinic"))["parties"] == []
    for given, closed in (({"party": "VICTIM", "kind": "CLOSE_TO"}, False), ({"party": party, "kind": kind}, True)):
        done = await clinic.do("DeclareRelation", caseId=case, **given)
        assert "__typename" not in done
        assert (await case_of(world, "clinic") is None) is closed
    assert await case_of(world, "coordinator") is not None
    async with world.hub.hub.db.work() as session:
        entries = text("select case_ids, body::text from audit_entry where action = 'staff.declare_relation'")
        found = (await session.execute(entries)).all()
    assert [row.case_ids for row in found] == [[world.case], [world.case]]
    assert not any(OPPOSITE in row.body for row in found)


async def test_who_may_declare_for_another(world: World) -> None:
    """The coordinator finds the colleague by agency and name; a worker may neither look nor declare."""
    agency = gid("Agency", world.agencies["clinic"])
    (person,) = await world.people["coordinator"].ask("Colleagues", agencyId=agency)
    given = {"staffId": person["id"], "caseId": gid("Case", world.case), "party": "OPPOSITE", "kind": "CLOSE_TO"}
    refused = await world.people["other"].do("DeclareRelation", **given)
    assert refused["__typename"] == "NotFound"  # not even that there is such a case
    named = {"staffId": person["id"], "name": OPPOSITE, "kind": "IS"}
    assert (await world.people["other"].do("DeclareRelation", **named))["__typename"] == "NotPermitted"
    assert (await world.people["boss"].do("DeclareRelation", **given))["__typename"] == "NotFound"
    assert await case_of(world, "clinic") is not None
    assert (await world.people["coordinator"].do("DeclareRelation", **given))["id"] == person["id"]
    assert await case_of(world, "clinic") is None
    both = {"name": OPPOSITE, "caseId": gid("Case", world.case), "kind": "IS"}
    for wrong in (both, {"kind": "IS"}, {"caseId": gid("Case", world.case), "kind": "IS"}):
        assert (await world.people["coordinator"].do("DeclareRelation", **wrong))["__typename"] == "InvalidInput"


async def test_an_agency_is_changed_and_nobody_changes_its_own_network(world: World) -> None:
    """Names, network, mailbox by version; audited by field; the network of one's own agency is another's to change."""
    boss = world.people["boss"]
    found = await boss.do("AddAgency", code="school-9", name="示範學校", network="education")
    given: dict[str, Any] = {"agencyId": found["id"], "version": found["version"]}
    wrong = await boss.do("UpdateAgency", **given, name=" ", network="none", email="x")
    assert {f["path"]: f["code"] for f in wrong["fields"]} == {
        "name": "name_form", "network": "network_unknown", "email": "email_form"
    }  # fmt: skip
    names = [{"language": "en", "name": "Sample college"}]
    made = await boss.do("UpdateAgency", **given, name="示範學院", names=names, network="health", email="a@x.invalid")
    assert (made["officialName"], made["name"], made["network"]) == ("示範學院", "Sample college", "health")
    assert made["county"] == found["county"]
    assert (await boss.do("UpdateAgency", **given, name="x"))["code"] == "changed_meanwhile"
    given["version"] = made["version"]
    assert (await boss.do("UpdateAgency", **given, name="示範學院"))["version"] == made["version"]
    async with world.hub.hub.db.work() as session:
        rows = await session.execute(text("select body from audit_entry where action = 'agency.change'"))
        assert rows.scalars().all() == [
            {"fields": ["email", "name", "names", "network"], "network": ["education", "health"]}
        ]
        own = (await session.execute(text("select agency_id from staff where subject = 'boss'"))).scalar_one()
    (mine,) = [a for a in await boss.ask("AgencyRecords") if a["id"] == gid("AgencyRecord", own)]
    other = "labour" if mine["network"] != "labour" else "health"
    refused = await boss.do("UpdateAgency", agencyId=mine["id"], version=mine["version"], network=other)
    assert refused["code"] == "own_network"
    assert (await boss.do("UpdateAgency", agencyId=mine["id"], version=mine["version"], email="b@x.invalid"))["email"]
    for login, person in world.people.items():
        if login != "boss":
            code = "sign_in_first" if login == "nobody" else "not_permitted"
            assert (await person.do("UpdateAgency", **given, name="x"))["code"] == code, login
