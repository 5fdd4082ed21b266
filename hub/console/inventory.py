"""Pages of the authority's stock-taking: rounds, a new one, how far one has come, who is silent, results compared."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from directory.taxonomy import NETWORKS
from hub.base.clocks import zone
from hub.base.errors import Conflict, FieldError
from hub.base.texts import mark, term
from hub.base.time import now
from hub.policy.terms import Role

from .client import ask
from .forms import Posted, posted
from .inputs import Data, area_names, do, invalid, once, one, problem_of
from .naming import labelled, need_options, places, words
from .pages import language, redirect, render
from .viewer import viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
LABELS = {
    "opensOn": mark("First day"),
    "closesOn": mark("Last day"),
    "networks": mark("Networks"),
    "areas": mark("Areas"),
    "needs": mark("Needs"),
    "note": mark("What to add"),
}
BY = {"network": "NETWORK", "county": "COUNTY", "agency": "AGENCY"}
WHICH = {"unanswered": "UNANSWERED", "nobody": "NOBODY", "answered": "ANSWERED", "all": "ALL"}
TONES = {"PLANNED": "plain", "OPEN": "", "CLOSED": "good", "CANCELLED": "plain"}
USUAL_LENGTH = timedelta(days=27)


@router.get("/rounds")
async def listed(request: Request) -> Response:
    """Rounds, the latest first, and which two to compare. For auditors and administrators."""
    found = (await ask(request, "Rounds", {"after": request.query_params.get("after")}))["rounds"]
    rounds = [edge["node"] for edge in found["edges"]]
    closed = [{"value": r["id"], "text": f"{r['opensOn']} – {r['closesOn']}"} for r in rounds if r["state"] == "CLOSED"]
    more: Data = {"found": found, "rounds": rounds, "closed": closed, "places": await places(request)}
    return render(request, "rounds.html", may_open=_administers(request), tones=TONES, **more, **words(request))


def _administers(request: Request) -> bool:
    viewer = viewer_of(request)
    return viewer is not None and viewer.has(Role.ADMINISTRATOR)


@router.get("/rounds/new")
async def new(request: Request) -> Response:
    """The form of a new round. For administrators."""
    if not _administers(request):
        raise HTTPException(403)
    return await _form(request)


@router.post("/rounds/new")
async def open_round(request: Request) -> Response:
    """Open a round. For administrators."""
    form = await posted(request)
    if form.switching:
        return await _form(request, values=form.values)
    problem = invalid(request, *_days_missing(form))
    if problem is None:
        scope = {name: form.all(name) for name in ("networks", "areas", "needs")}
        days = {"opensOn": form.text("opensOn"), "closesOn": form.text("closesOn"), "note": form.text("note")}
        outcome = await do(request, "OpenRound", "openRound", **scope, **days, idempotencyKey=_key(form))
        problem = problem_of(outcome)
        if problem is None:
            return redirect(
                f"/rounds/{outcome['id']}", "round_planned" if outcome["state"] == "PLANNED" else "round_open"
            )
    return await _form(request, 422, problem=labelled(request, problem, LABELS), values=form.values)


def _key(form: Posted) -> str | None:
    return form.text("idempotencyKey") or None


def _days_missing(form: Posted) -> list[FieldError]:
    wrong = []
    for name in ("opensOn", "closesOn"):
        try:
            date.fromisoformat(form.text(name))
        except ValueError:
            wrong.append(FieldError(name, "day_form"))
    return wrong


async def _form(request: Request, status: int = 200, **more: Any) -> Response:
    lang, today = language(request), now().astimezone(zone()).date()
    areas = await area_names(request)
    counties = [{"value": a["code"], "text": a["name"]} for a in areas.values() if a["kind"] == "county"]
    return render(
        request,
        "round_new.html",
        status,
        key=once(),
        opens=today.isoformat(),
        closes=(today + USUAL_LENGTH).isoformat(),
        networks=[{"value": net.code, "text": net.names[lang]} for net in NETWORKS.values()],
        counties=counties or [{"value": a["code"], "text": a["name"]} for a in areas.values() if not a["parent"]],
        needs=need_options(request),
        **more,
    )


@router.get("/rounds/compare")
async def compare(request: Request) -> Response:
    """Two closed rounds side by side. For auditors and administrators."""
    asked = {name: request.query_params.get(name, "") for name in ("earlier", "later")}
    by = request.query_params.get("by", "")
    by = by if by in BY else "network"
    rounds = [await one(request, "Round", "round", id=key) for key in asked.values()]
    if any(r["state"] != "CLOSED" for r in rounds):
        raise Conflict("round_not_closed")
    found = (await ask(request, "CompareRounds", {**asked, "by": BY[by]}))["compareRounds"]
    whole = {
        name: sum(part["difference"][name] for part in found) for name in (found[0]["difference"] if found else {})
    }
    links = [(name, f"/rounds/compare?{urlencode({**asked, 'by': name})}") for name in BY]
    return render(
        request, "round_compare.html", rounds=rounds, parts=found, whole=whole, by=by, links=links, **words(request)
    )


@router.get("/rounds/{round_id}")
async def shown(request: Request, round_id: str) -> Response:
    """How far a round has come, by network, county or agency. For auditors and administrators."""
    found = await one(request, "Round", "round", id=round_id)
    by = request.query_params.get("by", "")
    by = by if by in BY else "network"
    silent = request.query_params.get("silent") == "1"
    asked = {"id": round_id, "by": BY[by], "openOnly": silent, "after": request.query_params.get("after")}
    parts = (await ask(request, "RoundParts", asked))["roundParts"]
    here = {"by": by, **({"silent": "1"} if silent else {})}
    return render(
        request,
        "round.html",
        round=found,
        parts=parts,
        by=by,
        silent=silent,
        href=f"/rounds/{round_id}?{urlencode(here)}",
        may_close=_administers(request) and found["state"] in {"PLANNED", "OPEN"},
        tones=TONES,
        places=await places(request),
        **words(request),
    )


@router.get("/rounds/{round_id}/services")
async def services(request: Request, round_id: str) -> Response:
    """Services of a round by what became of them. For auditors and administrators."""
    found = await one(request, "Round", "round", id=round_id)
    which = request.query_params.get("which", "")
    which = which if which in WHICH else "unanswered"
    organization = request.query_params.get("organization", "")
    given = {"id": round_id, "which": WHICH[which], "after": request.query_params.get("after")}
    tasks = (await ask(request, "RoundTasks", given | {"organizationId": organization or None}))["roundTasks"]
    here = {"which": which, **({"organization": organization} if organization else {})}
    return render(
        request,
        "round_services.html",
        round=found,
        tasks=tasks,
        which=which,
        organization=organization,
        href=f"/rounds/{round_id}/services?{urlencode(here)}",
        answers=lambda answer: term("TaskAnswer", answer, language(request)),
        **words(request),
    )


@router.get("/rounds/{round_id}/result.{form}")
async def result(request: Request, round_id: str, form: str) -> Response:
    """A closed round's result as a file. For auditors and administrators."""
    if form not in {"csv", "xlsx"}:
        raise HTTPException(404)
    return as_download((await ask(request, "RoundResult", {"id": round_id, "form": form.upper()}))["roundResult"])


def as_download(file: Data) -> Response:
    """An `InventoryFile` as a download."""
    headers = {"Content-Disposition": f'attachment; filename="{file["name"]}"'}
    return Response(base64.b64decode(file["content"]), media_type=file["mediaType"], headers=headers)


@router.get("/rounds/{round_id}/close")
async def ask_close(request: Request, round_id: str) -> Response:
    """Are you sure? For administrators."""
    return await _ask_close(request, round_id)


async def _ask_close(request: Request, round_id: str, status: int = 200, **more: Any) -> Response:
    found = await one(request, "Round", "round", id=round_id)
    if not _administers(request):
        raise HTTPException(403)
    return render(request, "round_close.html", status, round=found, key=once(), **more)


@router.post("/rounds/{round_id}/close")
async def close(request: Request, round_id: str) -> Response:
    """Close a round for good. For administrators."""
    form = await posted(request)
    if form.switching:
        return await _ask_close(request, round_id, values=form.values)
    early = form.flag("early")
    outcome = await do(request, "CloseRound", "closeRound", roundId=round_id, early=early, idempotencyKey=_key(form))
    if problem := problem_of(outcome):
        return await _ask_close(request, round_id, 422, problem=problem, values=form.values)
    return redirect(f"/rounds/{round_id}", "round_closed" if outcome["state"] == "CLOSED" else "round_cancelled")
