"""The meeting planner: whom to ask, how long, by when; ranked times with who could not come; the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from hub.base.errors import FieldError
from hub.base.time import now
from scheduling.composition import RULES
from scheduling.terms import MeetingKind, PlaceKind

from . import words
from .casework import worked
from .client import ask
from .forms import Posted, posted
from .inputs import Data, do, field_of, invalid, moment_of, number_of, once, problem_of
from .pages import redirect, render

router = APIRouter(default_response_class=Response, include_in_schema=False)
MINUTES = 60
SHORTEST, LONGEST = 5, 480
SOONEST = timedelta(hours=1)
"""No time nearer than this is offered."""
LATEST = timedelta(days=90)
WITHOUT_CLOCK = timedelta(days=14)
"""The deadline offered where no clock of the case sets one."""
SLOTS = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planner asks for, read from the form; `faults` say what cannot be used."""

    agencies: list[dict[str, Any]]
    minutes: int
    before: datetime
    faults: tuple[FieldError, ...]


@router.get("/cases/{case}/meeting")
async def planner(request: Request, case: str) -> Response:
    """First step: whom to ask and by when. Who: coordinator."""
    return await _planner(request, case)


async def _planner(request: Request, case: str, status: int = 200, **more: Any) -> Response:
    found = await worked(request, case)
    own = (await ask(request, "Me"))["me"]["agency"]["id"]
    agencies = [agency for agency in (await ask(request, "Agencies"))["agencies"] if agency["id"] != own]
    clock = next((clock for clock in found["clocks"] if clock["code"] == "high_risk_meeting"), None)
    rule = RULES[MeetingKind.RISK]
    return render(
        request,
        "plan.html",
        status,
        words=words,
        case=found,
        agencies=sorted(agencies, key=lambda agency: agency["network"] not in rule.networks),
        rule=rule,
        clock=clock,
        before=field_of(clock["dueAt"] if clock else now() + WITHOUT_CLOCK),
        minutes=MINUTES,
        places=[place.name for place in PlaceKind],
        once=once(),
        **{"slots": None, **more},
    )


@router.post("/cases/{case}/meeting")
async def plan(request: Request, case: str) -> Response:
    """Rank the times, then call the meeting at the chosen one. Who: coordinator."""
    form = await posted(request)
    plan = _plan(form)
    slots = None if plan.faults else await _slots(request, plan)
    if form.switching:
        return await _planner(request, case, values=form.values, slots=slots)
    if plan.faults:
        return await _planner(request, case, 422, problem=invalid(request, *plan.faults), values=form.values)
    if form.text("step") == "find" or not form.flag("ranked"):
        return await _planner(request, case, values=form.values, slots=slots)
    problem = invalid(request, *_choice_faults(form))
    if problem is None:
        outcome = await do(
            request,
            "CallMeeting",
            "callMeeting",
            caseIds=[case],
            agencies=plan.agencies,
            startsAt=form.text("startsAt"),
            minutes=plan.minutes,
            place=form.text("place"),
            idempotencyKey=form.text("idempotencyKey"),
        )
        problem = problem_of(outcome)
        if problem is None:
            return redirect(f"/meetings/{outcome['id']}", "meeting_called")
    return await _planner(request, case, 422, problem=problem, values=form.values, slots=slots)


async def _slots(request: Request, plan: Plan) -> list[Data]:
    asked = {
        "agencies": plan.agencies,
        "before": plan.before.isoformat(),
        "minutes": plan.minutes,
        "first": SLOTS,
    }
    found: list[Data] = (await ask(request, "MeetingSlots", asked))["meetingSlots"]
    return found


def _plan(form: Posted) -> Plan:
    faults = []
    asked, required = form.all("agencies"), set(form.all("required"))
    minutes, before = number_of(form.text("minutes")), moment_of(form.text("before"))
    if not asked:
        faults.append(FieldError("agencies", "choose_one"))
    if minutes is None or not SHORTEST <= minutes <= LONGEST:
        faults.append(FieldError("minutes", "out_of_range"))
    if before is None:
        faults.append(FieldError("before", "date_form"))
    elif not now() + SOONEST < before <= now() + LATEST:
        faults.append(FieldError("before", "meeting_before"))
    if form.text("place") not in PlaceKind.__members__:
        faults.append(FieldError("place", "choose_one"))
    return Plan(
        [{"agencyId": agency, "required": agency in required} for agency in asked],
        minutes or MINUTES,
        before or now(),
        tuple(faults),
    )


def _choice_faults(form: Posted) -> list[FieldError]:
    try:
        offset = datetime.fromisoformat(form.text("startsAt")).tzinfo
    except ValueError:
        offset = None
    return [] if offset else [FieldError("startsAt", "choose_one")]
