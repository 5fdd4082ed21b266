"""The commands `hub directory ...`: import, export, the template, how many people live where."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hub.terminal import err, fail, given_settings, opened, out

if TYPE_CHECKING:
    from directory.coverage_gaps import PopulationReport
    from directory.reports import ImportReport, Step
    from hub.base.settings import Settings

directory = typer.Typer(no_args_is_help=True, help="The directory of services.")


@directory.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A folder, or a .zip, .csv, .json, .ndjson or .xlsx file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before writing.")] = False,
    source: Annotated[
        str | None,
        typer.Option(help="Whose data it is, if the package does not say. The same name again is an update."),
    ] = None,
    remarks: Annotated[Path | None, typer.Option(help="Write every remark to this file (CSV).")] = None,
    language: Annotated[Literal["zh-Hant", "en", "ko"], typer.Option(help="Of the remarks.")] = "en",
) -> None:
    """Read a package into the directory: all of it or, if stopped, nothing.

    What it is, is told by what is in it: HSDS 1.1 to 3.1 as CSV (a folder, a zip, one file), HSDS as JSON (the
    API's objects nested, a page, lines, or an array a table), Ohana's CSV, or a workbook: an export or the filled-in
    template. Look first with --dry-run.
    """
    from directory.remarks import written
    from hub.base.errors import Conflict
    from hub.imports.terminal import Looked, take_in

    if dry_run and yes:
        fail("--dry-run writes nothing and --yes writes: choose one", 2)
    if not (dry_run or yes or sys.stdin.isatty()):
        fail("nobody to ask: pass --yes to write, or --dry-run to see what would happen", 2)
    read_whole = False

    async def read(made: Settings, dry: bool, seen: Looked | None = None) -> Looked:
        nonlocal read_whole
        with written(remarks, language) as listen, _steps() as told:
            async with opened(made) as database, database.work() as session:
                how = {"source": source, "progress": told, "listen": listen, "begun": _begun}
                looked = await take_in(session, path, dry_run=dry, seen=seen, **how)
                read_whole = not dry
                return looked

    made = given_settings()
    try:
        looked = asyncio.run(read(made, dry=not yes))
        report = looked.report
        if not (dry_run or yes or report.refused):
            _tell(report, language)
            if not typer.confirm("Write this into the directory?"):
                raise typer.Exit(1)
            report = asyncio.run(read(made, dry=False, seen=looked)).report
    except Conflict:
        fail("Nothing was written: the directory has changed since you looked. Import it again to look anew.")
    except KeyboardInterrupt:
        fail(
            "Stopped at its very end: import it again to be sure." if read_whole else "Stopped. Nothing was written.",
            130,
        )
    _tell(report, language)
    if report.refused:
        fail(f"Nothing was written. {report.refused.message(language)}: {report.refused.advice(language)}")


def _begun(report: ImportReport) -> None:
    """Before anything is written: whose data it is taken for, and whether any of it is here."""
    err.print(f"Source {report.source}: {report.known:,} rows of this source are here already.", markup=False)


@contextmanager
def _steps() -> Iterator[Callable[[Step], None]]:
    """A line for each file and step, with a bar, the rows done and the time it took."""
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<28}"), BarColumn(), TextColumn("{task.fields[rows]:>12}"))
    with Progress(*columns, TimeElapsedColumn(), console=err) as bars:
        lines: dict[str, TaskID] = {}

        def told(step: Step) -> None:
            if step.name not in lines:
                for line in lines.values():
                    bars.update(line, completed=1.0)
                    bars.stop_task(line)
                lines[step.name] = bars.add_task(step.name, total=1.0, rows="")
            bars.update(lines[step.name], completed=step.share, rows=f"{step.done:,}" if step.done else "")

        yield told


@directory.command("export")
def export(
    path: Path,
    form: Annotated[Literal["hsds", "json", "xlsx"], typer.Option("--format", help="What to write.")] = "hsds",
) -> None:
    """Write the directory to a file: an HSDS package (zip of CSV), HSDS JSON or a workbook."""
    from hub.imports.terminal import give_out

    async def write(made: Settings) -> None:
        async with opened(made) as database, database.work() as session:
            await give_out(session, beside, "zip" if form == "hsds" else form)

    if not path.absolute().parent.is_dir():
        fail(f"there is no folder {path.absolute().parent}: make it, or name another file", 2)
    if path.is_dir():
        fail(f"{path} is a folder: name a file in it", 2)
    beside = path.with_name(f".{path.name}.part")  # until it is whole and on record; what stood there stays till then
    try:
        asyncio.run(write(given_settings()))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    out.print(f"Written: {path}", markup=False)


@directory.command("template")
def template(
    path: Annotated[Path, typer.Argument(help="The .xlsx file to write.")],
    language: Annotated[Literal["zh-Hant", "en", "ko"], typer.Option(help="Of the sheets.")] = "zh-Hant",
) -> None:
    """Write the spreadsheet agencies fill in, with lists to choose from; `import` reads it."""
    from directory.template_writer import areas_of, write_template

    async def areas(made: Settings) -> list[str]:
        async with opened(made) as database, database.work() as session:
            return await areas_of(session, language)

    write_template(path, language, asyncio.run(areas(given_settings())))
    out.print(f"Written: {path}", markup=False)


@directory.command("population")
def population(path: Path) -> None:
    """Say how many people live in each area: a CSV with the columns code, population, year."""
    from directory.messages import MESSAGES
    from hub.imports.terminal import take_in_population

    content = path.read_bytes()

    async def read(made: Settings) -> PopulationReport:
        async with opened(made) as database, database.work() as session:
            return await take_in_population(session, content)

    report = asyncio.run(read(given_settings()))
    for line, code in report.problems:
        what, advice = MESSAGES[code]["en"]
        out.print(f"{path.name}:{line}: {what} -> {advice}", style="yellow", markup=False)
    out.print(f"Set: {report.set:,} areas; not used: {len(report.problems):,} lines.")


@directory.command("recount")
def recount() -> None:
    """Bring the sums of coverage in step with the directory, as after an upgrade, and forget words nobody says now."""
    from directory.coverage_keeping import keep_all
    from directory.spelling import forget_words

    async def count(made: Settings) -> None:
        async with opened(made) as database:
            async with database.work() as session:
                await keep_all(session)
            async with database.work() as session:
                await forget_words(session)

    asyncio.run(count(given_settings()))
    out.print("Counted.")


def _tell(report: ImportReport, language: str) -> None:
    for count in report.tables:
        told = ("read", "created", "updated", "kept", "rejected", "removed")
        out.print(f"{count.file}: " + ", ".join(f"{getattr(count, what):,} {what}" for what in told), markup=False)
    for problem in report.problems[:20]:
        place = f"{problem.file}:{problem.row}" if problem.row else problem.file
        where = f"{place} {problem.column}".strip()
        out.print(
            f"{where}: " * bool(where) + f"{problem.message(language)} -> {problem.advice(language)}",
            style="yellow",
            markup=False,
        )
    if (more := sum(report.counts.values()) - 20) > 0:
        out.print(f"and {more:,} more remarks; --remarks FILE writes them all")
    if report.gone:
        out.print(f"{report.gone:,} services of this source are in the package no more and stay as they are here.")
    if report.services:
        rate = report.total("read") / max(report.seconds, 0.001)
        out.print(f"{report.services:,} services, {report.seconds:,.1f} s, {rate:,.0f} rows/s")
    if not report.refused:
        known = f"Source {report.source}: {report.known:,} rows of this source were here already"
        out.print(f"{known}; {report.changed:,} {'would change' if report.dry_run else 'changed'}.", markup=False)
        out.print("Only looked; nothing was written." if report.dry_run else "Written.")
