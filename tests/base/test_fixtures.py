"""The fixtures themselves: a database of one's own, in the application's role, with nothing of another test in it."""

from __future__ import annotations

import asyncpg
import pytest
from sqlmodel import text

from hub.base.db import Database


@pytest.mark.parametrize("round_", [1, 2])
async def test_each_test_has_its_own_database(db: Database, owner_url: str, round_: int) -> None:
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute("CREATE TABLE only_here (id int)")
    finally:
        await owner.close()
    async with db.work() as session:
        rows = await session.connection()
        assert (await rows.execute(text("SELECT current_user"))).scalar() == "hub_app"
        assert (await rows.execute(text("SELECT count(*) FROM only_here"))).scalar() == 0
