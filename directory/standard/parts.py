"""The objects of HSDS 3.0 that lie in others: terms, ways to reach somebody, times, places, costs.

`extra`, the history and eligibility rows are not among the objects.
"""

from __future__ import annotations

from dataclasses import replace

from directory.columns import LINKED
from directory.sql import literal, sql

from .making import Field as Field
from .making import Part as Part
from .making import Within as Within
from .making import always as always
from .making import emails as emails
from .making import ids as ids
from .making import of as of
from .making import texts as texts
from .making import uris as uris

CONFIDENTIAL = (
    "Confidential location: its address is not published. Use the contacts of the service. "
    "保密處所，地址不公開，請洽服務之聯絡方式。 "
    "비공개 장소이며 주소를 공개하지 않습니다. 서비스의 연락처를 이용하십시오."
)
"""What a confidential location says of itself: one sentence for everybody, so that no free text stands there."""

_EXTENSION = sql("'^[1-9][0-9]{{0,8}}$'")

TAXONOMY = Part("taxonomy", (*ids(), *always("name", "description"), *uris("uri"), *texts("version")))
_TERM = Part(
    "taxonomy_term",
    (
        *ids("parent_id", "taxonomy_id"),
        *texts("code"),
        *always("name", "description"),
        *texts("taxonomy", "language"),
        *uris("term_uri"),
    ),
)
TERM = _TERM.plus(Within("taxonomy_detail", TAXONOMY, sql("@.id = ^.taxonomy_id"), many=False))
ATTRIBUTE = Part(
    "attribute",
    (
        *ids("taxonomy_term_id"),
        ("link_id", sql("COALESCE(@.service_id, @.link_id)")),
        ("link_entity", sql("@.link_entity")),
        *texts("link_type", "value"),
    ),
    (Within("taxonomy_term", _TERM, sql("@.id = ^.taxonomy_term_id"), many=False),),
)


def described(table: str) -> Within:
    """The terms that describe a row of a table; no list where there are none."""
    where = sql("@.link_id = ^.id AND @.link_entity = {table}", table=literal(table))
    return Within("attributes", ATTRIBUTE, where, bare=True)


def _described(table: str, fields: tuple[Field, ...], inside: tuple[Within, ...] = ()) -> Part:
    """A kind of object that taxonomy terms may describe."""
    assert table in LINKED
    return Part(table, fields, (*inside, described(table)))


LANGUAGE = _described("language", (*ids("service_id", "location_id", "phone_id"), *texts("name", "code", "note")))
PHONE = _described(
    "phone",
    (
        *ids("service_id", "organization_id", "location_id", "contact_id", "service_at_location_id"),
        *always("number"),
        (
            "extension",
            sql("CASE WHEN @.extension ~ {number} THEN CAST(@.extension AS integer) END", number=_EXTENSION),
        ),
        *texts("type"),
        (
            "description",
            sql(
                "NULLIF(concat_ws(' ', NULLIF(@.description, ''), CASE WHEN @.extension <> '' "
                "AND @.extension !~ {number} THEN 'ext. ' || @.extension END), '')",
                number=_EXTENSION,
            ),
        ),
    ),
    of("phone", [("languages", LANGUAGE)]),
)
CONTACT = _described(
    "contact",
    (
        *ids("organization_id", "service_id", "service_at_location_id", "location_id"),
        *texts("name", "title", "department"),
        *emails("email"),
    ),
    of("contact", [("phones", PHONE)]),
)
_TIMES: tuple[Field, ...] = (
    *ids("service_id", "location_id", "service_at_location_id"),
    *always("valid_from", "valid_to", "dtstart", "timezone", "until", "wkst", "freq"),
    ("count", sql('@."count"')),
    ("interval", sql('@."interval"')),
    *texts("byday", "byweekno", "bymonthday", "byyearday"),
    ("opens_at", sql("to_char(@.opens_at, 'HH24:MI')")),
    ("closes_at", sql("to_char(@.closes_at, 'HH24:MI')")),
)
SCHEDULE = _described(
    "schedule", (*_TIMES, *texts("description"), *uris("schedule_link"), *texts("attending_type", "notes"))
)
ACCESSIBILITY = _described("accessibility", (*ids("location_id"), *texts("description", "details"), *uris("url")))
ADDRESS = _described(
    "address",
    (
        *ids("location_id"),
        *texts("attention"),
        *always("address_1"),
        *texts("address_2"),
        *always("city"),
        *texts("region"),
        *always("state_province", "postal_code", "country", "address_type"),
    ),
)
# Where a service was derived to serve from the addresses of its places, one of which is confidential now, the area
# would still say where that is.
AREA_TOLD = sql(
    "(NOT @.derived OR NOT EXISTS (SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id "
    "WHERE k.service_id = @.service_id AND l.location_type = 'confidential'))"
)
AREA = _described(
    "service_area",
    (
        *ids("service_id"),
        (
            "name",
            sql(
                "COALESCE(NULLIF(@.name, ''), (SELECT COALESCE(a.names ->> 'zh-Hant', a.names ->> 'en', a.code) "
                "FROM area a WHERE a.code = @.area_code))"
            ),
        ),
        *texts("description", "extent", "extent_type", "uri"),
    ),
)
FUNDING = _described("funding", (*ids("organization_id", "service_id"), ("source", sql("@.funder"))))
COST = _described(
    "cost_option",
    (*ids("service_id"), *always("valid_from", "valid_to"), *texts("option", "currency"), *always("amount"),
     *texts("amount_description")),
)  # fmt: skip
DOCUMENT = _described("required_document", (*ids("service_id"), *texts("document"), *uris("uri")))
IDENTIFIER = _described(
    "organization_identifier",
    (*ids("organization_id"), *texts("identifier_scheme"), *always("identifier_type", "identifier")),
)
PROGRAM = _described(
    "program", (*ids("organization_id"), *always("name"), *texts("alternate_name"), *always("description"))
)

# Of a confidential place: hours, our own codes of its languages and accessibility, and the one sentence. Its name is
# free text that no check can judge: it stays inside. The standard has no word for such a place. `physical` is true,
# `virtual` would send people to a page; the empty lists and `confidential` say the rest.
_HIDDEN_LOCATION = Part(
    "location",
    (
        *ids("organization_id"),
        ("location_type", sql("'physical'")),
        ("confidential", sql("true")),
        ("description", literal(CONFIDENTIAL)),
        *((empty, sql("'[]'::json")) for empty in ("addresses", "phones", "contacts")),
    ),
    (
        Within("languages", Part("language", ids("location_id", "code")),
               sql("@.location_id = ^.id AND @.code IS NOT NULL")),
        Within("accessibility", Part("accessibility", (*ids("location_id"), ("description", sql("@.code")))),
               sql("@.location_id = ^.id AND @.code IS NOT NULL")),
        Within("schedules", Part("schedule", _TIMES), sql("@.location_id = ^.id")),
    ),
)  # fmt: skip
_LOCATION: tuple[Field, ...] = (
    *ids("organization_id", "location_type"),
    *uris("url"),
    *texts("name", "alternate_name", "description", "transportation"),
    *always("latitude", "longitude"),
    *texts("external_identifier", "external_identifier_type"),
)
_KEPT = sql("@.location_type = 'confidential'")
LOCATION_LISTED = Part(
    "location", _LOCATION, (), replace(_HIDDEN_LOCATION, inside=(), fields=_HIDDEN_LOCATION.fields[:5]), _KEPT
)
LOCATION = replace(
    _described(
        "location",
        _LOCATION,
        of(
            "location",
            [("languages", LANGUAGE), ("addresses", ADDRESS), ("contacts", CONTACT), ("accessibility", ACCESSIBILITY),
             ("phones", PHONE), ("schedules", SCHEDULE)],
        ),
    ),
    hidden=_HIDDEN_LOCATION, secret=_KEPT,
)  # fmt: skip
_AT = ids("service_id", "location_id")
_PLACE = Within("location", LOCATION, sql("@.id = ^.location_id"), many=False)
_GIVEN = sql("(SELECT l.location_type = 'confidential' FROM location l WHERE l.id = @.location_id)")
_HIDDEN_PLACED = Part(
    "service_at_location",
    (*_AT, ("contacts", sql("'[]'::json")), ("phones", sql("'[]'::json"))),
    (Within("schedules", Part("schedule", _TIMES), sql("@.service_at_location_id = ^.id")), _PLACE),
)
PLACED = replace(
    _described(
        "service_at_location",
        (*_AT, *texts("description")),
        (
            *of("service_at_location", [("contacts", CONTACT), ("phones", PHONE), ("schedules", SCHEDULE)]),
            Within(
                "service_areas",
                AREA,
                sql("@.service_at_location_id = ^.id AND {told}", told=AREA_TOLD),
                bare=True,
            ),
            _PLACE,
        ),
    ),
    hidden=_HIDDEN_PLACED, secret=_GIVEN,
)  # fmt: skip
PLACED_LISTED = Part(
    "service_at_location",
    (*_AT, *texts("description")),
    (Within("location", LOCATION_LISTED, sql("@.id = ^.location_id"), many=False),),
)
