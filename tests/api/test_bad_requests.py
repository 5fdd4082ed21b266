"""Requests that are none: of any shape, too large, by the wrong way; answered clearly, at little cost, by no fault."""

from __future__ import annotations

import json
import time

import pytest
from graphql import get_introspection_query

from hub.api.documents import Documents
from hub.api.schema import core
from tests.api.conftest import World
from tests.api.inputs import fingerprint, risk

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
