"""What the hub refuses to start with, and that `serve`, `work` and `demo` really refuse it."""

from __future__ import annotations

import base64
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from hub.base.databases import Urls
from hub.base.fitness import NotFit, check_database, check_settings, loopback, of_settings
from hub.base.postgres import EmbeddedPostgres
from hub.base.settings import Settings
from hub.base.time import at, now
from hub.identity.dev_issuer import DevIssuer
from tests.base.test_cli import hub

EVERYWHERE = "0.0.0.0"  # noqa: S104 - never bound: it must be refused
KEY = base64.urlsafe_b64encode(bytes(32)).decode()
FIT: dict[str, Any] = {
    "mode": "production",
    "public_url": "https://hub.example",
    "oidc_issuer": "https://id.example",
    "master_key": SecretStr(KEY),
    "index_key": SecretStr(KEY),
    "audit_key": SecretStr(KEY),
}
ENVIRONMENT = {
    "HUB_PUBLIC_URL": "https://hub.example",
    "HUB_OIDC_ISSUER": "https://id.example",
    **{f"HUB_{name}_KEY": KEY for name in ("MASTER", "INDEX", "AUDIT")},
}


def test_settings_that_fit_start() -> None:
    for change in (
        {},
        {"host": EVERYWHERE},
        {"public_url": "http://127.0.0.1:8000"},
        {"oidc_access_type": "JWT"},
        {"mode": "test", "public_url": "", "oidc_issuer": ""},
        {"mode": "demo", "public_url": "", "oidc_issuer": "", "host": "localhost"},
        {"mode": "demo", "public_url": "http://[::1]:8000", "oidc_issuer": "", "host": "::1"},
    ):
        assert [found for found in of_settings(Settings(**FIT | change)) if found.bad] == []
        check_settings(Settings(**FIT | change))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"mode": "test", "host": EVERYWHERE, "public_url": "http://127.0.0.1"}, "HUB_MODE=test signs anybody in"),
        ({"mode": "demo", "host": "::", "public_url": "http://127.0.0.1"}, "HUB_MODE=demo signs anybody in"),
        ({"mode": "demo", "host": "192.0.2.1", "public_url": "http://127.0.0.1"}, "HUB_HOST=127.0.0.1"),
        ({"mode": "test", "host": "hub.example", "public_url": "http://127.0.0.1"}, "signs anybody in"),
        ({"mode": "test", "host": "", "public_url": "http://127.0.0.1"}, "signs anybody in"),
        ({"mode": "test"}, "HUB_PUBLIC_URL leads others to it"),
        ({"public_url": "http://hub.example"}, "HUB_PUBLIC_URL must be https"),
        ({"public_url": "hub.example"}, "HUB_PUBLIC_URL is no http"),
        ({"public_url": "https://[hub"}, "HUB_PUBLIC_URL is no http"),
        ({"public_url": "ftp://hub.example"}, "HUB_PUBLIC_URL is no http"),
        ({"timezone": "Mars/Phobos"}, "HUB_TIMEZONE"),
        ({"timezone": "../etc/passwd"}, "HUB_TIMEZONE"),
        ({"timezone": ""}, "HUB_TIMEZONE"),
        ({"oidc_issuer": ""}, "HUB_OIDC_ISSUER is not set"),
        ({"oidc_issuer": "https://hub.example/dev-issuer"}, "demo issuer"),
        ({"oidc_issuer": "http://id.example"}, "not https"),
        ({"oidc_issuer": "https://id.example?x=1"}, "query"),
        ({"oidc_issuer": "https://[id"}, "not https"),
        ({"oidc_access_type": "JWT", "oidc_audience": "hub-web"}, "HUB_OIDC_AUDIENCE"),
        ({"master_key": SecretStr("")}, "HUB_MASTER_KEY is not set"),
        ({"index_key": SecretStr("c2hvcnQ")}, "HUB_INDEX_KEY"),
    ],
    ids=str,
)
def test_settings_that_do_not_are_one_line(change: dict[str, Any], line: str) -> None:
    """Each breaks one thing alone, so that thing's line is the one that is told."""
    made = Settings(**FIT | change)
    with pytest.raises(NotFit, match="does not start") as refused:
        check_settings(made)
    said = str(refused.value)
    assert line in said
    assert "more: see" not in said
    assert "\n" not in said
    assert "c2hvcnQ" not in said
    assert len([found for found in of_settings(made) if found.bad]) == 1


@pytest.mark.parametrize(
    ("host", "ours"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), (EVERYWHERE, False), ("::", False),
     ("10.0.0.1", False), ("127.0.0.1.example", False), ("", False), (None, False)],
)  # fmt: skip
def test_which_hosts_are_this_machine_alone(host: str | None, ours: bool) -> None:
    assert loopback(host) is ours


def test_the_dev_issuer_is_not_made_where_others_reach_it(tmp_path: Path) -> None:
    """A second wall: whoever makes the application without the check at start is refused too."""
    with pytest.raises(RuntimeError, match="loopback"):
        DevIssuer(Settings(mode="test", host=EVERYWHERE, state_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "environment", "line"),
    [
        ("serve", {"HUB_MODE": "test", "HUB_HOST": EVERYWHERE, "HUB_PUBLIC_URL": ""}, "HUB_MODE=test"),
        ("work", {"HUB_MODE": "test", "HUB_HOST": EVERYWHERE, "HUB_PUBLIC_URL": ""}, "HUB_MODE=test"),
        ("demo", {"HUB_HOST": EVERYWHERE, "HUB_PUBLIC_URL": ""}, "HUB_MODE=demo"),
        ("serve", {**ENVIRONMENT, "HUB_TIMEZONE": "Mars/Phobos"}, "HUB_TIMEZONE"),
    ],
)
def test_commands_refuse_before_they_open_anything(
    command: str, environment: dict[str, str], line: str, tmp_path: Path
) -> None:
    refused_in_one_line(hub(command, folder=tmp_path / "state", **environment), line)
    assert not (tmp_path / "state").exists()


def refused_in_one_line(done: subprocess.CompletedProcess[str], line: str) -> None:
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "The hub does not start" in done.stderr
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1


async def test_a_database_that_forgets_is_refused_in_production(urls: Urls, tmp_path: Path) -> None:
    """The tests' own server gives durability up: in test mode that will do, in production neither command starts."""
    await check_database(Settings(mode="test"), urls.app)
    for mode in ("production", "demo"):
        with pytest.raises(NotFit, match=r"fsync is off.*2 more"):
            await check_database(Settings(**FIT | {"mode": mode}), urls.app)
    where = {"HUB_DATABASE_URL": urls.owner, "HUB_DATABASE_APP_PASSWORD": urls.app_password}
    for command in ("serve", "work"):
        refused_in_one_line(hub(command, folder=tmp_path, **ENVIRONMENT, **where), "fsync is off")


async def test_a_database_of_another_release_or_time_is_refused_in_every_mode(urls: Urls) -> None:
    made = Settings(mode="test")
    for step, apart in ((timedelta(seconds=-9), True), (timedelta(seconds=9), True), (timedelta(seconds=2), False)):
        with at(now() + step):
            if apart:
                with pytest.raises(NotFit, match=r"9 s apart"):
                    await check_database(made, urls.app)
            else:
                await check_database(made, urls.app)
    connection = await asyncpg.connect(urls.owner)
    await connection.execute("update alembic_version set version_num = '0001'")
    await connection.close()
    with pytest.raises(NotFit, match="hub migrate"):
        await check_database(made, urls.app)


async def test_a_durable_database_is_taken(open_folder: Path) -> None:
    """The embedded server as production runs it: nothing is said of durability, only that it must be migrated."""
    with EmbeddedPostgres(open_folder / "postgres") as url, pytest.raises(NotFit, match="hub migrate") as refused:
        await check_database(Settings(**FIT), url)
    assert "more" not in str(refused.value)
