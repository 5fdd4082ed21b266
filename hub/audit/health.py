"""What `hub doctor` says of the chain: whether it is sealed in time, and whether its head is kept outside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from sqlalchemy import text

from hub.base.db import Session
from hub.base.fitness import Finding
from hub.base.settings import Settings
from hub.base.time import now

from .heads import newest

_LOOSE = text(
    """
    with last as (select upto, last_id from audit_seal order by number desc limit 1)
    select count(*), min(at), max(at) from (
      select id, xid, least(greatest(at, '0001-01-02'), '9999-12-30') as at from audit_entry) within_reach
    where xid >= coalesce((select upto from last), '0'::xid8) or id > coalesce((select last_id from last), 0)
    """
)
_HEAD = text(
    """
    select (select max(number) from audit_seal) as last, (select head from audit_seal where number = :number) as head,
      (select least(greatest(sealed_at, '0001-01-02'), '9999-12-30') from audit_seal where number = :number + 1) as next
    """
)


async def sealing(session: Session, settings: Settings) -> AsyncIterator[Finding]:
    """A quick look at the chain's end; `hub audit verify` walks all of it."""
    late = timedelta(seconds=settings.seal_late)
    count, oldest, youngest = (await session.execute(_LOOSE)).one()
    if count and (oldest < now() - late or youngest > now() + late):
        yield Finding(
            "wrong", f"{count} audit entries are not sealed, the oldest of {oldest:%Y-%m-%d %H:%M:%S} UTC",
            "start `hub work`, and end database transactions that have run for long: unsealed entries are unguarded",
        )  # fmt: skip
    else:
        yield Finding("ok", "audit entries are sealed in time")
    yield await _head(session, settings, late)


async def _head(session: Session, settings: Settings, late: timedelta) -> Finding:
    folder = settings.state_dir / "heads"
    try:
        head = newest(folder)  # before the chain is read, which only grows
    except ValueError as error:
        return Finding("wrong", f"{error}", "take it away, put the one before in its place, and find out who wrote it")
    found = (await session.execute(_HEAD, {"number": head.number if head else 0})).one()
    if head is None:
        if found.last is None:
            return Finding("note", "nothing is sealed yet, so there is no head of the audit chain")
        return Finding(
            "note", f"no head of the audit chain is in {folder}: nobody could see here if its end were cut off",
            "look where `hub work` keeps its state, or let both share that folder",
        )  # fmt: skip
    if found.head is None or found.head.hex() != head.head:
        return Finding(
            "wrong", f"the audit chain was cut or rewritten: seal {head.number} is not as it was exported",
            f"keep the database and {folder} as they are, and run `hub audit verify --head`",
        )  # fmt: skip
    if found.next is not None and found.next < now() - late:
        return Finding(
            "wrong", f"the head in {folder} does not know seals since {found.next:%Y-%m-%d %H:%M:%S} UTC",
            "see in the worker's log why the job `head` fails, and that this is its folder",
        )  # fmt: skip
    return Finding("ok", "the head of the audit chain is kept outside the database")
