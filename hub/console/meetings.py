"""Pages of network meetings, for the centre and the agencies: coming ones, one's own pack, answers, action items."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.base.errors import FieldError
from hub.base.time import now
from hub.policy.terms import Role

from . import words
from .client import ask
from .dates import as_moment
from .forms import posted
from .inputs import Data, area_names, do, invalid, number_of, once, one, problem_of
from .pages import redirect, render
from .viewer import viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
ANSWERS = ("ACCEPTED", "TENTATIVE", "DECLINED")
ANSWERING = (Role.COORDINATOR, Role.AGENCY_WORKER, Role.AGENCY_MANAGER)


@router.get("/meetings")
async def meetings(request: Request) -> Response:
    """Coming meetings and the agency's open action items. Who: anybody signed in whose agency is asked."""
    return await _list(request)


async def _list(request: Request, status: int = 200, **more: Any) -> Response:
    coming = (await ask(request, "ComingConferences", {"first": 50}))["comingConferences"]
    actions: list[Data] = []
    if _answers(request):
        actions = (await ask(request, "MyActions", {"first": 100}))["myActions"]
    return render(request, "meetings.html", status, words=words, meetings=coming, actions=actions, once=once, **more)


def _answers(request: Request) -> bool:
    viewer = viewer_of(request)
    return viewer is not None and viewer.has(*ANSWERING)


@router.get("/meetings/{meeting}")
async def meeting_page(request: Request, meeting: str) -> Response:
    """A meeting with the reader's own pack. Who: anybody signed in whose agency is asked."""
    return await show(request, meeting)


async def show(request: Request, meeting: str, status: int = 200, **more: Any) -> Response:
    """The page of a meeting. HTTPException 404 for whoever is not asked."""
    found = await one(request, "Conference", "conference", id=meeting)
    own = (await ask(request, "Me"))["me"]["agency"]["id"]
    mine = next((person for person in found["attendees"] if person["agency"]["id"] == own), None)
    return render(
        request,
        "meeting.html",
        status,
        words=words,
        meeting=found,
        begun=as_moment(found["startsAt"]) <= now(),
        own=own,
        mine=mine,
        answers=ANSWERS,
        may_answer=mine is not None and not found["mine"] and found["state"] == "called" and _answers(request),
        areas=await area_names(request),
        once=once,
        **more,
    )


@router.post("/meetings/{meeting}")
async def answer(request: Request, meeting: str) -> Response:
    """Say whether one's agency comes. Who: agency worker or manager, coordinator."""
    form = await posted(request)
    if form.switching:
        return await show(request, meeting, values=form.values)
    rsvp, key = form.text("rsvp"), form.text("idempotencyKey")
    problem = None if rsvp in ANSWERS else invalid(request, FieldError("rsvp", "choose_one"))
    if problem is None:
        given = {"conferenceId": meeting, "rsvp": rsvp, "idempotencyKey": key}
        problem = problem_of(await do(request, "AnswerInvitation", "answerInvitation", **given))
    if problem:
        return await show(request, meeting, 422, problem=problem, values=form.values)
    return redirect(f"/meetings/{meeting}", "invitation_answered")


@router.get("/meetings/{meeting}/cancel")
async def ask_cancel(request: Request, meeting: str) -> Response:
    """Ask once more before a meeting is cancelled. Who: the coordinator who called it."""
    return await _cancel(request, meeting)


async def _cancel(request: Request, meeting: str, status: int = 200, **more: Any) -> Response:
    found = await one(request, "Conference", "conference", id=meeting)
    if not found["mine"]:
        raise HTTPException(404)
    return render(request, "cancel.html", status, words=words, meeting=found, once=once(), **more)


@router.post("/meetings/{meeting}/cancel")
async def cancel(request: Request, meeting: str) -> Response:
    """Cancel a meeting that was not held. Who: the coordinator who called it."""
    form = await posted(request)
    version = number_of(form.text("version"))
    if form.switching or version is None:
        return await _cancel(request, meeting)
    given = {"conferenceId": meeting, "version": version, "idempotencyKey": form.text("idempotencyKey")}
    if problem := problem_of(await do(request, "CancelMeeting", "cancelMeeting", **given)):
        return await _cancel(request, meeting, 422, problem=problem)
    return redirect(f"/meetings/{meeting}", "meeting_cancelled")


@router.post("/actions/{action}/done")
async def complete(request: Request, action: str) -> Response:
    """One's agency has done an action item. Who: agency worker or manager, coordinator."""
    form = await posted(request)
    key = form.text("idempotencyKey")
    outcome = await do(request, "CompleteAction", "completeAction", actionId=action, idempotencyKey=key)
    if problem := problem_of(outcome):
        if meeting := form.text("meeting"):
            return await show(request, meeting, 422, problem=problem)
        return await _list(request, 422, problem=problem)
    return redirect(f"/meetings/{outcome['id']}", "action_done")
