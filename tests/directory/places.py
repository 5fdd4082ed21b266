"""Packages of a shelter at an open or a confidential place, and what the database then holds of it."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from directory import editing
from directory.actions import import_package
from directory.kept import sheet
from directory.reports import ImportReport
from hub.base.db import Database

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
STREET, TOWN, LATITUDE, LONGITUDE = "Fictional lane 9", "Hiddenville", 24.123456, 121.654321
Rows = list[list[Any]]

ORGANIZATIONS: Rows = [["id", "name", "description"], ["o1", "Fictional Aid", "x"]]
SERVICES: Rows = [["id", "organization_id", "name", "description", "status"],
                  ["s1", "o1", "Night shelter", "helps", "active"]]  # fmt: skip
OPEN: Rows = [["id", "organization_id", "location_type", "name", "latitude", "longitude"],
              ["l1", "o1", "physical", STREET, LATITUDE, LONGITUDE]]  # fmt: skip
HIDDEN: Rows = [["id", "organization_id", "location_type", "name"], ["l1", "o1", "confidential", "House A"]]
THERE: Rows = [["id", "service_id", "location_id"], ["k1", "s1", "l1"]]
ADDRESSES: Rows = [["id", "location_id", "address_1", "city", "state_province", "postal_code", "country"],
                   ["a1", "l1", STREET, TOWN, "Fiction", "99999", "XX"]]  # fmt: skip
TERMS: Rows = [["id", "code", "name", "need"], ["w", "w", "Shelter", "shelter"]]


def packed(path: Path, places: Rows = OPEN, addresses: Rows = ADDRESSES, **more: Rows) -> Path:
    """A shelter at its place, which is an open one unless said otherwise."""
    tables = {
        "organizations": ORGANIZATIONS, "services": SERVICES, "locations": places, "service_at_locations": THERE,
        "addresses": addresses, "taxonomy_terms": TERMS,
        "attributes": [["id", "service_id", "taxonomy_term_id"], ["t1", "s1", "w"], ["t2", "s2", "w"]], **more,
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as made:
        for name, rows in tables.items():
            out = io.StringIO()
            csv.writer(out).writerows(rows)
            made.writestr(f"{name}.csv", out.getvalue())
    return path


def packed_hidden(path: Path, **more: Rows) -> Path:
    """The shelter at a confidential place."""
    return packed(path, HIDDEN, ADDRESSES[:1], **more)


def two_services(path: Path, *, hidden: bool = False) -> Path:
    """Another service in the same town, at a place whose position nobody knows."""
    return packed(
        path,
        [*(HIDDEN if hidden else OPEN), ["l2", "o1", "physical", "Town hall"] + [""] * (0 if hidden else 2)],
        [ADDRESSES[0], *([] if hidden else ADDRESSES[1:]), ["a2", "l2", "Main 1", TOWN, "Fiction", "99999", "XX"]],
        services=[*SERVICES, ["s2", "o1", "Neighbour", "x", "active"]],
        service_at_locations=[*THERE, ["k2", "s2", "l2"]],
    )


async def load(db: Database, path: Path, source: str = "t") -> ImportReport:
    """Import it all."""
    async with db.work() as session:
        report = await import_package(session, path, dry_run=False, source=source)
    assert report.refused is None
    return report


async def rows_of(db: Database, statement: str, **given: Any) -> list[tuple[Any, ...]]:
    """What a statement answers."""
    async with db.work() as session:
        return [tuple(row) for row in (await session.execute(text(statement), given)).all()]


async def ids_of(db: Database) -> tuple[Any, Any]:
    """The shelter and its place."""
    ((service, place),) = await rows_of(
        db, "select s.id, l.id from service s, location l where s.source_id = 's1' and l.source_id = 'l1'"
    )
    return service, place


async def write(db: Database, service: Any, **sections: Any) -> None:
    """Change sections of a service as a person does."""
    async with db.work() as session:
        await editing.hold(session, service)
        before = await sheet(session, service)
        assert before is not None
        await editing.write(session, before, replace(before, **sections), NOW)


async def nowhere(db: Database) -> None:
    """Nothing in the database tells of the shelter's place, neither its street and town nor its position."""
    tables = await rows_of(
        db, "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    )
    for (table,) in tables:
        if table in {"alembic_version", "search_word"}:
            continue
        found = await rows_of(db, f"select to_jsonb(t)::text from {table} t")
        told = [word for word in (STREET, TOWN, TOWN.lower(), "24.12", "121.65") if word in str(found)]
        assert told == [], table
