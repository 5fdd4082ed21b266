"""A served hub whose time stands still until it is moved, with an issuer whose tokens are of that moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from hub.base import time
from hub.base.ids import new_id
from hub.base.settings import Settings
from hub.identity.actors import actor_of
from hub.policy.terms import Actor
from tests.api.conftest import World, told
from tests.identity.forge import AUDIENCE, RSA, rs256, token
from tests.inventory.conftest import issuer, settings
from tests.support.hub import Person, running
from tests.support.identity import Provider

__all__ = ["Moving", "issuer", "moving", "settings", "template"]


@dataclass(frozen=True)
class Signer(Provider):
    """Stands for a provider that signs in whoever is named; the hub reads its keys over HTTP."""

    async def bearer(self, login: str) -> str:
        """The `Authorization` header of a person, good for an hour from this moment."""
        at = int(time.now().timestamp())
        claims = {"iss": self.issuer, "sub": login, "aud": AUDIENCE, "iat": at, "exp": at + 3600}
        claims |= {"client_id": "hub-web", "jti": new_id().hex, "scope": "hub:read hub:write"}
        return "Bearer " + token({"alg": "RS256", "kid": "rsa", "typ": "at+jwt"}, claims, rs256(RSA))


@dataclass
class Moving:
    """The world of `tests.api`, and its time."""

    world: World
    signer: Signer
    moved: Callable[[timedelta], None]

    async def as_(self, login: str) -> Person:
        """Somebody with a token of this moment."""
        return self.world.hub.person(await self.signer.bearer(login))

    async def forward(self, **step: float) -> None:
        """Move time on. The hub then fetches the issuer's keys anew; where it could not, it waits half a minute."""
        self.moved(timedelta(**step))
        for _ in range(20):
            if (await (await self.as_("auditor")).post({"documentId": "Me"})).status_code == 200:
                return
            self.moved(timedelta(seconds=31))
        raise AssertionError("the hub does not get its keys")

    async def until(self, moment: datetime) -> None:
        """Move time on to `moment`, or the few seconds later that the hub takes to get its keys."""
        await self.forward(seconds=(moment - time.now()).total_seconds())

    async def actor(self, login: str) -> Actor:
        """Somebody, for a use case in process."""
        async with self.world.hub.hub.db.work() as session:
            found = await actor_of(session, self.signer.issuer, login)
        assert found is not None
        return found

    async def mail(self) -> list[tuple[str, str]]:
        """Let the clocks and the outbox work, and take what has arrived: (mailbox, subject)."""
        hub = self.world.hub
        await hub.work("clocks", "outbox")
        taken = sorted((str(m["To"]).partition("@")[0], str(m["Subject"])) for m in hub.mail.messages)
        hub.mail.messages.clear()
        return taken

    async def run(self, statement: str, **given: Any) -> None:
        """Change the database behind everybody's back."""
        async with self.world.hub.hub.db.work() as session:
            await session.execute(text(statement), given)

    async def rows(self, statement: str, **given: Any) -> list[tuple[Any, ...]]:
        """Read the database behind everybody's back."""
        async with self.world.hub.hub.db.work() as session:
            return [tuple(row) for row in (await session.execute(text(statement), given)).all()]

    @property
    def agencies(self) -> dict[str, UUID]:
        """Ids by code."""
        return self.world.agencies


@pytest.fixture
def template(county_template: str) -> str:
    """The county is there."""
    return county_template


@pytest_asyncio.fixture(loop_scope="session")
async def moving(settings: Settings, database_url: str, issuer: str) -> AsyncIterator[Moving]:
    """The world at a moment of today; each agency and one coordinator has a mailbox."""
    with time.at(datetime.now(UTC).replace(second=0, microsecond=0)) as moved:
        async with running(settings, database_url) as hub:
            signer = Signer(issuer)
            made = Moving(await told(hub, signer), signer, moved)
            await made.run("update agency set email = code || '@agency.invalid'")
            await made.run(
                "update staff set email = 'coordinator.desk@agency.invalid', locale = 'en'"
                " where subject = 'coordinator'"
            )
            await made.mail()
            yield made
