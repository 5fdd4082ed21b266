"""The bytes of a package: one PUT to the path its announcement answered with; no variables are so large."""

from __future__ import annotations

import tempfile
from typing import IO
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response

from hub.audit.ledger import watch
from hub.base.db import Session
from hub.base.errors import Conflict, InvalidInput, NotFound, NotPermitted, Refusal
from hub.base.texts import DEFAULT, message, negotiate
from hub.identity.actors import actor_from_bearer
from hub.identity.provider import ProviderUnavailable
from hub.identity.tokens import Unauthenticated
from hub.imports.actions import receive
from hub.imports.rules import MOST_BYTES
from hub.policy.terms import Actor, Role

from .permissions import WRITE, allowed
from .run import Hub

router = APIRouter()
WHO = frozenset({Role.ADMINISTRATOR})
_STATUS: dict[type[Refusal], int] = {
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    InvalidInput: 422,
    ProviderUnavailable: 503,
}
_IN_MEMORY = 1 << 20


class _UploadError(Exception):
    """What is answered instead: a status and a code to word."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code


async def upload(request: Request) -> Response:
    """Take in a package one has announced with `stageImport`. Who: administrators. 204, or a code and a message."""
    lang = negotiate(request.headers.get("accept-language")) or DEFAULT
    hub: Hub = request.app.state.hub
    try:
        await _taken(request, hub)
    except _UploadError as refused:
        return _refused(refused.status, refused.code, lang)
    except Refusal as refusal:
        code = refusal.fields[0].code if isinstance(refusal, InvalidInput) and refusal.fields else refusal.code
        return _refused(_STATUS.get(type(refusal), 409), code, lang)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


router.add_route("/uploads/{import_id}", upload, methods=["PUT"], include_in_schema=False)


def _refused(status: int, code: str, lang: str) -> Response:
    body = {"code": code, "message": message(code, lang)}
    headers = {"Cache-Control": "no-store", "Content-Language": lang}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


async def _taken(request: Request, hub: Hub) -> None:
    header = request.headers.get("authorization")
    async with hub.db.work() as session:
        await _who(session, hub, header)  # nothing is read from whom it is not for
    key = _key(request)
    declared = request.headers.get("content-length", "0")
    if not (declared.isascii() and declared.isdigit() and int(declared[:12]) <= MOST_BYTES):
        raise _UploadError(413, "package_too_big")
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise _UploadError(413, "package_too_big")
            file.write(part)
        file.seek(0)
        async with hub.db.work() as session:
            actor = await _who(session, hub, header)
            watch(session, actor, "Upload")
            await receive(session, actor, key, file)


async def _who(session: Session, hub: Hub, header: str | None) -> Actor:
    try:
        actor = await actor_from_bearer(session, hub.oidc, header)
    except Unauthenticated:
        raise _UploadError(401, "token_refused" if header else "sign_in_first") from None
    if not allowed(actor, WHO, WRITE):
        raise NotPermitted
    return actor


def _key(request: Request) -> UUID:
    try:
        return UUID(request.path_params["import_id"])
    except ValueError:
        raise NotFound from None


async def received(hub: Hub, actor: Actor, key: UUID, file: IO[bytes]) -> None:
    """The same for a form of the console: `actor` is as the session says, and what they may is looked at anew."""
    if not allowed(actor, WHO, WRITE):
        raise NotPermitted
    async with hub.db.work() as session:
        watch(session, actor, "Upload")
        await receive(session, actor, key, file)
