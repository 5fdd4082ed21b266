"""A browser and a served console for the tests of pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.console.browser import launch


@pytest.fixture
def template(county_template: str) -> str:
    """The county is there."""
    return county_template


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the run."""
    async with async_playwright() as playwright:
        running = await launch(playwright)
        yield running
        await running.close()
