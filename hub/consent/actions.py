"""What a person does with consents: record one, withdraw it. A withdrawal works at once and needs no reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound
from hub.base.ids import new_id
from hub.identity.lookups import briefs
from hub.policy.consents import WRITTEN_ONLY
from hub.policy.terms import Actor, Category, Purpose, Standing

from . import standing
from .tables import Consent


class Grantor(StrEnum):
    """Who gives a consent (DVPA 50-1). The opposite party can never give one (F6)."""

    VICTIM = "victim"
    CUSTODIAN = "custodian"
    LEGAL_REPRESENTATIVE = "legal_representative"


NEVER = frozenset({Category.REPORTER_IDENTITY, Category.LEDGER, Category.STATISTICS, Category.EXISTENCE})
"""Categories no consent can name: they are not the victim's to give, or need none."""
LONGEST = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class RecordConsent:
    """A consent as given. `informed`: the notice of PDPA 8 was given, in its named version, and understood."""

    case_id: UUID
    grantor: Grantor
    informed: bool
    notice_version: str
    categories: tuple[Category, ...]
    purposes: tuple[Purpose, ...]
    recipients: tuple[UUID, ...]
    written: bool
    ends_at: datetime
    grantor_is_opposite: bool = False
    """The custodian or legal representative is the opposite party: then it is no consent (DVPA 50-1, F6)."""


async def record_consent(session: Session, actor: Actor, given: RecordConsent) -> UUID:
    """Record a consent for one's own case; returns its id."""
    await _mine(session, actor, given.case_id)
    now = moment(session)
    _check(given, now)
    if len(await briefs(session, given.recipients)) != len(set(given.recipients)):
        raise InvalidInput(FieldError("recipientIds", "unknown_id"))
    consent = Consent(
        id=new_id(),
        case_id=given.case_id,
        grantor=given.grantor,
        capacity=given.informed,
        categories=sorted(set(given.categories)),
        purposes=sorted(set(given.purposes)),
        recipient_ids=sorted(set(given.recipients)),
        written=given.written,
        notice_version=given.notice_version,
        starts_at=now,
        ends_at=given.ends_at,
        recorded_by=actor.id,
        recorded_at=now,
    )
    session.add(consent)
    await session.flush()
    body = {
        "categories": consent.categories,
        "purposes": consent.purposes,
        "recipients": [str(recipient) for recipient in consent.recipient_ids],
        "written": consent.written,
    }
    await append(session, actor, "consent.record", consent.id, cases=[given.case_id], body=body)
    return consent.id


async def withdraw_consent(session: Session, actor: Actor, consent_id: UUID) -> UUID:
    """Withdraw a consent from this moment, everywhere. Doing it twice is a conflict; the first moment stands."""
    consent = await session.get(Consent, consent_id, with_for_update=True)
    if consent is None:
        raise NotFound
    await _mine(session, actor, consent.case_id)
    if consent.withdrawn_at is not None:
        raise Conflict("already_withdrawn")
    consent.withdrawn_at = moment(session)
    session.add(consent)
    await session.flush()
    await append(session, actor, "consent.withdraw", consent.id, cases=[consent.case_id])
    return consent.id


async def _mine(session: Session, actor: Actor, case_id: UUID) -> None:
    facts = await standing.facts(session, actor, case_id)
    if Standing.ASSIGNED not in facts.standings or facts.conflicted:
        raise NotFound


def _check(given: RecordConsent, now: datetime) -> None:
    bad = []
    if not given.informed:
        bad.append(FieldError("informed", "must_be_informed"))
    if given.grantor_is_opposite:
        bad.append(FieldError("grantorIsOpposite", "opposite_cannot_consent"))
    if not given.notice_version.strip():
        bad.append(FieldError("noticeVersion", "required"))
    elif len(given.notice_version) > 100:
        bad.append(FieldError("noticeVersion", "too_long"))
    for path, values in (
        ("categories", given.categories),
        ("purposes", given.purposes),
        ("recipientIds", given.recipients),
    ):
        if not values:
            bad.append(FieldError(path, "choose_one"))
    if NEVER & set(given.categories):
        bad.append(FieldError("categories", "not_to_consent"))
    if WRITTEN_ONLY & set(given.categories) and not given.written:
        bad.append(FieldError("written", "must_be_written"))
    if {Purpose.OVERSIGHT, Purpose.STATISTICS, Purpose.OFFENDER_TREATMENT} & set(given.purposes):
        bad.append(FieldError("purposes", "not_to_consent"))
    if given.ends_at.tzinfo is None or not now < given.ends_at <= now + LONGEST:
        bad.append(FieldError("endsAt", "period_out_of_range"))
    if bad:
        raise InvalidInput(*bad)
