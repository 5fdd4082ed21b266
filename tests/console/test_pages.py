"""Pages over plain HTTP: headers, languages, error pages, forms, exit, built files."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from jinja2 import UndefinedError

from hub.base.headers import content_policy
from hub.base.settings import Settings
from hub.base.texts import LANGUAGES, message
from hub.console import static
from hub.console.environment import environment
from hub.console.pages import redirect
from tests.console.gallery.app import make

HTML = {"accept": "text/html"}


@pytest_asyncio.fixture(loop_scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The gallery in this process."""
    transport = httpx.ASGITransport(make(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=HTML) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/no-such-page", "/fault", "/gallery"])
async def test_nothing_is_kept_framed_or_fetched_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert "://" not in answer.text.replace("http://www.w3.org/2000/svg", "")


def test_the_policy_names_the_provider_for_signing_out() -> None:
    named = content_policy(Settings(oidc_issuer="https://id.example/realm"))
    assert named.endswith("form-action 'self' https://id.example")


async def test_a_fault_shows_no_cause(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fault")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text


@pytest.mark.parametrize("status", [418, 507])
async def test_an_unforeseen_status_has_a_page_too(client: httpx.AsyncClient, status: int) -> None:
    answer = await client.get(f"/fails/{status}")
    assert answer.status_code == status
    assert "<h1" in answer.text


async def test_programs_get_short_answers(client: httpx.AsyncClient) -> None:
    json = {"accept": "application/json"}
    for lang in LANGUAGES:
        answer = await client.get("/no-such-page", headers={"accept": "*/*", "accept-language": lang})
        assert answer.status_code == 404
        assert answer.json() == {"code": "not_found", "message": message("not_found", lang)}
        assert answer.headers["content-language"] == lang
    forbidden = (await client.get("/fails/403", headers=json)).json()
    assert forbidden == {"code": "not_permitted", "message": message("not_permitted", "zh-Hant")}
    posted = await client.delete("/gallery", headers=json)
    assert posted.status_code == 405
    assert posted.headers["allow"] == "GET"
    assert posted.json()["code"] == "http_405"
    many = await client.get("/number/many", headers=json)
    assert (many.status_code, many.json()["code"]) == (422, "invalid_input")
    assert "many" not in many.text
    assert (await client.get("/conflict", headers=json)).text == "changed_meanwhile"
    assert (await client.get("/fault", headers=json)).text == "fault"


async def test_waiting_is_asked_where_waiting_helps(client: httpx.AsyncClient) -> None:
    assert (await client.get("/fails/429")).headers["retry-after"] == "60"
    assert "retry-after" not in (await client.get("/fails/404")).headers


@pytest.mark.parametrize(
    ("headers", "cookie", "query", "expected"),
    [
        ({}, "", "", "zh-Hant"),
        ({"accept-language": "ko-KR,ko;q=0.9,en;q=0.8"}, "", "", "ko"),
        ({"accept-language": "fr,en;q=0.3,zh-CN;q=0.4"}, "", "", "zh-Hant"),
        ({"accept-language": "fr;q=1,*;q=0.1"}, "", "", "zh-Hant"),
        ({"accept-language": "en;q=bad,,;;q=1.2.3"}, "", "", "zh-Hant"),
        ({"accept-language": "ko"}, "en", "", "en"),
        ({"accept-language": "ko"}, "en", "?lang=zh-Hant", "zh-Hant"),
        ({"accept-language": "ko"}, "xx", "?lang=../etc", "ko"),
    ],
)
async def test_the_language_is_the_best_known_wish(
    client: httpx.AsyncClient, headers: dict[str, str], cookie: str, query: str, expected: str
) -> None:
    sent = headers | ({"cookie": f"hub_lang={cookie}"} if cookie else {})
    answer = await client.get("/" + query, headers=sent)
    assert f'<html lang="{expected}"' in answer.text
    assert answer.headers["content-language"] == expected
    assert ("hub_lang" in answer.headers.get("set-cookie", "")) == (query == "?lang=zh-Hant")


async def test_a_form_of_another_session_or_site_changes_nothing(client: httpx.AsyncClient) -> None:
    page = await client.get("/gallery")
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    full = {"answer.kind": "ACCEPT", "answer.message": "x"}
    assert (await client.post("/gallery", data=full)).status_code == 403
    assert (await client.post("/gallery", data=full | {"csrf": token[:-4] + "AAAA"})).status_code == 403
    sent = full | {"csrf": token}
    assert (await client.post("/gallery", data=sent)).status_code == 200
    for header in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
    ):
        assert (await client.post("/gallery", data=sent, headers=header)).status_code == 403
    assert (await client.post("/gallery", data=sent, headers={"origin": "http://127.0.0.1:8000"})).status_code == 200


async def test_exit_needs_no_session_and_obeys_no_other_site(client: httpx.AsyncClient) -> None:
    own = await client.get("/exit", headers={"sec-fetch-site": "same-origin"})
    other = await client.get("/exit", headers={"sec-fetch-site": "cross-site"})
    assert own.status_code == other.status_code == 303
    assert own.headers["location"] == other.headers["location"]
    assert 'hub=""' in own.headers["set-cookie"]
    assert "set-cookie" not in other.headers


async def test_built_files_are_kept_for_ever_and_are_light(client: httpx.AsyncClient) -> None:
    weight = 0
    for name in ("hub.css", "hub.js"):
        answer = await client.get(static.url(name))
        assert "immutable" in answer.headers["cache-control"]
        weight += len(gzip.compress(answer.content))
        assert not re.search(rb"(url\(|import|src=)[^;]{0,3}https?://", answer.content)
    assert weight < 80 * 1024
    assert (await client.get("/static/none.css")).headers["cache-control"] == "no-store"


def test_an_unknown_result_code_cannot_be_sent() -> None:
    assert redirect("/", "signed_out").headers["location"] == "/?done=signed_out"
    with pytest.raises(ValueError, match="no result text"):
        redirect("/", "no_such_code")


async def test_a_result_code_is_said_and_an_unknown_one_ignored(client: httpx.AsyncClient) -> None:
    assert "您已登出。" in (await client.get("/?done=signed_out")).text
    assert 'class="hub-result' not in (await client.get("/?done=<b>")).text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_values_are_escaped_and_missing_names_are_loud(lang: str) -> None:
    env = environment(lang)
    shown = env.from_string("{{ _('Showing %(shown)s', shown=value) }}").render(value="<b>")
    assert "&lt;b&gt;" in shown
    with pytest.raises(UndefinedError):
        env.from_string("{{ nobody_gave_this }}").render()
