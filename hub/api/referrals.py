"""GraphQL: referrals, the agency's inbox, and what the sender must look after."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from hub.base.errors import FieldError, InvalidInput
from hub.referrals import actions, showing, views
from hub.referrals.rules import Answer, Outcome, Reason, ReferralState
from scheduling.clocks import Urgency

from .agencies import Agency
from .cases import Case, Withheld
from .context import Info
from .describe import Connection, Node, describes, first_of, key_of, localized, page
from .lookahead import wanted
from .moments import moment_of
from .permissions import ANSWERING, CASE_WORK, SIGNED_IN, Asks, Does, Done
from .problems import outcome


@strawberry.type(description="A service of the directory, by name.")
@describes(showing.ServiceBrief, public=frozenset({"*"}))
class ReferredService(Node):
    """A service."""

    name = localized("Its name in a language; the official one where there is none in that language.")


@strawberry.type(description="A need of a case, sent to an agency that owes it, and what became of it.")
@describes(showing.ReferralView, public=frozenset({"version", "from_agency", "to_agency", "service"}))
class Referral(Node):
    """A referral."""

    version: int = strawberry.field(description="Give it back with a change; an older one is a `Conflict`.")
    need: str | None = strawberry.field(description="Code of the need (the duty map).")
    area: str | None = strawberry.field(description="Area code where help is needed.")
    urgency: Urgency | None = strawberry.field(description="How soon it must be answered.")
    state: ReferralState | None = strawberry.field(description="Where it stands.")
    reason: Reason | None = strawberry.field(description="Why it was declined or returned.")
    sent_at: datetime | None = strawberry.field(description="When it was sent.")
    due_at: datetime | None = strawberry.field(description="When the answer is due.")
    answered_at: datetime | None = strawberry.field(description="When it was answered.")
    outcome: Outcome | None = strawberry.field(description="What came of it.")
    summary: str | None = strawberry.field(description="What the coordinator tells the agency of this need.")
    report: str | None = strawberry.field(description="What the agency reported back.")
    from_agency: Agency = strawberry.field(description="Who sent it.")
    to_agency: Agency = strawberry.field(description="Whom it was sent to.")
    service: ReferredService = strawberry.field(description="The service it asks for.")
    case: Case | None = strawberry.field(description="The case, as far as the caller may see it.")
    withheld: list[Withheld] = strawberry.field(description="What is hidden from the caller, and how to ask.")


@strawberry.input(description="Send a need of one's own case to the agency of a service.")
class SendReferralInput:
    """A referral."""

    case_id: strawberry.ID = strawberry.field(description="The case.")
    need: str = strawberry.field(description="Code of the need.")
    area: str = strawberry.field(description="Area code where help is needed.")
    urgency: Urgency = strawberry.field(description="How soon an answer is needed.")
    service_id: strawberry.ID = strawberry.field(description="The directory service.")
    summary: str = strawberry.field(description="All the agency is told without consent, at most 2,000 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="Answer a referral to one's own agency.")
class AnswerReferralInput:
    """An answer."""

    referral_id: strawberry.ID = strawberry.field(description="The referral.")
    version: int = strawberry.field(description="Version of the referral as read.")
    answer: Answer = strawberry.field(description="The answer.")
    reason: Reason | None = strawberry.field(default=None, description="Needed unless accepted.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="Report back what came of an accepted referral.")
class ReportBackInput:
    """A report back."""

    referral_id: strawberry.ID = strawberry.field(description="The referral.")
    version: int = strawberry.field(description="Version of the referral as read.")
    outcome: Outcome = strawberry.field(description="What came of it.")
    text: str = strawberry.field(description="In words, at most 4,000 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.type
class ReferralQuery:
    """Queries about referrals."""

    @strawberry.field(
        description="A referral, or null when there is none the caller may know of.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=Referral | None,
    )
    async def referral(self, info: Info, id: strawberry.ID) -> Any:
        return await views.referral(info.context.session, info.context.person, key_of(id, "Referral"))

    @strawberry.field(
        description="Open referrals to the caller's agency, the next due first.",
        extensions=[Asks(ANSWERING)],
        graphql_type=Connection[Referral],
    )
    async def inbox(self, info: Info, first: int = 50, after: str | None = None) -> Any:
        session, actor = info.context.session, info.context.person
        asked, count = _asked(info, "edges.node"), "totalCount" in wanted(info).under("")
        found, more, total = await views.inbox(session, actor, first_of(first), _place(after), asked, count=count)
        return page(found, [_cursor(view) for view in found], more=more, total=total)

    @strawberry.field(
        description="What the caller has sent and must look after: declined or returned first, then unanswered.",
        extensions=[Asks(CASE_WORK)],
        graphql_type=list[Referral],
    )
    async def sent_referrals(self, info: Info, first: int = 50) -> Any:
        session, actor = info.context.session, info.context.person
        return await views.sent_unanswered(session, actor, first_of(first), _asked(info))

    @strawberry.field(
        description="A case's referrals, newest first, as far as the caller may know of them.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=list[Referral],
    )
    async def case_referrals(self, info: Info, case_id: strawberry.ID) -> Any:
        key = key_of(case_id, "Case", path="caseId")
        return await views.of_case(info.context.session, info.context.person, key, _asked(info))


def _asked(info: Info, path: str = "") -> showing.Asked:
    """What is asked of the referrals selected at this path below the field."""
    asked = wanted(info)
    return showing.Asked(asked.attributes(path), asked.attributes(f"{path}.case" if path else "case"))


def _cursor(view: showing.ReferralView) -> str:
    due = view.due_at.value.isoformat() if view.due_at else ""
    # As in `gid`: of such letters the plain alphabet makes the URL-safe one's words.
    return binascii.b2a_base64(f"{due}|{view.id}".encode(), newline=False).decode()


def _place(after: str | None) -> tuple[datetime, UUID] | None:
    if after is None:
        return None
    try:
        due, _, key = base64.urlsafe_b64decode(after).decode().partition("|")
        return moment_of(due), UUID(key)
    except (ValueError, binascii.Error):
        raise InvalidInput(FieldError("after", "unknown_cursor")) from None


@strawberry.type
class ReferralMutation:
    """Mutations of referrals."""

    @strawberry.mutation(
        description="Send a need to whoever owes it; the answer's clock starts.",
        extensions=[Does(CASE_WORK, views.referral)],
        graphql_type=outcome("SendReferralResult", Referral),
    )
    async def send_referral(self, info: Info, input: SendReferralInput) -> Any:
        given = actions.SendReferral(
            case_id=key_of(input.case_id, "Case", path="caseId"),
            need=input.need,
            area=input.area,
            urgency=input.urgency,
            service_id=key_of(input.service_id, "Service", "ReferredService", path="serviceId"),
            summary=input.summary,
        )
        session, actor, asked = info.context.session, info.context.person, _asked(info)
        sent = await actions.send(session, actor, given)
        if sent.row.to_agency_id == actor.agency_id or asked.beyond:
            return sent.id  # the sender's own standing has changed, or more of the case is asked: it is read
        return Done(sent.id, views.just_sent(session, actor, sent.row, sent.facts, asked))

    @strawberry.mutation(
        description="Accept, decline or return a referral. A refusal ends the agency's sight of the case.",
        extensions=[Does(ANSWERING, views.referral)],
        graphql_type=outcome("AnswerReferralResult", Referral),
    )
    async def answer_referral(self, info: Info, input: AnswerReferralInput) -> Any:
        given = actions.AnswerReferral(
            referral_id=key_of(input.referral_id, "Referral", path="referralId"),
            version=input.version,
            answer=input.answer,
            reason=input.reason,
        )
        return await actions.answer_referral(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="Report back what came of an accepted referral; the agency's sight of the case ends with it.",
        extensions=[Does(ANSWERING, views.referral)],
        graphql_type=outcome("ReportBackResult", Referral),
    )
    async def report_back(self, info: Info, input: ReportBackInput) -> Any:
        given = actions.ReportBack(
            referral_id=key_of(input.referral_id, "Referral", path="referralId"),
            version=input.version,
            outcome=input.outcome,
            text=input.text,
        )
        return await actions.report_back(info.context.session, info.context.person, given)
