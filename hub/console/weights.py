"""Page of the administrator: how much each reason weighs when services are ranked."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from hub.base.errors import FieldError

from . import words
from .client import ask
from .forms import Posted, posted
from .inputs import do, invalid, once, problem_of
from .pages import redirect, render

router = APIRouter(default_response_class=Response, include_in_schema=False)


@router.get("/weights")
async def editor(request: Request) -> Response:
    """The weights that hold. Who: administrator."""
    return await _editor(request)


async def _editor(request: Request, status: int = 200, **more: Any) -> Response:
    held = (await ask(request, "MatchWeights"))["matchWeights"]
    return render(request, "weights.html", status, words=words, held=held, once=once(), **more)


@router.post("/weights")
async def change(request: Request) -> Response:
    """Let other weights hold. Who: administrator."""
    form = await posted(request)
    if form.switching:
        return await _editor(request, values=form.values)
    changes, faults = _changes(form)
    problem = invalid(request, *faults)
    if problem is None:
        outcome = await do(
            request,
            "SetMatchWeights",
            "setMatchWeights",
            version=int(form.text("version") or 0),
            weights=changes,
            note=form.text("note"),
            idempotencyKey=form.text("idempotencyKey"),
        )
        problem = problem_of(outcome)
    if problem:
        return await _editor(request, 422, problem=problem, values=form.values)
    return redirect("/weights", "weights_set")


def _changes(form: Posted) -> tuple[list[dict[str, Any]], list[FieldError]]:
    """What was typed, where it is another number than what was shown."""
    changes: list[dict[str, Any]] = []
    faults: list[FieldError] = []
    for path, typed in form.values.items():
        if not path.startswith("weights."):
            continue
        try:
            changes.append({"name": path.removeprefix("weights."), "value": int(typed[0].strip())})
        except ValueError:
            faults.append(FieldError(path, "whole_number"))
    if not form.text("version").isdecimal():
        faults.append(FieldError("version", "required"))
    return changes, faults
