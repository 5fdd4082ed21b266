"""The pages of keeping the directory in a browser: a manager in a hurry, an administrator's words, a history."""

from __future__ import annotations

from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page
from sqlalchemy import text

from hub.policy.terms import Role
from tests.console.browser import check_page, look, opened, watch
from tests.console.world import County
from tests.support.identity import make_staff

STREET = "無名路七號"


@pytest_asyncio.fixture(loop_scope="session")
async def county(county: County) -> County:
    """The fictional county, with two words nobody has mapped on the hospital's first service."""
    own = (await county.ask("manager", "OwnServices"))["edges"][0]["node"]
    async with county.hub.hub.db.work() as session:
        name = "(select id from service where name_i18n ->> 'zh-Hant' = :name order by id limit 1)"
        for word in ("夜間飛行", "月光"):
            await session.execute(
                text("insert into taxonomy_term (source, source_id, code, name) values ('x', :w, :w, :w)"),
                {"w": word},
            )
            await session.execute(
                text(
                    "insert into attribute (source, source_id, service_id, taxonomy_term_id) values ('x', :w, "
                    f"{name}, (select id from taxonomy_term where source_id = :w and source = 'x'))"
                ),
                {"w": word, "name": own["name"]},
            )
    return county


async def first_own(county: County) -> Any:
    """The first service of the hospital."""
    return (await county.ask("manager", "OwnServices"))["edges"][0]["node"]


async def submit(page: Page, selector: str) -> int:
    """Press it; the status of what comes."""
    async with page.expect_response(lambda r: r.request.method == "POST") as sent:
        await page.click(selector)
    await page.wait_for_load_state()
    return (await sent.value).status


async def test_every_page_passes_in_every_language(browser: Browser, county: County) -> None:
    key = (await first_own(county))["serviceId"]
    paths = {
        "manager": ("/services", "/services/new", f"/services/{key}/edit", f"/services/{key}/close",
                    f"/services/{key}/history", f"/directory/{key}"),
        "administrator": ("/words", "/words?chosen=1", "/weights"),
    }  # fmt: skip
    said = []
    for login, pages in paths.items():
        async with opened(browser) as page:
            await county.sign_in(page, login)
            seen = watch(page, county.hub.url)
            for path in pages:
                for lang in ("zh-Hant", "en", "ko"):
                    answer = await page.goto(f"{county.hub.url}{path}{'&' if '?' in path else '?'}lang={lang}")
                    assert answer is not None
                    assert answer.status == 200, path
                    said += [f"{path} {lang}: {fault}" for fault in await check_page(page, lang, seen)]
    assert said == []


async def test_a_manager_in_a_hurry_without_scripts(browser: Browser, county: County) -> None:
    """What is free in one field; then words, a telephone and a place; errors keep all that was typed."""
    key = (await first_own(county))["serviceId"]
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "manager")
        address = f"{county.hub.url}/services/{key}/edit"
        await page.goto(address)
        await page.fill("[name='capacity.available']", "0")
        assert await submit(page, "button[value=free]") == 303
        assert page.url.endswith("?done=capacity_said")
        await page.goto(address)
        before = await county.ask("manager", "EditableService", id=key)
        assert before["available"] == 0
        phones, places = len(before["phones"]), len(before["places"])
        await page.fill("[name='about.alert']", "五月一日休息。")
        await page.fill(f"[name='phones.{phones}.number']", "打給我")
        await page.fill(f"[name='places.{places}.name']", "後棟")
        await page.fill(f"[name='places.{places}.address1']", STREET)
        if phones:
            await page.check("[name='phones.0.gone']")
        assert await submit(page, "form#service-form > button.govuk-button:last-of-type") == 422
        hashes = await page.locator(".govuk-error-summary__list a").evaluate_all("all => all.map(a => a.hash)")
        assert len(hashes) == 1
        assert await page.locator(hashes[0]).input_value() == "打給我"
        assert await page.input_value("[name='about.alert']") == "五月一日休息。"
        await page.fill(f"[name='phones.{phones}.number']", "02-0000-0099")
        assert await submit(page, "form#service-form > button.govuk-button:last-of-type") == 303
        assert page.url.endswith("?done=service_changed")
        after = await county.ask("manager", "EditableService", id=key)
        assert after["about"]["alert"] == "五月一日休息。"
        assert [phone["number"] for phone in after["phones"]] == [
            *(phone["number"] for phone in before["phones"][1:]), "02-0000-0099",
        ]  # fmt: skip
        assert {**after["about"], "alert": ""} == {**before["about"], "alert": ""}
        same = ("whom", "needs", "areas", "languages", "hours", "costs", "documents", "contacts")
        assert {name: after[name] for name in same} == {name: before[name] for name in same}
        await page.goto(f"{county.hub.url}/services/{key}/history")
        assert "五月一日休息。" in await page.inner_text("main")
        # The place turns out to be a secret.
        number = [place["address1"] for place in after["places"]].index(STREET)
        await page.goto(address)
        await page.check(f"[name='places.{number}.confidential']")
        assert await submit(page, "form#service-form > button.govuk-button:last-of-type") == 303
        for path in (f"/services/{key}/history", f"/services/{key}/edit", f"/directory/{key}"):
            await page.goto(county.hub.url + path)
            assert STREET not in await page.content(), path


async def test_a_stale_form_overwrites_nothing(browser: Browser, county: County) -> None:
    key = (await first_own(county))["serviceId"]
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "manager")
        await page.goto(f"{county.hub.url}/services/{key}/edit")
        held = await county.ask("manager", "EditableService", id=key)
        given = {"serviceId": key, "version": held["version"], "sections": {"about": {"alert": "先改的"}}}
        await county.do("administrator", "UpdateService", **given)
        await page.fill("[name='about.alert']", "後改的")
        assert await submit(page, "form#service-form > button.govuk-button:last-of-type") == 422
        assert await page.input_value("[name='about.alert']") == "後改的"
        assert (await county.ask("manager", "EditableService", id=key))["about"]["alert"] == "先改的"


async def test_added_closed_and_open_again_without_scripts(browser: Browser, county: County) -> None:
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "manager")
        await page.goto(f"{county.hub.url}/services/new")
        save = "form#service-form > button.govuk-button:last-of-type"
        assert await submit(page, save) == 422
        await page.fill("[name='about.name']", "虛構夜間門診")
        await page.check("[name=needs][value=medical_treatment]")
        await page.select_option("select[name=areas]", "99001")
        assert await submit(page, save) == 303
        assert "虛構夜間門診" in await page.inner_text("h1")
        await page.click("a[href$='/edit']")
        await page.click("a[href$='/close']")
        assert await submit(page, "form#close-form button.govuk-button--warning") == 303
        await page.click("a[href$='/edit']")
        assert "暫停提供" in await page.inner_text("#free")
        await page.check("[name=reopen]")
        assert await submit(page, save) == 303
        rows = [edge["node"] for edge in (await county.ask("manager", "OwnServices"))["edges"]]
        assert [row["status"] for row in rows if row["name"] == "虛構夜間門診"] == ["active"]


async def test_words_are_mapped_by_the_administrator_alone(browser: Browser, county: County) -> None:
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "administrator")
        await page.goto(f"{county.hub.url}/words")
        row = "tbody tr:has-text('夜間飛行')"
        assert "1" in await page.inner_text(f"{row} td.hub-table__number")
        assert await submit(page, f"{row} button") == 422  # nothing chosen
        await page.select_option(f"{row} select", "image_removal")
        assert await submit(page, f"{row} button") == 303
        await page.select_option("tbody tr:has-text('月光') select", "-")
        assert await submit(page, "tbody tr:has-text('月光') button") == 303
        assert await page.locator("tbody tr:has-text('月光')").count() == 0
        await page.goto(f"{county.hub.url}/words?chosen=1")
        text_ = await page.inner_text("main")
        assert "不屬於任何需求" in text_
        assert "性影像移除" in text_
    found = await county.ask("coordinator", "SearchServices", need="image_removal")
    assert (await first_own(county))["serviceId"] in [edge["node"]["id"] for edge in found["edges"]]
    async with opened(browser) as page:
        await county.sign_in(page, "auditor")
        await page.goto(f"{county.hub.url}/words?chosen=1")
        assert await page.locator("main select").count() == 0
        for path, login in (("/words", "manager"), ("/services/new", "labour"), ("/services/new", "auditor")):
            await page.context.clear_cookies()
            await county.sign_in(page, login)
            answer = await page.goto(county.hub.url + path)
            assert answer is not None
            assert answer.status == 403, (path, login)


async def test_weights_are_set_by_the_administrator_and_hold(browser: Browser, county: County) -> None:
    """What cannot hold is said beside its field and nothing typed is lost; what holds is a version with its reason."""
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "administrator")
        await page.goto(f"{county.hub.url}/weights")
        await page.fill("[name='weights.capacity_free']", "很多")
        await page.fill("[name=note]", "床位優先（示範）")
        assert await submit(page, "#form > button.govuk-button:last-of-type") == 422
        assert await page.input_value("[name='weights.capacity_free']") == "很多"
        assert await page.input_value("[name=note]") == "床位優先（示範）"
        await page.fill("[name='weights.capacity_free']", "500")
        assert await submit(page, "#form > button.govuk-button:last-of-type") == 303
        assert "床位優先（示範）" in await page.inner_text("main")
    held = await county.ask("coordinator", "MatchWeights")
    assert (held["version"], held["note"]) == (1, "床位優先（示範）")
    assert {w["name"]: w["value"] for w in held["weights"]}["capacity_free"] == 500


async def test_a_manager_changes_the_agencys_entry(browser: Browser, county: County) -> None:
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "manager")
        await page.goto(f"{county.hub.url}/services?lang=en")
        await page.click("text=Our agency's entry")
        await page.fill("#website", "not a page")
        await page.fill("#phones-0-number", "02-0000-0042")
        await page.fill("#contacts-0-name", "示範窗口")
        assert await submit(page, "button:text('Save')") == 422
        assert "https" in await page.inner_text("#website-error")
        assert await page.input_value("#contacts-0-name") == "示範窗口"
        await page.fill("#website", "https://fictional.invalid/")
        assert await submit(page, "button:text('Save')") == 303
        await page.wait_for_selector("text=The entry is saved")
        assert await page.input_value("#phones-0-number") == "02-0000-0042"
        await page.check("#phones-0-gone")
        assert await submit(page, "button:text('Save')") == 303
        await page.wait_for_selector("text=The entry is saved")
        assert await page.input_value("#phones-0-number") == ""
        own = (await county.ask("manager", "EditableOrganization"))["organizationId"]
    async with opened(browser) as page:
        await county.sign_in(page, "administrator")
        await page.goto(f"{county.hub.url}/services/agency?organization={own}&lang=en")
        await page.select_option("#network", "police")
        assert await submit(page, "button:text('Save')") == 303
        await page.wait_for_selector("text=The entry is saved")
        assert (await county.ask("manager", "EditableOrganization"))["network"] == "police"
        await page.select_option("#network", "")
        assert await submit(page, "button:text('Save')") == 303
        assert (await county.ask("manager", "EditableOrganization"))["network"] is None


async def test_what_must_go_is_forgotten_by_two_administrators(browser: Browser, county: County) -> None:
    """One asks without a reason, then with one; another agrees; the history says so. In each language."""
    key = (await first_own(county))["serviceId"]
    for alert in (STREET, "改過了"):
        held = await county.ask("manager", "EditableService", id=key)
        given = {"serviceId": key, "version": held["version"], "sections": {"about": {"alert": alert}}}
        await county.do("manager", "UpdateService", **given)
    async with county.hub.hub.db.work() as session:
        other = await make_staff(
            session, "https://x.invalid", "another", county.agencies["demo-authority"], Role.ADMINISTRATOR
        )
    edges = (await county.ask("administrator", "ServiceHistory", id=key))["edges"]
    change = next(e["node"]["id"] for e in edges if e["node"]["field"] == "alert")
    address = f"{county.hub.url}/services/{key}/history/{change}"
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "manager")
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 403
    async with opened(browser) as page:
        await county.sign_in(page, "administrator")
        seen = watch(page, county.hub.url)
        await page.goto(f"{county.hub.url}/services/{key}/history")
        await page.click(f"a[href$='/history/{change}']")
        assert await check_page(page, "zh-Hant", seen) == []
        assert await submit(page, "#forget-form button.govuk-button") == 422
        assert await page.locator(".govuk-error-summary a[href^='#']").count() == 1
        await page.check("[name=reason][value=WHEREABOUTS]")
        assert await submit(page, "#forget-form button.govuk-button") == 303
        assert await check_page(page, "zh-Hant", seen) == []
        await page.goto(address)
        assert await page.locator("button[value=agree]").count() == 0
        await page.goto(f"{county.hub.url}/")
        assert await check_page(page, "zh-Hant", seen) == []
        assert await page.locator(f"main a[href$='/history/{change}']").count() == 1
        for lang in ("en", "ko"):
            for path in (f"/services/{key}/history/{change}", f"/services/{key}/history"):
                await page.goto(f"{county.hub.url}{path}?lang={lang}")
                assert await look(page, lang) == [], (path, lang)
        waits = (await county.ask("administrator", "WaitingPurges"))[0]["id"]
        county.people["another"] = other
        await county.do("another", "DecidePurge", purgeId=waits, agreed=True)
        await page.goto(f"{county.hub.url}/services/{key}/history?lang=zh-Hant")
        assert STREET not in await page.content()
        assert "已刪除" in await page.inner_text("main")
        await page.goto(address)
        assert STREET not in await page.content()
        assert await check_page(page, "zh-Hant", seen) == []
