"""Page of words of imports: what nobody has mapped to a need, what a person said, and how far services follow."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from directory.taxonomy import DUTY_MAP_VERSION
from hub.base.errors import FieldError
from hub.policy.terms import Role

from .client import ask
from .forms import posted
from .inputs import do, invalid, once, problem_of
from .naming import need_options, words
from .pages import redirect, render
from .viewer import viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
NONE = "-"
"""What the form sends for "no need of ours"; nothing chosen is an error."""
AT_ONCE = 20


@router.get("/words")
async def listed(request: Request) -> Response:
    """Words of imports and the needs they mean. For overseers; administrators choose."""
    return await _listed(request)


async def _listed(request: Request, status: int = 200, **more: Any) -> Response:
    chosen = request.query_params.get("chosen") == "1"
    asked = {"chosen": chosen, "first": AT_ONCE, "after": request.query_params.get("after")}
    found = (await ask(request, "UnmappedTerms", asked))["unmappedTerms"]
    terms = [edge["node"] for edge in found["edges"]]
    viewer = viewer_of(request)
    return render(
        request,
        "words.html",
        status,
        **{
            "found": found, "terms": terms, "chosen": chosen, "duty_map": DUTY_MAP_VERSION, "no_need": NONE,
            "chooses": viewer is not None and viewer.has(Role.ADMINISTRATOR), "keys": [once() for _ in terms],
            "options": need_options(request), "here": "/words?chosen=1" if chosen else "/words",
            "values": {}, **words(request), **more,
        },
    )  # fmt: skip


@router.post("/words")
async def choose(request: Request) -> Response:
    """Say what a word means. For administrators."""
    form = await posted(request)
    if form.switching:
        return await _listed(request)
    said = form.text("need")
    problem = invalid(request, *([] if said else [FieldError("need", "choose_one")]))
    if problem is None:
        given = {"termId": form.text("termId"), "need": None if said == NONE else said}
        given |= {"dutyMap": form.text("dutyMap"), "idempotencyKey": form.text("idempotencyKey") or None}
        problem = problem_of(await do(request, "MapTerm", "mapTerm", **given))
    if problem:
        return await _listed(request, 422, problem={**problem, "fields": []}, refused=form.text("termId"))
    return redirect("/words", "word_mapped")
