"""What the tests of notices are made with: agencies, rows of the outbox and a mail server that misbehaves."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope
from sqlmodel import col, select

from hub.base.db import Database
from hub.base.ids import new_id
from hub.identity.tables import Agency, Staff
from hub.notices.catcher import Catcher
from hub.notices.outbox import Notice, notify
from hub.notices.tables import Outbox


class Troubled(Catcher):
    """A mail server that refuses some recipients, and answers no message until it is let."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.refused: set[str] = set()
        self.seen = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.verdict = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse or take a recipient; the refusal repeats the address, as real servers do."""
        if address in self.refused:
            return f"550 5.1.1 <{address}> does not live here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message, then answer when let."""
        await super().handle_DATA(server, session, envelope)
        self.seen.set()
        verdict = self.verdict
        await self.may_answer.wait()
        return verdict


async def agency(db: Database, email: str = "desk@agency.example", **values: Any) -> UUID:
    """A new agency's id."""
    found = {"code": f"A{new_id().hex[:12]}", "name": "Fictional Agency", "network": "police", **values}
    async with db.work() as session:
        row = Agency(email=email, **found)
        session.add(row)
    return row.id


async def member(db: Database, agency_id: UUID, email: str, **values: Any) -> UUID:
    """A new member of its staff."""
    async with db.work() as session:
        row = Staff(
            issuer="https://issuer.example", subject=new_id().hex, display_name="Fictional Person",
            agency_id=agency_id, email=email, **values,
        )  # fmt: skip
        session.add(row)
    return row.id


async def queue(db: Database, agency_id: UUID, kind: str = "referral_received", **values: Any) -> None:
    """One notice, queued as an action queues it."""
    async with db.work() as session:
        await notify(session, Notice(kind, agency_id, new_id(), **values))


async def rows(db: Database) -> list[Outbox]:
    """The whole outbox, the oldest first."""
    async with db.work() as session:
        return list((await session.exec(select(Outbox).order_by(col(Outbox.created_at)))).all())
