"""Pages of accounts: who is at an agency, a new account, its roles, suspending it. For administrators and managers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from hub.api.describe import gid
from hub.base.errors import FieldError
from hub.base.texts import catalogue, mark, term
from hub.identity.grants import MANAGER_MAY_GRANT
from hub.policy.terms import Role

from .client import ask
from .forms import Posted, posted
from .inputs import Data, do, invalid, once, one, problem_of
from .naming import labelled, words
from .pages import language, redirect, render
from .viewer import only, signed_in, viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
LABELS = {
    "agencyId": mark("Agency"),
    "subject": mark("Subject at the identity provider"),
    "displayName": mark("Name"),
    "email": mark("Mailbox"),
    "role": mark("Role"),
}
"""What the error summary calls each field."""
EVERY = mark("Every agency")


def _keeps(request: Request) -> bool:
    """Whether the reader keeps every agency's accounts; HTTPException 403 for who keeps none."""
    only(request, Role.ADMINISTRATOR, Role.AGENCY_MANAGER)
    viewer = viewer_of(request)
    return viewer is not None and viewer.has(Role.ADMINISTRATOR)


@router.get("/staff")
async def accounts(request: Request) -> Response:
    """Accounts by name, of one agency or all. For administrators; for managers those of their agency."""
    everywhere = _keeps(request)
    agency = request.query_params.get("agency") or None
    asked = {"agencyId": agency, "after": request.query_params.get("after")}
    found = (await ask(request, "Staff", asked))["staff"]
    return render(
        request,
        "staff.html",
        found=found,
        rows=[edge["node"] for edge in found["edges"]],
        agency=agency or "",
        agencies=await _agencies(request, any_=True) if everywhere else [],
        href=f"/staff?{urlencode({'agency': agency})}" if agency else "/staff",
        **words(request),
    )


@router.get("/staff/new")
async def new(request: Request) -> Response:
    """The form of a new account. For administrators; for managers at their own agency."""
    return await _new(request)


async def _new(request: Request, status: int = 200, **more: Any) -> Response:
    everywhere = _keeps(request)
    return render(
        request,
        "staff_new.html",
        status,
        agencies=await _agencies(request) if everywhere else [],
        agency=request.query_params.get("agency", ""),
        roles=_grantable(request),
        once=once(),
        **more,
    )


@router.post("/staff/new")
async def add(request: Request) -> Response:
    """Open an account. For administrators; for managers at their own agency."""
    everywhere = _keeps(request)
    form = await posted(request)
    if form.switching:
        return await _new(request, values=form.values)
    agency = form.text("agencyId") if everywhere else _own(request)
    faults = [FieldError(name, "required") for name in ("subject", "displayName") if not form.text(name)]
    problem = invalid(request, *([] if agency else [FieldError("agencyId", "choose_one")]), *faults)
    if problem is None:
        problem = problem_of(await do(request, "AddStaff", "addStaff", **_given(request, form, agency)))
    if problem:
        return await _new(request, 422, problem=labelled(request, problem, LABELS), values=form.values)
    return redirect("/staff", "account_added")


def _given(request: Request, form: Posted, agency: str) -> Data:
    may = {option["value"] for option in _grantable(request)}
    return {
        "agencyId": agency,
        "subject": form.text("subject"),
        "displayName": form.text("displayName"),
        "email": form.text("email"),
        "roles": [role for role in form.all("roles") if role in may],
        "idempotencyKey": form.text("idempotencyKey"),
    }


@router.get("/staff/{account}")
async def member(request: Request, account: str) -> Response:
    """An account, its roles, and whether it is suspended. For administrators; for managers of its agency."""
    return await _member(request, account)


async def _member(request: Request, account: str, status: int = 200, **more: Any) -> Response:
    _keeps(request)
    found = await one(request, "StaffMember", "staffMember", id=account)
    held = {*found["roles"], *found["pending"]}
    waits = [role for role in found["pending"] if role in {option["value"] for option in _grantable(request)}]
    return render(
        request,
        "staff_member.html",
        status,
        account=found,
        grantable=[option for option in _grantable(request) if option["value"] not in held],
        revocable={option["value"] for option in _grantable(request)},
        waits=waits,
        keys=[once() for _ in range(len(held) + 2)],
        themself=account == _self(request),
        **more,
    )


@router.post("/staff/{account}/roles")
async def roles(request: Request, account: str) -> Response:
    """Grant a role or take one away. For administrators; for managers of its agency."""
    _keeps(request)
    form = await posted(request)
    if form.switching:
        return await _member(request, account, values=form.values)
    role, away = form.text("role"), form.text("step") == "revoke"
    problem = invalid(request, *([] if role in Role.__members__ else [FieldError("role", "choose_one")]))
    if problem is None:
        operation, root = ("RevokeRole", "revokeRole") if away else ("GrantRole", "grantRole")
        given = {"staffId": account, "role": role, "idempotencyKey": form.text("idempotencyKey")}
        outcome = await do(request, operation, root, **given)
        problem = problem_of(outcome)
    if problem:
        return await _member(request, account, 422, problem=labelled(request, problem, LABELS), values=form.values)
    done = "role_revoked" if away else "role_asked" if role in outcome["pending"] else "role_granted"
    return redirect(f"/staff/{account}", done)


@router.get("/staff/{account}/standing")
async def sure(request: Request, account: str) -> Response:
    """Suspend this account, or let it back in? For administrators; for managers of its agency."""
    return await _sure(request, account)


async def _sure(request: Request, account: str, status: int = 200, **more: Any) -> Response:
    _keeps(request)
    found = await one(request, "StaffMember", "staffMember", id=account)
    say = catalogue(language(request)).gettext
    back_in = found["suspended"]
    question = mark("Let %(name)s back in?") if back_in else mark("Suspend %(name)s?")
    meant = (
        mark("They may sign in again, with the roles they held.")
        if back_in
        else mark("They are signed out at once and may do nothing until they are let back in.")
    )
    return render(
        request,
        "confirm.html",
        status,
        question=say(question) % {"name": found["displayName"]},
        text=say(meant),
        action=f"/staff/{account}/standing",
        label=say(mark("Let them back in") if back_in else mark("Suspend the account")),
        kind="" if back_in else "warning",
        back=f"/staff/{account}",
        fields={"idempotencyKey": once(), "step": "reinstate" if back_in else "suspend"},
        **more,
    )


@router.post("/staff/{account}/standing")
async def stand(request: Request, account: str) -> Response:
    """Suspend an account or let it back in. For administrators; for managers of its agency."""
    _keeps(request)
    form = await posted(request)
    if form.switching:
        return await _sure(request, account)
    back_in = form.text("step") == "reinstate"
    operation, root = ("ReinstateStaff", "reinstateStaff") if back_in else ("SuspendStaff", "suspendStaff")
    outcome = await do(request, operation, root, staffId=account, idempotencyKey=form.text("idempotencyKey"))
    if problem := problem_of(outcome):
        return await _sure(request, account, 422, problem=problem)
    return redirect(f"/staff/{account}", "account_back" if back_in else "account_suspended")


async def _agencies(request: Request, *, any_: bool = False) -> list[Data]:
    found = (await ask(request, "AgencyRecords"))["agencyRecords"]
    every = [{"value": "", "text": catalogue(language(request)).gettext(EVERY) if any_ else ""}]
    return every + [{"value": agency["id"], "text": agency["name"]} for agency in found]


def _grantable(request: Request) -> list[Data]:
    """The roles the reader may grant a person and take away."""
    viewer, lang = viewer_of(request), language(request)
    may = set(Role) - {Role.MACHINE} if viewer is not None and viewer.has(Role.ADMINISTRATOR) else MANAGER_MAY_GRANT
    return [{"value": role.name, "text": term("Role", role, lang)} for role in Role if role in may]


def _own(request: Request) -> str:
    found = signed_in(request)
    return gid("Agency", found.actor.agency_id) if found else ""


def _self(request: Request) -> str:
    found = signed_in(request)
    return gid("Staff", found.actor.id) if found else ""
