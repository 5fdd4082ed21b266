"""The page on which somebody chooses, in a demonstration, which fictional person to be."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from directory.taxonomy import NETWORKS
from hub.identity.demo_people import DemoPerson

from .pages import language, render


def choose_person(request: Request, people: Sequence[DemoPerson]) -> Response:
    """One form a person, posting `login` to the address it was asked at. Fits `hub.identity.dev_issuer.People`."""
    lang = language(request)
    query = f"?{request.url.query}" if request.url.query else ""
    shown = [
        {
            "login": person.login,
            "name": person.names[lang],
            "network": NETWORKS[person.network].names[lang],
            "roles": person.roles,
        }
        for person in people
    ]
    return render(request, "sign_in.html", people=shown, action=request.url.path + query)
