"""What is given out tells nothing of a confidential place or of what was corrected, and is of one moment."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from directory.actions import export_package
from directory.refresh import refresh_services
from directory.search import SearchQuery, search
from directory.spelling import forget_words
from directory.standard import reading
from hub.base.db import Database
from tests.directory.places import (
    ADDRESSES,
    HIDDEN,
    LATITUDE,
    STREET,
    TOWN,
    ids_of,
    load,
    nowhere,
    packed,
    packed_hidden,
    rows_of,
)


async def test_what_a_text_was_before_it_was_corrected_is_given_to_nobody(db: Database, tmp_path: Path) -> None:
    past = [["id", "resource_id", "resource_type", "last_action_type", "field_name", "previous_value",
             "replacement_value"], ["m1", "s1", "service", "update", "description", f"at {STREET}", "helps"],
            ["m2", "s1", "service", "update", "name", "Day shelter", "Night shelter"]]  # fmt: skip
    await load(db, packed_hidden(tmp_path / "a.zip", metadata=past))
    for said in (f"at {STREET}", "helps"):
        await rows_of(db, "update service set description = :said returning id", said=said)
    await rows_of(db, "update service set name = 'Fictional shelter', minimum_age = 18 returning id")
    await rows_of(db, "insert into program (source, source_id, organization_id, name, description) "
                    "select 't', 'x', id, 'p', :said from organization returning id", said=STREET)  # fmt: skip
    await rows_of(db, "delete from program returning id")
    for form, name in (("zip", "out.zip"), ("json", "out.json")):
        async with db.work() as session:
            await export_package(session, tmp_path / name, form)  # type: ignore[arg-type]
    assert STREET not in (tmp_path / "out.json").read_text()
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not [name for name in out.namelist() if STREET in out.read(name).decode()]
        told = list(csv.DictReader(io.StringIO(out.read("metadata.csv").decode())))
    found = {(row["field_name"], row["previous_value"], row["replacement_value"]) for row in told}
    assert found >= {
        ("description", "", ""), ("name", "Day shelter", "Night shelter"),
        ("name", "Night shelter", "Fictional shelter"), ("minimum_age", "", "18"),
    }  # fmt: skip


async def test_our_own_feed_keeps_a_place_confidential(db: Database, tmp_path: Path) -> None:
    await load(db, packed_hidden(tmp_path / "a.zip"))
    service, _ = await ids_of(db)
    async with db.work() as session:
        said = await reading.one(session, "services", service, reading.Form.FULL)
    assert said is not None
    feed = json.loads(said)
    hidden = feed["service_at_locations"][0]["location"]
    assert (hidden["location_type"], hidden["confidential"]) == ("physical", True)
    (tmp_path / "feed.json").write_text(said)
    async with db.work() as session:  # another hub
        for table in ("service", "location"):
            await session.execute(text(f"delete from {table}"))
    report = await load(db, tmp_path / "feed.json", "other")
    assert report.problems == []
    kept = await rows_of(db, "select location_type, description, extra from location")
    assert kept == [("confidential", "", {})]
    hidden["addresses"] = [{"id": "a1", "address_1": STREET, "city": TOWN, "country": "XX", "address_type": "physical"}]
    hidden["latitude"] = LATITUDE
    (tmp_path / "feed.json").write_text(json.dumps(feed))
    report = await load(db, tmp_path / "feed.json", "other")
    assert {p.code for p in report.problems} == {"confidential_place", "confidential_address"}
    await nowhere(db)
    hidden["confidential"] = "perhaps"
    (tmp_path / "feed.json").write_text(json.dumps(feed))
    report = await load(db, tmp_path / "feed.json", "other")
    assert "bad_value" in {p.code for p in report.problems}
    await nowhere(db)


async def test_no_export_has_the_name_of_a_confidential_place(db: Database, tmp_path: Path) -> None:
    named = [[*HIDDEN[0], "name_i18n"], ["l1", "o1", "confidential", STREET, json.dumps({"ko": STREET})]]
    tongues = [["id", "location_id", "name"], ["g1", "l1", f"Fictionish of {STREET}"], ["g2", "l1", "English"]]
    await load(db, packed(tmp_path / "a.zip", named, ADDRESSES[:1], languages=tongues))
    assert await rows_of(db, "select name from location") == [(STREET,)]
    for form, name in (("zip", "out.zip"), ("json", "out.json")):
        async with db.work() as session:
            await export_package(session, tmp_path / name, form)  # type: ignore[arg-type]
    assert STREET not in (tmp_path / "out.json").read_text()
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not [name for name in out.namelist() if STREET in out.read(name).decode()]
        assert ",confidential," in out.read("locations.csv").decode()
        assert {row["name"] for row in csv.DictReader(io.StringIO(out.read("languages.csv").decode()))} == {"en", "und"}


async def test_a_corrected_word_is_proposed_to_nobody(db: Database, tmp_path: Path) -> None:
    await load(db, packed_hidden(tmp_path / "a.zip"))
    service, _ = await ids_of(db)
    for said in ("behind Zanzibarstreet", "helps children"):
        await rows_of(db, "update service set description = :said returning id", said=said)
        async with db.work() as session:
            await refresh_services(session, [service])

    async def proposed(typed: str) -> Sequence[Any]:
        async with db.work() as session:
            return (await search(session, SearchQuery(text=typed))).corrections

    assert await proposed("zanzibarstreat")
    async with db.work() as session:
        assert await forget_words(session) >= 1
    assert not await proposed("zanzibarstreat")
    assert await rows_of(db, "select word from search_word where word like 'zanz%'") == []
    assert await proposed("childrem")  # what is said still is still known, and its stem
    async with db.work() as session:
        assert await forget_words(session) == 0
        assert (await search(session, SearchQuery(text="helping"))).rows


@pytest.mark.parametrize("form", ["zip", "json"])
async def test_an_export_is_of_one_moment(db: Database, tmp_path: Path, form: Any) -> None:
    """A service that goes while it is written: all of it is there, or nothing."""
    await load(db, packed(tmp_path / "a.zip"))
    gone: list[bool] = []
    async with db.work() as session:
        execute = session.execute

        async def interrupted(statement: Any, *given: Any, **more: Any) -> Any:
            found = await execute(statement, *given, **more)
            if not gone and "FROM service_at_location t" in str(statement):
                gone.append(True)
                async with db.work() as other:
                    for table in ("service", "location", "organization"):
                        await other.execute(text(f"delete from {table}"))
            return found

        session.execute = interrupted  # type: ignore[method-assign]
        counts = await export_package(session, tmp_path / f"out.{form}", form)
    assert gone
    assert (counts["service"], counts["location"], counts["address"]) == (1, 1, 1)
    if form == "json":
        (said,) = json.loads((tmp_path / "out.json").read_bytes())["services"]
        assert said["service_at_locations"][0]["location"]["addresses"][0]["address_1"] == STREET
