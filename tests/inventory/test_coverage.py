"""Who may see what of coverage: gaps for everybody, unmet people in bands for overseers, and never one person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from directory.coverage_gaps import GapQuery
from directory.coverage_keeping import keep_all
from hub.audit.reading import entries
from hub.base import time as clock
from hub.base.db import Database, Session
from hub.base.errors import InvalidInput, NotFound, NotPermitted
from hub.identity.actors import actor_of
from hub.inventory import coverage
from hub.policy.terms import Actor, Role
from hub.referrals.rules import Reason, ReferralState
from hub.referrals.unmet import NOT_MET, parts, unmet
from tests.inventory.county import fill
from tests.support.identity import make_agency, make_staff

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SINCE, UNTIL = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
IN_WINDOW = datetime(2026, 8, 9, tzinfo=UTC)
ISSUER = "https://id.invalid"


async def _person(session: Session, *roles: Role) -> Actor:
    login = uuid4().hex
    agency = await make_agency(session, login[:12], "labour")
    await make_staff(session, ISSUER, login, agency, *roles)
    actor = await actor_of(session, ISSUER, login)
    assert actor is not None
    return actor


async def _refer(
    session: Session, state: str, reason: str | None = None, *, case: UUID | None = None, at: datetime = IN_WINDOW,
    area: str = "X011", need: str = "hotline",
) -> UUID:  # fmt: skip
    """A referral as the database holds it; what it is about plays no part here."""
    case = case or uuid4()
    given: dict[str, Any] = {
        "id": uuid4(), "case": case, "need": need, "area": area, "state": state, "reason": reason, "at": at,
        "answered": None if state == "requested" else at, "agency": uuid4(),
    }  # fmt: skip
    await session.execute(
        text(
            "INSERT INTO referral (id, case_id, need, area, urgency, from_agency_id, to_agency_id, service_id, "
            "summary, state, reason, sent_by, sent_at, due_at, answered_at, version) VALUES (:id, :case, :need, :area, "
            "'normal', :agency, :agency, :agency, '', :state, :reason, :agency, :at, :at, :answered, 1)"
        ),
        given,
    )
    return case


async def test_people_are_counted_once_and_only_when_nobody_took_them(db: Database) -> None:
    async with db.work() as session:
        await fill(session, 1)
        for reason in Reason:  # five for each reason there is
            for _ in range(5):
                await _refer(session, "rejected", reason.value, need=f"need of {reason.value}")
        for _ in range(6):
            case = await _refer(session, "requested")  # never answered, and due
            for _ in range(3):  # three agencies declined the same person
                await _refer(session, "returned", "no_capacity", case=case)
            helped = await _refer(session, "rejected", "no_capacity", need="shelter")
            await _refer(session, "accepted", case=helped, need="shelter")
            await _refer(session, "rejected", "no_capacity", at=UNTIL, need="legal_aid")
            await _refer(session, "rejected", "no_capacity", at=SINCE - timedelta(microseconds=1), need="legal_aid")
            await _refer(session, "requested", at=UNTIL, need="legal_aid")
        found = await unmet(session, SINCE, UNTIL)
        told = {key: n for key, n in found.items() if not key[1].startswith("need of ")}
        assert told == {("X011", "hotline"): 5, ("X01", "hotline"): 5}
        reasons = {need.removeprefix("need of ") for _, need in found if need.startswith("need of ")}
        assert reasons == {str(reason) for reason in NOT_MET}
    assert set(NOT_MET) < set(Reason)
    assert ReferralState.REQUESTED.value == "requested"


@pytest.mark.parametrize(("people", "said"), [(0, 0), (1, 0), (4, 0), (5, 5), (9, 5), (10, 10), (23, 20)])
async def test_counts_are_said_in_bands(db: Database, people: int, said: int) -> None:
    async with db.work() as session:
        await fill(session, 1)
        await keep_all(session)
        for _ in range(people):
            await _refer(session, "rejected", "no_capacity", area="X021")
        actor = await _person(session, Role.AUDITOR)
        with clock.at(NOW):
            rows, _ = await coverage.gaps(session, actor, GapQuery(None, "hotline", "centre", "township"), 50, 0, 6)
        here = {row.gap.area.code: row.unmet for row in rows}
        assert here["X021"] == coverage.UnmetView(said, said + 5)
        assert here["X011"] == coverage.UnmetView(0, 5)
        # The place with unmet people comes first once they may be counted, and only then.
        assert [row.gap.area.code for row in rows] == (["X021", "X011"] if said else ["X011", "X021"])


async def test_no_two_areas_added_up_tell_of_fewer_than_five(db: Database) -> None:
    """A county of seven with a township of five leaves nobody to be found by subtraction: both say five to nine."""
    async with db.work() as session:
        await fill(session, 1)
        for _ in range(5):
            await _refer(session, "rejected", "no_capacity", area="X011")
        for _ in range(2):
            await _refer(session, "rejected", "no_capacity", area="X01")
        assert await unmet(session, SINCE, UNTIL) == {("X011", "hotline"): 5, ("X01", "hotline"): 5}


async def test_an_area_less_its_parts_tells_of_nobody(db: Database) -> None:
    """Fourteen in a township and one elsewhere in its county are not fifteen less ten: that would be one to four."""
    async with db.work() as session:
        await fill(session, 1)
        for _ in range(14):
            case = await _refer(session, "rejected", "no_capacity", area="X011")
        await _refer(session, "rejected", "no_capacity", area="X01")
        await _refer(session, "rejected", "no_capacity", area="X021", case=case)  # the same person, once
        assert await unmet(session, SINCE, UNTIL) == {("X011", "hotline"): 10, ("X01", "hotline"): 10}
        made_of = await parts(session)
        assert (made_of["X011"], made_of["X01"]) == (1, 2)  # so of the county it is said: 10 and fewer than 20


async def test_whole_months_that_have_ended(db: Database) -> None:
    first, after = coverage.window(NOW, 6)
    assert (first.isoformat(), after.isoformat()) == ("2026-05-01T00:00:00+08:00", "2026-11-01T00:00:00+08:00")
    assert coverage.window(NOW + timedelta(days=8), 6) == (first, after)  # within the month nothing moves
    async with db.work() as session:
        actor = await _person(session, Role.AUDITOR)
        for months in (0, 1, 5, 13, -6):
            with pytest.raises(InvalidInput):
                await coverage.gaps(session, actor, GapQuery(), 50, 0, months)


@pytest.mark.parametrize("role", sorted(Role))
async def test_who_is_told_what(db: Database, role: Role) -> None:
    async with db.work() as session:
        await fill(session, 1)
        await keep_all(session)
        for _ in range(7):
            await _refer(session, "rejected", "no_capacity", area="X021")
        actor = await _person(session, role)
        query = GapQuery(None, "hotline", "centre", "township")
        with clock.at(NOW):
            rows, total = await coverage.gaps(session, actor, query, 50, 0, 6)
            lines = await coverage.matrix(session, actor, inside="X01", area=None, need=None, network=None)
        assert total == len(rows) == 2
        assert [line.area.code for line in lines] == ["X011"]
        counted = await entries(session, 50, None, "coverage.unmet", None)
        if role in {Role.AUDITOR, Role.ADMINISTRATOR}:
            assert [row.unmet.at_least for row in rows if row.unmet] == [5, 0]
            assert len(counted) == 1  # that somebody counted is itself an entry
            assert await coverage.frozen(session, actor) == []
            with pytest.raises(NotFound):
                await coverage.trend(session, actor, uuid4(), None, inside=None, need=None, network=None)
        else:
            assert [row.unmet for row in rows] == [None, None]
            assert [row.gap.area.code for row in rows] == ["X011", "X021"]  # nor does the order tell
            assert len(counted) == 0
            with pytest.raises(NotPermitted):
                await coverage.frozen(session, actor)
            with pytest.raises(NotPermitted):
                await coverage.trend(session, actor, uuid4(), None, inside=None, need=None, network=None)


async def test_what_nobody_knows_is_refused(db: Database) -> None:
    async with db.work() as session:
        actor = await _person(session, Role.COORDINATOR)
        for need, network in (("no such need", None), (None, "no such network")):
            with pytest.raises(InvalidInput):
                await coverage.matrix(session, actor, inside=None, area=None, need=need, network=network)
        nowhere = await coverage.matrix(session, actor, inside="nowhere", area=None, need=None, network=None)
        assert nowhere == []
