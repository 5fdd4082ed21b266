"""GraphQL: the directory: services, places, needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from directory import search as directory
from directory.taxonomy import DUTY_MAP_VERSION, NEEDS

from .context import Info
from .describe import (
    Language,
    Node,
    describes,
    key_of,
    localized,
    pure,
)
from .permissions import SIGNED_IN, Asks

PUBLIC_DATA = frozenset({"*"})


def _language(context: Any, arguments: dict[str, Any]) -> str:
    asked = arguments.get("lang")
    return str(asked.value if asked is not None else context.lang)


def _title(source: Any, context: Any, arguments: dict[str, Any]) -> str:
    return str(source.title(_language(context, arguments)))


def _title_field(root: Any, info: Info, lang: Language | None = None) -> str:
    return _title(root, info.context, {"lang": lang})


def _agency(source: Any, context: Any, arguments: dict[str, Any]) -> str:
    return str(source.agency(_language(context, arguments)))


def _agency_field(root: Any, info: Info, lang: Language | None = None) -> str:
    return _agency(root, info.context, {"lang": lang})


def _organization_id(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
    return str(source.organization_id)


def _organization_id_field(root: Any) -> strawberry.ID:
    return strawberry.ID(_organization_id(root, None, {}))


@strawberry.type(description="A service an agency offers (HSDS service). The directory is public to the signed-in.")
@describes(directory.ServiceRow, public=PUBLIC_DATA)
class Service(Node):
    """A service."""

    name = pure(_title, _title_field, "Its name in a language; as its agency wrote it where there is none.")
    description: str = strawberry.field(description="What it offers, as its agency wrote it.")
    status: str = strawberry.field(description="HSDS status: active, inactive, defunct, temporarily closed.")
    network: str | None = strawberry.field(description="Code of its agency's network; null until somebody placed it.")
    organization_name = pure(_agency, _agency_field, "Name of its agency in a language.")
    needs: list[str] = strawberry.field(description="Codes of the needs it answers.")
    areas: list[str] = strawberry.field(description="Codes of the areas it serves.")
    languages: list[str] = strawberry.field(description="BCP 47 tags of the languages it can be used in.")
    phones: list[str] = strawberry.field(description="Telephone numbers.")
    confidential: bool = strawberry.field(description="Its place is confidential: no address exists here (DVPA 56).")
    available: int | None = strawberry.field(description="Places free, as last said.")
    unit: str | None = strawberry.field(description="Of what: beds, hours, places.")
    capacity_updated: datetime | None = strawberry.field(description="When that was said.")
    eligibility_description: str = strawberry.field(description="Whom it is for, in words.")
    application_process: str = strawberry.field(description="How to apply, in words.")
    url: str = strawberry.field(description="Its page.")
    organization_id = pure(_organization_id, _organization_id_field, "Id of its agency in the directory (HSDS).")
    open: bool | None = strawberry.field(
        description="In a search: open at the moment asked about, else now; null where its hours are not known."
    )
    metres: int | None = strawberry.field(
        description="In a search with a place: from its middle; null where unknown, and always of a confidential one."
    )


@dataclass(frozen=True, slots=True)
class NeedView:
    """A need of the duty map in every language."""

    id: UUID
    code: str
    name: str
    names: dict[str, str]
    networks: tuple[str, ...]
    articles: tuple[str, ...]
    version: str = DUTY_MAP_VERSION


@strawberry.type(description="A need of the duty map: who owes it, by which article.")
@describes(NeedView, public=PUBLIC_DATA)
class Need:
    """A need."""

    code: str = strawberry.field(description="Stable code.")
    name = localized("Its name in a language.")
    networks: list[str] = strawberry.field(description="Codes of the networks that owe it.")
    articles: list[str] = strawberry.field(description="The articles that say so.")
    version: str = strawberry.field(description="Version of the duty map that says so.")


@strawberry.type(description="A place by code.")
@describes(directory.AreaRow, public=PUBLIC_DATA)
class Area:
    """A place."""

    code: str = strawberry.field(description="Its code.")
    parent: str | None = strawberry.field(description="Code of the place it lies in.")
    kind: str = strawberry.field(description="country, state, county, township or city.")
    name = pure(_title, _title_field, "Its name in a language.")
    latitude: float | None = strawberry.field(
        description="Of its middle, in degrees north; of an area made up from addresses to a twentieth. Null: unknown."
    )
    longitude: float | None = strawberry.field(description="Of its middle, in degrees east.")


@strawberry.type
class DirectoryQuery:
    """Queries about the directory."""

    @strawberry.field(
        description="A service, or null.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=Service | None,
    )
    async def service(self, info: Info, id: strawberry.ID) -> Any:
        return await directory.service(info.context.session, key_of(id, "Service", "ReferredService"))

    @strawberry.field(description="Every need of the duty map.", extensions=[Asks(SIGNED_IN)], graphql_type=list[Need])
    async def needs(self) -> Any:
        return [
            NeedView(UUID(int=0), need.code, need.names["en"], dict(need.names), need.networks, need.articles)
            for need in NEEDS.values()
        ]

    @strawberry.field(
        description="Places, all or those directly within one.", extensions=[Asks(SIGNED_IN)], graphql_type=list[Area]
    )
    async def areas(self, info: Info, parent: str | None = None) -> Any:
        return await directory.areas(info.context.session, parent=parent)
