"""A served hub with two agencies, a centre and one open case, for everything that asks the API the wrong way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from directory.matching import MatchRequest, match
from hub.base.settings import Settings
from hub.base.settings import settings as current
from hub.base.time import now
from hub.cases import actions as cases
from hub.cases.actions import FileReport, RecordRisk
from hub.cases.actions import Person as Told
from hub.cases.rules import Relationship, RiskLevel
from hub.identity.actors import actor_of
from hub.policy.terms import Role
from hub.referrals.actions import SendReferral, send_referral
from scheduling.clocks import Urgency
from tests.support.hub import Person, Running, free_port, running
from tests.support.identity import Provider, make_agency, make_staff, oidc

__all__ = ["oidc"]

VICTIM = "甲女金絲雀"
AREA = "99001010"


@dataclass
class World:
    """Who and what there is."""

    hub: Running
    people: dict[str, Person]
    agencies: dict[str, UUID]
    case: UUID
    referral: UUID
    report: UUID
    service: UUID
    offers: tuple[str, ...]
    """The needs it is there for."""


@pytest.fixture
def settings(settings_env: pytest.MonkeyPatch, oidc: Provider, tmp_path: Path) -> Settings:
    """Settings of a hub that trusts the test's provider."""
    for name, value in {
        "OIDC_ISSUER": oidc.issuer,
        "PORT": str(free_port()),
        "SMTP_PORT": str(free_port()),
        "STATE_DIR": str(tmp_path / "state"),
    }.items():
        settings_env.setenv(f"HUB_{name}", value)
    current.cache_clear()
    return current()


@pytest.fixture
def template(county_template: str) -> str:
    """The county is there."""
    return county_template


@pytest_asyncio.fixture(loop_scope="session")
async def world(settings: Settings, database_url: str, oidc: Provider) -> AsyncIterator[World]:
    """The world, told through the use cases."""
    async with running(settings, database_url) as hub:
        yield await told(hub, oidc)


async def told(hub: Running, oidc: Provider) -> World:
    """Agencies, people, a report, a case and a referral."""
    agencies: dict[str, UUID] = {}
    async with hub.hub.db.work() as session:
        found = (await match(session, MatchRequest("counselling", AREA), now(), 5)).found[0].service
        agencies["centre"] = await make_agency(session, "centre", "centre", is_centre=True)
        agencies["clinic"] = await make_agency(session, "clinic", organization_id=found.organization_id)
        agencies["other"] = await make_agency(session, "other", "labour")
        for login, agency, roles in (
            ("coordinator", "centre", (Role.COORDINATOR,)),
            ("colleague", "centre", (Role.COORDINATOR,)),
            ("clinic", "clinic", (Role.AGENCY_WORKER,)),
            ("other", "other", (Role.AGENCY_WORKER,)),
            ("reporter", "other", (Role.REPORTER,)),
            ("auditor", "other", (Role.AUDITOR,)),
            ("boss", "other", (Role.ADMINISTRATOR,)),
        ):
            await make_staff(session, oidc.issuer, login, agencies[agency], *roles)
    async with hub.hub.db.work() as session:
        coordinator = await actor_of(session, oidc.issuer, "coordinator")
        reporter = await actor_of(session, oidc.issuer, "reporter")
        assert coordinator is not None
        assert reporter is not None
        first, second = [await cases.file_report(session, reporter, _report()) for _ in range(2)]
        case = await cases.open_case(session, coordinator, first)
        await cases.record_risk(session, coordinator, RecordRisk(case, 1, "TIPVDA", 9, RiskLevel.HIGH, "示範"))
        given = SendReferral(case, "counselling", AREA, Urgency.URGENT, found.id, "示範")
        referral = await send_referral(session, coordinator, given)
    logins = ("coordinator", "colleague", "clinic", "other", "reporter", "auditor", "boss")
    people = {login: hub.person(await oidc.bearer(login)) for login in logins}
    people["nobody"] = hub.person(None)
    return World(hub, people, agencies, case, referral, second, found.id, found.needs)


def _report() -> FileReport:
    return FileReport(
        learned_at=now() - timedelta(hours=1),
        oral=False,
        area=AREA,
        relationship=Relationship.OTHER,
        stalking=True,
        victim_age=30,
        victim=Told(VICTIM, phone="0900-000-111"),
        opposite=Told("乙男金絲雀"),
        reporter=Told("丙師金絲雀"),
        summary="示範",
    )
