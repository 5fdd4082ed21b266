"""Search over HTTP: filters, corrections, counts that agree with the search, pages, wrong input."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import AREA, World

OF = ["need", "network", "language", "cost", "open", "free", "area"]


async def test_counts_agree_with_the_search_they_offer(world: World) -> None:
    """Each value offered beside a search, when chosen, finds as many services as it said."""
    clinic = world.people["clinic"]
    asked: dict[str, Any] = {"text": "counsellng", "filter": {"near": AREA, "language": "zh"}}
    beside = await clinic.ask("ServiceFacets", of=OF, **asked)
    assert beside["corrections"] == [{"typed": "counsellng", "meant": "counselling"}]
    assert {one["name"] for one in beside["counts"]} >= {"need", "network", "language", "cost", "free"}
    chosen = {"open": {"openNow": True}, "free": {"free": True}}
    for one in beside["counts"]:
        more: dict[str, Any] = dict(asked)
        if one["name"] in {"need", "network", "area"}:
            more[one["name"]] = one["value"]
        else:
            more["filter"] = asked["filter"] | chosen.get(one["name"], {one["name"]: one["value"]})
        assert (await clinic.ask("SearchServices", **more))["totalCount"] == one["count"], one
        assert one["chosen"] is ((one["name"], one["value"]) == ("language", "zh"))


async def test_distance_and_hours_are_told_and_pages_join(world: World) -> None:
    clinic = world.people["clinic"]
    whole = await clinic.ask("SearchServices", filter={"near": AREA}, first=100)
    services = [edge["node"] for edge in whole["edges"]]
    metres = [service["metres"] for service in services if service["metres"] is not None]
    assert metres == sorted(metres)
    assert metres
    assert all(service["metres"] is None for service in services if service["confidential"])
    assert {True, False} >= {service["open"] for service in services} - {None}
    found, after = list[str](), None
    while after is not None or not found:
        page = await clinic.ask("SearchServices", filter={"near": AREA}, first=7, after=after)
        found += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert found == [service["id"] for service in services]
    plain = await clinic.ask("SearchServices", need="counselling")
    assert {edge["node"]["metres"] for edge in plain["edges"]} == {None}


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        ("SearchServices", {"filter": {"withinKm": 0, "near": AREA}}),
        ("SearchServices", {"filter": {"age": -1}}),
        ("SearchServices", {"filter": {"age": 2**31 - 1}}),
        ("SearchServices", {"filter": {"language": "\x00"}}),
        ("SearchServices", {"filter": {"near": "a\x00"}}),
        ("SearchServices", {"filter": {"openAt": "yesterday"}}),
        ("SearchServices", {"text": "字" * 201}),
        ("SearchServices", {"after": "AAAA"}),
        ("ServiceFacets", {"of": ["beauty"]}),
        ("ServiceFacets", {"of": ["need"], "filter": {"cost": "\x00"}}),
    ],
)
async def test_wrong_input_is_told(world: World, operation: str, variables: dict[str, Any]) -> None:
    found = await world.people["clinic"].post({"documentId": operation, "variables": variables})
    assert found.status_code < 500, found.text
    (error,) = found.json()["errors"]
    assert error["extensions"]["code"] != "fault", error


async def test_unknown_words_and_quotes_find_nothing_and_break_nothing(world: World) -> None:
    for given in ({"language": "'; drop table service; --"}, {"accessibility": "\\'"}):
        answer = await world.people["clinic"].ask("SearchServices", filter=given)
        assert answer["totalCount"] == 0
    for text in ("'; drop table service; --", "\\' | !", '"'):
        assert (await world.people["clinic"].ask("SearchServices", text=text))["totalCount"] in range(1002)
