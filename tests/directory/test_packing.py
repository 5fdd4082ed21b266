"""Columns sent as one text come apart as they were; new ids are in the order of entry."""

from __future__ import annotations

from pathlib import Path
from uuid import RFC_4122, UUID

import asyncpg
import pytest
from sqlalchemy import text

from bench.packages import write_package
from directory.actions import import_package
from directory.fresh import fresh
from directory.packing import inner, pack, several, unpacked
from directory.sql import sql, statement
from hub.base.db import Database

_BACK = statement(
    "SELECT s.said, {several}, s.number FROM {given} WHERE s.nth <= :count ORDER BY s.nth",
    several=several(sql("s.list")),
    given=unpacked([("said", "text"), ("list", "text"), ("number", "integer")]),
)


async def test_a_packed_column_comes_back_as_it_was(db: Database) -> None:
    said = ["", None, "NULL", '"{}"', "兩\n行\t,\\"]
    lists = [[], ["a"], ["a b", "{c}"], ["", "d"], ["é"]]
    numbers = [0, None, -7, 1 << 30, None]
    given = {"c_said": pack(said), "c_list": pack([inner(one) for one in lists]), "c_number": pack(numbers)}
    async with db.work() as session:
        found = (await session.execute(_BACK, {**given, "count": len(said)})).all()
    assert [tuple(row) for row in found] == list(zip(said, lists, numbers, strict=True))


@pytest.mark.parametrize("mark", ["\x1f", "\x1e"])
def test_a_separator_in_a_value_is_refused(mark: str) -> None:
    with pytest.raises(ValueError, match="separator"):
        pack(["a", f"b{mark}c"])


def test_fresh_ids_are_uuids_in_order() -> None:
    made = fresh(9_000)
    assert made == sorted(made)
    assert len(set(made)) == 9_000
    assert {(UUID(one).version, UUID(one).variant) for one in made} == {(7, RFC_4122)}


async def test_rows_of_an_import_have_ids_in_the_order_of_entry(db: Database, tmp_path: Path) -> None:
    write_package(tmp_path / "p", 50)
    async with db.work() as session:
        await import_package(session, tmp_path / "p", dry_run=False)
        rows = await session.execute(text("SELECT source_id FROM phone ORDER BY id"))
    assert list(rows.scalars()) == [f"s{n}" for n in range(50)]


async def test_an_import_ends_with_a_short_list_before_the_index(db: Database, owner_url: str, tmp_path: Path) -> None:
    write_package(tmp_path / "p", 1_500)
    async with db.work() as session:
        await import_package(session, tmp_path / "p", dry_run=False)
        own = await session.execute(text("SELECT current_setting('gin_pending_list_limit')"))
        assert own.scalar_one() == "256kB"
    connection = await asyncpg.connect(owner_url)
    try:
        pages = await connection.fetchval("SELECT gin_clean_pending_list('ix_service_search_document')")
    finally:
        await connection.close()
    assert pages <= 256 // 8 + 1
