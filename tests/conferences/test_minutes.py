"""Minutes are of a meeting that was held: not before it begins, not of an empty room; only then the clock is met."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.api.describe import gid
from hub.base.clocks import zone
from hub.base.time import now
from tests.support.moving import Moving, issuer, moving, settings, template

__all__ = ["issuer", "moving", "settings", "template"]


async def called(moving: Moving) -> Any:
    """A conference of the high-risk case, in two hours."""
    coordinator = await moving.as_("coordinator")
    return await coordinator.do(
        "CallMeeting",
        caseIds=[gid("Case", moving.world.case)],
        agencies=[{"agencyId": gid("Agency", moving.agencies["other"])}],
        startsAt=(now() + timedelta(hours=2)).isoformat(),
        minutes=30,
    )


async def record(moving: Moving, meeting: Any, lang: str = "en", **changes: Any) -> Any:
    """The coordinator keeps its minutes, final."""
    coordinator = await moving.as_("coordinator")
    coordinator.lang = lang
    given = {
        "itemId": meeting["items"][0]["id"],
        "version": meeting["version"],
        "text": "示範紀錄。",
        "presentIds": [gid("Agency", moving.agencies["other"])],
        "final": True,
    }
    return await coordinator.do("RecordMinutes", **given | changes)


async def running_clocks(moving: Moving) -> set[str]:
    """Codes of the case's and the meeting's running clocks."""
    rows = await moving.rows("select clock from deadline where state = 'running'")
    return {str(code) for (code,) in rows}


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "Not before {when}."), ("zh-Hant", "最早時間：{when}。"), ("ko", "{when}부터 할 수 있습니다.")],
)
async def test_a_meeting_that_has_not_begun_has_no_minutes(moving: Moving, lang: str, said: str) -> None:
    """A minute before it begins: refused, with the moment from which it can be; no clock is met, nobody was there."""
    meeting = await called(moving)
    await moving.forward(minutes=119)
    before = await running_clocks(moving)
    assert {"high_risk_meeting", "minutes"} <= before
    problem = await record(moving, meeting, lang)
    assert (problem["__typename"], problem["code"]) == ("TooSoon", "meeting_not_begun")
    assert problem["notBefore"] == meeting["startsAt"]
    begins = (now() + timedelta(minutes=1)).astimezone(zone())
    assert said.replace("{when}", f"{begins:%Y-%m-%d %H:%M}") in problem["message"]
    assert await running_clocks(moving) == before
    assert await moving.rows("select 1 from attendance") == []
    assert await moving.rows("select 1 from agenda_item where minutes is not null") == []
    assert await moving.rows("select 1 from audit_entry where action = 'minutes.record'") == []
    found = await (await moving.as_("coordinator")).ask("Conference", id=meeting["id"])
    assert (found["state"], found["version"]) == ("called", meeting["version"])


async def test_from_its_beginning_they_can_be_kept_and_meet_the_clock(moving: Moving) -> None:
    """At the very minute; the conference is final and the case's clock of its meeting has ended."""
    meeting = await called(moving)
    await moving.forward(hours=2)
    held = await record(moving, meeting)
    assert held["state"] == "final"
    assert not {"high_risk_meeting", "minutes"} & await running_clocks(moving)


async def test_nobody_there_is_no_meeting(moving: Moving) -> None:
    """An empty room is refused by its field, and meets no clock."""
    meeting = await called(moving)
    await moving.forward(hours=3)
    problem = await record(moving, meeting, presentIds=[])
    assert problem["__typename"] == "InvalidInput"
    assert [(field["path"], field["code"]) for field in problem["fields"]] == [("presentIds", "nobody_present")]
    assert {"high_risk_meeting", "minutes"} <= await running_clocks(moving)
