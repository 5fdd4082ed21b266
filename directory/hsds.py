"""The tables of HSDS as they come: file names, columns and their older names (1.1 to 3.x), how a cell is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import Any

import orjson

from . import tables
from .taxonomy import NEEDS, NETWORKS

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY_NAMES = {d: d for d in DAYS} | {
    name: day
    for day, names in zip(
        DAYS,
        ("monday mon 1 週一 星期一", "tuesday tue 2 週二 星期二", "wednesday wed 3 週三 星期三",
         "thursday thu 4 週四 星期四", "friday fri 5 週五 星期五", "saturday sat 6 週六 星期六",
         "sunday sun 7 0 週日 星期日"),
        strict=True,
    )
    for name in names.split()
}  # fmt: skip

_LANGUAGES = {
    name: code
    for code, names in {
        "zh": "chinese mandarin 中文 國語 華語 중국어", "nan": "taiwanese hokkien 臺語 台語", "hak": "hakka 客語",
        "yue": "cantonese 粵語", "en": "english 英語 英文 영어", "ko": "korean 韓語 한국어",
        "ja": "japanese 日語", "vi": "vietnamese 越南語 베트남어", "id": "indonesian 印尼語", "th": "thai 泰語",
        "fil": "tagalog filipino 菲律賓語", "es": "spanish español", "ht": "creole haitian", "fr": "french",
        "pt": "portuguese", "ru": "russian", "de": "german", "it": "italian", "ar": "arabic", "he": "hebrew",
        "sgn": "asl 手語 수어",
    }.items()
    for name in names.split()
}  # fmt: skip
_ACCESS = (
    ("wheelchair", "wheelchair"), ("handicap", "wheelchair"), ("ramp", "wheelchair"), ("輪椅", "wheelchair"),
    ("無障礙", "wheelchair"), ("휠체어", "wheelchair"), ("sign language", "sign_language"), ("手語", "sign_language"),
    ("수어", "sign_language"), ("braille", "braille"), ("點字", "braille"), ("elevator", "wheelchair"),
)  # fmt: skip


def language_code(name: str) -> str | None:
    """The BCP 47 tag of a language name, if known; a tag is given back as it is."""
    first = re.split(r"[\s,(/-]", name.strip().casefold(), maxsplit=1)[0]
    if first in _LANGUAGES:
        return _LANGUAGES[first]
    if "sign" in name.casefold():
        return "sgn"
    return name.strip() if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", name.strip()) else None


def access_code(words: str) -> str | None:
    """Our code of an accessibility, if the words are known."""
    lowered = words.casefold()
    return next((code for word, code in _ACCESS if word in lowered), None)


def _int(cell: str) -> int:
    value = int(cell)
    if not 0 <= value < 1 << 31:
        raise ValueError
    return value


def _age(cell: str) -> int:
    value = int(float(cell))
    if not 0 <= value <= 150:
        raise ValueError
    return value


def _latitude(cell: str) -> float:
    value = float(cell)
    if not -90 <= value <= 90:
        raise ValueError
    return value


def _longitude(cell: str) -> float:
    value = float(cell)
    if not -180 <= value <= 180:
        raise ValueError
    return value


def _time(cell: str) -> time:
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s*([ap]\.?m\.?)?(?:Z|[+-]\d{2}:\d{2})?", cell.lower())
    if not found:
        raise ValueError
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").replace(".", "")
    if half and not 1 <= hour <= 12:
        raise ValueError
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(0 if (hour, minute) == (24, 0) else hour, minute)


def _moment(cell: str) -> datetime:
    value = datetime.fromisoformat(cell)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _byday(cell: str) -> str:
    return ",".join(_DAY_NAMES[part.strip().upper() if len(part.strip()) == 2 and part.strip().isascii() else
                               part.strip().lower()] for part in cell.split(","))  # fmt: skip


def _names(cell: str) -> str:
    value = orjson.loads(cell)
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise ValueError
    return orjson.dumps(value).decode()


def _genders(cell: str) -> str:
    values = sorted({v.strip() for v in cell.replace(";", ",").split(",") if v.strip()})
    if not set(values) <= set(tables.GENDERS):
        raise ValueError
    return "{" + ",".join(values) + "}"


def _bool(cell: str) -> bool:
    return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}[cell.lower()]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of ours, the names it comes under, its PostgreSQL type, and how a cell that is not empty is read."""

    name: str
    also: tuple[str, ...] = ()
    sql: str = "text"
    read: Callable[[str], Any] = str
    default: Any = ""
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """A column that points to another table by that table's source id. A missing optional one is cleared and told."""

    column: str
    table: str
    required: bool = True
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """One table of the directory and how its rows come. `says`: of these at least one must hold something."""

    table: str
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...] = ()
    says: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    """Columns that make the row's identity where its own id is empty (always, with `natural`)."""
    natural: bool = False
    one_owner: bool = False
    """At least one of the relations must be found."""


def _text(name: str, *also: str, required: bool = False) -> Column:
    return Column(name, also, required=required)


def _opt(name: str, sql: str, read: Callable[[str], Any], *also: str, required: bool = False) -> Column:
    return Column(name, also, sql, read, None, required)


_NAMES = Column("name_i18n", (), "jsonb", _names, "{}")

ENTITIES: MappingProxyType[str, Entity] = MappingProxyType(
    {
        e.table: e
        for e in (
            Entity("organization", (
                _text("name", required=True), _NAMES, _text("alternate_name"), _text("description"),
                Column("network", (), default=None, choices=tuple(NETWORKS)),
                Column("status", (), default="active", choices=tables.ORGANIZATION_STATUSES, required=True),
                _text("email"), _text("website", "url"),
            )),
            Entity("location", (
                Column("location_type", (), default="physical", choices=tables.LOCATION_TYPES, required=True),
                _text("name"), _NAMES, _text("description"), _text("transportation"), _text("url"),
                _opt("latitude", "float8", _latitude), _opt("longitude", "float8", _longitude),
                Column("area_code", (), default=None),
            ), (Relation("organization_id", "organization", required=False),)),
            Entity("service", (
                _text("name", required=True), _NAMES, _text("alternate_name"), _text("description"),
                Column("status", (), default="active", choices=tables.SERVICE_STATUSES, required=True),
                _text("url"), _text("email"), _text("application_process"), _text("fees_description", "fees"),
                _text("eligibility_description"), _opt("minimum_age", "int4", _age), _opt("maximum_age", "int4", _age),
                Column("genders", (), "text[]", _genders, "{}"), _opt("assured_date", "date", date.fromisoformat),
            ), (Relation("organization_id", "organization"),)),
            Entity("service_at_location", (_text("description"),),
                   (Relation("service_id", "service"), Relation("location_id", "location")),
                   key=("service_id", "location_id")),
            Entity("address", (
                Column("address_type", (), default="physical", choices=tables.ADDRESS_TYPES, required=True),
                _text("attention"), _text("address_1"), _text("address_2"), _text("city"), _text("region"),
                _text("state_province"), _text("postal_code"), _text("country"),
            ), (Relation("location_id", "location"),),
                   says=("address_1", "address_2", "city", "postal_code", "state_province"),
                   key=("location_id", "address_type", "address_1", "city", "postal_code")),
            Entity("phone", (
                _text("number", required=True), _text("extension"), _text("type"), _text("description"),
            ), (Relation("service_id", "service", required=False), Relation("organization_id", "organization", False),
                Relation("location_id", "location", required=False)), says=("number",),
                   key=("service_id", "organization_id", "location_id", "number", "extension"), one_owner=True),
            Entity("language", (_text("name", "language", required=True), Column("code", (), default=None)),
                   (Relation("service_id", "service", required=False), Relation("location_id", "location", False)),
                   says=("name",), key=("service_id", "location_id", "name"), natural=True, one_owner=True),
            Entity("accessibility", (
                _text("description", "accessibility", required=True), _text("details"),
                Column("code", (), default=None),
            ), (Relation("location_id", "location"),), says=("description", "details"),
                   key=("location_id", "description")),
            Entity("schedule", (
                Column("byday", ("weekday",), read=_byday), _opt("opens_at", "time", _time),
                _opt("closes_at", "time", _time), _opt("valid_from", "date", date.fromisoformat),
                _opt("valid_to", "date", date.fromisoformat), _text("description", "original_text"),
            ), (Relation("service_id", "service", required=False), Relation("location_id", "location", False)),
                   says=("byday", "opens_at", "closes_at", "description"),
                   key=("service_id", "location_id", "byday", "opens_at", "closes_at", "valid_from", "description"),
                   one_owner=True),
            Entity("service_area", (
                Column("area_code", ("extent",), default=None), _text("name", "service_area"), _text("description"),
                Column("derived", (), "bool", _bool, False),
            ), (Relation("service_id", "service"),), says=("area_code", "name", "description"),
                   key=("service_id", "area_code", "name")),
            Entity("service_capacity", (
                _opt("available", "int4", _int, required=True), _text("unit", "unit_id", required=True),
                _opt("updated", "timestamptz", _moment, required=True),
                _opt("expires", "timestamptz", _moment, required=True),
            ), (Relation("service_id", "service"),), key=("service_id", "unit"), natural=True),
            Entity("taxonomy_term", (
                _text("code"), _text("name", required=True), _text("taxonomy", "vocabulary"),
                _text("parent_code", "parent_id"), _text("description"),
                Column("need", (), default=None, choices=tuple(NEEDS)),
            )),
            Entity("attribute", (_text("value", "taxonomy_detail"),),
                   (Relation("service_id", "service"),
                    Relation("taxonomy_term_id", "taxonomy_term", also=("taxonomy_id",))),
                   key=("service_id", "taxonomy_term_id", "value")),
        )
    }
)  # fmt: skip
"""The entities in the order they are written: what is pointed to comes before what points."""


AREA = (
    _text("code", required=True),
    Column("parent", (), default=None),
    Column("kind", (), default=None, choices=tables.AREA_KINDS, required=True),
    Column("names", (), "jsonb", _names, None, True),
    _opt("latitude", "float8", _latitude),
    _opt("longitude", "float8", _longitude),
)
"""The columns of `areas.csv`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file holds: the entity, a prefix that keeps ids of two files of one entity apart, values by default."""

    entity: str
    prefix: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)


_KEPT = (
    "program", "programs", "contact", "contacts", "eligibility", "eligibilities", "funding", "fundings",
    "required_document", "required_documents", "payment_accepted", "payments_accepted", "cost_option", "cost_options",
    "holiday_schedule", "holiday_schedules", "metadata", "meta_table_description", "meta_table_descriptions",
    "organization_identifier", "organization_identifiers", "unit", "units", "url", "urls",
)  # fmt: skip

FILES: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "area": Kind("area"), "areas": Kind("area"),
        "organization": Kind("organization"), "organizations": Kind("organization"),
        "location": Kind("location"), "locations": Kind("location"),
        "service": Kind("service"), "services": Kind("service"),
        "service_at_location": Kind("service_at_location"), "services_at_location": Kind("service_at_location"),
        "service_at_locations": Kind("service_at_location"),
        "address": Kind("address"), "addresses": Kind("address"),
        "physical_address": Kind("address"), "physical_addresses": Kind("address"),
        "postal_address": Kind("address", "postal:", {"address_type": "postal"}),
        "postal_addresses": Kind("address", "postal:", {"address_type": "postal"}),
        "phone": Kind("phone"), "phones": Kind("phone"),
        "language": Kind("language"), "languages": Kind("language"),
        "accessibility": Kind("accessibility"), "accessibility_for_disabilities": Kind("accessibility"),
        "schedule": Kind("schedule"), "schedules": Kind("schedule"),
        "regular_schedule": Kind("schedule"), "regular_schedules": Kind("schedule"),
        "service_area": Kind("service_area"), "service_areas": Kind("service_area"),
        "service_capacity": Kind("service_capacity"), "service_capacities": Kind("service_capacity"),
        "taxonomy_term": Kind("taxonomy_term"), "taxonomy_terms": Kind("taxonomy_term"),
        "taxonomy": Kind("taxonomy_term"), "taxonomies": Kind("taxonomy_term"),
        "attribute": Kind("attribute"), "attributes": Kind("attribute"),
        "service_taxonomy": Kind("attribute"), "services_taxonomy": Kind("attribute"),
        "service_attribute": Kind("attribute"), "service_attributes": Kind("attribute"),
        **{name: Kind("kept_row") for name in _KEPT},
    }
)  # fmt: skip
"""File or resource name -> what it holds."""

ORDER = ("area", *ENTITIES, "kept_row")


def kinds(names: Mapping[str, str]) -> dict[str, Kind | None]:
    """Path -> what the file holds, given path -> name. With HSDS 3 terms beside it, `taxonomy` lists vocabularies."""
    found = {path: FILES.get(name.lower().removesuffix(".csv")) for path, name in names.items()}
    terms = {path for path, name in names.items() if name.lower().startswith("taxonomy_term")}
    for path, name in names.items():
        if terms and name.lower() in {"taxonomy", "taxonomies"}:
            found[path] = Kind("kept_row")
    return found
