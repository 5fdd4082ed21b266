"""Pages of the directory as files: made on request, the template to fill in, what sources said beyond the standard."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.api.describe import key_of
from hub.api.downloads import handed_out
from hub.api.run import Hub
from hub.base.errors import InvalidInput
from hub.base.texts import mark
from hub.imports.states import ExportForm
from hub.policy.terms import Role

from .client import ask
from .forms import posted
from .inputs import do, problem_of
from .inventory import as_download
from .keeping_words import ENTITIES
from .pages import redirect, render
from .viewer import only, signed_in

router = APIRouter(default_response_class=Response, include_in_schema=False)
MEANT = {
    "HSDS": mark("For other directories: a zip of tables."),
    "JSON": mark("For programs."),
    "XLSX": mark("To look through, a sheet a table."),
    "BEYOND_CSV": mark("What sources said that no standard knows, for a spreadsheet."),
    "BEYOND_JSON": mark("The same, for programs."),
}
TONES = {"WAITING": "", "READY": "good", "FAILED": "danger"}
OVERSEERS = (Role.AUDITOR, Role.ADMINISTRATOR)


@router.get("/imports/template")
async def template(request: Request) -> Response:
    """The workbook to fill in. For whoever is signed in."""
    return as_download((await ask(request, "DirectoryTemplate"))["directoryTemplate"])


@router.get("/imports/exports")
async def listed(request: Request) -> Response:
    """The directory as files: what there is, and what can be made. For administrators and auditors."""
    return await _listed(request)


async def _listed(request: Request, status: int = 200, **more: Any) -> Response:
    found = {file["form"]: file for file in (await ask(request, "DirectoryExports"))["directoryExports"]}
    files = [{"form": form.name, "meant": MEANT[form.name], "file": found.get(form.name)} for form in ExportForm]
    busy = any(file["state"] == "WAITING" for file in found.values())
    return render(request, "exports.html", status, files=files, busy=busy, tones=TONES, **more)


@router.post("/imports/exports")
async def make(request: Request) -> Response:
    """Have a file made. For administrators and auditors."""
    only(request, *OVERSEERS)
    form = await posted(request)
    if form.switching:
        return await _listed(request)
    if form.text("form") not in ExportForm.__members__:
        raise HTTPException(422)
    if problem := problem_of(await do(request, "MakeExport", "makeExport", form=form.text("form"))):
        return await _listed(request, 422, problem=problem)
    return redirect("/imports/exports", "file_asked")


@router.get("/imports/exports/{export_id}/file")
async def file(request: Request, export_id: str) -> Response:
    """A file that was made. For administrators and auditors."""
    only(request, *OVERSEERS)
    who, hub = signed_in(request), request.app.state.hub
    assert who is not None
    assert isinstance(hub, Hub)
    try:
        key = key_of(export_id, "DirectoryExport")
    except InvalidInput:
        raise HTTPException(404) from None
    async with hub.db.work() as session:
        return await handed_out(hub, session, who.actor, str(key))


@router.get("/imports/aside")
async def aside(request: Request) -> Response:
    """What sources said beyond the standard. For administrators and auditors."""
    asked = {name: request.query_params.get(name) or None for name in ("entity", "source")}
    given = {"entity": asked["entity"], "ofSource": asked["source"]}
    found = (await ask(request, "KeptAside", {**given, "after": request.query_params.get("after")}))["keptAside"]
    counts = (await ask(request, "KeptAsideCounts"))["keptAsideCounts"]
    here = {name: value for name, value in asked.items() if value}
    return render(
        request,
        "aside.html",
        found=found,
        counts=[{**row, "query": urlencode({"entity": row["entity"], "source": row["source"]})} for row in counts],
        chosen=bool(here),
        href="/imports/aside" + (f"?{urlencode(here)}" if here else ""),
        entities=ENTITIES,
    )
