"""The page of an agency's own entry in the directory: its names, words, telephones and contacts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from directory.taxonomy import NETWORKS
from hub.base.texts import LANGUAGES
from hub.policy.terms import Role

from .client import ask
from .forms import Posted, posted
from .inputs import Data, do, once, one, problem_of
from .keeping_form import ROWS
from .pages import language, redirect, render
from .viewer import only, viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
WORDS = ("name", "alternateName", "description", "email", "website")
SECTIONS = ("phones", "contacts")
MOST = 201
"""Rows of a section that are looked for in a form."""


async def _entry(request: Request) -> Data | None:
    """The entry the page is about; None where a manager's agency stands for none in the directory."""
    only(request, Role.AGENCY_MANAGER, Role.ADMINISTRATOR)
    key = request.query_params.get("organization", "")
    if key:
        return await one(request, "EditableOrganization", "editableOrganization", id=key)
    found: Data | None = (await ask(request, "EditableOrganization"))["editableOrganization"]
    return found


@router.get("/services/agency")
async def edit(request: Request) -> Response:
    """One's own agency's entry to be changed; an administrator names the agency in the address."""
    return await _edit(request, await _entry(request))


async def _edit(request: Request, found: Data | None, status: int = 200, **more: Any) -> Response:
    viewer, lang = viewer_of(request), language(request)
    sent: dict[str, list[str]] = more.get("values") or {}
    start = {} if "name" in sent or found is None else _shown(found)
    last = {s: max((int(k.split(".")[1]) for k in sent if k.startswith(s + ".")), default=-1) for s in SECTIONS}
    known = {section: len(found[section]) if found else 0 for section in SECTIONS}
    given = {
        "entry": found,
        "numbers": {section: range(max(known[section] + 1, last[section] + 1)) for section in SECTIONS},
        "version": (sent.get("version") or [found["version"] if found else ""])[0],
        "networks": [{"value": "", "text": "–"}]
        + [{"value": code, "text": net.names[lang]} for code, net in NETWORKS.items()],
        "administers": viewer is not None and viewer.has(Role.ADMINISTRATOR),
        "action": _address(request),
        "once": once(),
        **more,
        "values": {**start, **sent},
    }
    return render(request, "agency_entry.html", status, **given)


def _address(request: Request) -> str:
    key = request.query_params.get("organization", "")
    return "/services/agency" + (f"?{urlencode({'organization': key})}" if key else "")


def _shown(found: Data) -> dict[str, list[str]]:
    """The values of the form for an entry as it stands."""
    values = {word: [found[word]] for word in WORDS} | {"network": [found["network"] or ""]}
    values |= {f"names.{one_['language']}": [one_["name"]] for one_ in found["names"]}
    for section in SECTIONS:
        for n, row in enumerate(found[section]):
            values |= {f"{section}.{n}.{name}": [row[name]] for name in ("id", *ROWS[section])}
    return values


@router.post("/services/agency")
async def change(request: Request) -> Response:
    """Change an agency's entry. For its managers and administrators."""
    found = await _entry(request)
    form = await posted(request)
    if form.switching or found is None:
        return await _edit(request, found, values=form.values)
    places: dict[tuple[str, int], int] = {}
    given: Data = {word: form.text(word) for word in WORDS}
    given["names"] = [{"language": tag, "name": form.text(f"names.{tag}")} for tag in LANGUAGES]
    given |= {section: _rows(form, section, places) for section in SECTIONS}
    viewer = viewer_of(request)
    if viewer is not None and viewer.has(Role.ADMINISTRATOR):  # nobody else is asked, and none is an answer
        given["network"] = form.text("network")
    given |= {"organizationId": found["organizationId"], "version": form.text("version")}
    key = form.text("idempotencyKey") or None
    outcome = await do(request, "UpdateOrganization", "updateOrganization", **given, idempotencyKey=key)
    if problem := problem_of(outcome):
        fields = [{**f, "path": _field(f["path"], places)} for f in problem.get("fields") or []]
        return await _edit(request, found, 422, problem={**problem, "fields": fields}, values=form.values)
    address = _address(request)
    return redirect(address, "entry_changed") if "?" not in address else redirect_with(address, "entry_changed")


def redirect_with(address: str, done: str) -> Response:
    """`redirect` to an address that has a query already."""
    response = redirect("/", done)
    response.headers["location"] = f"{address}&{urlencode({'done': done})}"
    return response


def _rows(form: Posted, section: str, places: dict[tuple[str, int], int]) -> list[Data]:
    """The rows that say something and are not taken away; `places` learns where each stands in the form."""
    found: list[Data] = []
    for n in range(MOST):
        path = f"{section}.{n}"
        key = form.text(f"{path}.id")
        if not key and f"{path}.{ROWS[section][0]}" not in form.values:
            break
        row: Data = {name: form.text(f"{path}.{name}") for name in ROWS[section]}
        if form.flag(f"{path}.gone") or not (key or any(row.values())):
            continue
        places[section, len(found)] = n
        found.append(row | {"id": key or None})
    return found


def _field(path: str, places: dict[tuple[str, int], int]) -> str:
    """The field of this form that a path of the API means: rows that were left out are counted again."""
    section, _, rest = path.partition(".")
    if section not in SECTIONS or not rest:
        return "names.zh-Hant" if path == "names" else path
    number, _, name = rest.partition(".")
    shown = places.get((section, int(number)), int(number))
    return f"{section}.{shown}.{ROWS[section][0] if name == 'id' else name}"
