"""`hub doctor`: one clear line for each thing the hub stands on: ok, missing or wrong, and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import asyncpg
import httpx
from sqlalchemy.engine import make_url

import hub
from hub.base import migrate
from hub.base.crypto import decode_key
from hub.base.databases import databases
from hub.base.postgres import EmbeddedFailed, bindir
from hub.base.settings import Settings
from hub.base.texts import FOLDER as LOCALES
from hub.base.texts import LANGUAGES
from hub.base.time import now

CLOCK_TOLERANCE = timedelta(seconds=5)
OLDEST = 15
DEV_ISSUER = "/dev-issuer"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_TOO_MUCH = """
SELECT what FROM (
  SELECT 'it is a superuser' AS what FROM pg_roles WHERE rolname = current_user AND rolsuper
  UNION ALL SELECT 'it may create databases or roles' FROM pg_roles
    WHERE rolname = current_user AND (rolcreatedb OR rolcreaterole)
  UNION ALL SELECT 'it may create tables' WHERE has_schema_privilege('public', 'CREATE')
  UNION ALL SELECT 'it may create schemas' WHERE has_database_privilege(current_database(), 'CREATE')
  UNION ALL SELECT 'it owns or commands the owner of ' || relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'MEMBER')
  UNION ALL SELECT 'it may change or remove rows of ' || relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname LIKE 'audit\\_%'
    AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')
) AS found ORDER BY what LIMIT 3
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do if it is not well. `note` is no failing."""

    state: Literal["ok", "note", "missing", "wrong"]
    what: str
    advice: str = ""

    @property
    def bad(self) -> bool:
        """Whether the hub should not run like this."""
        return self.state in {"missing", "wrong"}


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything, one finding after another; nothing is changed, but an embedded database may be started."""
    yield Finding("ok", f"settings are valid; mode {settings.mode}")
    for finding in (*_keys(settings), *_parts()):
        yield finding
    async for finding in _database(settings):
        yield finding
    yield await _provider(settings)
    for program in ("chromium", "node"):
        if shutil.which(program) is None:
            yield Finding("note", f"{program} is not installed; only the tests need it")


def _keys(settings: Settings) -> Iterable[Finding]:
    for name in ("master_key", "index_key", "audit_key"):
        variable, secret = f"HUB_{name.upper()}", getattr(settings, name)
        if not secret.get_secret_value():
            if settings.mode == "production":
                yield Finding("missing", variable, f"set it to 32 random bytes in base64url: {_MAKE_KEY}")
            continue
        try:
            decode_key(secret)
        except ValueError as error:
            yield Finding("wrong", f"{variable}: {error}", f"make one with {_MAKE_KEY}")
        else:
            yield Finding("ok", f"{variable} is set")


_MAKE_KEY = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"


def _parts() -> Iterable[Finding]:
    static = Path(hub.__path__[0]) / "console" / "static"
    if any(static.glob("**/*.css")):
        yield Finding("ok", "the console's style sheets are built")
    else:
        yield Finding("missing", "the console's style sheets", "run `make assets`")
    for language in LANGUAGES:
        folder = LOCALES / language.replace("-", "_")
        if not any(folder.glob("**/*.po")):
            yield Finding("missing", f"the texts in {language} ({folder})", "reinstall the hub")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.database_url:
        try:
            bindir(settings.pg_bindir)
        except EmbeddedFailed as error:
            yield Finding("missing", "programs of the embedded PostgreSQL", str(error))
            return
        if not (settings.state_dir / "postgres").exists():
            yield Finding("note", "the embedded database is not made yet", "`hub migrate` or `hub demo` makes it")
            return
    elif _unusable(settings.database_url):
        yield Finding(
            "wrong", "HUB_DATABASE_URL is no URL of a PostgreSQL database", "postgresql://user@host:5432/name"
        )
        return
    try:
        async with databases(settings) as urls:
            connection = await asyncpg.connect(urls.app, timeout=10)
            try:
                yield Finding("ok", "the database answers the role hub_app")
                async for finding in _inside(connection):
                    yield finding
            finally:
                await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, EmbeddedFailed) as error:
        advice = "check HUB_DATABASE_URL, HUB_DATABASE_APP_PASSWORD and that the server runs; then `hub migrate`"
        yield Finding("wrong", f"the database does not answer the role hub_app: {_line(error)}", advice)


def _unusable(url: str) -> bool:
    try:
        return not make_url(url).drivername.startswith("postgresql")
    except Exception:
        return True


async def _inside(connection: asyncpg.Connection) -> AsyncIterator[Finding]:
    version = connection.get_server_version()
    if version.major < OLDEST:
        yield Finding("wrong", f"PostgreSQL is {version.major}", f"use {OLDEST} or newer")
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        value = await connection.fetchval("SELECT current_setting($1)", name)
        if value in {"off", "local"} and (name, value) != ("synchronous_commit", "local"):
            yield Finding(
                "wrong", f"{name} is off: a power cut loses what was said to be kept", "turn it on in PostgreSQL"
            )
        else:
            yield Finding("ok", f"{name} is {value}")
    yield await _revision(connection)
    excess = [row["what"] for row in await connection.fetch(_TOO_MUCH)]
    if excess:
        yield Finding(
            "wrong", f"the role hub_app may do too much: {'; '.join(excess)}", "revoke it, then `hub migrate`"
        )
    else:
        yield Finding("ok", "the role hub_app has rows only, and cannot change or remove audit entries")
    before = now()
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    apart = abs(theirs - (before + (now() - before) / 2))
    if apart > CLOCK_TOLERANCE:
        yield Finding(
            "wrong", f"this clock and the database's are {apart.total_seconds():.0f} s apart", "set both by NTP"
        )
    else:
        yield Finding("ok", "this clock and the database's agree")


async def _revision(connection: asyncpg.Connection) -> Finding:
    newest = migrate.head()
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        found = None
    if newest is not None and found == newest:
        return Finding("ok", f"the database is at the newest revision, {newest}")
    return Finding(
        "missing", f"migrations: the database is at {found}, this release needs {newest}", "run `hub migrate`"
    )


async def _provider(settings: Settings) -> Finding:
    issuer = settings.oidc_issuer
    if settings.mode != "production" and not issuer:
        return Finding("ok", "the built-in demo issuer signs people in")
    if not issuer:
        return Finding("missing", "HUB_OIDC_ISSUER", "set it to your provider's issuer URL")
    if settings.mode == "production" and urlsplit(issuer).path.rstrip("/").endswith(DEV_ISSUER):
        return Finding("wrong", "HUB_OIDC_ISSUER is the demo issuer", "set it to your provider's issuer URL")
    if urlsplit(issuer).scheme != "https" and urlsplit(issuer).hostname not in _LOOPBACK:
        return Finding("wrong", "HUB_OIDC_ISSUER is not https", "use the provider's https URL")
    try:
        async with httpx.AsyncClient(timeout=5, follow_redirects=False, trust_env=False) as client:
            answer = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            answer.raise_for_status()
            said = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Finding("wrong", f"the OIDC provider {issuer} does not answer: {_line(error)}", "check HUB_OIDC_ISSUER")
    if not isinstance(said, dict) or said.get("issuer") != issuer:
        return Finding(
            "wrong", f"the OIDC provider at {issuer} calls itself otherwise", "copy its issuer to the letter"
        )
    return Finding("ok", f"the OIDC provider {issuer} answers")


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
