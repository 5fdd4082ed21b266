"""Wrong input at each step: a clear, typed answer, and nothing in the database has changed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from graphql import get_introspection_query
from sqlalchemy import text

from directory.taxonomy import NEEDS
from hub.api.describe import gid
from hub.api.documents import Documents
from hub.api.schema import core
from tests.api.conftest import AREA, World

SOON = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0).isoformat()
PAST = (datetime.now(UTC) - timedelta(days=2)).replace(second=0, microsecond=0).isoformat()


async def fingerprint(world: World) -> dict[str, Any]:
    """What is in every table that a use case writes; entries about reading are not changes."""
    found = {}
    async with world.hub.hub.db.work() as session:
        for table in (
            "report", "case_file", "party", "risk_assessment", "consent", "standing", "referral", "conference",
            "agenda_item", "action_item", "meeting", "invitation", "booking", "deadline", "outbox", "done_once",
        ):  # fmt: skip
            rows = await session.execute(text(f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t"))
            found[table] = rows.scalar()
        deeds = await session.execute(text("select count(*) from audit_entry where action not in ('disclose')"))
        found["deeds"] = deeds.scalar()
    return found


def consent(world: World, **changes: Any) -> dict[str, Any]:
    """A consent that would be right but for the changes."""
    return {
        "caseId": gid("Case", world.case),
        "grantor": "VICTIM",
        "informed": True,
        "noticeVersion": "1",
        "categories": ["CASE_FACTS"],
        "purposes": ["TREATMENT"],
        "recipientIds": [gid("Agency", world.agencies["clinic"])],
        "written": False,
        "endsAt": SOON,
    } | changes


def report(**changes: Any) -> dict[str, Any]:
    """A report that would be right but for the changes."""
    return {
        "learnedAt": PAST,
        "area": AREA,
        "summary": "示範",
        "victim": {"name": "示範"},
        "relationship": "OTHER",
        "stalking": True,
    } | changes


def send(world: World, **changes: Any) -> dict[str, Any]:
    """A referral that would be right but for the changes."""
    return {
        "caseId": gid("Case", world.case),
        "need": "counselling",
        "area": AREA,
        "urgency": "NORMAL",
        "serviceId": gid("Service", world.service),
        "summary": "示範",
    } | changes


def call(world: World, **changes: Any) -> dict[str, Any]:
    """A call that would be right but for the changes."""
    return {
        "caseIds": [gid("Case", world.case)],
        "agencies": [{"agencyId": gid("Agency", world.agencies["clinic"])}],
        "startsAt": SOON,
        "minutes": 60,
    } | changes


Step = tuple[str, str, Callable[[World], dict[str, Any]], str, str]
"""Who, operation, input, expected problem, expected code or path."""


def risk(world: World, **changes: Any) -> dict[str, Any]:
    """An assessment."""
    given = {"caseId": gid("Case", world.case), "version": 2, "instrument": "TIPVDA", "score": 3}
    return given | {"judged": "STANDARD", "judgement": "示範"} | changes


def answer(world: World, **changes: Any) -> dict[str, Any]:
    """An answer."""
    return {"referralId": gid("Referral", world.referral), "version": 1, "answer": "ACCEPT"} | changes


def back(world: World) -> dict[str, Any]:
    """A report back before there is anything to report."""
    return {"referralId": gid("Referral", world.referral), "version": 1, "outcome": "SERVICE_GIVEN", "text": "示範"}


def minutes() -> dict[str, Any]:
    """Minutes of nothing."""
    return {"itemId": gid("AgendaItem", uuid4()), "version": 1, "text": "示範", "presentIds": []}


def opposite_consents(world: World) -> dict[str, Any]:
    """A custodian who is the opposite party (DVPA 50-1)."""
    return consent(world, grantor="CUSTODIAN", grantorIsOpposite=True)


def unknown_recipient(world: World) -> dict[str, Any]:
    """A recipient that is no agency."""
    return consent(world, recipientIds=[gid("Agency", uuid4())])


def nobody() -> list[dict[str, str]]:
    """An agency that is none."""
    return [{"agencyId": gid("Agency", uuid4())}]


def rsvp() -> dict[str, Any]:
    """An answer to nothing."""
    return {"conferenceId": gid("Conference", uuid4()), "rsvp": "ACCEPTED"}


def other_need(world: World) -> str:
    """A need that may be referred, and that the service is not there for."""
    return next(need for need in NEEDS if need not in world.offers and need != "offender_treatment")


STEPS: list[Step] = [
    ("reporter", "FileReport", lambda _: report(summary=" "), "InvalidInput", "summary"),
    ("reporter", "FileReport", lambda _: report(victim={"name": ""}), "InvalidInput", "victim.name"),
    ("reporter", "FileReport", lambda _: report(learnedAt=SOON), "InvalidInput", "learnedAt"),
    ("reporter", "FileReport", lambda _: report(learnedAt="2026-01-01T10:00:00"), "InvalidInput", "learnedAt"),
    ("reporter", "FileReport", lambda _: report(victimAge=999), "InvalidInput", "victimAge"),
    ("reporter", "FileReport", lambda _: report(summary="x" * 4001), "InvalidInput", "summary"),
    ("reporter", "FileReport", lambda _: report(summary="a\x07b"), "InvalidInput", "summary"),
    ("reporter", "FileReport", lambda _: report(idempotencyKey="short"), "InvalidInput", "idempotencyKey"),
    ("auditor", "FileReport", lambda _: report(), "NotPermitted", "not_permitted"),
    ("nobody", "FileReport", lambda _: report(), "NotPermitted", "sign_in_first"),
    ("clinic", "OpenCase", lambda w: {"reportId": gid("Report", w.report)}, "NotPermitted", "not_permitted"),
    ("coordinator", "OpenCase", lambda _: {"reportId": gid("Report", uuid4())}, "NotFound", "not_found"),
    ("coordinator", "OpenCase", lambda w: {"reportId": gid("Case", w.case)}, "InvalidInput", "reportId"),
    ("coordinator", "OpenCase", lambda _: {"reportId": "%%%"}, "InvalidInput", "reportId"),
    ("colleague", "RecordRisk", risk, "NotFound", "not_found"),
    ("coordinator", "RecordRisk", lambda w: risk(w, version=1), "Conflict", "changed_meanwhile"),
    ("coordinator", "RecordRisk", lambda w: risk(w, score=16), "InvalidInput", "score"),
    ("coordinator", "RecordRisk", lambda w: risk(w, instrument="TAROT"), "InvalidInput", "instrument"),
    ("coordinator", "RecordConsent", lambda w: consent(w, informed=False), "InvalidInput", "informed"),
    ("coordinator", "RecordConsent", lambda w: consent(w, categories=["HEALTH"]), "InvalidInput", "written"),
    (
        "coordinator",
        "RecordConsent",
        lambda w: consent(w, categories=["REPORTER_IDENTITY"]),
        "InvalidInput",
        "categories",
    ),
    ("coordinator", "RecordConsent", lambda w: consent(w, purposes=["OVERSIGHT"]), "InvalidInput", "purposes"),
    ("coordinator", "RecordConsent", lambda w: consent(w, recipientIds=[]), "InvalidInput", "recipientIds"),
    ("coordinator", "RecordConsent", lambda w: consent(w, endsAt=PAST), "InvalidInput", "endsAt"),
    ("coordinator", "RecordConsent", opposite_consents, "InvalidInput", "grantorIsOpposite"),
    ("coordinator", "RecordConsent", unknown_recipient, "InvalidInput", "recipientIds"),
    ("coordinator", "SendReferral", lambda w: send(w, need="offender_treatment"), "InvalidInput", "need"),
    ("colleague", "RecordConsent", consent, "NotFound", "not_found"),
    ("clinic", "RecordConsent", consent, "NotPermitted", "not_permitted"),
    ("coordinator", "WithdrawConsent", lambda _: {"consentId": gid("Consent", uuid4())}, "NotFound", "not_found"),
    ("colleague", "SendReferral", send, "NotFound", "not_found"),
    ("other", "SendReferral", send, "NotPermitted", "not_permitted"),
    ("coordinator", "SendReferral", lambda w: send(w, need="unicorns"), "InvalidInput", "need"),
    ("coordinator", "SendReferral", lambda w: send(w, serviceId=gid("Service", uuid4())), "InvalidInput", "serviceId"),
    ("coordinator", "SendReferral", lambda w: send(w, summary=""), "InvalidInput", "summary"),
    ("coordinator", "SendReferral", lambda w: send(w, area="nowhere"), "InvalidInput", "area"),
    ("coordinator", "SendReferral", lambda w: send(w, need=other_need(w)), "InvalidInput", "serviceId"),
    ("other", "AnswerReferral", answer, "NotFound", "not_found"),
    ("clinic", "AnswerReferral", lambda w: answer(w, version=7), "Conflict", "changed_meanwhile"),
    ("clinic", "AnswerReferral", lambda w: answer(w, answer="DECLINE"), "InvalidInput", "reason"),
    ("clinic", "AnswerReferral", lambda w: answer(w, reason="NO_CAPACITY"), "InvalidInput", "reason"),
    ("clinic", "ReportBack", back, "Conflict", "not_accepted"),
    ("other", "ReportBack", back, "NotFound", "not_found"),
    ("coordinator", "CallMeeting", lambda w: call(w, caseIds=[]), "InvalidInput", "caseIds"),
    ("coordinator", "CallMeeting", lambda w: call(w, startsAt=PAST), "InvalidInput", "startsAt"),
    ("coordinator", "CallMeeting", lambda w: call(w, minutes=1), "InvalidInput", "minutes"),
    (
        "coordinator",
        "CallMeeting",
        lambda w: call(w, agencies=[{"agencyId": gid("Agency", uuid4())}]),
        "InvalidInput",
        "agencies",
    ),
    ("colleague", "CallMeeting", call, "NotFound", "not_found"),
    ("clinic", "CallMeeting", call, "NotPermitted", "not_permitted"),
    ("coordinator", "RecordMinutes", lambda _: minutes(), "NotFound", "not_found"),
    ("clinic", "CompleteAction", lambda _: {"actionId": gid("ActionItem", uuid4())}, "NotFound", "not_found"),
    ("clinic", "AnswerInvitation", lambda _: rsvp(), "NotFound", "not_found"),
]


async def test_every_step_refuses_and_changes_nothing(world: World) -> None:
    """Each wrong step answers its typed problem in the reader's language, and the database stays as it was."""
    before = await fingerprint(world)
    for who, operation, given, kind, expected in STEPS:
        problem = await world.people[who].do(operation, **given(world))
        where = (operation, who, problem)
        assert problem["__typename"] == kind, where
        assert problem["message"] not in ("", problem["code"]), where
        found = {problem["code"], *(field["path"] for field in problem.get("fields", ()))}
        assert expected in found, where
        assert all(field["message"] != field["code"] for field in problem.get("fields", ())), where
    assert await fingerprint(world) == before


QUESTIONS: list[tuple[str, str, Callable[[World], dict[str, Any]], str]] = [
    ("coordinator", "SearchServices", lambda _: {"need": "unicorns"}, "need"),
    ("coordinator", "SearchServices", lambda _: {"network": "unicorns"}, "network"),
    ("coordinator", "SearchServices", lambda _: {"area": "nowhere"}, "area"),
    ("coordinator", "SearchServices", lambda _: {"filter": {"near": "nowhere"}}, "filter.near"),
    ("coordinator", "SearchServices", lambda _: {"filter": {"gender": "unicorn"}}, "filter.gender"),
    ("coordinator", "SearchServices", lambda _: {"filter": {"cost": "little"}}, "filter.cost"),
    ("coordinator", "SearchServices", lambda _: {"filter": {"act": "XXX"}}, "filter.act"),
    ("coordinator", "SearchServices", lambda _: {"filter": {"nationality": "x"}}, "filter.nationality"),
    ("coordinator", "SearchServices", lambda _: {"filter": {"withinKm": 5}}, "filter.withinKm"),
    ("coordinator", "SearchServices", lambda _: {"after": "zzz"}, "after"),
    ("coordinator", "SearchServices", lambda _: {"first": 101}, "first"),
    ("coordinator", "ServiceFacets", lambda _: {"of": ["need"], "area": "nowhere"}, "area"),
    ("coordinator", "ServiceFacets", lambda _: {"of": ["unicorns"]}, "of"),
    ("coordinator", "MatchServices", lambda _: {"need": "unicorns", "area": AREA}, "need"),
    ("coordinator", "MatchServices", lambda _: {"need": "counselling", "area": "nowhere"}, "area"),
    ("coordinator", "MeetingSlots", lambda _: {"agencies": nobody(), "before": SOON, "minutes": 60}, "agencies"),
    ("coordinator", "MeetingSlots", lambda _: {"agencies": [], "before": PAST, "minutes": 60}, "before"),
    ("coordinator", "Case", lambda w: {"id": gid("Report", w.report)}, "id"),
    ("clinic", "Inbox", lambda _: {"after": "zzz"}, "after"),
    ("auditor", "AuditEntries", lambda _: {"after": "zzz"}, "after"),
    ("auditor", "AuditEntries", lambda _: {"after": ""}, "after"),
    ("coordinator", "WhoSawWhat", lambda w: {"caseId": gid("Case", w.case), "after": "7"}, "after"),
    ("auditor", "AuditEntries", lambda _: {"caseId": "%%%"}, "caseId"),
]
"""Who, operation, variables, the path that is wrong. "There is none" may not be the answer to a wrong question."""


async def test_every_wrong_question_says_what_is_wrong(world: World) -> None:
    """A query's refusal names the part, by code and in the reader's language, as a mutation's does."""
    for who, operation, variables, path in QUESTIONS:
        body = {"documentId": operation, "variables": variables(world)}
        answer = await world.people[who].post(body, **{"Accept-Language": "en"})
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "invalid_input", (operation, answer.text)
        (field,) = error["extensions"]["fields"]
        assert field["path"] == path, (operation, field)
        assert field["message"] not in ("", field["code"])


async def test_hidden_and_absent_look_the_same(world: World) -> None:
    """What somebody may not know of answers exactly as what is not there."""
    for operation, kind, key in (("Case", "Case", world.case), ("Referral", "Referral", world.referral)):
        stranger = world.people["other"]
        hidden = await stranger.post({"documentId": operation, "variables": {"id": gid(kind, key)}})
        absent = await stranger.post({"documentId": operation, "variables": {"id": gid(kind, uuid4())}})
        assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
        node = await stranger.ask("Node", id=gid(kind, key))
        assert node is None


async def test_the_same_key_does_it_once(world: World) -> None:
    """A repeated request answers the same thing; the same key with another body is refused."""
    coordinator = world.people["coordinator"]
    first = await coordinator.do("RecordConsent", **consent(world, idempotencyKey="same-key-1"))
    again = await coordinator.do("RecordConsent", **consent(world, idempotencyKey="same-key-1"))
    assert again["id"] == first["id"]
    other = await coordinator.do("RecordConsent", **consent(world, idempotencyKey="same-key-1", written=True))
    assert (other["__typename"], other["code"]) == ("Conflict", "key_used_otherwise")
    assert len(await coordinator.ask("Consents", caseId=gid("Case", world.case))) == 1


TOO_LARGE = [
    "{" + "me{id}" * 400 + "}",
    "{me{" + "id " * 450 + "}}",
    "{...a} fragment a on Query {" + " ".join(f"a{i}:me{{id}}" for i in range(21)) + "}",
    "{" + "...a " * 600 + "} fragment a on Query {me{id}}",
    "{...a} fragment a on Query {" + "...b " * 100 + "} fragment b on Query {" + "...nowhere " * 300 + "}",
    "{me{id}} fragment a on Query {...b} fragment b on Query {...a}",
    "{me{id}} fragment a on Query {" + "me{id}" * 300 + "}",
    "{...{" * 300 + "me{id}" + "}}" * 300,
]
"""Operations to be refused before anything of them is compared, validated or run."""
BAD_BODIES: list[tuple[bytes, str, int]] = [
    (b"", "application/json", 400),
    (b"{", "application/json", 400),
    (b"[]", "application/json", 400),
    (b"null", "application/json", 400),
    (b"7", "application/json", 400),
    (b'"query"', "application/json", 400),
    (b"{}", "application/json", 400),
    (b'{"query": 7}', "application/json", 400),
    (b'{"query": "{me{id}}", "variables": []}', "application/json", 400),
    (b'{"query": "{me{id}}", "documentId": "Me"}', "application/json", 400),
    (b'{"documentId": "NoSuch"}', "application/json", 400),
    (b'{"query": "{me{id}} query B{me{id}}", "operationName": "C"}', "application/json", 400),
    (b'{"query": "{me{id}"}', "application/json", 400),
    (b'{"query": "{me{nothing}}"}', "application/json", 400),
    (b'[{"query": "{me{id}}"}]', "application/json", 400),
    (b"\xff\xfe", "application/json", 400),
    (b"query=x", "application/x-www-form-urlencoded", 415),
    (b'{"query": "{me{id}}"}', "text/plain", 415),
    (json.dumps({"query": "#" + "x" * 100_001}).encode(), "application/json", 413),
    (json.dumps({"query": "{" + "me{id}" * 3_000 + "}"}).encode(), "application/json", 400),
    (
        json.dumps({"query": "{" + " ".join(f"a{i}:me{{id}}" for i in range(40)) + "}"}).encode(),
        "application/json",
        400,
    ),
    (json.dumps({"query": "{" * 5_000}).encode(), "application/json", 400),
    (
        json.dumps({"query": "query($a:ID!){node(id:$a){id}}", "variables": {"a": {"b": 1}}}).encode(),
        "application/json",
        400,
    ),
    (json.dumps({"query": "{__schema{types{name}}}", "operationName": 3}).encode(), "application/json", 400),
    *(
        (
            b'{"query": "query($a: ID!) {node(id: $a) {id}}", "variables": {"a": ' + nested + b"}}",
            "application/json",
            400,
        )
        for deep in (20, 450, 900, 5_000)
        for nested in (b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep)
    ),
    *((json.dumps({"query": query}).encode(), "application/json", 400) for query in TOO_LARGE),
]


@pytest.mark.parametrize("accept", ["application/graphql-response+json", "application/json"])
async def test_bad_requests_are_answered_and_never_by_a_fault(world: World, accept: str) -> None:
    """Bodies of any shape get a clear answer; none makes a fault."""
    for body, kind, status in BAD_BODIES:
        headers = {"Content-Type": kind, "Accept": accept, "Accept-Language": "en"}
        found = await world.hub.http.post("/graphql", content=body, headers=headers)
        legacy = accept == "application/json" and b'"query"' in body and status == 400 and found.status_code == 200
        assert found.status_code == status or legacy, (body[:80], found.status_code, found.text)
        assert found.json()["errors"][0]["message"], body[:80]
        assert "Traceback" not in found.text


async def test_http_of_graphql(world: World) -> None:
    """GET for trusted queries alone, never for mutations; bad tokens are refused with 401."""
    http = world.hub.http
    assert (await http.get("/graphql", params={"query": "{me{id}}"})).status_code == 405
    got = await http.get("/graphql", params={"documentId": "Me"})
    assert (got.status_code, got.json()) == (200, {"data": {"me": None}})
    assert got.headers["cache-control"] == "no-store"
    changed = await http.get("/graphql", params={"documentId": "OpenCase", "variables": '{"input":{"reportId":"x"}}'})
    assert changed.status_code == 405
    for token in ("Bearer x.y.z", "Bearer", "Basic eA==", "Bearer " + "a" * 9000):
        refused = await http.post("/graphql", json={"documentId": "Me"}, headers={"Authorization": token})
        assert refused.status_code == 401, token
        assert refused.headers["www-authenticate"].startswith("Bearer")
    alone = await http.post("/graphql", json={"documentId": "Inbox"})
    assert alone.status_code == 401
    assert alone.headers["www-authenticate"] == "Bearer"
    assert alone.json()["errors"][0]["extensions"]["code"] == "sign_in_first"
    wrong = await world.people["auditor"].post({"documentId": "Inbox"})
    assert wrong.status_code == 403
    assert wrong.json()["errors"][0]["extensions"]["code"] == "not_permitted"
    whole = await http.post("/graphql", json={"query": get_introspection_query()})
    assert whole.json()["data"]["__schema"]["queryType"]["name"] == "Query"  # introspection is on outside production
    closed = Documents(world.hub.hub.schema, introspection=False).outside(get_introspection_query())
    assert closed.node is None
    (typo,) = Documents(world.hub.hub.schema, introspection=False).outside("{ casse { id } }").errors
    assert "Did you mean" not in typo.message
    helpful = await world.people["auditor"].post({"query": "{ casse { id } }"})
    assert "Did you mean" in helpful.text


def test_what_is_too_large_costs_little() -> None:
    """Nobody has signed in yet when an operation is looked at: the worst of them may not keep a core busy."""
    documents = Documents(core(), introspection=False)
    for query in (*TOO_LARGE, "{" + "me{id}" * 20 + "}", "{me{" + " ".join(f"a{i}:id" for i in range(30)) + "}}"):
        began = time.process_time()
        assert documents.outside(query).node is None or query not in TOO_LARGE
        assert time.process_time() - began < 0.5, query[:80]


MOMENTS = ["9999-12-31T23:59:00+00:00", "0001-01-01T00:00:00+14:00", "yesterday", "2026-11-22", "", "1999-01-01T00:00Z"]


async def test_strange_moments_and_control_characters_are_no_faults(world: World) -> None:
    """Dates at the edges of the calendar and NULs anywhere are refused, not crashed on."""
    coordinator, clinic, auditor = (world.people[name] for name in ("coordinator", "clinic", "auditor"))
    asked: list[tuple[Any, str, dict[str, Any]]] = []
    for moment in MOMENTS:
        asked += [
            (coordinator, "RecordConsent", {"input": consent(world, endsAt=moment)}),
            (coordinator, "CallMeeting", {"input": call(world, startsAt=moment)}),
            (coordinator, "MeetingSlots", {"agencies": [], "before": moment, "minutes": 60}),
        ]
    for minutes_ in (0, -5, 2**31 - 1):
        asked.append((coordinator, "MeetingSlots", {"agencies": [], "before": SOON, "minutes": minutes_}))
    asked.append((coordinator, "MeetingSlots", {"agencies": [], "before": "2026-12-01T00:00:00", "minutes": 60}))
    asked += [
        (coordinator, "Areas", {"parent": "a\x00"}),
        (coordinator, "MatchServices", {"need": "counselling", "area": "\x00"}),
        (clinic, "SearchServices", {"text": "\x00"}),
        (auditor, "AuditEntries", {"action": "\x00"}),
        (clinic, "Inbox", {"after": "OTk5OS0xMi0zMVQyMzo1OTo1OVp8MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw"}),
        (coordinator, "RecordConsent", {"input": consent(world, idempotencyKey="key\x00key\x00")}),
    ]
    for person, operation, variables in asked:
        found = await person.post({"documentId": operation, "variables": variables})
        assert found.status_code < 500, (operation, variables, found.text)
        body = found.json()
        problem = next(iter((body.get("data") or {"": {}}).values())) or {}
        assert "errors" in body or problem["__typename"] == "InvalidInput", (operation, variables, body)


async def test_pages_are_bounded(world: World) -> None:
    """`first` is 1 to 100, cursors are ours."""
    clinic = world.people["clinic"]
    for variables in ({"first": 0}, {"first": 101}, {"first": -1}, {"after": "zzz"}, {"after": "eA=="}):
        found = await clinic.post({"documentId": "Inbox", "variables": variables})
        assert found.json()["errors"][0]["extensions"]["code"] == "invalid_input", variables


async def test_a_mistyped_variable_is_worded_and_never_repeated(world: World) -> None:
    """Whoever logs an error must not log a report with it."""
    for value in ({"urgency": "虛構的秘密"}, "虛構的秘密", [["虛構的秘密"]]):
        query = {"documentId": "SendReferral", "variables": {"input": value}}
        answer = await world.people["coordinator"].post(query, **{"Accept-Language": "ko"})
        (error, *_) = answer.json()["errors"]
        assert "秘密" not in str(answer.json())
        assert error["message"] == "요청 형식이 올바르지 않습니다."
        assert error["extensions"]["code"] == "bad_request"
        assert error["extensions"]["variable"] == "input"
        places = {field["path"] for e in answer.json()["errors"] for field in e["extensions"]["fields"]}
        assert places >= ({"input.need", "input.urgency"} if isinstance(value, dict) else {"input"})


async def test_head_does_nothing(world: World) -> None:
    """A proxy may send it twice, and logs show it as harmless: it is no way to a mutation, with a body or without."""
    person = world.people["coordinator"]
    before = await fingerprint(world)
    body = json.dumps({"documentId": "RecordRisk", "variables": {"input": risk(world)}})
    for path, raw in (("/graphql", body), ("/graphql?documentId=RecordRisk", "")):
        headers = {"Authorization": person.token or "", "Content-Type": "application/json"}
        answer = await person.http.request("HEAD", path, content=raw, headers=headers)
        assert answer.status_code == 405
    assert await fingerprint(world) == before
