"""Pages of whoever must report (DVPA 50: within 24 hours): the form, the receipt, one's own reports."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.base.errors import FieldError, NotPermitted
from hub.base.texts import mark, term
from hub.base.time import now
from hub.cases.rules import Relationship
from hub.policy.terms import Role

from .client import ask
from .forms import Posted, posted
from .inputs import Data, do, field_of, invalid, moment_of, number_of, once, one, problem_of
from .naming import labelled, places, words
from .pages import language, redirect, render
from .viewer import Viewer, viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
REPORTERS = frozenset({Role.REPORTER, Role.AGENCY_WORKER, Role.AGENCY_MANAGER, Role.COORDINATOR, Role.INTAKE_OFFICER})
"""Who may file: the people of `fileReport`."""
LABELS = {
    "summary": mark("What happened"),
    "victim.name": mark("The victim's name"),
    "victim.phone": mark("A safe telephone number of the victim"),
    "area": mark("Where help is needed"),
    "relationship": mark("The opposite party is to the victim"),
    "opposite.name": mark("The opposite party's name"),
    "victimAge": mark("The victim's age"),
    "victim.address": mark("The victim's address"),
    "learnedAt": mark("When you learned of it"),
    "reporter.name": mark("Your name"),
    "reporter.phone": mark("Your telephone number"),
}
"""What the error summary calls each field, in the order of the form."""


async def home(request: Request) -> Response:
    """The first screen of a duty-bound reporter: file a report, and one's own reports with their receipts."""
    reports = (await ask(request, "MyReports"))["myReports"]
    return render(request, "reporter.html", reports=reports, **words(request))


@router.get("/report")
async def blank(request: Request) -> Response:
    """The report form. For duty-bound people: reporters, agencies' staff, coordinators, intake officers."""
    return await _form(request)


@router.post("/report")
async def file(request: Request) -> Response:
    """File a report and go to its receipt. For the same people."""
    form = await posted(request)
    if form.switching:
        return await _form(request, values=form.values)
    given, faults = _read(form)
    outcome: Data = {}
    problem = invalid(request, *faults)
    if problem is None:
        outcome = await do(request, "FileReport", "fileReport", **given)
        problem = problem_of(outcome)
    if problem:
        return await _form(request, 422, problem=labelled(request, problem, LABELS), values=form.values)
    return redirect(f"/receipts/{outcome['id']}", "report_filed")


@router.get("/receipts/{report_id}")
async def receipt(request: Request, report_id: str) -> Response:
    """The receipt of one's own report, and what happens next. For its reporter alone."""
    return await _receipt(request, report_id)


@router.post("/receipts/{report_id}")
async def written(request: Request, report_id: str) -> Response:
    """Send the written form of one's own oral report (DVPA Enforcement Rules 21). For its reporter alone."""
    form = await posted(request)
    if form.switching:
        return await _receipt(request, report_id, values=form.values)
    given = {"reportId": report_id, "text": form.text("text"), "idempotencyKey": form.text("idempotencyKey") or None}
    if problem := problem_of(await do(request, "SupplementReport", "supplementReport", **given)):
        return await _receipt(request, report_id, 422, problem=problem, values=form.values)
    return redirect(f"/receipts/{report_id}", "report_written")


async def _receipt(request: Request, report_id: str, status: int = 200, **more: Any) -> Response:
    _person(request)
    found = await one(request, "Report", "report", id=report_id)
    if not found["receipt"]:
        raise HTTPException(404)
    return render(request, "receipt.html", status, report=found, key=once(), **words(request), **more)


def _person(request: Request) -> Viewer:
    viewer = viewer_of(request)
    if viewer is None:
        raise HTTPException(401)
    if not viewer.has(*REPORTERS):
        raise NotPermitted
    return viewer


async def _form(request: Request, status: int = 200, **more: Any) -> Response:
    viewer, lang = _person(request), language(request)
    known = await places(request)
    return render(
        request,
        "report_form.html",
        status,
        learned=field_of(now()),
        areas=[{"value": "", "text": ""}, *({"value": code, "text": name} for code, name in known.items())],
        relationships=[{"value": r.name, "text": term("Relationship", r.name, lang)} for r in Relationship],
        reporter=viewer.name,
        key=once(),
        **more,
    )


def _read(form: Posted) -> tuple[Data, list[FieldError]]:
    """The input of `fileReport`, and what of it must be mended first."""
    learned, age = moment_of(form.text("learnedAt")), form.text("victimAge")
    needed = ("summary", "victim.name", "area", "learnedAt")
    faults = {path: FieldError(path, "required") for path in needed if not form.text(path)}
    if form.text("learnedAt") and learned is None:
        faults["learnedAt"] = FieldError("learnedAt", "moment_form")
    if form.text("relationship") not in {r.name for r in Relationship}:
        faults["relationship"] = FieldError("relationship", "choose_one")
    if age and number_of(age) is None:
        faults["victimAge"] = FieldError("victimAge", "whole_number")
    return {
        "learnedAt": learned.isoformat() if learned else None,
        "area": form.text("area"),
        "summary": form.text("summary"),
        "relationship": form.text("relationship"),
        "stalking": form.flag("stalking"),
        "oral": form.flag("oral"),
        "victimAge": number_of(age),
        "victim": {part: form.text(f"victim.{part}") for part in ("name", "phone", "address")},
        "opposite": {"name": form.text("opposite.name")},
        "reporter": {part: form.text(f"reporter.{part}") for part in ("name", "phone")},
        "idempotencyKey": form.text("idempotencyKey") or None,
    }, [faults[path] for path in LABELS if path in faults]
