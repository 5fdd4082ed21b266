"""A browser and a served console for the tests of pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from hub.base.settings import Settings
from tests.console.browser import launch
from tests.console.world import County, served
from tests.support.hub import settings as settings


@pytest.fixture
def template(county_template: str) -> str:
    """The county is there."""
    return county_template


@pytest_asyncio.fixture(loop_scope="session")
async def county(settings: Settings, database_url: str) -> AsyncIterator[County]:
    """The fictional county, peopled and served."""
    async with served(settings, database_url) as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the run."""
    async with async_playwright() as playwright:
        running = await launch(playwright)
        yield running
        await running.close()
