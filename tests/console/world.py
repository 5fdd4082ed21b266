"""A small fictional county behind the console: agencies, people of the built-in issuer, a directory, a first report."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Page
from sqlalchemy import text, update
from sqlmodel import col

from directory import county, template_writer
from directory.actions import import_package
from hub.api.describe import gid, key_of
from hub.api.run import run
from hub.base import migrate, time
from hub.base.clocks import calendar, zone
from hub.base.databases import bootstrap
from hub.base.db import Database
from hub.base.postgres import APP, OWNER, EmbeddedPostgres
from hub.base.settings import Settings
from hub.base.settings import settings as current
from hub.identity.actors import actor_by_id
from hub.identity.demo_people import demo_people
from hub.identity.provider import issuer_of
from hub.identity.tables import Agency
from hub.imports.actions import receive
from tests.support.filling import filled
from tests.support.hub import Running, free_port, running
from tests.support.identity import make_agency, make_staff

AREA = "99001010"
NEED = "counselling"
VICTIM, PHONE, ADDRESS, OPPOSITE = "甲女示範", "0900-000-111", "無名路一號", "乙男示範"
NAMES = {
    "demo-centre": "虛構縣家庭暴力防治中心",
    "demo-police": "虛構縣警察局",
    "demo-hospital": "虛構綜合醫院",
    "demo-labour": "虛構縣勞工處",
    "demo-education": "虛構縣教育處",
    "demo-shelter": "虛構婦女協會",
    "demo-authority": "虛構縣政府社會處",
}


@dataclass(slots=True)
class County:
    """The served hub, the ids of its agencies by code and of its people by login."""

    hub: Running
    agencies: dict[str, UUID]
    people: dict[str, UUID]

    async def ask(self, login: str, operation: str, **variables: Any) -> Any:
        """The data of a named operation's one root field, asked in-process as somebody."""
        hub = self.hub.hub
        answer = await run(
            hub,
            hub.documents.trusted[operation],
            operation,
            variables,
            lambda session: actor_by_id(session, self.people[login]),
            "zh-Hant",
        )
        assert not answer.errors, answer.errors
        assert answer.data is not None
        (data,) = answer.data.values()
        assert not (isinstance(data, dict) and "__typename" in data), data
        return data

    async def do(self, login: str, operation: str, **given: Any) -> Any:
        """What a mutation changed; fails on a problem."""
        return await self.ask(login, operation, input=given)

    async def report(self, *, oral: bool = False) -> Any:
        """A report by the school."""
        return await self.do(
            "reporter",
            "FileReport",
            oral=oral,
            learnedAt=(datetime.now(UTC) - timedelta(hours=2)).isoformat(),
            area=AREA,
            summary="多次在住處外守候並傳訊威脅。",
            relationship="INTIMATE_PARTNER",
            stalking=True,
            victim={"name": VICTIM, "phone": PHONE, "address": ADDRESS, "birthDate": "1996-02-03"},
            opposite={"name": OPPOSITE},
            reporter={"name": "丙師示範", "phone": "0900-000-222"},
        )

    async def case(self, score: int = 9) -> Any:
        """An open, assessed case of the coordinator, from a new report."""
        report = await self.report()
        case = await self.do("coordinator", "OpenCase", reportId=report["id"])
        return await self.do(
            "coordinator",
            "RecordRisk",
            caseId=case["id"],
            version=case["version"],
            instrument="TIPVDA",
            score=score,
            judged="STANDARD",
            judgement="近一個月威脅加劇。",
        )

    async def consent(self, case: str) -> Any:
        """A consent for the hospital and the police."""
        return await self.do(
            "coordinator",
            "RecordConsent",
            caseId=case,
            grantor="VICTIM",
            informed=True,
            noticeVersion="2026-01",
            categories=["CASE_FACTS", "VICTIM_IDENTITY", "VICTIM_CONTACT"],
            purposes=["TREATMENT", "PROTECTION", "RISK_CONFERENCE"],
            recipientIds=[self.gid("demo-hospital"), self.gid("demo-police")],
            written=False,
            endsAt=(datetime.now(UTC) + timedelta(days=90)).isoformat(),
        )

    async def ranked(self) -> list[Any]:
        """The services ranked for the need."""
        found = await self.ask("coordinator", "MatchServices", need=NEED, area=AREA, urgency="NORMAL")
        services: list[Any] = found["found"]
        return services

    async def referral(self, case: str) -> Any:
        """A referral to the first ranked service."""
        service = (await self.ranked())[0]["service"]["id"]
        return await self.do(
            "coordinator",
            "SendReferral",
            caseId=case,
            need=NEED,
            area=AREA,
            urgency="URGENT",
            serviceId=service,
            summary="需要創傷諮商。",
        )

    async def meeting(self, case: str) -> Any:
        """A meeting of the case with police, hospital and school."""
        asked = [{"agencyId": self.gid(code)} for code in ("demo-police", "demo-hospital", "demo-education")]
        before = (datetime.now(UTC) + timedelta(days=20)).isoformat()
        slots = await self.ask("coordinator", "MeetingSlots", agencies=asked, before=before, minutes=60)
        return await self.do(
            "coordinator", "CallMeeting", caseIds=[case], agencies=asked, startsAt=slots[0]["startsAt"], minutes=60
        )

    async def begins(self, meeting: str) -> None:
        """The hour of a meeting has come: it is put to this very minute, for no session lasts the days until it."""
        begun = time.now().replace(second=0, microsecond=0)
        moved = text(
            "update meeting set starts_at = :at, ends_at = :end"
            " where id = (select meeting_id from conference where id = :id)"
        )
        async with self.hub.hub.db.work() as session:
            key = key_of(meeting, "Conference")
            await session.execute(moved, {"id": key, "at": begun, "end": begun + timedelta(hours=1)})

    async def stage(self) -> dict[str, str]:
        """One of everything a coordinator meets; the ids by what they are of."""
        report, case = await self.report(), await self.case()
        consent = await self.consent(case["id"])
        referral = await self.referral(case["id"])
        meeting = await self.meeting(case["id"])
        accounts = (await self.ask("administrator", "Staff"))["edges"]
        rounds = await self.rounds()
        service = (await self.ask("manager", "OwnServices"))["edges"][0]["node"]["serviceId"]
        return {
            **rounds,
            "agency": (await self.ask("administrator", "AgencyRecords"))[0]["id"],
            "account": next(edge["node"]["id"] for edge in accounts if edge["node"]["subject"] == "health"),
            "service": service,
            "change": (await self.ask("manager", "ServiceHistory", id=service))["edges"][0]["node"]["id"],
            "report": report["id"],
            "case": case["id"],
            "consent": consent["id"],
            "referral": referral["id"],
            "meeting": meeting["id"],
            "item": meeting["items"][0]["id"],
            "package": await self.package(),
        }

    async def package(self) -> str:
        """A workbook sent to the directory and tried: twelve services, some of which cannot be used."""
        rows = [{"id": f"F{n}", "organization_id": "A1", "name": f"虛構服務 {n}"} for n in range(12)]
        rows[2]["minimum_age"], rows[5]["name"], rows[7]["need_1"] = "十八", "", "夜間飛行"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "虛構協會.xlsx")
            async with self.hub.hub.db.work() as session:
                template_writer.write_template(path, "zh-Hant", await template_writer.areas_of(session, "zh-Hant"))
            filled(path, "zh-Hant", organization=[{"id": "A1", "name": "虛構協會"}], service=rows)
            found = await self.do("administrator", "StageImport", fileName=path.name, source="虛構協會")
            with io.BytesIO(path.read_bytes()) as file:  # noqa: ASYNC240 - a small file of this test
                async with self.hub.hub.db.work() as session:
                    actor = await actor_by_id(session, self.people["administrator"])
                    assert actor is not None
                    await receive(session, actor, key_of(found["id"], "DirectoryImport"), file)
        await self.hub.work("imports")
        red = """update service set extra = '{"門牌旁": "虛構紅門"}' where id in (select id from service limit 3)"""
        async with self.hub.hub.db.work() as session:  # and an older source said more than any standard knows
            await session.execute(text(red))
        return str(found["id"])

    async def rounds(self) -> dict[str, str]:
        """Two closed rounds of stock-taking and an open one, in which the hospital has answered for one service."""
        day = time.now()
        while not calendar().is_working(day.astimezone(zone()).date()):
            day -= timedelta(days=1)
        with time.at(day):
            return await self._rounds(day.astimezone(zone()).date())

    async def _rounds(self, today: date) -> dict[str, str]:
        made = []
        for number in range(3):
            last = (today + timedelta(days=20 + number)).isoformat()
            given = {"opensOn": today.isoformat(), "closesOn": last, "note": "請於期限內確認。"}
            found = await self.do("administrator", "OpenRound", **given)
            made.append(found["id"])
            tasks = (await self.ask("manager", "MyInventoryTasks", which="UNANSWERED"))["edges"]
            for edge in tasks[: 2 - number]:
                await self.do("manager", "AttestService", serviceId=edge["node"]["serviceId"], answer="UNCHANGED")
            if number < 2:
                await self.do("administrator", "CloseRound", roundId=found["id"], early=True)
        left = (await self.ask("manager", "MyInventoryTasks"))["edges"]
        return {"earlier": made[0], "later": made[1], "round": made[2], "task": left[0]["node"]["id"] if left else ""}

    def gid(self, code: str) -> str:
        """The global id of an agency."""
        return gid("Agency", self.agencies[code])

    async def sign_in(self, page: Page, login: str) -> None:
        """Sign somebody in as a person does: choose them at the built-in issuer."""
        await page.goto(f"{self.hub.url}/auth/sign-in")
        await page.click(f"button[value={login}]")
        await page.wait_for_url(f"{self.hub.url}/")


@asynccontextmanager
async def served(settings: Settings, url: str) -> AsyncIterator[County]:
    """A hub on the database at `url`, which holds the directory, peopled and served for the length of the block."""
    async with running(settings, url) as hub:
        made = County(hub, {}, {})
        people = demo_people()
        async with hub.hub.db.work() as session:
            for person in people:
                if person.agency not in made.agencies:
                    name = NAMES[person.agency]
                    columns = {"name": name, "names": {"zh-Hant": name}, "email": f"{person.agency}@agency.invalid"}
                    made.agencies[person.agency] = await make_agency(
                        session, person.agency, person.network, is_centre=person.network == "centre", **columns
                    )
                made.people[person.login] = await make_staff(
                    session,
                    issuer_of(settings),
                    person.login,
                    made.agencies[person.agency],
                    *person.roles,
                    display_name=person.names["zh-Hant"],
                )
        await _join(made)
        yield made


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[County]:
    """The county outside a test run: a database and settings of its own in `folder`, which others may enter."""
    for name, value in {"MODE": "test", "PORT": free_port(), "SMTP_PORT": free_port(), "STATE_DIR": folder}.items():
        os.environ[f"HUB_{name}"] = str(value)
    current.cache_clear()
    postgres = EmbeddedPostgres(folder / "postgres", fast=True)
    try:
        postgres.start()
        admin, words = postgres.running(), postgres.passwords()
        assert admin is not None
        urls = await bootstrap(admin, words[OWNER], words[APP], "screens")
        await migrate.upgrade(urls.owner, urls.app_password)
        database = Database(urls.app)
        async with database.work() as session:
            package = county.write_county(folder / "county", datetime.now(UTC))
            report = await import_package(session, package, dry_run=False)
            assert report.refused is None, report
        await database.close()
        async with served(current(), urls.app) as made:
            yield made
    finally:
        postgres.stop()


async def _join(made: County) -> None:
    """The hospital of the hub is the organisation whose service ranks first for the need."""
    first = (await made.ranked())[0]["service"]["organizationId"]
    async with made.hub.hub.db.work() as session:
        await session.execute(
            update(Agency).where(col(Agency.id) == made.agencies["demo-hospital"]).values(organization_id=UUID(first))
        )
