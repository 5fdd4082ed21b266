"""What a page asks of the API and reads out of a form: the one thing it is about, moments, numbers, problems."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from hub.base.clocks import zone
from hub.base.errors import FieldError, InvalidInput, NotFound
from hub.base.ids import token
from hub.base.texts import message

from .client import ask
from .pages import language

Data = dict[str, Any]


async def one(request: Request, operation: str, root: str, **variables: Any) -> Data:
    """The thing a page is about. HTTPException 404 when it is absent, hidden, or its id is none."""
    try:
        found: Data | None = (await ask(request, operation, variables))[root]
    except (InvalidInput, NotFound):
        found = None
    if found is None:
        raise HTTPException(404)
    return found


async def do(request: Request, operation: str, root: str, **given: Any) -> Data:
    """The outcome of a mutation: what it changed, or the problem (`problem_of`). 404 when the thing is not there."""
    outcome: Data = (await ask(request, operation, {"input": given}))[root]
    if outcome.get("__typename") == "NotFound":
        raise HTTPException(404)
    return outcome


def problem_of(outcome: Data) -> Data | None:
    """The problem a mutation answered with, or None when it was done."""
    return outcome if "__typename" in outcome else None


def invalid(request: Request, *fields: FieldError) -> Data | None:
    """A problem found before asking, in the shape of the API's own; None without fields."""
    if not fields:
        return None
    lang = language(request)
    return {
        "code": "invalid_input",
        "message": message("invalid_input", lang),
        "fields": [{"path": f.path, "code": f.code, "message": message(f.code, lang)} for f in fields],
    }


async def area_names(request: Request) -> dict[str, Data]:
    """Every place by code: {code, parent, kind, name} in the language of the page."""
    return {area["code"]: area for area in (await ask(request, "Areas"))["areas"]}


def nearby(areas: dict[str, Data], code: str | None) -> list[Data]:
    """The places of the county of `code` as options of a select; all places where that is not known."""
    here = areas.get(code or "")
    parent = here and here["parent"]
    county = parent if parent and parent in areas else code
    near = [a for a in areas.values() if county in (a["code"], a["parent"])] if here else list(areas.values())
    return [{"value": area["code"], "text": area["name"]} for area in near or areas.values()]


def moment_of(text: str) -> datetime | None:
    """The moment of a `datetime-local` field, or None when it is not one."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone())
    except ValueError:
        return None


def end_of(text: str) -> datetime | None:
    """The end of the day of a `date` field, or None when it is not one."""
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        return None
    return datetime.combine(day + timedelta(days=1), time(), zone())


def field_of(moment: datetime | str) -> str:
    """A moment as the value of a `datetime-local` field."""
    value = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return value.astimezone(zone()).strftime("%Y-%m-%dT%H:%M")


def number_of(text: str) -> int | None:
    """A whole number as typed, or None."""
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 10 else None


def once() -> str:
    """A new idempotency key for a form: sending it twice does a thing once."""
    return token()[:32]
