"""Writing a package into the tables: files in the order of their relations, each read as a stream.

One statement a batch: `unnest` of column arrays, joined to the rows they point to, inserted or updated by source id.
It answers for each row what became of it, so that nothing is dropped unsaid. Memory stays flat: nothing is kept
of the rows but the report.
"""

from __future__ import annotations

from itertools import islice
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .hsds import ENTITIES, ORDER, Kind, kinds
from .packages import Package, PackageRefused, Resource
from .readers import AreaReader, EntityReader, KeptReader, Progress, Reader, Row, Run
from .reports import ImportReport, Problem, TableCount, UnknownTerm
from .statements import UNKNOWN_TERMS, forget

BATCH = 4000


async def load(session: AsyncSession, package: Package, report: ImportReport, progress: Progress | None) -> UUID:
    """Write all tables of the package; raises PackageRefused when the package as a whole cannot be used."""
    run = Run(session, report.source, package, report, progress)
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
    if not any(kind.entity == "service" for _, kind in known):
        raise PackageRefused("no_tables")
    known.sort(key=lambda pair: (ORDER.index(pair[1].entity), pair[0].path))
    await _know_areas(run)
    for resource, kind in known:
        await _file(run, resource, kind)
        if kind.entity == "area":
            await _know_areas(run)
    return run.id


async def finish(session: AsyncSession, report: ImportReport, run: UUID) -> None:
    """Forget the details of an earlier import that are in this one no more, and list the words nobody has mapped."""
    given = {"source": report.source, "seen": run}
    for count in report.tables:
        if (entity := ENTITIES.get(count.entity)) and entity.relations:
            count.removed += len((await session.execute(forget(count.entity), given)).all())
    rows = await session.execute(UNKNOWN_TERMS, given)
    report.unknown_terms = [UnknownTerm(*row) for row in rows.all()]


async def _know_areas(run: Run) -> None:
    rows = (await run.session.execute(text("SELECT code, names FROM area"))).all()
    names: dict[str, set[str]] = {}
    for code, by_language in rows:
        for name in by_language.values():
            names.setdefault(name.casefold(), set()).add(code)
    run.areas = {name: codes.pop() for name, codes in names.items() if len(codes) == 1}
    run.areas |= {code.casefold(): code for code, _ in rows}


async def _file(run: Run, resource: Resource, kind: Kind) -> None:
    package, path = run.package, resource.path
    encoding = package.encoding(resource)
    if encoding == "cp950":
        run.report.tell(Problem(path, 0, "", "big5"))
    lines = package.rows(resource, encoding)
    first = next(lines, None)
    if first is None:
        raise PackageRefused("empty_file", path)
    header = [h.strip().lower() for h in first[1]]
    if twice := next((h for h in header if h and header.count(h) > 1), None):
        raise PackageRefused("column_twice", path, 1, twice)
    count = TableCount(path, kind.entity)
    run.report.tables.append(count)
    read: Reader
    if kind.entity == "area":
        read = AreaReader(run, path, header)
    elif kind.entity == "kept_row":
        read = KeptReader(run, path, header, resource.name)
    else:
        read = EntityReader(run, path, header, kind)
    while batch := list(islice(lines, BATCH)):
        count.read += len(batch)
        rows: dict[str, Row] = {}
        for line, cells in batch:
            code = read.broken(cells)
            row = None if code else read.row(line, cells)
            if code:
                run.report.tell(Problem(path, line, "", code))
            if row is not None and row.source_id in rows:
                run.report.tell(Problem(path, line, "id", "duplicate"))
                row = None
            if row is None:
                count.rejected += 1
            else:
                rows[row.source_id] = row
        if rows:
            await read.write(list(rows.values()), count)
        if run.progress is not None:
            run.progress(path, count.read)
