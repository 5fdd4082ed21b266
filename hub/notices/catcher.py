"""A mail server for the demo and the tests: it takes everything, keeps the last messages in memory, sends nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as RULES
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, TypedDict
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope


class Caught(TypedDict):
    """One message as a page shows it. `text` is the plain part; `date` is when it was written."""

    id: str
    subject: str
    to: str
    date: datetime
    text: str
    has_calendar: bool


class Catcher:
    """`async with Catcher() as mail:` listens on loopback alone, in the running loop; `port` 0 takes a free one."""

    def __init__(self, port: int = 0, keep: int = 200, **options: Any) -> None:
        """`options` are aiosmtpd's own, such as `tls_context`."""
        self.host, self.port = "127.0.0.1", port
        self._kept: deque[EmailMessage] = deque(maxlen=keep)
        self._options = options
        self._server: asyncio.Server | None = None
        self._connections = WeakSet[SMTP]()

    def messages(self) -> list[Caught]:
        """What was caught, the newest first."""
        return [_told(message) for message in reversed(self._kept)]

    def raw(self) -> list[EmailMessage]:
        """The messages themselves, the oldest first."""
        return list(self._kept)

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a message."""
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, _class=EmailMessage, policy=RULES)
        self._kept.append(message)
        return "250 OK"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()
        await self._server.wait_closed()
        for _ in range(3):
            await asyncio.sleep(0)  # each notices, and ends its task

    def _connection(self) -> SMTP:
        loop = asyncio.get_running_loop()
        made = SMTP(self, hostname="catcher.invalid", ident="catcher", loop=loop, **self._options)
        self._connections.add(made)
        return made


def _told(message: EmailMessage) -> Caught:
    body = message.get_body(("plain",))
    return {
        "id": str(message["Message-ID"]),
        "subject": str(message["Subject"]),
        "to": str(message["To"]),
        "date": parsedate_to_datetime(str(message["Date"])),
        "text": str(body.get_content()).replace("\r\n", "\n").strip() if body is not None else "",
        "has_calendar": any(part.get_content_type() == "text/calendar" for part in message.walk()),
    }
