"""What `/hsds` offers: its paths, the parameters each takes, and the OpenAPI description made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from directory.standard.reading import SHAPES, Form

VERSION = "3.0"
PROFILE = "https://docs.openreferral.org/en/3.0/hsds/"
_SCHEMAS = "https://raw.githubusercontent.com/openreferral/specification/3.0/schema/"
MOST, MOST_MINIMAL, USUAL = 100, 5000, 50
"""Objects on a page: at most, at most of a `minimal` one (and its default), by default."""
LAST_PAGE, LONGEST, FARTHEST = 100_000, 200, 1_000_000
MOST_SERVICES = 500
"""Whole services that one answer about agencies may carry."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: how it is read, what is allowed, what it does."""

    kind: str
    does: str
    allowed: str = ""


PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "search": Parameter("text", "Full text search.", f"1..{LONGEST} characters"),
        "page": Parameter("whole", "Page number, from 1.", f"1..{LAST_PAGE}"),
        "per_page": Parameter(
            "whole", f"Objects on a page; {USUAL}, and {MOST_MINIMAL} of a minimal list, if not said.",
            f"1..{MOST}, minimal 1..{MOST_MINIMAL}",
        ),
        "format": Parameter("form", "`json`, or `ndjson`: every object on a line, without pages.", "json, ndjson"),
        "taxonomy_term_id": Parameter("id", "Services described by this term.", "UUID"),
        "taxonomy_id": Parameter("id", "Services described by a term of this taxonomy; terms of it.", "UUID"),
        "organization_id": Parameter("id", "Services of this organization.", "UUID"),
        "modified_after": Parameter(
            "moment", "Services changed at or after this moment: they, their agency or program, a detail or a place of "
            "theirs was added, changed or removed.", "ISO 8601; UTC if no offset",
        ),
        "minimal": Parameter("bool", "Of each service id, name, status and modified_date.", "true, false"),
        "full": Parameter("bool", "Whole objects rather than their one-to-one fields.", "true, false"),
        "full_service": Parameter(
            "bool", f"With whole services; {MOST_SERVICES} in one answer, beyond which it is refused.", "true, false"
        ),
        "postcode": Parameter(
            "text",
            "Services whose areas hold the places of addresses with this postcode.", f"1..{LONGEST} characters"
        ),
        "proximity": Parameter(
            "metres", "With `postcode`: at places not farther than this many metres from the middle of its addresses.",
            f"0..{FARTHEST}",
        ),
        "top_only": Parameter("bool", "Terms that have no parent.", "true, false"),
        "parent_id": Parameter("id", "Terms whose parent this is.", "UUID"),
    }
)  # fmt: skip
"""Every parameter of the standard's document."""

_PAGES = ("page", "per_page", "format")
_ABOUT_SERVICES = ("taxonomy_term_id", "taxonomy_id", "organization_id", "modified_after")
LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "services": ("search", *_PAGES, *_ABOUT_SERVICES, "minimal", "full"),
        "taxonomies": ("search", *_PAGES),
        "taxonomy_terms": ("search", *_PAGES, "taxonomy_id", "top_only", "parent_id"),
        "organizations": ("search", "full_service", "full", *_PAGES),
        "service_at_locations": ("search", *_ABOUT_SERVICES, "full", *_PAGES, "postcode", "proximity"),
    }
)
"""Collection -> what its list takes."""
ONES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: ("full_service",) if name == "organizations" else () for name in LISTS}
)
"""Collection -> what one of it takes."""
_SINGULAR = {
    "services": "compiled/service.json", "organizations": "compiled/organization.json",
    "service_at_locations": "compiled/service_at_location.json", "taxonomies": "taxonomy.json",
    "taxonomy_terms": "taxonomy_term.json",
}  # fmt: skip


def form_of(collection: str, given: Mapping[str, Any], *, whole: bool) -> Form:
    """How much of each object the parameters ask for."""
    known = SHAPES[collection]
    if given.get("full_service"):
        return Form.WITH_SERVICES
    if whole or given.get("full") or Form.LISTED not in known:
        return Form.FULL
    return Form.MINIMAL if given.get("minimal") else Form.LISTED


def meta(base: str) -> dict[str, str]:
    """What the root of the API says of it."""
    return {"version": VERSION, "profile": PROFILE, "openapi_url": f"{base}/hsds/openapi.json"}


_TYPES = {"whole": "integer", "bool": "boolean", "metres": "number"}
_FORMATS = {"id": "uuid", "moment": "date-time"}


def _parameter(name: str) -> dict[str, Any]:
    said = PARAMETERS[name]
    schema = {"type": _TYPES.get(said.kind, "string")}
    if said.kind in _FORMATS:
        schema["format"] = _FORMATS[said.kind]
    does = f"{said.does} ({said.allowed})"
    return {"name": name, "in": "query", "required": False, "description": does, "schema": schema}


def _get(summary: str, operation: str, schema: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    answers = {
        "200": {"description": summary, "content": {"application/json": {"schema": schema}}},
        "304": {"description": "Unchanged since the answer with the ETag of If-None-Match."},
        "default": {
            "description": "Refused: 400, 401, 403, 404, 405, 406, or 500.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    }
    return {"get": {"summary": summary, "operationId": operation, "parameters": parameters, "responses": answers}}


def _all(kind: str, *names: str) -> dict[str, dict[str, str]]:
    return {name: {"type": kind} for name in names}


def openapi(base: str, release: str, who: str, *, public: bool) -> dict[str, Any]:
    """The OpenAPI 3.1 description of this API at `base`; `who` says who may call it."""
    paths: dict[str, Any] = {
        "/": _get("What this API is.", "about", {"$ref": "#/components/schemas/About"}, []),
        "/openapi.json": _get("This description.", "description", {"type": "object"}, []),
    }
    for name, takes in LISTS.items():
        one: dict[str, Any] = {"$ref": _SCHEMAS + _SINGULAR[name]}
        items = {"type": "array", "items": one}
        page = {"allOf": [{"$ref": "#/components/schemas/Page"}], "properties": {"contents": items}}
        paths[f"/{name}"] = _get(f"A page of {name}.", f"list_{name}", page, [_parameter(p) for p in takes])
        id_ = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        taken = [id_, *(_parameter(p) for p in ONES[name])]
        paths[f"/{name}/{{id}}"] = _get(f"One of {name}, whole.", f"get_{name}", one, taken)
    numbers = _all("integer", "total_items", "total_pages", "page_number", "size")
    flags = _all("boolean", "first_page", "last_page", "empty")
    texts = _all("string", "version", "profile", "openapi_url")
    problem = _all("string", "code", "message", "parameter", "allowed")
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Interagency hub: resource directory (HSDS 3.0)", "version": release, "description": who},
        "servers": [{"url": f"{base}/hsds"}],
        "paths": paths,
        "components": {
            "schemas": {
                "Page": {"type": "object", "properties": {**numbers, **flags}, "required": [*numbers, *flags]},
                "About": {"type": "object", "properties": texts, "required": list(texts)},
                "Problem": {"type": "object", "properties": problem, "required": ["code", "message"]},
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"bearer": []}, {}] if public else [{"bearer": []}],
    }
    return document
