"""A whole hub for a test: served over HTTP on loopback with real tokens, its worker's jobs, and a real mail catcher."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import httpx
import pytest
import uvicorn
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from hub.api.run import Hub
from hub.app import create_app, opened
from hub.base.settings import Settings
from hub.base.settings import settings as current
from hub.worker import jobs


class Mailbox:
    """Takes every message that is delivered."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        """Keep it."""
        raw = envelope.content
        assert isinstance(raw, bytes)
        message = message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 kept"


def free_port() -> int:
    """A loopback port nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def settings(settings_env: pytest.MonkeyPatch) -> Settings:
    """Settings of a hub that signs in through its built-in issuer, on ports of its own."""
    for name in ("PORT", "SMTP_PORT"):
        settings_env.setenv(f"HUB_{name}", str(free_port()))
    current.cache_clear()
    return current()


@asynccontextmanager
async def mailbox(port: int) -> AsyncIterator[Mailbox]:
    """A real SMTP server on loopback."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Person:
    """Somebody with a token, speaking to the hub over HTTP."""

    http: httpx.AsyncClient
    token: str | None
    lang: str = "en"
    seen: list[str] = field(default_factory=list)

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        """Post any body to the API."""
        given = {"Accept-Language": self.lang} | ({"Authorization": self.token} if self.token else {}) | headers
        answer = await self.http.post("/graphql", json=body, headers=given)
        self.seen.append(answer.text)
        return answer

    async def ask(self, operation: str, **variables: Any) -> Any:
        """The data of a named operation's one root field."""
        answer = await self.post({"documentId": operation, "variables": variables})
        body = answer.json()
        assert answer.status_code == 200, body
        assert "errors" not in body, body
        (data,) = body["data"].values()
        return data

    async def do(self, operation: str, **given: Any) -> Any:
        """The outcome of a mutation: what it changed, or the problem (`__typename` and `code`)."""
        return await self.ask(operation, input=given)


@dataclass
class Running:
    """A hub that serves at `url`."""

    hub: Hub
    url: str
    http: httpx.AsyncClient
    mail: Mailbox

    async def work(self, *names: str) -> None:
        """Do the worker's jobs once, all or the named ones."""
        for name, (_, job) in jobs(self.hub.db, self.hub.settings, asyncio.Event()).items():
            if not names or name in names:
                await job()

    def person(self, token: str | None, lang: str = "en") -> Person:
        """Somebody with this Authorization header."""
        return Person(self.http, token, lang)


@asynccontextmanager
async def running(settings: Settings, url: str) -> AsyncIterator[Running]:
    """Serve a hub on the database at `url` for the length of the block."""
    async with mailbox(settings.smtp_port) as box, opened(settings, url) as hub:
        config = uvicorn.Config(create_app(hub), log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        # asyncio turns Nagle off only where the protocol is named: else every answer waits 40 ms for an ACK
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
            listening.bind(("127.0.0.1", settings.port))
            task = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag alone
                await asyncio.sleep(0.01)
            base = f"http://127.0.0.1:{settings.port}"
            async with httpx.AsyncClient(base_url=base, timeout=30) as http:
                try:
                    yield Running(hub, base, http, box)
                finally:
                    server.should_exit = True
                    with suppress(asyncio.CancelledError):
                        await task
