"""GraphQL: finding services, with filters, corrections of what was typed, and counts of each filter's values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

from directory import facets as counting
from directory import search as directory
from directory.search import SearchQuery, UnknownFilterError
from hub.audit.ledger import moment
from hub.base.clocks import zone
from hub.base.errors import FieldError, InvalidInput

from .context import Info
from .describe import Connection, describes, first_of, page
from .directory import PUBLIC_DATA, Service
from .lookahead import wanted
from .permissions import SIGNED_IN, Asks

_LONGEST = 200
_READ = {
    "name": ("name", "name_i18n"),
    "organizationName": ("organization_name", "organization_name_i18n"),
    "organizationId": ("organization_id",),
    "capacityUpdated": ("capacity_updated",),
    "eligibilityDescription": ("eligibility_description",),
    "applicationProcess": ("application_process",),
}
"""What is read of a service for a field of the API; every other field is named as it is read."""


@strawberry.input(
    description="More to narrow a search by. What a service offers it must say; whom it is for leaves out only those "
    "that say otherwise: who says nothing stays."
)
class ServiceFilter:
    """Filters."""

    near: str | None = strawberry.field(default=None, description="Code of an area: nearest to its middle first.")
    within_km: int | None = strawberry.field(default=None, description="Not farther than this from there, 1 to 1000.")
    language: str | None = strawberry.field(default=None, description="BCP 47 tag of a language it is given in.")
    accessibility: str | None = strawberry.field(default=None, description="wheelchair, sign_language or braille.")
    cost: str | None = strawberry.field(default=None, description="free or paid.")
    age: int | None = strawberry.field(default=None, description="For somebody of this age, in years.")
    gender: str | None = strawberry.field(default=None, description="For somebody of this gender: female, male, other.")
    nationality: str | None = strawberry.field(default=None, description="national or foreign.")
    act: str | None = strawberry.field(default=None, description="For victims under this act: SHPA or DVPA.")
    open_now: bool = strawberry.field(default=False, description="Open at this moment.")
    open_at: datetime | None = strawberry.field(default=None, description="Open at this moment of the week.")
    free: bool = strawberry.field(default=False, description="Says that it has places free now.")


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that occurs nowhere, and what was looked for instead."""

    typed: str
    meant: str


@dataclass(frozen=True, slots=True)
class FoundCounts:
    """What goes with a search beside its rows."""

    corrections: tuple[Correction, ...]
    counts: tuple[counting.Count, ...]


@strawberry.type(description="What was typed and occurs nowhere in the directory, and what was looked for instead.")
@describes(Correction, public=PUBLIC_DATA)
class SearchCorrection:
    """A correction."""

    typed: str = strawberry.field(description="As it was typed.")
    meant: str = strawberry.field(description="What was looked for.")


@strawberry.type(description="How many services a value of a filter would leave.")
@describes(counting.Count, public=PUBLIC_DATA)
class FacetCount:
    """A count."""

    name: str = strawberry.field(description="The filter: need, area, network, language, cost, open, free ...")
    value: str = strawberry.field(description="The value; of `open` and `free` the name again.")
    count: int = strawberry.field(description="How many services; 1,001 means that many or more.")
    chosen: bool = strawberry.field(description="Whether this value is chosen now.")


@strawberry.type(description="What goes with a search: corrections, and counts consistent with its filters.")
@describes(FoundCounts, public=PUBLIC_DATA)
class ServiceFacets:
    """Facets of a search."""

    corrections: list[SearchCorrection] = strawberry.field(description="Misspelt words, with what they may have meant.")
    counts: list[FacetCount] = strawberry.field(description="Counts of the filters asked for; zeros are left out.")


def minute_of(at: datetime) -> int:
    """The minute of the week, Monday 00:00 = 0, where the installation stands."""
    local = at.astimezone(zone())
    return local.weekday() * 1440 + local.hour * 60 + local.minute


_UNKNOWN = {
    "need": "unknown_need", "network": "unknown_network", "area": "area_unknown", "near": "area_unknown",
}  # fmt: skip


def unknown_filter(unknown: UnknownFilterError) -> InvalidInput:
    """What to do about it: everything but need, network and area is within `filter`."""
    if unknown.name == "within_km":
        return InvalidInput(FieldError("filter.withinKm", "distance_needs_place"))
    path = unknown.name if unknown.name in {"need", "network", "area"} else f"filter.{unknown.name}"
    return InvalidInput(FieldError(path, _UNKNOWN.get(unknown.name, "choose_one")))


def _query(
    text: str, need: str | None, area: str | None, network: str | None, given: ServiceFilter | None, now: datetime
) -> SearchQuery:
    if len(text) > _LONGEST:
        raise InvalidInput(FieldError("text", "too_long"))
    if given is None:
        return SearchQuery(text, need, area, network)
    if given.within_km is not None and not 1 <= given.within_km <= 1000:
        raise InvalidInput(FieldError("filter.withinKm", "out_of_range"))
    if given.age is not None and not 0 <= given.age <= 150:
        raise InvalidInput(FieldError("filter.age", "out_of_range"))
    at = given.open_at or (now if given.open_now else None)
    return SearchQuery(
        text, need, area, network, given.near, given.within_km, given.language, given.accessibility, given.cost,
        given.age, given.gender, given.nationality, given.act, None if at is None else minute_of(at), given.free,
    )  # fmt: skip


@strawberry.type
class SearchingQuery:
    """Queries that find services."""

    @strawberry.field(
        description="Search active services by need, place, network and words, in Chinese, English or Korean.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=Connection[Service],
    )
    async def services(
        self,
        info: Info,
        text: str = "",
        need: str | None = None,
        area: str | None = None,
        network: str | None = None,
        filter: ServiceFilter | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> Any:
        session = info.context.session
        now = moment(session)
        query = _query(text, need, area, network, filter, now)
        asked = wanted(info)
        fields = {name for field in asked.under("edges.node") for name in _READ.get(field, (field,))}
        try:
            found = await directory.search(
                session, query, first_of(first), after, count="totalCount" in asked.under(""), now=now,
                fields=directory.ALL & fields, minute=minute_of(now),
            )  # fmt: skip
        except UnknownFilterError as unknown:
            raise unknown_filter(unknown) from None
        except ValueError:
            raise InvalidInput(FieldError("after", "unknown_cursor")) from None
        return page(found.rows, found.cursors, more=found.has_next, total=found.total_capped)

    @strawberry.field(
        description="What goes with a search of the same arguments: corrections, and counts of the filters named in "
        "`of`: need, network, area, language, accessibility, cost, gender, nationality, act, open, free.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=ServiceFacets,
    )
    async def service_facets(
        self,
        info: Info,
        of: list[str],
        text: str = "",
        need: str | None = None,
        area: str | None = None,
        network: str | None = None,
        filter: ServiceFilter | None = None,
    ) -> Any:
        session = info.context.session
        now = moment(session)
        query = _query(text, need, area, network, filter, now)
        if set(of) - set(counting.NAMES):
            raise InvalidInput(FieldError("of", "unknown_filter"))
        corrections: tuple[tuple[str, str], ...] = ()
        try:
            if text.strip():
                found = await directory.search(session, query, 1, count=False, fields=frozenset(), now=now)
                query, corrections = found.searched or query, found.corrections
            counts = await counting.facets(session, query, dict.fromkeys(of), now, minute_of(now))
        except UnknownFilterError as unknown:
            raise unknown_filter(unknown) from None
        return FoundCounts(tuple(Correction(*pair) for pair in corrections), tuple(counts))
