"""Wrong input at each step: a clear, typed answer, and nothing in the database has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from hub.api.describe import gid
from tests.api.conftest import AREA, World
from tests.api.inputs import (
    PAST,
    SOON,
    answer,
    back,
    call,
    consent,
    fingerprint,
    minutes,
    nobody,
    opposite_consents,
    other_need,
    report,
    risk,
    rsvp,
    send,
    unknown_recipient,
)

Step = tuple[str, str, Callable[[World], dict[str, Any]], str, str]
"""Who, operation, input, expected problem, expected code or path."""


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
