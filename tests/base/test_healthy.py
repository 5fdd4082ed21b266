"""`hub healthy`: says no as soon as the web server or the worker of this machine does not work."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from hub.base import healthy
from hub.base.databases import Urls
from hub.base.db import Database
from hub.base.fitness import NotFit
from hub.base.settings import Settings
from hub.base.settings import settings as current
from tests.base.test_cli import hub
from tests.support.hub import free_port, running


async def test_a_web_server_is_ready_or_not(settings_env: pytest.MonkeyPatch, urls: Urls, tmp_path: Path) -> None:
    """Asked by the real command; ready means that the database answers."""
    for name, value in {"PORT": free_port(), "SMTP_PORT": free_port()}.items():
        settings_env.setenv(f"HUB_{name}", str(value))
    current.cache_clear()
    made, where = current(), {"HUB_MODE": "test", "HUB_PORT": str(current().port)}
    with pytest.raises(NotFit, match="no web server answers"):
        await healthy.serving(made)
    async with running(made, urls.app) as served:
        done = await asyncio.to_thread(hub, "healthy", "serve", folder=tmp_path, **where)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        working, served.hub.db.engine = served.hub.db.engine, Database("postgresql://a@127.0.0.1:1/x").engine
        try:
            with pytest.raises(NotFit, match="is not ready"):
                await healthy.serving(made)
        finally:
            served.hub.db.engine = working
    done = await asyncio.to_thread(hub, "healthy", "serve", folder=tmp_path, **where)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


async def test_a_worker_has_asked_something_lately_or_not(
    urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Settings(mode="test", database_url=urls.app, database_app_password=SecretStr(urls.app_password))
    where = {"HUB_MODE": "test", "HUB_DATABASE_URL": urls.app}
    other, worker = Database(urls.app, pool=1), Database(urls.app, pool=1, name=healthy.WORKER)
    try:
        async with other.work() as session:
            await session.execute(text("select 1"))
        done = await asyncio.to_thread(hub, "healthy", "work", folder=tmp_path, **where)
        assert done.returncode == 1
        assert done.stderr.splitlines() == ["no worker here has asked the database anything for 30 s"]
        async with worker.work() as session:
            await session.execute(text("select 1"))
        assert (await asyncio.to_thread(hub, "healthy", "work", folder=tmp_path, **where)).returncode == 0
        monkeypatch.setattr(healthy, "absent", lambda _: timedelta(milliseconds=50))
        await asyncio.sleep(0.2)
        with pytest.raises(NotFit, match="no worker here"):
            await healthy.working(made)
    finally:
        await worker.close()
        await other.close()


def test_the_embedded_database_is_not_started_to_be_asked(tmp_path: Path) -> None:
    with pytest.raises(NotFit, match="hub doctor"):
        asyncio.run(healthy.working(Settings(mode="test", state_dir=tmp_path)))
    assert list(tmp_path.iterdir()) == []
