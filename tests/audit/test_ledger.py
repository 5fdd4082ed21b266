"""The ledger of disclosures: what was shown is written in the same transaction; if it cannot be, nothing leaves."""

from __future__ import annotations

from uuid import UUID

import pytest
from asyncpg import InsufficientPrivilegeError
from sqlalchemy import text

from hub.audit.ledger import look, watch
from hub.base.db import Database, Session
from hub.policy.terms import Actor, Category, Facts, Purpose, Role, Standing

ONE, TWO = UUID(int=11), UUID(int=12)
COORDINATOR = Actor(UUID(int=1), UUID(int=2), frozenset({Role.COORDINATOR}))
ASSIGNED, NEAR = Facts(standings=frozenset({Standing.ASSIGNED})), Facts(standings=frozenset({Standing.SAME_CENTRE}))


async def _entries(database: Database) -> list[tuple[object, ...]]:
    async with database.work() as session:
        rows = await session.execute(text("select action, subject, case_ids, body from audit_entry order by id"))
        return [tuple(row) for row in rows.all()]


async def test_what_is_shown_is_written_and_what_is_hidden_is_not(db: Database) -> None:
    """One entry a transaction: who saw which categories of which cases, on which basis; never what was in them."""
    async with db.work() as session:
        watch(session, COORDINATOR, "Inbox")
        for case, facts in ((ONE, ASSIGNED), (TWO, NEAR)):
            sight = look(session, COORDINATOR, case, Purpose.PROTECTION, facts)
            sight.show(Category.EXISTENCE, "there")
            sight.show(Category.HEALTH, "FICTIONAL DIAGNOSIS")
            sight.show(Category.MINUTES, None)
    ((action, subject, cases, body),) = await _entries(db)
    assert (action, subject, cases) == ("disclose", "Inbox", [ONE, TWO])
    assert body == {
        "shown": [
            {
                "purpose": "protection",
                "categories": {"existence": ["P1"], "health": ["P1"]},
                "consents": [],
                "cases": [str(ONE)],
            },
            {"purpose": "protection", "categories": {"existence": ["P2"]}, "consents": [], "cases": [str(TWO)]},
        ]
    }
    assert "FICTIONAL" not in str(body)


async def test_looking_without_seeing_writes_nothing(db: Database) -> None:
    """Nothing shown, no entry."""
    async with db.work() as session:
        sight = look(session, COORDINATOR, ONE, Purpose.PROTECTION, NEAR)
        assert sight.show(Category.HEALTH, "x") is None
        assert not sight.may(Category.VICTIM_CONTACT)
    assert await _entries(db) == []


async def test_an_unwritable_ledger_lets_nothing_leave(db: Database, owner: Session) -> None:
    """The transaction fails before its commit, whatever was shown inside; with the right back, it works again."""
    await owner.execute(text("revoke insert on audit_entry from hub_app"))
    await owner.commit()
    for _ in range(20):
        with pytest.raises(InsufficientPrivilegeError, match="permission denied"):
            await _show(db)
    await owner.execute(text("grant insert on audit_entry to hub_app"))
    await owner.commit()
    await _show(db)
    assert len(await _entries(db)) == 1


async def _show(database: Database) -> None:
    async with database.work() as session:
        look(session, COORDINATOR, ONE, Purpose.PROTECTION, ASSIGNED).show(Category.EXISTENCE, "there")
