"""The demo's mail server: it catches, shows the newest first, keeps a bounded number and leaves nothing behind."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hub.base.ids import new_id
from hub.base.settings import Settings
from hub.notices import mail
from hub.notices.catcher import Catcher
from hub.notices.tables import Outbox

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def row(minute: int, calendar: str | None = None) -> Outbox:
    at = NOW + timedelta(minutes=minute)
    return Outbox(
        id=new_id(), kind="meeting_called", agency_id=new_id(), subject_id=new_id(), created_at=at, calendar=calendar
    )


async def test_messages_are_told_newest_first_and_the_oldest_go(configure: Callable[..., Settings]) -> None:
    rows = [row(0), row(1, CALENDAR), row(2), row(3, CALENDAR)]
    async with Catcher(keep=3) as catcher:
        settings = configure(catcher.port)
        for one in rows:
            await mail.send(mail.compose(one, "desk@agency.example", "en", settings), settings)
        told = catcher.messages()
        assert [one["id"] for one in told] == [f"<{one.id}@hub.example>" for one in reversed(rows[1:])]
        assert [one["has_calendar"] for one in told] == [True, False, True]
        assert [one["date"] for one in told] == [NOW + timedelta(minutes=minute) for minute in (3, 2, 1)]
        assert {one["to"] for one in told} == {"desk@agency.example"}
        assert {one["subject"] for one in told} == {"You are invited to a meeting."}
        assert told[0]["text"].startswith("You are invited to a meeting.\n\n您受邀參加一場會議。\n\n회의에")
        assert told[0]["text"].endswith("\n\nhttps://hub.example/")


async def test_it_listens_on_loopback_and_ends_with_open_connections() -> None:
    async with Catcher() as catcher:
        assert catcher.host == "127.0.0.1"
        other = catcher.port
        reader, writer = await asyncio.open_connection(catcher.host, other)
        assert (await reader.readline()).startswith(b"220 catcher.invalid")
        assert catcher.messages() == []
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError, match="refused"):
        await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", other)
