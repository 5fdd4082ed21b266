"""Pages of the directory: search by words, need, place and network; a service with its phones and capacity."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from directory.taxonomy import NETWORKS

from .client import ask
from .inputs import one
from .naming import need_options, places, words
from .pages import language, render

router = APIRouter(default_response_class=Response, include_in_schema=False)
FILTERS = ("text", "need", "area", "network")
MOST = 1000
"""Counts end here: what is above is said as more than this."""


@router.get("/directory")
async def search(request: Request) -> Response:
    """Search the directory. For anybody signed in."""
    asked = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    narrowed = {name: value for name, value in asked.items() if value}
    after = request.query_params.get("after")
    found = (await ask(request, "SearchServices", {**narrowed, "after": after}))["services"]
    lang, known = language(request), await places(request)
    any_ = {"value": "", "text": ""}
    return render(
        request,
        "directory.html",
        found=found,
        services=[edge["node"] for edge in found["edges"]],
        total=found["totalCount"],
        most=MOST,
        href=f"/directory?{urlencode(narrowed)}" if narrowed else "/directory",
        narrowed=bool(narrowed),
        values={name: [value] for name, value in asked.items()},
        needs=[any_, *need_options(request)],
        areas=[any_, *({"value": code, "text": name} for code, name in known.items())],
        networks=[any_, *({"value": net.code, "text": net.names[lang]} for net in NETWORKS.values())],
        places=known,
        **words(request),
    )


@router.get("/directory/{service_id}")
async def service(request: Request, service_id: str) -> Response:
    """One service. For anybody signed in."""
    found = await one(request, "Service", "service", id=service_id)
    return render(request, "service.html", service=found, places=await places(request), **words(request))
