"""GraphiQL: works as the signed-in person in a demonstration, keeps nothing, and does not exist in production."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)
from playwright.async_api import Browser
from pydantic import SecretStr

from hub.app import create_app
from hub.app import opened as opened_hub
from hub.base.settings import Settings
from hub.base.texts import LANGUAGES
from hub.console.environment import environment
from hub.console.graphiql import blank
from tests.console.browser import opened, watch
from tests.console.world import County

ME = {"query": "{ me { roles } }"}
INTROSPECTION = {"query": "{ __schema { queryType { name } } }"}


@pytest_asyncio.fixture(loop_scope="session")
async def person(county: County) -> AsyncIterator[httpx.AsyncClient]:
    """A coordinator's browser without a window."""
    async with httpx.AsyncClient(base_url=county.hub.url, follow_redirects=True) as http:
        choice = await http.get("/auth/sign-in")
        await http.post(choice.url, data={"login": "coordinator"})
        yield http


async def token(http: httpx.AsyncClient) -> str:
    """The token the page gives."""
    page = await http.get("/graphiql")
    return page.text.split('data-csrf="')[1].split('"')[0]


async def roles(http: httpx.AsyncClient, **headers: str) -> Any:
    """The roles the API sees, None for nobody."""
    data = (await http.post("/graphql", json=ME, headers=headers)).json().get("data") or {}
    me = data.get("me")
    return me and me["roles"]


async def test_an_example_runs_as_the_person_who_is_signed_in(browser: Browser, county: County) -> None:
    async with opened(browser) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "coordinator")
        await page.goto(f"{county.hub.url}/graphiql?lang=en")
        await page.wait_for_selector(".graphiql-execute-button")
        tabs = page.locator(".graphiql-tab-button")
        assert await tabs.all_inner_texts() == ["Me", "Agencies", "MyActions"]
        assert await tabs.evaluate_all("all => Math.max(...all.map(tab => tab.offsetHeight))") < 60
        assert "query Me" in await page.inner_text(".graphiql-query-editor")
        await page.click(".graphiql-execute-button")
        await page.locator(".result-window", has_text="COORDINATOR").wait_for()
        await page.click(".graphiql-sidebar button[aria-label*='Documentation']")
        await page.locator(".graphiql-doc-explorer-content", has_text="Query").wait_for()
        await page.click(".graphiql-sidebar button[aria-label*='Examples']")
        await page.click(".hub-examples button:text-is('OpenCase')")
        assert "mutation OpenCase" in await page.inner_text(".graphiql-query-editor")
        assert "reportId" in await page.inner_text(".graphiql-editor-tool")
        kept = await page.evaluate("() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
        assert kept == ["htmx-current-path-for-history"]  # every page's: the address it is at
    assert [*seen.foreign, *seen.errors] == []


async def test_only_the_pages_own_token_makes_a_session_count(person: httpx.AsyncClient) -> None:
    sent = await token(person)
    assert await roles(person, **{"x-csrf-token": sent}) == ["COORDINATOR"]
    assert await roles(person) is None
    assert await roles(person, **{"x-csrf-token": ""}) is None
    assert await roles(person, **{"x-csrf-token": sent[:-8] + "AAAAAAA="}) is None
    assert await roles(person, **{"x-csrf-token": sent, "origin": "https://evil.example"}) is None
    assert await roles(person, **{"x-csrf-token": sent, "sec-fetch-site": "cross-site"}) is None
    assert await roles(person, **{"x-csrf-token": sent, "user-agent": "another browser"}) is None
    assert await roles(person, **{"x-csrf-token": sent, "authorization": "Bearer none"}) is None
    person.cookies.clear()
    assert await roles(person, **{"x-csrf-token": sent}) is None


async def test_every_operation_is_an_example_with_its_variables(person: httpx.AsyncClient, county: County) -> None:
    found = (await person.get("/graphiql/examples")).json()
    documents = county.hub.hub.documents
    assert {example["name"] for example in found} == set(documents.trusted)
    for example in found:
        assert documents.outside(example["query"]).errors == ()
    by_name = {example["name"]: example for example in found}
    assert by_name["Me"]["variables"] == {}
    assert by_name["Node"]["variables"] == {"id": ""}
    assert set(by_name["OpenCase"]["variables"]["input"]) >= {"reportId"}


def test_blanks_have_the_shape_of_their_type() -> None:
    kind = GraphQLEnumType("Kind", {"FIRST": GraphQLEnumValue(1), "SECOND": GraphQLEnumValue(2)})
    fields = {
        "kind": GraphQLInputField(GraphQLNonNull(kind)),
        "counts": GraphQLInputField(GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLInt)))),
        "why": GraphQLInputField(GraphQLString),
        "page": GraphQLInputField(GraphQLNonNull(GraphQLInt), default_value=1),
    }
    assert blank(GraphQLNonNull(GraphQLInputObjectType("Given", fields))) == {"kind": "FIRST", "counts": [0]}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a signed-in browser of the demonstration could carry to the hub in production."""

    cookies: dict[str, str]
    token: str


async def test_production_has_none_of_it(person: httpx.AsyncClient, settings: Settings, database_url: str) -> None:
    taken = Taken(dict(person.cookies), await token(person))
    assert (await person.post("/graphql", json=INTROSPECTION)).json()["data"]
    words = {
        name: SecretStr(urlsafe_b64encode(os.urandom(32)).decode()) for name in ("master_key", "index_key", "audit_key")
    }
    real = settings.model_copy(update={"mode": "production", "oidc_issuer": "https://id.example", **words})
    async with opened_hub(real, database_url) as hub:
        transport = httpx.ASGITransport(create_app(hub))
        agent = {"user-agent": person.headers["user-agent"]}
        async with httpx.AsyncClient(
            transport=transport, base_url=str(person.base_url), cookies=taken.cookies, headers=agent
        ) as http:
            assert "示範" in (await http.get("/help", headers={"accept": "text/html"})).text  # the session itself lives
            assert await roles(http, **{"x-csrf-token": taken.token}) is None
            for path in ("/graphiql", "/graphiql/examples", "/graphiql/schema"):
                assert (await http.get(path)).status_code == 404
            refused = (await http.post("/graphql", json=INTROSPECTION)).json()
            assert refused.get("data") is None
            assert "ntrospection" in refused["errors"][0]["message"]


async def test_its_looser_policy_is_its_own(person: httpx.AsyncClient) -> None:
    policy = (await person.get("/graphiql")).headers["content-security-policy"]
    scripts = policy.split("script-src ")[1].split(";")[0]
    assert scripts == "'self'"
    assert "http" not in policy
    assert "unsafe" not in (await person.get("/help")).headers["content-security-policy"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_footer_leads_here_in_a_demonstration_alone(lang: str) -> None:
    template = environment(lang).get_template("help.html")
    given: dict[str, Any] = {
        "viewer": None,
        "nav": [],
        "csrf": "",
        "path": "/help",
        "switch": {},
        "done": None,
        "problem": None,
    }
    given["switch"] = {tag: f"/help?lang={tag}" for tag in LANGUAGES}
    assert 'href="/graphiql"' in template.render({**given, "demo": True, "values": {}})
    assert 'href="/graphiql"' not in template.render({**given, "demo": False, "values": {}})
