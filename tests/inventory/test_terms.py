"""Words of imports: a person says what they mean, no import changes that, and the services that use them follow."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from directory import terms
from directory.actions import import_package
from hub.api.describe import gid
from tests.inventory.conftest import World
from tests.inventory.test_answers import fields, problem
from tests.inventory.test_editing import rows


def package(folder: Path, needs: dict[str, str], services: int) -> Path:
    """A package whose services use words of their own; `needs` is what the source says of a word."""

    def put(name: str, head: list[str], body: list[list[str]]) -> None:
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *body])

    folder.mkdir(exist_ok=True)
    put("organization", ["id", "name", "description"], [["o", "Fictional body", "d"]])
    put(
        "service",
        ["id", "organization_id", "name", "status"],
        [[f"s{n}", "o", f"S {n}", "active"] for n in range(services)],
    )
    put("service_area", ["id", "service_id", "service_area"], [[f"a{n}", f"s{n}", "X01"] for n in range(services)])
    put("taxonomy_term", ["id", "term", "need"], [[word, word, need] for word, need in needs.items()])
    put("service_attribute", ["id", "service_id", "taxonomy_term_id"],
        [[f"t{n}", f"s{n}", list(needs)[n % len(needs)]] for n in range(services)])  # fmt: skip
    return folder


async def bring(world: World, folder: Path) -> Any:
    """Import it."""
    async with world.hub.hub.db.work() as session:
        report = await import_package(session, folder, dry_run=False, source="fictional words")
    assert report.refused is None
    return report


async def test_a_word_is_mapped_by_hand_and_no_import_changes_it(world: World, tmp_path: Path) -> None:
    await world.people(6)
    words = {"Zorbing": "", "Moonlight": "", "Glimmer": "legal_aid"}
    report = await bring(world, package(tmp_path / "p", words, 30))
    assert {term.name for term in report.unknown_terms} == {"Zorbing", "Moonlight"}
    admin, auditor = world.sign_in("admin"), world.sign_in("auditor")
    listed = {e["node"]["name"]: e["node"] for e in (await auditor.ask("UnmappedTerms"))["edges"]}
    assert {name: node["services"] for name, node in listed.items()} == {"Zorbing": 10, "Moonlight": 10}
    version = (await admin.ask("Needs"))[0]["version"]
    given = {"termId": listed["Zorbing"]["id"], "need": "image_removal", "dutyMap": version}
    for person in (auditor, world.manager(next(iter(world.agencies))), world.sign_in("reporter")):
        assert problem(await person.do("MapTerm", **given))[0] == "NotPermitted"
    assert fields(await admin.do("MapTerm", **(given | {"need": "money"}))) == {"need": "unknown_need"}
    assert problem(await admin.do("MapTerm", **(given | {"dutyMap": "1999"}))) == ("Conflict", "changed_meanwhile")
    assert (
        problem(await admin.do("MapTerm", **(given | {"termId": gid("VocabularyTerm", UUID(int=1))})))[0] == "NotFound"
    )
    assert (await admin.ask("SearchServices", need="image_removal"))["totalCount"] == 0
    mapped = await admin.do("MapTerm", **given)
    assert (mapped["need"], mapped["chosen"], mapped["refreshed"], mapped["following"]) == (
        "image_removal",
        True,
        10,
        10,
    )
    assert mapped["finishedAt"]
    assert (await admin.ask("SearchServices", need="image_removal"))["totalCount"] == 10
    routes = "select count(distinct service_id) from service_route where need = :need"
    assert await world.scalar(routes, need="image_removal") == 10
    cover = "select count(*) from coverage_service where 'image_removal' = any(needs)"
    assert await world.scalar(cover) == 10
    none = await admin.do("MapTerm", termId=listed["Moonlight"]["id"], need=None, dutyMap=version)
    assert (none["need"], none["chosen"], none["dutyMap"]) == (None, True, version)
    assert (await admin.ask("UnmappedTerms"))["totalCount"] == 0
    assert [e["node"]["name"] for e in (await admin.ask("UnmappedTerms", chosen=True))["edges"]] == [
        "Moonlight", "Zorbing",
    ]  # fmt: skip
    # The source says otherwise: what a person said stays, what nobody touched follows the source.
    again = await bring(
        world, package(tmp_path / "p", {"Zorbing": "shelter", "Moonlight": "shelter", "Glimmer": "housing"}, 30)
    )
    assert again.unknown_terms == []
    held = await rows(world, "select name, need from taxonomy_term where source = 'fictional words' order by name")
    assert held == [("Glimmer", "housing"), ("Moonlight", None), ("Zorbing", "image_removal")]
    assert await world.scalar(routes, need="image_removal") == 10
    audit = await rows(world, "select subject, body from audit_entry where action = 'term.map' order by id")
    assert [row.body["need"] for row in audit] == ["image_removal", None]
    by = "select count(*) from metadata where resource_type = 'taxonomy_term' and field_name = 'need'"
    who = await world.scalar("select id from staff where subject = 'admin'")
    assert await world.scalar(f"{by} and updated_by = :by", by=str(who)) == 1


async def test_many_services_follow_in_batches_by_the_worker(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.people(6)
    await bring(world, package(tmp_path / "p", {"Zorbing": ""}, 25))
    monkeypatch.setattr(terms, "BATCH", 10)
    key = await world.scalar("select id from taxonomy_term where name = 'Zorbing'")
    now = datetime.now(UTC)
    async with world.hub.hub.db.work() as session:
        assert await terms.choose(session, key, "image_removal", UUID(int=5), now, at_once=24)
    admin, seen = world.sign_in("admin"), []
    for _ in range(4):
        term = await admin.ask("Term", id=gid("VocabularyTerm", key))
        found = (await admin.ask("SearchServices", need="image_removal"))["totalCount"]
        seen.append((term["following"], term["refreshed"], found, term["finishedAt"] is not None))
        async with world.hub.hub.db.work() as session:
            await terms.advance(session, now)
    assert seen == [(25, 0, 0, False), (25, 10, 10, False), (25, 20, 20, False), (25, 25, 25, True)]
    async with world.hub.hub.db.work() as session:  # the other way, half done when somebody thinks again
        assert await terms.choose(session, key, None, UUID(int=5), now, at_once=0)
        assert await terms.advance(session, now)
        assert await terms.choose(session, key, "rescue", UUID(int=5), now, at_once=0)
    await world.hub.work("words")
    assert (await admin.ask("SearchServices", need="rescue"))["totalCount"] == 25
    assert (await admin.ask("SearchServices", need="image_removal"))["totalCount"] == 0
    async with world.hub.hub.db.work() as session:
        assert not await terms.advance(session, now)
