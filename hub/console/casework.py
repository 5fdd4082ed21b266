"""Whose work a case is: its forms are for the coordinator who works on it, and for nobody else who may read it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from hub.policy.terms import Role

from .inputs import Data, one
from .viewer import viewer_of


def works(request: Request, case: Data) -> bool:
    """Whether the reader works on it: a coordinator it is assigned to, while it is open."""
    viewer = viewer_of(request)
    return viewer is not None and viewer.has(Role.COORDINATOR) and bool(case["assigned"]) and case["state"] == "open"


async def worked(request: Request, case: str) -> Data:
    """The case a form is about. HTTPException 404 as `one`, 403 for who may read it and does not work on it.

    Whoever has sent the form keeps what they wrote: why it was refused stands above it.
    """
    found = await one(request, "Case", "case", id=case)
    if request.method == "GET" and not works(request, found):
        raise HTTPException(403)
    return found
