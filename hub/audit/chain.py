"""Append an entry in the transaction it belongs to; seal finished entries, in batches, into one hash chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from hub.base.db import Session
from hub.base.rows import Row, write
from hub.base.time import now
from hub.policy.terms import Actor

from .tables import AuditEntry, AuditSeal

GENESIS = hashlib.sha256(b"hub audit chain 1").digest()
_LOCK = 0x48554201

# Every column in PostgreSQL's own binary form, in one function call: nothing is left out and nothing is reformatted.
PAYLOAD = "record_send(row(id, xid, at, actor_id, agency_id, action, subject, case_ids, body))"
_CURRENT = text("select number, upto::text, last_id, floor, entries, head from audit_seal order by number desc limit 1")
_EDGE = text(
    """
    select pg_snapshot_xmin(pg_current_snapshot())::text, pg_current_xact_id() < cast(:upto as text)::xid8
    """
)
_UNSEALED = """
    from audit_entry where id > :floor and
      ((xid >= cast(:upto as text)::xid8 or id > :last_id) and xid < cast(:edge as text)::xid8
       or :restored and xid >= cast(:upto as text)::xid8)
    """
_CUT = text(f"select xid::text {_UNSEALED} order by audit_entry.xid offset :most - 1 limit 1")
_PENDING = text(
    f"select id, {PAYLOAD}, xid >= cast(:upto as text)::xid8 as old {_UNSEALED} order by audit_entry.xid, id"
)


async def append(
    session: Session,
    actor: Actor,
    action: str,
    subject: UUID | str = "",
    *,
    cases: Sequence[UUID] = (),
    body: Mapping[str, Any] | None = None,
) -> None:
    """Append one entry to the running transaction: if the transaction fails there is neither deed nor entry.

    `action` is a code such as `referral.send`; `body` holds ids and codes only, never a name, address or free text.
    """
    await write(session, entry(actor, action, subject, cases=cases, body=body))


def entry(
    actor: Actor,
    action: str,
    subject: UUID | str = "",
    *,
    cases: Sequence[UUID] = (),
    body: Mapping[str, Any] | None = None,
) -> Row:
    """An entry as a row, for a deed that is written by one statement with its entry."""
    return AuditEntry.__tablename__, {
        "at": now(),
        "actor_id": actor.id,
        "agency_id": actor.agency_id,
        "action": action,
        "subject": str(subject),
        "case_ids": list(cases),
        "body": orjson.dumps(body or {}).decode(),
    }


def digest(payload: bytes) -> bytes:
    """The hash of one entry, as `PAYLOAD` gives it."""
    return hashlib.sha256(payload).digest()


def link(previous: bytes, seal: Any) -> bytes:
    """The head after a seal (a row or an object with its columns): it binds every column and all that came before."""
    moment = seal.sealed_at.astimezone(UTC).isoformat()
    told = [seal.number, moment, str(seal.upto), seal.last_id, seal.floor, seal.entries, list(seal.entry_ids)]
    return hashlib.sha256(previous + json.dumps(told).encode() + seal.digests).digest()


async def seal(session: Session, most: int = 5000) -> int:
    """Seal about `most` entries whose transactions have all ended; returns how many. One sealer at a time.

    Entries are taken in the order of their transaction ids, below the oldest transaction still running, so that none
    can appear later before a sealed one. After a restore into a new cluster transaction ids start low again: what came
    with the backup is then told apart by `floor`, the highest id that came with it. Seal once before the first deed
    after a restore.
    """
    if not (await session.execute(text("select pg_try_advisory_xact_lock(:k)"), {"k": _LOCK})).scalar_one():
        return 0
    last = (await session.execute(_CURRENT)).first()
    number, upto, last_id, floor, total, head = last or (0, "0", 0, 0, 0, GENESIS)
    edge, restored = (await session.execute(_EDGE, {"upto": upto})).one()
    where = {"floor": floor, "upto": upto, "last_id": last_id, "edge": edge, "restored": restored}
    cut = None if restored else (await session.execute(_CUT, where | {"most": most})).scalar()
    if cut is not None:  # a transaction is never split between two seals
        where["edge"] = edge = str(int(cut) + 1)
    rows = (await session.execute(_PENDING, where)).all()
    if not rows:
        return 0
    ids = [row.id for row in rows]
    if restored:
        floor = max(last_id, *(row.id for row in rows if row.old), 0)
    made = AuditSeal(
        number=number + 1,
        sealed_at=now(),
        upto=int(edge),
        last_id=max(last_id, *ids),
        floor=floor,
        entries=total + len(ids),
        entry_ids=ids,
        digests=b"".join(digest(row[1]) for row in rows),
        head=b"",
    )
    made.head = link(head, made)
    session.add(made)
    await session.flush()
    return len(ids)
