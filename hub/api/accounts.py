"""GraphQL: agencies and accounts as those who keep them see them, and what is entered of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from hub.identity import views
from hub.identity.actions import StaffKind
from hub.identity.grants import RelationKind
from hub.policy.terms import Role

from .agencies import Agency
from .describe import Language, Node, describes, enum, localized, pure
from .keeping_inputs import LanguageNameInput
from .keeping_types import _names, _names_field
from .terms import PartyKind

enum(
    StaffKind,
    "Whether an account is a person's or a program's.",
    PERSON="A person.",
    MACHINE="A program that acts for one agency within its scopes.",
)
enum(
    RelationKind,
    "How somebody of the staff stands to a person who may be a party of a case (SHPA 10; DVPA 50-1).",
    IS="It is themself.",
    LIVES_WITH="They live together.",
    CLOSE_TO="They are family, partners, friends or otherwise close.",
)
_ONCE = "8 to 100 characters; repeat safely."


def _version(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
    return str(source.version)


def _version_field(root: Any) -> str:
    return _version(root, None, {})


def _official(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
    return str(source.name)


def _official_field(root: Any) -> str:
    return _official(root, None, {})


@strawberry.type(description="An agency as administrators and auditors see it, suspended ones too.")
@describes(views.AgencyView, public=frozenset({"*"}))
class AgencyRecord(Node):
    """An agency."""

    code: str = strawberry.field(description="Its short code, unique and stable.")
    network: str = strawberry.field(description="Code of the network it belongs to (DVPA 4, 8; SHPA 2).")
    name = localized("Its name in a language; the official one where there is none in that language.")
    county: str = strawberry.field(description="Area code of its county; empty for a national agency.")
    is_centre: bool = strawberry.field(description="Whether it is a prevention centre, which coordinates cases.")
    email: str = strawberry.field(description="Mailbox of its notices; empty: none are sent.")
    suspended: bool = strawberry.field(description="Whether it, and with it all its people, may do nothing (F1).")
    version = pure(_version, _version_field, "Give it back with a change: another one is a `Conflict`.")
    official_name = pure(_official, _official_field, "Its official name, whatever the language.")
    names = pure(_names, _names_field, "Its name per language.")


@strawberry.type(description="An account: a person or a program of an agency, as the provider knows it.")
@describes(views.StaffView, public=frozenset({"*"}))
class Staff(Node):
    """An account."""

    agency: Agency = strawberry.field(description="Its agency.")
    subject: str = strawberry.field(description="What the identity provider calls it.")
    display_name: str = strawberry.field(description="Its name as colleagues read it.")
    email: str = strawberry.field(description="Its mailbox; empty: none.")
    kind: StaffKind = strawberry.field(description="Person or program.")
    roles: list[Role] = strawberry.field(description="Roles that hold.")
    pending: list[Role] = strawberry.field(description="Roles that wait for a second administrator to grant them too.")
    suspended: bool = strawberry.field(description="Whether it may do nothing (F1).")
    expires_at: datetime | None = strawberry.field(description="From when on it may do nothing; null: no end is set.")


@strawberry.type(description="Somebody of an agency, by name alone.")
@describes(views.ColleagueView, public=frozenset({"*"}))
class Colleague(Node):
    """A colleague."""

    display_name: str = strawberry.field(description="Their name as colleagues read it.")


@strawberry.input(description="Change an agency; what is null stays.")
class UpdateAgencyInput:
    """A change."""

    agency_id: strawberry.ID = strawberry.field(description="The agency.")
    version: str = strawberry.field(description="The version that was read; another one is a `Conflict`.")
    name: str | None = strawberry.field(default=None, description="Its official name.")
    names: list[LanguageNameInput] | None = strawberry.field(default=None, description="All its names per language.")
    network: str | None = strawberry.field(default=None, description="Code of its network; not of one's own agency.")
    county: str | None = strawberry.field(default=None, description="Area code of its county; empty: national.")
    email: str | None = strawberry.field(default=None, description="Mailbox of its notices.")
    idempotency_key: str | None = strawberry.field(default=None, description=_ONCE)


@strawberry.input(description="An agency to take part.")
class AddAgencyInput:
    """An agency."""

    code: str = strawberry.field(description="Short and stable: letters, digits, `.`, `_`, `-`; 64 at most.")
    name: str = strawberry.field(description="Its official name.")
    network: str = strawberry.field(description="Code of its network.")
    names: list[LanguageNameInput] = strawberry.field(
        default_factory=list, description="Its name in the languages people read."
    )
    organization_id: strawberry.ID | None = strawberry.field(
        default=None, description="`organizationId` of its services in the directory; without it none is referred to."
    )
    is_centre: bool = strawberry.field(default=False, description="Whether it coordinates cases (DVPA 8; SHPA 2).")
    county: str = strawberry.field(default="", description="Area code of its county; empty: national.")
    email: str = strawberry.field(default="", description="Mailbox of its notices, which never name a person.")
    idempotency_key: str | None = strawberry.field(default=None, description=_ONCE)


@strawberry.input(description="An agency to suspend, or to let back in.")
class AgencyStandingInput:
    """An agency."""

    agency_id: strawberry.ID = strawberry.field(description="The agency.")
    idempotency_key: str | None = strawberry.field(default=None, description=_ONCE)


@strawberry.input(description="An account to open. Signing in never opens one.")
class AddStaffInput:
    """An account."""

    agency_id: strawberry.ID = strawberry.field(description="Its agency.")
    subject: str = strawberry.field(description="What the provider calls it: the value of `HUB_OIDC_SUBJECT_CLAIM`.")
    display_name: str = strawberry.field(description="Its name as colleagues read it.")
    issuer: str | None = strawberry.field(default=None, description="The provider's issuer; null: this hub's own.")
    email: str = strawberry.field(default="", description="Its mailbox.")
    kind: StaffKind = strawberry.field(default=StaffKind.PERSON, description="Person or program.")
    scopes: list[str] = strawberry.field(
        default_factory=list, description="What a program may do: `hub:read`, `hub:write`; none for a person."
    )
    locale: Language = strawberry.field(default=Language.ZH_HANT, description="Language of its pages until it chooses.")
    claims_managed: bool = strawberry.field(
        default=False, description="Whether roles and agency follow the provider's claims at each sign-in."
    )
    expires_at: datetime | None = strawberry.field(default=None, description="From when on it may do nothing.")
    roles: list[Role] = strawberry.field(
        default_factory=list, description="Roles to grant at once, each as by `grantRole`."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_ONCE)


@strawberry.input(description="An account to suspend, or to let back in.")
class StaffStandingInput:
    """An account."""

    staff_id: strawberry.ID = strawberry.field(description="The account.")
    idempotency_key: str | None = strawberry.field(default=None, description=_ONCE)


@strawberry.input(description="A role of an account.")
class RoleInput:
    """A role."""

    staff_id: strawberry.ID = strawberry.field(description="The account.")
    role: Role = strawberry.field(description="The role.")
    idempotency_key: str | None = strawberry.field(default=None, description=_ONCE)


@strawberry.input(description="That somebody of the staff knows a person: give `name`, or `caseId` and `party`.")
class DeclareRelationInput:
    """A relation."""

    kind: RelationKind = strawberry.field(description="How they stand to the person.")
    staff_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose relation, for coordinators and administrators; null: one's own."
    )
    name: str = strawberry.field(
        default="", description="The person's whole name. Kept as a keyed fingerprint, and never told again."
    )
    case_id: strawberry.ID | None = strawberry.field(default=None, description="The case the person is in.")
    party: PartyKind | None = strawberry.field(default=None, description="Who the person is in that case.")
    idempotency_key: str | None = strawberry.field(default=None, description=_ONCE)
