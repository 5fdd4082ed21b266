"""Giving the directory away: an HSDS 3.1 tabular package as a folder or a zip, or one workbook, the same tables."""

from __future__ import annotations

import asyncio
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

from .columns import SPEAK_OF_NO_PLACE, one_of
from .hsds import ENTITIES, plural
from .sheets import Workbook
from .sql import Fragment, joined, literal, name, sql, statement

PackageFormat = Literal["folder", "zip", "xlsx", "json"]
_PAGE = 2000
_RESOURCES = {"source_metadata": "metadata"}
_AREA_COLUMNS = ("code", "parent", "kind", "names", "latitude", "longitude")


# Of a confidential place no free text leaves: its name is one, and the name of a language spoken there, as `/hsds`
# has it (`standard/parts.py`).
_HIDDEN: dict[str, dict[str, Fragment]] = {
    "location": {
        "name": sql("CASE WHEN t.location_type = 'confidential' THEN '' ELSE t.name END"),
        "name_i18n": sql("CASE WHEN t.location_type = 'confidential' THEN '{{}}' ELSE t.name_i18n END"),
    },
    "language": {
        "name": sql(
            "CASE WHEN (SELECT l.location_type FROM location l WHERE l.id = t.location_id) = 'confidential' "
            "THEN COALESCE(t.code, 'und') ELSE t.name END"
        )
    },
}


def columns_of(table: str) -> dict[str, Fragment]:
    """Column of the file -> SQL over the row `t`."""
    if table == "area":
        return {column: sql("t.{column}", column=name(column)) for column in _AREA_COLUMNS}
    entity = ENTITIES[table]
    found = {"id": sql("t.id")}
    found |= {r.column: sql('t."{column}"', column=name(r.column)) for r in entity.relations}
    found |= {c.out or c.name: sql('t."{column}"', column=name(c.name)) for c in entity.columns}
    if table == "attribute":  # HSDS 3 names a service as any other entity
        del found["service_id"]
    return found | dict(entity.exports) | _HIDDEN.get(table, {})


def chosen(table: str) -> Fragment:
    """The columns of the file, as a SELECT over the row `t` names them."""
    columns = columns_of(table).items()
    return joined(", ", [sql('{what} AS "{column}"', what=what, column=name(column)) for column, what in columns])


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
# there is one. What a place was is not told outside (DVPA 56), nor what a text was that somebody has corrected: an
# address may have stood in it. Values go out of names alone, and of what is a code, a number or a date.
_OUR_IDS = joined(
    " ",
    [
        sql(
            "WHEN {kind} THEN (SELECT CAST(o.id AS text) FROM {table} o "
            "WHERE o.source = m.source AND o.source_id = m.resource_id)",
            kind=literal(t),
            table=name(t),
        )
        for t in ENTITIES
        if t != "source_metadata"
    ],
)
_CODED = joined(
    " OR ",
    [
        sql("(m.resource_type = {table} AND {told})", table=literal(table), told=one_of("field_name", fields))
        for table in SPEAK_OF_NO_PLACE
        if (
            fields := [
                c.name
                for c in ENTITIES[table].columns
                if c.choices or c.name == "name" or c.sql not in {"text", "jsonb"}
            ]
        )
    ],
)
_TOLD = sql(
    "CASE WHEN {coded} THEN m.previous_value ELSE '' END AS previous_value, "
    "CASE WHEN {coded} THEN m.replacement_value ELSE '' END AS replacement_value",
    coded=_CODED,
)
_METADATA = sql(
    "(SELECT m.id, COALESCE(CASE m.resource_type {our_ids} END, m.resource_id) AS resource_id, m.resource_type, "
    "m.last_action_date, m.last_action_type, m.field_name, {told}, m.updated_by FROM source_metadata m "
    "WHERE m.id > CAST(:after AS uuid) "
    "AND NOT EXISTS (SELECT FROM metadata o WHERE o.id = m.id) UNION ALL "
    "SELECT m.id, CAST(m.resource_id AS text), m.resource_type, m.last_action_date, m.last_action_type, m.field_name, "
    "{told}, m.updated_by FROM metadata m WHERE m.id > CAST(:after AS uuid))",
    our_ids=_OUR_IDS,
    told=_TOLD,
)


def _page(table: str) -> TextClause:
    key, kind = (sql("code"), sql("text")) if table == "area" else (sql("id"), sql("uuid"))
    return statement(
        "SELECT {chosen} FROM {rows} t WHERE t.{key} > CAST(CAST(:after AS text) AS {kind}) "
        "ORDER BY t.{key} LIMIT {most}",
        chosen=chosen(table),
        rows=_METADATA if table == "source_metadata" else name(table),
        key=key,
        kind=kind,
        most=_PAGE,
    )


async def rows_of(session: AsyncSession, table: str, columns: Sequence[str]) -> AsyncIterator[Sequence[Any]]:
    """The rows of a table in the order of their ids, a page at a time."""
    async for rows in pages_of(session, table, columns):
        for row in rows:
            yield row


async def pages_of(session: AsyncSession, table: str, columns: Sequence[str]) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """The same, page by page."""
    after = "" if table == "area" else "00000000-0000-0000-0000-000000000000"
    place = columns.index("code" if table == "area" else "id")
    page = _page(table)
    while rows := (await session.execute(page, {"after": after})).all():
        yield rows
        after = str(rows[-1][place])


_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def at_one_moment(session: AsyncSession) -> None:
    """Let all that this transaction reads be of one moment. The database refuses where it has read something before."""
    await session.execute(_ONE_MOMENT)


async def export_tables(session: AsyncSession, path: Path, form: PackageFormat) -> dict[str, int]:
    """Write every table to `path`; answers rows a table. The same content gives the same bytes (not as a workbook)."""
    await at_one_moment(session)
    sink, counts = _sink(path, form), {}
    for table, (file, columns) in files().items():
        sink.table(file, columns)
        counts[table] = 0
        async for rows in pages_of(session, table, columns):
            await asyncio.to_thread(_put, sink, rows)  # the worker has other things to do meanwhile
            counts[table] += len(rows)
    await asyncio.to_thread(sink.done, orjson.dumps(descriptor(), option=orjson.OPT_INDENT_2))
    return counts


def _put(sink: _Sink, rows: Sequence[Sequence[Any]]) -> None:
    for row in rows:
        sink.row([cell(v) for v in row])


def descriptor() -> dict[str, Any]:
    """datapackage.json of an export. `areas.csv` and some columns are ours: HSDS lets a publisher add."""
    return {
        "name": "hub-directory",
        "profile": "tabular-data-package",
        "title": "Interagency hub: resource directory (HSDS 3.1)",
        "resources": [
            {
                "name": _RESOURCES.get(table, table),
                "path": file,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {"fields": [{"name": c} for c in columns]},
            }
            for table, (file, columns) in files().items()
        ],
    }
