"""Page on which one says that one knows somebody of a case, or coordinators and administrators that another does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from hub.base.errors import FieldError
from hub.base.texts import mark, term
from hub.cases.rules import PartyKind
from hub.identity.grants import DECLARE_FOR_OTHERS, RelationKind
from hub.policy.terms import Role

from .client import ask
from .forms import Posted, posted
from .inputs import Data, do, invalid, once, one, problem_of
from .naming import labelled
from .pages import language, redirect, render
from .viewer import only, viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
PARTIES = (PartyKind.OPPOSITE, PartyKind.VICTIM)
LABELS = {
    "name": mark("The person's whole name"),
    "party": mark("Who the person is in this case"),
    "kind": mark("How they stand to the person"),
    "staffId": mark("Whose relation it is"),
}
"""What the error summary calls each field."""


@router.get("/relation")
async def form_of(request: Request) -> Response:
    """Say whom one knows; `case` in the address is a case one may see. For anybody signed in but programs."""
    return await _form(request)


async def _form(request: Request, status: int = 200, **more: Any) -> Response:
    only(request, *(set(Role) - {Role.MACHINE}))
    viewer, lang = viewer_of(request), language(request)
    case, agency = (request.query_params.get(name, "") for name in ("case", "agency"))
    if case:
        await one(request, "Case", "case", id=case)
    others = viewer is not None and viewer.has(*DECLARE_FOR_OTHERS)
    agencies: list[Data] = []
    people: list[Data] = []
    if others:
        agencies = (await ask(request, "Agencies"))["agencies"]
        people = (await ask(request, "Colleagues", {"agencyId": agency}))["colleagues"] if agency else []
    return render(
        request,
        "relation.html",
        status,
        case=case,
        others=others,
        agency=agency,
        agencies=[{"value": "", "text": ""}] + [{"value": found["id"], "text": found["name"]} for found in agencies],
        people=[{"value": found["id"], "text": found["displayName"]} for found in people],
        kinds=[{"value": kind.name, "text": term("RelationKind", kind, lang)} for kind in RelationKind],
        parties=[{"value": party.name, "text": term("PartyKind", party, lang)} for party in PARTIES],
        here=_here(case, agency),
        once=once(),
        **more,
    )


@router.post("/relation")
async def declare(request: Request) -> Response:
    """Put it on record. For anybody signed in but programs."""
    only(request, *(set(Role) - {Role.MACHINE}))
    form = await posted(request)
    if form.switching:
        return await _form(request, values=form.values)
    case, agency = (request.query_params.get(name, "") for name in ("case", "agency"))
    problem = invalid(request, *_faults(form, case, agency))
    if problem is None:
        problem = problem_of(await do(request, "DeclareRelation", "declareRelation", **_given(form, case)))
    if problem:
        return await _form(request, 422, problem=labelled(request, problem, LABELS), values=form.values)
    return redirect("/", "relation_declared")


def _faults(form: Posted, case: str, agency: str) -> list[FieldError]:
    faults = []
    if agency and not form.text("staffId"):
        faults.append(FieldError("staffId", "choose_one"))
    if case and form.text("party") not in PartyKind.__members__:
        faults.append(FieldError("party", "choose_one"))
    if not case and not form.text("name"):
        faults.append(FieldError("name", "required"))
    if form.text("kind") not in RelationKind.__members__:
        faults.append(FieldError("kind", "choose_one"))
    return faults


def _given(form: Posted, case: str) -> Data:
    given: Data = {"kind": form.text("kind"), "idempotencyKey": form.text("idempotencyKey")}
    given |= {"caseId": case, "party": form.text("party")} if case else {"name": form.text("name")}
    return given | {"staffId": form.text("staffId") or None}


def _here(case: str, agency: str) -> str:
    asked = {name: value for name, value in (("case", case), ("agency", agency)) if value}
    return f"/relation?{urlencode(asked)}" if asked else "/relation"
