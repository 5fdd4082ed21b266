"""The entities of HSDS, 1.1 to 3.1, in the order they are written: what is pointed to comes before what points."""

from __future__ import annotations

from types import MappingProxyType

from . import cells
from .columns import (
    ADDRESS_TYPES,
    AREA_KINDS,
    FREQUENCIES,
    LINKED,
    LOCATION_TYPES,
    ORGANIZATION_STATUSES,
    SERVICE_STATUSES,
    WEEKDAYS,
)
from .shapes import Column, Entity, Relation, choice, optional, text
from .sql import sql
from .taxonomy import NEEDS, NETWORKS

_NAMES = Column("name_i18n", (), "jsonb", cells.names, "{}")
_AGES = (optional("minimum_age", "int4", cells.age), optional("maximum_age", "int4", cells.age))
_VALID = (optional("valid_from", "date", cells.day), optional("valid_to", "date", cells.day))
_EXTRA = sql("s.extra <> '{{}}'")
# Look-ups that answer one value, here and below: the planner may answer EXISTS by reading the whole table, each batch.
_REACHED_THERE = sql(
    "COALESCE((SELECT num_nonnulls((SELECT p.id FROM phone p WHERE p.service_at_location_id = k.id LIMIT 1), "
    "(SELECT c.id FROM contact c WHERE c.service_at_location_id = k.id LIMIT 1), "
    "(SELECT h.id FROM schedule h WHERE h.service_at_location_id = k.id LIMIT 1)) > 0 "
    "FROM service_at_location k WHERE k.source = :source AND k.source_id = s.source_id), false)"
)
_LINK = {"link_id": sql("COALESCE(t.service_id, t.link_id)")}


def _of(*tables: str) -> tuple[Relation, ...]:
    """Optional owners."""
    return tuple(Relation(f"{table}_id", table, required=False) for table in tables)


_ALL = (
    Entity("organization", (
        text("name", required=True), _NAMES, text("alternate_name"), text("description"),
        choice("network", tuple(NETWORKS)),
        choice("status", ORGANIZATION_STATUSES, "active", required=True),
        text("email"), text("website", "url"), text("tax_status"), text("tax_id"),
        optional("year_incorporated", "int4", cells.whole), text("legal_status"), text("logo"), text("uri"),
    ), (Relation("parent_organization_id", "organization", required=False),)),
    Entity("program", (text("name", required=True), text("alternate_name"), text("description")),
           (Relation("organization_id", "organization"),), key=("organization_id", "name")),
    Entity("location", (
        choice("location_type", LOCATION_TYPES, "physical", required=True),
        text("name"), _NAMES, text("alternate_name"), text("description"), text("transportation"), text("url"),
        optional("latitude", "float8", cells.latitude), optional("longitude", "float8", cells.longitude),
        text("external_identifier"), text("external_identifier_type"),
        Column("area_code", (), default=None),
    ), _of("organization")),
    Entity("service", (
        text("name", required=True), _NAMES, text("alternate_name"), text("description"),
        choice("status", SERVICE_STATUSES, "active", required=True),
        text("url"), text("email"), text("interpretation_services"), text("application_process"), text("wait_time"),
        text("fees_description", "fees"), text("accreditations"), text("licenses"), text("alert"),
        text("eligibility_description"), *_AGES, Column("genders", (), "text[]", cells.genders, "{}"),
        optional("assured_date", "date", cells.day), text("assurer_email"),
        optional("last_modified", "timestamptz", cells.moment),
    ), (Relation("organization_id", "organization"), *_of("program"))),
    Entity("service_at_location", (text("description"),),
           (Relation("service_id", "service"), Relation("location_id", "location")),
           key=("service_id", "location_id"),
           tells=sql("s.description <> '' OR {extra} OR {reached}", extra=_EXTRA, reached=_REACHED_THERE)),
    Entity("address", (
        choice("address_type", ADDRESS_TYPES, "physical", required=True),
        text("attention"), text("address_1"), text("address_2"), text("city"), text("region"),
        text("state_province"), text("postal_code"), text("country"),
    ), (Relation("location_id", "location"),),
           says=("address_1", "address_2", "city", "postal_code", "state_province"),
           key=("location_id", "address_type", "address_1", "city", "postal_code"), tells=sql("true")),
    Entity("contact", (text("name"), text("title"), text("department"), text("email")),
           _of("service", "organization", "location", "service_at_location"),
           says=("name", "title", "department", "email"), one_owner=True, tells=sql("true"),
           key=("service_id", "organization_id", "location_id", "service_at_location_id", "name", "title", "email")),
    Entity("phone", (text("number", required=True), text("extension"), text("type"), text("description")),
           _of("service", "organization", "location", "contact", "service_at_location"), says=("number",),
           key=("service_id", "organization_id", "location_id", "number", "extension"), one_owner=True,
           tells=sql("true")),
    Entity("language", (text("name", "language", required=True), Column("code", (), default=None), text("note")),
           _of("service", "location", "phone"), says=("name",), key=("service_id", "location_id", "phone_id", "name"),
           natural=True, one_owner=True, tells=sql("s.note <> '' OR {extra}", extra=_EXTRA)),
    Entity("accessibility", (
        text("description", "accessibility", required=True), text("details"), text("url"),
        Column("code", (), default=None),
    ), (Relation("location_id", "location"),), says=("description", "details"), key=("location_id", "description"),
           tells=sql("s.details <> '' OR s.url <> '' OR {extra} OR s.description IS DISTINCT FROM s.code",
                     extra=_EXTRA)),
    Entity("schedule", (
        Column("byday", ("weekday",), read=cells.byday), optional("opens_at", "time", cells.clock),
        optional("closes_at", "time", cells.clock), *_VALID, text("description", "original_text"),
        optional("dtstart", "date", cells.day), optional("timezone", "float8", cells.offset),
        optional("until", "date", cells.day), optional("count", "int4", cells.times), choice("wkst", WEEKDAYS),
        choice("freq", FREQUENCIES), optional("interval", "int4", cells.times),
        Column("byweekno", read=cells.numbers), Column("bymonthday", read=cells.numbers),
        Column("byyearday", read=cells.numbers), text("schedule_link"), text("attending_type"), text("notes"),
    ), _of("service", "location", "service_at_location"),
           says=("byday", "opens_at", "closes_at", "description", "dtstart", "bymonthday", "byyearday", "notes"),
           key=("service_id", "location_id", "service_at_location_id", "byday", "opens_at", "closes_at", "valid_from",
                "dtstart", "bymonthday", "description"), one_owner=True,
           tells=sql("s.schedule_link <> '' OR s.attending_type <> '' OR s.notes <> '' OR s.description <> '' "
                     "OR {extra}", extra=_EXTRA)),
    Entity("service_area", (
        Column("area_code", (), default=None), text("name", "service_area"), text("description"), text("extent"),
        text("extent_type"), text("uri"), Column("derived", (), "bool", cells.yes_or_no, False),
    ), (Relation("service_id", "service"), *_of("service_at_location")),
           says=("area_code", "name", "description", "extent", "uri"), key=("service_id", "area_code", "name")),
    Entity("eligibility", (text("eligibility"), *_AGES), _of("service"),
           says=("eligibility", "minimum_age", "maximum_age"), key=("service_id", "eligibility")),
    Entity("cost_option", (
        *_VALID, text("option"), Column("currency", read=cells.currency),
        optional("amount", "numeric", cells.amount), text("amount_description"),
    ), (Relation("service_id", "service"),), says=("option", "amount", "amount_description"),
           key=("service_id", "option", "amount", "valid_from")),
    Entity("required_document", (text("document"), text("uri")), (Relation("service_id", "service"),),
           says=("document", "uri"), key=("service_id", "document")),
    Entity("funding", (text("funder", "source", required=True, out="source"),), _of("service", "organization"),
           says=("funder",), key=("service_id", "organization_id", "funder"), one_owner=True),
    Entity("url", (text("label"), text("url", required=True)), _of("service", "organization"), says=("url",),
           key=("service_id", "organization_id", "url"), one_owner=True),
    Entity("organization_identifier", (
        text("identifier_scheme"), text("identifier_type"), text("identifier", required=True),
    ), (Relation("organization_id", "organization"),), key=("organization_id", "identifier_type", "identifier")),
    Entity("unit", (text("name", required=True), text("scheme"), text("identifier"), text("uri"))),
    Entity("service_capacity", (
        optional("available", "int4", cells.whole, required=True), optional("maximum", "int4", cells.whole),
        text("unit"), text("description"), optional("updated", "timestamptz", cells.moment, required=True),
        optional("expires", "timestamptz", cells.moment),
    ), (Relation("service_id", "service"), *_of("unit")), key=("service_id", "unit"), natural=True),
    Entity("taxonomy", (text("name", required=True), text("description"), text("uri"), text("version"))),
    Entity("taxonomy_term", (
        text("code"), text("name", "term", required=True), text("taxonomy", "vocabulary"), text("parent_code"),
        text("description"), choice("need", tuple(NEEDS)), text("language"), text("term_uri"),
    ), (*_of("taxonomy"), Relation("parent_id", "taxonomy_term", required=False))),
    Entity("meta_table_description", (text("name"), text("language"), text("character_set")),
           says=("name", "language", "character_set"), key=("name", "language", "character_set")),
    Entity("attribute", (
        choice("link_entity", ("service", *LINKED), "service", required=True), text("link_type"), text("label"),
        text("value", "taxonomy_detail"),
    ), (Relation("service_id", "service", required=False),
        Relation("taxonomy_term_id", "taxonomy_term", also=("taxonomy_id",)),
        Relation("link_id", "", required=False, by="link_entity")),
           key=("service_id", "link_id", "taxonomy_term_id", "value"), exports=_LINK, one_owner=True,
           tells=sql("s.k_link_id IS NOT NULL AND 'confidential' = ANY(ARRAY("
                     "SELECT (SELECT l.location_type FROM location l WHERE l.id = p) "
                     "FROM unnest(directory_places_of(s.link_entity, s.k_link_id)) p))")),
    Entity("source_metadata", (
        text("resource_id", required=True), text("resource_type", required=True),
        optional("last_action_date", "timestamptz", cells.moment), text("last_action_type"), text("field_name"),
        text("previous_value"), text("replacement_value"), text("updated_by"),
    ), key=("resource_id", "resource_type", "last_action_date", "field_name", "previous_value", "replacement_value")),
)  # fmt: skip
ENTITIES: MappingProxyType[str, Entity] = MappingProxyType({e.table: e for e in _ALL})
"""Table -> entity."""

AREA = (
    text("code", required=True),
    Column("parent", (), default=None),
    choice("kind", AREA_KINDS, required=True),
    Column("names", (), "jsonb", cells.names, None, True),
    optional("latitude", "float8", cells.latitude),
    optional("longitude", "float8", cells.longitude),
)
"""The columns of `areas.csv`."""
