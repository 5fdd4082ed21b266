"""The read API of HSDS 3.0 at `/hsds`: the standard's paths and shapes over the directory, for whoever speaks it.

An answer is valid until asked again: with its ETag the next one is 304 or the new state. A date cannot say that a part
is gone (an address that became confidential), so `If-Modified-Since` is not believed, and `Last-Modified` only informs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.metadata import version
from math import ceil
from typing import Any
from uuid import UUID

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from directory.standard import reading
from directory.standard.reading import FILTERS, Asked, Form
from hub.base.db import Session
from hub.base.ids import new_id
from hub.base.outages import SECONDS, outage
from hub.base.settings import Settings
from hub.base.texts import DEFAULT, message, negotiate
from hub.identity.actors import actor_from_bearer
from hub.identity.provider import ProviderUnavailable
from hub.identity.tokens import Unauthenticated

from .hsds_document import (
    FARTHEST,
    LAST_PAGE,
    LISTS,
    LONGEST,
    MOST,
    MOST_MINIMAL,
    MOST_SERVICES,
    ONES,
    PARAMETERS,
    USUAL,
    form_of,
    meta,
    openapi,
)
from .permissions import PUBLIC, READ, SIGNED_IN, Who, allowed
from .run import Hub

router = APIRouter()
log = structlog.get_logger("hub.api")
JSON, LINES = "application/json", "application/x-ndjson"
_STREAMED = 100
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


class _RefusedError(Exception):
    """What is answered instead: a status, a code to word, the parameter meant and what it allows."""

    def __init__(self, status: int, code: str, parameter: str = "", **headers: str) -> None:
        self.status, self.code, self.parameter, self.headers = status, code, parameter, headers


def who(settings: Settings) -> Who:
    """Who may call any path of `/hsds`: anybody signed in, with the scope `hub:read` if a machine; all, if set so."""
    return PUBLIC if settings.hsds_public else SIGNED_IN


async def hsds(request: Request) -> Response:
    """Any path of the API. Who: `who(settings)`."""
    lang = negotiate(request.headers.get("accept-language")) or DEFAULT
    hub: Hub = request.app.state.hub
    try:
        return await _answer(request, hub)
    except _RefusedError as refused:
        body = {"code": refused.code, "message": message(refused.code, lang)}
        if refused.parameter:
            body["parameter"] = refused.parameter
        if refused.parameter in PARAMETERS:
            body["allowed"] = PARAMETERS[refused.parameter].allowed
        headers = {"Cache-Control": "no-store", "Content-Language": lang, **refused.headers}
        return Response(orjson.dumps(body), refused.status, headers, media_type=JSON)
    except Exception as problem:  # the answer must be JSON, and must not say what broke
        always = {"Cache-Control": "no-store", "Content-Language": lang}
        passing = problem if isinstance(problem, ProviderUnavailable) else outage(problem)
        if passing is not None:
            body = {"code": passing.code, "message": message(passing.code, lang)}
            return Response(orjson.dumps(body), 503, always | {"Retry-After": str(SECONDS)}, media_type=JSON)
        number = str(new_id())
        log.error("fault", fault=number, kind=type(problem).__name__, path="hsds", exc_info=problem)
        body = {"code": "fault", "message": message("fault", lang), "fault": number}
        return Response(orjson.dumps(body), 500, always, media_type=JSON)


for _path in ("/hsds", "/hsds/{rest:path}"):
    router.add_route(_path, hsds, methods=_METHODS, include_in_schema=False)


async def _answer(request: Request, hub: Hub) -> Response:
    async with hub.db.work() as session:
        await _may(session, hub, request)
        if request.method not in {"GET", "HEAD"}:
            raise _RefusedError(405, "bad_request", Allow="GET, HEAD")
        parts = [part for part in request.path_params.get("rest", "").split("/") if part]
        base = hub.settings.public_url.rstrip("/") or f"http://{hub.settings.host}:{hub.settings.port}"
        if not parts or parts == ["openapi.json"]:
            _accepts(request, JSON)
            _given(request, ())
            return _fresh(request, hub, orjson.dumps(_description(hub, base) if parts else meta(base)))
        collection = parts[0]
        if collection not in LISTS or len(parts) > 2:
            raise _RefusedError(404, "not_found")
        if len(parts) == 2:
            return await _one(session, request, hub, collection, parts[1])
        return await _list(session, request, hub, collection)


async def _may(session: Session, hub: Hub, request: Request) -> None:
    """Refuse whoever may not read. A token is judged even where none is needed: a bad one is somebody's mistake."""
    header, asks = request.headers.get("authorization"), who(hub.settings)
    if header is None:
        if asks != PUBLIC:
            raise _RefusedError(401, "sign_in_first", **{"WWW-Authenticate": "Bearer"})
        return
    try:
        actor = await actor_from_bearer(session, hub.oidc, header)
    except Unauthenticated:
        refused = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise _RefusedError(401, "token_refused", **refused) from None
    if not allowed(actor, asks, READ):
        raise _RefusedError(403, "not_permitted")


def _description(hub: Hub, base: str) -> dict[str, Any]:
    public = who(hub.settings) == PUBLIC
    said = "anybody" if public else "anybody signed in; a machine with the scope hub:read"
    return openapi(base, version("interagency-hub"), f"Who: {said}. Read only.", public=public)


async def _one(session: Session, request: Request, hub: Hub, collection: str, key: str) -> Response:
    _accepts(request, JSON)
    form = form_of(collection, _given(request, ONES[collection]), whole=True)
    try:
        id_ = UUID(key)
    except ValueError:
        raise _RefusedError(404, "not_found") from None
    if form is Form.WITH_SERVICES:
        await _bearable(session, [id_])
    found = await reading.one(session, collection, id_, form)
    if found is None:
        raise _RefusedError(404, "not_found")
    body = found.encode()
    changed = orjson.loads(body).get("last_modified")
    return _fresh(request, hub, body, _dated(changed) if changed else {})


def _dated(changed: str) -> dict[str, str]:
    return {"Last-Modified": format_datetime(datetime.fromisoformat(changed).astimezone(UTC), usegmt=True)}


async def _list(session: Session, request: Request, hub: Hub, collection: str) -> Response:
    given = _given(request, LISTS[collection])
    form = form_of(collection, given, whole=False)
    if "proximity" in given and "postcode" not in given:
        raise _RefusedError(400, "required", "postcode")
    asked = Asked(**{name: given[name] for name in FILTERS[collection] if name in given})
    if given.get("format") == "ndjson":
        _accepts(request, LINES)
        if clash := {"page", "per_page"} & given.keys():
            raise _RefusedError(400, "invalid_input", min(clash))
        if form is Form.WITH_SERVICES:
            raise _RefusedError(400, "invalid_input", "full_service")
        return StreamingResponse(_lines(hub, collection, asked, form), headers=_headers(hub), media_type=LINES)
    _accepts(request, JSON)
    most = MOST_MINIMAL if form is Form.MINIMAL else MOST
    rows = given.get("per_page", MOST_MINIMAL if form is Form.MINIMAL else USUAL)
    if not 1 <= rows <= most:
        raise _RefusedError(400, "out_of_range", "per_page")
    number = given.get("page", 1)
    page = await _page(session, collection, asked, form, rows, rows * (number - 1))
    pages = ceil(page.total / rows)
    head = {
        "total_items": page.total,
        "total_pages": pages,
        "page_number": number,
        "size": len(page.items),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not page.items,
    }
    body = orjson.dumps(head)[:-1] + b',"contents":[' + ",".join(page.items).encode() + b"]}"
    return _fresh(request, hub, body)


async def _page(session: Session, collection: str, asked: Asked, form: Form, rows: int, skip: int) -> reading.Page:
    if form is Form.WITH_SERVICES:
        listed = await reading.page(session, collection, asked, Form.LISTED, rows, skip)
        await _bearable(session, [UUID(orjson.loads(item)["id"]) for item in listed.items])
    return await reading.page(session, collection, asked, form, rows, skip)


async def _bearable(session: Session, organizations: list[UUID]) -> None:
    """An answer is whole or refused, never cut: too many services are to be asked for by themselves."""
    if await reading.services_of(session, organizations, MOST_SERVICES + 1) > MOST_SERVICES:
        raise _RefusedError(400, "out_of_range", "full_service")


async def _lines(hub: Hub, collection: str, asked: Asked, form: Form) -> AsyncIterator[bytes]:
    """Every object on a line, a transaction a hundred: no connection waits for a slow reader."""
    after = UUID(int=0)
    while True:
        async with hub.db.work() as session:
            found = await reading.following(session, collection, asked, form, _STREAMED, after)
        if found:
            after = found[-1][0]
            yield "".join(f"{item}\n" for _, item in found).encode()
        if len(found) < _STREAMED:
            return


def _headers(hub: Hub) -> dict[str, str]:
    public = who(hub.settings) == PUBLIC
    open_to = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    return {"Cache-Control": f"{'public' if public else 'private'}, no-cache", "Vary": "Authorization, Accept"} | (
        open_to if public else {}
    )


def _fresh(request: Request, hub: Hub, body: bytes, dated: Mapping[str, str] | None = None) -> Response:
    """The answer, or 304 where the asker has it already."""
    tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = {**_headers(hub), "ETag": tag, **(dated or {})}
    held = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if held & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JSON)


def _accepts(request: Request, kind: str) -> None:
    kinds = {part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")}
    if kinds != {""} and not kinds & {kind, "application/*", "*/*"}:
        raise _RefusedError(406, "not_acceptable")


def _given(request: Request, takes: tuple[str, ...]) -> dict[str, Any]:
    """The parameters, read. What is unknown, said twice or unreadable is refused: a slip must not widen a list."""
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name not in takes:
            raise _RefusedError(400, "unknown_filter", name[:LONGEST])
        if name in found:
            raise _RefusedError(400, "invalid_input", name)
        try:
            found[name] = _read(PARAMETERS[name].kind, value)
        except ValueError:
            raise _RefusedError(400, "invalid_input", name) from None
    return found


def _read(kind: str, value: str) -> Any:
    """A parameter's value; ValueError if it is none."""
    if "\x00" in value or not 0 < len(value) <= LONGEST:
        raise ValueError
    if kind == "id":
        return UUID(value)
    if kind == "bool":
        if value.lower() not in _FLAGS:
            raise ValueError
        return _FLAGS[value.lower()]
    if kind == "whole":
        if not re.fullmatch("[0-9]{1,6}", value, re.ASCII) or not 1 <= int(value) <= LAST_PAGE:
            raise ValueError
        return int(value)
    if kind == "metres":
        metres = float(value)
        if not 0 <= metres <= FARTHEST:
            raise ValueError
        return metres
    if kind == "moment":
        moment = datetime.fromisoformat(value.replace(" ", "+"))  # a plus sign that was not escaped
        if not 1 < moment.year < 9999:
            raise ValueError
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if kind == "form" and value not in {"json", "ndjson"}:
        raise ValueError
    return value
