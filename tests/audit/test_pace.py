"""How fast the chain is: appended, sealed, verified; against the bare hashing of the same bytes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time

from sqlalchemy import text

from hub.audit.chain import PAYLOAD, append, seal
from hub.audit.verify import verify
from hub.base.db import Database, Session
from hub.policy.terms import Actor

ENTRIES = 1_000_000 if os.environ.get("SOAK") else 20_000
_MANY = text(
    "insert into audit_entry (at, actor_id, agency_id, action, subject, case_ids, body) "
    "select now(), gen_random_uuid(), gen_random_uuid(), 'referral.send', gen_random_uuid()::text, "
    """array[gen_random_uuid()], '{"shown": [{"purpose": "treatment", "categories": {"existence": ["P4"]}}]}' """
    "from generate_series(1, :many)"
)


async def test_pace(database_url: str, owner: Session, actor: Actor) -> None:
    """The figures are printed; the bounds are generous, for a busy machine must not fail the build."""
    database = Database(database_url, pool=16)

    async def work() -> None:
        for _ in range(60):
            async with database.work() as session:
                await append(session, actor, "work", "x", body={"of": "a small entry"})

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(16)))
    appended = 16 * 60 / (time.perf_counter() - start)
    for _ in range(ENTRIES // 5_000):
        async with database.work() as session:
            await session.execute(_MANY, {"many": 5_000})
    await owner.execute(text("analyze audit_entry"))
    await owner.commit()

    start, sealed = time.perf_counter(), 0
    while True:
        async with database.work() as session:
            count = await seal(session)
        sealed += count
        if not count:
            break
    sealing = sealed / (time.perf_counter() - start)

    async with database.work() as session:
        verifying = 60.0
        for _ in range(3):  # the quickest: others may be at work on this machine
            start = time.perf_counter()
            report = await verify(session)
            verifying = min(verifying, time.perf_counter() - start)
        rows = await session.execute(text(f"select {PAYLOAD} from audit_entry limit 100000"))
        payloads = [row[0] for row in rows.all()]
    start = time.perf_counter()
    for payload in payloads:
        hashlib.sha256(payload).digest()
    floor = (time.perf_counter() - start) / len(payloads) * report.entries
    await database.close()
    print(
        f"append {appended:,.0f}/s (16 writers, one entry a transaction); seal {sealing:,.0f}/s; "
        f"verify {report.entries:,} in {verifying:.2f} s, {verifying / floor:.1f} x sha256 alone ({floor:.2f} s)"
    )
    assert report.whole
    assert report.unsealed == 0
    assert sealed == report.entries == 960 + ENTRIES
    assert sealing > 1_000
    assert verifying / floor < 60
