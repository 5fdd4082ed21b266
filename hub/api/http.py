"""GraphQL over HTTP: one route, trusted operations by name, outsiders' documents within limits, right status codes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from graphql import GraphQLError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from hub.base.db import Session
from hub.base.headers import security_headers
from hub.base.outages import PASSING, SECONDS
from hub.base.texts import DEFAULT, LANGUAGES, message, negotiate
from hub.identity.actors import actor_from_bearer, signed_in
from hub.identity.provider import ProviderUnavailable
from hub.identity.sessions import CSRF_HEADER, CsrfRefused, check_csrf
from hub.identity.tokens import Unauthenticated
from hub.policy.terms import Actor

from .documents import Document, is_mutation
from .limits import LIMITS
from .run import Answer, Hub, run

router = APIRouter()
PATH = "/graphql"
GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


_REFUSED = frozenset({"not_permitted", "sign_in_first", "account_suspended"})
_ALSO = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": str(SECONDS)}}
"""What goes with a status beside what every answer carries."""


class _BadError(Exception):
    """The request is none: status and code to word."""

    def __init__(self, status: int, code: str, **headers: str) -> None:
        self.status, self.code, self.headers = status, code, headers


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str | None
    name: str | None
    document_id: str | None
    variables: dict[str, Any] | None


class _Response(Response):
    """An answer whose headers were made once a process: Starlette words each of them anew."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code, self.body, self.raw_headers, self.background = status, body, headers, None


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: answer a POST to PATH, without the layers that pages need."""
    response = await graphql(Request(scope, receive))
    await response(scope, receive, send)


async def graphql(request: Request) -> _Response:
    """Body `{query | documentId, operationName, variables}`; `documentId` is the name of a trusted operation."""
    lang = negotiate(request.headers.get("accept-language")) or DEFAULT
    kind = GRAPHQL
    try:
        kind = _accepted(request.headers.get("accept", ""))
        asked = await _asked(request)
        return await _run(request, asked, lang, kind)
    except _BadError as bad:
        body = {"errors": [{"message": message(bad.code, lang), "extensions": {"code": bad.code}}]}
        return _response(request.app.state.hub, bad.status, body, kind, lang, bad.headers)


router.add_route(PATH, graphql, methods=["GET", "POST"], include_in_schema=False)  # nothing to inject: Starlette's


async def _run(request: Request, asked: _Asked, lang: str, kind: str) -> _Response:
    hub: Hub = request.app.state.hub
    document, name = _document(hub, asked)
    if document.errors:
        errors = [_syntax(error) for error in document.errors]
        return _response(hub, 400 if kind == GRAPHQL else 200, {"errors": errors}, kind, lang)
    operation = document.operation(name)
    if operation is None:
        raise _BadError(400, "unknown_operation")
    if request.method != "POST" and is_mutation(operation):
        raise _BadError(405, "no_mutation_by_get", Allow="POST")
    header = request.headers.get("authorization")
    known = bool(header)

    async def who(session: Session) -> Actor | None:
        nonlocal known
        if header:
            return await actor_from_bearer(session, hub.oidc, header)
        actor = await _from_console(session, hub, request)
        known = actor is not None
        return actor

    try:
        name = operation.name.value if operation.name else None
        answer = await run(hub, document, name, asked.variables, who, lang)
    except ProviderUnavailable:
        raise _BadError(503, "provider_unavailable", **{"Retry-After": str(SECONDS)}) from None
    except Unauthenticated:
        raise _BadError(401, "token_refused", **{"WWW-Authenticate": 'Bearer error="invalid_token"'}) from None
    status = _status(answer, kind, signed_in=known)
    return _response(hub, status, answer.body, kind, lang, _ALSO.get(status))


async def _from_console(session: Session, hub: Hub, request: Request) -> Actor | None:
    """Never in production: whoever runs operations in GraphiQL, by console session and CSRF token in the header."""
    if hub.settings.mode == "production" or CSRF_HEADER not in request.headers:
        return None
    cookies = request.app.state.cookies
    found = await signed_in(session, hub.oidc, cookies, request)
    if found is None:
        return None
    try:
        await check_csrf(request, cookies, found)
    except CsrfRefused:
        return None
    return found.actor


def _document(hub: Hub, asked: _Asked) -> tuple[Document, str | None]:
    if asked.document_id is not None:
        trusted = hub.documents.trusted.get(asked.document_id)
        if trusted is None:
            raise _BadError(400, "unknown_operation")
        return trusted, asked.document_id
    assert asked.query is not None
    return hub.documents.outside(asked.query), asked.name


def _status(answer: Answer, kind: str, *, signed_in: bool) -> int:
    codes = {error["extensions"]["code"] for error in answer.errors}
    if "fault" in codes:
        return 500
    if not codes.isdisjoint(PASSING):
        return 503
    nothing = answer.data is None or all(value is None for value in answer.data.values())
    if nothing and codes and codes <= _REFUSED:
        return 403 if signed_in else 401
    if answer.data is None and answer.errors:
        return 400 if kind == GRAPHQL else 200
    return 200


def _accepted(accept: str) -> str:
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    if not kinds or GRAPHQL in kinds:
        return GRAPHQL
    if {JSON, "application/*", "*/*"} & set(kinds):
        return JSON if JSON in kinds else GRAPHQL
    raise _BadError(406, "not_acceptable")


async def _asked(request: Request) -> _Asked:
    if request.method != "POST":  # HEAD too
        given = request.query_params
        if "documentId" not in given or "query" in given:
            raise _BadError(405, "get_needs_trusted", Allow="POST")
        return _shape({**given, "variables": _json(given["variables"].encode()) if "variables" in given else None})
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise _BadError(415, "json_only")
    return _shape(_json(await _body(request)))


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in _stream(request):
        size += len(part)
        if size > LIMITS.bytes:
            raise _BadError(413, "body_too_large")
        parts.append(part)
    return b"".join(parts)


async def _stream(request: Request) -> AsyncIterator[bytes]:
    try:
        async for part in request.stream():
            yield part
    except ClientDisconnect:  # nobody is left to read the answer, and it is no fault
        raise _BadError(400, "bad_request") from None


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _BadError(400, "bad_json") from None


def _shape(given: Any) -> _Asked:
    if isinstance(given, list):
        raise _BadError(400, "no_batches")
    if not isinstance(given, dict):
        raise _BadError(400, "bad_request")
    query, name, document = given.get("query"), given.get("operationName"), given.get("documentId")
    variables = given.get("variables")
    texts = all(value is None or isinstance(value, str) for value in (query, name, document))
    if not texts or not (variables is None or isinstance(variables, dict)) or (query is None) == (document is None):
        raise _BadError(400, "bad_request")
    return _Asked(query, name or None, document, variables)


def _syntax(error: GraphQLError) -> dict[str, Any]:
    code = (error.extensions or {}).get("code", "bad_request")
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {"message": error.message, "locations": places, "extensions": {"code": code}}


def _response(
    hub: Hub, status: int, body: Any, kind: str, lang: str, headers: dict[str, str] | None = None
) -> _Response:
    assert lang in LANGUAGES
    always = hub.headers.get((kind, lang))
    if always is None:
        own = {"content-type": f"{kind}; charset=utf-8", "content-language": lang}
        always = hub.headers[kind, lang] = _raw(security_headers(hub.settings) | own)
    raw = orjson.dumps(body)
    return _Response(status, raw, [(b"content-length", b"%d" % len(raw)), *always, *_raw(headers or {})])


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
