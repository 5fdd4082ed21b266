"""What follows from HUB_DATABASE_URL: of the owner, or of the application's own role, which then knows no other."""

from __future__ import annotations

import pytest

from hub.base import migrate
from hub.base.databases import Urls, databases
from hub.base.settings import Settings


@pytest.mark.parametrize(
    ("url", "password", "expected"),
    [
        ("postgresql://boss:a@db.invalid:5/x", "b", ("postgresql://boss:a@db.invalid:5/x", "hub_app:b", "b")),
        ("postgresql://boss:a@db.invalid:5/x", "", ("postgresql://boss:a@db.invalid:5/x", "hub_app", "")),
        ("postgresql://hub_app:b@db.invalid:5/x", "", ("", "hub_app:b", "b")),
        ("postgresql://hub_app:b@db.invalid:5/x", "other", ("", "hub_app:b", "b")),
        ("postgresql://hub_app@db.invalid:5/x", "b", ("", "hub_app:b", "b")),
    ],
)
async def test_whom_a_process_may_be(url: str, password: str, expected: tuple[str, str, str]) -> None:
    owner, app, known = expected
    async with databases(Settings(mode="test", database_url=url, database_app_password=password)) as urls:
        assert urls == Urls(owner, f"postgresql://{app}@db.invalid:5/x", known)


async def test_migrations_ask_for_the_owner() -> None:
    with pytest.raises(migrate.MigrationFailed, match="owner"):
        await migrate.upgrade("", "b")
