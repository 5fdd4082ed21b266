"""GraphQL: who is asking, and the agencies one can write to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import strawberry

from hub.identity.lookups import AgencyBrief, all_briefs, briefs
from hub.policy.terms import Role

from .agencies import Agency
from .context import Info
from .describe import Node, describes
from .permissions import PUBLIC, SIGNED_IN, Asks, allowed


@dataclass(frozen=True, slots=True)
class MeView:
    """The account asking."""

    id: UUID
    roles: tuple[Role, ...]
    agency: AgencyBrief


@strawberry.type(description="The account asking.")
@describes(MeView, public=frozenset({"*"}))
class Me(Node):
    """Me."""

    roles: list[Role] = strawberry.field(description="Its roles, from the hub's own database.")
    agency: Agency = strawberry.field(description="Its agency.")


@strawberry.type
class IdentityQuery:
    """Queries about oneself and agencies."""

    @strawberry.field(
        description="Who is asking; null if nobody is signed in, or their account or agency is suspended or expired.",
        extensions=[Asks(PUBLIC)],
        graphql_type=Me | None,
    )
    async def me(self, info: Info) -> Any:
        actor = info.context.actor
        if actor is None or not allowed(actor, SIGNED_IN):
            return None
        agency = (await briefs(info.context.session, [actor.agency_id]))[actor.agency_id]
        return MeView(actor.id, tuple(sorted(actor.roles)), agency)

    @strawberry.field(
        description="Every agency that takes part, by code.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=list[Agency],
    )
    async def agencies(self, info: Info) -> Any:
        return await all_briefs(info.context.session)
