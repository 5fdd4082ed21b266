"""What a person does with reports and cases: file a report, open the case, record its risk."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base import clocks
from hub.base.crypto import blind
from hub.base.db import Session, keys_of
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound
from hub.base.ids import new_id, receipt
from hub.base.vault import Vault, new_key
from hub.consent import standing
from hub.identity.lookups import centre_for, relations
from hub.notices.outbox import Notice, notify
from hub.policy.terms import Actor, Standing
from scheduling import deadlines

from .rules import PartyKind, Relationship, RiskLevel, governing_acts, level_of, require
from .tables import CaseFile, Party, Report, RiskAssessment

_SOON = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Person:
    """A person as first told: a name, and whatever else is known. Empty means not known."""

    name: str
    birth_date: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class FileReport:
    """A report. `learned_at` starts the 24 hours of DVPA 50; an oral one is supplemented within 24 hours (ER 21)."""

    learned_at: datetime
    oral: bool
    area: str
    relationship: Relationship
    stalking: bool
    victim_age: int | None
    victim: Person
    opposite: Person
    reporter: Person
    summary: str


@dataclass(frozen=True, slots=True)
class RecordRisk:
    """An assessment: instrument, score, and the assessor's own judgement with its reasons."""

    case_id: UUID
    version: int
    instrument: str
    score: int | None
    judged: RiskLevel
    judgement: str


async def file_report(session: Session, actor: Actor, given: FileReport) -> UUID:
    """Take a report in and tell the centre of its area; returns its id. Its reporter alone reads the receipt (P14)."""
    _check_report(given, moment(session))
    centre_id = await centre_for(session, given.area)
    if centre_id is None:
        raise InvalidInput(FieldError("area", "no_centre_for_area"))
    now, report_id = moment(session), new_id()
    wrapped = new_key(session, report_id)
    vault = Vault(session, report_id, wrapped)
    content = {
        "summary": given.summary,
        "relationship": given.relationship.value,
        "stalking": given.stalking,
        "victim": asdict(given.victim),
        "opposite": asdict(given.opposite),
    }
    report = Report(
        id=report_id,
        receipt=receipt(),
        centre_id=centre_id,
        filed_by=actor.id,
        filed_agency_id=actor.agency_id,
        learned_at=given.learned_at,
        received_at=now,
        oral=given.oral,
        area=given.area,
        acts=[g.act for g in governing_acts(given.relationship, given.victim_age, stalking=given.stalking)],
        data_key=wrapped,
        content=vault.lock("content", content),
        reporter=vault.lock("reporter", asdict(given.reporter)),
        victim_index=blind(keys_of(session), "name", given.victim.name),
        opposite_index=blind(keys_of(session), "name", given.opposite.name) if given.opposite.name else None,
    )
    session.add(report)
    await session.flush()
    await clocks.start(session, "report", report_id, actor.agency_id, given.learned_at)
    await deadlines.meet(session, report_id, "report", now)
    if given.oral:
        await clocks.start(session, "report_supplement", report_id, actor.agency_id, now)
    await notify(session, Notice("report_received", centre_id, report_id))
    await append(session, actor, "report.file", report_id, body={"acts": report.acts, "oral": given.oral})
    return report_id


def _check_report(given: FileReport, now: datetime) -> None:
    require([("summary", given.summary, 4000), ("area", given.area, 64)])
    if given.learned_at.tzinfo is None:
        raise InvalidInput(FieldError("learnedAt", "needs_offset"))
    if given.learned_at > now + _SOON:
        raise InvalidInput(FieldError("learnedAt", "in_the_future"))
    if given.victim_age is not None and not 0 <= given.victim_age <= 130:
        raise InvalidInput(FieldError("victimAge", "out_of_range"))
    for path, person in (("victim", given.victim), ("opposite", given.opposite), ("reporter", given.reporter)):
        require([(f"{path}.{part}", value or "-", 200) for part, value in asdict(person).items()])
    require([("victim.name", given.victim.name, 200)])


async def open_case(session: Session, actor: Actor, report_id: UUID) -> UUID:
    """Open a case from a received report of one's own centre; the opener becomes its coordinator (P1)."""
    report = await session.get(Report, report_id, with_for_update=True)
    if report is None or report.centre_id != actor.agency_id:
        raise NotFound
    if (await relations(session, actor.id)).conflict(report.victim_index, report.opposite_index):
        raise NotFound  # who is close to a party neither opens the case nor learns that there is one (F2)
    if report.state != "received":
        raise Conflict("report_already_opened")
    case_id, now = new_id(), moment(session)
    content = Vault(session, report_id, report.data_key).unlock("content", report.content)
    wrapped = new_key(session, case_id)
    vault = Vault(session, case_id, wrapped)
    session.add(
        CaseFile(
            id=case_id,
            number=f"C-{receipt()[:9]}",
            centre_id=actor.agency_id,
            coordinator_id=actor.id,
            area=report.area,
            acts=report.acts,
            opened_at=now,
            data_key=wrapped,
            facts=vault.lock("facts", told(content)),
        )
    )
    await session.flush()
    report.state, report.case_id = "opened", case_id
    session.add(report)
    for kind in (PartyKind.VICTIM, PartyKind.OPPOSITE):
        if content[kind.value]["name"]:
            await _add_party(session, vault, kind, content[kind.value])
    here = actor.agency_id  # a coordinator who moves to another centre leaves the case behind
    await standing.stand(session, case_id, Standing.ASSIGNED, case_id, staff_id=actor.id, agency_id=here)
    await standing.stand(session, case_id, Standing.SAME_CENTRE, case_id, agency_id=actor.agency_id)
    await append(session, actor, "case.open", case_id, cases=[case_id], body={"report": str(report_id)})
    return case_id


def told(content: dict[str, Any]) -> dict[str, Any]:
    """What a report's content tells of the case itself: its written form, if it has come in, follows the summary."""
    whole = "\n\n".join(part for part in (content["summary"], content.get("supplement")) if part)
    return {"summary": whole, "relationship": content["relationship"], "stalking": content["stalking"]}


async def _add_party(session: Session, vault: Vault, kind: PartyKind, person: dict[str, Any]) -> None:
    party_id = new_id()
    index = blind(keys_of(session), "name", person["name"])
    session.add(
        Party(
            id=party_id,
            case_id=vault.owner,
            kind=kind,
            person=vault.lock(f"party:{party_id}", person),
            person_index=index,
        )
    )
    await session.flush()


async def record_risk(session: Session, actor: Actor, given: RecordRisk) -> UUID:
    """Record an assessment; at high risk the case is listed and the clock of its meeting starts. Returns the case."""
    case = await own_case(session, actor, given.case_id, given.version)
    require([("judgement", given.judgement, 4000)])
    level, by_judgement = level_of(given.instrument, given.score, given.judged)
    now, assessment_id = moment(session), new_id()
    vault = Vault(session, case.id, case.data_key)
    session.add(
        RiskAssessment(
            id=assessment_id,
            case_id=case.id,
            instrument=given.instrument,
            version="2023" if given.instrument == "TIPVDA" else "2009",
            score=given.score,
            level=level,
            by_judgement=by_judgement,
            judgement=vault.lock(f"risk:{assessment_id}", given.judgement),
            assessed_by=actor.id,
            assessed_at=now,
        )
    )
    case.risk_level = level
    if level is RiskLevel.HIGH and case.listed_at is None:
        case.listed_at = now
        await clocks.start(session, "high_risk_meeting", case.id, actor.agency_id, now)
    await touch(session, case)
    body = {"instrument": given.instrument, "level": level.value, "by_judgement": by_judgement}
    await append(session, actor, "risk.record", case.id, cases=[case.id], body=body)
    return case.id


async def own_case(session: Session, actor: Actor, case_id: UUID, version: int | None = None) -> CaseFile:
    """The case of its assigned coordinator, locked for change. Anything else looks absent; an old version conflicts."""
    facts = await standing.facts(session, actor, case_id)
    if Standing.ASSIGNED not in facts.standings or facts.conflicted:
        raise NotFound
    case = await session.get(CaseFile, case_id, with_for_update=True)
    if case is None:
        raise NotFound
    if case.state != "open":
        raise Conflict("case_closed")
    if version is not None and case.version != version:
        raise Conflict("changed_meanwhile")
    return case


async def touch(session: Session, case: CaseFile) -> None:
    """Count the change of a case."""
    case.version += 1
    session.add(case)
    await session.flush()
