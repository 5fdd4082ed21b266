"""Giving the directory away: an HSDS 3.1 tabular package as a folder or a zip, or one workbook, the same tables."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO

import orjson
from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from .columns import SPEAK_OF_NO_PLACE
from .hsds import ENTITIES, plural
from .sheets import Workbook

PackageFormat = Literal["folder", "zip", "xlsx", "json"]
_PAGE = 2000
_RESOURCES = {"source_metadata": "metadata"}
_AREA_COLUMNS = ("code", "parent", "kind", "names", "latitude", "longitude")


def columns_of(table: str) -> dict[str, str]:
    """Column of the file -> SQL over the row `t`."""
    if table == "area":
        return {name: f"t.{name}" for name in _AREA_COLUMNS}
    entity = ENTITIES[table]
    found = {"id": "t.id"}
    found |= {r.column: f't."{r.column}"' for r in entity.relations}
    found |= {c.out or c.name: f't."{c.name}"' for c in entity.columns}
    if table == "attribute":  # HSDS 3 names a service as any other entity
        del found["service_id"]
    return found | dict(entity.exports)


def files() -> dict[str, tuple[str, list[str]]]:
    """Table -> (file name, columns) of the export, in the order of their relations."""
    return {t: (f"{plural(t)}.csv", list(columns_of(t))) for t in ("area", *ENTITIES)}


def cell(value: Any) -> str:
    """A value as HSDS writes it: dates ISO 8601 in UTC, lists with commas, JSON as JSON, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else ""
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, Decimal):
        return format(value, "f")
    return repr(value) if isinstance(value, float) else str(value)


class _Sink(Protocol):
    def table(self, name: str, columns: Sequence[str]) -> None: ...
    def row(self, cells: Sequence[str]) -> None: ...
    def done(self, descriptor: bytes) -> None: ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: TextIO = io.StringIO()
        path.mkdir(parents=True, exist_ok=True)

    def table(self, name: str, columns: Sequence[str]) -> None:
        self._open.close()
        self._open = (self.path / name).open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._open, lineterminator="\n")
        self._writer.writerow(columns)

    def row(self, cells: Sequence[str]) -> None:
        self._writer.writerow(cells)

    def done(self, descriptor: bytes) -> None:
        self._open.close()
        (self.path / "datapackage.json").write_bytes(descriptor)


class _Zip:
    """A zip whose bytes follow from its content alone: no clock in it."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self._text: io.TextIOWrapper | None = None

    @staticmethod
    def _info(name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        return info

    def table(self, name: str, columns: Sequence[str]) -> None:
        if self._text is not None:
            self._text.close()
        raw = self._zip.open(self._info(name), "w", force_zip64=True)
        self._text = io.TextIOWrapper(raw, encoding="utf-8", newline="", write_through=False)
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow(columns)

    def row(self, cells: Sequence[str]) -> None:
        self._writer.writerow(cells)

    def done(self, descriptor: bytes) -> None:
        if self._text is not None:
            self._text.close()
        self._zip.writestr(self._info("datapackage.json"), descriptor)
        self._zip.close()


def _sink(path: Path, form: PackageFormat) -> _Sink:
    if form == "folder":
        return _Folder(path)
    return _Zip(path) if form == "zip" else Workbook(path)


# The hub's own history and what sources told of theirs are one table of HSDS. A source's record leads to our row where
# there is one; what a place was, our own record does not tell outside (DVPA 56).
_OUR_IDS = " ".join(
    f"WHEN '{t}' THEN (SELECT CAST(o.id AS text) FROM {t} o WHERE o.source = m.source AND o.source_id = m.resource_id)"  # noqa: S608 - built of constants
    for t in ENTITIES
    if t != "source_metadata"
)
_SAYABLE = f"resource_type IN ({', '.join(map(repr, SPEAK_OF_NO_PLACE))})"
_METADATA = (
    f"(SELECT m.id, COALESCE(CASE m.resource_type {_OUR_IDS} END, m.resource_id) AS resource_id, m.resource_type, "  # noqa: S608 - built of constants
    "m.last_action_date, m.last_action_type, m.field_name, m.previous_value, m.replacement_value, m.updated_by "
    "FROM source_metadata m WHERE m.id > CAST(:after AS uuid) "
    "AND NOT EXISTS (SELECT FROM metadata o WHERE o.id = m.id) UNION ALL "
    "SELECT id, CAST(resource_id AS text), resource_type, last_action_date, last_action_type, field_name, "
    f"CASE WHEN {_SAYABLE} THEN previous_value ELSE '' END, CASE WHEN {_SAYABLE} THEN replacement_value ELSE '' END, "
    "updated_by FROM metadata WHERE id > CAST(:after AS uuid))"
)


def _page(table: str) -> TextClause:
    key, kind = ("code", "text") if table == "area" else ("id", "uuid")
    chosen = ", ".join(f'{sql} AS "{name}"' for name, sql in columns_of(table).items())
    rows = _METADATA if table == "source_metadata" else table
    return text(
        f"SELECT {chosen} FROM {rows} t WHERE t.{key} > CAST(CAST(:after AS text) AS {kind}) "  # noqa: S608 - built of constants, values are bound
        f"ORDER BY t.{key} LIMIT {_PAGE}"
    )


async def rows_of(session: AsyncSession, table: str, columns: Sequence[str]) -> AsyncIterator[Sequence[Any]]:
    """The rows of a table in the order of their ids, a page at a time."""
    after = "" if table == "area" else "00000000-0000-0000-0000-000000000000"
    place = columns.index("code" if table == "area" else "id")
    statement = _page(table)
    while rows := (await session.execute(statement, {"after": after})).all():
        for row in rows:
            yield row
        after = str(rows[-1][place])


async def export_tables(session: AsyncSession, path: Path, form: PackageFormat) -> dict[str, int]:
    """Write every table to `path`; answers rows a table. The same content gives the same bytes (not as a workbook)."""
    sink, counts = _sink(path, form), {}
    for table, (name, columns) in files().items():
        sink.table(name, columns)
        counts[table] = 0
        async for row in rows_of(session, table, columns):
            sink.row([cell(v) for v in row])
            counts[table] += 1
    sink.done(orjson.dumps(descriptor(), option=orjson.OPT_INDENT_2))
    return counts


def descriptor() -> dict[str, Any]:
    """datapackage.json of an export. `areas.csv` and some columns are ours: HSDS lets a publisher add."""
    return {
        "name": "hub-directory",
        "profile": "tabular-data-package",
        "title": "Interagency hub: resource directory (HSDS 3.1)",
        "resources": [
            {
                "name": _RESOURCES.get(table, table),
                "path": name,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {"fields": [{"name": c} for c in columns]},
            }
            for table, (name, columns) in files().items()
        ],
    }
