"""What else must hold of a row of each table before it is taken: judged one by one, mended where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .columns import LINKED, SPEAK_OF_NO_PLACE
from .hsds import ENTITIES, FILES, access_code, language_code
from .standard.parts import CONFIDENTIAL
from .taxonomy import map_vocabulary

if TYPE_CHECKING:
    from .entity_reader import EntityReader
    from .readers import Row

CAPACITY_LASTS = timedelta(days=7)
"""How long a figure of capacity is trusted where its source does not say, as HSDS 3.1 never does."""

_PLACE = (
    "latitude", "longitude", "area_code", "transportation", "description", "url", "alternate_name",
    "external_identifier", "external_identifier_type",
)  # fmt: skip
_YES, _NO = frozenset({"true", "t", "1", "yes", "y"}), frozenset({"false", "f", "0", "no", "n"})


def accept(_reader: EntityReader, _row: Row) -> bool:
    """A row of a table that asks for nothing more."""
    return True


@lru_cache
def _places(table: str) -> dict[str, int]:
    return {c.name: i for i, c in enumerate(ENTITIES[table].columns)}


@lru_cache
def _pointers(table: str) -> dict[str, int]:
    return {r.column: i for i, r in enumerate(ENTITIES[table].relations)}


def _judge_location(reader: EntityReader, row: Row) -> bool:
    """A place said to be confidential becomes so; what tells where it is falls. `/hsds` says it beside the type."""
    by = _places("location")
    if said := row.extra.pop("confidential", "").lower():
        if said not in _YES | _NO:  # what is neither must not make a place public
            reader.tell(row.line, "confidential", "bad_value")
            return False
        if said in _YES:
            row.values[by["location_type"]] = "confidential"
    if row.values[by["location_type"]] == "confidential":
        if row.values[by["description"]] == CONFIDENTIAL:
            row.values[by["description"]] = ""
        told = [n for n in _PLACE if row.values[by[n]] not in ("", None)]
        if told or row.extra:
            reader.tell(row.line, (told or sorted(row.extra))[0], "confidential_place")
        for column in told:
            row.values[by[column]] = reader.entity.columns[by[column]].default
        row.extra.clear()
    _resolve_area(reader, row, by["area_code"])
    return True


def _resolve_area(reader: EntityReader, row: Row, place: int) -> None:
    given = row.values[place]
    if given is not None:
        row.values[place] = reader.run.areas.get(given.casefold())
        if row.values[place] is None:
            row.extra["area_code"] = given
            # What is typed of a place may be its address, and the place a shelter one day: remarks are kept.
            reader.tell(row.line, "area_code", "unknown_area", "" if reader.entity.table == "location" else given)


def _ordered(low: str, high: str) -> Callable[[EntityReader, Row], bool]:
    """A judge of two columns that must not be the wrong way round."""

    def judge(reader: EntityReader, row: Row) -> bool:
        by = _places(reader.entity.table)
        first, last = row.values[by[low]], row.values[by[high]]
        if first is not None and last is not None and first > last:
            reader.tell(row.line, high, "bad_value", f"{first}-{last}")
            return False
        return True

    return judge


def _judge_area(reader: EntityReader, row: Row) -> bool:
    by = _places("service_area")
    code, known = by["area_code"], reader.run.areas
    if row.values[code] is not None:
        _resolve_area(reader, row, code)
        if row.values[by["derived"]]:  # the very row that would be derived from the address again
            row.source_id = f"~{row.relations[_pointers('service_area')['service_id']]}@{row.values[code]}"
        return True
    said = [row.values[by[n]] for n in ("extent", "name") if row.values[by[n]]]
    row.values[code] = next((known[s.casefold()] for s in said if s.casefold() in known), None)
    if said and row.values[code] is None:
        reader.tell(row.line, "area_code", "unknown_area", said[-1])
    return True


def _judge_unit(reader: EntityReader, row: Row) -> bool:
    reader.run.units[row.source_id] = row.values[_places("unit")["name"]]
    return True


def _judge_capacity(reader: EntityReader, row: Row) -> bool:
    by = _places("service_capacity")
    unit = row.relations[_pointers("service_capacity")["unit_id"]]
    if not row.values[by["unit"]]:
        row.values[by["unit"]] = reader.run.units.get(unit or "", unit)
        if unit is None:
            reader.tell(row.line, "unit_id", "missing_value")
            return False
        row.source_id = reader.natural(row.values, row.relations)
    if row.values[by["expires"]] is None:
        row.values[by["expires"]] = _later(row.values[by["updated"]])
    return _ordered("updated", "expires")(reader, row)


def _later(updated: Any) -> Any:
    return updated + CAPACITY_LASTS


def _judge_term(_reader: EntityReader, row: Row) -> bool:
    by = _places("taxonomy_term")
    code, name = row.values[by["code"]] or row.source_id, row.values[by["name"]]
    row.values[by["code"]] = code
    if row.values[by["need"]] is None:
        row.values[by["need"]] = map_vocabulary(code) or map_vocabulary(name)
    return True


def _judge_language(_reader: EntityReader, row: Row) -> bool:
    by = _places("language")
    row.values[by["code"]] = row.values[by["code"]] or language_code(row.values[by["name"]])
    return True


def _judge_access(_reader: EntityReader, row: Row) -> bool:
    by = _places("accessibility")
    said = f"{row.values[by['description']]} {row.values[by['details']]}"
    row.values[by["code"]] = row.values[by["code"]] or access_code(said)
    return True


def _judge_attribute(reader: EntityReader, row: Row) -> bool:
    """HSDS 1 names a service, HSDS 3 any entity by `link_id` and `link_entity`, HSDS 2 that by `link_type`."""
    by, to = _places("attribute"), _pointers("attribute")
    if row.relations[to["service_id"]] is not None:
        row.values[by["link_entity"]], row.relations[to["link_id"]] = "service", None
        return True
    if row.relations[to["link_id"]] is None:
        reader.tell(row.line, "link_id", "missing_value")
        return False
    if "link_entity" not in reader.at and row.values[by["link_type"]] in LINKED:
        row.values[by["link_entity"]] = row.values[by["link_type"]]
    if row.values[by["link_entity"]] == "service":
        row.relations[to["service_id"]], row.relations[to["link_id"]] = row.relations[to["link_id"]], None
    if row.source_id.startswith("~"):
        row.source_id = reader.natural(row.values, row.relations)
    return True


def _judge_metadata(reader: EntityReader, row: Row) -> bool:
    """The past of a place that is confidential here may stand in a stranger's records: its values are left out."""
    by = _places("source_metadata")
    kind = row.values[by["resource_type"]].lower()
    kind = FILES[kind].entity if kind in FILES else kind
    row.values[by["resource_type"]] = kind
    if kind not in SPEAK_OF_NO_PLACE:
        if row.values[by["previous_value"]] or row.values[by["replacement_value"]] or row.extra:
            reader.tell(row.line, "previous_value", "place_left_out")
        row.values[by["previous_value"]] = row.values[by["replacement_value"]] = ""
        row.extra.clear()
    return True


JUDGES: dict[str, Callable[[EntityReader, Row], bool]] = {
    "location": _judge_location,
    "service": _ordered("minimum_age", "maximum_age"),
    "eligibility": _ordered("minimum_age", "maximum_age"),
    "service_area": _judge_area,
    "unit": _judge_unit,
    "service_capacity": _judge_capacity,
    "schedule": _ordered("valid_from", "valid_to"),
    "cost_option": _ordered("valid_from", "valid_to"),
    "taxonomy_term": _judge_term,
    "language": _judge_language,
    "accessibility": _judge_access,
    "attribute": _judge_attribute,
    "source_metadata": _judge_metadata,
}
