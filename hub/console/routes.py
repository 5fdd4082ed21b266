"""The console's routes, and how an application takes them in."""

from __future__ import annotations

import logging

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.audit.chain import append
from hub.base.db import Database
from hub.base.headers import SecurityHeaders
from hub.base.settings import settings
from hub.identity.sessions import Cookies, end

from . import (
    administration,
    agency,
    agency_entry,
    attesting,
    cases,
    consent,
    coverage,
    directory,
    exports,
    graphiql,
    home,
    imports,
    inventory,
    keeping,
    meetings,
    minutes,
    oversight,
    planner,
    referring,
    relation,
    reporting,
    staff,
    static,
    terms,
    weights,
)
from .pages import LANGUAGE_COOKIE, render
from .refusals import HANDLERS
from .viewer import signed_in

log = logging.getLogger(__name__)
router = APIRouter(default_response_class=Response, include_in_schema=False)

ELSEWHERE = "https://www.cwa.gov.tw/"
"""Where "Exit this page" leads: the weather, as anybody might look it up."""


def install(app: FastAPI) -> None:
    """Give `app` the console: routes, built files, headers, error pages.

    Expects at run time `app.state.hub.db` (Database); whoever reads the session cookie puts
    `request.state.signed_in` (SignedIn | None). AssetsMissing when `make assets` was not run.
    """
    app.include_router(router)
    for pages in (
        administration,
        agency,
        agency_entry,
        attesting,
        cases,
        consent,
        coverage,
        directory,
        exports,
        graphiql,
        imports,
        inventory,
        keeping,
        meetings,
        minutes,
        oversight,
        planner,
        referring,
        relation,
        reporting,
        staff,
        terms,
        weights,
    ):
        app.include_router(pages.router)
    app.mount(static.PREFIX, static.Assets(), name="static")
    app.add_middleware(SecurityHeaders, settings=settings())
    for problem, handler in HANDLERS.items():
        app.add_exception_handler(problem, handler)


@router.get("/")
async def start(request: Request) -> Response:
    """The first page of the signed-in person's role; else what the hub is, and the way in. Open to everybody."""
    return await home.home(request)


@router.get("/help")
async def help_page(request: Request) -> Response:
    """Who may use this, how to leave quickly. Open to everybody."""
    return render(request, "help.html")


@router.get("/exit")
async def leave(request: Request) -> Response:
    """End the session at once and go elsewhere. Open to everybody; works without scripts and whatever fails.

    Another site may not end a session by pointing here: its requests are only sent on.
    """
    response = RedirectResponse(ELSEWHERE, 303)
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return response
    cookies = Cookies(settings())
    cookies.drop(response, cookies.session)
    cookies.drop(response, LANGUAGE_COOKIE)
    response.headers["Clear-Site-Data"] = '"storage"'
    await _end_session(request)
    return response


async def _end_session(request: Request) -> None:
    found = signed_in(request)
    if found is None:
        return
    database: Database = request.app.state.hub.db
    try:
        async with database.work() as session:
            await end(session, found.session_id)
            await append(session, found.actor, "session.end")
    except Exception:  # the person must leave even when the database is away; the session then ends by idleness
        log.exception("a session could not be ended at exit")
