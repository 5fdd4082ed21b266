"""Pages of sending: the referral composer (need to ranked services to summary) and what was sent."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from directory.taxonomy import NEEDS
from hub.base.errors import FieldError
from scheduling.clocks import Urgency

from . import words
from .casework import worked
from .client import ask
from .forms import Posted, posted
from .inputs import area_names, do, invalid, nearby, once, problem_of
from .pages import redirect, render

router = APIRouter(default_response_class=Response, include_in_schema=False)
RANKED = 10
URGENCIES = tuple(urgency.name for urgency in Urgency)


@router.get("/sent")
async def sent(request: Request) -> Response:
    """What the coordinator has sent and must look after: declined and returned first. Who: coordinator."""
    referrals = (await ask(request, "SentReferrals", {"first": 100}))["sentReferrals"]
    return render(request, "sent.html", words=words, referrals=referrals)


@router.get("/cases/{case}/refer")
async def composer(request: Request, case: str) -> Response:
    """First step: what is needed, where, how soon. Who: coordinator."""
    return await _composer(request, case)


async def _composer(request: Request, case: str, status: int = 200, **more: Any) -> Response:
    found = await worked(request, case)
    areas = await area_names(request)
    return render(
        request,
        "refer.html",
        status,
        words=words,
        case=found,
        needs=(await ask(request, "Needs"))["needs"],
        places=nearby(areas, found["area"]),
        areas=areas,
        urgencies=URGENCIES,
        once=once(),
        **{"matches": None, **more},
    )


@router.post("/cases/{case}/refer")
async def compose(request: Request, case: str) -> Response:
    """Rank services of a need, then send to the chosen one; nothing of it stands in an address. Who: coordinator."""
    form = await posted(request)
    known = await area_names(request)
    faults = _faults(form, set(known))
    matches = None if faults else await _matches(request, form)
    if form.switching:
        return await _composer(request, case, values=form.values, matches=matches)
    if faults:
        return await _composer(request, case, 422, problem=invalid(request, *faults), values=form.values)
    if form.text("step") == "find" or not form.flag("ranked"):
        return await _composer(request, case, values=form.values, matches=matches)
    problem = invalid(request, *_choice_faults(form))
    if problem is None:
        outcome = await do(
            request,
            "SendReferral",
            "sendReferral",
            caseId=case,
            need=form.text("need"),
            area=form.text("area"),
            urgency=form.text("urgency"),
            serviceId=form.text("serviceId"),
            summary=form.text("summary"),
            idempotencyKey=form.text("idempotencyKey"),
        )
        problem = problem_of(outcome)
    if problem:
        return await _composer(request, case, 422, problem=problem, values=form.values, matches=matches)
    return redirect(f"/cases/{case}", "referral_sent")


async def _matches(request: Request, form: Posted) -> dict[str, Any]:
    asked = {"need": form.text("need"), "area": form.text("area"), "urgency": form.text("urgency"), "first": RANKED}
    found: dict[str, Any] = (await ask(request, "MatchServices", asked))["matchServices"]
    return found


def _faults(form: Posted, areas: set[str]) -> list[FieldError]:
    faults = []
    if form.text("need") not in NEEDS:
        faults.append(FieldError("need", "choose_one"))
    if form.text("area") not in areas:
        faults.append(FieldError("area", "choose_one"))
    if form.text("urgency") not in URGENCIES:
        faults.append(FieldError("urgency", "choose_one"))
    return faults


def _choice_faults(form: Posted) -> list[FieldError]:
    faults = []
    if not form.text("serviceId"):
        faults.append(FieldError("serviceId", "choose_one"))
    if not form.text("summary"):
        faults.append(FieldError("summary", "required"))
    return faults
