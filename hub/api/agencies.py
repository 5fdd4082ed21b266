"""GraphQL: agencies by name. Agencies are public to whoever is signed in."""

from __future__ import annotations

import strawberry

from hub.identity.lookups import AgencyBrief

from .describe import Node, describes, localized


@strawberry.type(description="An agency that takes part in the hub.")
@describes(AgencyBrief, public=frozenset({"*"}))
class Agency(Node):
    """An agency."""

    code: str = strawberry.field(description="Its short code, unique and stable.")
    network: str = strawberry.field(description="Code of the network it belongs to (DVPA 4, 8; SHPA 2).")
    name = localized("Its name in a language; the official one where there is none in that language.")
