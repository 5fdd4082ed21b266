"""The bytes of files of the directory and of packages' remarks: one GET of the path a description names, streamed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from hub.base.db import Session
from hub.base.errors import Conflict, NotFound, NotPermitted, Refusal
from hub.base.texts import DEFAULT, message, negotiate
from hub.identity.actors import actor_from_bearer
from hub.identity.provider import ProviderUnavailable
from hub.identity.tokens import Unauthenticated
from hub.imports.exports import pieces, taken
from hub.imports.files import CSV, remarks_lines, remarks_name
from hub.policy.terms import Actor

from .permissions import OVERSEEING, allowed
from .run import Hub

router = APIRouter()
_STATUS: dict[type[Refusal], int] = {NotPermitted: 403, NotFound: 404, Conflict: 409, ProviderUnavailable: 503}


async def download(request: Request) -> Response:
    """A file of the directory that has been made. Who: administrators and auditors."""
    return await _handed(request, handed_out)


async def remarks(request: Request) -> Response:
    """Every remark of a package's report. Who: administrators and auditors."""
    lang = negotiate(request.headers.get("accept-language")) or DEFAULT
    return await _handed(request, partial(remarks_out, lang=lang))


router.add_route("/downloads/{key}", download, methods=["GET"], include_in_schema=False)
router.add_route("/downloads/{key}/remarks.csv", remarks, methods=["GET"], include_in_schema=False)


async def _handed(request: Request, out: Callable[[Hub, Session, Actor, str], Awaitable[Response]]) -> Response:
    lang = negotiate(request.headers.get("accept-language")) or DEFAULT
    hub: Hub = request.app.state.hub
    header = request.headers.get("authorization")
    try:
        async with hub.db.work() as session:
            actor = await actor_from_bearer(session, hub.oidc, header)
            return await out(hub, session, actor, request.path_params["key"])
    except Unauthenticated:
        return _refused(401, "token_refused" if header else "sign_in_first", lang)
    except Refusal as refusal:
        return _refused(_STATUS.get(type(refusal), 409), refusal.code, lang)


def _refused(status: int, code: str, lang: str) -> Response:
    body = {"code": code, "message": message(code, lang)}
    headers = {"Cache-Control": "no-store", "Content-Language": lang}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


async def handed_out(hub: Hub, session: Session, actor: Actor, key: str) -> Response:
    """The file as an answer; that it was taken is recorded first. Raises a refusal."""
    if not allowed(actor, OVERSEEING):
        raise NotPermitted
    try:
        found = await taken(session, actor, UUID(key))
    except ValueError:
        raise NotFound from None
    headers = {
        "Content-Disposition": f'attachment; filename="{found.name}"',
        "Content-Length": str(found.size),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(pieces(hub.db, found), headers=headers, media_type=found.media_type)


async def remarks_out(hub: Hub, session: Session, actor: Actor, key: str, lang: str) -> Response:
    """All remarks of a package as an answer, in `lang`. Raises a refusal."""
    if not allowed(actor, OVERSEEING):
        raise NotPermitted
    try:
        import_id = UUID(key)
    except ValueError:
        raise NotFound from None
    name = await remarks_name(session, actor, import_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Language": lang,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(remarks_lines(hub.db, import_id, lang), headers=headers, media_type=CSV)
