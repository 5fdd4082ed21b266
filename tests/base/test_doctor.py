"""`hub doctor` finds what is really wrong: each test breaks one thing and wants that line."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from hub.base.databases import Urls
from hub.base.db import Session
from hub.base.doctor import examine
from hub.base.fitness import Finding
from hub.base.settings import Settings
from hub.base.time import at, now
from tests.support.hub import free_port, mailbox

EVERYWHERE = "0.0.0.0"  # noqa: S104 - never bound: it must be told
KEY = SecretStr(base64.urlsafe_b64encode(bytes(32)).decode())


def on(urls: Urls, **more: Any) -> Settings:
    """Settings in test mode over the test's database."""
    given: dict[str, Any] = {
        "mode": "test",
        "database_url": urls.owner,
        "database_app_password": SecretStr(urls.app_password),
    }
    return Settings(**{**given, **more})


async def look(settings: Settings) -> list[Finding]:
    return [finding async for finding in examine(settings)]


def bad(findings: list[Finding], what: str) -> Finding:
    """The one bad finding that speaks of `what`; it must say what to do."""
    found = [one for one in findings if one.bad and what in one.what]
    assert len(found) == 1, [str(one) for one in findings]
    assert found[0].advice
    return found[0]


async def alter(owner_url: str, statement: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def provider(document: dict[str, str] | None, *, only: bool = False) -> AsyncIterator[str]:
    """A loopback server that answers with `document`, its `issuer` filled in unless `only`; with 500 without one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({**({} if only else {"issuer": issuer}), **(document or {})}).encode()
        status = b"200 OK" if document is not None else b"500 Broken"
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield issuer


async def test_says_that_durability_is_off(urls: Urls) -> None:
    findings = await look(on(urls))  # the tests' own server gives durability up
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert bad(findings, f"{name} is off").state == "wrong"
    assert [one for one in findings if one.state == "ok" and "answers the role hub_app" in one.what]
    assert [one for one in findings if one.state == "ok" and "rows only" in one.what]
    assert [one for one in findings if one.state == "ok" and "clock" in one.what]


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("postgresql://hub_owner:secret-word@127.0.0.1:1/hub", "does not answer"),
        ("mysql://hub_owner:secret-word@127.0.0.1/hub", "no URL of a PostgreSQL"),
        ("secret-word", "no URL of a PostgreSQL"),
    ],
)
async def test_says_that_the_database_cannot_be_reached(url: str, line: str) -> None:
    findings = await look(Settings(mode="test", database_url=url))
    bad(findings, line)
    assert "secret-word" not in str(findings)


async def test_says_that_the_password_is_wrong(urls: Urls) -> None:
    bad(await look(on(urls, database_app_password=SecretStr("guess"))), "password authentication failed")


async def test_says_that_a_database_is_not_migrated(urls: Urls) -> None:
    await alter(urls.owner, "DROP TABLE IF EXISTS alembic_version")
    bad(await look(on(urls)), "migrations: the database is at None")


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("CREATE TABLE audit_x (id int); GRANT DELETE ON audit_x TO hub_app", "change or remove rows of audit_x"),
        ("CREATE TABLE audit_x (id int); GRANT UPDATE ON audit_x TO hub_app", "change or remove rows of audit_x"),
        ("CREATE TABLE audit_x (id int); GRANT TRUNCATE ON audit_x TO PUBLIC", "change or remove rows of audit_x"),
        ("GRANT CREATE ON SCHEMA public TO hub_app", "may create tables"),
    ],
)
async def test_says_that_the_role_may_do_too_much(urls: Urls, statement: str, line: str) -> None:
    await alter(urls.owner, statement)
    assert line in bad(await look(on(urls)), "may do too much").what


async def test_says_that_the_clocks_are_apart(urls: Urls) -> None:
    for step, wrong in ((timedelta(seconds=-60), True), (timedelta(seconds=60), True), (timedelta(seconds=2), False)):
        with at(now() + step):
            assert any(one.bad and "s apart" in one.what for one in await look(on(urls))) is wrong


async def test_says_which_keys_are_missing_or_unusable() -> None:
    findings = await look(Settings(mode="production", master_key=KEY, index_key=SecretStr("c2hvcnQ")))
    assert bad(findings, "HUB_INDEX_KEY").state == "wrong"
    assert bad(findings, "HUB_AUDIT_KEY").state == "missing"
    assert Finding("ok", "HUB_MASTER_KEY is set") in findings
    assert "c2hvcnQ" not in str(findings)
    assert not [one for one in await look(Settings(mode="demo")) if "_KEY" in one.what]


@pytest.mark.parametrize(
    ("issuer", "line"),
    [
        ("", "HUB_OIDC_ISSUER"),
        ("https://hub.invalid/dev-issuer", "is the demo issuer"),
        ("https://hub.invalid/dev-issuer/", "is the demo issuer"),
        ("http://login.invalid", "is not https"),
        ("http://127.0.0.1:1", "does not answer"),
    ],
)
async def test_says_what_is_wrong_with_the_provider(issuer: str, line: str) -> None:
    bad(await look(Settings(mode="production", oidc_issuer=issuer)), line)


async def test_asks_the_provider_who_it_is() -> None:
    async with provider({}) as issuer:
        findings = await look(Settings(mode="production", oidc_issuer=issuer))
        assert Finding("ok", f"the OIDC provider {issuer} answers") in findings
        bad(await look(Settings(mode="production", oidc_issuer=f"{issuer}/")), "calls itself otherwise")
    async with provider(None) as issuer:
        bad(await look(Settings(mode="production", oidc_issuer=issuer)), "does not answer")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"public_url": "http://hub.example"}, "HUB_PUBLIC_URL"),
        ({"timezone": "Mars/Phobos"}, "HUB_TIMEZONE"),
        ({"host": EVERYWHERE, "public_url": "http://127.0.0.1"}, "HUB_MODE=test signs anybody in"),
    ],
)
async def test_says_what_start_up_would_refuse(change: dict[str, Any], line: str, tmp_path: Path) -> None:
    assert not [one for one in await look(Settings(mode="test", state_dir=tmp_path)) if one.bad and line in one.what]
    assert bad(await look(Settings(**{"mode": "test", "state_dir": tmp_path, **change})), line).state == "wrong"


async def test_greets_the_mail_server(tmp_path: Path) -> None:
    port = free_port()
    made = Settings(mode="test", state_dir=tmp_path, smtp_port=port)
    bad(await look(made), f"the mail server 127.0.0.1:{port} cannot be reached")
    async with mailbox(port) as box:
        assert Finding("ok", f"the mail server 127.0.0.1:{port} answers") in await look(made)
        bad(await look(made.model_copy(update={"smtp_starttls": True})), "offers no STARTTLS")
        bad(await look(made.model_copy(update={"smtp_user": "hub"})), "HUB_SMTP_USER without HUB_SMTP_STARTTLS")
    assert box.messages == []
    assert not [one for one in await look(Settings(mode="demo", state_dir=tmp_path)) if "mail server" in one.what]


async def test_tells_a_busy_port_from_a_hub_that_runs(tmp_path: Path) -> None:
    made = Settings(mode="test", state_dir=tmp_path, port=free_port())
    assert Finding("ok", f"the port 127.0.0.1:{made.port} is free") in await look(made)
    for document, ours in (({"status": "ok"}, True), ({"status": "another"}, False), (None, False)):
        async with provider(document, only=True) as url:
            busy = made.model_copy(update={"port": int(url.rpartition(":")[2])})
            findings = await look(busy)
            assert (Finding("ok", f"a hub answers at 127.0.0.1:{busy.port}") in findings) is ours
            if not ours:
                bad(findings, f"the port 127.0.0.1:{busy.port} cannot be used")


async def test_looks_into_the_rooms_of_a_database_that_is_of_this_release(urls: Urls) -> None:
    """What it is given to ask is asked in a session of the application's role, and only there."""

    async def room(session: Session, settings: Settings) -> AsyncIterator[Finding]:
        who = (await session.execute(text("select current_user"))).scalar_one()
        yield Finding("wrong", f"asked as {who} in {settings.mode}", "do it")

    assert bad([one async for one in examine(on(urls), room)], "asked as hub_app in test")
    await alter(urls.owner, "DROP TABLE alembic_version")
    assert not [one async for one in examine(on(urls), room) if "asked as" in one.what]


async def test_says_that_postgresqls_programs_are_missing(tmp_path: Path) -> None:
    findings = await look(Settings(mode="test", state_dir=tmp_path, pg_bindir=str(tmp_path)))
    bad(findings, "programs of the embedded PostgreSQL")
    assert not (tmp_path / "postgres").exists()
