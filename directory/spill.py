"""Rows that come in another order than the tables are written: laid down on disk a table each, then read in turn."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import IO, Any, Self

from .hsds import AREA, ENTITIES, FILES, kinds
from .packages import Limits, Line, Resource, Tables
from .reports import Problem
from .unpacking import PackageRefused


class Spot(int):
    """The number of a row that also knows its file and what in it the row was made of."""

    file: str
    where: str

    @classmethod
    def at(cls, row: int, file: str, where: str) -> Self:
        """The row `row` of `file`; `where` is the path inside the object, or the column, it was made of."""
        spot = cls(row)
        spot.file, spot.where = file, where
        return spot


class _Table:
    def __init__(self, name: str, columns: Mapping[str, str]) -> None:
        self.name, self.columns = name, columns
        # Without a name in the file system: nothing of it is left behind, however the import ends.
        self.raw: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by Spill.close
        self.header: dict[str, None] = {}
        self.rows = self.read = 0


class Spill(Tables):
    """Tables filled row by row, then read as any package. `nested`: places are paths inside objects."""

    def __init__(self, limits: Limits, *, nested: bool) -> None:
        super().__init__()
        self.limits, self.nested = limits, nested
        self.resources, self.other_files = [], []
        self._tables: dict[str, _Table] = {}
        self._spent = 0

    def add(self, file: str, name: str, row: int, cells: Mapping[str, str], where: str = "", group: str = "") -> None:
        """A row of the table called `name` (of hsds.FILES), from the row or object `row` of `file`.

        `group` stands for `file` where the tables of several files are one.
        """
        table = self._table(group or file, name)
        table.header.update(dict.fromkeys(cells))
        self._put(table, [row, file, where, dict(cells)])

    def fall(self, name: str, problem: Problem, group: str = "") -> None:
        """A row that could not be made one of the table `name`: counted and told when the table is read."""
        said = [problem.row, problem.file, problem.column, None, problem.code, problem.detail]
        self._put(self._table(group or problem.file, name), said)

    def columns(self, file: str, name: str, columns: Mapping[str, str]) -> None:
        """What the columns of a table are called where its rows come from."""
        self._table(file, name).columns = columns

    def _table(self, group: str, name: str) -> _Table:
        path = f"{group}#{name}"
        if path not in self._tables:
            self._tables[path] = _Table(name, {})
        return self._tables[path]

    def _put(self, table: _Table, said: list[Any]) -> None:
        # The standard library's JSON carries what is no Unicode text, for the reader of rows to refuse.
        self._spent += table.raw.write(json.dumps(said).encode() + b"\n")
        if self._spent > self.limits.total_bytes:
            raise PackageRefused("too_big", table.name)
        table.rows += 1

    def ready(self) -> Self:
        """All rows are there. Columns that a table must have are there though no row has them: rows fall, no file."""
        found = kinds({path: table.name for path, table in self._tables.items()})
        for path, table in self._tables.items():
            kind = found[path]
            if kind is not None and kind.entity in ENTITIES:
                entity = ENTITIES[kind.entity]
                needed = [(c.name, c.also) for c in entity.columns if c.required and c.default in ("", None)]
                needed += [(r.column, r.also) for r in entity.relations if r.required]
                needed.append(("id", ()))
            else:
                needed = [(c.name, ()) for c in AREA] if kind is not None and kind.entity == "area" else []
            for name, also in needed:
                if not any(known in table.header for known in (name, *also)):
                    table.header[name] = None
            self.resources.append(Resource(table.name, path))
        return self

    def rows(self, resource: Resource, _encoding: str) -> Iterator[Line]:
        table = self._tables[resource.path]
        header = list(table.header)
        table.raw.seek(0)
        table.read = 0
        yield 1, header
        for raw in table.raw:
            row, file, where, cells, *told = json.loads(raw)
            table.read += 1
            if cells is None:
                self.fallen.append(Problem(file, row, where, *told))
            else:
                yield Spot.at(row, file, where), [cells.get(name, "") for name in header]

    def share(self, path: str) -> float:
        table = self._tables[path]
        return table.read / table.rows if table.rows else 1.0

    def place(self, path: str, line: int, column: str) -> tuple[str, int, str]:
        if not isinstance(line, Spot):
            return path, line, column
        if self.nested:
            return line.file, int(line), f"{line.where}.{column}" if line.where and column else line.where or column
        return line.file, int(line), line.where or self._tables[path].columns.get(column, column)

    def close(self) -> None:
        for table in self._tables.values():
            table.raw.close()


def known_name(file: str) -> str:
    """The name of a table as hsds.FILES has it, from the name of a file; '' where it is none."""
    stem = PurePosixPath(file).stem.lower()
    return stem if stem in FILES else ""
