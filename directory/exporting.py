"""Giving the directory away: an HSDS 3 tabular package as a folder or a zip, or one workbook, the same tables."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO

import orjson
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .hsds import ENTITIES
from .sheets import Workbook

PackageFormat = Literal["folder", "zip", "xlsx"]
_PLURAL = {
    "address": "addresses",
    "language": "languages",
    "accessibility": "accessibility",
    "service_capacity": "service_capacities",
    "service_at_location": "service_at_locations",
}
_PAGE = 2000
_AREA_COLUMNS = ("code", "parent", "kind", "names", "latitude", "longitude")


def _columns(table: str) -> list[str]:
    entity = ENTITIES[table]
    return ["id", *(r.column for r in entity.relations), *(c.name for c in entity.columns)]


def files() -> dict[str, tuple[str, list[str]]]:
    """Table -> (file name, columns) of the export, in the order of their relations."""
    found = {"area": ("areas.csv", list(_AREA_COLUMNS))}
    return found | {t: (f"{_PLURAL.get(t, t + 's')}.csv", _columns(t)) for t in ENTITIES}


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


async def _rows(session: AsyncSession, table: str, columns: Sequence[str]) -> AsyncIterator[Sequence[Any]]:
    key = "code" if table == "area" else "id"
    kind = "text" if table == "area" else "uuid"
    first = "" if table == "area" else "00000000-0000-0000-0000-000000000000"
    statement = text(
        f"SELECT {', '.join(columns)} FROM {table} WHERE {key} > CAST(CAST(:after AS text) AS {kind}) "  # noqa: S608 - built of constants, values are bound
        f"ORDER BY {key} LIMIT {_PAGE}"
    )
    after, place = first, list(columns).index(key)
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
        async for row in _rows(session, table, columns):
            sink.row([cell(v) for v in row])
            counts[table] += 1
    sink.done(orjson.dumps(descriptor(), option=orjson.OPT_INDENT_2))
    return counts


def descriptor() -> dict[str, Any]:
    """datapackage.json of an export. `areas.csv` and some columns are ours: HSDS lets a publisher add."""
    return {
        "name": "hub-directory",
        "profile": "tabular-data-package",
        "title": "Interagency hub: resource directory (HSDS 3)",
        "resources": [
            {
                "name": table,
                "path": name,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {"fields": [{"name": c} for c in columns]},
            }
            for table, (name, columns) in files().items()
        ],
    }
