"""What `hub doctor` says of the outbox: notices that do not get through."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hub.base.db import Session
from hub.base.failing import failing
from hub.base.fitness import Finding
from hub.base.settings import Settings

from .delivery import LONGEST_WAIT
from .mail import NoAddressError
from .tables import Outbox


async def notices(session: Session, _settings: Settings) -> AsyncIterator[Finding]:
    """Notices whose last attempt failed, by kind."""
    async for finding in failing(session, Outbox, "notices", lambda row: row.kind, _advice, LONGEST_WAIT):
        yield finding


def _advice(error: str) -> str:
    if error == NoAddressError.__name__:
        return "an administrator enters the agency's mailbox; until then it is told nothing by mail"
    return "check the mail server; they are tried again by themselves"
