"""How rows of the HSDS entities are judged, a column at a time where they are clean, and written a batch at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from .forgetting import spare, there
from .fresh import fresh
from .hiding import empty_places
from .hsds import ENTITIES, Kind
from .judging import JUDGES, accept
from .packages import PackageRefused
from .packing import pack
from .readers import Fallen, Line, Reader, Row, Run
from .reports import TableCount
from .statements import DEFINE_TERMS, ELSEWHERE, statement
from .taxonomy import map_vocabulary
from .values import DAYS, read_value, uuid_of
from .waiting import Waiting

_PLACES = {"address", "location"}
"""Tables whose cells a report never repeats."""
_KEYS = {"unit": ("name",), "service_capacity": ("unit",), "source_metadata": ("resource_id",)}
"""Columns that an index holds, besides ids and what points to them; the name of a unit becomes that of a capacity."""
_ODD = object()
"""Stands for a cell that is not clean."""
_MOST_REMEMBERED = 20_000


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
        keys = {c.name for c in entity.columns if c.name in _KEYS.get(entity.table, ())}
        named = [i for c, i in zip(entity.columns, self.places, strict=True) if c.name in keys]
        self.short = [i for i in (self.at.get("id"), *self.relation_places, *named) if i is not None]
        self.others = [(n, i) for n, i in self.at.items() if i not in used]
        self.told_columns = {"confidential"} if entity.table == "location" else set[str]()
        self.remembered: list[dict[str, Any]] = [{} for _ in entity.columns]
        self.says = [i for i, c in enumerate(entity.columns) if c.name in entity.says]
        self.waiting = next((Waiting(i) for i, r in enumerate(entity.relations) if r.table == entity.table), None)
        self.statement = statement(entity.table)

    def _place(self, *names: str) -> int | None:
        return next((self.at[n] for n in names if n in self.at), None)

    def rows(self, lines: Sequence[Line]) -> list[Row]:
        """Rows that are clean are made of whole columns, which is several times faster; `row` judges the others."""
        if not lines:
            return []
        entity, odd = self.entity, set[int]()
        table = list(zip(*(cells for _, cells in lines), strict=True))
        blank = ("",) * len(lines)
        raw = [blank if i is None else tuple(map(str.strip, table[i])) for i in self.places]
        if self.says:
            odd.update(k for k, said in enumerate(zip(*(raw[i] for i in self.says), strict=True)) if not any(said))
        columns = [self._column(at, cells, odd) for at, cells in enumerate(raw)]
        relations: list[Sequence[str | None]] = [
            (None,) * len(lines) if i is None else [cell.strip() or None for cell in table[i]]
            for i in self.relation_places
        ]
        for relation, given in zip(entity.relations, relations, strict=True):
            if relation.required and None in given:
                odd.update(k for k, cell in enumerate(given) if cell is None)
        if entity.one_owner:
            odd.update(k for k, given in enumerate(zip(*relations, strict=True)) if not any(given))
        own = tuple(map(str.strip, table[self.at["id"]])) if "id" in self.at else blank
        if not entity.key:
            odd.update(k for k, said in enumerate(own) if not said)
        others = [(name, table[i]) for name, i in self.others if any(map(str.strip, table[i]))]
        values = list(map(list, zip(*columns, strict=True)))
        pointed = list(map(list, zip(*relations, strict=True))) if relations else [[] for _ in lines]
        judge, prefix = JUDGES.get(entity.table), self.kind.prefix
        found: list[Row] = []
        for k, (line, cells) in enumerate(lines):
            if k in odd:
                row = self.row(line, cells)
            else:
                said = own[k]
                source_id = prefix + said if said and not entity.natural else self.natural(values[k], pointed[k])
                extra = self._extra(line, cells) if others else {}
                row = Row(line, source_id, values[k], pointed[k], extra, uuid_of(said) if len(said) == 36 else None)
                if judge is not None and not judge(self, row):
                    continue
            if row is not None:
                found.append(row)
        return found

    def _column(self, at: int, cells: tuple[str, ...], odd: set[int]) -> Sequence[Any]:
        """The values of one column of clean rows; the rows that are not join `odd`."""
        column = self.entity.columns[at]
        remembered = self.remembered[at]
        if len(remembered) > _MOST_REMEMBERED:
            remembered.clear()
        for cell in set(cells).difference(remembered):
            value, problem = read_value(column, cell or self.kind.defaults.get(column.name, ""))
            remembered[cell] = _ODD if problem else value
        values = [remembered[cell] for cell in cells]
        if _ODD in values:
            odd.update(k for k, value in enumerate(values) if value is _ODD)
        return values

    def _extra(self, line: int, cells: list[str]) -> dict[str, str]:
        extra = {n: v for n, i in self.others if (v := cells[i].strip())}
        for name in extra.keys() - self.told_columns:
            self.told_columns.add(name)
            self.tell(line, name, "unknown_column")
        return extra

    def row(self, line: int, cells: list[str]) -> Row | None:
        entity = self.entity
        raw = [cells[i].strip() if i is not None else "" for i in self.places]
        extra = self._extra(line, cells)
        if self.says and not any(raw[i] for i in self.says):
            self.tell(line, entity.says[0], "says_nothing")
            return None
        values: list[Any] = []
        for column, cell in zip(entity.columns, raw, strict=True):
            given = cell or self.kind.defaults.get(column.name, "")
            value, problem = read_value(column, given)
            if problem == "aside":
                extra[column.name] = cell
                code = "date_kept_aside" if column.sql in DAYS and not column.choices else "value_kept_aside"
                self.tell(line, column.name, code, "" if entity.table in _PLACES else cell)
            elif problem:
                self.tell(line, column.name, problem, "" if entity.table in _PLACES else cell)
                return None
            values.append(value)
        relations = [(cells[i].strip() or None) if i is not None else None for i in self.relation_places]
        own = cells[self.at["id"]].strip() if "id" in self.at else ""
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
            source_id = self.natural(values, relations)
        else:
            self.tell(line, "id", "missing_value")
            return None
        row = Row(line, source_id, values, relations, extra, uuid_of(own))
        return row if JUDGES.get(entity.table, accept)(self, row) else None

    def fell(self, lines: Sequence[Line], rows: Sequence[Row]) -> None:
        made, fallen = {row.source_id for row in rows}, self.fallen_now
        for _, cells in lines:
            own = self._own(cells)
            fallen.nameless = fallen.nameless or not own
            if own and own not in made:
                fallen.ids.add(own)

    def broke(self, cells: list[str]) -> None:
        if own := self._own(cells):
            self.fallen_now.doubtful.add(own)
        else:
            self.fallen_now.nameless = True

    def _own(self, cells: list[str]) -> str:
        """The identity of a row by its own id; '' where it has none, or where what it says is its identity."""
        at = self.at.get("id", len(cells))
        own = cells[at].strip() if at < len(cells) and not self.entity.natural else ""
        return self.kind.prefix + own if own else ""

    async def spare(self, fallen: Fallen, count: TableCount) -> None:
        ids = fallen.ids | fallen.doubtful
        known = set[str]()
        if ids := {key for key in ids if "\x00" not in key and key.isprintable()}:
            given = {"source": self.run.source, "seen": self.run.id, "ids": sorted(ids)}
            known.update((await self.run.session.execute(spare(self.entity.table), given)).scalars().all())
        count.unsure = count.unsure or fallen.nameless or not fallen.doubtful <= known

    def natural(self, values: list[Any], relations: list[str | None]) -> str:
        """The identity of a row without an id of its own, of what it says."""
        by_name = dict(zip((c.name for c in self.entity.columns), values, strict=True))
        by_name |= dict(zip((r.column for r in self.entity.relations), relations, strict=True))
        said = "\x1f".join(str(by_name[k] or "") for k in self.entity.key)
        return "~" + hashlib.blake2b(said.encode(), digest_size=12).hexdigest()

    def packed(self, rows: Sequence[Row]) -> dict[str, Any] | None:
        return self._packed(rows) if self.waiting is None else None

    def _packed(self, rows: Sequence[Row]) -> dict[str, Any]:
        entity = self.entity
        given: dict[str, Any] = {
            "source": self.run.source,
            "seen": self.run.id,
            "c_source_id": pack([r.source_id for r in rows]),
            "c_id": pack([r.id for r in rows]),
            "c_fresh": pack(fresh(len(rows))),
            "c_extra": pack([orjson.dumps(r.extra).decode() if r.extra else "{}" for r in rows]),
        }
        for i, column in enumerate(entity.columns):
            given[f"c_{column.name}"] = pack([r.values[i] for r in rows])
        for i, relation in enumerate(entity.relations):
            given[f"c_{relation.column}"] = pack([r.relations[i] for r in rows])
        return given

    async def write(self, rows: list[Row], packed: dict[str, Any] | None, count: TableCount) -> None:
        if self.waiting is None:
            await self._put(rows, count, packed)
        else:
            await self._put(self.waiting.hold(rows), count)
            await self._put_waiting(count)

    async def finish(self, count: TableCount) -> None:
        if self.waiting is not None:
            for rows in self.waiting.rest():
                await self._put(rows, count)

    async def _put_waiting(self, count: TableCount) -> None:
        """Rows whose parent is there by now, and then those whose parent was among them."""
        assert self.waiting is not None
        given = {"source": self.run.source}
        while self.waiting.rows:
            known = await self.run.session.execute(
                there(self.entity.table), {**given, "ids": sorted(self.waiting.parents())}
            )
            ready = self.waiting.release(set(known.scalars().all()))
            if not ready:
                return
            await self._put(ready, count)

    async def _put(self, rows: list[Row], count: TableCount, packed: dict[str, Any] | None = None) -> None:
        if not rows:
            return
        run, entity = self.run, self.entity
        if entity.table == "location":
            # A place declared confidential must not keep the address an earlier import gave it (DVPA 56).
            hidden = [r.source_id for r in rows if r.values[0] == "confidential"]
            if hidden:
                run.around.update(await empty_places(run.session, run.source, hidden))
        if entity.table == "service" and (own := [r for r in rows if r.id is not None]):
            given_ids = {"source": run.source, "ids": [r.id for r in own], "keys": [r.source_id for r in own]}
            if found := (await run.session.execute(ELSEWHERE, given_ids)).first():
                place = run.package.place(self.path, own[found.nth - 1].line, "id")
                raise PackageRefused("ids_elsewhere", place[0], place[1], found.source)
        if entity.table == "attribute":
            await self._define_terms(rows)
        stays = Fallen()
        written = await run.session.execute(self.statement, packed or self._packed(rows))
        for number, outcome, missing, kept, several in written.all():
            row = rows[number - 1]
            if outcome == "created":
                count.created += several
            elif outcome == "updated":
                count.updated += several
            else:
                count.rejected += several
                where = next((r.column for r in entity.relations if r.column in missing), "id")
                self.told(row.line, where, outcome, self._pointed(row, where))
                if outcome == "older":
                    stays.doubtful.add(row.source_id)
                elif outcome in {"unknown_relation", "stays_confidential", "confidential_detail"}:
                    stays.ids.add(row.source_id)
                continue
            for name in missing:
                self.told(row.line, name, "relation_cleared", self._pointed(row, name))
            for name in kept or ():
                self.told(row.line, name, "kept_by_hand")
        await self.spare(stays, count)

    def _pointed(self, row: Row, column: str) -> str:
        if self.entity.table in _PLACES:
            return ""
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
            self.told(0, "taxonomy_term_id", "term_undefined", code)
