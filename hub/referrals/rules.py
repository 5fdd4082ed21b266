"""Pure rules of referrals: the closed lists and the state machine."""

from __future__ import annotations

from enum import StrEnum

from hub.base.errors import Conflict, FieldError, InvalidInput


class ReferralState(StrEnum):
    """Where a referral stands (FHIR Task; in brackets what Taiwan's social administration calls it)."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RETURNED = "returned"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Answer(StrEnum):
    """What an agency answers."""

    ACCEPT = "accept"
    DECLINE = "decline"
    RETURN = "return"


class Reason(StrEnum):
    """Why a referral is declined or returned: codes, never free text, so that refusals can be counted."""

    NO_CAPACITY = "no_capacity"
    OUTSIDE_AREA = "outside_area"
    NOT_ELIGIBLE = "not_eligible"
    NOT_OUR_DUTY = "not_our_duty"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    MORE_INFORMATION = "more_information"
    PERSON_DECLINED = "person_declined"
    CANNOT_REACH = "cannot_reach"


class Outcome(StrEnum):
    """What came of an accepted referral."""

    SERVICE_GIVEN = "service_given"
    PARTLY_GIVEN = "partly_given"
    PERSON_DECLINED = "person_declined"
    CANNOT_REACH = "cannot_reach"


_NEXT = {
    (ReferralState.REQUESTED, Answer.ACCEPT): ReferralState.ACCEPTED,
    (ReferralState.REQUESTED, Answer.DECLINE): ReferralState.REJECTED,
    (ReferralState.REQUESTED, Answer.RETURN): ReferralState.RETURNED,
    (ReferralState.ACCEPTED, Answer.RETURN): ReferralState.RETURNED,
}


def answered(state: ReferralState, answer: Answer, reason: Reason | None) -> ReferralState:
    """The state after an answer. A refusal needs a reason, an acceptance takes none; what cannot follow conflicts."""
    if answer is Answer.ACCEPT and reason is not None:
        raise InvalidInput(FieldError("reason", "no_reason_needed"))
    if answer is not Answer.ACCEPT and reason is None:
        raise InvalidInput(FieldError("reason", "reason_needed"))
    after = _NEXT.get((state, answer))
    if after is None:
        raise Conflict("already_answered")
    return after
