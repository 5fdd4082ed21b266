"""The served hub of stock-taking's tests, and what is sent to its directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from directory.template_writer import areas_of, write_template
from tests.inventory.conftest import World, issuer, settings, world
from tests.support.filling import filled
from tests.support.hub import Person

__all__ = ["issuer", "settings", "world"]

AGENCY = {"id": "A1", "name": "虛構會"}


@pytest.fixture
def workbook(world: World, tmp_path: Path) -> Callable[..., Any]:
    """The template filled in with these services, as bytes."""

    async def made(services: list[dict[str, Any]], language: str = "en") -> bytes:
        path = tmp_path / "filled.xlsx"
        async with world.hub.hub.db.work() as session:
            write_template(path, language, await areas_of(session, language))
        return filled(path, language, organization=[AGENCY], service=services).read_bytes()

    return made


def services(number: int) -> list[dict[str, Any]]:
    """So many good rows."""
    return [{"id": f"S{n}", "organization_id": "A1", "name": f"虛構服務 {n}"} for n in range(number)]


async def put(person: Person, path: str, raw: bytes, **headers: str) -> tuple[int, str]:
    """Send bytes: status, and the code of a refusal."""
    given = {"Authorization": person.token or "", "Accept-Language": person.lang, **headers}
    answer = await person.http.put(path, content=raw, headers=given)
    return answer.status_code, answer.json()["code"] if answer.content else ""


async def sent(person: Person, raw: bytes, name: str = "filled.xlsx", source: str = "filled") -> Any:
    """A package announced and sent."""
    found = await person.do("StageImport", fileName=name, source=source)
    assert found["state"] == "RECEIVING", found
    assert await put(person, found["uploadPath"], raw) == (204, "")
    return found["id"]


async def one_sent(world: World, workbook: Callable[..., Any], number: int = 1) -> tuple[Person, str]:
    """An administrator, and the package of so many good rows they have sent."""
    await world.people(2)
    admin = world.sign_in("admin")
    return admin, await sent(admin, await workbook(services(number)))
