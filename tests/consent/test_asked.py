"""A list opens what was asked for and nothing else: the ledger is the witness."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from hub.api.describe import gid
from hub.api.plans import MOST
from tests.api.conftest import AREA, World, oidc, settings, template, world

__all__ = ["oidc", "settings", "template", "world"]

Sql = tuple[str, dict[str, Any]]
_LAST = "select coalesce(max(id), 0) from audit_entry"
_SHOWN = "select body -> 'shown' from audit_entry where id > :last and action = 'disclose'"


async def read(world: World, who: str, body: dict[str, Any]) -> tuple[Any, set[str]]:
    """The data of an answer, and the categories the ledger says it has shown."""
    async with world.hub.hub.db.work() as session:
        last = (await session.execute(text(_LAST))).scalar_one()
    answer = (await world.people[who].post(body)).json()
    assert "errors" not in answer, answer
    async with world.hub.hub.db.work() as session:
        told = (await session.execute(text(_SHOWN), {"last": last})).scalars().all()
    return answer["data"], {category for groups in told for group in groups for category in group["categories"]}


async def expect(world: World, asked: Iterable[tuple[str, str, dict[str, Any], str]]) -> None:
    """Each (who, query, variables) is told to the ledger by these categories, besides that there is something."""
    for who, query, given, categories in asked:
        variables = given | ({"c": gid("Case", world.case)} if "$c" in query else {})
        _, told = await read(world, who, {"query": query, "variables": variables})
        assert told - {"existence"} == set(categories.split()), (who, query, given)
        assert "existence" in told, (who, query, given)


async def change(world: World, *statements: Sql) -> None:
    """What only the operator of the database could do."""
    async with world.hub.hub.db.work() as session:
        for statement, given in statements:
            await session.execute(text(statement), given)


async def accept_and_report(world: World) -> None:
    """The clinic takes the referral on and reports back."""
    clinic, given = world.people["clinic"], {"referralId": gid("Referral", world.referral)}
    answered = await clinic.do("AnswerReferral", **given, version=1, answer="ACCEPT")
    assert (await clinic.do("ReportBack", **given, version=answered["version"], outcome="SERVICE_GIVEN", text="已談"))[
        "id"
    ]


async def test_a_type_name_opens_nothing(world: World) -> None:
    """GraphQL clients add `__typename` everywhere: it is no more than what was asked without it."""
    case = "case { number __typename ... on Case { __typename } }"
    await expect(
        world,
        [
            ("coordinator", f"query($c: ID!) {{ caseReferrals(caseId: $c) {{ id __typename {case} }} }}", {}, ""),
            ("coordinator", f"{{ sentReferrals {{ id {case} }} }}", {}, ""),
            ("coordinator", "{ myCases { edges { node { number __typename } } } }", {}, ""),
            ("clinic", f"{{ inbox {{ edges {{ node {{ id {case} }} }} }} }}", {}, ""),
        ],
    )


async def test_what_directives_leave_out_stays_sealed(world: World) -> None:
    """@skip and @include count as they stand in this request, also where the same document stood otherwise before."""
    both = "query($c: ID!, $n: Boolean!) { caseReferrals(caseId: $c) { id summary @include(if: $n) } }"
    spread = (
        "query($c: ID!, $n: Boolean!) { caseReferrals(caseId: $c) { id case { ...S @skip(if: $n) } } }"
        " fragment S on Case { summary }"
    )
    inline = "query($n: Boolean! = false) { sentReferrals { id ... @include(if: $n) { case { summary } } } }"
    await expect(
        world,
        [
            ("coordinator", "query($c: ID!) { caseReferrals(caseId: $c) { id summary @skip(if: true) } }", {}, ""),
            (
                "coordinator",
                "query($c: ID!) { caseReferrals(caseId: $c) { id case @skip(if: true) { summary parties { name } } } }",
                {},
                "",
            ),
            ("coordinator", both, {"n": False}, ""),
            ("coordinator", both, {"n": True}, "case_facts"),
            ("coordinator", both, {"n": False}, ""),
            ("coordinator", spread, {"n": False}, "case_facts"),
            ("coordinator", spread, {"n": True}, ""),
            ("coordinator", inline, {}, ""),
            ("coordinator", inline, {"n": True}, "case_facts"),
            (
                "coordinator",
                "query($c: ID!, $n: Boolean!) { caseReferrals(caseId: $c) @skip(if: $n) { id }"
                " other: caseReferrals(caseId: $c) { summary @include(if: true) @skip(if: $n) } }",
                {"n": True},
                "",
            ),
        ],
    )


async def test_a_list_tells_of_the_fields_asked(world: World) -> None:
    """Neither a risk level nor a clock, neither a name nor what happened, unless it was asked for."""
    listed = "query($c: ID!) { caseReferrals(caseId: $c) { %s } }"
    await expect(
        world,
        [
            ("coordinator", listed % "id", {}, ""),
            ("coordinator", listed % "id report", {}, ""),
            ("coordinator", listed % "id summary", {}, "case_facts"),
            ("coordinator", listed % "case { number withheld { field } hidden }", {}, ""),
            ("coordinator", listed % "case { riskLevel }", {}, "risk_level"),
            ("coordinator", listed % "case { clocks { code } }", {}, "clocks"),
            ("coordinator", listed % "a: case { number } b: case { listedAt }", {}, "risk_level"),
            ("coordinator", "{ sentReferrals { id } }", {}, ""),
            ("coordinator", "{ sentReferrals { case { riskLevel } } }", {}, "risk_level"),
            ("coordinator", "{ myCases { edges { node { number hidden } } } }", {}, ""),
            ("coordinator", "{ myCases { edges { node { riskLevel } } } }", {}, "risk_level"),
            ("coordinator", "{ myCases { edges { node { clocks { code } } } } }", {}, "clocks"),
            ("coordinator", "{ myCases { edges { node { summary } } } }", {}, "case_facts"),
            ("coordinator", "{ myCases { edges { node { risks { score } } } } }", {}, "risk_detail"),
        ],
    )


async def test_a_report_is_told_where_there_is_one(world: World) -> None:
    """The console's case page asks what was reported back, not what was sent: facts are shown once it is there."""
    asked = {"documentId": "CaseReferrals", "variables": {"caseId": gid("Case", world.case)}}
    data, told = await read(world, "coordinator", asked)
    assert (data["caseReferrals"][0]["report"], told) == (None, {"existence"})
    await accept_and_report(world)
    data, told = await read(world, "coordinator", asked)
    assert (data["caseReferrals"][0]["report"], told) == ("已談", {"existence", "case_facts"})


async def test_summary_and_report_are_opened_each_for_itself(world: World) -> None:
    """Where one of the two cannot be unsealed, the other is still answered."""
    await accept_and_report(world)
    await change(world, ("update referral set report = 'x' where id = :r", {"r": world.referral}))
    query = "query($c: ID!) { caseReferrals(caseId: $c) { %s } }"
    variables = {"c": gid("Case", world.case)}
    data, _ = await read(world, "coordinator", {"query": query % "summary", "variables": variables})
    assert data == {"caseReferrals": [{"summary": "示範"}]}
    broken = await world.people["coordinator"].post({"query": query % "report", "variables": variables})
    assert broken.json()["errors"], "the witness: it was really spoilt"


async def test_lists_say_what_is_withheld(world: World) -> None:
    """As the referral read alone says it, wherever it is asked for."""
    one = "query($r: ID!) { referral(id: $r) { withheld { field } } }"
    found, _ = await read(world, "clinic", {"query": one, "variables": {"r": gid("Referral", world.referral)}})
    hidden = found["referral"]
    assert {"field": "VICTIM_IDENTITY"} in hidden["withheld"]
    listed = "query($c: ID!) { caseReferrals(caseId: $c) { withheld { field } } }"
    data, _ = await read(world, "clinic", {"query": listed, "variables": {"c": gid("Case", world.case)}})
    assert data == {"caseReferrals": [hidden]}
    data, _ = await read(world, "clinic", {"query": "{ inbox { edges { node { withheld { field } } } } }"})
    assert data == {"inbox": {"edges": [{"node": hidden}]}}


async def test_what_was_just_sent_opens_no_case(world: World) -> None:
    """A mutation's answer is no other: with its number and type name, the case is told of by its existence."""
    given = {
        "caseId": gid("Case", world.case),
        "need": "counselling",
        "area": AREA,
        "urgency": "URGENT",
        "serviceId": gid("Service", world.service),
        "summary": "示範",
    }
    send = (
        "mutation($i: SendReferralInput!, $n: Boolean!) { sendReferral(input: $i) { __typename ... on Referral"
        " { id summary @include(if: $n) case { number __typename riskLevel @include(if: $n) } } } }"
    )
    asked = [
        ("coordinator", send, {"i": given, "n": n}, told) for n, told in ((False, ""), (True, "case_facts risk_level"))
    ]
    await expect(world, asked)


async def test_a_document_keeps_a_bounded_number_of_ways(world: World) -> None:
    """However many ways the directives of a document are turned, and each is answered as it stands."""
    names = "abcdefg"
    query = "query({}) {{ sentReferrals {{ id {} }} }}".format(
        " ".join(f"${name}: Boolean!" for name in names),
        " ".join(f"{name}: need @include(if: ${name})" for name in names),
    )
    for number in range(MOST + 6):
        given = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        answer = (await world.people["coordinator"].post({"query": query, "variables": given})).json()
        assert set(answer["data"]["sentReferrals"][0]) == {"id", *(name for name in names if given[name])}
    plans = world.hub.hub.documents.outside(query).plans
    assert plans is not None
    assert len(plans.seen) == MOST


async def test_a_list_of_meetings_opens_no_pack(world: World) -> None:
    """Minutes, actions and cases of an agenda are told where they are asked for."""
    coordinator, clinic = world.people["coordinator"], gid("Agency", world.agencies["clinic"])
    case = await coordinator.ask("Case", id=gid("Case", world.case))
    before = next(clock["dueAt"] for clock in case["clocks"] if clock["code"] == "high_risk_meeting")
    invited = [{"agencyId": clinic}]
    slots = await coordinator.ask("MeetingSlots", agencies=invited, before=before, minutes=60)
    begins = slots[0]["startsAt"]
    meeting = await coordinator.do("CallMeeting", caseIds=[case["id"]], agencies=invited, startsAt=begins, minutes=60)
    await change(world, ("update meeting set starts_at = now() - interval '1 hour'", {}))
    held = await coordinator.do(
        "RecordMinutes",
        itemId=meeting["items"][0]["id"],
        version=meeting["version"],
        text="決議",
        presentIds=[clinic],
        actions=[{"agencyId": clinic, "what": "持續諮商", "dueAt": before}],
    )
    assert held["items"][0]["minutes"] == "決議"
    _, told = await read(world, "coordinator", {"query": "{ comingConferences { id startsAt } }"})
    assert told == set()
    listed = "{ comingConferences { id items { %s } } }"
    await expect(
        world,
        [
            ("coordinator", listed % "id position hidden", {}, ""),
            ("coordinator", listed % "__typename", {}, ""),
            ("coordinator", listed % "case { number __typename }", {}, ""),
            ("coordinator", listed % "case { riskLevel }", {}, "risk_level"),
            ("coordinator", listed % "minutes", {}, "minutes"),
            ("coordinator", listed % "actions { what }", {}, "actions"),
        ],
    )
    data, _ = await read(world, "coordinator", {"query": listed % "__typename"})
    assert data["comingConferences"][0]["items"] == [{"__typename": "AgendaItem"}]
