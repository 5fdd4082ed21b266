"""The demonstration's story, told through the same use cases as everybody's: agencies, people, cases, a conference."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from directory.actions import import_package
from directory.county import COUNTY, POPULATION, write_county
from directory.coverage_gaps import set_population
from directory.matching import MatchRequest, match
from hub.api.run import Hub
from hub.base import clocks
from hub.base import time as clock
from hub.base.db import Session
from hub.base.errors import Conflict
from hub.cases import actions as cases
from hub.cases.actions import FileReport, Person, RecordRisk
from hub.cases.rules import Relationship, RiskLevel
from hub.conferences import actions as conferences
from hub.consent import actions as consents
from hub.consent.actions import Grantor, RecordConsent
from hub.identity.actions import AddAgency, AddStaff, StaffKind, add_agency, add_staff, install
from hub.identity.actors import actor_of
from hub.identity.demo_people import MACHINE, DemoPerson, demo_people
from hub.identity.grants import RoleOf, grant_role
from hub.identity.views import agencies
from hub.policy.terms import Actor, Category, Purpose, Role
from hub.referrals import actions as referrals
from hub.referrals.actions import AnswerReferral, SendReferral
from hub.referrals.rules import Answer, Reason
from scheduling.clocks import Urgency
from scheduling.terms import PlaceKind

STEPS = 4
Say = Callable[[str], None]

_AGENCIES = {
    "demo-centre": "centre",
    "demo-police": "police",
    "demo-hospital": "hospital",
    "demo-labour": "labour",
    "demo-education": "education",
    "demo-shelter": "shelter",
    "demo-authority": "social",
}
"""The demo's agencies, and which of the county's organizations each is."""

_NAMES = {
    "demo-authority": ("虛構縣政府（主管機關）", "Fictional County Government (authority)", "허구현 정부 (관할 당국)"),
}


@dataclass(frozen=True, slots=True)
class _Story:
    """One case of the story: whom it is about (all fictional), where, how risky, and how long ago it came in."""

    victim: str
    opposite: str
    area: str
    days: int
    score: int
    told: str
    relationship: Relationship = Relationship.INTIMATE_PARTNER


_STORIES = (
    _Story("示範被害人一", "示範相對人一", "99001010", 6, 11, "分手後遭跟蹤、守候並威脅同歸於盡（示範資料）。"),
    _Story(
        "示範被害人二",
        "示範相對人二",
        "99001020",
        5,
        5,
        "同居人多次推打，子女目睹（示範資料）。",
        Relationship.COHABITANT,
    ),
    _Story(
        "示範被害人三", "示範相對人三", "99001030", 3, 6, "前同事反覆傳訊並到公司守候（示範資料）。", Relationship.OTHER
    ),
    _Story(
        "示範被害人四", "示範相對人四", "99001040", 1, 9, "前配偶違反約定接近住所（示範資料）。", Relationship.SPOUSE
    ),
)


class County:
    """The story as it is being told: who acts, in which session, at which moment."""

    def __init__(self, hub: Hub, now: datetime) -> None:
        self.hub, self.now = hub, now
        self.agencies: dict[str, UUID] = {}

    async def actor(self, session: Session, login: str) -> Actor:
        """Somebody of the demo."""
        found = await actor_of(session, self.hub.oidc.issuer, login)
        assert found is not None, login
        return found


async def seed(hub: Hub, say: Say) -> None:
    """Tell the story once; a database that already has it is left as it is."""
    say("Importing the fictional county")
    county = County(hub, clock.now())
    try:
        async with hub.db.work() as session:
            await _people(session, county)
    except Conflict:
        say("The county is there already")
        return
    say("Opening cases")
    opened = [await _open(county, story) for story in _STORIES]
    say("Sending referrals")
    await _refer(county, opened)
    say("Calling the conference")
    await _confer(county, opened[0])
    await _waiting(county)


async def _people(session: Session, county: County) -> None:
    """Agencies and accounts; raises `Conflict` where there is an administrator already."""
    issuer = county.hub.oidc.issuer
    people = {person.login: person for person in demo_people()}
    first = people["administrator"]
    home = AddAgency(first.agency, _NAMES[first.agency][0], first.network, names=_named(_NAMES[first.agency]))
    await install(session, home, _account(issuer, first, UUID(int=0)))
    with tempfile.TemporaryDirectory() as folder:
        report = await import_package(session, write_county(Path(folder), county.now), dry_run=False)
        await set_population(session, POPULATION)
    assert report.refused is None, report.refused
    boss = await county.actor(session, "administrator")
    await _agencies(session, county, boss)
    for person in (*people.values(), MACHINE):
        if person.login != "administrator":
            kind = StaffKind.MACHINE if Role.MACHINE in person.roles else StaffKind.PERSON
            staff = await add_staff(session, boss, _account(issuer, person, county.agencies[person.agency], kind))
            for role in sorted(person.roles):
                await grant_role(session, boss, RoleOf(staff, role))


def _named(names: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(("zh-Hant", "en", "ko"), names, strict=True))


def _account(issuer: str, person: DemoPerson, agency: UUID, kind: StaffKind = StaffKind.PERSON) -> AddStaff:
    return AddStaff(issuer, person.login, person.names["zh-Hant"], agency, kind=kind)


async def _agencies(session: Session, county: County, boss: Actor) -> None:
    rows = (await session.execute(text("select id, source_id, name, name_i18n, network from organization"))).all()
    known = {row.source_id: row for row in rows}
    county.agencies["demo-authority"] = boss.agency_id
    for code, organization in _AGENCIES.items():
        if code == "demo-authority":
            continue
        row = known[organization]
        given = AddAgency(
            code,
            row.name,
            row.network,
            names=row.name_i18n,
            organization_id=row.id,
            is_centre=code == "demo-centre",
            county=COUNTY,
            email=f"{code}@county.invalid",
        )
        county.agencies[code] = await add_agency(session, boss, given)


async def _open(county: County, story: _Story) -> UUID:
    """A report some days ago, opened and assessed the same day."""
    with clock.at(county.now - timedelta(days=story.days)) as move:
        async with county.hub.db.work() as session:
            reporter = await county.actor(session, "reporter")
            report = await cases.file_report(session, reporter, _report(story))
        move(timedelta(minutes=40))
        async with county.hub.db.work() as session:
            coordinator = await county.actor(session, "coordinator")
            case = await cases.open_case(session, coordinator, report)
            judged = RiskLevel.HIGH if story.score >= 8 else RiskLevel.MEDIUM
            given = RecordRisk(case, 1, "TIPVDA", story.score, judged, "依量表與會談判斷（示範資料）。")
            await cases.record_risk(session, coordinator, given)
    return case


def _report(story: _Story) -> FileReport:
    return FileReport(
        learned_at=clock.now() - timedelta(hours=3),
        oral=False,
        area=story.area,
        relationship=story.relationship,
        stalking=True,
        victim_age=30,
        victim=Person(story.victim, "1996-01-01", "0900-000-101", "虛構市示範路1號"),
        opposite=Person(story.opposite),
        reporter=Person("示範通報人", phone="0900-000-199"),
        summary=story.told,
    )


async def _refer(county: County, opened: list[UUID]) -> None:
    """One accepted, one overdue, one declined, one just sent."""
    accepted = await _send(county, opened[0], "counselling", "99001010", "demo-hospital", Urgency.URGENT, days=4)
    await _consent(county, opened[0], ("demo-hospital", "demo-education"))
    await _answer(county, accepted, "health", Answer.ACCEPT, None, days=3)
    await _send(county, opened[1], "counselling", "99001020", "demo-hospital", Urgency.URGENT, days=4)
    declined = await _send(county, opened[2], "workplace_safety", "99001030", "demo-labour", Urgency.NORMAL, days=2)
    await _answer(county, declined, "labour", Answer.DECLINE, Reason.NO_CAPACITY, days=1)
    await _send(county, opened[3], "shelter", "99001040", "demo-shelter", Urgency.IMMEDIATE, days=0)
    await _send(county, opened[3], "police_protection", "99001040", "demo-police", Urgency.NORMAL, days=0)


async def _send(county: County, case: UUID, need: str, area: str, agency: str, urgency: Urgency, *, days: int) -> UUID:
    with clock.at(county.now - timedelta(days=days, minutes=30)):
        async with county.hub.db.work() as session:
            coordinator = await county.actor(session, "coordinator")
            to = county.agencies[agency]
            wanted = (await agencies(session, [to]))[to].organization_id
            found = await match(session, MatchRequest(need, area), county.now, 100)
            service = next(m.service for m in found.found if m.service.organization_id == wanted)
            given = SendReferral(case, need, area, urgency, service.id, "請協助評估並提供服務（示範資料）。")
            return await referrals.send_referral(session, coordinator, given)


async def _answer(
    county: County, referral: UUID, login: str, answer: Answer, reason: Reason | None, *, days: int
) -> None:
    with clock.at(county.now - timedelta(days=days)):
        async with county.hub.db.work() as session:
            worker = await county.actor(session, login)
            await referrals.answer_referral(session, worker, AnswerReferral(referral, 1, answer, reason))


async def _consent(county: County, case: UUID, agencies: tuple[str, ...]) -> None:
    with clock.at(county.now - timedelta(days=4)):
        async with county.hub.db.work() as session:
            given = RecordConsent(
                case_id=case,
                grantor=Grantor.VICTIM,
                informed=True,
                notice_version="2026-01",
                categories=(Category.CASE_FACTS, Category.VICTIM_IDENTITY, Category.VICTIM_CONTACT),
                purposes=(Purpose.TREATMENT, Purpose.SCHOOLING, Purpose.PROTECTION, Purpose.RISK_CONFERENCE),
                recipients=tuple(county.agencies[code] for code in agencies),
                written=False,
                ends_at=county.now + timedelta(days=90),
            )
            await consents.record_consent(session, await county.actor(session, "coordinator"), given)


async def _confer(county: County, case: UUID) -> None:
    """A conference on the next working day at ten; justice is not asked, so its composition lacks a network."""
    zone = clocks.zone()
    day = clocks.calendar().next_working(county.now.astimezone(zone).date() + timedelta(days=1))
    starts = datetime.combine(day, time(10), zone)
    invited = ("demo-police", "demo-hospital", "demo-education", "demo-labour")
    async with county.hub.db.work() as session:
        given = conferences.CallMeeting(
            cases=(case,),
            agencies={county.agencies[code]: code != "demo-labour" for code in invited},
            starts_at=starts,
            minutes=60,
            place=PlaceKind.ONSITE,
        )
        await conferences.call_meeting(session, await county.actor(session, "coordinator"), given)


async def _waiting(county: County) -> None:
    """Two reports nobody has opened yet."""
    for number, area in ((5, "99001050"), (6, "99001060")):
        story = _Story(f"示範被害人{number}", f"示範相對人{number}", area, 0, 0, "疑似反覆守候（示範資料）。")
        async with county.hub.db.work() as session:
            await cases.file_report(session, await county.actor(session, "reporter"), _report(story))
