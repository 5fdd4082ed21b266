"""What the API says of a case is disclosed by the policy, field by field; what is of no case is on a list with why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import get_type_hints

import pytest
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, GraphQLString

from hub.api.describe import CASE_DATA, VIEWS, _safe
from hub.api.schema import core
from hub.policy.decide import Disclosed

OPEN_TYPES = {
    "Agency AgencyRecord LanguageName Staff Colleague Me": "agencies and their staff, never a person of a case",
    "Service Need Area ServiceDetails ServiceWhom ServicePhone ServiceContact ServiceHours ServiceCost ServiceDocument "
    "ServicePlace ServiceFacets SearchCorrection FacetCount ReferredService": "the directory, which knows no case",
    "InventoryRound RoundCounts RoundPart InventoryTask ComparedPart RoundDifference InventoryFile InventorySheet "
    "SheetTotals SheetRow SheetProblem": "stock-taking of services",
    "OwnService EditableService ServiceAbout ServiceChange HistoryPurge VocabularyTerm EditableOrganization "
    "KeptService": "what agencies keep of their own services",
    "DirectoryImport ImportProgress ImportReport ImportTable ImportCount ImportWord ImportRemark DirectoryExport "
    "KeptAside SaidAside KeptAsideCount": "packages of the directory",
    "CoverageLine CoverageCell FreePlaces NeedCover CoverageGap CoverageRound CoverageTrend CoverageTotals "
    "CoverageChange CoverageThen": "sums over services",
    "UnmetReferrals": "counts in bands, never of fewer than five (hub.referrals.unmet)",
    "Matches Match MatchReason FallenOut MatchWeights MatchWeight": "the ranking of services for a need",
    "Withheld": "the categories that are not shown, by name",
    "Conference Attendee MissingNetwork Slot": "who meets when; the agenda is of AgendaItem, which is case data",
    "AuditChain AuditFinding AuditEntry": "ids and codes; who reads is recorded",
}
"""Types that say nothing of a person of a case, and why."""
_CLOSED = "the fields that are not shown, by name, whatever is in them"
OPEN_FIELDS = {
    "id": "opaque; what is hidden is not found by it",
    "Case.version": "counts changes",
    "Referral.version": "counts changes",
    "AgendaItem.position": "a place in a list",
    "Case.hidden": _CLOSED,
    "Party.hidden": _CLOSED,
    "Report.hidden": _CLOSED,
    "AgendaItem.hidden": _CLOSED,
}
"""Fields of case data that pass no decision of their own, and why. `id` is that of any node."""
_HOLDERS = ("Connection", "Edge")


def exposed(schema: GraphQLSchema, views: Mapping[str, type], case_data: Collection[str]) -> tuple[set[str], set[str]]:
    """Types that are not bound as case data, and fields of case data that are not `Disclosed` in their view.

    A field with a resolver of its own counts: what it answers is not the view's.
    """
    types, fields = set[str](), set[str]()
    for name, kind in schema.type_map.items():
        roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType) or kind in roots:
            continue
        if name not in case_data:
            types.add(name)
            continue
        hints = get_type_hints(views[name])
        for field, found in kind.fields.items():
            defined = found.extensions["strawberry-definition"]
            hint = hints.get(defined.python_name)
            if hint is None or not _safe(hint) or defined.base_resolver is not None:
                fields.add(f"{name}.{field}")
    return types, fields


def test_case_data_is_disclosed() -> None:
    """Every type of the schema is case data or listed; every field of case data is `Disclosed`, a view, or listed."""
    schema = core()
    types, fields = exposed(schema, VIEWS, CASE_DATA)
    problems = {one.name for one in schema.get_implementations(_interface(schema, "Problem")).objects}
    holders = {name for name in types if name.endswith(_HOLDERS)} | {"PageInfo", "FieldProblem"}
    held = {"edges", "pageInfo", "totalCount", "node", "cursor"}
    for name in holders:
        kind = schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        assert not name.endswith(_HOLDERS) or kind.fields.keys() <= held, name
    listed = [name for names in OPEN_TYPES for name in names.split()]
    assert len(listed) == len(set(listed))
    assert types - problems - holders == set(listed)
    assert {name for name in fields if not name.endswith(".id")} == set(OPEN_FIELDS) - {"id"}
    with pytest.raises(TypeError):
        Disclosed("x", None)  # type: ignore[arg-type]


def _interface(schema: GraphQLSchema, name: str) -> GraphQLInterfaceType:
    found = schema.type_map[name]
    assert isinstance(found, GraphQLInterfaceType)
    return found


@dataclass
class _View:
    name: str
    phone: Disclosed[str] | None
    told: Disclosed[str] | None


def test_what_is_not_disclosed_is_found() -> None:
    """A name as it is, a resolver that answers what it likes, a field no view has, a type nobody bound."""

    def field(name: str, resolver: object = None) -> GraphQLField:
        defined = SimpleNamespace(python_name=name, base_resolver=resolver)
        return GraphQLField(GraphQLString, extensions={"strawberry-definition": defined})

    names = {"name": None, "phone": None, "told": object(), "made_up": None}
    planted = GraphQLObjectType("Planted", {name: field(name, resolver) for name, resolver in names.items()})
    unbound = GraphQLObjectType("Unbound", {"name": field("name")})
    query = GraphQLObjectType("Query", {"a": GraphQLField(planted), "b": GraphQLField(unbound)})
    types, fields = exposed(GraphQLSchema(query), {"Planted": _View}, {"Planted"})
    assert types == {"Unbound"}
    assert fields == {"Planted.name", "Planted.told", "Planted.made_up"}
