"""Pages of whoever keeps the directory: own services, one to be changed or closed, a new one, its history."""

from __future__ import annotations

import json
from typing import Any

from babel import Locale
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from directory.columns import WEEKDAYS
from directory.facts import LANGUAGES
from directory.purging import PurgeReason
from directory.rounds import StopReason
from hub.base.errors import FieldError
from hub.base.texts import LANGUAGES as NAMED_IN
from hub.base.texts import catalogue, mark, term
from hub.inventory.rules import UNITS
from hub.policy.terms import Role

from .client import ask
from .directory import CHOICES
from .forms import Posted, posted
from .inputs import Data, do, invalid, once, one, problem_of
from .keeping_form import Typed, numbers, shown
from .keeping_words import ENTITIES, FIELDS, STATUS
from .naming import need_options, places, words
from .pages import language, redirect, render
from .viewer import only, viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
KINDS = {"physical": mark("A building"), "virtual": mark("By telephone or online"), "postal": mark("A postal address")}
NEW: Data = {
    "about": {"names": []},
    "whom": {"eligibilityDescription": "", "minimumAge": None, "maximumAge": None, "genders": []},
    **{name: [] for name in ("needs", "areas", "languages", "hours", "phones", "contacts", "costs", "documents",
                             "places")},
    "status": "active", "available": None, "unit": None,
}  # fmt: skip
_HIDDEN = {"source", "source_id", "extra", "service_id", "location_id", "organization_id", "taxonomy_term_id",
           "link_entity", "location_type", "derived", "name_i18n"}  # fmt: skip


def _keeps(request: Request) -> None:
    viewer = viewer_of(request)
    if viewer is None or not viewer.has(Role.AGENCY_MANAGER, Role.ADMINISTRATOR):
        raise HTTPException(403)


@router.get("/services")
async def own(request: Request) -> Response:
    """The services of one's own agency, closed ones too. For its managers and workers."""
    found = (await ask(request, "OwnServices", {"after": request.query_params.get("after")}))["ownServices"]
    viewer = viewer_of(request)
    manages = viewer is not None and viewer.has(Role.AGENCY_MANAGER)
    return render(request, "own_services.html", found=found, manages=manages, status_word=STATUS, **words(request))


@router.get("/services/new")
async def new(request: Request) -> Response:
    """The form of a new service. For managers; an administrator names the agency in the address."""
    _keeps(request)
    return await _new(request)


async def _new(request: Request, status: int = 200, **more: Any) -> Response:
    owner = request.query_params.get("organization", "")
    given = {"values": {"organizationId": [owner]}, **more}
    return await _form(request, "/services/new", NEW, status, service_id="", **given)


@router.post("/services/new")
async def add(request: Request) -> Response:
    """Add a service. For managers to their own agency, for administrators to the one named."""
    _keeps(request)
    form = await posted(request)
    if form.switching:
        return await _new(request, values=form.values)
    typed = Typed(form, None)
    problem = invalid(request, *typed.faults)
    if problem is None:
        given = {"organizationId": form.text("organizationId") or None, "sections": typed.sections}
        outcome = await do(request, "AddService", "addService", **given, idempotencyKey=_key(form))
        problem = typed.where(problem_of(outcome))
        if problem is None:
            return redirect(f"/directory/{outcome['serviceId']}", "service_added")
    return await _new(request, 422, problem=problem, values=form.values)


def _key(form: Posted) -> str | None:
    return form.text("idempotencyKey") or None


@router.get("/services/{service_id}/edit")
async def edit(request: Request, service_id: str) -> Response:
    """A service to be changed. For its agency's managers and administrators."""
    found = await one(request, "EditableService", "editableService", id=service_id)
    return await _edit(request, service_id, found)


async def _edit(request: Request, service_id: str, found: Data, status: int = 200, **more: Any) -> Response:
    return await _form(request, f"/services/{service_id}/edit", found, status, service_id=service_id, **more)


@router.post("/services/{service_id}/edit")
async def change(request: Request, service_id: str) -> Response:
    """Change a service, or only say what is free. For its agency's managers and administrators."""
    form = await posted(request)
    found = await one(request, "EditableService", "editableService", id=service_id)
    if form.switching:
        return await _edit(request, service_id, found, values=form.values)
    only_free = form.text("step") == "free"
    typed = Typed(form, found)
    if only_free:
        typed.faults.clear()
    sections = {"capacity": typed.free()} if only_free else typed.sections
    problem = invalid(request, *typed.faults)
    if problem is None:
        given: Data = {"serviceId": service_id, "version": form.text("version"), "sections": sections}
        given |= {"reopen": form.flag("reopen") and not only_free, "idempotencyKey": _key(form)}
        problem = typed.where(problem_of(await do(request, "UpdateService", "updateService", **given)))
    if problem:
        return await _edit(request, service_id, found, 422, problem=problem, values=form.values)
    return redirect(f"/directory/{service_id}", "capacity_said" if only_free else "service_changed")


async def _form(request: Request, action: str, service: Data, status: int, **more: Any) -> Response:
    lang, known, said = language(request), await places(request), words(request)
    say = catalogue(lang).gettext
    days = Locale.parse(lang.replace("-", "_")).days["stand-alone"]["abbreviated"]
    sent = more.get("values") or {}
    start = {} if "about.name" in sent or service is NEW else shown(service)
    return render(
        request,
        "edit_service.html",
        status,
        **{
            "action": action, "service": service, "numbers": _counted(service, sent), "once": once(),
            "version": (sent.get("version") or [service.get("version", "")])[0], "named_in": NAMED_IN,
            "needs": need_options(request), "places": known, "status_word": STATUS,
            "areas": [{"value": "", "text": ""}, *({"value": c, "text": t} for c, t in known.items())],
            "tongues": [{"value": tag, "text": said["spoken"](tag)} for tag in LANGUAGES],
            "days": [{"value": day, "text": days[n]} for n, day in enumerate(WEEKDAYS)],
            "kinds": [{"value": kind, "text": say(text)} for kind, text in KINDS.items()],
            "genders": [{"value": code, "text": say(text)} for code, text in CHOICES["gender"].items()],
            "units": [{"value": unit, "text": said["unit_word"](unit)} for unit in UNITS],
            **said, **more, "values": {**start, **sent},
        },
    )  # fmt: skip


def _counted(service: Data, sent: dict[str, list[str]]) -> dict[str, range]:
    """Rows to be shown: as many as were sent, if any were."""
    found = numbers(service)
    for section, rows in found.items():
        last = max((int(k.split(".")[1]) for k in sent if k.startswith(section + ".") and k.count(".") > 1), default=-1)
        found[section] = range(max(len(rows), last + 1))
    return found


@router.get("/services/{service_id}/close")
async def ask_close(request: Request, service_id: str) -> Response:
    """For a while, or for good? For its agency's managers and administrators."""
    return await _ask_close(request, service_id)


async def _ask_close(request: Request, service_id: str, status: int = 200, **more: Any) -> Response:
    found = await one(request, "EditableService", "editableService", id=service_id)
    lang = language(request)
    reasons = [{"value": r.name, "text": term("StopReason", r.name, lang)} for r in StopReason]
    return render(request, "close_service.html", status, service=found, reasons=reasons, once=once(), **more)


@router.post("/services/{service_id}/close")
async def close(request: Request, service_id: str) -> Response:
    """Close a service. For its agency's managers and administrators."""
    form = await posted(request)
    if form.switching:
        return await _ask_close(request, service_id, values=form.values)
    temporarily = form.text("how") != "for_good"
    ended: Data = {} if temporarily else {"day": form.text("day") or None, "reason": form.text("reason") or None}
    given = {"serviceId": service_id, "version": form.text("version"), "temporarily": temporarily, **ended}
    outcome = await do(request, "CloseService", "closeService", **given, idempotencyKey=_key(form))
    if problem := problem_of(outcome):
        return await _ask_close(request, service_id, 422, problem=problem, values=form.values)
    return redirect(f"/directory/{service_id}", "service_closed")


@router.get("/services/{service_id}/history")
async def history(request: Request, service_id: str) -> Response:
    """What was changed of a service. For overseers and its agency's managers."""
    service = await one(request, "Service", "service", id=service_id)
    asked = {"id": service_id, "after": request.query_params.get("after")}
    found = (await ask(request, "ServiceHistory", asked))["serviceHistory"]
    changes = [{**edge["node"], "said": _row_said(edge["node"])} for edge in found["edges"]]
    more: Data = {"entities": ENTITIES, "fields": FIELDS, "forgets": _forgets(request)}
    return render(
        request, "service_history.html", service=service, found=found, changes=changes, **more, **words(request)
    )


def _forgets(request: Request) -> bool:
    viewer = viewer_of(request)
    return viewer is not None and viewer.has(Role.ADMINISTRATOR)


@router.get("/services/{service_id}/history/{change_id}")
async def change_said(request: Request, service_id: str, change_id: str) -> Response:
    """What a change said, to ask that it be forgotten or to decide on that. For administrators."""
    return await _change(request, service_id, change_id)


async def _change(request: Request, service_id: str, change_id: str, status: int = 200, **more: Any) -> Response:
    only(request, Role.ADMINISTRATOR)
    service = await one(request, "Service", "service", id=service_id)
    found = await one(request, "ServiceChange", "serviceChange", id=service_id, changeId=change_id)
    lang = language(request)
    reasons = [{"value": r.name, "text": term("PurgeReason", r.name, lang)} for r in PurgeReason]
    more |= {"entities": ENTITIES, "fields": FIELDS, "reasons": reasons, "once": once()}
    change = {**found, "said": _row_said(found)}
    return render(request, "service_change.html", status, service=service, change=change, **more)


@router.post("/services/{service_id}/history/{change_id}")
async def forget(request: Request, service_id: str, change_id: str) -> Response:
    """Ask that what a change said be forgotten, agree to it, or let it stand. For administrators."""
    only(request, Role.ADMINISTRATOR)
    form = await posted(request)
    if form.switching:
        return await _change(request, service_id, change_id, values=form.values)
    step, done = form.text("step"), "forgetting_asked"
    if step in ("agree", "keep"):
        done = "forgotten" if step == "agree" else "not_forgotten"
        given: Data = {"purgeId": form.text("purge"), "agreed": step == "agree"}
        outcome = await do(request, "DecidePurge", "decidePurge", **given, idempotencyKey=_key(form))
    else:
        if form.text("reason") not in PurgeReason.__members__:
            wrong = invalid(request, FieldError("reason", "choose_one"))
            return await _change(request, service_id, change_id, 422, problem=wrong, values=form.values)
        given = {"serviceId": service_id, "changeId": change_id, "reason": form.text("reason")}
        outcome = await do(request, "AskPurge", "askPurge", **given, idempotencyKey=_key(form))
    if problem := problem_of(outcome):
        return await _change(request, service_id, change_id, 422, problem=problem, values=form.values)
    return redirect(f"/services/{service_id}/history", done)


def _row_said(change: Data) -> str:
    """What a row that was taken away said."""
    if change["action"] != "delete":
        return ""
    try:
        row = json.loads(change["before"])
    except ValueError:
        return ""
    return " · ".join(str(value) for name, value in row.items() if name not in _HIDDEN)
