"""Who reaches what: every route and every method, asked by nobody in particular, is refused, or open for a reason."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace

import httpx
import pytest_asyncio
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route

from hub.app import create_app
from hub.base.settings import Settings
from tests.support.hub import Running, running
from tests.support.hub import settings as settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WAY_IN = "/auth/sign-in"
OPEN = {
    "/": "what the hub is, and the way in",
    "/help": "who may use this, how to leave quickly",
    "/exit": "must work whatever fails; only leads away",
    "/healthz": "for the balancer: says that the process lives",
    "/readyz": "for the balancer: says whether the database answers",
    "/auth/sign-in": "the way in",
    "/auth/sign-out": "ends the session that is sent with it; without one it only leads away",
    "/auth/callback": "the way in; a callback nobody began is refused",
    "/graphql": "the field `me` is for everybody; every other states who may ask it (test_contract)",
    "/static": "style sheet, script, icons: the same for everybody",
}
"""Paths that answer anybody, and why."""
OPEN_OUTSIDE_PRODUCTION = {
    "/dev-issuer/.well-known/openid-configuration": "a provider's, as any is",
    "/dev-issuer/jwks": "a provider's, as any is",
    "/dev-issuer/authorize": "one-click sign-ins",
    "/dev-issuer/token": "a provider's; a code nobody was given is refused",
    "/dev-issuer/end-session": "a provider's, as any is",
    "/graphiql": "shows the contract, which is published; what it runs is judged as ever",
    "/graphiql/examples": "the published operations",
    "/graphiql/schema": "the published contract",
}
"""The same, where everybody is signed in as whom they choose anyway."""

WHOLE = {
    "/coverage/cell": "/coverage/cell?area=x&need=y",
    "/rounds/{round_id}/result.{form}": "/rounds/x/result.csv",
}
"""Paths that ask who comes only once the question is whole: each as a whole question."""


def routes(found: Iterable[BaseRoute]) -> Iterator[Route | Mount]:
    """Every route and mount of an application, those of its routers too."""
    for one in found:
        if isinstance(one, Route | Mount):
            yield one
        else:
            router = getattr(one, "original_router", None)
            assert router is not None, f"a kind of route nobody looks into: {type(one).__name__}"
            yield from routes(router.routes)


async def answering(http: httpx.AsyncClient, app: FastAPI) -> set[tuple[str, str]]:
    """(method, path) of each route that does something for somebody without a session and without a token.

    A method the route has must ask who comes: 404 will not do, lest it answers for what does exist.
    """
    found, own = set[tuple[str, str]](), dict[str, set[str]]()
    for one in routes(app.routes):
        if isinstance(one, Mount):
            found.add(("*", one.path))  # what is inside has routes of its own
        else:
            own.setdefault(one.path, set()).update(one.methods or METHODS)
    for path, methods in own.items():
        where = WHOLE.get(path) or re.sub(r"\{[^}]*\}", "00000000-0000-4000-8000-000000000000", path)
        for method in sorted({*methods, "HEAD", "OPTIONS"}):
            answer = await http.request(method, where, data={} if method in {"POST", "PUT", "PATCH"} else None)
            refused = {401, 403} if method in methods else {401, 403, 404, 405}
            sent_on = answer.is_redirect and answer.headers["location"].startswith(WAY_IN)
            if answer.status_code not in refused and not sent_on:
                found.add((method, path))
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def hub(settings: Settings, database_url: str) -> AsyncIterator[Running]:
    """The hub, served."""
    async with running(settings, database_url) as served:
        yield served


async def test_nobody_in_particular_is_refused_everywhere(hub: Running) -> None:
    """Over HTTP: what answers is on the lists, and what is on the lists answers."""
    found = await answering(hub.http, create_app(hub.hub))
    assert {path for _, path in found} == set(OPEN) | set(OPEN_OUTSIDE_PRODUCTION)


async def test_production_opens_less(hub: Running) -> None:
    made = hub.hub.settings.model_copy(update={"mode": "production", "public_url": "https://hub.example"})
    app = create_app(replace(hub.hub, settings=made))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://hub.example") as http:
        found = {path for _, path in await answering(http, app)}
    graphiql = {path for path in OPEN_OUTSIDE_PRODUCTION if path.startswith("/graphiql")}
    assert found - graphiql == set(OPEN)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://hub.example") as http:
        assert {(await http.get(path)).status_code for path in graphiql} == {404}


async def test_what_is_open_is_found(hub: Running) -> None:
    """Routes that forgot to ask, in each way an application takes one."""

    async def forgot(request: object) -> PlainTextResponse:
        return PlainTextResponse("come in")

    async def gone(request: object) -> PlainTextResponse:
        return PlainTextResponse("no such case", 404)

    app = create_app(hub.hub)
    router, inner = APIRouter(), APIRouter()
    inner.add_route("/planted/inner", forgot)
    router.include_router(inner)
    router.add_route("/planted/router", forgot, methods=["PUT"])
    app.include_router(router)
    app.add_route("/planted/{case}", gone, methods=["GET"])
    app.add_route("/planted/every/method", forgot, methods=["DELETE"])
    app.mount("/planted/mount", FastAPI())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        found = {one for one in await answering(http, app) if one[1].startswith("/planted")}
    assert found >= {
        ("GET", "/planted/inner"), ("HEAD", "/planted/inner"), ("PUT", "/planted/router"), ("GET", "/planted/{case}"),
        ("DELETE", "/planted/every/method"), ("*", "/planted/mount"),
    }  # fmt: skip
