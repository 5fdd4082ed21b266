"""Sending a referral: what is answered without reading it back, done once, and all of it or nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
from sqlalchemy import event, text

from hub.api.describe import gid
from hub.base.db import Session
from hub.consent import standing

from .conftest import AREA, World

SHOWN = """
  id version need area urgency state reason outcome sentAt dueAt answeredAt summary report
  fromAgency { id name } toAgency { id name } service { id name }
  case { id version number state area acts openedAt assigned riskLevel listedAt } withheld { field reason howToAsk }
"""
SEND = f"""mutation SendOne($input: SendReferralInput!) {{ sendReferral(input: $input) {{ __typename
  ... on Referral {{ {SHOWN} }} ... on Problem {{ code }} ... on InvalidInput {{ fields {{ path code }} }} }} }}"""
TWO = """mutation SendTwo($one: SendReferralInput!, $two: SendReferralInput!) {
  one: sendReferral(input: $one) { __typename ... on Referral { id } }
  two: sendReferral(input: $two) { __typename ... on Referral { id } } }"""
READ = f"query ReadOne($id: ID!) {{ referral(id: $id) {{ {SHOWN} }} }}"
TABLES = ("referral", "standing", "deadline", "outbox", "done_once")


def given(world: World, **changed: Any) -> dict[str, Any]:
    """A good input."""
    good = {"caseId": gid("Case", world.case), "need": "counselling", "area": AREA, "urgency": "URGENT"}
    return good | {"serviceId": gid("Service", world.service), "summary": "虛構的摘要"} | changed


async def send(world: World, who: str = "coordinator", **changed: Any) -> Any:
    """The outcome of sending it."""
    answer = await world.people[who].post({"query": SEND, "variables": {"input": given(world, **changed)}})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["sendReferral"]


async def counted(world: World) -> dict[str, int]:
    """Rows of every table a referral is written to."""
    async with world.hub.hub.db.work() as session:
        found = {table: await _count(session, table) for table in TABLES}
        return found | {"entries": await _count(session, "audit_entry where action = 'referral.send'")}


async def _count(session: Session, table: str) -> int:
    count: int = (await session.execute(text("select count(*) from " + table))).scalar_one()
    return count


def more(before: dict[str, int], **but: int) -> dict[str, int]:
    """What is there after one referral more."""
    return {name: count + but.get(name, 1) for name, count in before.items()}


async def test_the_answer_is_what_reading_would_give(world: World) -> None:
    """Nothing is read back, and still every field is the same; the ledger holds what was shown and no more."""
    sent = await send(world)
    assert sent.pop("__typename") == "Referral"
    assert sent["summary"] == "虛構的摘要"
    answer = await world.people["coordinator"].post({"query": READ, "variables": {"id": sent["id"]}})
    assert sent == answer.json()["data"]["referral"]
    async with world.hub.hub.db.work() as session:
        told = text("select body from audit_entry where action = 'disclose' order by id desc limit 2")
        read, written = (await session.execute(told)).scalars()
    (shown,) = written["shown"]
    assert shown["categories"].keys() == {"existence", "risk_level", "case_facts"}
    assert shown["cases"] == [str(world.case)]
    assert any(shown["categories"].items() <= group["categories"].items() for group in read["shown"])


async def test_six_journeys_to_the_database(world: World) -> None:
    """Begin, who asks, what is needed, what is written, what was shown, commit."""
    seen: list[str] = []
    engine = world.hub.hub.db.engine.sync_engine

    def watch(connection: Any, *_: Any) -> None:
        connection.driver_connection.add_query_logger(lambda record: seen.append(record.query))

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    await world.hub.hub.db.engine.dispose()
    event.listen(engine, "connect", watch)
    event.listen(engine, "before_cursor_execute", note)
    await send(world)  # the first on a new connection also reads the types
    seen.clear()
    asked = "mutation ($input: SendReferralInput!) { sendReferral(input: $input) { ... on Referral { id summary } } }"
    await world.people["coordinator"].post({"query": asked, "variables": {"input": given(world)}})
    event.remove(engine, "connect", watch)
    event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 6, seen
    assert [statement[:6] for statement in seen if statement[:6] in ("BEGIN;", "COMMIT")] == ["BEGIN;", "COMMIT"]


async def test_one_key_at_once(world: World) -> None:
    """Eight requests under one key at the same time send one referral, and each is told of it."""
    before = await counted(world)
    answers = await asyncio.gather(*(send(world, idempotencyKey="at-once-1") for _ in range(8)))
    assert len({answer["id"] for answer in answers}) == 1, answers
    assert await counted(world) == more(before)
    assert (await send(world, idempotencyKey="at-once-1"))["id"] == answers[0]["id"]
    other = await send(world, idempotencyKey="at-once-1", summary="另一個")
    assert (other["__typename"], other["code"]) == ("Conflict", "key_used_otherwise")
    assert await counted(world) == more(before)


async def test_a_refusal_leaves_the_key_free(world: World) -> None:
    """What was refused was not done: the key may be used for what was meant."""
    before = await counted(world)
    unknown = gid("Service", world.case)
    refused = await send(world, idempotencyKey="refused-1", serviceId=unknown)
    assert refused["fields"] == [{"path": "serviceId", "code": "unknown_id"}]
    assert await counted(world) == before
    assert (await send(world, idempotencyKey="refused-1"))["__typename"] == "Referral"
    assert await counted(world) == more(before)


async def test_what_came_before_a_refusal_stays(world: World) -> None:
    """Two in one request, one of them refused, in either order: the good one is done and stays."""
    before = await counted(world)
    good, bad = given(world, idempotencyKey="good-one-1"), given(world, caseId=gid("Case", world.service))
    for number, (one, two) in enumerate(((good, bad), (bad, good | {"idempotencyKey": "good-one-2"}))):
        answer = await world.people["coordinator"].post({"query": TWO, "variables": {"one": one, "two": two}})
        kinds = [outcome["__typename"] for outcome in answer.json()["data"].values()]
        assert sorted(kinds) == ["NotFound", "Referral"]
        assert kinds[number] == "Referral"
    assert await counted(world) == more(more(before))


async def test_no_entry_no_referral(world: World, owner_url: str) -> None:
    """If the entry or the ledger cannot be written nothing else is, with a key or without."""
    owner = await asyncpg.connect(owner_url)
    before = await counted(world)
    await owner.execute("revoke insert on audit_entry from hub_app")
    for key in (None, "never-done-1"):
        body = {"query": SEND, "variables": {"input": given(world, idempotencyKey=key)}}
        assert (await world.people["coordinator"].post(body)).status_code == 500
    await owner.close()
    assert await counted(world) == before


async def test_a_case_closed_meanwhile(world: World) -> None:
    """Who waits for the case sees it as it is when their turn comes."""
    async with world.hub.hub.db.work() as session:
        await session.execute(text("update case_file set state = 'closed' where id = :id"), {"id": world.case})
        waiting = asyncio.create_task(send(world))
        blocked = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
        for _ in range(500):
            if (await session.execute(blocked)).scalar_one():
                break
            await session.execute(text("select pg_stat_clear_snapshot(), pg_sleep(0.01)"))
        else:
            raise AssertionError("the second never waited")
    answer = await waiting
    assert (answer["__typename"], answer["code"]) == ("Conflict", "case_closed")


async def test_who_may_not_send(world: World) -> None:
    """A colleague's case does not exist, nor one the sender may no longer know of; suspended agencies take nothing."""
    assert (await send(world, "colleague"))["__typename"] == "NotFound"
    async with world.hub.hub.db.work() as session:
        await session.execute(
            text("update agency set suspended = true where id = :id"), {"id": world.agencies["clinic"]}
        )
    assert (await send(world))["__typename"] == "OutOfService"
    async with world.hub.hub.db.work() as session:
        staff = text("select s.id from staff s where s.subject = 'coordinator'")
        mine = (await session.execute(staff)).scalar_one()
        await standing.stand(session, world.case, "conflict", world.case, staff_id=mine)
    assert (await send(world))["__typename"] == "NotFound"


async def test_a_list_tells_of_a_case_what_the_referral_itself_tells(world: World) -> None:
    """Parties, and what is hidden: nothing that was not read looks as if it were not there."""
    case = "case { number summary hidden parties { kind name hidden } risks { score } withheld { field } }"
    one = f"query ($id: ID!) {{ referral(id: $id) {{ {case} }} }}"
    many = f"query ($id: ID!) {{ caseReferrals(caseId: $id) {{ id {case} }} }}"
    referral = gid("Referral", world.referral)
    for login in ("coordinator", "clinic"):
        person = world.people[login]
        whole = (await person.post({"query": one, "variables": {"id": referral}})).json()["data"]["referral"]["case"]
        asked = {"query": many, "variables": {"id": gid("Case", world.case)}}
        listed = (await person.post(asked)).json()["data"]["caseReferrals"]
        assert next(row["case"] for row in listed if row["id"] == referral) == whole
        assert whole["parties"] or whole["withheld"]
    mine = (await world.people["coordinator"].post({"query": f"{{ sentReferrals {{ id {case} }} }}"})).json()
    assert [row["case"]["parties"] != [] for row in mine["data"]["sentReferrals"]].count(False) == 0
