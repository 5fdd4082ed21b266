"""Pages of an agency's own services in stock-taking: what is asked, one click, all at once, a sheet to and fro."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from directory.rounds import StopReason
from hub.base.errors import FieldError
from hub.base.texts import catalogue, mark, term
from hub.inventory.rules import UNITS
from hub.inventory.sheets import HEADS, MOST_BYTES
from hub.policy.terms import Role

from .client import ask
from .forms import Posted, posted
from .inputs import Data, do, invalid, number_of, once, one, problem_of
from .inventory import as_download
from .naming import labelled, words
from .pages import language, redirect, render
from .viewer import viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
LABELS = {
    "answer": mark("Your answer"),
    "stopped": mark("Last day of the service"),
    "later": mark("Day of the answer"),
    "reason": mark("Reason"),
    "available": mark("Free now"),
    "unit": mark("Counted in"),
    "workbook": mark("The sheet"),
}
OUTCOME_TONES = {"READY": "good", "WRITTEN": "good", "SAME": "plain", "EMPTY": "plain", "REFUSED": "danger"}


def _manages(request: Request) -> bool:
    viewer = viewer_of(request)
    return viewer is not None and viewer.has(Role.AGENCY_MANAGER)


@router.get("/my-services")
async def mine(request: Request) -> Response:
    """What open rounds ask of one's own agency. For its managers; its workers may say what is free."""
    return await _mine(request)


async def _mine(request: Request, status: int = 200, **more: Any) -> Response:
    after, done_after = request.query_params.get("after"), request.query_params.get("answered")
    waiting = (await ask(request, "MyInventoryTasks", {"which": "UNANSWERED", "after": after}))["myInventoryTasks"]
    answered = (await ask(request, "MyInventoryTasks", {"which": "ANSWERED", "after": done_after}))["myInventoryTasks"]
    rounds = [edge["node"] for edge in (await ask(request, "Rounds", {"first": 20}))["rounds"]["edges"]]
    request.state.counts = {"services": waiting["totalCount"]}
    tasks = [edge["node"] for edge in waiting["edges"]]
    return render(
        request,
        "my_services.html",
        status,
        waiting=waiting,
        tasks=tasks,
        answered=answered,
        rounds=[r for r in rounds if r["state"] == "OPEN"],
        manages=_manages(request),
        keys=[once() for _ in tasks],
        **{**words(request), **more},
    )


@router.post("/my-services/unchanged")
async def unchanged(request: Request) -> Response:
    """One click: this service is unchanged, and if said, so much is free. For its agency's managers."""
    form = await posted(request)
    if form.switching:
        return redirect("/my-services")
    given, wrong = _free(form, needed=False)
    problem = invalid(request, *wrong)
    if problem is None:
        given |= {"serviceId": form.text("serviceId"), "answer": "UNCHANGED", "idempotencyKey": _key(form)}
        given["version"] = number_of(form.text("version")) or 0
        problem = problem_of(await do(request, "AttestService", "attestService", **given))
    if problem:
        return await _mine(request, 422, problem={**problem, "fields": []}, refused=form.text("serviceId"))
    return redirect("/my-services", "service_attested")


def _key(form: Posted) -> str | None:
    return form.text("idempotencyKey") or None


def _free(form: Posted, *, needed: bool) -> tuple[Data, list[FieldError]]:
    """The capacity of a form, if any was typed."""
    typed = form.text("available")
    if not typed and not needed:
        return {}, []
    number = number_of(typed)
    if number is None:
        return {}, [FieldError("available", "free_places_form")]
    return {"available": number, "unit": form.text("unit") or UNITS[0]}, []


@router.get("/my-services/all/{round_id}")
async def ask_all(request: Request, round_id: str) -> Response:
    """Are you sure that all of them are unchanged? For the agency's managers."""
    return await _ask_all(request, round_id)


async def _ask_all(request: Request, round_id: str, status: int = 200, **more: Any) -> Response:
    if not _manages(request):
        raise HTTPException(403)
    found = await one(request, "Round", "round", id=round_id)
    left = found["counts"]["unanswered"] + found["counts"]["later"]
    return render(request, "my_services_all.html", status, round=found, left=left, key=once(), **more)


@router.post("/my-services/all/{round_id}")
async def all_unchanged(request: Request, round_id: str) -> Response:
    """All services a round still asks about are unchanged. For the agency's managers."""
    form = await posted(request)
    if form.switching:
        return await _ask_all(request, round_id)
    given: Data = {"roundId": round_id, "version": form.text("version"), "idempotencyKey": _key(form)}
    if problem := problem_of(await do(request, "AttestServices", "attestServices", **given)):
        return await _ask_all(request, round_id, 422, problem=problem)
    return redirect("/my-services", "services_attested")


@router.get("/my-services/sheet")
async def download(request: Request) -> Response:
    """The sheet to fill in. For the agency's managers."""
    return as_download((await ask(request, "MyInventorySheet"))["myInventorySheet"])


@router.post("/my-services/sheet")
async def upload(request: Request) -> Response:
    """A filled-in sheet: judged, not written. For the agency's managers."""
    form = await posted(request)
    if form.switching:
        return await _mine(request)
    file = form.files.get("workbook")
    raw = b"" if file is None else await file.read(MOST_BYTES + 1)
    wrong = [] if raw else [FieldError("workbook", "choose_a_file")]
    if len(raw) > MOST_BYTES:
        wrong.append(FieldError("workbook", "workbook_too_big"))
    problem = invalid(request, *wrong)
    if problem is None:
        content = base64.b64encode(raw).decode()
        outcome = await do(request, "UploadAnswers", "uploadAnswers", workbook=content)
        problem = problem_of(outcome)
        if problem is None:
            return redirect(f"/my-services/sheets/{outcome['id']}")
    return await _mine(request, 422, problem=labelled(request, problem, LABELS))


@router.get("/my-services/sheets/{sheet_id}")
async def sheet(request: Request, sheet_id: str) -> Response:
    """What would become, or has become, of each row of a sheet. For the agency's managers."""
    shown = request.query_params.get("outcome", "").upper()
    asked: Data = {"outcome": shown if shown in OUTCOME_TONES else None, "after": request.query_params.get("after")}
    found = await one(request, "InventorySheet", "inventorySheet", id=sheet_id, **asked)
    href = f"/my-services/sheets/{sheet_id}" + (f"?outcome={shown.lower()}" if asked["outcome"] else "")
    texts = catalogue(language(request))

    def column_word(key: str) -> str:
        return texts.gettext(HEADS.get(key, key))

    more: Data = {"tones": OUTCOME_TONES, "column_word": column_word, "key": once()}
    return render(request, "my_sheet.html", sheet=found, href=href, **more, **words(request))


@router.post("/my-services/sheets/{sheet_id}")
async def confirm(request: Request, sheet_id: str) -> Response:
    """Write the usable rows of a sheet. For the agency's managers."""
    form = await posted(request)
    if form.switching:
        return redirect(f"/my-services/sheets/{sheet_id}")
    problem_of(await do(request, "ConfirmAnswers", "confirmAnswers", sheetId=sheet_id, idempotencyKey=_key(form)))
    return redirect(f"/my-services/sheets/{sheet_id}", "sheet_written")


@router.get("/my-services/{task_id}")
async def task(request: Request, task_id: str) -> Response:
    """One service: every answer, and what is free. For its agency's managers, and its workers to say what is free."""
    return await _task(request, task_id)


async def _task(request: Request, task_id: str, status: int = 200, **more: Any) -> Response:
    found = (await ask(request, "InventoryTask", {"id": task_id}))["node"]
    if not found or "serviceId" not in found:
        raise HTTPException(404)
    lang, say = language(request), words(request)
    return render(
        request,
        "my_service.html",
        status,
        task=found,
        manages=_manages(request),
        reasons=[{"value": r.name, "text": term("StopReason", r.name, lang)} for r in StopReason],
        units=[{"value": unit, "text": say["unit_word"](unit)} for unit in UNITS],
        keys=[once(), once()],
        **{**say, **more},
    )


@router.post("/my-services/{task_id}")
async def answer(request: Request, task_id: str) -> Response:
    """Answer for one service, or say what is free of it. For its agency's managers, and workers for the latter."""
    form = await posted(request)
    if form.switching:
        return await _task(request, task_id, values=form.values)
    only_free = form.text("step") == "free"
    given, wrong = _free(form, needed=only_free)
    chosen = form.text("answer")
    if not only_free and chosen not in {"UNCHANGED", "NO_LONGER_OFFERED", "LATER"}:
        wrong.insert(0, FieldError("answer", "choose_one"))
    problem = invalid(request, *wrong)
    if problem is None:
        given |= {"serviceId": form.text("serviceId"), "idempotencyKey": _key(form)}
        problem = problem_of(await (_say_free(request, given) if only_free else _attest(request, given, chosen, form)))
    if problem:
        field = "stopped" if chosen == "NO_LONGER_OFFERED" else "later"
        fields = [{**f, "path": field if f["path"] == "day" else f["path"]} for f in problem.get("fields") or []]
        problem = labelled(request, {**problem, "fields": fields}, LABELS)
        return await _task(request, task_id, 422, problem=problem, values=form.values)
    return redirect("/my-services", "capacity_said" if only_free else "service_attested")


async def _say_free(request: Request, given: Data) -> Data:
    return await do(request, "SayCapacity", "sayCapacity", **given)


async def _attest(request: Request, given: Data, chosen: str, form: Posted) -> Data:
    day = form.text("later") if chosen == "LATER" else form.text("stopped") if chosen == "NO_LONGER_OFFERED" else ""
    reason = form.text("reason") if chosen == "NO_LONGER_OFFERED" else ""
    answer: Data = {"answer": chosen, "day": day or None, "reason": reason or None}
    answer["version"] = number_of(form.text("version")) or 0
    return await do(request, "AttestService", "attestService", **given, **answer)
