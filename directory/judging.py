"""What else must hold of a row of each table before it is taken: judged one by one, mended where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .hsds import access_code, language_code
from .taxonomy import map_vocabulary

if TYPE_CHECKING:
    from .readers import EntityReader, Row


def accept(_reader: EntityReader, _row: Row) -> bool:
    """A row of a table that asks for nothing more."""
    return True


def _judge_location(reader: EntityReader, row: Row) -> bool:
    by = {c.name: i for i, c in enumerate(reader.entity.columns)}
    if row.values[by["location_type"]] == "confidential":
        told = [n for n in ("latitude", "longitude", "area_code", "transportation", "description", "url")
                if row.values[by[n]]]  # fmt: skip
        if told or row.extra:
            reader.tell(row.line, (told or sorted(row.extra))[0], "confidential_place")
            return False
    _resolve_area(reader, row, by["area_code"])
    return True


def _resolve_area(reader: EntityReader, row: Row, place: int) -> None:
    given = row.values[place]
    if given is not None:
        row.values[place] = reader.run.areas.get(given.casefold())
        if row.values[place] is None:
            row.extra["area_code"] = given
            reader.tell(row.line, "area_code", "unknown_area", given)


def _judge_service(reader: EntityReader, row: Row) -> bool:
    by = {c.name: i for i, c in enumerate(reader.entity.columns)}
    low, high = row.values[by["minimum_age"]], row.values[by["maximum_age"]]
    if low is not None and high is not None and low > high:
        reader.tell(row.line, "maximum_age", "bad_value", f"{low}-{high}")
        return False
    return True


def _judge_area(reader: EntityReader, row: Row) -> bool:
    if row.values[0] is None and row.values[1]:
        row.values[0] = reader.run.areas.get(row.values[1].casefold())
        if row.values[0] is None:
            reader.tell(row.line, "area_code", "unknown_area", row.values[1])
    else:
        _resolve_area(reader, row, 0)
    return True


def _judge_capacity(reader: EntityReader, row: Row) -> bool:
    if row.values[2] > row.values[3]:
        reader.tell(row.line, "expires", "bad_value")
        return False
    return True


def _judge_schedule(reader: EntityReader, row: Row) -> bool:
    start, end = row.values[3], row.values[4]
    if start is not None and end is not None and start > end:
        reader.tell(row.line, "valid_to", "bad_value")
        return False
    return True


def _judge_term(_reader: EntityReader, row: Row) -> bool:
    code, name = row.values[0] or row.source_id, row.values[1]
    row.values[0] = code
    if row.values[5] is None:
        row.values[5] = map_vocabulary(code) or map_vocabulary(name)
    return True


def _judge_language(_reader: EntityReader, row: Row) -> bool:
    row.values[1] = row.values[1] or language_code(row.values[0])
    return True


def _judge_access(_reader: EntityReader, row: Row) -> bool:
    row.values[2] = row.values[2] or access_code(f"{row.values[0]} {row.values[1]}")
    return True


JUDGES: dict[str, Callable[[EntityReader, Row], bool]] = {
    "location": _judge_location,
    "service": _judge_service,
    "service_area": _judge_area,
    "service_capacity": _judge_capacity,
    "schedule": _judge_schedule,
    "taxonomy_term": _judge_term,
    "language": _judge_language,
    "accessibility": _judge_access,
}
