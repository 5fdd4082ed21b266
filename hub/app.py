"""The web application of one process: database, provider, API, console, health."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.api import downloads, hsds, http, uploads
from hub.api.documents import Documents
from hub.api.run import Hub
from hub.api.schema import core
from hub.base.crypto import keys_of
from hub.base.databases import databases
from hub.base.db import PATIENCE, Database
from hub.base.fitness import check_database, check_settings
from hub.base.settings import Settings
from hub.console import routes
from hub.console.refusals import refused, unread
from hub.console.sign_in import choose_person
from hub.identity.actors import signed_in
from hub.identity.dev_issuer import DevIssuer
from hub.identity.provider import Oidc
from hub.identity.signin import SignIn
from hub.imports.rules import MOST_BYTES

LARGEST = 1_000_000
"""Bytes a form may have."""
_LARGER = {"/imports": MOST_BYTES + LARGEST}
"""Forms that carry a package: their pages look who sends it before they read it."""


@asynccontextmanager
async def opened(settings: Settings, url: str | None = None) -> AsyncIterator[Hub]:
    """Everything a process needs, for the length of the block. `url` is the database if it is already open."""
    if url is None:
        async with databases(settings) as urls, opened(settings, urls.app) as hub:
            yield hub
        return
    keys = keys_of(settings)
    database = Database(url, settings.database_pool, keys, patience=PATIENCE)
    schema = core()
    try:
        async with httpx.AsyncClient(follow_redirects=False) as client:
            documents = Documents(schema, introspection=settings.mode != "production")
            yield Hub(database, settings, keys, schema, documents, Oidc(settings, client))
    finally:
        await database.close()


def create_app(hub: Hub) -> FastAPI:
    """The ASGI application over an opened hub."""
    app = FastAPI(title="Interagency hub", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.hub = hub
    sign_in = SignIn(hub.oidc, hub.db, refused)
    app.state.cookies = sign_in.cookies
    app.include_router(sign_in.routes)
    app.include_router(http.router)
    app.include_router(hsds.router)
    app.include_router(uploads.router)
    app.include_router(downloads.router)
    if hub.settings.mode != "production":
        app.include_router(DevIssuer(hub.settings, page=choose_person).routes)
    app.add_api_route("/healthz", healthz, methods=["GET"])
    app.add_api_route("/readyz", readyz, methods=["GET"])
    routes.install(app)
    app.add_middleware(_WhoLooks)
    return app


class _WhoLooks:
    """Reads the console's session once, before any page. Pure ASGI, and nothing to the API: it takes bearer tokens and
    bounds what it reads itself. (Starlette's own base for middleware starts a task for each request.)"""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] == "http" and scope["path"] == http.PATH and scope["method"] == "POST":
            await http.answer(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] not in _UNREAD and not scope["path"].startswith("/hsds"):
            request = Request(scope)
            if (status := _refused(request)) is not None:
                await unread(request, status)(scope, receive, send)
                return
            cookies = request.app.state.cookies
            if cookies.session in request.cookies:
                hub: Hub = request.app.state.hub
                async with hub.db.work() as session:
                    request.state.signed_in = await signed_in(session, hub.oidc, cookies, request)
        await self.app(scope, receive, send)


_UNREAD = frozenset({http.PATH, "/healthz", "/readyz"})


def _refused(request: Request) -> int | None:
    """Forms are small and say how long they are; they are read before anybody is asked who they are."""
    if request.method != "POST":
        return None
    declared = request.headers.get("content-length", "0").lstrip("0") or "0"
    most = _LARGER.get(request.url.path, LARGEST)
    if not (declared.isascii() and declared.isdigit() and len(declared) <= len(str(most)) and int(declared) <= most):
        return 413
    return 411 if "transfer-encoding" in request.headers else None


async def healthz() -> Response:
    """Whether the process answers. Open to everybody."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Whether the process can work: the database answers. Open to everybody."""
    try:
        async with request.app.state.hub.db.work() as session:
            await session.execute(text("select 1"))
    except Exception:  # whatever it is, the balancer needs a plain no
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ready"})


async def serve(settings: Settings) -> None:
    """Serve until told to stop. Raises `NotFit` if settings or database are not what the hub must stand on."""
    check_settings(settings)
    async with databases(settings, leaving=True) as urls, opened(settings, urls.app) as hub:
        await check_database(settings, urls.app)
        serving = server(hub)
        gc.collect()
        gc.freeze()  # schema and modules stay for good: no collection needs to walk them again
        gc.set_threshold(20_000, 20, 50)
        await serving.serve()


def server(hub: Hub, app: FastAPI | None = None) -> uvicorn.Server:
    """The HTTP server over an opened hub."""
    settings = hub.settings
    config = uvicorn.Config(
        app or create_app(hub),
        host=settings.host,
        port=settings.port,
        server_header=False,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)
