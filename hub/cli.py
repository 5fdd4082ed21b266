"""The command line `hub`: one function a command, each handing on to the room that does it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from hub.directory_commands import directory
from hub.terminal import err, fail, given_settings, opened, out

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Interagency referrals and network meetings.",
)
policy = typer.Typer(no_args_is_help=True, help="Who may see what.")
audit = typer.Typer(no_args_is_help=True, help="The audit chain.")
app.add_typer(directory, name="directory")
app.add_typer(policy, name="policy")
app.add_typer(audit, name="audit")
_MARKS = {"ok": "green", "note": "dim", "missing": "red", "wrong": "red"}


@app.command()
def serve() -> None:
    """Serve the console and the API."""
    made = given_settings()
    from hub import app as web
    from hub.base import logs

    logs.configure(made)
    uvloop.run(web.serve(made))


@app.command()
def work() -> None:
    """Run the worker: statutory clocks, notices, seals. It may run many times."""
    from hub import worker

    asyncio.run(worker.run(given_settings()))


@app.command()
def migrate() -> None:
    """Bring the database to this release, and give the role hub_app its rights."""
    made = given_settings()
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

    uvloop.run(run(given_settings()))


@app.command()
def doctor() -> None:
    """Say what is missing or wrong, one line each."""
    made = given_settings()
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
    made = given_settings()
    from hub.audit import heads
    from hub.audit.verify import Report
    from hub.audit.verify import verify as walk
    from hub.base.crypto import keys_of

    kept = heads.read(head) if head else None
    key = heads.public_key(keys_of(made).audit) if kept else None

    async def run() -> Report:
        async with opened(made) as database, database.work() as session:
            return await walk(session, kept, key)

    report = asyncio.run(run())
    for kind, where in report.problems:
        out.print(f"{kind}: {where}", style="red", markup=False)
    out.print(f"{report.entries} entries in {report.seals} seals, {report.unsealed} not sealed yet; head {report.head}")
    if not report.head_checked:
        out.print("No head from outside was checked: a chain cut at its end would look whole. Pass --head FILE.")
    if not report.whole:
        fail("The audit chain is NOT whole.")
    out.print("The audit chain is whole.")


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
