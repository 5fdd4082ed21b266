"""`hub doctor`: one clear line for each thing the hub stands on: ok, missing or wrong, and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

import hub
from hub.base import outside
from hub.base.databases import Urls, databases
from hub.base.db import Database, Session
from hub.base.fitness import Finding, of_database, of_settings
from hub.base.postgres import EmbeddedFailed, bindir
from hub.base.settings import Settings
from hub.base.texts import FOLDER as LOCALES
from hub.base.texts import LANGUAGES

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


Check = Callable[[Session, Settings], AsyncIterator[Finding]]
"""Looks at one room's own affairs, in a transaction of its own. Rooms above this one hand theirs in."""


async def examine(settings: Settings, *checks: Check) -> AsyncIterator[Finding]:
    """Look at everything, one finding after another; nothing is changed, but an embedded database may be started.

    `checks` look into a database that answers and is of this release.
    """
    yield Finding("ok", f"settings can be read; mode {settings.mode}")
    told = list(of_settings(settings))
    for finding in (*told, *_parts()):
        yield finding
    async for finding in _database(settings, checks):
        yield finding
    if not any(one.bad and "HUB_OIDC_ISSUER" in one.what for one in told):
        yield await outside.provider(settings)
    if settings.mode != "demo":  # which brings its own
        yield await outside.mail_server(settings)
    yield await outside.port(settings)
    for program in ("chromium", "node"):
        if shutil.which(program) is None:
            yield Finding("note", f"{program} is not installed; only the tests need it")


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


async def _database(settings: Settings, checks: Sequence[Check]) -> AsyncIterator[Finding]:
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
            connection, ready = await asyncpg.connect(urls.app, timeout=10), True
            try:
                yield Finding("ok", "the database answers the role hub_app")
                async for finding in of_database(connection):
                    ready = ready and finding.state != "missing"
                    yield finding
                yield await _rights(connection)
            finally:
                await connection.close()
            if ready:
                async for finding in _rooms(settings, urls, checks):
                    yield finding
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, EmbeddedFailed) as error:
        advice = "check HUB_DATABASE_URL, HUB_DATABASE_APP_PASSWORD and that the server runs; then `hub migrate`"
        yield Finding("wrong", f"the database does not answer the role hub_app: {outside.line(error)}", advice)


def _unusable(url: str) -> bool:
    try:
        return not make_url(url).drivername.startswith("postgresql")
    except Exception:
        return True


async def _rights(connection: asyncpg.Connection) -> Finding:
    excess = [row["what"] for row in await connection.fetch(_TOO_MUCH)]
    if excess:
        return Finding(
            "wrong", f"the role hub_app may do too much: {'; '.join(excess)}", "revoke it, then `hub migrate`"
        )
    return Finding("ok", "the role hub_app has rows only, and cannot change or remove audit entries")


async def _rooms(settings: Settings, urls: Urls, checks: Sequence[Check]) -> AsyncIterator[Finding]:
    database = Database(urls.app, pool=1, name="hub doctor")
    try:
        for check in checks:
            async with database.work() as session:
                async for finding in check(session, settings):
                    yield finding
    finally:
        await database.close()
