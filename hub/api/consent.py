"""GraphQL: consents, and the ledger of who saw what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from hub.consent import actions, views
from hub.consent.actions import Grantor
from hub.policy.terms import Category, Purpose, Role

from .agencies import Agency
from .context import Info
from .describe import Connection, Node, describes, first_of, key_of, page
from .permissions import CASE_WORK, Asks, Does
from .problems import outcome

ACCOUNTING = frozenset({Role.COORDINATOR, Role.AUDITOR})


@strawberry.type(description="A consent record (ISO/TS 27560), for whoever does the case's work.")
@describes(views.ConsentView, public=frozenset({"recipients"}))
class Consent(Node):
    """A consent."""

    categories: list[Category] | None = strawberry.field(description="What may be shown.")
    purposes: list[Purpose] | None = strawberry.field(description="For what.")
    recipients: list[Agency] = strawberry.field(description="To whom.")
    written: bool | None = strawberry.field(description="Whether it is written (PDPA 6).")
    starts_at: datetime | None = strawberry.field(description="From when.")
    ends_at: datetime | None = strawberry.field(description="Until when.")
    withdrawn_at: datetime | None = strawberry.field(description="When it was withdrawn, if it was.")
    live: bool | None = strawberry.field(description="Whether it works now.")


@strawberry.type(description="One line of the ledger: what was shown to an agency, for what, on which bases.")
@describes(views.DisclosureView, public=frozenset({"agency"}))
class Disclosure(Node):
    """A disclosure."""

    at: datetime | None = strawberry.field(description="When.")
    agency: Agency | None = strawberry.field(description="To which agency.")
    operation: str | None = strawberry.field(description="Through which operation.")
    purpose: Purpose | None = strawberry.field(description="For what.")
    categories: list[Category] | None = strawberry.field(description="What was shown.")
    bases: list[str] | None = strawberry.field(description="Rows of the policy's permit table it rested on.")


@strawberry.input(description="A consent as given by the victim, or for them (DVPA 50-1; PDPA 6-8).")
class RecordConsentInput:
    """A consent."""

    case_id: strawberry.ID = strawberry.field(description="The case.")
    grantor: Grantor = strawberry.field(description="Who gives it.")
    informed: bool = strawberry.field(description="Whether the notice of PDPA 8 was given and understood.")
    notice_version: str = strawberry.field(description="Version of that notice.")
    categories: list[Category] = strawberry.field(description="What may be shown.")
    purposes: list[Purpose] = strawberry.field(description="For what.")
    recipient_ids: list[strawberry.ID] = strawberry.field(description="Agencies it may be shown to.")
    written: bool = strawberry.field(description="Whether it is signed or witnessed; needed for health and justice.")
    ends_at: datetime = strawberry.field(description="Until when, at most two years.")
    grantor_is_opposite: bool = strawberry.field(
        default=False, description="The custodian or representative is the opposite party: refused (DVPA 50-1)."
    )
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="Withdraw a consent. No reason is asked.")
class WithdrawConsentInput:
    """A withdrawal."""

    consent_id: strawberry.ID = strawberry.field(description="The consent.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.type
class ConsentQuery:
    """Queries about consents and disclosures."""

    @strawberry.field(
        description="A case's consents, newest first; empty for whoever does not do its work.",
        extensions=[Asks(CASE_WORK)],
        graphql_type=list[Consent],
    )
    async def consents(self, info: Info, case_id: strawberry.ID) -> Any:
        key = key_of(case_id, "Case", path="caseId")
        return await views.consents(info.context.session, info.context.person, key)

    @strawberry.field(
        description="Who saw what of a case, newest first (PDPA 3, 10; DVPA 4).",
        extensions=[Asks(ACCOUNTING)],
        graphql_type=Connection[Disclosure],
    )
    async def disclosures(self, info: Info, case_id: strawberry.ID, first: int = 50, after: str | None = None) -> Any:
        key = key_of(case_id, "Case", path="caseId")
        found, cursors, more = await views.ledger(
            info.context.session, info.context.person, key, first_of(first), after
        )
        return page(found, cursors, more=more)


@strawberry.type
class ConsentMutation:
    """Mutations of consents."""

    @strawberry.mutation(
        description="Record a consent for one's own case.",
        extensions=[Does(CASE_WORK, views.consent)],
        graphql_type=outcome("RecordConsentResult", Consent),
    )
    async def record_consent(self, info: Info, input: RecordConsentInput) -> Any:
        given = actions.RecordConsent(
            case_id=key_of(input.case_id, "Case", path="caseId"),
            grantor=input.grantor,
            informed=input.informed,
            notice_version=input.notice_version,
            categories=tuple(input.categories),
            purposes=tuple(input.purposes),
            recipients=tuple(key_of(i, "Agency", path="recipientIds") for i in input.recipient_ids),
            written=input.written,
            ends_at=input.ends_at,
            grantor_is_opposite=input.grantor_is_opposite,
        )
        return await actions.record_consent(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="Withdraw a consent: from this moment nothing rests on it, anywhere.",
        extensions=[Does(CASE_WORK, views.consent)],
        graphql_type=outcome("WithdrawConsentResult", Consent),
    )
    async def withdraw_consent(self, info: Info, input: WithdrawConsentInput) -> Any:
        key = key_of(input.consent_id, "Consent", path="consentId")
        return await actions.withdraw_consent(info.context.session, info.context.person, key)
