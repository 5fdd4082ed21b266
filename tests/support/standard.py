"""Whether an answer has the shape HSDS 3.0 asks for: by our own statement of it, and by its JSON Schemas if given.

`HUB_TEST_HSDS_SCHEMAS` names the folder of the official schemas (`service.json` and its neighbours). Our own statement
is stricter in one thing: a name it does not know is an error, so nothing may slip into an answer unseen.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

_STATED = {
    "service": """id!:uuid organization_id:uuid program_id:uuid name! alternate_name description url:uri email:email
        status!:active|inactive|defunct|temporarily_closed interpretation_services application_process fees_description
        wait_time fees accreditations eligibility_description minimum_age:number maximum_age:number assured_date:date
        assurer_email:email licenses alert last_modified:date-time phones:[phone] schedules:[schedule]
        service_areas:[service_area] service_at_locations:[service_at_location] languages:[language]
        organization:@organization funding:[funding] cost_options:[cost_option] program:@program
        required_documents:[required_document] contacts:[contact] attributes:[attribute] modified_date:date-time""",
    "organization": """id!:uuid name! alternate_name description! email:email website:uri tax_status tax_id
        year_incorporated:number legal_status logo uri:uri parent_organization_id:uuid funding:[funding]
        contacts:[contact] phones:[phone] locations:[location] programs:[program] attributes:[attribute]
        organization_identifiers:[organization_identifier] services:[service]""",
    "service_at_location": """id!:uuid service_id:uuid location_id:uuid description contacts:[contact] phones:[phone]
        schedules:[schedule] location:@location attributes:[attribute] service_areas:[service_area] service:@service
        name status""",
    "location": """id!:uuid location_type!:physical|postal|virtual url:uri organization_id:uuid name alternate_name
        description transportation latitude:number longitude:number external_identifier external_identifier_type
        languages:[language] addresses:[address] contacts:[contact] accessibility:[accessibility] phones:[phone]
        schedules:[schedule] attributes:[attribute] confidential:true""",
    "address": """id!:uuid location_id:uuid attention address_1! address_2 city! region state_province! postal_code!
        country! address_type!:physical|postal|virtual attributes:[attribute]""",
    "phone": """id!:uuid location_id:uuid service_id:uuid organization_id:uuid contact_id:uuid
        service_at_location_id:uuid number! extension:number type description languages:[language]
        attributes:[attribute]""",
    "contact": """id!:uuid organization_id:uuid service_id:uuid service_at_location_id:uuid location_id:uuid name title
        department email:email phones:[phone] attributes:[attribute]""",
    "schedule": """id!:uuid service_id:uuid location_id:uuid service_at_location_id:uuid valid_from:date valid_to:date
        dtstart:date timezone:number until:date count:number wkst:MO|TU|WE|TH|FR|SA|SU freq:WEEKLY|MONTHLY
        interval:number byday byweekno bymonthday byyearday description opens_at:time closes_at:time schedule_link:uri
        attending_type notes attributes:[attribute]""",
    "language": "id!:uuid service_id:uuid location_id:uuid phone_id:uuid name code note attributes:[attribute]",
    "accessibility": "id!:uuid location_id:uuid description details url:uri attributes:[attribute]",
    "service_area": "id!:uuid service_id:uuid name description extent extent_type uri attributes:[attribute]",
    "cost_option": """id!:uuid service_id:uuid valid_from:date valid_to:date option currency amount:number
        amount_description attributes:[attribute]""",
    "funding": "id!:uuid organization_id:uuid service_id:uuid source attributes:[attribute]",
    "program": "id!:uuid organization_id:uuid name! alternate_name description! attributes:[attribute]",
    "required_document": "id!:uuid service_id:uuid document uri:uri attributes:[attribute]",
    "organization_identifier": """id!:uuid organization_id:uuid identifier_scheme identifier_type! identifier!
        attributes:[attribute]""",
    "attribute": "id!:uuid link_id:uuid taxonomy_term_id:uuid link_type link_entity value taxonomy_term:@taxonomy_term",
    "taxonomy": "id!:uuid name! description! uri:uri version",
    "taxonomy_term": """id!:uuid code name! description! parent_id:uuid taxonomy taxonomy_detail:@taxonomy language
        taxonomy_id:uuid term_uri:uri""",
}
"""Entity -> `name`, `!` where it must be there, then its form: text, a format, a|b, [many] or @one of an entity."""

_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool}
_FORMATS = {"uuid", "uri", "email", "date-time", "date", "time"}
_REMARKS = {
    "name", "path", "title", "description", "example", "core", "constraints", "datapackage_metadata",
    "datapackage_type", "tabular_required", "$schema", "$id",
}  # fmt: skip
_CHECKED = {"type", "properties", "required", "items", "$ref", "enum", "format", "additionalProperties", "const"}


def _field(form: str) -> dict[str, Any]:
    if form in _FORMATS:
        return {"type": "string", "format": form}
    if form.startswith("["):
        return {"type": "array", "items": {"$ref": f"{form.strip('[]')}.json"}}
    if form.startswith("@"):
        return {"$ref": f"{form[1:]}.json"}
    if form == "number":
        return {"type": "number"}
    if form == "true":
        return {"const": True}
    return {"type": "string"} | ({"enum": form.replace("_", " ").split("|")} if form else {})


def stated() -> dict[str, Any]:
    """Our own statement as schemas."""
    found = {}
    for entity, said in _STATED.items():
        fields = [token.partition(":") for token in said.split()]
        found[entity] = {
            "type": "object",
            "properties": {name.rstrip("!"): _field(form) for name, _, form in fields},
            "required": [name.rstrip("!") for name, _, _ in fields if name.endswith("!")],
            "additionalProperties": False,
        }
    return found


def official() -> dict[str, Any] | None:
    """The official schemas, if the environment says where they are."""
    folder = os.environ.get("HUB_TEST_HSDS_SCHEMAS")
    if not folder:
        return None
    found = {path.stem: json.loads(path.read_text("utf-8")) for path in Path(folder).glob("*.json")}
    assert found.keys() >= _STATED.keys(), "not the folder of the schemas"
    return found


def problems(value: Any, entity: str) -> list[str]:
    """What is wrong with an object of this entity, by our statement and by the official schemas if they are given."""
    known = [schemas for schemas in (stated(), official()) if schemas is not None]
    return [found for schemas in known for found in check(value, schemas[entity], schemas, entity)]


def check(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str) -> Iterator[str]:
    """What is wrong with a value by a schema. A keyword that is not known here is an error of this check."""
    assert not schema.keys() - _REMARKS - _CHECKED, schema.keys() - _REMARKS - _CHECKED
    if "$ref" in schema:
        yield from check(value, schemas[schema["$ref"].removesuffix(".json")], schemas, at)
        return
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (kind == "number" and isinstance(value, bool))):
        yield f"{at}: {value!r} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value is not schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']}"
    if "format" in schema and not _fits(schema["format"], value):
        yield f"{at}: {value!r} is no {schema['format']}"
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        yield from (f"{at}: no {name}" for name in schema.get("required", ()) if name not in value)
        for name, part in value.items():
            if name in fields:
                yield from check(part, fields[name], schemas, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}: {name} is not of the standard"
    if isinstance(value, list) and "items" in schema:
        for number, part in enumerate(value):
            yield from check(part, schema["items"], schemas, f"{at}[{number}]")


def _fits(form: str, value: str) -> bool:
    try:
        if form == "uuid":
            return str(UUID(value)) == value
        if form == "date-time":
            return datetime.fromisoformat(value).tzinfo is not None and "T" in value
    except ValueError:
        return False
    pattern = {
        "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[]\[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+",
        "email": r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+",
        "date": r"\d{4}-\d{2}-\d{2}",
        "time": r"\d{2}:\d{2}",
    }[form]
    return re.fullmatch(pattern, value) is not None
