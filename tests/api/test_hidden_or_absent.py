"""What is hidden and what is absent: the same answer, by the same statements, in the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from asyncpg import Connection
from asyncpg.connection import LoggedQuery
from sqlalchemy import event, text

from hub.api.describe import gid
from hub.base.db import Session
from tests.api.conftest import World
from tests.api.inputs import consent
from tests.support.hub import Person

Asked = tuple[str, str, str, str]
"""Who asks, the operation, the kind of the id, the argument."""
ASKED: list[Asked] = [
    ("other", "Referral", "Referral", "id"),
    ("colleague", "Referral", "Referral", "id"),
    ("other", "Case", "Case", "id"),
    ("clinic", "Report", "Report", "id"),
    ("colleague", "CaseReferrals", "Case", "caseId"),
    ("colleague", "Consents", "Case", "caseId"),
    ("colleague", "WhoSawWhat", "Case", "caseId"),
    *(("other", "Node", kind, "id") for kind in ("Case", "Report", "Referral", "Consent")),
]


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Every statement sent to the database meanwhile, by SQLAlchemy and by the driver itself."""
    sent = list[str]()
    engine = world.hub.hub.db.engine.sync_engine

    def by_driver(query: LoggedQuery) -> None:
        sent.append(query.query)

    def lent(connection: Any, _record: object, _proxy: object) -> None:
        driver: Connection[Any] = connection.driver_connection
        driver.add_query_logger(by_driver)

    def given(connection: Any, _record: object) -> None:
        if connection is not None:
            connection.driver_connection.remove_query_logger(by_driver)

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    heard = (("checkout", lent), ("checkin", given), ("before_cursor_execute", executed))
    for name, listener in heard:
        event.listen(engine, name, listener)
    try:
        yield sent
    finally:
        for name, listener in heard:
            event.remove(engine, name, listener)


async def keys(world: World) -> dict[str, UUID]:
    """One of each kind, there and hidden."""
    await world.people["coordinator"].do("RecordConsent", **consent(world))
    async with world.hub.hub.db.work() as session:
        return {
            "Case": world.case,
            "Report": world.report,
            "Referral": world.referral,
            "Consent": await _consent(session),
        }


async def _consent(session: Session) -> UUID:
    found: UUID = (await session.execute(text("select id from consent"))).scalar_one()
    return found


async def ask(person: Person, operation: str, argument: str, value: str) -> bytes:
    """What is answered."""
    answer = await person.post({"documentId": operation, "variables": {argument: value}})
    assert answer.status_code in (200, 403), answer.text
    return answer.content


async def test_the_same_statements_are_sent(world: World) -> None:
    """What is read of a thing that is there and hidden is read of one that is not there, too."""
    known = await keys(world)
    for who, operation, kind, argument in ASKED:
        person, answers, sent = world.people[who], [], []
        for key in (known[kind], uuid4()):
            value = gid(kind, key)
            await ask(person, operation, argument, value)  # whatever is read once a connection has been read
            with statements(world) as during:
                answers.append(await ask(person, operation, argument, value))
            sent.append(list(during))
        assert answers[0] == answers[1], (operation, kind)
        assert sent[0] == sent[1], (operation, kind, len(sent[0]), len(sent[1]))
        assert sent[0], operation


async def test_the_clock_does_not_tell_them_apart(world: World) -> None:
    """The share of pairs in which the hidden one took longer is near one half (AUC; 0.5 is a coin).

    A colleague of the same centre may know that the case exists.
    """
    known = await keys(world)
    for who, operation, kind, argument in (one for one in ASKED if one[0] != "colleague"):
        value = auc = 0.0
        for _ in range(3):  # a busy machine may disturb a run; nothing but luck mends three
            auc = await _auc(world.people[who], operation, argument, kind, known[kind])
            value = min(value or 1.0, abs(auc - 0.5))
            if value <= 0.1:
                break
        assert value <= 0.1, (operation, auc)


async def _auc(person: Person, operation: str, argument: str, kind: str, key: UUID, pairs: int = 150) -> float:
    """Of all pairs of a hidden and an absent one, the share in which the hidden took longer."""
    hidden, absent = list[float](), list[float]()
    for number in range(pairs):
        both = [(hidden, gid(kind, key)), (absent, gid(kind, uuid4()))]
        for into, value in both if number % 2 else reversed(both):
            began = time.perf_counter()
            await ask(person, operation, argument, value)
            into.append(time.perf_counter() - began)
    longer = sum(h > a for h in hidden for a in absent)
    return longer / (len(hidden) * len(absent))
