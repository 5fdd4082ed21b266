"""Pages of packages sent to the directory: sending one, watching it, its report, confirming it or letting it go."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.api.describe import key_of
from hub.api.downloads import remarks_out
from hub.api.run import Hub
from hub.api.uploads import received
from hub.base.errors import FieldError, Refusal
from hub.base.errors import InvalidInput as Invalid
from hub.base.texts import mark
from hub.imports.rules import MOST_BYTES
from hub.imports.views import OVERSEERS
from hub.policy.terms import Role

from .client import ask
from .forms import Posted, posted
from .inputs import Data, do, invalid, number_of, once, one, problem_of
from .naming import labelled
from .pages import language, redirect, render
from .viewer import only, signed_in, viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
LABELS = {"file": mark("The package"), "source": mark("Whose data it is")}
TONES = {
    "RECEIVING": "plain", "WAITING": "", "TRIED": "warm", "CONFIRMED": "", "WRITTEN": "good", "REFUSED": "danger",
    "FAILED": "danger", "DISCARDED": "plain", "EXPIRED": "plain",
}  # fmt: skip
STEPS = {
    "finishing": mark("Bringing it together"),
    "routes": mark("Preparing referrals"),
    "search": mark("Preparing search"),
}
"""What comes after the files."""


def _administers(request: Request) -> bool:
    viewer = viewer_of(request)
    return viewer is not None and viewer.has(Role.ADMINISTRATOR)


@router.get("/imports")
async def listed(request: Request) -> Response:
    """Packages, the latest first, and the form to send one. For administrators; auditors read."""
    return await _listed(request)


async def _listed(request: Request, status: int = 200, **more: Any) -> Response:
    found = (await ask(request, "DirectoryImports", {"after": request.query_params.get("after")}))["directoryImports"]
    return render(request, "imports.html", status, found=found, may=_administers(request), tones=TONES, **more)


@router.post("/imports")
async def send(request: Request) -> Response:
    """Send a package: kept, to be tried; not written. For administrators, who are asked before it is read."""
    only(request, Role.ADMINISTRATOR)
    form = await posted(request)
    try:
        if form.switching:
            return await _listed(request, values=form.values)
        problem = await _send(request, form)
    finally:
        await request.close()  # the file of the form
    if isinstance(problem, str):
        return redirect(f"/imports/{problem}", "package_sent")
    return await _listed(request, 422, problem=labelled(request, problem, LABELS), values=form.values)


async def _send(request: Request, form: Posted) -> str | Data:
    """The id of the package, or the problem."""
    file = form.files.get("file")
    if file is None or not file.filename or not file.size:
        return invalid(request, FieldError("file", "choose_a_file")) or {}
    if file.size > MOST_BYTES:
        return invalid(request, FieldError("file", "package_too_big")) or {}
    outcome = await do(request, "StageImport", "stageImport", fileName=file.filename, source=form.text("source"))
    if problem := problem_of(outcome):
        fields = [{**f, "path": "file" if f["path"] == "fileName" else f["path"]} for f in problem.get("fields") or []]
        return {**problem, "fields": fields}
    hub: Hub = request.app.state.hub
    who = signed_in(request)
    assert who is not None
    try:
        await received(hub, who.actor, key_of(outcome["id"], "DirectoryImport"), file.file)
    except Refusal as refusal:
        await do(request, "DiscardImport", "discardImport", importId=outcome["id"])
        wrong = refusal.fields if isinstance(refusal, Invalid) else [FieldError("file", refusal.code)]
        return invalid(request, *wrong) or {}
    return str(outcome["id"])


@router.get("/imports/{import_id}")
async def shown(request: Request, import_id: str) -> Response:
    """How far a package is, its report, and what is to be decided. For administrators; auditors read."""
    return await _shown(request, import_id)


async def _shown(request: Request, import_id: str, status: int = 200, **more: Any) -> Response:
    found = await one(request, "DirectoryImport", "directoryImport", id=import_id)
    asked = {name: request.query_params.get(name) or None for name in ("file", "code")}
    given = {"id": import_id, "after": request.query_params.get("after"), **asked}
    remarks = (await ask(request, "ImportRemarks", given))["importRemarks"] if found["report"] else None
    here = {name: value for name, value in asked.items() if value}
    return render(
        request,
        "import.html",
        status,
        package=found,
        remarks=remarks,
        chosen=bool(here),
        href=f"/imports/{import_id}" + (f"?{urlencode(here)}" if here else ""),
        may=_administers(request),
        busy=found["state"] in ("WAITING", "CONFIRMED"),
        tones=TONES,
        steps=STEPS,
        once=once(),
        **more,
    )


@router.post("/imports/{import_id}")
async def decide(request: Request, import_id: str) -> Response:
    """Have it written, or let it go. For administrators."""
    form = await posted(request)
    if form.switching:
        return await _shown(request, import_id)
    key = form.text("idempotencyKey") or None
    if form.text("step") == "discard":
        outcome = await do(request, "DiscardImport", "discardImport", importId=import_id, idempotencyKey=key)
    else:
        version = number_of(form.text("version")) or 0
        given: Data = {"importId": import_id, "version": version, "idempotencyKey": key}
        outcome = await do(request, "ConfirmImport", "confirmImport", **given)
    if problem := problem_of(outcome):
        return await _shown(request, import_id, 422, problem=problem)
    stopping = bool(outcome["progress"])
    done = "package_discarded" if outcome["state"] == "DISCARDED" else "" if stopping else "package_confirmed"
    return redirect(f"/imports/{import_id}", done)


@router.get("/imports/{import_id}/remarks.csv")
async def remarks_file(request: Request, import_id: str) -> Response:
    """Every remark of a package as a file. For administrators and auditors."""
    only(request, *OVERSEERS)
    who, hub = signed_in(request), request.app.state.hub
    assert who is not None
    assert isinstance(hub, Hub)
    try:
        key = key_of(import_id, "DirectoryImport")
    except Invalid:
        raise HTTPException(404) from None
    async with hub.db.work() as session:
        return await remarks_out(hub, session, who.actor, str(key), language(request))
