"""GraphiQL in demonstrations: every trusted operation as an example, run as whoever is signed in to the console."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLType,
    OperationDefinitionNode,
    is_required_input_field,
    print_schema,
    type_from_ast,
)
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hub.api.run import Hub

from .pages import render

router = APIRouter(default_response_class=Response, include_in_schema=False)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
"""This page's own: its editor writes style elements, its fonts and icons lie inside its style sheet."""
_BLANK: dict[str, Any] = {"Int": 0, "Float": 0, "Boolean": False}


@router.get("/graphiql")
async def page(request: Request) -> Response:
    """The page. Open to everybody outside production, where it does not exist; what it runs is judged as ever."""
    _hub(request)
    return render(request, "graphiql.html", headers={"Content-Security-Policy": POLICY})


@router.get("/graphiql/examples")
async def examples(request: Request) -> Response:
    """The trusted operations by name: source, variables to fill in, whether it runs as it stands. As for the page."""
    hub = _hub(request)
    return JSONResponse([_example(hub, name) for name in hub.documents.trusted])


@router.get("/graphiql/schema")
async def schema(request: Request) -> Response:
    """The contract, for completion and documentation: the usual question for it is deeper than operations may be."""
    return PlainTextResponse(print_schema(_hub(request).schema))


def _hub(request: Request) -> Hub:
    """The hub if it is not in production; there the page does not exist (HTTPException 404)."""
    hub: Hub = request.app.state.hub
    if hub.settings.mode == "production":
        raise HTTPException(404)
    return hub


def _example(hub: Hub, name: str) -> dict[str, Any]:
    operation = hub.documents.trusted[name].operation(name)
    assert operation is not None
    return {
        "name": name,
        "kind": operation.operation.value,
        "query": hub.documents.text(name),
        "variables": _variables(hub.schema, operation),
    }


def _variables(known: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, Any]:
    """What an operation must be given, with blanks to fill in."""
    kinds = {
        node.variable.name.value: (type_from_ast(known, node.type), node)
        for node in operation.variable_definitions or ()
    }
    return {
        name: blank(kind)
        for name, (kind, node) in kinds.items()
        if isinstance(kind, GraphQLNonNull) and node.default_value is None
    }


def blank(kind: GraphQLType) -> Any:
    """A value of the shape of `kind`: the first of an enum, the required fields of an input, an empty text."""
    if isinstance(kind, GraphQLNonNull):
        return blank(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [blank(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {name: blank(field.type) for name, field in kind.fields.items() if is_required_input_field(field)}
    return _BLANK.get(getattr(kind, "name", ""), "")
