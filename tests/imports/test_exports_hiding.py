"""Files of the directory that are being made while a place becomes confidential: who waits, what is left and counts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from directory import purging
from directory.hiding import hide_location
from hub.base.db import Session
from hub.base.ids import new_id
from hub.imports import making
from hub.imports.exports import pieces
from tests.inventory.conftest import World
from tests.support.hub import Person

LANE = "Fictional lane {}"


async def _places(world: World, number: int) -> list[UUID]:
    """So many places, each in a lane that anybody may read of."""
    await world.people(2)
    made = "insert into location (source, source_id, location_type, name, organization_id) select 'fictional', "
    made += "cast(:lane as text), 'physical', :lane, organization_id from service order by id limit 1 returning id"
    async with world.hub.hub.db.work() as session:
        return [(await session.execute(text(made), {"lane": LANE.format(n)})).scalar_one() for n in range(number)]


@pytest.fixture
def while_made(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Do things one after another, one a making, once the directory is read, or `laid` down; how often it was."""

    def doing(*deeds: Callable[[], Awaitable[object]], laid: bool = False) -> list[int]:
        made, step = list[int](), "_keep" if laid else "export_package"
        real = getattr(making, step)

        async def slow(*given: Any, **how: Any) -> None:
            await real(*given, **how)
            made.append(len(made))
            if len(made) <= len(deeds):
                await deeds[len(made) - 1]()

        monkeypatch.setattr(making, step, slow)
        return made

    return doing


async def _work(world: World) -> None:
    async with asyncio.timeout(30):  # so that whoever waits for a hiding fails
        await world.hub.work("exports")


async def _taken(person: Person) -> str:
    (found,) = await person.ask("DirectoryExports")
    answer = await person.http.get(found["downloadPath"], headers={"Authorization": person.token or ""})
    assert (answer.status_code, len(answer.content)) == (200, found["size"])
    return str(answer.text)


class _Hiding:
    """A place that is being hidden, as by an import, until it is said whether that holds."""

    def __init__(self, world: World, place: UUID) -> None:
        self.world, self.place = world, place
        self.work: AbstractAsyncContextManager[Session] = world.hub.hub.db.work()

    async def begin(self) -> None:
        assert await hide_location(await self.work.__aenter__(), self.place)

    async def end(self, error: Exception | None = None) -> None:
        await self.work.__aexit__(type(error) if error else None, error, None)


async def test_hiding_waits_for_no_file_that_is_being_laid_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes seconds for a large one; and what was laid down is handed to nobody."""
    (place,) = await _places(world, 1)
    auditor, real, laid, go, made = world.sign_in("auditor"), making._parts, threading.Event(), threading.Event(), []

    def slow(path: Path) -> Iterator[bytes]:
        made.append(LANE.format(0) in path.read_text("utf-8"))
        for part in real(path):
            yield part
            laid.set()
            go.wait(20)

    monkeypatch.setattr(making, "_parts", slow)
    await auditor.do("MakeExport", form="JSON")
    work = asyncio.create_task(_work(world))
    try:
        assert await asyncio.to_thread(laid.wait, 20)
        async with world.hub.hub.db.work() as session:
            await session.execute(text("set local lock_timeout = '2s'"))
            assert await hide_location(session, place)
    finally:
        go.set()
        await work
    assert made == [True, False]
    assert LANE.format(0) not in await _taken(auditor)


async def test_what_is_being_hidden_at_the_end_is_not_waited_for(
    world: World, while_made: Callable[..., list[int]]
) -> None:
    """Nor is the file finished: who hides something has not looked at the row of one that waits uncounted."""
    places = await _places(world, 2)
    auditor, (done, open_) = world.sign_in("auditor"), [_Hiding(world, place) for place in places]

    async def whole() -> None:
        await done.begin()
        await done.end()

    made = while_made(whole, open_.begin)
    await auditor.do("MakeExport", form="JSON")
    await _work(world)
    assert (await auditor.ask("DirectoryExports"))[0]["state"] == "WAITING"
    assert await world.scalar("select count(*) from directory_export_part where body <> ''") == 0
    assert made == [0, 1]
    await open_.end()
    await _work(world)
    assert not [lane for lane in map(LANE.format, range(2)) if lane in await _taken(auditor)]


@pytest.mark.parametrize("laid", [False, True])
async def test_hidings_that_are_taken_back_make_no_file_fail(
    world: World, while_made: Callable[..., list[int]], laid: bool
) -> None:
    """As by packages that are only tried: each holds the file's row, and lets it go as it was."""
    (place,) = await _places(world, 1)
    auditor, hidings = world.sign_in("auditor"), [_Hiding(world, place) for _ in range(6)]
    made = while_made(*[hiding.begin for hiding in hidings], laid=laid)
    await auditor.do("MakeExport", form="JSON")
    for hiding in hidings:
        await _work(world)
        await hiding.end(RuntimeError())
    await _work(world)
    assert len(made) == 7
    assert LANE.format(0) in await _taken(auditor)
    assert await world.scalar("select begun from directory_export") == 1


async def test_what_a_maker_left_is_nobodys_and_goes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await _places(world, 1)
    auditor, real = world.sign_in("auditor"), making._finish

    async def cut(*_: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(making, "_finish", cut)
    await auditor.do("MakeExport", form="JSON")
    with pytest.raises(RuntimeError):
        await _work(world)
    key = await world.scalar("select export_id from directory_export_part group by export_id")
    assert (await auditor.ask("DirectoryExports"))[0]["downloadPath"] is None
    waiting: Any = SimpleNamespace(id=key, made_at=None)
    assert [piece async for piece in pieces(world.hub.hub.db, waiting)] == []
    monkeypatch.setattr(making, "_finish", real)
    await _work(world)
    assert LANE.format(0) in await _taken(auditor)
    assert await world.scalar("select begun from directory_export") == 2


async def test_parts_that_went_with_a_secret_are_laid_down_again(
    world: World, while_made: Callable[..., list[int]]
) -> None:
    """Also where nothing else tells of it."""
    await _places(world, 1)
    auditor = world.sign_in("auditor")

    async def gone() -> None:
        async with world.hub.hub.db.work() as session:
            await session.execute(text("delete from directory_export_part"))

    made = while_made(gone, laid=True)
    await auditor.do("MakeExport", form="JSON")
    await _work(world)
    assert made == [0, 1]
    assert LANE.format(0) in await _taken(auditor)


async def test_a_past_that_is_forgotten_meanwhile_is_in_no_file(
    world: World, while_made: Callable[..., list[int]]
) -> None:
    await _places(world, 1)
    auditor = world.sign_in("auditor")

    async def purge() -> None:
        async with world.hub.hub.db.work() as session:
            asked = text(
                "insert into history_purge (id, service_id, change_id, resource_type, resource_id, field_name, reason, "
                "asked_by, asked_at) select :id, id, :id, 'service', id, 'name', 'whereabouts', :who, now() "
                "from service order by id limit 1"
            )
            given = {"id": new_id(), "who": new_id()}
            await session.execute(asked, given)
            found = await purging.purge(session, given["id"])
            assert found is not None
            assert await purging.decide(session, found, new_id(), found.asked_at, agreed=True) is not None

    made = while_made(purge)
    await auditor.do("MakeExport", form="JSON")
    await _work(world)
    assert made == [0, 1]
    await _taken(auditor)


async def test_a_file_that_goes_while_it_is_taken_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows would be of another file, made since."""
    monkeypatch.setattr(making, "PART", 100)
    (place,) = await _places(world, 1)
    auditor = world.sign_in("auditor")
    await auditor.do("MakeExport", form="JSON")
    await _work(world)
    async with world.hub.hub.db.work() as session:
        file: Any = (await session.execute(text("select id, made_at from directory_export"))).one()
    taking: AsyncIterator[bytes] = pieces(world.hub.hub.db, file)
    assert len(await anext(taking)) == 100
    async with world.hub.hub.db.work() as session:
        assert await hide_location(session, place)
    await world.forward(minutes=1)
    await _work(world)
    assert (await world.sign_in("auditor").ask("DirectoryExports"))[0]["state"] == "READY"
    assert [piece async for piece in taking] == []
