"""Deliver what is in the outbox: claim for a while, send outside any transaction, mark; at least once, a stable id.

No transaction is open while a mail server thinks: one would hold a connection, and with its row lock a transaction id
below which neither the audit chain can be sealed nor dead rows be removed. So a claim is a lease: `next_fire_at` moves
on by `LEASE`, and a worker that dies leaves its rows to be due again then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlmodel import col

from hub.base.db import Database, Session
from hub.base.settings import Settings
from hub.base.time import now
from hub.identity.lookups import written_to
from hub.identity.views import agencies
from scheduling.ticker import backoff, claim_due

from . import mail
from .tables import Outbox

log = structlog.get_logger("hub.notices")

PATIENCE = 20.0
"""Seconds one message may take."""
LEASE = timedelta(seconds=60)
"""How long a claimed row is nobody else's: well above PATIENCE, so that two workers do not send one row at once."""
LONGEST_WAIT = timedelta(minutes=10)
"""No notice waits longer between two attempts, so that all are out soon after a mail server is back."""
TOGETHER = 8
"""Messages under way at once in one worker."""
SUSPENDED = "recipient_suspended"
_USUAL_LANGUAGE = {"TW": "zh-Hant", "KR": "ko"}


@dataclass(frozen=True, slots=True)
class _Letter:
    row: Outbox
    to: str
    lang: str


async def deliver(database: Database, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until nothing is left, nothing gets through or `stopped`; returns how many were sent.

    A notice to a suspended agency is closed unsent, and its row says so. Any other failure puts the row off
    (`attempts`, `last_error`: a class, never a text) and it is tried again for ever.
    """
    sent = 0
    while not stopped():
        async with database.work() as session:
            letters = await _claim(session, settings, now())
        done = await asyncio.gather(*(_send(database, letter, settings) for letter in letters), return_exceptions=True)
        for problem in done:
            if isinstance(problem, BaseException):
                raise problem  # the database went away between sending and marking: the rows come again
        sent += sum(map(bool, done))
        if not any(done):
            break
    return sent


async def _claim(session: Session, settings: Settings, at: datetime) -> list[_Letter]:
    rows = await claim_due(session, Outbox, at, TOGETHER)
    # Who has left the agency, is suspended or has expired is not written to: the agency's mailbox is.
    staff = await written_to(session, [row.staff_id for row in rows if row.staff_id is not None], at)
    to = await agencies(session, [row.agency_id for row in rows])
    letters = []
    for row in rows:
        agency, person = to[row.agency_id], staff.get(row.staff_id) if row.staff_id is not None else None
        if agency.suspended:
            row.next_fire_at, row.last_error = None, SUSPENDED
            log.info("notice not sent", outbox=row.id, reason=SUSPENDED)
            continue
        row.next_fire_at = at + LEASE
        email, lang = agency.email, _USUAL_LANGUAGE[settings.country]
        if person is not None and person.agency_id == row.agency_id:
            email, lang = person.email or email, person.locale
        letters.append(_Letter(row, email, lang))
    return letters


async def _send(database: Database, letter: _Letter, settings: Settings) -> bool:
    row = letter.row
    try:
        async with asyncio.timeout(PATIENCE):
            await mail.send(mail.compose(row, letter.to, letter.lang, settings), settings)
    except Exception as error:
        await _put_off(database, row, type(error).__name__)
        return False
    done = update(Outbox).where(col(Outbox.id) == row.id)
    async with database.work() as session:
        await session.execute(done.values(sent_at=now(), next_fire_at=None, attempts=0, last_error=None))
    return True


async def _put_off(database: Database, row: Outbox, error: str) -> None:
    attempts = row.attempts + 1
    mine = update(Outbox).where(col(Outbox.id) == row.id, col(Outbox.next_fire_at) == row.next_fire_at)
    wait = min(backoff(attempts), LONGEST_WAIT)
    async with database.work() as session:  # only while the lease is ours: another may have sent it since
        await session.execute(mine.values(next_fire_at=now() + wait, attempts=attempts, last_error=error[:100]))
    log.warning("notice put off", outbox=row.id, error=error, attempts=attempts)
