"""GraphQL: the closed lists of the policy and of the cases, every value described."""

from __future__ import annotations

from hub.cases.rules import PartyKind, Relationship, RiskLevel
from hub.consent.actions import Grantor
from hub.policy.terms import Category, Purpose
from hub.referrals.rules import Answer, Outcome, Reason, ReferralState
from scheduling.clocks import Urgency
from scheduling.terms import PlaceKind, Rsvp

from .describe import enum

__all__ = [
    "Answer", "Category", "Grantor", "Outcome", "PartyKind", "PlaceKind", "Purpose", "Reason", "ReferralState",
    "Relationship", "RiskLevel", "Rsvp", "Urgency",
]  # fmt: skip

enum(
    Category,
    "Kinds of information about a case; each is hidden until a consent or an article opens it.",
    EXISTENCE="That there is a case, and in what state.",
    CASE_FACTS="What happened, as summarised.",
    RISK_LEVEL="How high the risk is.",
    RISK_DETAIL="Risk assessments with scores and judgements.",
    SAFETY_PLAN="The safety plan.",
    VICTIM_IDENTITY="Who the victim is (SHPA 10; DVPA ER 22).",
    VICTIM_CONTACT="How to reach the victim.",
    VICTIM_WHEREABOUTS="Where the victim is. A shelter's address is stored nowhere (DVPA 56).",
    CHILD_IDENTITY="Who the children are.",
    REPORTER_IDENTITY="Who reported (DVPA 50 II).",
    OPPOSITE_IDENTITY="Who the opposite party is.",
    OPPOSITE_TREATMENT="The opposite party's treatment (DVPA 54, 55).",
    HEALTH="Health information (PDPA 6).",
    EDUCATION="School information.",
    EMPLOYMENT="Work information.",
    JUSTICE="Orders, warnings and notices.",
    MINUTES="Minutes of the agenda item.",
    ACTIONS="Action items.",
    CLOCKS="Running clocks.",
    LEDGER="Who saw what, and consents.",
    STATISTICS="Figures after suppression of small cells.",
)
enum(
    Purpose,
    "Why something is asked; it follows from where the person stands.",
    PROTECTION="Protecting the victim.",
    TREATMENT="Treating the victim, witnesses and family.",
    SCHOOLING="School counselling and education rights.",
    EMPLOYMENT="Safety at work and employment.",
    POLICING="Police protection and investigation.",
    ORDER_ENFORCEMENT="Enforcing a protection order.",
    RISK_CONFERENCE="A risk conference.",
    OFFENDER_TREATMENT="Treating the opposite party.",
    OVERSIGHT="Oversight by the competent authority.",
    STATISTICS="Statistics.",
)
enum(
    RiskLevel,
    "How high the risk of a case is.",
    UNASSESSED="Not assessed yet.",
    STANDARD="Standard.",
    MEDIUM="Medium.",
    HIGH="High: the case is listed for the network meeting (DVPA 8(1)(9)).",
)
enum(
    Relationship,
    "What the opposite party is to the victim; the governing act follows from it.",
    SPOUSE="Spouse or former spouse (DVPA 3).",
    COHABITANT="Lives or lived together (DVPA 3).",
    FAMILY="Another family member of DVPA 3.",
    INTIMATE_PARTNER="Intimate partner, not living together (DVPA 63-1).",
    OTHER="Anybody else (SHPA 3).",
    UNKNOWN="Not known yet.",
)
enum(
    PartyKind,
    "Who somebody is in a case.",
    VICTIM="The victim.",
    CHILD="A child.",
    WITNESS="A witness.",
    OPPOSITE="The opposite party.",
    ASSOCIATED="Somebody associated with the victim (SHPA 3 II).",
)
enum(
    Grantor,
    "Who gives a consent (DVPA 50-1). The opposite party can never give one.",
    VICTIM="The adult victim for themself.",
    CUSTODIAN="The custodian, after the person was told in a way they understand.",
    LEGAL_REPRESENTATIVE="A minor's legal representative.",
)
enum(
    Urgency,
    "How soon a referral must be answered.",
    IMMEDIATE="Within 4 hours.",
    URGENT="Within 24 hours.",
    NORMAL="Within 3 working days.",
)
enum(
    ReferralState,
    "Where a referral stands (FHIR Task).",
    REQUESTED="Sent, not answered yet (轉介等待中).",
    ACCEPTED="Accepted; help is under way (受案).",
    REJECTED="Declined, with a reason (不受案).",
    RETURNED="Returned, with a reason (退回).",
    COMPLETED="Done and reported back (轉介完成).",
    CANCELLED="Withdrawn by the sender.",
)
enum(
    Answer,
    "What an agency answers.",
    ACCEPT="We take it.",
    DECLINE="We do not take it; a reason is needed.",
    RETURN="We give it back; a reason is needed.",
)
enum(
    Reason,
    "Why a referral is declined or returned.",
    NO_CAPACITY="No place free.",
    OUTSIDE_AREA="We do not serve that area.",
    NOT_ELIGIBLE="The person does not meet the conditions.",
    NOT_OUR_DUTY="Another network owes this.",
    CONFLICT_OF_INTEREST="Somebody here is close to a party.",
    MORE_INFORMATION="We need to know more first.",
    PERSON_DECLINED="The person does not want it.",
    CANNOT_REACH="The person cannot be reached.",
)
enum(
    Outcome,
    "What came of an accepted referral.",
    SERVICE_GIVEN="The service was given.",
    PARTLY_GIVEN="It was given in part.",
    PERSON_DECLINED="The person did not want it.",
    CANNOT_REACH="The person could not be reached.",
)
enum(
    PlaceKind,
    "How people meet.",
    ONSITE="In a room.",
    ONLINE="By video.",
    HYBRID="Both.",
)
enum(
    Rsvp,
    "An answer to an invitation (RFC 5545 PARTSTAT).",
    NEEDS_ACTION="Not answered yet.",
    ACCEPTED="Comes.",
    TENTATIVE="May come.",
    DECLINED="Does not come.",
)
