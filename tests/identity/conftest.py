"""What the tests of identity share: the real provider, settings that point at it, and one HTTP client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from hub.base.db import Database
from hub.base.settings import Settings
from hub.identity.provider import Oidc
from hub.policy.terms import Role
from tests.identity.browser import Browser, application, browsing
from tests.support.identity import Provider, make_agency, make_staff, oidc

__all__ = ["oidc"]

MakeSettings = Callable[..., Settings]


@pytest.fixture
def make_settings(tmp_path: Path, settings_env: pytest.MonkeyPatch) -> MakeSettings:
    """Settings of a test hub, with what the test changes."""

    def make(**changes: Any) -> Settings:
        chosen: dict[str, Any] = {"mode": "test", "state_dir": tmp_path / "state"} | changes
        return Settings(**chosen)

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """The hub's one HTTP client."""
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def hub_oidc(oidc: Provider, make_settings: MakeSettings, http: httpx.AsyncClient) -> Oidc:
    """The hub's side of the real provider."""
    return Oidc(make_settings(oidc_issuer=oidc.issuer), http)


@pytest.fixture
def app(hub_oidc: Oidc, db: Database) -> FastAPI:
    """The hub."""
    return application(hub_oidc, db)


@pytest_asyncio.fixture(loop_scope="session")
async def browser(app: FastAPI, oidc: Provider) -> AsyncIterator[Browser]:
    """Somebody's browser."""
    async with browsing(app, oidc) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def worker(db: Database, oidc: Provider) -> UUID:
    """An account that may sign in as `worker`."""
    async with db.work() as session:
        agency = await make_agency(session, "a-1")
        return await make_staff(session, oidc.issuer, "worker", agency, Role.AGENCY_WORKER)
