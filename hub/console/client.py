"""Run a named operation in-process as the signed-in person: what a page may show is what the API may show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from hub.api.run import Hub, run
from hub.base.db import Session
from hub.base.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refusal
from hub.base.outages import PASSING
from hub.identity.actors import actor_by_id
from hub.policy.terms import Actor

from .pages import language
from .viewer import signed_in

_REFUSALS: dict[str, type[Refusal]] = {
    "not_permitted": NotPermitted,
    "sign_in_first": NotPermitted,
    "account_suspended": NotPermitted,
    "not_found": NotFound,
}


async def ask(request: Request, operation: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """The data of a trusted operation of graphql/operations, in the language of the page.

    Raises HTTPException 401 where nobody is signed in, the refusal of a query, HTTPException 503 where the database
    is not to be had, 500 for our own fault.
    """
    found = signed_in(request)
    if found is None:
        raise HTTPException(401)
    hub: Hub = request.app.state.hub
    step_up = found.actor.step_up_until

    async def who(session: Session) -> Actor | None:
        actor = await actor_by_id(session, found.actor.id)
        if actor is None or step_up is None:
            return actor
        return replace(actor, step_up_until=step_up)

    answer = await run(hub, hub.documents.trusted[operation], operation, variables, who, language(request))
    if answer.errors:
        code = str(answer.errors[0]["extensions"]["code"])
        if code == "fault":
            raise HTTPException(500)
        if code in PASSING:
            raise HTTPException(503)
        if code in _REFUSALS:
            raise _REFUSALS[code](code)
        fields = answer.errors[0]["extensions"].get("fields", ())
        raise InvalidInput(*(FieldError(field["path"], field["code"]) for field in fields), code=code)
    assert answer.data is not None
    return answer.data
