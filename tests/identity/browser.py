"""A hub with nothing but its sign-in, and a browser in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text

from hub.base.db import Database
from hub.identity.actors import signed_in
from hub.identity.answers import TEXTS
from hub.identity.provider import Oidc
from hub.identity.sessions import csrf_token
from hub.identity.signin import SignIn
from tests.support.identity import Provider

HOME = "http://127.0.0.1:8000"


def application(hub_oidc: Oidc, db: Database) -> FastAPI:
    """Sign-in, and a page that says who is signed in."""
    sign_in = SignIn(hub_oidc, db)
    app = FastAPI()
    app.include_router(sign_in.routes)

    @app.get("/who")
    async def who(request: Request) -> Response:
        async with db.work() as session:
            mine = await signed_in(session, hub_oidc, sign_in.cookies, request)
        if mine is None:
            return JSONResponse(None, 401)
        return JSONResponse({"id": str(mine.actor.id), "csrf": csrf_token(mine), "name": mine.display_name})

    return app


@dataclass
class Browser:
    """One browser: its cookies, and the way through the provider."""

    client: httpx.AsyncClient
    provider: Provider

    async def start(self, after: str = "/") -> str:
        """Begin to sign in; the provider's URL."""
        answer = await self.client.get("/auth/sign-in", params={"next": after})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def back(self, login: str, url: str) -> str:
        """Sign in at the provider; path and query of the callback."""
        landed = await self.provider.code(login, url)
        assert str(landed).startswith(f"{HOME}/auth/callback?")
        return landed.raw_path.decode()

    async def sign_in(self, login: str, after: str = "/") -> httpx.Response:
        """The whole way; the callback's answer."""
        return await self.client.get(await self.back(login, await self.start(after)))

    async def who(self) -> dict[str, str] | None:
        """Who is signed in here."""
        found: dict[str, str] | None = (await self.client.get("/who")).json()
        return found

    @property
    def session(self) -> str | None:
        """The session cookie."""
        return self.client.cookies.get("hub")


@asynccontextmanager
async def browsing(app: FastAPI, provider: Provider) -> AsyncIterator[Browser]:
    """A fresh browser in front of `app`."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOME) as client:
        yield Browser(client, provider)


async def count(db: Database, table: str) -> int:
    """Rows of a table."""
    async with db.work() as session:
        found: int = (await session.execute(text(f"select count(*) from {table}"))).scalar_one()
        return found


async def actions(db: Database) -> list[str]:
    """What the audit says happened."""
    async with db.work() as session:
        return list((await session.execute(text("select action from audit_entry order by id"))).scalars())


async def shows(answer: httpx.Response, code: str, browser: Browser) -> None:
    """Whether a page says what `code` means, in three languages, unstored, and nobody is signed in."""
    for words in TEXTS[code]:
        assert words in answer.text
    for language in ("zh-Hant", "en", "ko"):
        assert f'lang="{language}"' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert await browser.who() is None
