"""The first page of each role: what needs the person now. Other roles' pages are registered in HOMES."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.base.time import now
from hub.policy.terms import Role

from . import administration, agency, oversight, reporting, words
from .client import ask
from .dates import SOON, as_moment
from .pages import render
from .viewer import viewer_of

Home = Callable[[Request], Awaitable[Response]]
SHOWN = 8
"""Rows of a list on a first page; the whole list is one link away."""


async def home(request: Request) -> Response:
    """The first page of the first role of HOMES the person has; what the hub is for anybody else. Open to everybody."""
    viewer = viewer_of(request)
    if viewer is not None:
        for role, page in HOMES:
            if viewer.has(role):
                return await page(request)
    return render(request, "start.html")


async def coordinator(request: Request) -> Response:
    """Clocks that run out, referrals to look after, meetings, reports waiting. Who: coordinator."""
    waiting = (await ask(request, "WaitingReports", {"first": 50}))["waitingReports"]
    mine = (await ask(request, "MyCases", {"first": 100}))["myCases"]
    sent = (await ask(request, "SentReferrals", {"first": 50}))["sentReferrals"]
    meetings = (await ask(request, "ComingConferences", {"first": 20}))["comingConferences"]
    actions = (await ask(request, "MyActions", {"first": 50}))["myActions"]
    cases = [edge["node"] for edge in mine["edges"]]
    clocks = sorted(
        ({"case": case, **clock} for case in cases for clock in case["clocks"]),
        key=lambda clock: as_moment(clock["dueAt"]),
    )
    pressing = [clock for clock in clocks if _soon(clock["dueAt"])]
    request.state.counts = {"waiting": len(waiting), "sent": sum(r["state"] != "REQUESTED" for r in sent)}
    return render(
        request,
        "coordinator_home.html",
        words=words,
        waiting=waiting,
        cases=cases,
        more_cases=mine["pageInfo"]["hasNextPage"],
        clocks=clocks,
        pressing=pressing,
        sent=sent,
        refused=[referral for referral in sent if referral["state"] != "REQUESTED"],
        late=[r for r in sent if r["state"] == "REQUESTED" and as_moment(r["dueAt"]) <= now()],
        meetings=meetings,
        actions=actions,
        most=SHOWN,
    )


def _soon(due: str, within: timedelta = SOON) -> bool:
    return as_moment(due) - now() <= within


async def intake(request: Request) -> Response:
    """Reports that nobody has opened. Who: intake officer."""
    waiting: list[dict[str, Any]] = (await ask(request, "WaitingReports", {"first": 100}))["waitingReports"]
    request.state.counts = {"waiting": len(waiting)}
    return render(request, "intake_home.html", words=words, waiting=waiting)


HOMES: list[tuple[Role, Home]] = [
    (Role.COORDINATOR, coordinator),
    (Role.INTAKE_OFFICER, intake),
    (Role.AGENCY_WORKER, agency.home),
    (Role.AGENCY_MANAGER, agency.home),
    (Role.REPORTER, reporting.home),
    (Role.AUDITOR, oversight.home),
    (Role.ADMINISTRATOR, administration.home),
]
"""In the order of choice: who holds several roles begins at the first."""
