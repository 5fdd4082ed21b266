"""GraphQL: reports, cases, parties and risk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from hub.cases import actions, reports, supplements, views
from hub.cases.actions import Person
from hub.cases.parties import PartyView
from hub.policy.terms import Role

from .context import Info
from .describe import Connection, Node, describes, first_of, gid, key_of, page
from .lookahead import wanted
from .permissions import CASE_WORK, SIGNED_IN, Asks, Does
from .problems import outcome
from .terms import Category, PartyKind, Relationship, RiskLevel

HIDDEN = "Fields that are closed to the caller, filled in or not; in any other, null means not recorded."
REPORTING = frozenset(
    {Role.REPORTER, Role.AGENCY_WORKER, Role.AGENCY_MANAGER, Role.COORDINATOR, Role.INTAKE_OFFICER, Role.MACHINE}
)
INTAKE = frozenset({Role.COORDINATOR, Role.INTAKE_OFFICER})


@strawberry.type(description="A category that is hidden here, and how to ask for it.")
@describes(views.WithheldView, public=frozenset({"*"}))
class Withheld:
    """Something hidden."""

    field: Category = strawberry.field(description="What is hidden. It says nothing of whether anything is recorded.")
    reason: str = strawberry.field(description="Code of the reason.")
    how_to_ask: str = strawberry.field(description="Code of the way to ask for it.")


@strawberry.type(description="Somebody a case is about; each part opens by its own category.")
@describes(PartyView, public=frozenset({"hidden"}))
class Party(Node):
    """A party."""

    kind: PartyKind | None = strawberry.field(description="Who they are in the case.")
    name: str | None = strawberry.field(description="Name; initials where only initials may be shown.")
    birth_date: str | None = strawberry.field(description="Birth date as recorded, YYYY-MM-DD.")
    phone: str | None = strawberry.field(description="Telephone.")
    address: str | None = strawberry.field(description="Where they are. Never a shelter's address (DVPA 56).")
    hidden: list[str] = strawberry.field(description=HIDDEN)


@strawberry.type(description="A risk assessment with a named instrument; its items are never held.")
@describes(views.RiskView)
class RiskAssessment(Node):
    """A risk assessment."""

    instrument: str | None = strawberry.field(description="Instrument, e.g. TIPVDA.")
    version: str | None = strawberry.field(description="Version of the instrument.")
    score: int | None = strawberry.field(description="Score.")
    level: RiskLevel | None = strawberry.field(description="Level by score, or raised by judgement.")
    by_judgement: bool | None = strawberry.field(description="Whether professional judgement raised the level.")
    judgement: str | None = strawberry.field(description="The assessor's reasons.")
    assessed_at: datetime | None = strawberry.field(description="When.")


@strawberry.type(description="A running clock of the statutory table.")
@describes(views.ClockView)
class Clock(Node):
    """A clock."""

    code: str | None = strawberry.field(description="Code of the clock, e.g. `high_risk_meeting`.")
    due_at: datetime | None = strawberry.field(description="When it runs out.")


@strawberry.type(description="A case of a prevention centre, as far as the caller may see it.")
@describes(views.CaseView, public=frozenset({"version", "hidden"}))
class Case(Node):
    """A case."""

    version: int = strawberry.field(description="Give it back with a change; an older one is a `Conflict`.")
    number: str | None = strawberry.field(description="Random case number; it tells nothing of when or where.")
    state: str | None = strawberry.field(description="`open` or `closed`.")
    area: str | None = strawberry.field(description="Area code where help is needed.")
    acts: list[str] | None = strawberry.field(description="Acts that govern: DVPA, SHPA.")
    opened_at: datetime | None = strawberry.field(description="When it was opened.")
    assigned: bool | None = strawberry.field(description="Whether the caller is its coordinator.")
    summary: str | None = strawberry.field(description="What happened, as summarised.")
    relationship: Relationship | None = strawberry.field(description="Opposite party to victim.")
    risk_level: RiskLevel | None = strawberry.field(description="Present risk level.")
    listed_at: datetime | None = strawberry.field(description="When it was listed as high-risk.")
    parties: list[Party] = strawberry.field(description="Parties of whom something may be shown.")
    risks: list[RiskAssessment] = strawberry.field(description="Assessments, newest first.")
    clocks: list[Clock] = strawberry.field(description="Running clocks, the next due first.")
    withheld: list[Withheld] = strawberry.field(description="What is hidden from the caller, and how to ask.")
    hidden: list[str] = strawberry.field(description=HIDDEN)


@strawberry.type(description="A report of suspected violence or stalking.")
@describes(reports.ReportView, public=frozenset({"hidden"}))
class Report(Node):
    """A report."""

    receipt: str | None = strawberry.field(description="Receipt, for its reporter and its intake officer.")
    state: str | None = strawberry.field(description="`received`, `opened` or `closed`.")
    received_at: datetime | None = strawberry.field(description="When it came in.")
    oral: bool | None = strawberry.field(description="Whether it was made orally and must be supplemented (ER 21).")
    area: str | None = strawberry.field(description="Area code.")
    acts: list[str] | None = strawberry.field(description="Acts that may govern.")
    supplement_due_at: datetime | None = strawberry.field(description="Until when the form of an oral one is due.")
    supplemented_at: datetime | None = strawberry.field(description="When the written form came in.")
    supplement: str | None = strawberry.field(description="What the written form says.")
    summary: str | None = strawberry.field(description="What was told.")
    relationship: Relationship | None = strawberry.field(description="Opposite party to victim, as told.")
    victim_name: str | None = strawberry.field(description="Victim, as told.")
    opposite_name: str | None = strawberry.field(description="Opposite party, as told.")
    reporter_name: str | None = strawberry.field(description="Who reported: to the intake officer alone (DVPA 50 II).")
    reporter_phone: str | None = strawberry.field(description="How to reach the reporter: as above.")
    hidden: list[str] = strawberry.field(description=HIDDEN)


@strawberry.input(description="A person as first told. Leave out what is not known.")
class PersonInput:
    """A person."""

    name: str = strawberry.field(default="", description="Name.")
    birth_date: str = strawberry.field(default="", description="YYYY-MM-DD.")
    phone: str = strawberry.field(default="", description="Telephone.")
    address: str = strawberry.field(default="", description="Address. Never a shelter's.")

    def given(self) -> Person:
        """As the use case takes it."""
        return Person(self.name, self.birth_date, self.phone, self.address)


@strawberry.input(description="A report (DVPA 50: within 24 hours of learning; SHPA 4).")
class FileReportInput:
    """A report."""

    learned_at: datetime = strawberry.field(description="When the duty-bound person learned of it; starts 24 hours.")
    area: str = strawberry.field(description="Area code where help is needed.")
    summary: str = strawberry.field(description="What happened, at most 4,000 characters.")
    victim: PersonInput = strawberry.field(description="The victim; a name is needed.")
    relationship: Relationship = strawberry.field(description="Opposite party to victim.")
    stalking: bool = strawberry.field(description="Whether any behaviour of SHPA 3 I is suspected.")
    oral: bool = strawberry.field(default=False, description="Made orally in an emergency; supplement in 24 hours.")
    victim_age: int | None = strawberry.field(default=None, description="Age in years, if known.")
    opposite: PersonInput = strawberry.field(default_factory=PersonInput, description="The opposite party.")
    reporter: PersonInput = strawberry.field(default_factory=PersonInput, description="The reporter; kept apart.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="The written form of an oral report (DVPA Enforcement Rules 21: within 24 hours).")
class SupplementReportInput:
    """The written form."""

    report_id: strawberry.ID = strawberry.field(description="The oral report.")
    text: str = strawberry.field(description="What the form says, at most 4,000 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="Open a case from a report.")
class OpenCaseInput:
    """Open a case."""

    report_id: strawberry.ID = strawberry.field(description="The report.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="A risk assessment. A judgement may raise a score's level, never lower it.")
class RecordRiskInput:
    """A risk assessment."""

    case_id: strawberry.ID = strawberry.field(description="The case.")
    version: int = strawberry.field(description="Version of the case as read.")
    instrument: str = strawberry.field(description="`TIPVDA` or `DASH`.")
    score: int = strawberry.field(description="Score of the instrument.")
    judged: RiskLevel = strawberry.field(description="The assessor's own judgement.")
    judgement: str = strawberry.field(description="Its reasons, at most 4,000 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.type
class CaseQuery:
    """Queries about cases."""

    @strawberry.field(
        description="A case, or null when there is none the caller may know of.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=Case | None,
    )
    async def case(self, info: Info, id: strawberry.ID) -> Any:
        return await views.case(info.context.session, info.context.person, key_of(id, "Case"))

    @strawberry.field(
        description="The caller's own open cases, newest first.",
        extensions=[Asks(CASE_WORK)],
        graphql_type=Connection[Case],
    )
    async def my_cases(self, info: Info, first: int = 20, after: strawberry.ID | None = None) -> Any:
        last = key_of(after, "Case", path="after") if after else None
        asked = wanted(info).attributes("edges.node")
        session, actor = info.context.session, info.context.person
        found, more = await views.my_cases(session, actor, first_of(first), last, asked=asked)
        return page(found, [gid("Case", view.id) for view in found], more=more)

    @strawberry.field(
        description="A report, or null when there is none the caller may know of.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=Report | None,
    )
    async def report(self, info: Info, id: strawberry.ID) -> Any:
        return await reports.report(info.context.session, info.context.person, key_of(id, "Report"))

    @strawberry.field(
        description="The caller's own reports, newest first.",
        extensions=[Asks(REPORTING)],
        graphql_type=list[Report],
    )
    async def my_reports(self, info: Info, first: int = 20) -> Any:
        return await reports.my_reports(info.context.session, info.context.person, first_of(first))

    @strawberry.field(
        description="Reports to the caller's centre that nobody has opened, the oldest first.",
        extensions=[Asks(INTAKE)],
        graphql_type=list[Report],
    )
    async def waiting_reports(self, info: Info, first: int = 20) -> Any:
        return await reports.waiting_reports(info.context.session, info.context.person, first_of(first))

    @strawberry.field(
        description="Oral reports to the caller's centre whose written form has not come in, the oldest first.",
        extensions=[Asks(INTAKE)],
        graphql_type=list[Report],
    )
    async def unwritten_reports(self, info: Info, first: int = 20) -> Any:
        return await reports.unwritten_reports(info.context.session, info.context.person, first_of(first))


@strawberry.type
class CaseMutation:
    """Mutations of cases."""

    @strawberry.mutation(
        description="File a report; its receipt comes back.",
        extensions=[Does(REPORTING, reports.report)],
        graphql_type=outcome("FileReportResult", Report),
    )
    async def file_report(self, info: Info, input: FileReportInput) -> Any:
        given = actions.FileReport(
            learned_at=input.learned_at,
            oral=input.oral,
            area=input.area,
            relationship=input.relationship,
            stalking=input.stalking,
            victim_age=input.victim_age,
            victim=input.victim.given(),
            opposite=input.opposite.given(),
            reporter=input.reporter.given(),
            summary=input.summary,
        )
        return await actions.file_report(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="The written form of an oral report has come in: from its reporter, or entered by the centre.",
        extensions=[Does(REPORTING, reports.report)],
        graphql_type=outcome("SupplementReportResult", Report),
    )
    async def supplement_report(self, info: Info, input: SupplementReportInput) -> Any:
        given = supplements.SupplementReport(key_of(input.report_id, "Report", path="reportId"), input.text)
        return await supplements.supplement_report(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="Open a case from a report of one's own centre and become its coordinator.",
        extensions=[Does(CASE_WORK, views.case)],
        graphql_type=outcome("OpenCaseResult", Case),
    )
    async def open_case(self, info: Info, input: OpenCaseInput) -> Any:
        key = key_of(input.report_id, "Report", path="reportId")
        return await actions.open_case(info.context.session, info.context.person, key)

    @strawberry.mutation(
        description="Record a risk assessment; at high risk the case is listed and its meeting's clock starts.",
        extensions=[Does(CASE_WORK, views.case)],
        graphql_type=outcome("RecordRiskResult", Case),
    )
    async def record_risk(self, info: Info, input: RecordRiskInput) -> Any:
        given = actions.RecordRisk(
            case_id=key_of(input.case_id, "Case", path="caseId"),
            version=input.version,
            instrument=input.instrument,
            score=input.score,
            judged=input.judged,
            judgement=input.judgement,
        )
        return await actions.record_risk(info.context.session, info.context.person, given)
