"""The read API of HSDS 3.0: shapes, pages, filters, who may read, and what is never told of a confidential place."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from directory import tables
from directory.hiding import hide_location
from directory.refresh import refresh_services
from directory.standard.reading import FILTERS, SHAPES, Form
from hub.api.hsds_document import LISTS, MOST_SERVICES, ONES, PARAMETERS
from hub.base.settings import Settings
from hub.base.time import now
from hub.policy.terms import Role
from tests.api.hsds_asked import PLANTED, Rich, served, sourced
from tests.support.identity import MACHINE, Provider, make_agency, make_staff
from tests.support.standard import check, official, problems, stated

ENTITIES = {
    "services": "service", "organizations": "organization", "service_at_locations": "service_at_location",
    "taxonomies": "taxonomy", "taxonomy_terms": "taxonomy_term",
}  # fmt: skip


async def test_the_check_can_fail() -> None:
    """Each rule of the check refuses what breaks it, so that a good answer means something."""
    good = {"id": str(uuid4()), "name": "x", "status": "active"}
    wrong: list[dict[str, Any]] = [
        {"status": "open"}, {"id": "1"}, {"name": 1}, {"url": "www.example.invalid"}, {"email": "x"},
        {"minimum_age": "18"}, {"phones": {}}, {"phones": [{"id": str(uuid4())}]}, {"last_modified": "2026-01-01"},
        {"description": None}, {"minimum_age": None}, {"phones": None}, {"organization": None}, {"status": None},
        {"phones": [None]}, {"organization": {"id": str(uuid4()), "name": "x"}},
    ]  # fmt: skip
    for schemas in filter(None, (stated(), official())):
        assert list(check(good, schemas["service"], schemas, "")) == []
        for change in wrong:
            assert list(check(good | change, schemas["service"], schemas, "")), change
        assert list(check({}, schemas["service"], schemas, ""))
    assert list(check(good | {"extra": {}}, stated()["service"], stated(), ""))


async def test_every_answer_has_the_shape_of_the_standard(settings: Settings, database_url: str) -> None:
    """Every path in every form, over a county and a service of which everything is said."""
    async with served(settings, database_url) as api:
        rich = Rich()
        async with api.hub.db.work() as session:
            await rich.put(session)
        for collection, entity in ENTITIES.items():
            for form in SHAPES[collection]:
                asked = {Form.MINIMAL: "?minimal=true", Form.FULL: "?full=true", Form.WITH_SERVICES: "?full_service=1"}
                path = f"/{collection}" + (asked.get(form, "") if "full" in LISTS[collection] else "")
                found = await api.all(path)
                assert found, path
                assert [wrong for item in found for wrong in problems(item, entity)] == [], path
                assert [item["id"] for item in found] == sorted({item["id"] for item in found}), path
            one = await api.get(f"/{collection}/{found[0]['id']}")
            assert problems(one, entity) == []
        services = [s for item in await api.all("/organizations?full_service=true") for s in item["services"]]
        assert len(services) == len(await api.all("/services"))
        assert [wrong for item in services for wrong in problems(item, "service")] == []
        at = await api.get(f"/service_at_locations/{rich.at.id}")
        for schemas in filter(None, (official(),)):  # the published document names the service's schema here
            assert list(check(at, schemas["service"], schemas, "")) == []
        assert at["service"]["id"] == str(rich.service.id)

        said = await api.get(f"/services/{rich.service.id}")
        assert said["organization"]["website"] == "http://www.example.invalid/a"
        assert "email" not in said["organization"]
        assert "url" not in said
        assert said["eligibility_description"] == "任何人"
        assert said["program"]["description"] == ""
        assert (said["phones"][0]["extension"], said["phones"][0]["languages"][0]["code"]) == (12, "en")
        assert said["contacts"][0]["phones"][0]["description"] == "ext. 012"
        assert said["attributes"][0]["taxonomy_term"]["name"] == "示範詞"
        assert {area["name"] for area in said["service_areas"]} >= {"全國"}
        assert len(said["service_areas"]) == 2
        assert said["cost_options"][0]["amount"] == 12.5
        (place,) = (one["location"] for one in said["service_at_locations"])
        assert place["addresses"][0]["address_1"] == PLANTED
        assert place["schedules"][0]["opens_at"] == "09:00"
        assert place["attributes"][0]["value"] == PLANTED
        assert "extra" not in json.dumps(said)
        async with api.hub.db.work() as session:
            await session.execute(text("UPDATE organization SET status = 'closed' WHERE id = :id"),
                                  {"id": rich.organization.id})  # fmt: skip
        assert (await api.get(f"/services/{rich.service.id}"))["status"] == "inactive"


async def test_nothing_tells_where_a_confidential_place_is(settings: Settings, database_url: str) -> None:
    """A service whose only place becomes confidential: what stood there is in no answer, of no filter, of no cache."""
    async with served(settings, database_url) as api:
        rich = Rich()
        async with api.hub.db.work() as session:
            await rich.put(session)
        path = f"/services/{rich.service.id}"
        before = await api.ask(path)
        assert PLANTED in before.text
        assert before.headers["last-modified"]
        near = "/service_at_locations?postcode=99999&proximity=1000"
        assert [one["id"] for one in await api.all(near)] == [str(rich.at.id)]
        start = now() - timedelta(seconds=5)
        async with api.hub.db.work() as session:
            assert await hide_location(session, rich.location.id, PLANTED)  # even a name that tells stays inside
            await refresh_services(session, [rich.service.id])
        lost = {"location_id": rich.location.id, "location_type": "confidential", "address_1": PLANTED}
        async with api.hub.db.work() as session:
            session.add(sourced(tables.Address, **lost))
            with pytest.raises(DBAPIError):
                await session.flush()
            await session.rollback()
        async with api.hub.db.work() as session:
            session.add(sourced(tables.Language, location_id=rich.location.id, name=PLANTED, code="vi"))
            session.add(sourced(tables.Schedule, location_id=rich.location.id, byday="WE", opens_at=time(8)))

        spoken = {"services": rich.service, "organizations": rich.organization, "service_at_locations": rich.at}
        texts = [(await api.ask(f"/{name}/{row.id}")).text for name, row in spoken.items()]
        assert all(str(row.id) in body for row, body in zip(spoken.values(), texts, strict=True))
        for name, takes in LISTS.items():
            for query in ("", "full=true", "full_service=true", "minimal=true"):
                if query.partition("=")[0] in ("", *takes):
                    texts.append((await api.ask(f"/{name}?per_page=100&{query}")).text)
                    texts.append((await api.ask(f"/{name}?format=ndjson&{query}")).text)
            assert await api.all(f"/{name}?search={PLANTED}") == []
            assert await api.all(f"/{name}?search={PLANTED[:2]}") == []
        assert sum(map(len, texts)) > 500_000
        assert not [body for body in texts if PLANTED in body or '"99999"' in body]
        assert await api.all(near) == []

        after = await api.ask(
            path, if_none_match=before.headers["etag"], if_modified_since="Fri, 31 Dec 2100 00:00:00 GMT"
        )
        assert after.status_code == 200
        (at,) = after.json()["service_at_locations"]
        place = at["location"]
        assert (place["confidential"], place["location_type"], place["addresses"]) == (True, "physical", [])
        assert not place.keys() & {
            "name",
            "latitude",
            "longitude",
            "url",
            "external_identifier",
            "area_code",
            "attributes",
        }
        assert (place["phones"], place["contacts"], at["phones"], at["contacts"]) == ([], [], [], [])
        assert sorted(one["code"] for one in place["languages"]) == ["ko", "vi"]
        assert not any("name" in one for one in place["languages"])
        assert [one["description"] for one in place["accessibility"]] == ["wheelchair"]
        assert {one["byday"] for one in place["schedules"]} == {"MO", "WE"}
        assert [one["name"] for one in after.json()["service_areas"]] == ["全國"]  # the derived one would tell
        assert problems(after.json(), "service") == []
        changed = await api.all(f"/services?modified_after={start.isoformat().replace('+', '%2B')}")
        assert str(rich.service.id) in {one["id"] for one in changed}


async def test_pages_filters_and_statements(settings: Settings, database_url: str) -> None:
    """Every object once, in order; each filter against a count by hand; one statement a page, whatever lies in it."""
    async with served(settings, database_url) as api:
        rich = Rich()
        async with api.hub.db.work() as session:
            await rich.put(session)
        everything = await api.all("/services?full=true")
        page = await api.get("/services?page=2&per_page=7")
        assert [one["id"] for one in page["contents"]] == [one["id"] for one in everything[7:14]]
        assert (page["total_items"], page["page_number"], page["size"]) == (len(everything), 2, 7)
        assert (page["total_pages"], page["first_page"], page["last_page"], page["empty"]) == (
            -(-len(everything) // 7), False, False, False,
        )  # fmt: skip
        beyond = await api.get("/services?page=9999")
        assert (beyond["contents"], beyond["empty"], beyond["last_page"]) == ([], True, True)
        assert beyond["total_items"] == len(everything)
        lines = (await api.ask("/services?format=ndjson&full=true")).text.splitlines()
        assert [json.loads(line) for line in lines] == everything

        term = everything[0]["attributes"][0]["taxonomy_term_id"]
        expected = {
            f"taxonomy_term_id={term}": {
                s["id"] for s in everything if term in {a["taxonomy_term_id"] for a in s["attributes"]}
            },
            f"taxonomy_id={rich.taxonomy.id}": {str(rich.service.id)},
            f"organization_id={rich.organization.id}": {str(rich.service.id)},
            f"organization_id={rich.organization.id}&taxonomy_id={uuid4()}": set(),
            "search=示範庇護": {str(rich.service.id)},
        }
        for query, ids in expected.items():
            assert {one["id"] for one in await api.all(f"/services?{query}")} == ids, query
            places = await api.all(f"/service_at_locations?{query}")
            assert {one["service_id"] for one in places} == ids, query
        assert {one["id"] for one in await api.all("/organizations?search=示範協")} == {str(rich.organization.id)}
        assert await api.all("/organizations?search=%25") == []
        terms = await api.all(f"/taxonomy_terms?taxonomy_id={rich.taxonomy.id}")
        assert {one["id"] for one in terms} == {str(rich.term.id), str(rich.child.id)}
        assert terms[0]["taxonomy_detail"]["name"] == "示範分類"
        (child,) = await api.all(f"/taxonomy_terms?parent_id={rich.term.id}")
        assert child["parent_id"] == str(rich.term.id)
        top = {one["id"] for one in await api.all("/taxonomy_terms?top_only=true")}
        assert str(rich.term.id) in top
        assert str(rich.child.id) not in top
        covered = {one["service_id"] for one in await api.all("/service_at_locations?postcode=99999")}
        reached = {"99001010", "99001", "99"}
        assert str(rich.service.id) in covered
        async with api.hub.db.work() as session:
            rows = await session.execute(
                text(
                    "SELECT DISTINCT k.service_id FROM service_at_location k JOIN service_area x USING (service_id) "
                    "WHERE x.area_code = ANY(:codes)"
                ),
                {"codes": sorted(reached)},
            )
            assert covered == {str(row[0]) for row in rows}
        assert await api.all("/service_at_locations?postcode=00000") == []

        for path in ("/services", "/services?full=true&per_page=100", f"/services/{rich.service.id}",
                     "/organizations?full=true", "/service_at_locations?full=true", "/taxonomy_terms"):  # fmt: skip
            api.statements.clear()
            assert (await api.ask(path)).status_code == 200
            assert len(api.statements) == 1, path

        api.statements.clear()
        async with api.hub.db.work() as session:
            many = [
                sourced(tables.Service, organization_id=rich.organization.id, name=f"第{n}項")
                for n in range(MOST_SERVICES)
            ]
            session.add_all(many)
        refused = await api.ask(f"/organizations/{rich.organization.id}?full_service=true")
        assert (refused.status_code, refused.json()["parameter"]) == (400, "full_service")
        assert len((await api.get(f"/organizations/{rich.organization.id}"))["services"]) == MOST_SERVICES + 1


async def test_who_may_read(
    settings: Settings, database_url: str, oidc: Provider, settings_env: pytest.MonkeyPatch
) -> None:
    """A token, the scope of a machine, standing; without a token only where it is set so. Every path alike."""
    paths = ["", "/openapi.json", "/nothing", *(f"/{name}" for name in LISTS), f"/services/{uuid4()}"]
    async with served(settings, database_url, public=False) as api:
        async with api.hub.db.work() as session:
            agency = await make_agency(session, "centre", "centre", is_centre=True)
            await make_staff(session, oidc.issuer, "reader", agency, Role.REPORTER)
            await make_staff(session, oidc.issuer, "gone", agency, Role.COORDINATOR, suspended=True)
            await make_staff(session, oidc.issuer, MACHINE, agency, Role.MACHINE, scopes=["hub:read", "hub:write"])
        reader, suspended = await oidc.bearer("reader"), await oidc.bearer("gone")
        machine, writing = await oidc.machine("hub:read"), await oidc.machine("hub:write")
        assert (await api.ask("/services", authorization=machine)).status_code == 200
        assert (await api.ask("/services", authorization=writing)).status_code == 403
        for path in paths:
            answer = await api.ask(path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
            assert answer.json()["code"] == "sign_in_first"
            assert (await api.ask(path, authorization="Bearer x.y.z")).status_code == 401, path
            assert (await api.ask(path, authorization=suspended)).status_code == 403, path
            known = await api.ask(path, authorization=reader)
            assert known.status_code == (404 if "nothing" in path or path.count("/") > 1 else 200), path
            if known.status_code == 200:
                assert known.headers["cache-control"] == "private, no-cache"
                assert "access-control-allow-origin" not in known.headers
        said = (await api.ask("/openapi.json", authorization=reader)).json()
        assert said["info"]["description"].startswith("Who: anybody signed in")
        assert said["security"] == [{"bearer": []}]
    async with served(settings, database_url) as api:
        for path in paths:
            assert (await api.ask(path)).status_code in {200, 404}, path
        answer = await api.ask("/services")
        assert answer.headers["cache-control"] == "public, no-cache"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert (await api.ask("/services", authorization="Bearer x.y.z")).status_code == 401


async def test_wrong_input_and_conditions(settings: Settings, database_url: str) -> None:
    """A JSON refusal that names the parameter, in the asker's language; ETags that hold; the description that fits."""
    async with served(settings, database_url) as api:
        wrong = {
            "/services?page=0": (400, "page"), "/services?page=x": (400, "page"),
            "/services?per_page=101": (400, "per_page"),
            "/services?per_page=5001&minimal=true": (400, "per_page"), "/services?page=٣": (400, "page"),
            "/services?page=1&page=2": (400, "page"), "/services?organisation_id=1": (400, "organisation_id"),
            "/services?organization_id=1": (400, "organization_id"), "/services?full=yes": (400, "full"),
            "/services?modified_after=yesterday": (400, "modified_after"), "/services?search=": (400, "search"),
            "/services?search=a%00b": (400, "search"), f"/services?search={'x' * 201}": (400, "search"),
            "/services?format=xml": (400, "format"), "/services?format=ndjson&page=2": (400, "page"),
            "/services?modified_after=0001-01-01": (400, "modified_after"),
            "/service_at_locations?proximity=5": (400, "postcode"),
            "/service_at_locations?postcode=1&proximity=nan": (400, "proximity"),
            "/taxonomies?full=true": (400, "full"), f"/services/{uuid4()}?full=true": (400, "full"),
            "/?x=1": (400, "x"), "/services/x": (404, ""), f"/services/{uuid4()}": (404, ""), "/nothing": (404, ""),
            "/services/a/b": (404, ""), "/organizations/x": (404, ""),
        }  # fmt: skip
        for path, (status, parameter) in wrong.items():
            answer = await api.ask(path)
            assert answer.headers["content-type"] == "application/json", path
            assert (answer.status_code, answer.json().get("parameter", "")) == (status, parameter), path
            assert answer.json()["message"]
            assert ("allowed" in answer.json()) == (parameter in PARAMETERS), path
        korean = await api.ask("/services?page=0", accept_language="ko")
        assert korean.headers["content-language"] == "ko"
        assert (await api.http.post("/hsds/services", json={})).status_code == 405
        assert (await api.http.delete(f"/hsds/services/{uuid4()}")).headers["allow"] == "GET, HEAD"
        assert (await api.ask("/services", accept="text/html")).status_code == 406
        assert (await api.http.head("/hsds/services")).status_code == 200

        for path in ("", "/", "/openapi.json", "/services", "/taxonomies"):
            first = await api.ask(path)
            again = await api.ask(path, if_none_match=f'"other", W/{first.headers["etag"]}')
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"]), path
            assert (await api.ask(path, if_none_match='"other"')).content == first.content

        meta = await api.get("/")
        assert meta["version"] == "3.0"
        assert meta["openapi_url"].endswith("/hsds/openapi.json")
        document = await api.get("/openapi.json")
        assert {path for path in document["paths"] if "{id}" in path} == {f"/{name}/{{id}}" for name in ENTITIES}
        for name, takes in LISTS.items():
            said = [one["name"] for one in document["paths"][f"/{name}"]["get"]["parameters"]]
            assert said == list(takes)
            assert set(FILTERS[name]) <= set(takes)
            one = document["paths"][f"/{name}/{{id}}"]["get"]["parameters"]
            assert [given["name"] for given in one] == ["id", *ONES[name]]
        for schemas in filter(None, (official(),)):
            for path, offered in schemas["openapi"]["paths"].items():
                asked = [given.get("name", given.get("$ref", "").rpartition("/")[2]) for given in
                         offered["get"].get("parameters", [])]  # fmt: skip
                ours = [
                    given["name"] for given in document["paths"][path]["get"]["parameters"] if given["in"] == "query"
                ]
                assert sorted(asked) == sorted(ours), path
