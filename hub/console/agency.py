"""Pages of whoever answers referrals: the inbox by due time, a referral and its answer, action items."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from hub.api.describe import gid
from hub.base.errors import FieldError
from hub.base.texts import mark, term
from hub.base.time import now
from hub.referrals.rules import Outcome, Reason

from .client import ask
from .dates import as_moment
from .forms import Posted, posted
from .inputs import Data, do, invalid, number_of, once, one, problem_of
from .naming import labelled, places, words
from .pages import language, redirect, render
from .viewer import signed_in

router = APIRouter(default_response_class=Response, include_in_schema=False)
DAY = timedelta(hours=24)
LABELS = {
    "answer": mark("Your answer"),
    "reason": mark("Reason"),
    "outcome": mark("What came of it"),
    "text": mark("In words"),
}
"""What the error summary calls each field."""


async def home(request: Request) -> Response:
    """The first screen of an agency's worker or manager: inbox by due time, own action items, coming meetings."""
    inbox = (await ask(request, "Inbox", {"after": request.query_params.get("after")}))["inbox"]
    actions = (await ask(request, "MyActions"))["myActions"]
    meetings = (await ask(request, "ComingConferences", {"first": 5}))["comingConferences"]
    mine = _agency(request)
    for meeting in meetings:
        meeting["rsvp"] = next((a["rsvp"] for a in meeting["attendees"] if a["agency"]["id"] == mine), None)
    referrals = [edge["node"] for edge in inbox["edges"]]
    waiting = [referral for referral in referrals if referral["state"] == "REQUESTED"]
    moment = now()
    late = [r for r in waiting if as_moment(r["dueAt"]) <= moment]
    soon = [r for r in waiting if moment < as_moment(r["dueAt"]) <= moment + DAY]
    request.state.counts = {"home": len(late)}
    return render(
        request,
        "inbox.html",
        inbox=inbox,
        waiting=waiting,
        accepted=[referral for referral in referrals if referral["state"] == "ACCEPTED"],
        late=len(late),
        soon=len(soon),
        actions=actions,
        meetings=meetings,
        keys=[once() for _ in actions],
        places=await places(request),
        **words(request),
    )


@router.get("/inbox/{referral_id}")
async def referral(request: Request, referral_id: str) -> Response:
    """A referral to one's own agency and the form to answer it. For workers and managers of that agency."""
    return await _show(request, referral_id)


@router.post("/inbox/{referral_id}")
async def answer(request: Request, referral_id: str) -> Response:
    """Accept, decline, return or report back. For workers and managers of that agency."""
    form = await posted(request)
    if form.switching:
        return await _show(request, referral_id, values=form.values)
    report_back = form.text("step") == "report"
    problem = await (_report_back if report_back else _answer)(request, referral_id, form)
    if problem:
        return await _show(request, referral_id, 422, problem=labelled(request, problem, LABELS), values=form.values)
    if report_back:
        return redirect("/", "reported_back")
    done = {"ACCEPT": "referral_accepted", "DECLINE": "referral_declined"}.get(form.text("answer"), "referral_returned")
    return redirect(f"/inbox/{referral_id}", done)


@router.post("/my-actions/done")
async def complete(request: Request) -> Response:
    """Say that an action item of one's own agency is done. For workers and managers of that agency."""
    form = await posted(request)
    if form.switching:
        return redirect("/")
    key = form.text("idempotencyKey")
    outcome = await do(request, "CompleteAction", "completeAction", actionId=form.text("actionId"), idempotencyKey=key)
    problem_of(outcome)  # what is done already is done: the list shows it
    return redirect("/", "action_done")


async def _answer(request: Request, referral_id: str, form: Posted) -> Data | None:
    chosen = form.text("answer")
    if chosen not in {"ACCEPT", "DECLINE", "RETURN"}:
        return invalid(request, FieldError("answer", "choose_one"))
    reason = None if chosen == "ACCEPT" else form.text("reason") or None
    given = _given(referral_id, form)
    return problem_of(await do(request, "AnswerReferral", "answerReferral", **given, answer=chosen, reason=reason))


async def _report_back(request: Request, referral_id: str, form: Posted) -> Data | None:
    missing = [] if form.text("text") else [FieldError("text", "required")]
    if form.text("outcome") not in {outcome.name for outcome in Outcome}:
        missing.insert(0, FieldError("outcome", "choose_one"))
    if missing:
        return invalid(request, *missing)
    given = _given(referral_id, form) | {"outcome": form.text("outcome"), "text": form.text("text")}
    return problem_of(await do(request, "ReportBack", "reportBack", **given))


def _given(referral_id: str, form: Posted) -> Data:
    version, key = number_of(form.text("version")), form.text("idempotencyKey")
    return {"referralId": referral_id, "version": version or 0, "idempotencyKey": key or None}


async def _show(request: Request, referral_id: str, status: int = 200, **more: Any) -> Response:
    found = await one(request, "Referral", "referral", id=referral_id)
    lang = language(request)
    ours = found["toAgency"]["id"] == _agency(request)
    return render(
        request,
        "referral.html",
        status,
        referral=found,
        may_answer=ours and found["state"] == "REQUESTED",
        may_report=ours and found["state"] == "ACCEPTED",
        open_to_us=[term("Category", category, lang) for category in _open(found)],
        reasons=[{"value": reason.name, "text": term("Reason", reason.name, lang)} for reason in Reason],
        outcomes=[{"value": outcome.name, "text": term("Outcome", outcome.name, lang)} for outcome in Outcome],
        keys=[once() for _ in range(3)],
        places=await places(request),
        **{**words(request), **more},
    )


def _open(found: Data) -> list[str]:
    """The categories of which this page shows something."""
    case = found["case"] or {"parties": [], "riskLevel": None}
    victims = [party for party in case["parties"] if party["kind"] == "VICTIM"]
    shown = {
        "CASE_FACTS": found["summary"],
        "RISK_LEVEL": case["riskLevel"],
        "VICTIM_IDENTITY": any(party["name"] for party in victims),
        "VICTIM_CONTACT": any(party["phone"] for party in victims),
        "VICTIM_WHEREABOUTS": any(party["address"] for party in victims),
        "CHILD_IDENTITY": any(party["kind"] == "CHILD" for party in case["parties"]),
        "OPPOSITE_IDENTITY": any(party["kind"] == "OPPOSITE" for party in case["parties"]),
    }
    return [category for category, value in shown.items() if value]


def _agency(request: Request) -> str:
    """The global id of the viewer's agency; empty when nobody is signed in."""
    found = signed_in(request)
    return gid("Agency", found.actor.agency_id) if found else ""
