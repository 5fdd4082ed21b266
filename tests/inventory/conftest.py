"""A served hub that trusts an issuer of the tests' own, so that hundreds of people can sign in at any moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import insert, text

from hub.api.describe import gid
from hub.base import time
from hub.base.ids import new_id
from hub.base.settings import Settings
from hub.base.settings import settings as current
from hub.identity.tables import Agency, Staff, StaffRole
from hub.policy.terms import Role
from tests.console.browser import serve
from tests.identity.forge import AUDIENCE, JWKS, RSA, rs256, token
from tests.inventory.county import Filled, fill
from tests.support.hub import Person, Running, free_port, running

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""A Monday, nine o'clock in Taipei; the tests' time begins here and stands still unless moved."""


@dataclass
class World:
    """The served hub, what its directory holds, who its agencies are and how time is moved."""

    hub: Running
    issuer: str
    moved: Any
    filled: Filled = field(default_factory=Filled)
    agencies: dict[UUID, UUID] = field(default_factory=dict)
    """Agency by organization."""
    authority: UUID = field(default_factory=new_id)

    async def forward(self, **step: float) -> None:
        """Move time on. The hub then fetches the issuer's keys anew; where it could not, it waits half a minute."""
        self.moved(timedelta(**step))
        for _ in range(20 if self.agencies else 0):
            if (await self.sign_in("auditor").post({"documentId": "Me"})).status_code == 200:
                return
            self.moved(timedelta(seconds=31))

    def sign_in(self, login: str) -> Person:
        """Somebody with a token of this moment."""
        at = int(time.now().timestamp())
        claims = {"iss": self.issuer, "sub": login, "aud": AUDIENCE, "iat": at, "exp": at + 3600}
        claims |= {"client_id": "hub-web", "jti": new_id().hex, "scope": "hub:read hub:write"}
        return self.hub.person("Bearer " + token({"alg": "RS256", "kid": "rsa", "typ": "at+jwt"}, claims, rs256(RSA)))

    def manager(self, organization: UUID) -> Person:
        """The manager of an organization's agency."""
        return self.sign_in(f"manager-{organization}")

    async def people(self, organizations: int, strangers: int = 0) -> None:
        """A directory of so many organizations; all but the last `strangers` take part as agencies, with a manager."""
        async with self.hub.hub.db.work() as session:
            self.filled = await fill(session, organizations)
            rows: dict[type[Any], list[dict[str, Any]]] = {Agency: [], Staff: [], StaffRole: []}
            self._add(rows, self.authority, "authority", "social_affairs", None)
            for login, role in (("admin", Role.ADMINISTRATOR), ("auditor", Role.AUDITOR), ("reporter", Role.REPORTER)):
                self._staff(rows, login, self.authority, role)
            keys = list(self.filled.services)
            for number, key in enumerate(keys[: len(keys) - strangers]):
                self.agencies[key] = new_id()
                self._add(rows, self.agencies[key], f"a{number:04}", self.filled.networks[key], key)
                self._staff(rows, f"manager-{key}", self.agencies[key], Role.AGENCY_MANAGER)
            self._staff(rows, "worker", self.agencies[keys[0]], Role.AGENCY_WORKER)
            for table, values in rows.items():
                await session.execute(insert(table), values)

    def _add(self, rows: Any, key: UUID, code: str, network: str, organization: UUID | None) -> None:
        rows[Agency].append(
            {
                "id": key, "code": code, "name": f"示範 {code}", "names": {}, "network": network,
                "organization_id": organization, "email": f"{code}@agency.invalid", "created_at": time.now(),
            }
        )  # fmt: skip

    def _staff(self, rows: Any, login: str, agency: UUID, role: Role) -> None:
        key = new_id()
        rows[Staff].append(
            {
                "id": key, "issuer": self.issuer, "subject": login, "display_name": login, "agency_id": agency,
                "created_at": time.now(), "scopes": [], "kind": "person", "locale": "zh-Hant",
            }
        )  # fmt: skip
        rows[StaffRole].append({"staff_id": key, "role": role, "granted_at": time.now()})

    async def open(self, days: int = 20, **given: Any) -> Any:
        """A round opened today by the administrator."""
        today = time.now().date()
        last = (today + timedelta(days=days)).isoformat()
        return await self.sign_in("admin").do("OpenRound", opensOn=today.isoformat(), closesOn=last, **given)

    async def mail(self) -> list[tuple[str, str]]:
        """Let the clocks and the outbox work, and take what has arrived: (agency code, subject)."""
        await self.hub.work("clocks", "outbox")
        taken = [(str(m["To"]).partition("@")[0], str(m["Subject"])) for m in self.hub.mail.messages]
        self.hub.mail.messages.clear()
        return sorted(taken)

    async def scalar(self, statement: str, **given: Any) -> Any:
        """One value of the database."""
        async with self.hub.hub.db.work() as session:
            return (await session.execute(text(statement), given)).scalar_one()


def service_id(key: UUID) -> str:
    """The global id of a service."""
    return gid("Service", key)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def issuer() -> AsyncIterator[str]:
    """A provider that publishes its keys and signs in nobody: the tests sign tokens themselves."""
    app = FastAPI()
    base: list[str] = []

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, str]:
        ends = {name: f"{base[0]}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        return {"issuer": base[0], **ends}

    @app.get("/jwks_uri")
    def keys() -> dict[str, Any]:
        return JWKS

    async with serve(app) as url:
        base.append(url)
        yield url


@pytest.fixture
def settings(settings_env: pytest.MonkeyPatch, issuer: str) -> Settings:
    """Settings of a hub that trusts it."""
    for name, value in {"OIDC_ISSUER": issuer, "PORT": free_port(), "SMTP_PORT": free_port()}.items():
        settings_env.setenv(f"HUB_{name}", str(value))
    current.cache_clear()
    return current()


@pytest_asyncio.fixture(loop_scope="session")
async def world(settings: Settings, database_url: str, issuer: str) -> AsyncIterator[World]:
    """An empty world at `START`."""
    with time.at(START) as moved:
        async with running(settings, database_url) as hub:
            yield World(hub, issuer, moved)
