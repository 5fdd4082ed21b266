"""The gallery as a small application: the console's own frame, files, headers and error pages round sample content."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import ChoiceLoader, FileSystemLoader
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.base.errors import Conflict
from hub.base.ids import new_id
from hub.base.texts import LANGUAGES
from hub.base.time import now
from hub.console.environment import environment
from hub.console.forms import posted
from hub.console.pages import language, render
from hub.console.routes import install
from hub.console.sign_in import choose_person
from hub.identity.demo_people import demo_people
from hub.identity.sessions import SignedIn
from hub.policy.terms import Actor, Role

from .samples import WORDS, clocks

NAMES = {"zh-Hant": "示範甲", "en": "Sample-A", "ko": "가나다"}
AGENCIES = {"zh-Hant": "示範中心", "en": "Sample Centre", "ko": "시범센터"}


def person(lang: str) -> SignedIn:
    """A fictional coordinator in a live session."""
    actor = Actor(id=new_id(), agency_id=new_id(), roles=frozenset({Role.COORDINATOR}))
    return SignedIn(actor, b"session", b"c" * 32, NAMES[lang], lang, AGENCIES)


def make() -> FastAPI:
    """The application. `?signed_out=1` shows a page as somebody without a session sees it."""
    for lang in LANGUAGES:
        loader = environment(lang).loader
        assert isinstance(loader, ChoiceLoader)
        if len(loader.loaders) == 2:
            loader.loaders = [*loader.loaders, FileSystemLoader(Path(__file__).parent)]
    app = FastAPI()

    @app.middleware("http")
    async def read_session(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.url.path.startswith("/gallery"):
            request.state.signed_in = person(language(request))
            request.state.counts = {"home": 3}
        return await call_next(request)

    @app.get("/gallery")
    async def gallery(request: Request) -> Response:
        return show(request)

    @app.post("/gallery")
    async def answer(request: Request) -> Response:
        form = await posted(request)
        if form.switching:
            return show(request, values=form.values)
        words = WORDS[language(request)]
        problem = {
            "code": "invalid_input",
            "message": words["problem"],
            "fields": [
                {"path": path, "message": words[key]}
                for path, key in (("answer.kind", "choose"), ("answer.message", "fill"))
                if not form.text(path)
            ],
        }
        if not problem["fields"]:
            return show(request, values=form.values, sent=True)
        return show(request, 422, problem=problem, values=form.values)

    @app.get("/choose")
    async def choose(request: Request) -> Response:
        return choose_person(request, demo_people())

    @app.get("/nobody")
    async def nobody(request: Request) -> Response:
        return choose_person(request, [])

    @app.api_route("/fails/{status}", methods=["GET", "POST"])
    async def fails(status: int) -> Response:
        raise HTTPException(status)

    @app.get("/conflict")
    async def conflict() -> Response:
        raise Conflict("changed_meanwhile")

    @app.get("/fault")
    async def fault() -> Response:
        raise ZeroDivisionError("a secret name")

    @app.get("/number/{number}")
    async def number(number: int) -> dict[str, int]:
        return {"number": number}

    install(app)
    return app


def show(request: Request, status: int = 200, sent: bool = False, **more: Any) -> Response:
    """The gallery page."""
    return render(
        request,
        "gallery.html",
        status,
        w=WORDS[language(request)],
        clocks=clocks(now()),
        at=now(),
        sent=sent,
        **more,
    )
