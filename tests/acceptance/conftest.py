"""A hub with a county's agencies and people, a real provider, a real directory."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from hub.base import time
from hub.base.settings import Settings
from hub.base.settings import settings as current
from tests.support.hub import Running, free_port, running
from tests.support.identity import Provider, started

PACKAGE = os.environ.get("HUB_TEST_HSDS_PACKAGE", "")
"""Read before any test cleans the environment."""


@pytest.fixture
def oidc() -> Iterator[Provider]:
    """A provider of the journey's own, whose clock is moved with the hub's."""
    with started() as provider:
        yield provider


@pytest.fixture
def moved() -> Iterator[Callable[[timedelta], None]]:
    """The hub's time stands still from here on; the fixture moves it."""
    with time.at(datetime.now(UTC)) as move:
        yield move


@pytest.fixture
def settings(settings_env: pytest.MonkeyPatch, oidc: Provider, tmp_path: Path) -> Settings:
    """Settings of a hub that trusts the test's provider."""
    for name, value in {
        "OIDC_ISSUER": oidc.issuer,
        "PORT": str(free_port()),
        "SMTP_PORT": str(free_port()),
        "STATE_DIR": str(tmp_path / "state"),
    }.items():
        settings_env.setenv(f"HUB_{name}", value)
    current.cache_clear()
    return current()


@pytest_asyncio.fixture(loop_scope="session")
async def hub(settings: Settings, database_url: str, moved: Callable[[timedelta], None]) -> AsyncIterator[Running]:
    """The hub, served, in a time that stands still."""
    async with running(settings, database_url) as served:
        yield served


@pytest.fixture
def real_package() -> Path | None:
    """A real HSDS package outside the project, if the environment names one."""
    return Path(PACKAGE) if PACKAGE else None
