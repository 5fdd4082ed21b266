"""A vandal with the database owner's rights: changes the chain in every way an owner could, inside one transaction."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from sqlalchemy import text

from hub.audit.chain import GENESIS, PAYLOAD, digest, link
from hub.base.db import Session

Blow = Callable[[Session, random.Random], Awaitable[str]]
_EDITS = {
    "at": "at + interval '1 microsecond'",
    "xid": "(xid::text::bigint + 1)::text::xid8",
    "actor_id": "gen_random_uuid()",
    "agency_id": "gen_random_uuid()",
    "action": "action || ' '",
    "subject": "'somebody else'",
    "case_ids": "array_append(case_ids, gen_random_uuid())",
    "body": """body || '{"more": 1}'""",
}
_SEAL_EDITS = {
    "sealed_at": "sealed_at - interval '1 hour'",
    "upto": "(upto::text::bigint + 1)::text::xid8",
    "last_id": "last_id + 1",
    "floor": "floor + 1",
    "entries": "entries - 1",
    "digests": "substring(digests from 33)",
    "head": "sha256(head)",
}


async def _one(session: Session, query: str, **values: Any) -> Any:
    return (await session.execute(text(query), values)).scalar()


async def _do(session: Session, query: str, **values: Any) -> int:
    done: Any = await session.execute(text(query), values)
    count: int = done.rowcount
    assert count > 0, f"the blow did not land: {query}"
    return count


async def _seals(session: Session) -> list[Any]:
    return list((await session.execute(text("select * from audit_seal order by number"))).all())


async def edit(session: Session, chance: random.Random) -> str:
    """Change one column of one entry, or of one seal."""
    if chance.random() < 0.7:
        column = chance.choice(list(_EDITS))
        entry = chance.choice([entry_id for seal in await _seals(session) for entry_id in seal.entry_ids])
        await _do(session, f"update audit_entry set {column} = {_EDITS[column]} where id = :id", id=entry)
        return f"{column} of entry {entry}"
    column = chance.choice(list(_SEAL_EDITS))
    number = chance.choice([seal.number for seal in await _seals(session)])
    await _do(session, f"update audit_seal set {column} = {_SEAL_EDITS[column]} where number = :n", n=number)
    return f"{column} of seal {number}"


async def delete(session: Session, chance: random.Random) -> str:
    """Take away one entry, or a seal from the middle, alone or with its entries."""
    seals = await _seals(session)
    seal = chance.choice(seals[:-1])
    if chance.random() < 0.6:
        entry = chance.choice(seal.entry_ids)
        await _do(session, "delete from audit_entry where id = :id", id=entry)
        return f"entry {entry}"
    if chance.random() < 0.5:
        await _do(session, "delete from audit_entry where id = any(:ids)", ids=list(seal.entry_ids))
    await _do(session, "delete from audit_seal where number = :n", n=seal.number)
    return f"seal {seal.number}"


async def insert(session: Session, chance: random.Random) -> str:
    """Slip in an entry as if it had been there: in a gap of the ids, before all, or under a seal of its own."""
    model = chance.choice([entry_id for seal in await _seals(session) for entry_id in seal.entry_ids])
    gap = "select g from generate_series(1, (select max(last_id) from audit_seal)) g except select id from audit_entry"
    gaps = [row[0] for row in (await session.execute(text(gap))).all()]
    new = chance.choice([*gaps, 0, -chance.randrange(1, 10**9)])
    await _do(
        session,
        "insert into audit_entry (id, xid, at, actor_id, agency_id, action, subject, case_ids, body) "
        "overriding system value select :new, xid, at, actor_id, agency_id, 'disclose', subject, case_ids, body "
        "from audit_entry where id = :model",
        new=new,
        model=model,
    )
    if chance.random() < 0.3:  # hide it from the search for strangers under a seal nobody walks by
        await _do(
            session,
            "insert into audit_seal select :number, sealed_at, upto, last_id, floor, entries, array[:new]::bigint[], "
            "digests, head from audit_seal where number = 1",
            number=-chance.randrange(0, 5),
            new=new,
        )
    return f"entry {new}"


async def reorder(session: Session, chance: random.Random) -> str:
    """Let two entries, or two seals, change places; of entries in the table, or in their seal with their digests."""
    seals = await _seals(session)
    how = chance.randrange(3)
    if how == 0:
        one, two = chance.sample([entry_id for seal in seals for entry_id in seal.entry_ids], 2)
        for old, new in ((one, -7), (two, one), (-7, two)):
            await _do(
                session,
                "insert into audit_entry overriding system value "
                "select :new, xid, at, actor_id, agency_id, action, subject, case_ids, body "
                "from audit_entry where id = :old",
                old=old,
                new=new,
            )
            await _do(session, "delete from audit_entry where id = :old", old=old)
        return f"entries {one} and {two}"
    if how == 1:
        seal = chance.choice([seal for seal in seals if len(seal.entry_ids) > 1])
        i, j = chance.sample(range(len(seal.entry_ids)), 2)
        ids, parts = list(seal.entry_ids), [seal.digests[k : k + 32] for k in range(0, len(seal.digests), 32)]
        ids[i], ids[j], parts[i], parts[j] = ids[j], ids[i], parts[j], parts[i]
        await _do(
            session,
            "update audit_seal set entry_ids = :ids, digests = :digests where number = :n",
            ids=ids,
            digests=b"".join(parts),
            n=seal.number,
        )
        return f"{i} and {j} in seal {seal.number}"
    one, two = (seal.number for seal in chance.sample(seals, 2))
    for old, new in ((one, -7), (two, one), (-7, two)):
        await _do(session, "update audit_seal set number = :new where number = :old", old=old, new=new)
    return f"seals {one} and {two}"


async def truncate(session: Session, chance: random.Random) -> str:
    """Cut the chain's end off: the last seals, their entries and all that came after."""
    seals = await _seals(session)
    cut = seals[-chance.randrange(1, len(seals)) :]
    kept = [entry_id for seal in seals[: -len(cut)] for entry_id in seal.entry_ids]
    await _do(session, "delete from audit_entry where not id = any(:kept)", kept=kept)
    await _do(session, "delete from audit_seal where number >= :n", n=cut[0].number)
    return f"{len(cut)} seals"


async def rewrite(session: Session, chance: random.Random) -> str:
    """Change an entry and make every digest and head anew, so that the chain agrees with itself again."""
    entry = chance.choice([entry_id for seal in await _seals(session) for entry_id in seal.entry_ids])
    await _do(session, "update audit_entry set subject = 'somebody else' where id = :id", id=entry)
    await make_anew(session)
    return f"entry {entry} and all seals"


async def make_anew(session: Session) -> None:
    """Compute every digest and head again from what now stands in the tables."""
    head = GENESIS
    for seal in await _seals(session):
        rows = await session.execute(
            text(f"select id, {PAYLOAD} from audit_entry where id = any(:ids)"), {"ids": list(seal.entry_ids)}
        )
        payloads = {row[0]: row[1] for row in rows.all()}
        digests = b"".join(digest(payloads[entry_id]) for entry_id in seal.entry_ids)
        columns = dict(seal._mapping) | {"digests": digests}
        columns["upto"] = await _one(session, "select upto::text from audit_seal where number = :n", n=seal.number)
        head = link(head, SimpleNamespace(**columns))
        await _do(
            session,
            "update audit_seal set digests = :digests, head = :head where number = :n",
            digests=digests,
            head=head,
            n=seal.number,
        )


BLOWS: dict[str, Blow] = {
    "edit": edit,
    "delete": delete,
    "insert": insert,
    "reorder": reorder,
    "truncate": truncate,
    "rewrite": rewrite,
}
SEEN_ONLY_FROM_OUTSIDE = {"truncate", "rewrite"}
