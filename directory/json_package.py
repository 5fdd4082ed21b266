"""HSDS as JSON: objects nested as the API has them (3.x) or flat a table each (1.x, 2.x), taken apart into rows."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from .encodings import Stream, marked
from .hsds import ENTITIES, FILES, Kind, plural
from .json_stream import BrokenJson, Doubled, NotANumber, objects
from .packages import Limits, PackageRefused
from .reports import Problem
from .shapes import Entity
from .spill import Spill, known_name
from .unpacking import Files

_NAMES = {
    "capacities": "service_capacities", "additional_urls": "urls", "additional_websites": "urls",
    "taxonomy_detail": "taxonomies", "source_metadata": "metadata", "eligibility_criteria": "eligibilities",
}  # fmt: skip
"""Keys of nested objects that are not called as their table's file."""
_SHARED = {"organization", "program", "location", "taxonomy", "taxonomy_term", "unit"}
"""Entities the API repeats wherever something points to them: the same again is one row."""
_GUESSED = (
    "organization", "service", "location", "service_at_location", "taxonomy_term", "program", "attribute", "schedule",
    "phone", "address", "contact",
)  # fmt: skip
_DEEPEST = 8


def is_json(start: bytes) -> bool:
    """Whether a file that begins so is JSON."""
    try:
        text = start[:4096].decode(marked(start) or "utf-8", "ignore")
    except ValueError:
        return False
    return text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}


def flattened(files: Files, names: Sequence[str], limits: Limits) -> Spill:
    """The rows of these JSON files, table by table. Raises PackageRefused where the text is no JSON."""
    group = files.path.name
    spill, seen = Spill(limits, nested=True), set[bytes]()
    try:
        for name in names:
            _Flattener(spill, name, group, seen).read(files)
        spill.other_files = sorted(
            name for name in files if name not in names and not name.endswith("datapackage.json")
        )
        files.close()
        return spill.ready()
    except BaseException:
        spill.close()
        raise


@lru_cache(4096)
def _table(key: str) -> str:
    """The name of hsds.FILES for a key, or ''."""
    key = key.strip().lower()
    if key in _NAMES or key not in FILES:
        return _NAMES.get(key, "")
    # One name a table, whatever it is called here and there; but two kinds of rows that are one table stay apart.
    plain = FILES[key] == Kind(FILES[key].entity) and key not in {"taxonomy", "taxonomies"}
    return plural(FILES[key].entity) if plain and FILES[key].entity != "kept_row" else key


def _entity(name: str) -> Entity | None:
    """The entity of a nested object of that name."""
    return ENTITIES.get("taxonomy" if name == "taxonomies" else FILES[name].entity)


@lru_cache
def _keys(table: str) -> frozenset[str]:
    """The keys an object of a table may have: its columns, its relations, what belongs to it."""
    entity = ENTITIES[table]
    columns = {name for c in entity.columns for name in (c.name, c.out, *c.also) if name}
    pointed = {r.table for r in entity.relations} - {table, ""}
    relations = pointed | {name for r in entity.relations for name in (r.column, *r.also)}
    below = {plural(e.table) for e in ENTITIES.values() if any(r.table == table for r in e.relations)}
    return frozenset(columns | relations | below | {"id", "attributes", "metadata"})


@lru_cache
def _whole_columns(table: str) -> frozenset[str]:
    """Columns whose value is an object itself."""
    return frozenset(c.name for c in ENTITIES[table].columns if c.sql == "jsonb") if table in ENTITIES else frozenset()


def guessed(item: Mapping[str, Any]) -> str:
    """The name of the table an object is a row of, by its keys; '' where most of them are of none."""
    keys = {key.strip().lower() for key in item}
    best = max(_GUESSED, key=lambda table: len(keys & _keys(table)) - len(keys - _keys(table)))
    return best if len(keys & _keys(best)) >= max(2, len(keys) // 2) else ""


@dataclass(frozen=True, slots=True)
class _Place:
    row: int
    path: str = ""
    depth: int = 0
    shared: bool = False
    """Whether it stands in something the API repeats."""

    def into(self, key: str, *, shared: bool) -> _Place:
        return _Place(self.row, f"{self.path}.{key}" if self.path else key, self.depth + 1, shared or self.shared)


class _Flattener:
    def __init__(self, spill: Spill, file: str, group: str, seen: set[bytes]) -> None:
        self.spill, self.file, self.group, self.seen = spill, file, group, seen

    def read(self, files: Files) -> None:
        hint = _table(known_name(self.file))
        try:
            encoding = marked(files.start(self.file)) or "utf-8"
        except ValueError as error:
            raise PackageRefused("encoding", self.file) from error
        try:
            stream = io.BufferedReader(Stream(files.chunks(self.file)), 1 << 18)
            text = io.TextIOWrapper(stream, encoding=encoding)
            for number, key, item in objects(text.read, lambda key: bool(_table(key))):
                self._top(number, _table(key) or hint, item)
        except UnicodeError as error:
            raise PackageRefused("encoding", self.file) from error
        except BrokenJson as error:
            raise PackageRefused(error.code, self.file, error.line) from error

    def _top(self, number: int, name: str, item: Any) -> None:
        if not isinstance(item, dict):
            return self._fall(name or "service", _Place(number), "not_an_object")
        if not name and not (name := _table(guessed(item))):
            return self._fall("service", _Place(number), "unknown_object")
        self._object(name, item, _Place(number), {})
        return None

    def _fall(self, name: str, place: _Place, code: str) -> None:
        self.spill.fall(name, Problem(self.file, place.row, place.path, code), self.group)

    def _object(self, name: str, item: Mapping[str, Any], place: _Place, owner: Mapping[str, str]) -> str:
        """Lay down the row of an object and those of the objects inside; answers the row's id."""
        if place.depth > _DEEPEST:
            self._fall(name, place, "too_deep")
            return ""
        if isinstance(item, Doubled) or any(isinstance(value, NotANumber) for value in item.values()):
            self._fall(name, place, "key_twice" if isinstance(item, Doubled) else "not_a_number")
            return ""
        entity = _entity(name)
        whole = _whole_columns(FILES[name].entity)
        cells, inside = dict(owner), list[tuple[str, str, Any]]()
        for given, value in item.items():
            key = given.strip().lower() or "_"
            child = "taxonomies" if key == "taxonomy" else _table(key)
            if child and key not in whole and _objects(value):
                inside.append((key, child, value))
            elif key not in cells or value not in (None, ""):
                cells[key] = _cell(value)
        own = cells.get("id", "")
        if not own and inside and entity is not None:
            said = json.dumps([name, owner, item], sort_keys=True).encode()
            own = cells["id"] = "~" + blake2b(said, digest_size=12).hexdigest()
        shared = place.shared or FILES[name].entity in _SHARED
        below: list[tuple[str, Mapping[str, Any], _Place, dict[str, str]]] = []
        for key, child, value in inside:
            pointer = _pointer(entity, key, child) if isinstance(value, dict) else ""
            if pointer:
                found = self._object(child, value, place.into(key, shared=shared), {})
                cells[pointer] = cells.get(pointer) or found
                continue
            for at, one in enumerate([value] if isinstance(value, dict) else value):
                here = place.into(key if isinstance(value, dict) else f"{key}[{at}]", shared=shared)
                below.append((child, one, here, _owner(entity, own, child)))
        if not shared or self._new(name, cells):
            self.spill.add(self.file, name, place.row, cells, place.path, self.group)
        for child, one, here, owned in below:
            found = self._object(child, one, here, owned)
            if entity is not None and entity.table == "service" and FILES[child].entity == "location":
                link = {"service_id": own, "location_id": found}
                self.spill.add(self.file, "service_at_locations", here.row, link, here.path, self.group)
        return own

    def _new(self, name: str, cells: Mapping[str, str]) -> bool:
        """Whether this very row is the first of its kind; 16 bytes are kept of each."""
        mark = blake2b(json.dumps([name, cells], sort_keys=True).encode(), digest_size=16).digest()
        if mark in self.seen:
            return False
        self.seen.add(mark)
        return True


def _objects(value: Any) -> bool:
    """Whether a value holds objects: one, or a list of nothing else."""
    if isinstance(value, list):
        return all(isinstance(one, dict) for one in value)
    return isinstance(value, dict)


def _pointer(entity: Entity | None, key: str, child: str) -> str:
    """The column by which a row points to the one object under `key`, or '' where that one points back."""
    if entity is None:
        return ""
    to = _entity(child)
    columns = [r.column for r in entity.relations if to is not None and r.table == to.table]
    return f"{key}_id" if f"{key}_id" in columns else columns[0] if columns else ""


def _owner(entity: Entity | None, own: str, child: str) -> dict[str, str]:
    """What a row says of the one it stands in."""
    below = _entity(child)
    if entity is None:
        return {}
    if below is None:
        return {f"{entity.table}_id": own}
    if below.table == "source_metadata":
        return {"resource_id": own, "resource_type": entity.table}
    if below.table == "attribute":
        return {"link_id": own, "link_entity": entity.table}
    found: Iterator[str] = (r.column for r in below.relations if r.table == entity.table)
    column = next(found, "")
    return {column: own} if column else {}


def _cell(value: Any) -> str:
    """A value as a cell of a CSV file has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return ",".join(_cell(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
