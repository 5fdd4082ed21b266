"""A second import of a source: what is wrong in it, gone from it or kept here by hand is not lost."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from directory import editing
from directory.actions import assure, export_package, import_package, set_status
from directory.history import said_by
from directory.kept import sheet
from directory.reports import ImportReport
from hub.base.db import Database

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
Rows = list[list[str]]
ORGANIZATIONS = [["id", "name", "description"], ["o1", "Fictional Aid", "x"]]
SERVICES = [["id", "organization_id", "name", "description", "status"], ["s1", "o1", "Night desk", "helps", "active"]]
PHONES = [["id", "service_id", "number"], ["p1", "s1", "000-1"]]


def package(path: Path, **files: Rows) -> Path:
    """A zip of CSV files: an agency, its service and its telephone where nothing else is said."""
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as packed:
        for name, rows in {"organizations": ORGANIZATIONS, "services": SERVICES, "phones": PHONES, **files}.items():
            out = io.StringIO()
            csv.writer(out).writerows(rows)
            packed.writestr(f"{name}.csv", out.getvalue())
    return path


async def load(db: Database, path: Path, source: str | None = "fictional", **more: Any) -> ImportReport:
    """Import it, and see that every row is accounted for."""
    async with db.work() as session:
        report = await import_package(session, path, **{"dry_run": False, "source": source, **more})
    assert report.refused or report.adds_up
    return report


async def rows(db: Database, asked: str, **given: Any) -> list[tuple[Any, ...]]:
    """What the database says."""
    async with db.work() as session:
        return [tuple(row) for row in (await session.execute(text(asked), given)).all()]


def told(report: ImportReport) -> set[tuple[str, str]]:
    """(file, code) of every remark."""
    return set(report.counts)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (["p1", "s1", "000-1", "stray"], "cells"), (["p1", "s1"], "cells"), (["p1", "s1", ""], "says_nothing"),
        (["p1", "nobody", "000-1"], "unknown_relation"), (["p1", "", "000-1"], "missing_value"),
        (["p1", "s1", "000\x01"], "control_character"),
    ],
)  # fmt: skip
async def test_a_row_that_falls_leaves_what_stands_of_it(
    db: Database, tmp_path: Path, bad: list[str], code: str
) -> None:
    both = [*PHONES, ["p2", "s1", "000-2"]]
    await load(db, package(tmp_path / "a.zip", phones=both))
    report = await load(db, package(tmp_path / "b.zip", phones=[PHONES[0], bad]))
    assert told(report) == {("phones.csv", code)}
    assert (report.total("rejected"), report.total("removed")) == (1, 1)  # the second is gone indeed
    assert await rows(db, "SELECT number FROM phone") == [("000-1",)]


@pytest.mark.parametrize("bad", [["", "s1", "000-1", "stray"], ["moved", "p1", "s1", "000-1"], ["", "", "000-1"]])
async def test_where_a_row_cannot_be_told_nothing_is_removed(db: Database, tmp_path: Path, bad: list[str]) -> None:
    await load(db, package(tmp_path / "a.zip"))
    report = await load(db, package(tmp_path / "b.zip", phones=[PHONES[0], bad]))
    assert ("phones.csv", "nothing_removed") in told(report)
    assert report.total("removed") == 0
    assert await rows(db, "SELECT number FROM phone") == [("000-1",)]
    again = await load(db, package(tmp_path / "c.zip", phones=[PHONES[0], ["p9", "s1", "000-9"]]))
    assert again.problems == []
    assert await rows(db, "SELECT number FROM phone") == [("000-9",)]


async def test_a_figure_older_than_ours_does_not_delete_it(db: Database, tmp_path: Path) -> None:
    def said(key: str, day: str) -> Rows:
        return [["id", "service_id", "available", "unit", "updated", "expires"],
                [key, "s1", "3", "bed", f"2026-01-{day}T00:00:00Z", "2026-02-01T00:00:00Z"]]  # fmt: skip

    await load(db, package(tmp_path / "a.zip", service_capacities=said("c1", "10")))
    for key in ("c1", "c2"):
        report = await load(db, package(tmp_path / "b.zip", service_capacities=said(key, "09")))
        assert ("service_capacities.csv", "older") in told(report)
        assert await rows(db, "SELECT available FROM service_capacity") == [(3,)]


async def _by_hand(db: Database, **sections: Any) -> None:
    """The one service changed as its agency's manager would."""
    ((key,),) = await rows(db, "SELECT id FROM service")
    async with db.work() as session:
        await said_by(session, "staff-7", NOW)
        before = await sheet(session, key)
        assert before is not None
        await editing.write(session, before, replace(before, **{k: v(before) for k, v in sections.items()}), NOW)


async def test_what_was_changed_by_hand_stays(db: Database, tmp_path: Path) -> None:
    phones = [*PHONES, ["p2", "s1", "000-2"], ["p3", "s1", "000-3"]]
    await load(db, package(tmp_path / "a.zip", phones=phones))
    await _by_hand(
        db,
        about=lambda was: replace(was.about, description="helps at night"),
        # The first is corrected, the second deleted, the third left.
        phones=lambda was: (replace(was.phones[0], number="111-1"), was.phones[2]),
    )
    newer = [SERVICES[0], ["s1", "o1", "Night desk anew", "helps by day", "active"]]
    for phones_now in (phones, [*PHONES[:1], ["p3", "s1", "000-4"]]):  # the corrected one is gone from the source, too
        report = await load(db, package(tmp_path / "b.zip", services=newer, phones=phones_now))
        assert await rows(db, "SELECT name, description FROM service") == [("Night desk anew", "helps at night")]
        assert ("services.csv", "kept_by_hand") in told(report)
        assert [p.column for p in report.problems if p.file == "services.csv"] == ["description"]
        number = phones_now[-1][2]
        assert await rows(db, "SELECT number FROM phone ORDER BY number") == [(number,), ("111-1",)]
    assert ("phones.csv", "dropped_by_hand") not in told(report)
    # The source says the same by now: it is its own again.
    agreed = [SERVICES[0], ["s1", "o1", "Night desk", "helps at night", "active"]]
    assert ("services.csv", "kept_by_hand") not in told(await load(db, package(tmp_path / "c.zip", services=agreed)))
    await load(db, package(tmp_path / "d.zip", services=newer))
    assert await rows(db, "SELECT name, description FROM service") == [("Night desk anew", "helps by day")]
    assert await rows(db, "SELECT DISTINCT field_name FROM metadata WHERE field_name = 'by_hand'") == []


async def test_a_service_closed_here_is_not_opened_by_its_source(db: Database, tmp_path: Path) -> None:
    await load(db, package(tmp_path / "a.zip"))
    async with db.work() as session:
        await said_by(session, "staff-7", NOW)
        keys = (await session.execute(text("SELECT id FROM service"))).scalars().all()
        await set_status(session, keys, "inactive")
        await assure(session, keys, date(2026, 1, 10))
    for day, kept in (("2026-01-09", date(2026, 1, 10)), ("2026-01-12", date(2026, 1, 12))):
        dated = [[*SERVICES[0], "assured_date"], [*SERVICES[1], day]]
        await load(db, package(tmp_path / "b.zip", services=dated))
        assert await rows(db, "SELECT status, assured_date FROM service") == [("inactive", kept)]


async def test_what_an_import_writes_is_nobodys(db: Database, tmp_path: Path) -> None:
    await load(db, package(tmp_path / "a.zip"))
    changed = await load(db, package(tmp_path / "b.zip", phones=[PHONES[0], ["p1", "s1", "000-9"]]))
    assert (changed.known, changed.changed) == (3, 1)
    assert await rows(db, "SELECT number, by_hand FROM phone") == [("000-9", [])]


async def test_two_files_called_alike_are_not_one_source(db: Database, tmp_path: Path) -> None:
    one, other = package(tmp_path / "a" / "template.zip"), tmp_path / "b" / "template.zip"
    package(other, organizations=[ORGANIZATIONS[0], ["o1", "Another Agency", "y"]])
    refused = ((None, "source_needed"), ("hub", "source_reserved"), ("HUB ", "source_reserved"))
    for source, code in refused:
        report = await load(db, one, source)
        assert report.refused is not None
        assert (report.refused.code, report.tables) == (code, [])
    heard: list[tuple[str, int]] = []
    for path, source in ((one, "a"), (other, "b"), (other, "b")):
        await load(db, path, source, begun=lambda report: heard.append((report.source, report.known)))
    assert heard == [("a", 0), ("b", 0), ("b", 3)]
    assert await rows(db, "SELECT name FROM organization ORDER BY 1") == [("Another Agency",), ("Fictional Aid",)]


async def test_services_gone_from_their_source_are_named(db: Database, tmp_path: Path) -> None:
    three = [*SERVICES, ["s2", "o1", "Day desk", "helps", "active"], ["s3", "o1", "Old desk", "helped", "defunct"]]
    await load(db, package(tmp_path / "a.zip", services=three))
    report = await load(db, package(tmp_path / "b.zip"))
    (problem,) = report.problems
    assert (problem.file, problem.code, problem.detail, report.gone) == ("services.csv", "gone_from_source", "s2", 1)
    bad = [SERVICES[0], ["s1", "o1", "Night desk", "helps", "sometimes"], *three[2:]]
    wrong = await load(db, package(tmp_path / "c.zip", services=bad))  # a row that falls is not gone
    assert (told(wrong), wrong.gone) == ({("services.csv", "not_in_list")}, 0)


async def test_our_own_export_is_not_taken_for_anothers(db: Database, tmp_path: Path) -> None:
    await load(db, package(tmp_path / "a.zip"))
    async with db.work() as session:
        await export_package(session, tmp_path / "out.zip")
    for source, code in ((None, "source_needed"), ("fictional", "ids_elsewhere"), ("other", "ids_elsewhere")):
        report = await load(db, tmp_path / "out.zip", source)
        assert report.refused is not None
        assert report.refused.code == code
    assert await rows(db, "SELECT source, source_id FROM service") == [("fictional", "s1")]


async def test_an_area_left_standing_by_hand_stays(db: Database, tmp_path: Path) -> None:
    places: dict[str, Rows] = {
        "locations": [["id", "organization_id", "location_type"], ["l1", "o1", "physical"]],
        "service_at_locations": [["id", "service_id", "location_id"], ["k1", "s1", "l1"]],
        "addresses": [["id", "location_id", "address_1", "city", "state_province", "country", "address_type"],
                      ["a1", "l1", "1 Invented Road", "Nowhere", "Fiction", "XX", "physical"]],
    }  # fmt: skip
    await load(db, package(tmp_path / "a.zip", **places))
    ((derived,),) = await rows(db, "SELECT area_code FROM service_area WHERE derived")
    async with db.work() as session:
        await session.execute(text("INSERT INTO area (code, kind, names) VALUES ('C1', 'county', '{}')"))
    await _by_hand(db, areas=lambda was: (*was.areas, "C1"))
    for _ in range(2):
        assert await rows(db, "SELECT area_code, derived FROM service_area ORDER BY 1") == [
            ("C1", False), (derived, False),
        ]  # fmt: skip
        await load(db, package(tmp_path / "a.zip", **places))
