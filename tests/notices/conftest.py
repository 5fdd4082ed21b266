"""Settings and a mail server for the tests of notices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from hub.base.settings import Settings
from tests.notices.post import Troubled


@pytest.fixture
def configure(settings_env: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings for a mail server at `port`."""

    def made(port: int, **values: Any) -> Settings:
        return Settings(
            smtp_host="127.0.0.1", smtp_port=port, smtp_from="Notices <notices@hub.example>",
            public_url="https://hub.example", **values,
        )  # fmt: skip

    return made


@pytest_asyncio.fixture(loop_scope="session")
async def catcher() -> AsyncIterator[Troubled]:
    """A mail server of the test's own."""
    async with Troubled() as running:
        yield running
