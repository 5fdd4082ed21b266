"""Pages of whoever keeps agencies and accounts: who takes part, a new agency, suspending one and letting it back in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from directory.taxonomy import NETWORKS
from hub.base.errors import FieldError
from hub.base.texts import LANGUAGES, catalogue, mark
from hub.policy.terms import Role

from .client import ask
from .forms import Posted, posted
from .inputs import Data, area_names, do, invalid, once, one, problem_of
from .keeping_words import ENTITIES
from .naming import labelled, places, words
from .pages import language, redirect, render
from .viewer import only

router = APIRouter(default_response_class=Response, include_in_schema=False)
LABELS = {"code": mark("Code"), "name": mark("Name"), "network": mark("Network"), "email": mark("Mailbox of notices")}
"""What the error summary calls each field."""
NATIONAL = mark("The whole country")


async def home(request: Request) -> Response:
    """The first screen of an administrator: the agencies that take part, and what waits for a second administrator."""
    found = (await ask(request, "AgencyRecords"))["agencyRecords"]
    more: Data = {"purges": (await ask(request, "WaitingPurges"))["waitingPurges"], "entities": ENTITIES}
    known = await places(request)
    return render(request, "administrator.html", agencies=found, places=known, **more, **words(request))


@router.get("/agencies/new")
async def new(request: Request) -> Response:
    """The form of a new agency; `service` in the address is one of its services. For administrators."""
    return await _new(request)


async def _new(request: Request, status: int = 200, **more: Any) -> Response:
    only(request, Role.ADMINISTRATOR)
    key = request.query_params.get("service", "")
    service = await one(request, "Service", "service", id=key) if key else None
    given: Data = {"once": once(), **await _choices(request), **words(request), **more}
    return render(request, "agency_new.html", status, service=service, **given)


async def _choices(request: Request) -> Data:
    """The networks and counties to choose from."""
    lang = language(request)
    counties = [area for area in (await area_names(request)).values() if area["kind"] == "county"]
    return {
        "networks": [{"value": code, "text": network.names[lang]} for code, network in NETWORKS.items()],
        "counties": [{"value": "", "text": catalogue(lang).gettext(NATIONAL)}]
        + [{"value": area["code"], "text": area["name"]} for area in counties],
    }


@router.post("/agencies/new")
async def add(request: Request) -> Response:
    """Let an agency take part. For administrators."""
    form = await posted(request)
    if form.switching:
        return await _new(request, values=form.values)
    problem = invalid(request, *_faults(form))
    if problem is None:
        problem = problem_of(await do(request, "AddAgency", "addAgency", **_given(form)))
    if problem:
        return await _new(request, 422, problem=labelled(request, problem, LABELS), values=form.values)
    return redirect("/", "agency_added")


def _faults(form: Posted) -> list[FieldError]:
    faults = [FieldError(name, "required") for name in ("code", "name") if not form.text(name)]
    return faults if form.text("network") in NETWORKS else [*faults, FieldError("network", "choose_one")]


def _given(form: Posted) -> Data:
    names = {tag: form.text(f"names.{tag}") for tag in LANGUAGES} | {"zh-Hant": form.text("name")}
    return {
        "code": form.text("code"),
        "name": form.text("name"),
        "names": [{"language": tag, "name": name} for tag, name in names.items() if name],
        "network": form.text("network"),
        "county": form.text("county"),
        "email": form.text("email"),
        "isCentre": form.flag("isCentre"),
        "organizationId": form.text("organizationId") or None,
        "idempotencyKey": form.text("idempotencyKey"),
    }


@router.get("/agencies/{agency}/edit")
async def edit(request: Request, agency: str) -> Response:
    """An agency to be changed. For administrators."""
    return await _edit(request, agency)


async def _edit(request: Request, agency: str, status: int = 200, **more: Any) -> Response:
    found = await _record(request, agency)
    names = {one_["language"]: one_["name"] for one_ in found["names"]}
    start = {f"names.{tag}": [names.get(tag, "")] for tag in LANGUAGES}
    start |= {name: [found[name]] for name in ("network", "county", "email")} | {"name": [found["officialName"]]}
    given = {"once": once(), **more, "values": {**start, **(more.get("values") or {})}}
    return render(request, "agency_edit.html", status, agency=found, **await _choices(request), **given)


@router.post("/agencies/{agency}/edit")
async def change(request: Request, agency: str) -> Response:
    """Change an agency. For administrators."""
    only(request, Role.ADMINISTRATOR)
    form = await posted(request)
    if form.switching:
        return await _edit(request, agency, values=form.values)
    problem = invalid(request, *(fault for fault in _faults(form) if fault.path != "code"))
    if problem is None:
        parts = ("name", "names", "network", "county", "email", "idempotencyKey")
        given = {name: value for name, value in _given(form).items() if name in parts}
        given |= {"agencyId": agency, "version": form.text("version")}
        problem = problem_of(await do(request, "UpdateAgency", "updateAgency", **given))
    if problem:
        return await _edit(request, agency, 422, problem=labelled(request, problem, LABELS), values=form.values)
    return redirect("/", "agency_changed")


@router.get("/agencies/{agency}/standing")
async def sure(request: Request, agency: str) -> Response:
    """Suspend this agency, or let it back in? For administrators."""
    return await _sure(request, agency)


async def _sure(request: Request, agency: str, status: int = 200, **more: Any) -> Response:
    found = await _record(request, agency)
    say = catalogue(language(request)).gettext
    back_in = found["suspended"]
    question = mark("Let %(name)s back in?") if back_in else mark("Suspend %(name)s?")
    meant = (
        mark("Its people may sign in again, with the roles they held.")
        if back_in
        else mark("All its people are signed out at once and may do nothing until it is let back in.")
    )
    return render(
        request,
        "confirm.html",
        status,
        question=say(question) % {"name": found["name"]},
        text=say(meant),
        action=f"/agencies/{agency}/standing",
        label=say(mark("Let it back in") if back_in else mark("Suspend the agency")),
        kind="" if back_in else "warning",
        back="/",
        fields={"idempotencyKey": once(), "step": "reinstate" if back_in else "suspend"},
        **more,
    )


@router.post("/agencies/{agency}/standing")
async def stand(request: Request, agency: str) -> Response:
    """Suspend an agency or let it back in. For administrators."""
    only(request, Role.ADMINISTRATOR)
    form = await posted(request)
    if form.switching:
        return await _sure(request, agency)
    back_in = form.text("step") == "reinstate"
    operation, root = ("ReinstateAgency", "reinstateAgency") if back_in else ("SuspendAgency", "suspendAgency")
    outcome = await do(request, operation, root, agencyId=agency, idempotencyKey=form.text("idempotencyKey"))
    if problem := problem_of(outcome):
        return await _sure(request, agency, 422, problem=problem)
    return redirect("/", "agency_back" if back_in else "agency_suspended")


async def _record(request: Request, agency: str) -> Data:
    only(request, Role.ADMINISTRATOR)
    found = (await ask(request, "AgencyRecords"))["agencyRecords"]
    return the(found, agency)


def the(found: list[Data], key: str) -> Data:
    """The one with this id. HTTPException 404 when it is none of them."""
    for row in found:
        if row["id"] == key:
            return row
    raise HTTPException(404)
