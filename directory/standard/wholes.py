"""What the standard's API answers with: services, agencies, services at places, vocabularies; whole and as listed."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from directory.sql import replaced, sql

from .changes import MOMENT
from .parts import (
    AREA,
    AREA_TOLD,
    ATTRIBUTE,
    CONTACT,
    COST,
    DOCUMENT,
    FUNDING,
    IDENTIFIER,
    LANGUAGE,
    LOCATION,
    PHONE,
    PLACED,
    PLACED_LISTED,
    PROGRAM,
    SCHEDULE,
    TAXONOMY,
    TERM,
    Field,
    Part,
    Within,
    always,
    described,
    emails,
    ids,
    of,
    texts,
    uris,
)


class Form(StrEnum):
    """How much of each object is asked for."""

    MINIMAL = "minimal"
    LISTED = "listed"
    FULL = "full"
    WITH_SERVICES = "with_services"


# The standard knows no closed agencies; their services take nobody all the same.
_STATUS = sql(
    "CASE WHEN @.status = 'active' THEN (SELECT CASE o.status WHEN 'closed' THEN 'inactive' "
    "WHEN 'suspended' THEN 'temporarily closed' ELSE 'active' END FROM organization o WHERE o.id = @.organization_id) "
    "ELSE @.status END"
)
_NAMED: tuple[Field, ...] = (*ids(), *always("name"), ("status", _STATUS))
_SERVICE: tuple[Field, ...] = (
    *ids("organization_id", "program_id"),
    *always("name"),
    *texts("alternate_name", "description"),
    *uris("url"),
    *emails("email"),
    ("status", _STATUS),
    *texts("interpretation_services", "application_process", "fees_description", "wait_time", "accreditations"),
    (
        "eligibility_description",
        sql(
            "COALESCE(NULLIF(@.eligibility_description, ''), (SELECT string_agg(e.eligibility, '; ' ORDER BY e.id) "
            "FROM eligibility e WHERE e.service_id = @.id AND e.eligibility <> ''))"
        ),
    ),
    *always("minimum_age", "maximum_age", "assured_date"),
    *emails("assurer_email"),
    *texts("licenses", "alert"),
    ("last_modified", MOMENT),
)
_ORGANIZATION: tuple[Field, ...] = (
    *ids("parent_organization_id"),
    *always("name"),
    *texts("alternate_name"),
    *always("description"),
    *emails("email"),
    *uris("website"),
    *texts("tax_status", "tax_id"),
    *always("year_incorporated"),
    *texts("legal_status", "logo"),
    *uris("uri"),
)
_ORGANIZATION_LISTED = Part("organization", _ORGANIZATION)
_ORGANIZATION_WITHIN = Part(
    "organization",
    _ORGANIZATION,
    (
        *of(
            "organization",
            [("funding", FUNDING), ("contacts", CONTACT), ("phones", PHONE), ("organization_identifiers", IDENTIFIER)],
        ),
        described("organization"),
    ),
)
_ORGANIZATION_FULL = _ORGANIZATION_WITHIN.plus(*of("organization", [("locations", LOCATION), ("programs", PROGRAM)]))
_PROGRAM = Within("program", PROGRAM, sql("@.id = ^.program_id"), many=False)
_SERVICE_LISTED = Part(
    "service",
    _SERVICE,
    (Within("organization", _ORGANIZATION_LISTED, sql("@.id = ^.organization_id"), many=False), _PROGRAM),
)
_SERVICE_FULL = Part(
    "service",
    _SERVICE,
    (
        *of(
            "service",
            [("phones", PHONE), ("schedules", SCHEDULE), ("service_at_locations", PLACED), ("languages", LANGUAGE),
             ("funding", FUNDING), ("cost_options", COST), ("required_documents", DOCUMENT), ("contacts", CONTACT),
             ("attributes", ATTRIBUTE)],
        ),
        Within("service_areas", AREA, sql("@.service_id = ^.id AND {told}", told=AREA_TOLD)),
        Within("organization", _ORGANIZATION_WITHIN, sql("@.id = ^.organization_id"), many=False),
        _PROGRAM,
    ),
)  # fmt: skip
# The published document points to the service's schema where it means this one: both hold, with its service's name.
_SERVED = (
    ("name", sql("(SELECT s.name FROM service s WHERE s.id = @.service_id)")),
    (
        "status",
        sql("(SELECT {status} FROM service s WHERE s.id = @.service_id)", status=replaced(_STATUS, "@.", sql("s."))),
    ),
)
_SERVICE_NAMED = Within(
    "service", Part("service", (*_NAMED, *ids("organization_id")[1:])), sql("@.id = ^.service_id"), many=False
)


def _with_service(part: Part, service: Within) -> Part:
    hidden = part.hidden and _with_service(part.hidden, service)
    return Part(part.table, (*part.fields, *_SERVED), (*part.inside, service), hidden, part.secret)


SHAPES: MappingProxyType[str, MappingProxyType[Form, Part]] = MappingProxyType(
    {
        "services": MappingProxyType(
            {
                Form.MINIMAL: Part("service", (*_NAMED, ("modified_date", MOMENT))),
                Form.LISTED: _SERVICE_LISTED,
                Form.FULL: _SERVICE_FULL,
            }
        ),
        "organizations": MappingProxyType(
            {
                Form.LISTED: _ORGANIZATION_LISTED,
                Form.FULL: _ORGANIZATION_FULL.plus(*of("organization", [("services", Part("service", _NAMED))])),
                Form.WITH_SERVICES: _ORGANIZATION_FULL.plus(*of("organization", [("services", _SERVICE_FULL)])),
            }
        ),
        "service_at_locations": MappingProxyType(
            {
                Form.LISTED: _with_service(PLACED_LISTED, _SERVICE_NAMED),
                Form.FULL: _with_service(
                    PLACED, Within("service", _SERVICE_LISTED, sql("@.id = ^.service_id"), many=False)
                ),
            }
        ),
        "taxonomies": MappingProxyType({Form.FULL: TAXONOMY}),
        "taxonomy_terms": MappingProxyType({Form.FULL: TERM}),
    }
)  # fmt: skip
"""Collection -> how much is asked for -> the objects it answers with."""
