"""`hub doctor`: one clear line for each thing the hub stands on: ok, missing or wrong, and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

import asyncpg

import hub
from hub.base import outside
from hub.base.databases import Urls, databases
from hub.base.db import Database, Session
from hub.base.errors import NotFit
from hub.base.fitness import Finding, of_database, of_settings, unknown_settings
from hub.base.folder import unfit
from hub.base.places import unfit_url
from hub.base.postgres import APP, EmbeddedFailed, bindir
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

_UNREACHED = (
    OSError, TimeoutError, UnicodeError, asyncpg.PostgresError, asyncpg.InterfaceError, EmbeddedFailed, NotFit,
)  # fmt: skip


Check = Callable[[Session, Settings], AsyncIterator[Finding]]
"""Looks at one room's own affairs, in a transaction of its own. Rooms above this one hand theirs in."""


async def examine(settings: Settings, *checks: Check) -> AsyncIterator[Finding]:
    """Look at everything, one finding after another; nothing is changed, but an embedded database may be started.

    `checks` look into a database that answers and is of this release.
    """
    yield Finding("ok", f"settings can be read; mode {settings.mode}")
    told = list(of_settings(settings))
    for finding in (*unknown_settings(), *told, _folder(settings), *_parts()):
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
    elif unfit_url(settings.database_url):
        return  # said among the settings
    try:
        async with databases(settings) as urls:
            try:
                connection, ready = await asyncpg.connect(urls.app, timeout=10), True
            except asyncpg.InvalidAuthorizationSpecificationError as error:
                yield await _refused(urls, error)
                return
            try:
                yield Finding("ok", "the database answers the role hub_app")
                async for finding in of_database(connection):
                    ready = ready and finding.state != "missing"
                    yield finding
                if ready:  # before the first migration there is nothing to have rights on
                    yield await _rights(connection)
            finally:
                await connection.close()
            if ready:
                async for finding in _rooms(settings, urls, checks):
                    yield finding
    except _UNREACHED as error:
        advice = "check HUB_DATABASE_URL and that the server runs and takes connections from here"
        yield Finding("wrong", f"the database does not answer: {outside.line(error)}", advice)


async def _refused(urls: Urls, error: asyncpg.PostgresError) -> Finding:
    """The server knows no such role, or not this password: it does not say which; the owner can see it."""
    said = f"the database refuses the role {APP}: {outside.line(error)}"
    if not urls.owner:
        advice = "before the first `hub migrate` there is no such role: run it as the database's owner"
        return Finding("wrong", said, f"{advice}; afterwards check the password in HUB_DATABASE_URL")
    try:
        connection = await asyncpg.connect(urls.owner, timeout=10)
        known = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", APP)
        await connection.close()
    except _UNREACHED as problem:
        what = f"the database refuses its owner: {outside.line(problem)}"
        return Finding("wrong", what, "check user and password in HUB_DATABASE_URL")
    if not known:
        return Finding("missing", f"migrations: the database has no role {APP} yet", "run `hub migrate`")
    advice = "set HUB_DATABASE_APP_PASSWORD to its password, then run `hub migrate`, which gives it to the role"
    return Finding("wrong", said, advice)


def _folder(settings: Settings) -> Finding:
    """Whether what must be kept can be. Web servers with a database and keys of their own keep nothing."""
    if not (why := unfit(settings.state_dir)):
        return Finding("ok", f"the state folder {settings.state_dir} can be written")
    keys = (settings.master_key, settings.index_key, settings.audit_key)
    if settings.database_url and all(key.get_secret_value() for key in keys):
        return Finding("note", f"HUB_STATE_DIR: {why}", "`hub serve` can do without; `hub work` needs it for its heads")
    return Finding("wrong", f"HUB_STATE_DIR: {why}", "set it to a folder this account may write in")


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
