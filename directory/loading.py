"""Writing a package into the tables: files in the order of their relations, each read as a stream.

One statement a batch: `unnest` of column arrays, joined to the rows they point to, inserted or updated by source id.
It answers for each row what became of it, so that nothing is dropped unsaid. Memory stays flat: nothing is kept
of the rows but the report.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from .entity_reader import EntityReader
from .forgetting import forget, gone
from .hiding import shed
from .hsds import ENTITIES, ORDER, Kind, kinds
from .packages import PackageRefused, Resource, Tables
from .readers import AreaReader, Fallen, KeptReader, Line, Reader, Row, Run
from .reports import ImportReport, Problem, Progress, Step, TableCount, UnknownTerm
from .sql import joined, name, sql
from .sql import statement as made
from .statements import UNKNOWN_TERMS

BATCH = 4000
_KNOWN = made(
    "SELECT {counts}",
    counts=joined(
        " + ",
        [sql("(SELECT count(*) FROM {table} WHERE source = :source)", table=name(table)) for table in ENTITIES],
    ),
)
_LAST = text("SELECT COALESCE(max(number), 0) FROM metadata")
_CHANGED = text(
    "SELECT count(DISTINCT (resource_type, resource_id)) FROM metadata WHERE number > :past "
    "AND updated_by = 'import:' || CAST(:source AS text)"
)
_NOT_SEEN = text(
    "SELECT source_id FROM service WHERE source = :source AND seen IS DISTINCT FROM :seen "
    "AND status IN ('active', 'temporarily closed') ORDER BY source_id"
)
_UNITS = text("SELECT source_id, name FROM unit WHERE source = :source")


async def load(session: AsyncSession, package: Tables, report: ImportReport, progress: Progress | None) -> Run:
    """Write all tables of the package; raises PackageRefused when the package as a whole cannot be used."""
    run = Run(session, report.source, package, report)
    found = kinds({r.path: r.name for r in package.resources})
    known: list[tuple[Resource, Kind]] = []
    for resource in package.resources:
        kind = found[resource.path]
        if kind is None:
            report.not_read.append(resource.path)
            report.tell(Problem(resource.path, 0, "", "unknown_file"))
        else:
            known.append((resource, kind))
    report.not_read.extend(package.other_files)
    for note in package.notes:
        report.tell(note)
    if not any(kind.entity == "service" for _, kind in known):
        raise PackageRefused("no_services" if known else "no_tables", detail=", ".join(r.name for r, _ in known)[:120])
    known.sort(key=lambda pair: (ORDER.index(pair[1].entity), pair[0].path))
    await _know_areas(run)
    units = await session.execute(_UNITS, {"source": run.source})
    run.units = {unit.source_id: unit.name for unit in units}
    for resource, kind in known:
        try:
            await _file(run, resource, kind, progress)
        except DBAPIError as error:
            raise refused_value(error, resource.path) from error
        if kind.entity == "area":
            await _know_areas(run)
    return run


def refused_value(error: DBAPIError, path: str = "") -> PackageRefused:
    """What to tell where a value is none the database takes (SQLSTATE 22) or more than it can (54).

    A net under the rules for each cell. Raises the error itself where it says anything else.
    """
    if str(getattr(error.orig, "sqlstate", ""))[:2] not in {"22", "54"}:
        raise error
    return PackageRefused("database_refuses", path)


async def before(session: AsyncSession, source: str) -> tuple[int, int]:
    """How many rows of a source are here, and where the history stands."""
    known = (await session.execute(_KNOWN, {"source": source})).scalar_one()
    return known, await latest(session)


async def latest(session: AsyncSession) -> int:
    """Where the history stands."""
    return int((await session.execute(_LAST)).scalar_one())


async def changed_since(session: AsyncSession, source: str, past: int) -> int:
    """How many rows imports of a source have changed or removed since then, by the history."""
    return int((await session.execute(_CHANGED, {"source": source, "past": past})).scalar_one())


async def finish(session: AsyncSession, report: ImportReport, run: UUID) -> None:
    """Forget the details of an earlier import that are in this one no more, and list the words nobody has mapped."""
    given = {"source": report.source, "seen": run}
    unsure = {count.entity for count in report.tables if count.unsure}
    for count in report.tables:
        if (entity := ENTITIES.get(count.entity)) and entity.relations:
            if count.entity not in unsure:
                count.removed += (await session.execute(forget(count.entity), given)).scalar_one()
            elif count.unsure and (left := (await session.execute(gone(count.entity), given)).scalar_one()):
                report.tell(Problem(count.file, 0, "", "nothing_removed", str(left)))
    lost = await shed(session, run)
    for count in report.tables:
        if fallen := lost.dropped.get(count.kept_as, 0):
            count.kept, count.rejected = count.kept - fallen, count.rejected + fallen
            report.tell(Problem(count.file, 0, "", "beside_secret", str(fallen)))
    if rest := lost.emptied - sum(lost.dropped.values()):
        report.tell(Problem("", 0, "", "beside_secret", str(rest)))
    services = next(count.file for count in report.tables if count.entity == "service")
    for (key,) in (await session.execute(_NOT_SEEN, given)).all():
        report.gone += 1
        report.tell(Problem(services, 0, "id", "gone_from_source", key[:120]))
    rows = await session.execute(UNKNOWN_TERMS, given)
    report.unknown_terms = [UnknownTerm(*row) for row in rows.all()]


async def _know_areas(run: Run) -> None:
    rows = (await run.session.execute(text("SELECT code, names FROM area"))).all()
    names: dict[str, set[str]] = {}
    for code, by_language in rows:
        for said in by_language.values():
            names.setdefault(said.casefold(), set()).add(code)
    run.areas = {said: codes.pop() for said, codes in names.items() if len(codes) == 1}
    run.areas |= {code.casefold(): code for code, _ in rows}


async def _file(run: Run, resource: Resource, kind: Kind, progress: Progress | None) -> None:
    package, path = run.package, resource.path
    encoding = package.encoding(resource)
    if encoding == "cp950":
        run.report.tell(Problem(path, 0, "", "big5"))
    lines = package.rows(resource, encoding)
    first = next(lines, None)
    if first is None:
        raise PackageRefused("empty_file", path)
    header = [h.strip().lower() for h in first[1]]
    if len(header) > package.limits.columns:
        raise PackageRefused("too_many_columns", path, 1, str(len(header)))
    if twice := next((h for h in header if h and header.count(h) > 1), None):
        raise PackageRefused("column_twice", path, 1, twice)
    count = TableCount(path, kind.entity)
    run.report.tables.append(count)
    read: Reader
    if kind.entity == "area":
        read = AreaReader(run, path, header)
    elif kind.entity == "kept_row":
        read = KeptReader(run, path, header, resource.name)
        count.kept_as = resource.name
    else:
        read = EntityReader(run, path, header, kind)
    async with aclosing(_judged(lines, read)) as batches:
        async for taken in batches:
            count.read += taken.read
            for problem in taken.problems:
                run.report.tell(problem)
            count.rejected += taken.read - len(taken.rows)
            await read.spare(taken.fallen, count)
            if taken.rows:
                await read.write(taken.rows, taken.packed, count)
            if progress is not None:
                progress(Step(path, count.read, package.share(path)))
    await read.finish(count)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A batch that has been read and judged."""

    read: int
    rows: list[Row]
    packed: dict[str, Any] | None
    problems: list[Problem]
    fallen: Fallen


async def _judged(lines: Iterator[Line], read: Reader) -> AsyncGenerator[_Taken, None]:
    """Batches read and judged in a thread, one ahead of the database: the two take about as long."""

    def take() -> _Taken:
        batch = list(islice(lines, BATCH))
        rows = read.judge(batch) if batch else []
        unmade, fallen = read.run.package.take_fallen(), read.take_fallen()
        fallen.nameless = fallen.nameless or bool(unmade)
        packed = read.packed(rows) if rows else None
        return _Taken(len(batch) + len(unmade), rows, packed, [*unmade, *read.take_problems()], fallen)

    ahead = asyncio.ensure_future(asyncio.to_thread(take))
    try:
        while (taken := await asyncio.shield(ahead)).read:
            ahead = asyncio.ensure_future(asyncio.to_thread(take))
            yield taken
    finally:
        await asyncio.wait([ahead])  # a thread cannot be stopped, and the package must stay open under it
        if not ahead.cancelled():
            ahead.exception()
