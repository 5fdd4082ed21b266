"""What is done to the directory at a terminal: on record, and never otherwise than was looked at."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from directory.actions import import_package
from hub.base.db import Database
from hub.base.errors import Conflict
from hub.imports.terminal import Looked, give_out, take_in, take_in_population
from tests.directory.test_json import _rows

RECORD = "SELECT action, subject, actor_id = '00000000-0000-0000-0000-000000000000', body FROM audit_entry ORDER BY id"


def _named(folder: Path, *names: str) -> Path:
    path = folder / f"{'-'.join(names)}.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("organizations.csv", "id,name\no,Fictional Aid")
        rows = [f"s{n},o,{name}" for n, name in enumerate(names)]
        made.writestr("services.csv", "\n".join(["id,organization_id,name", *rows]))
    return path


async def _take(db: Database, path: Path, **how: Any) -> Looked:
    async with db.work() as session:
        return await take_in(session, path, source="s", **how)


async def test_what_is_written_is_on_record_and_what_is_looked_at_is_not(db: Database, tmp_path: Path) -> None:
    package = _named(tmp_path, "Counselling", "Shelter")
    seen = await _take(db, package, dry_run=True)
    assert await _rows(db, "SELECT id FROM service") == await _rows(db, RECORD) == []
    done = await _take(db, package, dry_run=False, seen=seen)
    assert len(await _rows(db, "SELECT id FROM service")) == done.report.services == 2
    refused = await _take(db, tmp_path / "none.zip", dry_run=False)
    assert refused.report.refused is not None
    async with db.work() as session:
        await give_out(session, tmp_path / "all.json", "json")
        await take_in_population(session, b"code,population,year\nnowhere,1,2026\n")
    figures = {"created": 3, "kept": 0, "read": 3, "rejected": 0, "removed": 0, "services": 2, "updated": 0}
    assert await _rows(db, RECORD) == [
        ("import.written", "s", True, figures),
        ("export.made", "", True, {"form": "json"}),
        ("population.set", "", True, {"areas": 0}),
    ]


@pytest.mark.parametrize("meanwhile", [("theirs",), ("first", "second")])
async def test_what_would_do_otherwise_than_was_seen_is_not_written(
    db: Database, tmp_path: Path, meanwhile: tuple[str, ...]
) -> None:
    """Another package changes the same row, which no count would tell, or adds one."""
    await _take(db, _named(tmp_path, "first"), dry_run=False)
    seen = await _take(db, mine := _named(tmp_path, "mine"), dry_run=True)
    async with db.work() as session:
        await import_package(session, _named(tmp_path, *meanwhile), dry_run=False, source="s")
    before = await _rows(db, "SELECT name FROM service ORDER BY name")
    with pytest.raises(Conflict):
        await _take(db, mine, dry_run=False, seen=seen)
    assert await _rows(db, "SELECT name FROM service ORDER BY name") == before
    assert len(await _rows(db, RECORD)) == 1
    again = await _take(db, mine, dry_run=True)
    await _take(db, mine, dry_run=False, seen=again)
    assert ("mine",) in await _rows(db, "SELECT name FROM service")
