"""Pages of the competent authority: the audit chain and its entries, who saw what."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from hub.policy.terms import Role

from .client import ask
from .forms import posted
from .naming import ACTIONS, words
from .pages import render
from .viewer import only

router = APIRouter(default_response_class=Response, include_in_schema=False)


async def home(request: Request) -> Response:
    """The first screen of an auditor: verify the chain, the latest entries."""
    return await _entries(request, first=True)


@router.get("/audit")
async def entries(request: Request) -> Response:
    """Audit entries of one action or one case, newest first. For auditors."""
    return await _entries(request)


@router.post("/audit")
async def verify(request: Request) -> Response:
    """Verify the whole chain now and say what was found. For auditors."""
    form = await posted(request)
    if form.switching:
        return await _entries(request)
    return await _entries(request, chain=(await ask(request, "AuditChain"))["auditChain"])


@router.get("/audit/who-saw")
async def who_saw(request: Request) -> Response:
    """Who saw what of a case, by its opaque id. For auditors and the case's coordinator."""
    only(request, Role.AUDITOR, Role.COORDINATOR)
    case, after = request.query_params.get("case", "").strip(), request.query_params.get("after")
    found = None
    if case:
        found = (await ask(request, "WhoSawWhat", {"caseId": case, "after": after}))["disclosures"]
    href = f"/audit/who-saw?{urlencode({'case': case})}"
    return render(request, "who_saw.html", case=case, found=found, href=href, values={"case": [case]}, **words(request))


async def _entries(request: Request, chain: dict[str, Any] | None = None, *, first: bool = False) -> Response:
    action, case = (request.query_params.get(name, "").strip() for name in ("action", "case"))
    narrowed = {name: value for name, value in (("action", action), ("case", case)) if value}
    found = (
        await ask(
            request,
            "AuditEntries",
            {"first": 20, "after": request.query_params.get("after"), "action": action or None, "caseId": case or None},
        )
    )["auditEntries"]
    last = []
    if first:  # each reading is an entry of its own: only the first screen asks when the chain was last verified
        last = (await ask(request, "AuditEntries", {"first": 1, "action": "audit.verify"}))["auditEntries"]["edges"]
    said = words(request)
    actions = [{"value": code, "text": said["done_what"](code)} for code in ACTIONS]
    return render(
        request,
        "audit.html",
        chain=chain,
        first=first,
        verified_at=last[0]["node"]["at"] if last else None,
        found=found,
        href=f"/audit?{urlencode(narrowed)}" if narrowed else "/audit",
        narrowed=bool(narrowed),
        values={"action": [action], "case": [case]},
        actions=[{"value": "", "text": ""}, *actions],
        **said,
    )
