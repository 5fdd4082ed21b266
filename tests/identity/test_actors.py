"""Who is asking, from the database: standing, roles that follow claims, and the use cases on accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from hub.base import time
from hub.base.db import Database, Session
from hub.base.errors import Conflict, InvalidInput, NotFound, NotPermitted, Refusal
from hub.identity import actions, grants, views
from hub.identity.actors import actor_by_id, actor_from_bearer, actor_from_claims, actor_of
from hub.identity.lookups import relations
from hub.identity.provider import Oidc
from hub.identity.rules import read_claims
from hub.identity.tables import RelationKind, StaffKind
from hub.identity.tokens import Unauthenticated
from hub.policy.terms import Actor, Role
from tests.identity.conftest import MakeSettings
from tests.support.identity import Provider, make_agency, make_staff

ISSUER = "https://id.hub.invalid"


async def known(session: Session, staff_id: UUID) -> Actor:
    """An actor that must be there."""
    actor = await actor_by_id(session, staff_id)
    assert actor is not None
    return actor


async def test_standing_is_read_at_each_request(db: Database) -> None:
    until = time.now() + timedelta(days=1)
    async with db.work() as session:
        agency = await make_agency(session, "police-1", "police")
        staff = await make_staff(
            session, ISSUER, "w", agency, Role.AGENCY_WORKER, Role.AGENCY_MANAGER, expires_at=until
        )
        actor = await actor_of(session, ISSUER, "w")
        assert actor == Actor(
            staff, agency, frozenset({Role.AGENCY_WORKER, Role.AGENCY_MANAGER}), expires_at=until, network="police"
        )
        await session.execute(text("update staff set suspended = true"))
        await session.execute(text("update agency set suspended = true"))
        await session.execute(text("delete from staff_role where role = 'agency_manager'"))
        actor = await actor_of(session, ISSUER, "w")
        assert actor is not None
        assert (actor.suspended, actor.agency_suspended, actor.roles) == (True, True, frozenset({Role.AGENCY_WORKER}))
        assert await actor_of(session, ISSUER + "/", "w") is None
        assert await actor_of(session, ISSUER, "W") is None
        assert await actor_of(session, ISSUER, "w' or 'a'='a") is None


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic eA==", "Bearer a b", "Bearer a\n", "bearer é", "x"]
)
async def test_no_bearer_is_nobody(db: Database, hub_oidc: Oidc, header: str | None) -> None:
    async with Session(db.engine) as session:
        with pytest.raises(Unauthenticated):
            await actor_from_bearer(session, hub_oidc, header)


async def test_a_good_token_without_account_is_nobody(db: Database, oidc: Provider, hub_oidc: Oidc) -> None:
    async with db.work() as session:
        with pytest.raises(Unauthenticated) as refused:
            await actor_from_bearer(session, hub_oidc, await oidc.bearer("stranger"))
        assert refused.value.reason == "no account"


async def test_roles_and_agency_follow_claims_only_where_managed(
    db: Database, make_settings: MakeSettings, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    hub = Oidc(make_settings(oidc_issuer=ISSUER, oidc_roles_claim="groups", oidc_agency_claim="org"), http)
    claims: dict[str, Any] = {"sub": "m", "groups": ["coordinator", "administrator", "machine", "root"], "org": "a-2"}
    async with db.work() as session:
        one, two = [await make_agency(session, code) for code in ("a-1", "a-2")]
        await make_staff(session, ISSUER, "plain", one, Role.REPORTER)
        staff = await make_staff(session, ISSUER, "m", one, Role.REPORTER, claims_managed=True)

        plain = await actor_from_claims(session, hub, claims | {"sub": "plain"})
        assert plain is not None
        assert (plain.roles, plain.agency_id) == (frozenset({Role.REPORTER}), one)

        managed = await actor_from_claims(session, hub, claims)
        assert managed is not None
        assert (managed.roles, managed.agency_id) == (
            frozenset({Role.COORDINATOR}),
            two,
        )  # neither administrator nor machine
        assert [m for m in caplog.messages if str(staff) in m and "3 unknown roles" in m]
        assert "root" not in caplog.text
        entries = text("select count(*) from audit_entry where action = 'identity.follow_claims'")
        assert (await session.execute(entries)).scalar_one() == 1
        assert await actor_from_claims(session, hub, claims) == managed  # nothing new, nothing written
        assert (await session.execute(entries)).scalar_one() == 1

        silent = await actor_from_claims(session, hub, {"sub": "m", "org": "nowhere"})
        assert silent == managed  # an absent claim and an unknown agency change nothing
        await session.execute(
            text("insert into staff_role values (:s, 'administrator', false, null, now())"), {"s": staff}
        )
        emptied = await actor_from_claims(session, hub, {"sub": "m", "groups": []})
        assert emptied is not None
        assert emptied.roles == {Role.ADMINISTRATOR}  # which two persons gave and claims do not take


@pytest.mark.parametrize(
    ("value", "roles"),
    [
        ("coordinator auditor", {Role.COORDINATOR, Role.AUDITOR}),
        (["auditor", 7, None, {"x": 1}], {Role.AUDITOR}),
        ({"roles": ["auditor"]}, set()),
        (None, set()),
        (True, set()),
        (["Auditor", "auditor\x00"], set()),
    ],
)
def test_roles_claims_of_every_shape(value: object, roles: set[Role]) -> None:
    assert read_claims({"roles": value}, StaffKind.PERSON, "roles", "agency").roles == frozenset(roles)
    assert read_claims({"roles": value}, StaffKind.MACHINE, "roles", "agency").roles == frozenset()


async def staffed(session: Session) -> dict[str, UUID]:
    """Two agencies, two administrators, a manager, an auditor and a worker each."""
    one, two = [await make_agency(session, code) for code in ("a-1", "a-2")]
    make = {
        "chief": (one, Role.ADMINISTRATOR),
        "deputy": (two, Role.ADMINISTRATOR),
        "manager": (one, Role.AGENCY_MANAGER),
        "auditor": (one, Role.AUDITOR),
        "worker": (one, Role.AGENCY_WORKER),
        "stranger": (two, Role.AGENCY_WORKER),
        "program": (one, Role.MACHINE),
    }
    people = {name: await make_staff(session, ISSUER, name, at, role) for name, (at, role) in make.items()}
    return people | {"one": one, "two": two}


async def test_an_administrator_is_made_by_two(db: Database) -> None:
    async with db.work() as session:
        ids = await staffed(session)
        chief, deputy = await known(session, ids["chief"]), await known(session, ids["deputy"])
        wish = grants.RoleOf(ids["worker"], Role.ADMINISTRATOR)
        assert not await grants.grant_role(session, chief, wish)
        assert not await grants.grant_role(session, chief, wish)  # the same person twice is one person
        assert not (await known(session, ids["worker"])).has(Role.ADMINISTRATOR)
        seen = await views.staff_member(session, chief, ids["worker"])
        assert seen is not None
        assert (seen.roles, seen.pending) == ((Role.AGENCY_WORKER,), (Role.ADMINISTRATOR,))
        assert await grants.grant_role(session, deputy, wish)
        assert (await known(session, ids["worker"])).has(Role.ADMINISTRATOR)
        with pytest.raises(NotPermitted):
            await grants.grant_role(session, chief, grants.RoleOf(chief.id, Role.AUDITOR))
        for name in ("worker", "deputy"):
            await grants.revoke_role(session, chief, grants.RoleOf(ids[name], Role.ADMINISTRATOR))
        with pytest.raises(Conflict):
            await grants.revoke_role(session, chief, grants.RoleOf(chief.id, Role.ADMINISTRATOR))


async def test_what_each_may_change(db: Database) -> None:
    """A table of who tries what, and what comes of it. None: it is done."""
    async with db.work() as session:
        ids = await staffed(session)

        def suspend(name: str) -> Any:
            return lambda actor: actions.suspend_staff(session, actor, ids[name])

        def grant(name: str, role: Role) -> Any:
            return lambda actor: grants.grant_role(session, actor, grants.RoleOf(ids[name], role))

        def add(agency: str, **more: Any) -> Any:
            command: dict[str, Any] = {
                "issuer": ISSUER,
                "subject": f"new-{agency}",
                "display_name": "示範",
                "agency_id": ids[agency],
            } | more
            return lambda actor: actions.add_staff(session, actor, actions.AddStaff(**command))

        tried: list[tuple[str, Any, type[Refusal] | None]] = [
            ("worker", suspend("manager"), NotPermitted),
            ("auditor", suspend("worker"), NotPermitted),
            ("manager", suspend("worker"), None),
            ("manager", suspend("stranger"), NotFound),
            ("manager", suspend("auditor"), NotFound),
            ("manager", suspend("chief"), NotFound),
            ("manager", suspend("program"), NotFound),
            ("manager", suspend("manager"), NotPermitted),
            ("chief", suspend("chief"), NotPermitted),
            ("chief", suspend("stranger"), None),
            ("chief", lambda actor: actions.suspend_staff(session, actor, UUID(int=9)), NotFound),
            ("manager", grant("worker", Role.REPORTER), None),
            ("manager", grant("worker", Role.COORDINATOR), NotPermitted),
            ("manager", grant("stranger", Role.REPORTER), NotFound),
            ("worker", grant("stranger", Role.REPORTER), NotPermitted),
            ("chief", grant("worker", Role.COORDINATOR), None),
            ("chief", grant("program", Role.COORDINATOR), InvalidInput),
            ("chief", grant("worker", Role.MACHINE), InvalidInput),
            ("manager", add("one"), None),
            ("manager", add("one"), Conflict),
            ("manager", add("two"), NotPermitted),
            ("manager", add("one", subject="p", kind=StaffKind.MACHINE), NotPermitted),
            ("manager", add("one", subject="c", claims_managed=True), NotPermitted),
            ("worker", add("one", subject="w2"), NotPermitted),
            ("chief", add("two"), None),
            ("chief", add("two", agency_id=UUID(int=9), subject="q"), NotFound),
            ("chief", add("two", subject="x\x00"), InvalidInput),
            ("chief", add("two", subject="s", scopes=frozenset({"hub:read"})), InvalidInput),
            ("chief", add("two", subject="l", locale="xx"), InvalidInput),
            ("chief", add("two", subject="e", email="a@b\r\nbcc: c@d"), InvalidInput),
            ("manager", lambda actor: actions.suspend_agency(session, actor, ids["two"]), NotPermitted),
            ("chief", lambda actor: actions.suspend_agency(session, actor, ids["one"]), NotPermitted),
            ("chief", lambda actor: actions.suspend_agency(session, actor, ids["two"]), None),
            ("deputy", suspend("worker"), NotPermitted),
            ("chief", lambda actor: actions.suspend_agency(session, actor, UUID(int=9)), NotFound),
            (
                "chief",
                lambda actor: actions.add_agency(session, actor, actions.AddAgency("n-1", "示範", "health")),
                None,
            ),
            (
                "chief",
                lambda actor: actions.add_agency(session, actor, actions.AddAgency("n-1", "示範", "health")),
                Conflict,
            ),
            (
                "chief",
                lambda actor: actions.add_agency(session, actor, actions.AddAgency("n 1", "", "x")),
                InvalidInput,
            ),
            ("manager", lambda actor: views.staff_list(session, actor, ids["two"]), NotPermitted),
            ("worker", lambda actor: views.staff_list(session, actor), NotPermitted),
        ]
        for number, (name, act, refusal) in enumerate(tried):
            actor = await known(session, ids[name])
            if refusal is None:
                await act(actor)
            else:
                with pytest.raises(refusal) as refused:
                    await act(actor)
                assert type(refused.value) is refusal, f"row {number}: {name}"
        done = text("select action from audit_entry order by id")
        assert list((await session.execute(done)).scalars()) == [
            "staff.suspend",
            "staff.suspend",
            "staff.grant_role",
            "staff.grant_role",
            "staff.add",
            "staff.add",
            "agency.suspend",
            "agency.add",
        ]


async def test_relations_are_declared_by_oneself_or_who_may_for_others(db: Database) -> None:
    """A coordinator and an administrator may, a colleague may not; of a program and of nobody there is none."""
    async with db.work() as session:
        ids = await staffed(session)
        await grants.grant_role(
            session, await known(session, ids["chief"]), grants.RoleOf(ids["stranger"], Role.COORDINATOR)
        )
        worker, chief, coordinator = [await known(session, ids[name]) for name in ("worker", "chief", "stranger")]
        for actor, index, kind in (
            (worker, b"\x01", RelationKind.IS),
            (worker, b"\x01", RelationKind.IS),
            (chief, b"\x02", RelationKind.CLOSE_TO),
            (coordinator, b"\x03", RelationKind.LIVES_WITH),
        ):
            await grants.declare_relation(session, actor, grants.Relation(worker.id, index * 32, kind))
        held = await relations(session, worker.id)
        assert held.own == {b"\x01" * 32}
        assert held.close == {b"\x02" * 32, b"\x03" * 32}
        for actor, whose, refusal in (
            (worker, chief.id, NotPermitted),
            (chief, ids["program"], NotFound),
            (chief, UUID(int=9), NotFound),
            (replace(worker, suspended=True), worker.id, NotPermitted),
        ):
            with pytest.raises(refusal):
                await grants.declare_relation(session, actor, grants.Relation(whose, b"\x04" * 32, RelationKind.IS))
        body = text("select body::text from audit_entry where action = 'staff.declare_relation'")
        assert not any("0101" in found for found in (await session.execute(body)).scalars())


async def test_accounts_are_read_by_name_and_by_whom_they_concern(db: Database) -> None:
    """Pages go by name; a manager reads the own agency alone; who may say who knows whom reads names alone."""
    async with db.work() as session:
        ids = await staffed(session)
        chief, manager, worker = [await known(session, ids[name]) for name in ("chief", "manager", "worker")]
        first, more = await views.staff_list(session, chief, first=4)
        assert more
        second, more = await views.staff_list(session, chief, first=4, after=(first[-1].display_name, first[-1].id))
        assert not more
        names = [row.display_name for row in first + second]
        assert names == sorted(names)
        assert {row.id for row in first + second} == {ids[name] for name in ids.keys() - {"one", "two"}}
        own, _ = await views.staff_list(session, manager)
        assert {row.agency.id for row in own} == {ids["one"]}
        assert await views.staff_member(session, manager, ids["stranger"]) is None
        assert [one.id for one in await views.colleagues(session, chief, ids["two"])] == [
            row.id for row in first + second if row.agency.id == ids["two"]
        ]
        for refused in (views.colleagues(session, manager, ids["one"]), views.staff_member(session, worker, worker.id)):
            with pytest.raises(NotPermitted):
                await refused


async def test_the_first_administrator_is_installed_once(db: Database) -> None:
    agency = actions.AddAgency(
        "authority", "示範主管機關", "social_affairs", names={"en": "Sample authority"}, county="63000"
    )
    person = actions.AddStaff(ISSUER, "first", "示範 子", UUID(int=0))
    async with db.work() as session:
        staff_id = await actions.install(session, agency, person)
        first = await known(session, staff_id)
        assert first.roles == {Role.ADMINISTRATOR}
        (seen,) = await views.all_agencies(session)
        assert (await views.agencies(session, [first.agency_id]))[first.agency_id] == seen
        assert await views.agency(session, first, first.agency_id) == seen
        assert (seen.names, seen.county) == ({"en": "Sample authority"}, "63000")
        with pytest.raises(Conflict):
            await actions.install(session, agency, person)
