"""What the API says of a case is disclosed by the policy, field by field; what is of no case is on a list with why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    get_named_type,
)

from hub.api.describe import CASE_DATA, VIEWS, _safe
from hub.api.schema import core
from hub.policy.decide import Disclosed

OPEN_TYPES = Path(__file__).with_name("open_types.txt")
"""Types that say nothing of a person of a case, why, and every field they have."""
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
ROOT_LEAVES = set[str]()
"""Root fields that answer with a bare value, and not with a type that is case data or listed: none."""
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


def own_fields(kind: GraphQLObjectType) -> set[str]:
    """The fields of a type, a star on each that a resolver of its own answers."""
    answered = {name: one.extensions["strawberry-definition"].base_resolver for name, one in kind.fields.items()}
    return {f"{name}*" if by is not None else name for name, by in answered.items()}


def bare(schema: GraphQLSchema) -> set[str]:
    """Root fields, the subscriptions' too, that answer with something else than types: those are judged by field."""
    found = set[str]()
    for kind in (schema.query_type, schema.mutation_type, schema.subscription_type):
        for name, field in kind.fields.items() if kind else ():
            answer = get_named_type(field.type)
            if not isinstance(answer, GraphQLObjectType | GraphQLUnionType | GraphQLInterfaceType):
                found.add(f"{kind.name if kind else ''}.{name}")
    return found


def listed_open() -> dict[str, set[str]]:
    """Each open type of the list with its fields; a group without a reason, or a type twice, is refused."""
    listed, why = dict[str, set[str]](), ""
    for line in OPEN_TYPES.read_text("utf-8").splitlines()[2:]:
        name, _, fields = line.partition(": ")
        if line.startswith("# "):
            why = line
        elif not line:
            why = ""
        else:
            assert why, line
            assert name not in listed, line
            listed[name] = set(fields.split())
    return listed


def test_case_data_is_disclosed() -> None:
    """Every type of the schema is case data or listed by field; each field of case data `Disclosed`, a view or listed.

    Not seen: what a listed field answers once its type is the same and its view another.
    """
    schema = core()
    types, fields = exposed(schema, VIEWS, CASE_DATA)
    holders = {name for name in types if name.endswith(_HOLDERS)}
    held = {"edges", "pageInfo", "totalCount", "node", "cursor"}
    for name in holders:
        kind = schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        assert kind.fields.keys() <= held, name
        node = kind.fields.get("node")
        assert node is None or isinstance(get_named_type(node.type), GraphQLObjectType), name
    opened = {name: kind for name in types - holders if isinstance(kind := schema.type_map[name], GraphQLObjectType)}
    assert {name: own_fields(kind) for name, kind in opened.items()} == listed_open()
    assert {name for name in fields if not name.endswith(".id")} == set(OPEN_FIELDS) - {"id"}
    assert bare(schema) == ROOT_LEAVES
    with pytest.raises(TypeError):
        Disclosed("x", None)  # type: ignore[arg-type]


def _field(name: str, resolver: object = None) -> GraphQLField:
    defined = SimpleNamespace(python_name=name, base_resolver=resolver)
    return GraphQLField(GraphQLString, extensions={"strawberry-definition": defined})


@dataclass
class _View:
    name: str
    phone: Disclosed[str] | None
    told: Disclosed[str] | None


def test_what_is_not_disclosed_is_found() -> None:
    """A name as it is, a resolver that answers what it likes, a field no view has, a type nobody bound."""

    names = {"name": None, "phone": None, "told": object(), "made_up": None}
    planted = GraphQLObjectType("Planted", {name: _field(name, resolver) for name, resolver in names.items()})
    unbound = GraphQLObjectType("Unbound", {"name": _field("name")})
    query = GraphQLObjectType("Query", {"a": GraphQLField(planted), "b": GraphQLField(unbound)})
    types, fields = exposed(GraphQLSchema(query), {"Planted": _View}, {"Planted"})
    assert types == {"Unbound"}
    assert fields == {"Planted.name", "Planted.told", "Planted.made_up"}


def test_a_field_added_to_an_open_type_is_found() -> None:
    """One more on `Conference`, plain or answered by a resolver of its own, and a listed one that has one now."""
    schema = core()
    known, kind = listed_open()["Conference"], schema.type_map["Conference"]
    assert isinstance(kind, GraphQLObjectType)
    assert own_fields(kind) == known
    for name, resolver in (("victimPlanted", None), ("victimPlanted", object()), ("state", object())):
        planted = {**kind.fields, name: _field(name, resolver)}
        assert own_fields(GraphQLObjectType("Conference", planted)) != known


def test_a_root_field_that_answers_with_a_bare_value_is_found() -> None:
    """`Query.victimName(id): String!`, a list of texts, and a subscription's; not a field of a type."""
    texts = GraphQLField(GraphQLList(GraphQLNonNull(GraphQLString)))
    typed = GraphQLField(GraphQLObjectType("Fine", {"name": _field("name")}))
    query = GraphQLObjectType("Query", {"victimName": GraphQLField(GraphQLNonNull(GraphQLString)), "fine": typed})
    mutation, told = (GraphQLObjectType(name, {"names": texts}) for name in ("Mutation", "Subscription"))
    found = bare(GraphQLSchema(query, mutation, told))
    assert found == {"Query.victimName", "Mutation.names", "Subscription.names"}
