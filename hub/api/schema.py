"""The schema: every slice's queries and mutations in one contract, and its SDL."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from .administration import AdministrationMutation, AdministrationQuery
from .agency_entry import AgencyEntryMutation, AgencyEntryQuery
from .arguments import describe_arguments
from .cases import CaseMutation, CaseQuery
from .conferences import ConferenceMutation, ConferenceQuery
from .consent import ConsentMutation, ConsentQuery
from .context import Context
from .coverage import CoverageQuery
from .describe import read
from .details import DetailsQuery
from .directory import DirectoryQuery
from .exports import ExportMutation, ExportQuery
from .identity import IdentityQuery
from .imports import ImportMutation, ImportQuery
from .inventory import InventoryMutation, InventoryQuery
from .keeping import KeepingMutation, KeepingQuery
from .matching import MatchingMutation, MatchingQuery
from .moments import DATE_TIME
from .nodes import NodeQuery
from .oversight import OversightQuery
from .referrals import ReferralMutation, ReferralQuery
from .searching import SearchingQuery


@strawberry.type(description="What can be asked. Hidden things look like absent ones.")
class Query(
    NodeQuery,
    IdentityQuery,
    AdministrationQuery,
    DirectoryQuery,
    DetailsQuery,
    SearchingQuery,
    InventoryQuery,
    KeepingQuery,
    AgencyEntryQuery,
    ImportQuery,
    ExportQuery,
    CoverageQuery,
    MatchingQuery,
    CaseQuery,
    ConsentQuery,
    ReferralQuery,
    ConferenceQuery,
    OversightQuery,
):
    """Root of queries."""


@strawberry.type(description="What can be done. Each answers the changed thing, or a problem with nothing changed.")
class Mutation(
    AdministrationMutation,
    InventoryMutation,
    KeepingMutation,
    AgencyEntryMutation,
    ImportMutation,
    ExportMutation,
    MatchingMutation,
    CaseMutation,
    ConsentMutation,
    ReferralMutation,
    ConferenceMutation,
):
    """Root of mutations."""


@lru_cache(maxsize=1)
def schema() -> strawberry.Schema:
    """The schema, built once a process."""
    config = StrawberryConfig(default_resolver=read, disable_field_suggestions=True, scalar_map={datetime: DATE_TIME})
    made = strawberry.Schema(query=Query, mutation=Mutation, config=config)
    describe_arguments(made._schema)
    return made


def core() -> Any:
    """The graphql-core schema that operations run on."""
    return schema()._schema


def export() -> str:
    """The SDL, as in graphql/schema.graphql."""
    return schema().as_str() + "\n"


__all__ = ["Context", "core", "export", "schema"]
