"""How the rows of each file are judged one by one and written a batch at a time."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from .hsds import AREA
from .packages import Line as Line
from .packages import PackageRefused, Tables
from .packing import pack
from .reports import ImportReport, Problem, TableCount
from .statements import KEEP_ROWS, WRITE_AREAS
from .values import read_value

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""What PostgreSQL or a terminal would stumble over; line breaks and tabs are ordinary in descriptions."""

LONGEST_KEY = 400
"""Characters of what an index holds: with the longest name of a source (`actions.LONGEST_SOURCE`) it takes no more."""


@dataclass(slots=True)
class Run:
    """One import under way."""

    session: AsyncSession
    source: str
    package: Tables
    report: ImportReport
    id: UUID = field(default_factory=uuid4)
    areas: dict[str, str] = field(default_factory=dict)
    """Area code or name -> code; a name two areas bear leads nowhere."""
    units: dict[str, str] = field(default_factory=dict)
    """Unit by its id at the source -> its name."""
    around: set[UUID] = field(default_factory=set)
    """Services that stood where a place is that this import hides: to be refreshed at its end."""


@dataclass(slots=True)
class Row:
    line: int
    source_id: str
    values: list[Any]
    relations: list[str | None]
    extra: dict[str, str]
    id: UUID | None = None
    """The row's own id where it is a UUID, as in HSDS 3: it becomes ours too, unless another row has it."""


@dataclass(slots=True)
class Fallen:
    """Rows that were not taken: what stands here under their ids is not gone from the source, only wrong there."""

    ids: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    """Ids of rows whose cells may have moved: believed where there is such a row."""
    nameless: bool = False
    """Whether the id of one of them could not be read."""


class Reader(ABC):
    """What all readers share. `judge` may run in a thread of its own while `write` waits for the database."""

    def __init__(self, run: Run, path: str, header: list[str]) -> None:
        self.run, self.path, self.header = run, path, header
        self.at = {name: i for i, name in enumerate(header) if name}
        self.short: list[int] = []
        """Places of the cells that an index holds."""
        self.told_now: list[Problem] = []
        self.fallen_now = Fallen()

    def tell(self, line: int, column: str, code: str, detail: str = "") -> None:
        self.told_now.append(self._problem(line, column, code, detail))

    def take_problems(self) -> list[Problem]:
        """What was told since the last time."""
        told, self.told_now = self.told_now, []
        return told

    def take_fallen(self) -> Fallen:
        """The rows that fell since the last time."""
        fallen, self.fallen_now = self.fallen_now, Fallen()
        return fallen

    def fell(self, _lines: Sequence[Line], _rows: Sequence[Row]) -> None:
        """Some of the lines gave no row: note which. Tables that nothing is ever removed from need not."""
        return

    def broke(self, _cells: list[str]) -> None:
        """A line could not be read at all: note which."""
        return

    async def spare(self, _fallen: Fallen, _count: TableCount) -> None:
        """Keep what stands here of rows that fell."""
        return

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

    def judge(self, lines: Sequence[Line]) -> list[Row]:
        """The rows of a batch that are to be written; what is wrong with the others is told."""
        found: dict[str, Row] = {}
        whole = self._whole(lines)
        rows = self.rows(whole)
        if len(rows) < len(whole):
            self.fell(whole, rows)
        for row in rows:
            if row.source_id in found:
                self.tell(row.line, "id", "duplicate")
            else:
                found[row.source_id] = row
        return list(found.values())

    def _whole(self, lines: Sequence[Line]) -> list[Line]:
        width = len(self.header)
        joined = ["\t".join(cells) for _, cells in lines]
        if (
            all(len(cells) == width for _, cells in lines)
            and max(map(len, joined), default=0) <= self.run.package.limits.field_characters
            and not _CONTROL.search("\n".join(joined))
            and not any(len(cells[i]) > LONGEST_KEY for i in self.short for _, cells in lines)
        ):
            return list(lines)
        whole = []
        for line, cells in lines:
            if code := self.broken(cells):
                self.tell(line, "", code)
                self.broke(cells)
            elif (long := next((i for i in self.short if len(cells[i].strip()) > LONGEST_KEY), None)) is not None:
                self.tell(line, self.header[long], "too_long")
                self.broke(cells)
            else:
                whole.append((line, cells))
        return whole

    def rows(self, lines: Sequence[Line]) -> list[Row]:
        """The rows as they are to be written, without those that fall."""
        return [row for line, cells in lines if (row := self.row(line, cells)) is not None]

    @abstractmethod
    def row(self, line: int, cells: list[str]) -> Row | None:
        """The row as it is to be written, or None where it falls."""

    def packed(self, _rows: Sequence[Row]) -> dict[str, Any] | None:
        """A batch as the database takes it, made beside `judge` in its thread; None where only `write` can make it."""
        return None

    @abstractmethod
    async def write(self, rows: list[Row], packed: dict[str, Any] | None, count: TableCount) -> None:
        """Write a batch, and count what became of it."""

    async def finish(self, _count: TableCount) -> None:
        """Write what has waited for the rest of the file."""
        return

    def told(self, line: int, column: str, code: str, detail: str = "") -> None:
        """What the database said of a row, told at once: `judge` may be at work on the next batch."""
        self.run.report.tell(self._problem(line, column, code, detail))

    def _problem(self, line: int, column: str, code: str, detail: str) -> Problem:
        return Problem(*self.run.package.place(self.path, line, column[:80]), code, detail[:120])


class AreaReader(Reader):
    """Rows of `areas.csv`, our own table: code, parent, kind, names, latitude, longitude."""

    def __init__(self, run: Run, path: str, header: list[str]) -> None:
        super().__init__(run, path, header)
        for name in ("code", "kind", "names"):
            self.need(name)
        self.short = [self.at[name] for name in ("code", "parent") if name in self.at]

    def row(self, line: int, cells: list[str]) -> Row | None:
        values: list[Any] = []
        for column in AREA:
            value, problem = read_value(column, cells[self.at[column.name]].strip() if column.name in self.at else "")
            if problem:
                self.tell(line, column.name, "bad_value" if problem == "aside" else problem)
                return None
            values.append(value)
        return Row(line, values[0], values, [], {})

    async def write(self, rows: list[Row], _packed: dict[str, Any] | None, count: TableCount) -> None:
        given = {f"c_{c.name}": pack([r.values[i] for r in rows]) for i, c in enumerate(AREA)}
        for number, fresh, orphan in (await self.run.session.execute(WRITE_AREAS, given)).all():
            if fresh:
                count.created += 1
            else:
                count.updated += 1
            if orphan:
                row = rows[number - 1]
                self.told(row.line, "parent", "relation_cleared", row.values[1])


class KeptReader(Reader):
    """Rows of HSDS tables the directory has no place for yet: kept whole."""

    def __init__(self, run: Run, path: str, header: list[str], entity: str) -> None:
        super().__init__(run, path, header)
        self.entity = entity
        self.short = [self.at["id"]] if "id" in self.at else []

    def row(self, line: int, cells: list[str]) -> Row | None:
        extra = {n: v for n, i in self.at.items() if (v := cells[i].strip())}
        if not extra:
            self.tell(line, "", "says_nothing")
            return None
        said = orjson.dumps(extra, option=orjson.OPT_SORT_KEYS)
        key = extra.get("id") or "~" + hashlib.blake2b(said, digest_size=12).hexdigest()
        return Row(line, key, [said.decode()], [], {})

    async def write(self, rows: list[Row], _packed: dict[str, Any] | None, count: TableCount) -> None:
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
                self.told(row.line, "id", "duplicate", row.source_id)
