"""GraphQL: one service with all its details, for everybody signed in."""

from __future__ import annotations

from typing import Any

import strawberry

from directory.whole import Whole, whole

from .context import Info
from .describe import describes, key_of
from .keeping_types import (
    ALL,
    ServiceContact,
    ServiceCost,
    ServiceDocument,
    ServiceHours,
    ServicePhone,
    ServicePlace,
    ServiceWhom,
)
from .permissions import SIGNED_IN, Asks


@strawberry.type(
    description="What the directory says of a service beyond its row in a list. Of a confidential place there is its "
    "kind alone (DVPA 56)."
)
@describes(Whole, public=ALL)
class ServiceDetails:
    """Details."""

    email: str = strawberry.field(description="Its mail address.")
    wait_time: str = strawberry.field(description="How long one waits, in words.")
    fees_description: str = strawberry.field(description="What it costs, in words.")
    interpretation_services: str = strawberry.field(description="Interpretation it offers.")
    alert: str = strawberry.field(description="What one must know just now.")
    whom: ServiceWhom = strawberry.field(description="Whom it is for.")
    phones: list[ServicePhone] = strawberry.field(description="Its telephones.")
    contacts: list[ServiceContact] = strawberry.field(description="Its contacts.")
    hours: list[ServiceHours] = strawberry.field(description="Its hours.")
    costs: list[ServiceCost] = strawberry.field(description="What it costs.")
    documents: list[ServiceDocument] = strawberry.field(description="What one must bring.")
    places: list[ServicePlace] = strawberry.field(description="Where it is given.")
    accessibility: list[str] = strawberry.field(
        description="wheelchair, sign_language, braille, or what its agency wrote."
    )


@strawberry.type
class DetailsQuery:
    """The query of one service's details."""

    @strawberry.field(
        description="A service's details, or null where there is no such service.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=ServiceDetails | None,
    )
    async def service_details(self, info: Info, id: strawberry.ID) -> Any:
        return await whole(info.context.session, key_of(id, "Service", "ReferredService"))
