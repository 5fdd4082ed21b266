"""Every page that needs no case: three languages, desktop, telephone and zoom, with scripts and without."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from hub.base.settings import settings
from hub.base.texts import LANGUAGES
from tests.console.browser import axe, check_page, focus_faults, look, opened, script, serve, watch
from tests.console.gallery.app import make

PAGES = {"/": 200, "/help": 200, "/choose": 200, "/nobody": 200, "/gallery": 200, "/no-such-page": 404}
ALIKE = {
    "/fails/400": 400,
    "/fails/401": 401,
    "/fails/403": 403,
    "/conflict": 409,
    "/number/many": 422,
    "/fails/429": 429,
    "/fault": 500,
    "/fails/503": 503,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home() -> AsyncIterator[str]:
    """The gallery, served as in a demonstration."""
    patch = pytest.MonkeyPatch()
    patch.setenv("HUB_MODE", "demo")
    settings.cache_clear()
    async with serve(make()) as url:
        yield url
    patch.undo()
    settings.cache_clear()


@pytest.mark.parametrize("path", PAGES)
async def test_passes_in_every_language_and_width(browser: Browser, home: str, path: str) -> None:
    async with opened(browser) as page:
        seen = watch(page, home)
        faults: list[str] = []
        for lang in LANGUAGES:
            answer = await page.goto(f"{home}{path}?lang={lang}")
            assert answer is not None
            assert answer.status == PAGES[path]
            assert len(await answer.body()) < 100_000
            faults += [f"{lang}: {fault}" for fault in (*await check_page(page, lang, seen), *await axe(page))]
        faults += await focus_faults(page)
    assert faults == []


async def test_error_pages_differ_in_words_alone(browser: Browser, home: str) -> None:
    """They share the template of the 404 page, which is looked at in full above."""
    async with opened(browser, 360) as page:
        seen = watch(page, home)
        faults: list[str] = []
        for path, status in ALIKE.items():
            for lang in LANGUAGES:
                answer = await page.goto(f"{home}{path}?lang={lang}")
                assert answer is not None
                assert answer.status == status
                faults += [f"{path} {lang}: {fault}" for fault in await look(page, lang)]
    assert [*faults, *seen.foreign, *seen.errors] == []


async def test_who_sent_something_is_told_that_it_may_be_there(home: str) -> None:
    """Of what failed at its very end nobody knows; whoever only opened a page has sent nothing."""
    async with httpx.AsyncClient(base_url=home, headers={"accept": "text/html", "accept-language": "en"}) as client:
        shown, sent = await client.get("/fails/503"), await client.post("/fails/503")
    assert (shown.status_code, sent.status_code) == (503, 503)
    assert "Look whether what you sent last was saved" in sent.text
    assert "you sent" not in shown.text


async def test_the_checks_can_fail(browser: Browser, home: str) -> None:
    """Each planted fault is found, so an empty list means something."""
    async with opened(browser, 360) as page:
        seen = watch(page, home)
        await page.goto(f"{home}/help?lang=zh-Hant")
        await page.evaluate(script("plant.js"))
        found = [*await axe(page), *await check_page(page, "en", seen), *await look(page, "zh-Hant")]
        said = "\n".join([*found, *await focus_faults(page)])
    for expected in (
        "axe image-alt",
        "html lang",
        "px wider",
        "target below 24 px: BUTTON tiny",
        "visible '{{'",
        "visible '</'",
        "'English', 'Forgotten'",
        "not the skip link",
        "focus not visible on BUTTON tiny",
        "elsewhere.invalid",
        "planted",
    ):
        assert expected in said


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_a_refused_form_keeps_the_input_and_leads_to_each_field(browser: Browser, home: str, lang: str) -> None:
    async with opened(browser) as page:
        seen = watch(page, home)
        await page.goto(f"{home}/gallery?lang={lang}")
        await page.fill("#answer-from", "2026-12-01")
        await page.check("#answer-share-2")
        async with page.expect_response(f"{home}/gallery") as posted:
            await page.click("form#answer button.govuk-button >> nth=0")
        assert (await posted.value).status == 422
        await page.wait_for_load_state()
        assert await page.evaluate("() => document.activeElement.className") == "govuk-error-summary"
        assert await page.input_value("#answer-from") == "2026-12-01"
        assert await page.is_checked("#answer-share-2")
        links = await page.locator(".govuk-error-summary__list a").evaluate_all("all => all.map(a => a.hash)")
        assert links == ["#answer-kind", "#answer-message"]
        for link in links:
            assert await page.locator(link).count() == 1
        faults = await check_page(page, lang, seen)
    assert faults == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_changing_the_language_keeps_address_and_unsaved_input(
    browser: Browser, home: str, scripts: bool
) -> None:
    async with opened(browser, scripts=scripts) as page:
        await page.goto(f"{home}/gallery?lang=zh-Hant")
        await page.fill("#answer-message", "尚未送出 <b>")
        await page.check("#answer-kind-2")
        await page.click(".hub-languages button[lang=ko]")
        await page.wait_for_load_state()
        assert await page.get_attribute("html", "lang") == "ko"
        assert page.url == f"{home}/gallery"
        assert await page.input_value("#answer-message") == "尚未送出 <b>"
        assert await page.is_checked("#answer-kind-2")
        assert await page.locator(".govuk-error-summary").count() == 0
        await page.goto(f"{home}/help?from=%E7%94%B2&page=2")
        assert await page.get_attribute("html", "lang") == "ko"
        await page.click(".hub-languages a[lang=en]")
        assert page.url == f"{home}/help?from=%E7%94%B2&page=2&lang=en"


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_enter_key_sends_the_form_and_does_not_switch_language(
    browser: Browser, home: str, scripts: bool
) -> None:
    async with opened(browser, scripts=scripts) as page:
        await page.goto(f"{home}/gallery?lang=ko")
        await page.focus("#answer-share")
        async with page.expect_response(f"{home}/gallery") as posted:
            await page.keyboard.press("Enter")
        assert (await posted.value).status == 422
        assert await page.get_attribute("html", "lang") == "ko"


async def test_without_scripts_pages_pass_too(browser: Browser, home: str) -> None:
    async with opened(browser, 360, scripts=False) as page:
        seen = watch(page, home)
        faults: list[str] = []
        for path in ("/", "/choose", "/gallery"):
            await page.goto(f"{home}{path}?lang=zh-Hant")
            faults += await look(page, "zh-Hant")
    assert [*faults, *seen.foreign, *seen.errors] == []


@pytest.mark.parametrize("way", ["link", "shift", "no scripts"])
async def test_exit_leaves_at_once(browser: Browser, home: str, way: str) -> None:
    """The browser asks for the other site within half a second (best of three: the machine may be busy)."""
    assert min([await _leave(browser, home, way) for _ in range(3)]) < 0.5


async def _leave(browser: Browser, home: str, way: str) -> float:
    async with opened(browser, scripts=way != "no scripts") as page:
        await page.goto(f"{home}/gallery", wait_until="networkidle")
        return await _leave_page(page, way)


async def _leave_page(page: Page, way: str) -> float:
    box = await page.locator(".govuk-exit-this-page__button").bounding_box()
    assert box is not None
    async with page.expect_request("https://www.cwa.gov.tw/"):
        started = time.perf_counter()
        if way == "shift":
            for _ in range(3):
                await page.keyboard.press("Shift")
        else:
            await page.mouse.click(box["x"] + 10, box["y"] + 10)
    return time.perf_counter() - started


async def test_paper_shows_the_content_alone(browser: Browser, home: str) -> None:
    async with opened(browser) as page:
        await page.goto(f"{home}/gallery")
        await page.emulate_media(media="print")
        assert await page.is_visible(".hub-timeline")
        for hidden in (".hub-exit-bar", ".hub-nav", ".hub-languages", ".hub-footer", "form button"):
            assert not await page.locator(hidden).first.is_visible()
