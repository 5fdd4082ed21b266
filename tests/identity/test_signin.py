"""Signing in to the console against a real provider: the way in, every way it is refused, and the way out."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from hub.base import time
from hub.base.db import Database
from hub.identity.answers import TEXTS
from hub.identity.provider import Oidc
from hub.identity.rules import safe_next
from hub.identity.signin import STATUS
from tests.identity.browser import Browser, actions, application, browsing, count, shows
from tests.identity.conftest import MakeSettings
from tests.support.identity import Provider


async def test_the_way_in(browser: Browser, worker: UUID, db: Database) -> None:
    url = await browser.start("/cases?open=1")
    asked = parse_qs(urlsplit(url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/auth/callback"]
    assert len({asked[name][0] for name in ("state", "nonce", "code_challenge")}) == 3
    answer = await browser.client.get(await browser.back("worker", url))
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases?open=1")
    assert answer.headers["cache-control"] == "no-store"
    cookies = answer.headers.get_list("set-cookie")
    (kept,) = [cookie for cookie in cookies if cookie.startswith("hub=")]
    assert "httponly" in kept.lower()
    assert "samesite=lax" in kept.lower()
    assert (await browser.who() or {})["id"] == str(worker)
    assert browser.client.cookies.get("hub-sign-in") is None
    assert await actions(db) == ["session.begin"]
    async with db.work() as session:
        stored = (await session.execute(text("select id from web_session"))).scalar_one()
    assert browser.session is not None
    assert browser.session.encode() not in bytes(stored)


async def test_a_session_is_new_at_each_sign_in(browser: Browser, worker: UUID, app: FastAPI, db: Database) -> None:
    await browser.sign_in("worker")
    first = browser.session
    await browser.sign_in("worker")
    assert browser.session != first
    assert await count(db, "web_session") == 1
    async with browsing(app, browser.provider) as thief:
        thief.client.cookies.set("hub", first or "")
        assert await thief.who() is None


async def test_a_cookie_planted_beforehand_becomes_no_session(browser: Browser, worker: UUID) -> None:
    planted = "A" * 43
    browser.client.cookies.set("hub", planted, domain="127.0.0.1", path="/")
    answer = await browser.sign_in("worker")
    assert planted not in str(answer.headers)


SPOILT = {
    "state": "sign_in_expired",
    "no state": "sign_in_expired",
    "no cookie": "sign_in_expired",
    "another browser's": "sign_in_expired",
    "garbled cookie": "sign_in_expired",
    "late": "sign_in_expired",
    "nonce": "sign_in_refused",
    "verifier": "sign_in_refused",
    "code": "sign_in_refused",
    "no code": "sign_in_refused",
    "long code": "sign_in_refused",
    "issuer": "sign_in_refused",
    "no issuer": "sign_in_refused",
    "denied": "sign_in_refused",
}


async def test_a_spoilt_answer_signs_nobody_in(
    app: FastAPI, oidc: Provider, worker: UUID, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """One thing is wrong each time; nothing begins, nothing is recorded, and the page says so with the right status."""
    for spoil, code in SPOILT.items():
        async with browsing(app, oidc) as browser:
            answer = await spoilt(browser, spoil)
            assert answer.status_code == 400, spoil
            await shows(answer, code, browser)
    assert (await count(db, "web_session"), await actions(db)) == (0, [])
    assert "ID token refused: nonce" in caplog.messages


async def spoilt(browser: Browser, spoil: str) -> httpx.Response:
    """The callback's answer where one thing was wrong."""
    url = await browser.start()
    asked = parse_qs(urlsplit(url).query)
    if spoil == "nonce":
        url = url.replace(asked["nonce"][0], "of-another-sign-in")
    if spoil == "verifier":
        url = url.replace(asked["code_challenge"][0], "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    back = httpx.URL(await browser.back("worker", url))
    cookies = browser.client.cookies
    if spoil == "state":
        back = back.copy_set_param("state", "x" + back.params["state"][1:])
    elif spoil == "no state":
        back = back.copy_remove_param("state")
    elif spoil == "no cookie":
        cookies.clear()
    elif spoil == "another browser's":
        await browser.start()
    elif spoil == "garbled cookie":
        cookies.clear()
        cookies.set("hub-sign-in", "W10=")
    elif spoil == "code":
        back = back.copy_set_param("code", "guessed")
    elif spoil == "no code":
        back = back.copy_remove_param("code")
    elif spoil == "long code":
        back = back.copy_set_param("code", "c" * 5000)
    elif spoil == "issuer":
        back = back.copy_set_param("iss", "https://evil.invalid")
    elif spoil == "no issuer":
        back = back.copy_remove_param("iss")
    elif spoil == "denied":
        back = back.copy_remove_param("code").copy_set_param("error", "access_denied")
    with time.at(time.now() + timedelta(minutes=11 if spoil == "late" else 0)):
        return await browser.client.get(str(back))


async def test_a_code_works_once(browser: Browser, worker: UUID) -> None:
    url = await browser.start()
    attempt = browser.client.cookies["hub-sign-in"]
    back = await browser.back("worker", url)
    assert (await browser.client.get(back)).status_code == 303
    browser.client.cookies.clear()
    browser.client.cookies.set("hub-sign-in", attempt)
    await shows(await browser.client.get(back), "sign_in_refused", browser)


async def test_nobody_gets_an_account_by_signing_in(browser: Browser, worker: UUID, db: Database) -> None:
    answer = await browser.sign_in("stranger")
    assert answer.status_code == 403
    await shows(answer, "no_account", browser)
    assert (await count(db, "staff"), await count(db, "web_session")) == (1, 0)


@pytest.mark.parametrize(
    "change", ["staff set suspended = true", "staff set expires_at = now()", "agency set suspended = true"]
)
async def test_who_is_suspended_does_not_sign_in(browser: Browser, worker: UUID, db: Database, change: str) -> None:
    async with db.work() as session:
        await session.execute(text(f"update {change}"))
    answer = await browser.sign_in("worker")
    assert answer.status_code == 403
    await shows(answer, "account_suspended", browser)
    assert (await count(db, "web_session"), await actions(db)) == (0, ["session.refuse"])


async def test_who_is_suspended_while_signed_in_is_known_as_such(browser: Browser, worker: UUID, db: Database) -> None:
    """The session lives, the actor says suspended, and forbid F1 does the rest at that very request."""
    await browser.sign_in("worker")
    async with db.work() as session:
        await session.execute(text("update staff set suspended = true"))
    assert await browser.who() is not None


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.invalid",
        "///evil.invalid",
        "/\\evil.invalid",
        "\\\\evil.invalid",
        "https://evil.invalid",
        "javascript:alert(1)",
        "evil.invalid",
        "/\t/evil.invalid",
        "/\n/evil.invalid",
        "/a b",
        "/x\r\nset-cookie: a=b",
        "/" + "a" * 600,
        "/auth/sign-out",
        "",
        "/\u3002evil",
        None,
        7,
    ],
)
def test_no_sign_in_leads_elsewhere(wanted: object) -> None:
    assert safe_next(wanted) == "/"


async def test_no_sign_in_leads_elsewhere_over_http(browser: Browser, worker: UUID) -> None:
    assert safe_next("/cases/1?tab=2#top") == "/cases/1?tab=2#top"
    answer = await browser.sign_in("worker", "//evil.invalid/x")
    assert answer.headers["location"] == "/"


async def test_without_a_provider_people_are_told(make_settings: MakeSettings, db: Database, oidc: Provider) -> None:
    async with httpx.AsyncClient() as http:
        nowhere = Oidc(make_settings(oidc_issuer="http://127.0.0.1:9"), http)
        async with browsing(application(nowhere, db), oidc) as browser:
            answer = await browser.client.get("/auth/sign-in")
            assert answer.status_code == 503
            await shows(answer, "provider_unavailable", browser)


def test_every_refusal_has_its_page() -> None:
    assert {refusal.code for refusal in STATUS} == set(TEXTS)
