"""The published contract: its SDL, its descriptions, who may call what, and every operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
)
from graphql import parse as parse_document
from graphql.language import FieldNode, FragmentDefinitionNode, OperationDefinitionNode

from hub.api.arguments import MEANING
from hub.api.documents import Documents
from hub.api.permissions import PUBLIC, allowed
from hub.api.schema import core, export
from hub.policy.terms import Role

HOUSE = Path(__file__).resolve().parents[2]
PROBLEMS = {"InvalidInput", "NotPermitted", "NotFound", "Conflict", "TooSoon", "OutOfService"}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema of graphql-core."""
    found: GraphQLSchema = core()
    return found


def test_the_sdl_is_the_export() -> None:
    """graphql/schema.graphql is what `hub export-schema` prints."""
    assert (HOUSE / "graphql" / "schema.graphql").read_text("utf-8") == export()


def described(schema: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    """Everything of the schema that people read about."""
    for name, kind in schema.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Boolean", "ID", "Float"}:
            continue
        yield name, kind
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", found) for value, found in kind.values.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, found in kind.fields.items():
                yield f"{name}.{field}", found
                for argument, meant in getattr(found, "args", {}).items():
                    yield f"{name}.{field}.{argument}", meant


def test_everything_is_described(schema: GraphQLSchema) -> None:
    """A description on every type, field, argument and enum value; none is kept for what is not there."""
    assert [name for name, found in described(schema) if not (found.description or "").strip()] == []
    known = {name for name, _ in described(schema)} | {name.rpartition(".")[2] for name, _ in described(schema)}
    assert MEANING.keys() <= known


def roots(schema: GraphQLSchema) -> dict[str, Any]:
    """Every root field with its Strawberry definition."""
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    return {
        f"{kind.name}.{name}": field.extensions["strawberry-definition"]
        for kind in (schema.query_type, schema.mutation_type)
        for name, field in kind.fields.items()
    }


def test_every_root_field_states_who_may_call_it(schema: GraphQLSchema) -> None:
    """No field without a `who`, and only `me` is for everybody."""
    who = {name: field.metadata.get("who") for name, field in roots(schema).items()}
    assert [name for name, said in who.items() if said is None] == []
    assert [name for name, said in who.items() if said == PUBLIC] == ["Query.me"]
    assert not any(allowed(None, said) for name, said in who.items() if name != "Query.me")
    assert all(isinstance(role, Role) for said in who.values() if said != PUBLIC for role in said)


def test_every_mutation_answers_with_problems(schema: GraphQLSchema) -> None:
    """One input, one union: the success and every problem."""
    assert schema.mutation_type is not None
    for name, field in schema.mutation_type.fields.items():
        assert list(field.args) == ["input"], name
        union = getattr(field.type, "of_type", field.type)
        assert isinstance(union, GraphQLUnionType), name
        members = {member.name for member in union.types}
        assert members >= PROBLEMS, name
        assert len(members - PROBLEMS) == 1, name
        given = field.args["input"].type.of_type
        assert "idempotencyKey" in given.fields, name


def test_every_operation_is_valid_and_named_once(schema: GraphQLSchema) -> None:
    """`Documents` refuses to load an invalid operation; names are unique across files."""
    documents = Documents(schema, introspection=False)
    files = "".join(path.read_text("utf-8") for path in (HOUSE / "graphql" / "operations").glob("*.graphql"))
    named = re.findall(r"^(?:query|mutation|subscription) (\w+)", files, re.MULTILINE)
    assert sorted(named) == sorted(documents.trusted)


def test_every_root_field_has_an_operation(schema: GraphQLSchema) -> None:
    """Whoever copies our operations finds one for everything."""
    used = set()
    for path in (HOUSE / "graphql" / "operations").glob("*.graphql"):
        for node in parse_document(path.read_text("utf-8")).definitions:
            if isinstance(node, OperationDefinitionNode):
                used |= {s.name.value for s in node.selection_set.selections if isinstance(s, FieldNode)}
            else:
                assert isinstance(node, FragmentDefinitionNode)
    assert {name.partition(".")[2] for name in roots(schema)} == used
