"""How the rows of each file are judged one by one and written a batch at a time."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from .hsds import AREA, ENTITIES, Column, Kind
from .judging import JUDGES, accept
from .packages import Package, PackageRefused
from .reports import ImportReport, Problem, TableCount
from .statements import DEFINE_TERMS, FORGET_ADDRESSES, KEEP_ROWS, WRITE_AREAS, statement
from .taxonomy import map_vocabulary

Progress = Callable[[str, int], None]
"""Called with the file and the rows read of it so far."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""What PostgreSQL or a terminal would stumble over; line breaks and tabs are ordinary in descriptions."""


@dataclass(slots=True)
class Run:
    """One import under way."""

    session: AsyncSession
    source: str
    package: Package
    report: ImportReport
    progress: Progress | None
    id: UUID = field(default_factory=uuid4)
    areas: dict[str, str] = field(default_factory=dict)
    """Area code or name -> code; a name two areas bear leads nowhere."""


@dataclass(slots=True)
class Row:
    line: int
    source_id: str
    values: list[Any]
    relations: list[str | None]
    extra: dict[str, str]
    id: UUID | None = None
    """The row's own id where it is a UUID, as in HSDS 3: it becomes ours too, unless another row has it."""


class Reader(ABC):
    """What all readers share."""

    def __init__(self, run: Run, path: str, header: list[str]) -> None:
        self.run, self.path, self.header = run, path, header
        self.at = {name: i for i, name in enumerate(header) if name}

    def tell(self, line: int, column: str, code: str, detail: str = "") -> None:
        self.run.report.tell(Problem(self.path, line, column, code, detail[:120]))

    def broken(self, cells: list[str]) -> str:
        """Why the row cannot be read at all, or ''."""
        if len(cells) != len(self.header):
            return "cells"
        if max(map(len, cells)) > self.run.package.limits.field_characters:
            return "too_long"
        return "control_character" if _CONTROL.search("\t".join(cells)) else ""

    def need(self, *names: str) -> None:
        """Refuse a file without the column."""
        if not any(name in self.at for name in names):
            raise PackageRefused("missing_column", self.path, 1, names[0])

    @abstractmethod
    def row(self, line: int, cells: list[str]) -> Row | None:
        """The row as it is to be written, or None where it falls."""

    @abstractmethod
    async def write(self, rows: list[Row], count: TableCount) -> None:
        """Write a batch, and count what became of it."""


class EntityReader(Reader):
    """Rows of one of ENTITIES."""

    def __init__(self, run: Run, path: str, header: list[str], kind: Kind) -> None:
        super().__init__(run, path, header)
        self.kind, self.entity = kind, ENTITIES[kind.entity]
        entity = self.entity
        self.places = [self._place(c.name, *c.also) for c in entity.columns]
        self.relation_places = [self._place(r.column, *r.also) for r in entity.relations]
        for column, place in zip(entity.columns, self.places, strict=True):
            if column.required and place is None and column.default in ("", None):
                self.need(column.name, *column.also)
        for relation, place in zip(entity.relations, self.relation_places, strict=True):
            if relation.required and place is None and not (entity.table == "attribute" and "link_id" in self.at):
                self.need(relation.column, *relation.also)
        if not entity.key:
            self.need("id")
        used = {*self.places, *self.relation_places, self.at.get("id")}
        self.others = [(n, i) for n, i in self.at.items() if i not in used]
        self.told: set[str] = set()
        self.says = [i for i, c in enumerate(entity.columns) if c.name in entity.says]
        self.statement = statement(entity.table)

    def _place(self, *names: str) -> int | None:
        return next((self.at[n] for n in names if n in self.at), None)

    def row(self, line: int, cells: list[str]) -> Row | None:
        entity = self.entity
        raw = [cells[i].strip() if i is not None else "" for i in self.places]
        extra = {n: v for n, i in self.others if (v := cells[i].strip())}
        for name in extra.keys() - self.told:
            self.told.add(name)
            self.tell(line, name, "unknown_column")
        if self.says and not any(raw[i] for i in self.says):
            self.tell(line, entity.says[0], "says_nothing")
            return None
        values: list[Any] = []
        for column, cell in zip(entity.columns, raw, strict=True):
            given = cell or self.kind.defaults.get(column.name, "")
            value, problem = read_value(column, given)
            if problem == "aside":
                extra[column.name] = cell
                self.tell(line, column.name, "value_kept_aside", "" if entity.table in _PLACES else cell)
            elif problem:
                self.tell(line, column.name, problem, "" if entity.table in _PLACES else cell)
                return None
            values.append(value)
        relations = [(cells[i].strip() or None) if i is not None else None for i in self.relation_places]
        own = cells[self.at["id"]].strip() if "id" in self.at else ""
        if entity.table == "attribute" and relations[0] is None and extra.get("link_entity") == "service":
            relations[0] = extra.get("link_id")
        for relation, given_id in zip(entity.relations, relations, strict=True):
            if relation.required and given_id is None:
                self.tell(line, relation.column, "missing_value")
                return None
        if entity.one_owner and not any(relations):
            self.tell(line, entity.relations[0].column, "missing_value")
            return None
        if own and not entity.natural:
            source_id = self.kind.prefix + own
        elif entity.key:
            source_id = self._natural(values, relations)
        else:
            self.tell(line, "id", "missing_value")
            return None
        row = Row(line, source_id, values, relations, extra, _uuid(own))
        return row if JUDGES.get(entity.table, accept)(self, row) else None

    def _natural(self, values: list[Any], relations: list[str | None]) -> str:
        by_name = dict(zip((c.name for c in self.entity.columns), values, strict=True))
        by_name |= dict(zip((r.column for r in self.entity.relations), relations, strict=True))
        said = "\x1f".join(str(by_name[k] or "") for k in self.entity.key)
        return "~" + hashlib.blake2b(said.encode(), digest_size=12).hexdigest()

    async def write(self, rows: list[Row], count: TableCount) -> None:
        run, entity = self.run, self.entity
        if entity.table == "location":
            # A place declared confidential must not keep the address an earlier import gave it (DVPA 56).
            hidden = [r.source_id for r in rows if r.values[0] == "confidential"]
            if hidden:
                await run.session.execute(FORGET_ADDRESSES, {"source": run.source, "ids": hidden})
        if entity.table == "attribute":
            await self._define_terms(rows)
        given: dict[str, Any] = {
            "source": run.source,
            "seen": run.id,
            "c_source_id": [r.source_id for r in rows],
            "c_id": [r.id for r in rows],
            "c_extra": [orjson.dumps(r.extra).decode() if r.extra else "{}" for r in rows],
        }
        for i, column in enumerate(entity.columns):
            given[f"c_{column.name}"] = [r.values[i] for r in rows]
        for i, relation in enumerate(entity.relations):
            given[f"c_{relation.column}"] = [r.relations[i] for r in rows]
        for number, outcome, missing in (await run.session.execute(self.statement, given)).all():
            row = rows[number - 1]
            if outcome == "created":
                count.created += 1
            elif outcome == "updated":
                count.updated += 1
            else:
                count.rejected += 1
                where = next((r.column for r in entity.relations if r.column in missing), "id")
                self.tell(row.line, where, outcome, self._pointed(row, where))
                continue
            for name in missing:
                self.tell(row.line, name, "relation_cleared", self._pointed(row, name))

    def _pointed(self, row: Row, column: str) -> str:
        places = [r.column for r in self.entity.relations]
        return (row.relations[places.index(column)] or "") if column in places else ""

    async def _define_terms(self, rows: list[Row]) -> None:
        """Terms that are used and defined nowhere are kept by their code."""
        codes = sorted({code for r in rows if (code := r.relations[1])})
        needs = [map_vocabulary(c) for c in codes]
        made = await self.run.session.execute(
            DEFINE_TERMS, {"source": self.run.source, "seen": self.run.id, "codes": codes, "needs": needs}
        )
        for (code,) in made.all():
            self.tell(0, "taxonomy_term_id", "term_undefined", code)


class AreaReader(Reader):
    """Rows of `areas.csv`, our own table: code, parent, kind, names, latitude, longitude."""

    def __init__(self, run: Run, path: str, header: list[str]) -> None:
        super().__init__(run, path, header)
        for name in ("code", "kind", "names"):
            self.need(name)

    def row(self, line: int, cells: list[str]) -> Row | None:
        values: list[Any] = []
        for column in AREA:
            value, problem = read_value(column, cells[self.at[column.name]].strip() if column.name in self.at else "")
            if problem:
                self.tell(line, column.name, "bad_value" if problem == "aside" else problem)
                return None
            values.append(value)
        return Row(line, values[0], values, [], {})

    async def write(self, rows: list[Row], count: TableCount) -> None:
        given = {f"c_{c.name}": [r.values[i] for r in rows] for i, c in enumerate(AREA)}
        for number, fresh, orphan in (await self.run.session.execute(WRITE_AREAS, given)).all():
            if fresh:
                count.created += 1
            else:
                count.updated += 1
            if orphan:
                row = rows[number - 1]
                self.tell(row.line, "parent", "relation_cleared", row.values[1])


class KeptReader(Reader):
    """Rows of HSDS tables the directory has no place for yet: kept whole."""

    def __init__(self, run: Run, path: str, header: list[str], entity: str) -> None:
        super().__init__(run, path, header)
        self.entity = entity

    def row(self, line: int, cells: list[str]) -> Row | None:
        extra = {n: v for n, i in self.at.items() if (v := cells[i].strip())}
        if not extra:
            self.tell(line, "", "says_nothing")
            return None
        said = orjson.dumps(extra, option=orjson.OPT_SORT_KEYS)
        key = extra.get("id") or "~" + hashlib.blake2b(said, digest_size=12).hexdigest()
        return Row(line, key, [said.decode()], [], {})

    async def write(self, rows: list[Row], count: TableCount) -> None:
        given = {
            "source": self.run.source,
            "seen": self.run.id,
            "entity": self.entity,
            "ids": [r.source_id for r in rows],
            "said": [r.values[0] for r in rows],
        }
        written = {key for (key,) in (await self.run.session.execute(KEEP_ROWS, given)).all()}
        for row in rows:
            if row.source_id in written:
                count.kept += 1
            else:
                count.rejected += 1
                self.tell(row.line, "id", "duplicate", row.source_id)


_PLACES = {"address", "location"}
"""Tables whose cells a report never repeats."""


def _uuid(value: str) -> UUID | None:
    """A UUID in its canonical form, or None."""
    try:
        found = UUID(value) if len(value) == 36 else None
    except ValueError:
        return None
    return found if str(found) == value else None


def read_value(column: Column, cell: str) -> tuple[Any, str]:
    """The value of a cell, and what is wrong: '' nothing, 'aside' keep the cell in `extra`, else why the row falls."""
    if not cell:
        return column.default, "missing_value" if column.required and column.default in ("", None) else ""
    if column.choices and cell not in column.choices:
        return (None, "not_in_list") if column.required else (column.default, "aside")
    if column.read is str:
        return cell, ""
    try:
        return column.read(cell), ""
    except (ValueError, KeyError, OverflowError, RecursionError):
        return (None, "bad_value") if column.required else (column.default, "aside")
