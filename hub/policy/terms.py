"""The closed lists of the disclosure policy, and the immutable facts a decision is taken over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Term(StrEnum):
    """A word of a closed list. It hashes as its text, at C speed: the tables are looked up at every decision."""

    __hash__ = str.__hash__


class Role(Term):
    """What a person or a program is at its agency. Granted in the database; a token only says who."""

    COORDINATOR = "coordinator"
    INTAKE_OFFICER = "intake_officer"
    AGENCY_WORKER = "agency_worker"
    AGENCY_MANAGER = "agency_manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    REPORTER = "reporter"
    MACHINE = "machine"


class Standing(Term):
    """Where someone stands to one case. A person can stand in several places at once."""

    ASSIGNED = "assigned"
    SAME_CENTRE = "same_centre"
    REFERRED_TO = "referred_to"
    INVITED = "invited"
    APPLICANT = "applicant"
    ENFORCER = "enforcer"
    NONE = "none"


class Category(Term):
    """Kinds of information about a case. A shelter's address is not among them: it is stored nowhere (DVPA 56)."""

    EXISTENCE = "existence"
    CASE_FACTS = "case_facts"
    RISK_LEVEL = "risk_level"
    RISK_DETAIL = "risk_detail"
    SAFETY_PLAN = "safety_plan"
    VICTIM_IDENTITY = "victim_identity"
    VICTIM_CONTACT = "victim_contact"
    VICTIM_WHEREABOUTS = "victim_whereabouts"
    CHILD_IDENTITY = "child_identity"
    REPORTER_IDENTITY = "reporter_identity"
    OPPOSITE_IDENTITY = "opposite_identity"
    OPPOSITE_TREATMENT = "opposite_treatment"
    HEALTH = "health"
    EDUCATION = "education"
    EMPLOYMENT = "employment"
    JUSTICE = "justice"
    MINUTES = "minutes"
    ACTIONS = "actions"
    CLOCKS = "clocks"
    LEDGER = "ledger"
    STATISTICS = "statistics"


class Purpose(Term):
    """Why something is asked. It follows from where the person stands, never from what the caller wishes."""

    PROTECTION = "protection"
    TREATMENT = "treatment"
    SCHOOLING = "schooling"
    EMPLOYMENT = "employment"
    POLICING = "policing"
    ORDER_ENFORCEMENT = "order_enforcement"
    RISK_CONFERENCE = "risk_conference"
    OFFENDER_TREATMENT = "offender_treatment"
    OVERSIGHT = "oversight"
    STATISTICS = "statistics"


class Basis(Term):
    """The row of the permit table a disclosure rests on (docs/policy.md)."""

    CASE_WORK = "P1"
    SAME_CENTRE = "P2"
    CONSENT = "P3"
    REFERRAL = "P4"
    CONFERENCE = "P5"
    ORDER_REGISTRY = "P6"
    BREAK_GLASS = "P7"
    APPLICATION = "P8"
    OFFENDER_TREATMENT = "P9"
    RELEASE_NOTICE = "P10"
    POLICE_REPORT = "P11"
    OVERSIGHT = "P12"
    STATISTICS = "P13"
    OWN_REPORT = "P14"
    ACCOUNTING = "P15"
    INTAKE = "P16"


class Obligation(Term):
    """What whoever shows the information must do with it: duties and restrictions of form (`rules.FORMS`)."""

    LEDGER = "ledger"
    PURPOSE_BOUND = "purpose_bound"
    MASK_UNTIL_ACCEPTED = "mask_until_accepted"
    INITIALS = "initials"
    WATERMARK = "watermark"
    EXPIRES = "expires"
    REASON = "reason"
    TELL_COORDINATOR = "tell_coordinator"
    REVIEW = "review"
    SUPPRESS = "suppress"
    AT_ONCE = "at_once"
    PSEUDONYM = "pseudonym"
    OWN_PART = "own_part"
    """Only the part that concerns the asker: its need's summary, its agenda items, its report, its notice."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking, as the database says at this request. `machine` accounts act for one agency within `scopes`."""

    id: UUID
    agency_id: UUID
    roles: frozenset[Role]
    scopes: frozenset[str] = frozenset()
    suspended: bool = False
    expires_at: datetime | None = None
    agency_suspended: bool = False
    step_up_until: datetime | None = None
    network: str = ""
    """Network of the agency (directory.taxonomy), e.g. `police`."""

    def has(self, *roles: Role) -> bool:
        """Whether any of `roles` is held."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """A consent that touches this case and this actor's agency, live or not; `decide` judges."""

    id: UUID
    categories: frozenset[Category]
    purposes: frozenset[Purpose]
    recipient_agency_id: UUID
    starts_at: datetime
    ends_at: datetime
    withdrawn_at: datetime | None = None
    written: bool = False
    grantor_is_opposite: bool = False
    capacity: bool = True
    """Whether the grantor could consent, or a custodian who is not the opposite party did (DVPA 50-1)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A granted written application (D0050073 7) or an opened break-glass: categories until a moment.

    An application states its purposes and is bound to them; a break-glass needs none.
    """

    id: UUID
    categories: frozenset[Category]
    until: datetime
    purposes: frozenset[Purpose] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """All a decision needs to know of one (actor, case) pair at one moment. Every default is the closed door."""

    standings: frozenset[Standing] = frozenset()
    conflicted: bool = False
    """Is, lives with, is declared close to the opposite party, or is a party (F2)."""
    consents: tuple[ConsentFact, ...] = ()
    referral_accepted: bool = False
    referral_for_treatment: bool = False
    """The live referral is an offender-treatment referral (P9)."""
    conference_until: datetime | None = None
    """End of the agenda item's window: minutes final + 14 days, or open-ended far future while not final (P5)."""
    conference_listed: bool = False
    """Listed at the risk threshold or by recorded reasoned judgement (P5)."""
    break_glass: Grant | None = None
    application: Grant | None = None
    enforces_identity: bool = False
    """The order item cannot be enforced without knowing the victim (P6)."""
    own_report: bool = False
    police_of_report: bool = False
    intake_of_report: bool = False
    release_notice: bool = False
    """A release or escape notice of this case is addressed to the actor's agency (P10)."""
    about_offender_treatment: bool = False
    """What is being made is about offender treatment, or is handed to the opposite party's side (F5)."""


NOBODY = Facts()
"""Nothing known, nothing shown."""


@dataclass(frozen=True, slots=True)
class Permit:
    """May be shown, on these bases, with these obligations; `consents` are the ids of the consents that carried it."""

    category: Category
    bases: frozenset[Basis]
    obligations: frozenset[Obligation]
    consents: tuple[UUID, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Deny:
    """Stays hidden; `reason` is a code: a row of the forbids, or `no_basis`."""

    category: Category
    reason: str


Decision = Permit | Deny
