"""The objects of HSDS 3.0 as SQL that makes their JSON: which field comes of which column, and what lies in what.

What is not said is left out. What the standard's type cannot hold is left out too (an address that is no URI), or said
beside it (an extension that is no number). `extra`, the history and eligibility rows are not among the objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from directory.columns import LINKED

CONFIDENTIAL = (
    "Confidential location: its address is not published. Use the contacts of the service. "
    "保密處所，地址不公開，請洽服務之聯絡方式。 "
    "비공개 장소이며 주소를 공개하지 않습니다. 서비스의 연락처를 이용하십시오."
)
"""What a confidential location says of itself: one sentence for everybody, so that no free text stands there."""

_URI = r"^[A-Za-z][A-Za-z0-9+.-]*:[][A-Za-z0-9._~:/?#@!$&''()*+,;=%-]+$"
_HOST = r"^([A-Za-z0-9-]+\.)+[A-Za-z]{2,}(/[][A-Za-z0-9._~:/?#@!$&''()*+,;=%-]*)?$"
_EMAIL = r"^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$"
_EXTENSION = "^[1-9][0-9]{0,8}$"

Field = tuple[str, str]
"""A name of the standard, and SQL over the row `@`."""


@dataclass(frozen=True, slots=True)
class Within:
    """Objects inside an object: `@` is the row inside, `^` the row around. `many` are a list, empty if there are none;
    `bare` leaves an empty list out."""

    name: str
    part: Part
    where: str
    many: bool = True
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of object: the table of its rows, its fields, what lies inside, what is shown of a confidential one."""

    table: str
    fields: tuple[Field, ...]
    inside: tuple[Within, ...] = ()
    hidden: Part | None = None
    secret: str = ""
    """SQL over `@`: whether this row is of a confidential place and shown as `hidden` says."""

    def sql(self, depth: int = 0) -> str:
        """SQL of the JSON of a row `t<depth>`."""
        shown = self._object(depth)
        if self.hidden is None:
            return shown
        row = f"t{depth}"
        return f"CASE WHEN {self.secret.replace('@.', f'{row}.')} THEN {self.hidden.sql(depth)} ELSE {shown} END"

    def _object(self, depth: int) -> str:
        row = f"t{depth}"
        said = [f"'{name}', {sql.replace('@.', row + '.')}" for name, sql in self.fields]
        said += [f"'{within.name}', {_inside(within, depth)}" for within in self.inside]
        return f"json_build_object({', '.join(said)})"

    def plus(self, *inside: Within) -> Part:
        """The same with more inside."""
        return replace(self, inside=(*self.inside, *inside))


def _inside(within: Within, depth: int) -> str:
    row, around = f"t{depth + 1}", f"t{depth}"
    made = within.part.sql(depth + 1)
    if within.many:
        made = f"json_agg({made} ORDER BY {row}.id)"
    where = within.where.replace("@.", f"{row}.").replace("^.", f"{around}.")
    found = f"(SELECT {made} FROM {within.part.table} {row} WHERE {where})"  # noqa: S608 - built of constants
    return f"COALESCE({found}, '[]'::json)" if within.many and not within.bare else found


def ids(*names: str) -> tuple[Field, ...]:
    return tuple((name, f"@.{name}") for name in ("id", *names))


def always(*names: str) -> tuple[Field, ...]:
    """Columns the standard asks for: empty rather than absent."""
    return tuple((name, f"@.{name}") for name in names)


def texts(*names: str) -> tuple[Field, ...]:
    return tuple((name, f"NULLIF(@.{name}, '')") for name in names)


def uris(*names: str) -> tuple[Field, ...]:
    """URIs; a bare host is what a browser makes of it (RFC 3986, 4.5)."""
    made = f"CASE WHEN @.# ~ '{_URI}' THEN @.# WHEN @.# ~ '{_HOST}' THEN 'http://' || @.# END"
    return tuple((name, made.replace("@.#", f"@.{name}")) for name in names)


def emails(*names: str) -> tuple[Field, ...]:
    return tuple((name, f"CASE WHEN @.{name} ~ '{_EMAIL}' THEN @.{name} END") for name in names)


def of(owner: str, names: Iterable[tuple[str, Part]]) -> tuple[Within, ...]:
    return tuple(Within(name, part, f"@.{owner}_id = ^.id") for name, part in names)


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
TERM = _TERM.plus(Within("taxonomy_detail", TAXONOMY, "@.id = ^.taxonomy_id", many=False))
ATTRIBUTE = Part(
    "attribute",
    (
        *ids("taxonomy_term_id"),
        ("link_id", "COALESCE(@.service_id, @.link_id)"),
        ("link_entity", "@.link_entity"),
        *texts("link_type", "value"),
    ),
    (Within("taxonomy_term", _TERM, "@.id = ^.taxonomy_term_id", many=False),),
)


def _described(table: str, fields: tuple[Field, ...], inside: tuple[Within, ...] = ()) -> Part:
    """A kind of object that taxonomy terms may describe."""
    assert table in LINKED
    terms = Within("attributes", ATTRIBUTE, f"@.link_id = ^.id AND @.link_entity = '{table}'", bare=True)
    return Part(table, fields, (*inside, terms))


LANGUAGE = _described("language", (*ids("service_id", "location_id", "phone_id"), *texts("name", "code", "note")))
PHONE = _described(
    "phone",
    (
        *ids("service_id", "organization_id", "location_id", "contact_id", "service_at_location_id"),
        *always("number"),
        ("extension", f"CASE WHEN @.extension ~ '{_EXTENSION}' THEN CAST(@.extension AS integer) END"),
        *texts("type"),
        (
            "description",
            "NULLIF(concat_ws(' ', NULLIF(@.description, ''), CASE WHEN @.extension <> '' "
            f"AND @.extension !~ '{_EXTENSION}' THEN 'ext. ' || @.extension END), '')",
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
    ("count", '@."count"'),
    ("interval", '@."interval"'),
    *texts("byday", "byweekno", "bymonthday", "byyearday"),
    ("opens_at", "to_char(@.opens_at, 'HH24:MI')"),
    ("closes_at", "to_char(@.closes_at, 'HH24:MI')"),
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
AREA_TOLD = (
    "(NOT @.derived OR NOT EXISTS (SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id "
    "WHERE k.service_id = @.service_id AND l.location_type = 'confidential'))"
)
AREA = _described(
    "service_area",
    (
        *ids("service_id"),
        (
            "name",
            "COALESCE(NULLIF(@.name, ''), (SELECT COALESCE(a.names ->> 'zh-Hant', a.names ->> 'en', a.code) "
            "FROM area a WHERE a.code = @.area_code))",
        ),
        *texts("description", "extent", "extent_type", "uri"),
    ),
)
FUNDING = _described("funding", (*ids("organization_id", "service_id"), ("source", "@.funder")))
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
        ("location_type", "'physical'"),
        ("confidential", "true"),
        ("description", f"'{CONFIDENTIAL}'"),
        *((name, "'[]'::json") for name in ("addresses", "phones", "contacts")),
    ),
    (
        Within("languages", Part("language", ids("location_id") + always("code")),
               "@.location_id = ^.id AND @.code IS NOT NULL"),
        Within("accessibility", Part("accessibility", (*ids("location_id"), ("description", "@.code"))),
               "@.location_id = ^.id AND @.code IS NOT NULL"),
        Within("schedules", Part("schedule", _TIMES), "@.location_id = ^.id"),
    ),
)  # fmt: skip
_LOCATION: tuple[Field, ...] = (
    *ids("organization_id", "location_type"),
    *uris("url"),
    *texts("name", "alternate_name", "description", "transportation"),
    *always("latitude", "longitude"),
    *texts("external_identifier", "external_identifier_type"),
)
_KEPT = "@.location_type = 'confidential'"
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
_PLACE = Within("location", LOCATION, "@.id = ^.location_id", many=False)
_GIVEN = "(SELECT l.location_type = 'confidential' FROM location l WHERE l.id = @.location_id)"
_HIDDEN_PLACED = Part(
    "service_at_location",
    (*_AT, ("contacts", "'[]'::json"), ("phones", "'[]'::json")),
    (Within("schedules", Part("schedule", _TIMES), "@.service_at_location_id = ^.id"), _PLACE),
)
PLACED = replace(
    _described(
        "service_at_location",
        (*_AT, *texts("description")),
        (
            *of("service_at_location", [("contacts", CONTACT), ("phones", PHONE), ("schedules", SCHEDULE)]),
            Within("service_areas", AREA, f"@.service_at_location_id = ^.id AND {AREA_TOLD}", bare=True),
            _PLACE,
        ),
    ),
    hidden=_HIDDEN_PLACED, secret=_GIVEN,
)  # fmt: skip
PLACED_LISTED = Part(
    "service_at_location",
    (*_AT, *texts("description")),
    (Within("location", LOCATION_LISTED, "@.id = ^.location_id", many=False),),
)
