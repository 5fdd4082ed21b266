"""GraphQL: the coverage matrix, its gaps, and the trend between rounds of stock-taking."""

from __future__ import annotations

from typing import Any

import strawberry

from directory.columns import AREA_KINDS
from directory.coverage_gaps import GapQuery
from hub.base.errors import FieldError, InvalidInput
from hub.inventory import coverage

from .context import Info
from .coverage_types import CoverageGap, CoverageLine, CoverageRound, CoverageTrend
from .describe import Connection, first_of, key_of, page
from .permissions import OVERSEEING, SIGNED_IN, Asks


@strawberry.type
class CoverageQuery:
    """Queries about coverage."""

    @strawberry.field(
        description="What each network offers for each need: of the counties, of the areas directly `inside` one, or "
        "of one `area`; narrowed to a need or a network if named.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=list[CoverageLine],
    )
    async def coverage(
        self,
        info: Info,
        inside: str | None = None,
        area: str | None = None,
        need: str | None = None,
        network: str | None = None,
    ) -> Any:
        session, actor = info.context.session, info.context.person
        return await coverage.matrix(session, actor, inside=inside, area=area, need=need, network=network)

    @strawberry.field(
        description="Where whoever owes a need offers nothing, the gravest first: by people whose need went unmet in "
        "the last `months` whole months (3, 6 or 12; auditors and administrators alone), then by population. A gap of "
        "a whole county stands for those of its townships, unless a `kind` of area is named.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=Connection[CoverageGap],
    )
    async def gaps(
        self,
        info: Info,
        inside: str | None = None,
        need: str | None = None,
        network: str | None = None,
        kind: str | None = None,
        months: int = 6,
        first: int = 50,
        after: str | None = None,
    ) -> Any:
        if kind is not None and kind not in AREA_KINDS:
            raise InvalidInput(FieldError("kind", "unknown_kind"))
        skip = 0
        if after is not None:
            if not (after.isascii() and after.isdigit() and len(after) < 8):
                raise InvalidInput(FieldError("after", "unknown_cursor"))
            skip = int(after)
        query, session = GapQuery(inside, need, network, kind), info.context.session
        found, total = await coverage.gaps(session, info.context.person, query, first_of(first), skip, months)
        cursors = [str(skip + n) for n in range(1, len(found) + 1)]
        return page(found, cursors, more=skip + len(found) < total, total=min(total, 1001))

    @strawberry.field(
        description="Rounds of stock-taking whose matrix was kept, the newest first.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=list[CoverageRound],
    )
    async def coverage_rounds(self, info: Info) -> Any:
        return await coverage.frozen(info.context.session, info.context.person)

    @strawberry.field(
        description="What has changed in the matrix between two rounds, or between one and now.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=list[CoverageTrend],
    )
    async def coverage_trend(
        self,
        info: Info,
        before: strawberry.ID,
        after: strawberry.ID | None = None,
        inside: str | None = None,
        need: str | None = None,
        network: str | None = None,
    ) -> Any:
        later = key_of(after, "InventoryRound", path="after") if after else None
        earlier = key_of(before, "InventoryRound", path="before")
        session, actor = info.context.session, info.context.person
        return await coverage.trend(session, actor, earlier, later, inside=inside, need=need, network=network)
