"""The planned executor answers exactly as graphql-core's own, on every trusted query and on awkward ones."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any

import pytest
from graphql import ExecutionResult, execute, parse

from hub.api.context import Context
from hub.api.describe import gid
from hub.api.executor import PlannedExecutor, SerialExecutor
from hub.api.plans import Plans
from hub.identity.actors import actor_of
from tests.api.conftest import AREA, World

AWKWARD = [
    "{ me { __typename id roles agency { id name name2: name(lang: KO) code } } }",
    "query($no: Boolean!) { inbox { edges { node { id @skip(if: $no) need case @include(if: $no) { number } } } } }",
    "{ inbox { edges { node { ...A } } } } fragment A on Referral { id toAgency { ... on Agency { name(lang: EN) } } }",
    "{ inbox { totalCount edges { cursor node { case { parties { name } risks { score } withheld { field } } } } } }",
    '{ services(text: "諮商") { totalCount edges { node { name(lang: EN) needs available } } } }',
    '{ node(id: "x") { id } }',
    "{ inbox(first: 0) { totalCount } me { id } }",
]


class Undone(Exception):
    """What was read is not to be told to the ledger, so that two readings are the same."""


async def run(world: World, login: str, query: str, executor: Any, variables: dict[str, Any]) -> ExecutionResult:
    """One query by one executor, in a transaction of its own that is undone."""
    hub, results = world.hub.hub, list[ExecutionResult]()
    with suppress(Undone):
        async with hub.db.work() as session:
            actor = await actor_of(session, hub.oidc.issuer, login)
            document = parse(query)
            context = Context(session, actor, hub.keys, hub.settings, Plans(document), "en")
            found = execute(
                hub.schema, document, context_value=context, variable_values=variables, executor_class=executor
            )
            if inspect.isawaitable(found):
                found = await found
            results.append(found)
            raise Undone
    return results[0]


async def test_plans_answer_as_the_stock_executor(world: World) -> None:
    """Data and errors are the same, field for field, for every person."""
    queries: list[tuple[str, dict[str, Any]]] = [(query, {"no": True}) for query in AWKWARD]
    ids = {"Case": gid("Case", world.case), "Referral": gid("Referral", world.referral)}
    for name, document in world.hub.hub.documents.trusted.items():
        operation = document.operation(name)
        if (
            operation is not None
            and operation.operation.value == "query"
            and name not in ("AuditChain", "AuditEntries", "DirectoryTemplate")  # each time with the moment in it
        ):
            assert document.node is not None
            text = world.hub.hub.documents.text(name)
            queries.append((text, _variables(name, ids)))
    assert len(queries) > 25
    for query, variables in queries:
        for login in ("coordinator", "clinic", "other", "auditor"):
            planned = await run(world, login, query, PlannedExecutor, variables)
            stock = await run(world, login, query, SerialExecutor, variables)
            assert planned.data == stock.data, (login, query)
            assert [e.message for e in planned.errors or ()] == [e.message for e in stock.errors or ()], (login, query)


def _variables(name: str, ids: dict[str, str]) -> dict[str, Any]:
    given = {"id": ids.get(name, ids["Case"]), "caseId": ids["Case"], "need": "counselling", "area": AREA}
    return given | {"agencies": [], "before": "2027-01-01T00:00:00+00:00", "minutes": 30, "text": "諮商"}


async def test_plans_are_really_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with plans planted wrong, answers differ; so the comparison above compares two things."""
    monkeypatch.setattr("hub.api.plans.gid", lambda _kind, _key: "planted")
    found = await run(world, "clinic", "{ inbox { edges { node { id need } } } }", PlannedExecutor, {})
    assert "planted" in str(found.data)
    stock = await run(world, "clinic", "{ inbox { edges { node { id need } } } }", SerialExecutor, {})
    assert "planted" not in str(stock.data)
