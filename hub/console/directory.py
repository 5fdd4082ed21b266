"""Pages of the directory: search by words, need, place and more, with counts; a service with its phones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from directory.columns import WEEKDAYS
from directory.facts import LANGUAGES
from directory.taxonomy import NETWORKS
from hub.base.errors import FieldError, InvalidInput
from hub.base.texts import catalogue, mark
from hub.policy.terms import Role

from .client import ask
from .inputs import Data, invalid, one
from .naming import ACTS, need_options, places, words
from .pages import language, render
from .viewer import viewer_of

router = APIRouter(default_response_class=Response, include_in_schema=False)
FIRST = ("text", "need", "area")
MORE = ("network", "near", "withinKm", "language", "accessibility", "cost", "age", "gender", "nationality", "act",
        "openNow", "free")  # fmt: skip
FLAGS = {"openNow", "free"}
_NOTHING: tuple[Data, Data] = (
    {"edges": [], "totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}},
    {"corrections": [], "counts": []},
)
COUNTED = ("network", "language", "cost", "open", "free")
"""Filters whose values stand beside the results; of needs and places only what narrows further."""
MOST = 1000
"""Counts end here: what is above is said as more than this."""
_FIELDS = {"open": "openNow"}
_FEW = 12
CHOICES: dict[str, dict[str, str]] = {
    "cost": {"free": mark("Free of charge"), "paid": mark("To be paid for")},
    "gender": {"female": mark("Women"), "male": mark("Men"), "other": mark("Other genders")},
    "nationality": {"national": mark("Nationals"), "foreign": mark("Foreign nationals")},
    "accessibility": {
        "wheelchair": mark("Wheelchair access"),
        "sign_language": mark("Sign language"),
        "braille": mark("Braille"),
    },
    "act": ACTS,
}
LABELS = {
    "need": mark("Need"),
    "area": mark("Area"),
    "network": mark("Network"),
    "language": mark("Language"),
    "cost": mark("Cost"),
    "open": mark("Opening"),
    "free": mark("Places free"),
}


def _asked(request: Request) -> dict[str, str]:
    return {name: request.query_params.get(name, "").strip() for name in (*FIRST, *MORE)}


def _variables(asked: Mapping[str, str]) -> Data:
    """The arguments of a search; a number that is none is left out as if nothing had been typed."""
    given: Data = {name: value for name, value in asked.items() if value and name in {*FIRST, "network"}}
    filters: Data = {}
    for name in MORE[1:]:
        value = asked[name]
        if name in FLAGS:
            filters |= {name: True} if value else {}
        elif name in {"withinKm", "age"}:
            filters |= {name: int(value)} if value.isascii() and value.isdigit() and len(value) < 5 else {}
        elif value:
            filters[name] = value
    if "withinKm" in filters and "near" not in filters and "area" not in given:
        del filters["withinKm"]
    return given | ({"filter": filters} if filters else {})


def _href(asked: Mapping[str, str]) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"/directory?{urlencode(kept)}" if kept else "/directory"


def _facets(request: Request, asked: Mapping[str, str], counts: list[Data], known: Mapping[str, str]) -> list[Data]:
    """Filters with their values as links: choosing one, or taking back what is chosen."""
    said, say = words(request), catalogue(language(request)).gettext
    names: dict[str, Any] = {
        "need": said["need"], "network": said["network"], "language": _spoken(request),
        "area": lambda code: known.get(code, code), "cost": lambda code: say(CHOICES["cost"][code]),
        "open": lambda _code: say("Open now"), "free": lambda _code: say("Says places are free"),
    }  # fmt: skip
    found: list[Data] = []
    for name, label in LABELS.items():
        field = _FIELDS.get(name, name)
        values = [
            {
                "text": names[name](c["value"]), "chosen": c["chosen"], "count": min(c["count"], MOST),
                "more": c["count"] > MOST,
                "href": _href({**asked, field: "" if c["chosen"] else "1" if field in FLAGS else c["value"]}),
            }
            for c in sorted(counts, key=lambda c: (not c["chosen"], -c["count"])) if c["name"] == name
        ]  # fmt: skip
        if values:
            found.append({"label": say(label), "values": values[:_FEW]})
    return found


def _spoken(request: Request) -> Callable[[str], str]:
    """Names of languages; the locale data name no sign language."""
    named, signed = words(request)["spoken"], catalogue(language(request)).gettext("Sign language")
    return lambda tag: signed if tag == "sgn" else str(named(tag))


def _options(request: Request, name: str, blank: Data) -> list[Data]:
    say = catalogue(language(request)).gettext
    return [blank, *({"value": code, "text": say(text)} for code, text in CHOICES[name].items())]


@router.get("/directory")
async def search(request: Request) -> Response:
    """Search the directory. For anybody signed in."""
    asked = _asked(request)
    variables, problem = _variables(asked), None
    found, beside = _NOTHING
    try:
        found = (await ask(request, "SearchServices", {**variables, "after": request.query_params.get("after")}))[
            "services"
        ]
        of = [*COUNTED, *(() if asked["need"] else ("need",)), "area"]
        beside = (await ask(request, "ServiceFacets", {**variables, "of": of}))["serviceFacets"]
    except InvalidInput as wrong:  # the page stands, with what was typed in it
        fields = [FieldError(field.path.removeprefix("filter."), field.code) for field in wrong.fields]
        problem = invalid(request, *fields)
        if problem is None:
            raise
    lang, known, said = language(request), await places(request), words(request)
    spoken = _spoken(request)
    any_ = {"value": "", "text": ""}
    areas = [any_, *({"value": code, "text": name} for code, name in known.items())]
    return render(
        request,
        "directory.html",
        422 if problem else 200,
        problem=problem,
        found=found,
        services=[edge["node"] for edge in found["edges"]],
        total=found["totalCount"],
        most=MOST,
        href=_href(asked),
        narrowed=any(asked.values()),
        more=any(asked[name] for name in MORE),
        corrections=beside["corrections"],
        facets=_facets(request, asked, beside["counts"], known),
        values={name: [value] for name, value in asked.items()},
        needs=[any_, *need_options(request)],
        areas=areas,
        networks=[any_, *({"value": net.code, "text": net.names[lang]} for net in NETWORKS.values())],
        languages=[any_, *({"value": code, "text": spoken(code)} for code in LANGUAGES)],
        choices={name: _options(request, name, any_) for name in CHOICES},
        places=known,
        **said,
    )


@router.get("/directory/{service_id}")
async def service(request: Request, service_id: str) -> Response:
    """One service. For anybody signed in."""
    found = await one(request, "Service", "service", id=service_id)
    whole = await one(request, "ServiceDetails", "serviceDetails", id=service_id)
    viewer, editable = viewer_of(request), False
    if viewer is not None and viewer.has(Role.AGENCY_MANAGER, Role.ADMINISTRATOR):
        editable = (await ask(request, "EditableService", {"id": service_id}))["editableService"] is not None
    history = editable or (viewer is not None and viewer.has(Role.AUDITOR))
    say, lang = catalogue(language(request)).gettext, language(request)
    days = Locale.parse(lang.replace("-", "_")).days["stand-alone"]["wide"]
    access = CHOICES["accessibility"]
    more: Data = {
        "editable": editable,
        "history": history,
        "places": await places(request),
        "days": {day: days[n] for n, day in enumerate(WEEKDAYS)},
        "access": [say(access[code]) if code in access else code for code in whole["accessibility"]],
        "genders": [say(CHOICES["gender"].get(code, code)) for code in whole["whom"]["genders"]],
    }
    return render(request, "service.html", service=found, whole=whole, **more, **words(request))
