"""The minutes of an agenda item: what was decided, who was there, who does what by when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.base.errors import FieldError
from hub.base.time import now

from . import words
from .dates import as_moment
from .forms import Posted, posted
from .inputs import Data, area_names, do, invalid, moment_of, number_of, once, one, problem_of
from .pages import redirect, render

router = APIRouter(default_response_class=Response, include_in_schema=False)
ROWS, MORE, MOST = 3, 3, 30
"""Rows for action items offered first, added by a press, and at most."""
PARTS = ("agencyId", "what", "dueAt")


@dataclass(frozen=True, slots=True)
class Agreed:
    """The filled rows of the form, in the API's shape, and the row each stands in."""

    actions: list[dict[str, str]]
    rows: list[int]
    faults: list[FieldError]

    def in_form(self, problem: Data) -> Data:
        """The API's problem with the paths of its fields turned from the list sent to the rows of the form."""
        return problem | {
            "fields": [field | {"path": self._path(field["path"])} for field in problem.get("fields") or []]
        }

    def _path(self, path: str) -> str:
        head, _, rest = path.partition(".")
        number, _, part = rest.partition(".")
        if head == "actions" and number.isdigit() and int(number) < len(self.rows):
            return f"actions.{self.rows[int(number)]}.{part}"
        return path


@router.get("/meetings/{meeting}/items/{item}")
async def minutes_page(request: Request, meeting: str, item: str) -> Response:
    """The minutes form of an agenda item, once the meeting has begun. Who: the coordinator who called the meeting."""
    return await _page(request, meeting, item)


async def _page(
    request: Request, meeting: str, item: str, status: int = 200, rows: int = ROWS, **more: Any
) -> Response:
    found = await one(request, "Conference", "conference", id=meeting)
    part = next((part for part in found["items"] if part["id"] == item), None)
    if part is None or not found["mine"] or found["state"] not in ("called", "held"):
        raise HTTPException(404)
    return render(
        request,
        "minutes.html",
        status,
        words=words,
        meeting=found,
        begun=as_moment(found["startsAt"]) <= now(),
        item=part,
        rows=rows,
        areas=await area_names(request),
        once=once(),
        **more,
    )


@router.post("/meetings/{meeting}/items/{item}")
async def record(request: Request, meeting: str, item: str) -> Response:
    """Keep the minutes; `step=more` only adds rows to the form. Who: the coordinator who called the meeting."""
    form = await posted(request)
    rows = min(number_of(form.text("rows")) or ROWS, MOST)
    if form.switching:
        return await _page(request, meeting, item, rows=rows, values=form.values)
    if form.text("step") == "more":
        return await _page(request, meeting, item, rows=min(rows + MORE, MOST), values=form.values)
    agreed = _agreed(form, rows)
    problem = invalid(request, *agreed.faults)
    if problem is None:
        outcome = await do(
            request,
            "RecordMinutes",
            "recordMinutes",
            itemId=item,
            version=number_of(form.text("version")) or 0,
            text=form.text("text"),
            presentIds=form.all("presentIds"),
            actions=agreed.actions,
            final=form.flag("final"),
            idempotencyKey=form.text("idempotencyKey"),
        )
        problem = problem_of(outcome)
        if problem is None:
            return redirect(f"/meetings/{meeting}", "minutes_kept")
        problem = agreed.in_form(problem)
    return await _page(request, meeting, item, 422, rows=rows, problem=problem, values=form.values)


def _agreed(form: Posted, rows: int) -> Agreed:
    agreed = Agreed([], [], [])
    if not form.text("text"):
        agreed.faults.append(FieldError("text", "required"))
    for row in range(rows):
        agency, what, due = (form.text(f"actions.{row}.{part}") for part in PARTS)
        if not (agency or what or due):
            continue
        due_at = moment_of(due)
        if not agency:
            agreed.faults.append(FieldError(f"actions.{row}.agencyId", "choose_one"))
        if not what:
            agreed.faults.append(FieldError(f"actions.{row}.what", "required"))
        if due_at is None:
            agreed.faults.append(FieldError(f"actions.{row}.dueAt", "date_form"))
        else:
            agreed.actions.append({"agencyId": agency, "what": what, "dueAt": due_at.isoformat()})
            agreed.rows.append(row)
    return agreed
