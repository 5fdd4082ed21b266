"""Pages of consent: what a person agreed to, recording and withdrawing it, and the ledger of who saw what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.base.clocks import zone
from hub.base.errors import FieldError
from hub.base.time import now
from hub.consent.actions import NEVER, Grantor
from hub.policy.consents import WRITTEN_ONLY
from hub.policy.rules import SHARING
from hub.policy.terms import Category, Purpose, Role

from . import words
from .casework import worked, works
from .client import ask
from .dates import as_day
from .forms import Posted, posted
from .inputs import Data, do, end_of, invalid, once, one, problem_of
from .pages import redirect, render
from .viewer import viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
NOTICE = "2026-01"
"""Version of the notice of PDPA 8 offered first; the form lets it be changed."""
LASTS = timedelta(days=90)
CATEGORIES = tuple(category for category in Category if category not in NEVER)
PURPOSES = tuple(purpose for purpose in Purpose if purpose in SHARING)


@router.get("/cases/{case}/consents")
async def consents(request: Request, case: str) -> Response:
    """A case's consents, newest first. Who: its coordinator."""
    found = await one(request, "Case", "case", id=case)
    given = (await ask(request, "Consents", {"caseId": case}))["consents"]
    return render(request, "consents.html", words=words, case=found, consents=given, works=works(request, found))


@router.get("/cases/{case}/consents/new")
async def editor(request: Request, case: str) -> Response:
    """The consent editor. Who: coordinator."""
    return await _editor(request, case)


async def _editor(request: Request, case: str, status: int = 200, **more: Any) -> Response:
    found = await worked(request, case)
    own = (await ask(request, "Me"))["me"]["agency"]["id"]
    agencies = [agency for agency in (await ask(request, "Agencies"))["agencies"] if agency["id"] != own]
    return render(
        request,
        "consent.html",
        status,
        words=words,
        case=found,
        agencies=agencies,
        grantors=[grantor.name for grantor in Grantor],
        categories=[category.name for category in CATEGORIES],
        written_only={category.name for category in WRITTEN_ONLY},
        purposes=[purpose.name for purpose in PURPOSES],
        notice=NOTICE,
        until=(now().astimezone(zone()) + LASTS).date().isoformat(),
        once=once(),
        **more,
    )


@router.post("/cases/{case}/consents/new")
async def record(request: Request, case: str) -> Response:
    """Record a consent. Who: coordinator."""
    form = await posted(request)
    if form.switching:
        return await _editor(request, case, values=form.values)
    ends_at = end_of(form.text("endsAt"))
    problem = invalid(request, *_faults(form))
    if problem is None and ends_at is not None:
        outcome = await do(
            request,
            "RecordConsent",
            "recordConsent",
            caseId=case,
            grantor=form.text("grantor"),
            informed=form.flag("informed"),
            noticeVersion=form.text("noticeVersion"),
            categories=form.all("categories"),
            purposes=form.all("purposes"),
            recipientIds=form.all("recipientIds"),
            written=form.flag("written"),
            endsAt=ends_at.isoformat(),
            idempotencyKey=form.text("idempotencyKey"),
        )
        problem = problem_of(outcome)
    if problem:
        return await _editor(request, case, 422, problem=problem, values=form.values)
    return redirect(f"/cases/{case}/consents", "consent_recorded")


def _faults(form: Posted) -> list[FieldError]:
    """What could not even be asked: the API judges everything else."""
    faults = []
    if form.text("grantor") not in Grantor.__members__:
        faults.append(FieldError("grantor", "choose_one"))
    if not {category.name for category in CATEGORIES}.issuperset(form.all("categories")):
        faults.append(FieldError("categories", "not_to_consent"))
    if not {purpose.name for purpose in PURPOSES}.issuperset(form.all("purposes")):
        faults.append(FieldError("purposes", "not_to_consent"))
    if end_of(form.text("endsAt")) is None:
        faults.append(FieldError("endsAt", "date_form"))
    return faults


@router.get("/cases/{case}/consents/{consent}/withdraw")
async def ask_withdraw(request: Request, case: str, consent: str) -> Response:
    """Ask once more before a consent is withdrawn. Who: coordinator."""
    return await _withdraw(request, case, consent)


async def _withdraw(request: Request, case: str, consent: str, status: int = 200, **more: Any) -> Response:
    given: list[Data] = (await ask(request, "Consents", {"caseId": case}))["consents"]
    found = next((one for one in given if one["id"] == consent), None)
    if found is None:
        raise HTTPException(404)
    return render(request, "withdraw.html", status, words=words, case=case, consent=found, once=once(), **more)


@router.post("/cases/{case}/consents/{consent}/withdraw")
async def withdraw(request: Request, case: str, consent: str) -> Response:
    """Withdraw a consent; it works from this moment. Who: coordinator."""
    form = await posted(request)
    if form.switching:
        return await _withdraw(request, case, consent)
    key = form.text("idempotencyKey")
    outcome = await do(request, "WithdrawConsent", "withdrawConsent", consentId=consent, idempotencyKey=key)
    if problem := problem_of(outcome):
        return await _withdraw(request, case, consent, 422, problem=problem)
    return redirect(f"/cases/{case}/consents", "consent_withdrawn")


@router.get("/cases/{case}/ledger")
async def ledger(request: Request, case: str, after: str | None = None) -> Response:
    """Who saw what of a case, newest first. Who: its coordinator, auditor."""
    found = await one(request, "Case", "case", id=case)
    asked = {"caseId": case, "first": 50, "after": after}
    page = (await ask(request, "WhoSawWhat", asked))["disclosures"]
    lines = [edge["node"] for edge in page["edges"]]
    return render(
        request,
        "ledger.html",
        words=words,
        case=found,
        may=found["assigned"] or ((viewer := viewer_of(request)) is not None and viewer.has(Role.AUDITOR)),
        lines=_daily(lines),
        shown=len(lines),
        page=page["pageInfo"],
    )


def _daily(lines: list[Data]) -> list[Data]:
    """Lines that differ in the hour alone as one, the newest, with how many `times` that day."""
    found: dict[tuple[Any, ...], Data] = {}
    for line in lines:
        agency = (line["agency"] or {}).get("id")
        what = (line["operation"], line["purpose"], *sorted(line["categories"] or ()), *(line["bases"] or ()))
        kept = found.setdefault((as_day(line["at"], zone()), agency, *what), line | {"times": 0})
        kept["times"] += 1
    return list(found.values())
