"""Migrations to head and the rights of the application's role, in one transaction that serializes with any other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import pkgutil
import secrets
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from asyncpg.exceptions import InsufficientPrivilegeError, LockNotAvailableError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import hub
from hub.base.db import as_asyncpg
from hub.base.postgres import APP

ADVISORY_LOCK = 4_859_202  # "HUB" as a number; nothing else of ours takes a cluster-wide lock of this number
WAIT_FOR_TURN, WAIT_FOR_TABLE = "120s", "5s"
_ROOMS = ("directory", "scheduling", "hub")
_ROUNDS = 4096


class MigrationFailed(Exception):
    """The database cannot be brought to the newest revision; the message says why and what to do."""


def folder() -> Path:
    """The folder of migrations: in a checkout beside `hub`, in an installed wheel inside it."""
    package = Path(hub.__path__[0])
    for found in (package / "_alembic", package.parent / "alembic"):
        if (found / "env.py").is_file():
            return found
    raise MigrationFailed("the folder of migrations is not installed: reinstall the hub")


def config() -> Config:
    """Alembic's settings, for its Python API; in a checkout with those of pyproject.toml too."""
    project = folder().parent / "pyproject.toml"
    made = Config(toml_file=project) if project.is_file() else Config()
    made.set_main_option("script_location", str(folder()).replace("%", "%%"))
    return made


def head() -> str | None:
    """The newest revision of this release; None while there is none."""
    return ScriptDirectory.from_config(config()).get_current_head()


def load_tables() -> None:
    """Import every module of tables of every slice, so that SQLModel's metadata knows each table."""
    for room in _ROOMS:
        package = importlib.import_module(room)
        for found in pkgutil.walk_packages(package.__path__, f"{room}."):
            if found.name.endswith("tables"):
                importlib.import_module(found.name)


async def upgrade(owner_url: str, app_password: str) -> None:
    """Bring the database to the newest revision and give the role `hub_app` exactly its rights. Any number of times.

    `owner_url` is a postgresql:// URL of the database's owner; an empty `app_password` leaves the role's password as it
    is. All or nothing. Raises `MigrationFailed` if the owner is not known, or may not make the role.
    """
    if not owner_url:
        raise MigrationFailed("HUB_DATABASE_URL names the role hub_app: migrations need the database's owner")
    engine = create_async_engine(as_asyncpg(owner_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await take_turn(connection)
            await connection.run_sync(_to_head)
            await grant(connection, app_password)
    finally:
        await engine.dispose()


async def take_turn(connection: AsyncConnection) -> None:
    """Wait until no other migration runs; afterwards no statement waits long for a table, lest all requests queue."""
    await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_FOR_TURN}'")
    try:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    except DBAPIError as error:
        if not isinstance(error.orig and error.orig.__cause__, LockNotAvailableError):
            raise
        raise MigrationFailed("another migration has been running for too long: look for it, then try again") from error
    await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_FOR_TABLE}'")


def _to_head(connection: Connection) -> None:
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")


async def grant(connection: AsyncConnection, app_password: str) -> None:
    """Make the role `hub_app` if it is missing, and set its rights: rows only, of the audit only reading and adding."""
    await _role(connection, app_password)
    for statement in (
        f"GRANT CONNECT ON DATABASE {await _quoted_database(connection)} TO {APP}",
        f"REVOKE TEMPORARY ON DATABASE {await _quoted_database(connection)} FROM PUBLIC, {APP}",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {APP}",
        f"GRANT USAGE ON SCHEMA public TO {APP}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {APP}",
        # A table made later by hand gets the smaller set; the next run of this function gives it its own.
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO {APP}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {APP}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP}",
    ):
        await connection.exec_driver_sql(statement)
    names = await connection.execute(
        text(
            "SELECT relname, quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p', 'v', 'm') ORDER BY relname"
        )
    )
    for name, quoted in names.all():
        rights = rights_on(name)
        await connection.exec_driver_sql(f"GRANT {rights} ON public.{quoted} TO {APP}")


def rights_on(table: str) -> str:
    """What the application's role may do with a table, in SQL's words."""
    if table == "alembic_version":
        return "SELECT"
    if table in (
        "metadata",
        "sheltered",
    ):  # what the database alone writes of the directory
        return "SELECT"
    if table == "audit_entry":  # number and transaction are the database's to say: no entry is backdated
        return "SELECT, INSERT (at, actor_id, agency_id, action, subject, case_ids, body)"
    if table == "history_purge":  # asked for; another's consent is the database's to write, in `directory_purge`
        asked = "id, service_id, change_id, resource_type, resource_id, field_name, reason, asked_by, asked_at"
        return f"SELECT, INSERT ({asked})"
    if table.startswith("audit_") or table in ("inventory_result", "match_weights"):  # added to, never changed
        return "SELECT, INSERT"
    return "SELECT, INSERT, UPDATE, DELETE"


async def _quoted_database(connection: AsyncConnection) -> str:
    name: str = (await connection.execute(text("SELECT quote_ident(current_database())"))).scalar_one()
    return name


async def _role(connection: AsyncConnection, password: str) -> None:
    known = (await connection.execute(text("SELECT true FROM pg_roles WHERE rolname = :app"), {"app": APP})).scalar()
    login = f"LOGIN PASSWORD '{scram(password)}'" if password else "LOGIN"
    try:
        async with connection.begin_nested():
            await connection.exec_driver_sql(f"{'ALTER' if known else 'CREATE'} ROLE {APP} {login}")
    except ProgrammingError as error:
        if not isinstance(error.orig and error.orig.__cause__, InsufficientPrivilegeError):
            raise
        if not known:
            raise MigrationFailed(
                f"the owner of the database may not create roles: let an administrator run CREATE ROLE {APP} LOGIN "
                "PASSWORD '...', and set HUB_DATABASE_APP_PASSWORD to it"
            ) from error
        # An administrator keeps this role: its password is theirs to set, and `hub doctor` tries it.


def scram(password: str) -> str:
    """PostgreSQL's SCRAM-SHA-256 verifier of a password, so that no statement or log ever holds the password itself."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ROUNDS}:{parts[0]}${parts[1]}:{parts[2]}"
