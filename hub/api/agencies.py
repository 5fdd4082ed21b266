"""GraphQL: agencies by name, public to whoever is signed in, and the roles people hold at them."""

from __future__ import annotations

import strawberry

from hub.identity.lookups import AgencyBrief
from hub.policy.terms import Role

from .describe import Node, describes, enum, localized

enum(
    Role,
    "What a person or a program is at its agency.",
    COORDINATOR="Coordinates cases at a prevention centre.",
    INTAKE_OFFICER="Takes reports in; the only one to see a reporter's identity.",
    AGENCY_WORKER="Answers referrals for an agency.",
    AGENCY_MANAGER="Keeps an agency's services and staff.",
    AUDITOR="Oversees for the competent authority, without identities.",
    ADMINISTRATOR="Keeps accounts, taxonomy and rounds.",
    REPORTER="Reports suspected violence.",
    MACHINE="A program acting for one agency.",
)


@strawberry.type(description="An agency that takes part in the hub.")
@describes(AgencyBrief, public=frozenset({"*"}))
class Agency(Node):
    """An agency."""

    code: str = strawberry.field(description="Its short code, unique and stable.")
    network: str = strawberry.field(description="Code of the network it belongs to (DVPA 4, 8; SHPA 2).")
    name = localized("Its name in a language; the official one where there is none in that language.")
