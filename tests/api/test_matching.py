"""Ranking over HTTP: the authority's weights, an agency's pace, and services whose agency takes no referrals here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from hub.api.describe import gid
from hub.base import time as clock
from hub.base.time import now
from tests.api.conftest import AREA, World


async def _reasons(world: World, **more: Any) -> dict[str, dict[str, Any]]:
    """Reasons of the clinic's service, by code."""
    answer = await world.people["coordinator"].ask("MatchServices", need="counselling", area=AREA, first=100, **more)
    (mine,) = [m for m in answer["found"] if m["service"]["id"] == gid("Service", world.service)]
    return {reason["code"]: reason for reason in mine["reasons"]}


async def test_only_an_administrator_sets_weights_and_everybody_sees_them_work(world: World) -> None:
    """A version read too long ago is a conflict, a bad one is told by field, and each setting is an audit entry."""
    held = await world.people["coordinator"].ask("MatchWeights")
    assert held["version"] == 0
    assert {w["name"]: w["value"] for w in held["weights"]}["mandate"] == 300
    given = {"version": 0, "weights": [{"name": "not_in_hub", "value": -7}], "note": "telephone is fine here"}
    for login in ("coordinator", "clinic", "auditor", "reporter"):
        assert (await world.people[login].do("SetMatchWeights", **given))["code"] == "not_permitted"
    boss = world.people["boss"]
    for bad, path in (
        ({"weights": [{"name": "beauty", "value": 1}]}, "weights.beauty"),
        ({"weights": [{"name": "per_km", "value": 5}]}, "weights.per_km"),
        ({"note": " "}, "note"),
    ):
        refused = await boss.do("SetMatchWeights", **given | bad)
        assert path in [field["path"] for field in refused["fields"]], refused
        assert all(field["message"] for field in refused["fields"])
    done = await boss.do("SetMatchWeights", **given)
    assert done["version"] == 1
    assert (await boss.do("SetMatchWeights", **given))["code"] == "changed_meanwhile"
    answer = await world.people["coordinator"].ask("MatchServices", need="counselling", area=AREA, first=100)
    points = {r["points"] for m in answer["found"] for r in m["reasons"] if r["code"] == "not_in_hub"}
    assert points == {-7}
    assert "not_in_hub" not in await _reasons(world)
    async with world.hub.hub.db.work() as session:
        rows = await session.execute(text("select body from audit_entry where action = 'weights.set'"))
        (body,) = rows.scalars().all()
    assert body["changes"] == {"not_in_hub": -7}


async def test_a_suspended_agency_takes_no_referrals(world: World) -> None:
    async with world.hub.hub.db.work() as session:
        await session.execute(
            text("update agency set suspended = true where id = :id"), {"id": world.agencies["clinic"]}
        )
    assert "not_in_hub" in await _reasons(world)


async def test_an_agency_that_leaves_referrals_unanswered_moves_down(world: World) -> None:
    """Five referrals overdue for days are a slow agency; once the period is over nothing is said any more."""
    async with world.hub.hub.db.work() as session:
        await session.execute(
            text(
                "insert into referral (id, case_id, need, area, urgency, from_agency_id, to_agency_id, service_id, "
                "summary, state, sent_by, sent_at, due_at, version) select gen_random_uuid(), case_id, need, area, "
                "urgency, from_agency_id, to_agency_id, service_id, summary, 'requested', sent_by, "
                "sent_at - interval '10 days', due_at - interval '9 days', 1 from referral, generate_series(1, 5) "
                "where id = :id"
            ),
            {"id": world.referral},
        )
    await world.hub.work("pace")
    found = await _reasons(world)
    assert found["answers_slowly"]["points"] < 0
    assert int(found["answers_slowly"]["detail"]) >= 239
    with clock.at(now() + timedelta(days=400)):
        await world.hub.work("pace")
    assert "answers_slowly" not in await _reasons(world)
