"""The command line `hub`: one function a command, each handing on to the room that does it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console

if TYPE_CHECKING:
    from directory.reports import ImportReport
    from hub.base.db import Database
    from hub.base.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Interagency referrals and network meetings.",
)
directory = typer.Typer(no_args_is_help=True, help="The directory of services.")
policy = typer.Typer(no_args_is_help=True, help="Who may see what.")
audit = typer.Typer(no_args_is_help=True, help="The audit chain.")
app.add_typer(directory, name="directory")
app.add_typer(policy, name="policy")
app.add_typer(audit, name="audit")
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)
_MARKS = {"ok": "green", "note": "dim", "missing": "red", "wrong": "red"}


@app.command()
def serve() -> None:
    """Serve the console and the API."""
    made = _settings()
    from hub import app as web
    from hub.base import logs

    logs.configure(made)
    uvloop.run(web.serve(made))


@app.command()
def work() -> None:
    """Run the worker: statutory clocks, notices, seals. It may run many times."""
    from hub import worker

    asyncio.run(worker.run(_settings()))


@app.command()
def migrate() -> None:
    """Bring the database to this release, and give the role hub_app its rights."""
    made = _settings()
    from hub.base.databases import databases
    from hub.base.migrate import head, upgrade

    async def run() -> None:
        async with databases(made) as urls:
            await upgrade(urls.owner, urls.app_password)

    asyncio.run(run())
    out.print(f"The database is at revision {head()}.")


@app.command()
def demo() -> None:
    """A fictional county to try: database, web server, worker and mail catcher in one process."""
    os.environ["HUB_MODE"] = "demo"
    from hub.demo import run

    uvloop.run(run(_settings()))


@app.command()
def doctor() -> None:
    """Say what is missing or wrong, one line each."""
    made = _settings()
    from hub.base.doctor import examine

    async def look() -> bool:
        bad = False
        async for finding in examine(made):
            bad = bad or finding.bad
            out.print(f"{finding.state:<8}", style=_MARKS[finding.state], end="")
            out.print(finding.what + (f" -> {finding.advice}" if finding.advice else ""), markup=False)
        return bad

    raise typer.Exit(1 if asyncio.run(look()) else 0)


@app.command("export-schema")
def export_schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from hub.api.schema import export

    sys.stdout.write(export())


@directory.command("import")
def import_(
    path: Path,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before writing.")] = False,
) -> None:
    """Read an HSDS package (zip or folder) or a workbook into the directory."""
    from directory.actions import import_package

    if dry_run and yes:
        _fail("--dry-run writes nothing and --yes writes: choose one", 2)
    if not (dry_run or yes or sys.stdin.isatty()):
        _fail("nobody to ask: pass --yes to write, or --dry-run to see what would happen", 2)

    async def read(made: Settings, dry: bool) -> ImportReport:
        with err.status("Reading") as status:
            async with _opened(made) as database, database.work() as session:
                return await import_package(
                    session, path, dry_run=dry, progress=lambda file, rows: status.update(f"{file}: {rows:,}")
                )

    made = _settings()
    report = asyncio.run(read(made, dry=not yes))
    if not (dry_run or yes or report.refused):
        _tell(report)
        if not typer.confirm("Write this into the directory?"):
            raise typer.Exit(1)
        report = asyncio.run(read(made, dry=False))
    _tell(report)
    if report.refused:
        _fail(f"Nothing was written. {report.refused.message()}. {report.refused.advice()}.")


@directory.command("export")
def export(
    path: Path, form: Annotated[Literal["hsds", "xlsx"], typer.Option("--format", help="What to write.")] = "hsds"
) -> None:
    """Write the directory to a file: an HSDS package or a workbook."""
    from directory.actions import export_package

    async def write(made: Settings) -> None:
        async with _opened(made) as database, database.work() as session:
            await export_package(session, path, form="xlsx" if form == "xlsx" else "zip")

    asyncio.run(write(_settings()))
    out.print(f"Written: {path}", markup=False)


@policy.command()
def render() -> None:
    """Print the disclosure table as the page a lawyer signs (Markdown)."""
    from hub.policy.render import markdown

    sys.stdout.write(markdown())


@audit.command()
def verify(
    head: Annotated[Path | None, typer.Option(help="A head kept outside the database (JSON).")] = None,
) -> None:
    """Walk the whole audit chain; exit 1 if anything was changed."""
    made = _settings()
    from hub.audit import heads
    from hub.audit.verify import Report
    from hub.audit.verify import verify as walk
    from hub.base.crypto import keys_of

    kept = heads.read(head) if head else None
    key = heads.public_key(keys_of(made).audit) if kept else None

    async def run() -> Report:
        async with _opened(made) as database, database.work() as session:
            return await walk(session, kept, key)

    report = asyncio.run(run())
    for kind, where in report.problems:
        out.print(f"{kind}: {where}", style="red", markup=False)
    out.print(f"{report.entries} entries in {report.seals} seals, {report.unsealed} not sealed yet; head {report.head}")
    if not report.head_checked:
        out.print("No head from outside was checked: a chain cut at its end would look whole. Pass --head FILE.")
    if not report.whole:
        _fail("The audit chain is NOT whole.")
    out.print("The audit chain is whole.")


def _settings() -> Settings:
    from hub.base.settings import settings

    try:
        return settings()
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):  # an input may be a secret
            name = "_".join(str(part) for part in one["loc"]).upper()
            err.print(f"HUB_{name}: {one['msg']}", style="red", markup=False)
        raise typer.Exit(2) from None


@asynccontextmanager
async def _opened(made: Settings) -> AsyncIterator[Database]:
    """The database as the application's role; it must have been migrated."""
    from hub.base.databases import databases
    from hub.base.db import Database

    async with databases(made) as urls:
        database = Database(urls.app, pool=2)
        try:
            yield database
        finally:
            await database.close()


def _tell(report: ImportReport) -> None:
    for count in report.tables:
        told = ("read", "created", "updated", "kept", "rejected", "removed")
        out.print(f"{count.file}: " + ", ".join(f"{getattr(count, what):,} {what}" for what in told), markup=False)
    for problem in report.problems[:20]:
        where = f"{problem.file}:{problem.row} {problem.column}".rstrip()
        out.print(f"{where}: {problem.message()} -> {problem.advice()}", style="yellow", markup=False)
    if (more := sum(report.counts.values()) - 20) > 0:
        out.print(f"and {more:,} more remarks")
    out.print("Only looked; nothing was written." if report.dry_run else "Written.")


def _fail(message: str, code: int = 1) -> NoReturn:
    err.print(message, style="red", markup=False)
    raise typer.Exit(code)


def _explain(error: Exception) -> str | None:
    """What a person is told of an error they can mend; None for a fault of ours."""
    from asyncpg import InterfaceError, PostgresError
    from sqlalchemy.exc import SQLAlchemyError

    from hub.base.errors import Refusal
    from hub.base.migrate import MigrationFailed
    from hub.base.postgres import EmbeddedFailed

    if isinstance(error, EmbeddedFailed | MigrationFailed | Refusal | ValueError):
        return str(error)
    if isinstance(error, SQLAlchemyError | PostgresError | InterfaceError | OSError):
        # The cause alone: SQLAlchemy's own text repeats the statement and its values, people's data among them.
        cause = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
        return cause.splitlines()[0].rsplit(">: ", 1)[-1] + " (see `hub doctor`)"
    return None


def main() -> None:
    """Entry point: what a person can mend is one line and exit code 1 or 2, never a traceback."""
    try:
        app()
    except Exception as error:
        message = _explain(error)
        if message is None:
            raise
        err.print(message, style="red", markup=False)
        sys.exit(1)
