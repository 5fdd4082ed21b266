"""What the hub must have to start: settings that make sense, and a database that keeps what it was given."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg
import structlog

from hub.base import migrate
from hub.base.crypto import decode_key
from hub.base.errors import NotFit as NotFit  # beside what raises it
from hub.base.places import is_host, unfit_url, web
from hub.base.settings import Settings, unknown
from hub.base.time import now

log = structlog.get_logger("hub.base.fitness")

CLOCK_TOLERANCE = timedelta(seconds=5)
OLDEST = 15
DEV_ISSUER = "/dev-issuer"
PATIENCE = 10.0
"""Seconds a database that does not answer yet is waited for at start: machines that boot together."""
_MAKE_KEY = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"


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


def loopback(host: str | None) -> bool:
    """Whether a host is this machine alone."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def of_settings(settings: Settings) -> Iterator[Finding]:
    """Each thing the settings say that start-up looks at, good and bad."""
    yield from _keys(settings)
    yield from _address(settings)
    yield from _provider(settings)
    yield from _database(settings)
    if not is_host(settings.smtp_host):
        yield Finding("wrong", "HUB_SMTP_HOST is no name or address of a host", "set it to your mail server's")
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Finding("wrong", "HUB_TIMEZONE is no zone of the IANA database", "set it to one, e.g. Asia/Taipei")


def _keys(settings: Settings) -> Iterator[Finding]:
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


def _address(settings: Settings) -> Iterator[Finding]:
    """Where it listens and what people call it. Outside production anybody is signed in as whom they choose."""
    if settings.mode != "production" and not loopback(settings.host):
        yield Finding(
            "wrong",
            f"HUB_MODE={settings.mode} signs anybody in, and HUB_HOST is not this machine alone",
            "set HUB_MODE=production, or HUB_HOST=127.0.0.1",
        )
    if settings.host and not is_host(settings.host):
        yield Finding("wrong", "HUB_HOST is no name or address of this machine", "set it to one, e.g. 127.0.0.1")
        return
    url = web(settings.public_url or f"http://{settings.host}:{settings.port}")
    if url is None or url.query or url.fragment:
        yield Finding("wrong", "HUB_PUBLIC_URL is no http(s) URL", "set it to the URL people use, https://...")
    elif url.scheme == "http" and not loopback(url.hostname):
        yield Finding(
            "wrong", "HUB_PUBLIC_URL must be https, or http on loopback: sessions would travel openly", "use https"
        )
    elif settings.mode != "production" and not loopback(url.hostname):
        yield Finding(
            "wrong", f"HUB_MODE={settings.mode} signs anybody in, and HUB_PUBLIC_URL leads others to it",
            "set HUB_MODE=production",
        )  # fmt: skip


def _database(settings: Settings) -> Iterator[Finding]:
    why = unfit_url(settings.database_url) if settings.database_url else ""
    if why:
        what, _, advice = why.partition(": ")
        yield Finding("wrong", f"HUB_DATABASE_URL {what}", advice)


def _provider(settings: Settings) -> Iterator[Finding]:
    issuer = settings.oidc_issuer
    try:
        parts = urlsplit(issuer)
    except ValueError:
        parts = urlsplit("")
    if settings.oidc_access_type == "JWT" and settings.oidc_audience == settings.oidc_client_id:
        yield Finding(
            "wrong", "HUB_OIDC_AUDIENCE is the client's id: an ID token would pass for an access token",
            "give the API an audience of its own at the provider",
        )  # fmt: skip
    if settings.mode == "production" and not issuer:
        yield Finding("missing", "HUB_OIDC_ISSUER", "set it to your provider's issuer URL")
    elif settings.mode == "production" and parts.path.rstrip("/").endswith(DEV_ISSUER):
        yield Finding("wrong", "HUB_OIDC_ISSUER is the demo issuer", "set it to your provider's issuer URL")
    elif issuer and parts.scheme != "https" and not (parts.scheme == "http" and loopback(parts.hostname)):
        yield Finding("wrong", "HUB_OIDC_ISSUER is not https", "use the provider's https URL")
    elif issuer and web(issuer) is None:
        yield Finding("wrong", "HUB_OIDC_ISSUER names no host or port that can be one", "copy the provider's issuer")
    elif parts.query:
        yield Finding("wrong", "HUB_OIDC_ISSUER has a query", "copy the provider's issuer to the letter")


async def of_database(connection: asyncpg.Connection, *, durable: bool = True) -> AsyncIterator[Finding]:
    """What the database promises: not to lose, to be of this release, to agree what time it is."""
    version = connection.get_server_version()
    if version.major < OLDEST:
        yield Finding("wrong", f"PostgreSQL is {version.major}", f"use {OLDEST} or newer")
    for name in ("fsync", "full_page_writes", "synchronous_commit") if durable else ():
        value = await connection.fetchval("SELECT current_setting($1)", name)
        if value == "off":
            yield Finding(
                "wrong", f"{name} is off: a power cut loses what was said to be kept", "turn it on in PostgreSQL"
            )
        else:
            yield Finding("ok", f"{name} is {value}")
    yield await _revision(connection)
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


def unknown_settings() -> Iterator[Finding]:
    """Variables `HUB_*` that nobody reads: misspelt, or of another release."""
    for name, meant in unknown(os.environ).items():
        advice = f"is {meant} meant?" if meant else "see docs/operations.md for what there is"
        yield Finding("note", f"{name} is no setting and changes nothing", advice)


def check_settings(settings: Settings) -> None:
    """Before anything is opened: raises `NotFit` with the first thing that is wrong. What nobody reads is warned of."""
    for name, meant in unknown(os.environ).items():
        log.warning("no setting", name=name, meant=meant)
    _refuse([found for found in of_settings(settings) if found.bad])


async def check_database(settings: Settings, url: str) -> None:
    """Before the first request or job, as the application's role: raises `NotFit`, or what connecting raises.

    In test mode alone the database may be one that forgets: the tests' own is fast and unsafe.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=10)
            break
        except (OSError, asyncpg.CannotConnectNowError):
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.2)
    try:
        found = of_database(connection, durable=settings.mode != "test")
        _refuse([one async for one in found if one.bad])
    finally:
        await connection.close()


def _refuse(found: list[Finding]) -> None:
    if found:
        more = f" ({len(found) - 1} more: see `hub doctor`)" if len(found) > 1 else ""
        missing = " is not set" if found[0].state == "missing" and found[0].what.startswith("HUB_") else ""
        raise NotFit(f"The hub does not start: {found[0].what}{missing} -> {found[0].advice}{more}")
