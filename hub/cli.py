"""The command line `hub`: one function a command, each handing on to the room that does it."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvloop

from hub.directory_commands import directory
from hub.terminal import err, fail, given_settings, opened, out, warn_of_unknown

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
_UNSEALED = " What is sealed is unchanged, but nothing guards what is not: see that `hub work` runs."
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
    warn_of_unknown()
    from hub.base.databases import databases
    from hub.base.migrate import head, upgrade

    async def run() -> None:
        async with databases(made) as urls:
            await upgrade(urls.owner, urls.app_password)
            out.print(f"The database is at revision {head()}.")

    asyncio.run(run())


@app.command()
def install(
    subject: Annotated[str, typer.Option(help="What the identity provider calls the person (the claim `sub`).")],
    name: Annotated[str, typer.Option(help="The person's name, as colleagues read it.")],
    agency: Annotated[str, typer.Option(help="Short code of their agency, mostly the competent authority.")],
    agency_name: Annotated[str, typer.Option(help="Its official name.")],
    network: Annotated[str, typer.Option(help="Code of its network.")] = "social_affairs",
    county: Annotated[str, typer.Option(help="Area code of its county; empty: national.")] = "",
    issuer: Annotated[str, typer.Option(help="The provider's issuer; HUB_OIDC_ISSUER if not given.")] = "",
) -> None:
    """Make the first administrator and their agency; refused once there is an administrator."""
    made = given_settings()
    from hub.base.errors import InvalidInput, Refusal
    from hub.base.texts import message
    from hub.identity import actions
    from hub.identity.provider import issuer_of, safe_issuer

    home = actions.AddAgency(agency, agency_name, network, county=county)
    person = actions.AddStaff(safe_issuer(issuer or issuer_of(made)), subject, name, actions.NO_AGENCY)

    async def run() -> None:
        async with opened(made) as database, database.work() as session:
            await actions.install(session, home, person)

    try:
        asyncio.run(run())
    except InvalidInput as refusal:
        fail("\n".join(f"{field.path}: {message(field.code, 'en')}" for field in refusal.fields), 2)
    except Refusal as refusal:
        fail(message(refusal.code, "en"))
    out.print(f"{subject} is administrator at {agency}, and may sign in.", markup=False)


@app.command("confirm-administrator")
def confirm_administrator(
    subject: Annotated[str, typer.Option(help="Whom the first administrator has granted the role.")],
    issuer: Annotated[str, typer.Option(help="The provider's issuer; HUB_OIDC_ISSUER if not given.")] = "",
) -> None:
    """Confirm the second administrator, in place of one who is not there yet; refused once there are two."""
    made = given_settings()
    from hub.base.errors import Refusal
    from hub.base.texts import message
    from hub.identity import actions
    from hub.identity.provider import issuer_of

    async def run() -> None:
        async with opened(made) as database, database.work() as session:
            await actions.confirm_administrator(session, issuer or issuer_of(made), subject)

    try:
        asyncio.run(run())
    except Refusal as refusal:
        fail(message(refusal.code, "en"))
    out.print(f"{subject} is administrator.", markup=False)


@app.command()
def demo() -> None:
    """A fictional county to try: database, web server, worker and mail catcher in one process."""
    os.environ["HUB_MODE"] = "demo"
    from hub.base.fitness import check_settings
    from hub.demo import run

    made = given_settings()
    check_settings(made)
    uvloop.run(run(made))


@app.command()
def doctor() -> None:
    """Say what is missing or wrong, one line each."""
    made = given_settings()
    from hub.audit.health import sealing
    from hub.base.doctor import examine
    from hub.notices.health import notices
    from hub.worker import health

    async def look() -> bool:
        bad = False
        async for finding in examine(made, health, sealing, notices):
            bad = bad or finding.bad
            out.print(f"{finding.state:<8}", style=_MARKS[finding.state], end="")
            out.print(finding.what + (f" -> {finding.advice}" if finding.advice else ""), markup=False)
        return bad

    raise typer.Exit(1 if asyncio.run(look()) else 0)


@app.command()
def healthy(
    what: Annotated[Literal["serve", "work"], typer.Argument(help="Whose health: the web server's or the worker's.")],
) -> None:
    """Whether the web server or the worker of this machine works: exit code 0, or one line that says why not."""
    made = given_settings()
    from hub.base.healthy import serving, working

    asyncio.run(serving(made) if what == "serve" else working(made))


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
    head: Annotated[
        Path | None,
        typer.Option(help="A head kept outside the database (JSON); else the last one of HUB_STATE_DIR/heads."),
    ] = None,
) -> None:
    """Walk the whole audit chain; exit 1 if anything was changed, 3 if its end could not be checked."""
    made = given_settings()
    from hub.audit import heads
    from hub.audit.verify import Report
    from hub.audit.verify import verify as walk
    from hub.base.crypto import keys_of

    kept = heads.read(head) if head else heads.last_kept(made.state_dir / "heads")
    key = heads.public_key(keys_of(made).audit) if kept else None

    async def run() -> Report:
        async with opened(made) as database, database.work() as session:
            return await walk(session, kept, key, timedelta(seconds=made.seal_late))

    report = asyncio.run(run())
    for kind, where in report.problems:
        out.print(f"{kind}: {where}", style="red", markup=False)
    out.print(f"{report.entries} entries in {report.seals} seals, {report.unsealed} not sealed yet; head {report.head}")
    if not report.head_checked:
        out.print("No head from outside was there to check: a chain cut at its end looks whole. Pass --head FILE.")
        if report.unused:
            out.print(f"{report.unused} numbers after the last entry are used up: by deeds undone, or by entries cut.")
    elif report.after_head:
        written = (
            f"The head was written at {report.head_at}"
            if report.head_at
            else "The head does not say when it was written"
        )
        out.print(f"{written}; it does not know the last {report.after_head} seals.")
    if not report.whole:
        only_late = {kind for kind, _ in report.problems} == {"unsealed"}
        fail("The audit chain is NOT whole." + (_UNSEALED if only_late else ""))
    if not report.head_checked:
        fail("The audit chain agrees with itself; whether its end is there was NOT checked.", 3)
    out.print("The audit chain is whole.")


def _explain(error: Exception) -> str | None:
    """What a person is told of an error they can mend; None for a fault of ours."""
    from socket import gaierror

    from asyncpg import InterfaceError, PostgresError
    from sqlalchemy.exc import SQLAlchemyError

    from hub.base.errors import Refusal
    from hub.base.fitness import NotFit
    from hub.base.migrate import MigrationFailed
    from hub.base.postgres import EmbeddedFailed

    if isinstance(error, EmbeddedFailed | MigrationFailed | NotFit | Refusal | ValueError):
        return str(error)
    if isinstance(error, SQLAlchemyError | PostgresError | InterfaceError | OSError):
        # The cause alone: SQLAlchemy's own text repeats the statement and its values, people's data among them.
        cause = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
        said = cause.splitlines()[0].rsplit(">: ", 1)[-1]
        if isinstance(error, ConnectionError | gaierror):  # commands open nothing else by themselves
            return f"the database does not answer ({said}): check HUB_DATABASE_URL, and see `hub doctor`"
        if "password authentication failed" in said:  # before its first migration a server has no such role
            return f"{said}: run `hub migrate` first, or see `hub doctor`"
        return f"{said} (see `hub doctor`)"
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
