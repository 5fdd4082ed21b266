"""Console sessions: how they end, whose they are, signing out, and posts that other sites make a browser send."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from hub.base import time
from hub.base.db import Database
from hub.identity.answers import TEXTS
from hub.identity.sessions import Cookies
from tests.identity.browser import Browser, actions, count
from tests.identity.conftest import MakeSettings


async def test_a_session_ends_by_itself(browser: Browser, worker: UUID) -> None:
    with time.at(time.now()) as move:
        await browser.sign_in("worker")
        for _ in range(24):  # busy all night
            move(timedelta(minutes=29))
            assert await browser.who() is not None
        move(timedelta(minutes=29))
        assert await browser.who() is None  # 12 hours in all
        await browser.sign_in("worker")
        move(timedelta(minutes=30))
        assert await browser.who() is None  # idle


async def test_a_session_belongs_to_its_browser(browser: Browser, worker: UUID) -> None:
    await browser.sign_in("worker")
    browser.client.headers["user-agent"] = "another"
    assert await browser.who() is None


async def test_the_way_out(browser: Browser, worker: UUID, db: Database) -> None:
    await browser.sign_in("worker")
    kept = browser.session
    csrf = (await browser.who() or {})["csrf"]
    answer = await browser.client.post("/auth/sign-out", data={"csrf": csrf})
    assert answer.status_code == 303
    goal = urlsplit(answer.headers["location"])
    assert goal.path == "/session/end"
    assert parse_qs(goal.query)["post_logout_redirect_uri"] == ["http://127.0.0.1:8000/"]
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert answer.headers["cache-control"] == "no-store"
    assert (await count(db, "web_session"), await actions(db)) == (0, ["session.begin", "session.end"])
    browser.client.cookies.set("hub", kept or "")
    assert await browser.who() is None
    async with httpx.AsyncClient() as http:  # the provider knows us and asks the person
        assert (await http.get(answer.headers["location"])).status_code == 200


FORGED: list[tuple[dict[str, str], dict[str, str]]] = [
    ({}, {}),
    ({"csrf": ""}, {}),
    ({"csrf": "AAAA"}, {}),
    ({"csrf": "not base64 ü"}, {}),
    ({"csrf": "A" * 88}, {}),
    ({"csrf": "right"}, {"origin": "https://evil.invalid"}),
    ({"csrf": "right"}, {"origin": "null"}),
    ({"csrf": "right"}, {"sec-fetch-site": "cross-site"}),
    ({"csrf": "right"}, {"x-csrf-token": "wrong"}),
]


async def test_another_site_cannot_sign_out(browser: Browser, worker: UUID) -> None:
    await browser.sign_in("worker")
    for form, headers in FORGED:
        right = {"csrf": (await browser.who() or {})["csrf"]} if form.get("csrf") == "right" else form
        answer = await browser.client.post("/auth/sign-out", data=right, headers=headers)
        assert answer.status_code == 403, (form, headers)
        assert TEXTS["csrf_refused"][1] in answer.text
        assert await browser.who() is not None


async def test_a_token_of_another_session_is_no_token(browser: Browser, worker: UUID) -> None:
    await browser.sign_in("worker")
    old = (await browser.who() or {})["csrf"]
    assert (await browser.who() or {})["csrf"] != old  # masked anew each time
    await browser.sign_in("worker")
    assert (await browser.client.post("/auth/sign-out", data={"csrf": old})).status_code == 403


async def test_signing_out_twice_is_no_error(browser: Browser) -> None:
    assert (await browser.client.post("/auth/sign-out")).status_code == 303


def test_cookies_are_guarded_by_where_the_hub_is_reached(make_settings: MakeSettings) -> None:
    assert Cookies(make_settings(public_url="https://hub.invalid")).session == "__Host-hub"
    assert Cookies(make_settings(public_url="https://hub.invalid")).secure
    assert not Cookies(make_settings()).secure
    with pytest.raises(ValueError, match="HUB_PUBLIC_URL"):
        Cookies(make_settings(public_url="http://hub.invalid"))
