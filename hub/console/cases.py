"""Pages of reports and cases: waiting reports, opening a case, the case itself, its risk."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from hub.base.errors import FieldError
from hub.cases.rules import INSTRUMENTS

from . import words
from .casework import worked, works
from .client import ask
from .forms import Posted, posted
from .inputs import Data, area_names, do, invalid, number_of, once, one, problem_of
from .pages import redirect, render

router = APIRouter(default_response_class=Response, include_in_schema=False)
LEVELS = ("STANDARD", "MEDIUM", "HIGH")


@router.get("/waiting")
async def waiting(request: Request) -> Response:
    """Reports not opened, and oral ones not in writing, the oldest first. Who: coordinator, intake officer."""
    reports = (await ask(request, "WaitingReports", {"first": 100}))["waitingReports"]
    oral = (await ask(request, "UnwrittenReports", {"first": 100}))["unwrittenReports"]
    areas = await area_names(request)
    return render(request, "waiting.html", words=words, reports=reports, oral=oral, areas=areas)


@router.get("/waiting/{report}")
async def report_page(request: Request, report: str) -> Response:
    """One report, each reader's own part of it. Who: anybody signed in, as far as the policy allows."""
    return await _report(request, report)


async def _report(request: Request, report: str, status: int = 200, **more: Any) -> Response:
    found = await one(request, "Report", "report", id=report)
    areas = await area_names(request)
    return render(request, "report.html", status, words=words, report=found, areas=areas, once=once, **more)


@router.post("/waiting/{report}")
async def open_case(request: Request, report: str) -> Response:
    """Open a case from a report. Who: coordinator."""
    form = await posted(request)
    if form.switching:
        return await _report(request, report)
    outcome = await do(request, "OpenCase", "openCase", reportId=report, idempotencyKey=form.text("idempotencyKey"))
    if problem := problem_of(outcome):
        return await _report(request, report, 422, problem=problem)
    return redirect(f"/cases/{outcome['id']}", "case_opened")


@router.post("/waiting/{report}/form")
async def written(request: Request, report: str) -> Response:
    """Enter the written form of an oral report that has come in. Who: coordinator, intake officer."""
    form = await posted(request)
    if form.switching:
        return await _report(request, report, values=form.values)
    given = {"reportId": report, "text": form.text("text"), "idempotencyKey": form.text("idempotencyKey") or None}
    if problem := problem_of(await do(request, "SupplementReport", "supplementReport", **given)):
        return await _report(request, report, 422, problem=problem, values=form.values)
    return redirect(f"/waiting/{report}", "report_written")


@router.get("/cases")
async def cases(request: Request, after: str | None = None) -> Response:
    """The coordinator's own open cases. Who: coordinator."""
    page = (await ask(request, "MyCases", {"first": 20, "after": after}))["myCases"]
    found = [edge["node"] for edge in page["edges"]]
    areas = await area_names(request)
    return render(request, "cases.html", words=words, cases=found, page=page["pageInfo"], areas=areas)


@router.get("/cases/{case}")
async def case_page(request: Request, case: str) -> Response:
    """A case as far as the reader may see it. Who: anybody signed in, as far as the policy allows."""
    found = await one(request, "Case", "case", id=case)
    referrals = (await ask(request, "CaseReferrals", {"caseId": case}))["caseReferrals"]
    meetings = [meeting for meeting in await _coming(request) if _about(meeting, case)]
    consents: list[Data] = []
    if works(request, found):
        consents = (await ask(request, "Consents", {"caseId": case}))["consents"]
    return render(
        request,
        "case.html",
        words=words,
        case=found,
        referrals=referrals,
        meetings=meetings,
        consents=consents,
        areas=await area_names(request),
        works=works(request, found),
    )


async def _coming(request: Request) -> list[Data]:
    found: list[Data] = (await ask(request, "ComingConferences", {"first": 50}))["comingConferences"]
    return found


def _about(meeting: Data, case: str) -> bool:
    return any(item["case"] and item["case"]["id"] == case for item in meeting["items"])


@router.get("/cases/{case}/risk")
async def risk_page(request: Request, case: str) -> Response:
    """The risk form beside the history of assessments. Who: coordinator."""
    return await _risk(request, case)


async def _risk(request: Request, case: str, status: int = 200, **more: Any) -> Response:
    found = await worked(request, case)
    known = sorted(INSTRUMENTS.values(), key=lambda instrument: instrument.code != "TIPVDA")
    return render(
        request, "risk.html", status, words=words, case=found, instruments=known, levels=LEVELS, once=once(), **more
    )


@router.post("/cases/{case}/risk")
async def record_risk(request: Request, case: str) -> Response:
    """Record an assessment. Who: coordinator."""
    form = await posted(request)
    if form.switching:
        return await _risk(request, case, values=form.values)
    score, version = number_of(form.text("score")), number_of(form.text("version"))
    problem = invalid(request, *_risk_faults(form, score, version))
    if problem is None:
        outcome = await do(
            request,
            "RecordRisk",
            "recordRisk",
            caseId=case,
            version=version,
            instrument=form.text("instrument"),
            score=score,
            judged=form.text("judged"),
            judgement=form.text("judgement"),
            idempotencyKey=form.text("idempotencyKey"),
        )
        problem = problem_of(outcome)
    if problem:
        return await _risk(request, case, 422, problem=problem, values=form.values)
    return redirect(f"/cases/{case}", "risk_recorded")


def _risk_faults(form: Posted, score: int | None, version: int | None) -> list[FieldError]:
    faults = []
    if form.text("instrument") not in INSTRUMENTS:
        faults.append(FieldError("instrument", "choose_one"))
    if score is None or version is None:
        faults.append(FieldError("score", "whole_number"))
    if form.text("judged") not in LEVELS:
        faults.append(FieldError("judged", "choose_one"))
    if not form.text("judgement"):
        faults.append(FieldError("judgement", "required"))
    return faults
