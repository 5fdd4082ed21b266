"""Pages of agencies, directory and oversight in a browser: by keyboard, on a telephone, without scripts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page

from hub.api.documents import Documents
from hub.api.schema import core
from hub.base.settings import settings as current
from hub.console import mailbox, routes
from hub.console.naming import ACTIONS, BASES, OPERATIONS, WITHHELD
from hub.notices.catcher import Caught
from hub.policy.rules import PERMITS
from tests.console.browser import check_page, focus_faults, links, opened, watch
from tests.console.world import ADDRESS, PHONE, VICTIM, County

HUB = Path(routes.__file__).resolve().parents[1]


async def to(page: Page, selector: str, most: int = 120) -> None:
    """Move the focus by Tab alone to what `selector` names. AssertionError when it cannot be reached."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")


async def enter(page: Page, selector: str) -> None:
    """Go to it by Tab, press Enter, wait for the page that follows."""
    await to(page, selector)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_worker_answers_and_reports_back_by_keyboard_alone(
    browser: Browser, county: County, scripts: bool
) -> None:
    """Sign in, inbox, accept, report back: Tab, Enter, Space and letters."""
    case = await county.case()
    await county.consent(case["id"])
    referral = await county.referral(case["id"])
    async with opened(browser, scripts=scripts) as page:
        seen = watch(page, county.hub.url)
        where: list[str] = []
        page.on("framenavigated", lambda frame: where.append(frame.url))
        await page.goto(f"{county.hub.url}/")
        await enter(page, "a[href='/auth/sign-in']")
        await enter(page, "button[value=health]")
        assert page.url == f"{county.hub.url}/"
        assert await page.locator("#waiting .hub-clock--soon, #waiting .hub-clock--later").count() == 1
        await enter(page, f"a[href='/inbox/{referral['id']}']")
        said = await page.inner_text("main")
        assert VICTIM in said
        assert PHONE in said
        assert ADDRESS not in said
        assert "需要創傷諮商。" in said
        assert "請洽轉介的個案管理員" in said
        await enter(page, "#accept button")
        assert page.url.endswith(f"/inbox/{referral['id']}?done=referral_accepted")
        assert "已接受" in await page.inner_text(".hub-result")
        await enter(page, "#report-back button:not([aria-hidden])")  # nothing chosen, nothing written
        assert await links(page) == ["#outcome", "#text"]
        await to(page, "input[name=outcome]")
        await page.keyboard.press("Space")
        await to(page, "#text")
        await page.keyboard.type("已完成三次會談。")
        await enter(page, "#report-back button:not([aria-hidden])")
        assert page.url == f"{county.hub.url}/?done=reported_back"
        assert await page.locator(f"a[href='/inbox/{referral['id']}']").count() == 0
        await page.goto(f"{county.hub.url}/inbox/{referral['id']}")
        assert VICTIM not in await page.inner_text("main")
    (sent,) = await county.ask("coordinator", "CaseReferrals", caseId=case["id"])
    assert (sent["state"], sent["report"]) == ("COMPLETED", "已完成三次會談。")
    assert [*seen.foreign, *seen.errors] == []
    assert not [url for url in where for word in (VICTIM, case["number"], "counselling") if word in url]


async def test_a_refusal_needs_a_reason_and_closes_the_case(browser: Browser, county: County) -> None:
    """Errors keep the input and the language switch too; others see the 404 page at the same address."""
    case = await county.case()
    await county.consent(case["id"])
    referral = await county.referral(case["id"])
    address = f"{county.hub.url}/inbox/{referral['id']}"
    async with opened(browser, 360) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "health")
        await page.goto(address)
        faults = await check_page(page, "zh-Hant", seen)
        async with page.expect_response(lambda r: r.request.method == "POST") as posted:
            await page.click("#answer button.govuk-button:visible")
        assert (await posted.value).status == 422
        await page.wait_for_load_state()
        assert await links(page) == ["#answer"]
        await page.check("input[name=answer][value=DECLINE]")
        await page.click(".hub-languages button[value=ko]")
        await page.wait_for_load_state()
        assert await page.get_attribute("html", "lang") == "ko"
        assert await page.is_checked("input[name=answer][value=DECLINE]")
        await page.click(".hub-languages button[value=zh-Hant]")
        await page.wait_for_load_state()
        await page.click("#answer button.govuk-button:visible")
        await page.wait_for_load_state()
        assert await links(page) == ["#reason"]
        faults += await check_page(page, "zh-Hant", seen)
        await page.check("input[name=reason][value=NO_CAPACITY]")
        await page.click("#answer button.govuk-button:visible")
        await page.wait_for_url("**done=referral_declined")
        said = await page.inner_text("main")
        assert VICTIM not in said
        assert await page.locator("form#answer").count() == 0
        faults += await check_page(page, "zh-Hant", seen)
    assert faults == []
    for login in ("labour", "auditor"):
        async with opened(browser) as page:
            await county.sign_in(page, login)
            answer = await page.goto(address)
            nothing = await page.inner_text("main")
            assert answer is not None
            assert answer.status == 404
            await page.goto(f"{county.hub.url}/inbox/no-such-thing")
            assert await page.inner_text("main") == nothing  # hidden and absent look the same


async def test_a_late_answer_meets_who_was_faster(browser: Browser, county: County) -> None:
    """Two people of the agency answer the same referral: the second is told, and nothing is undone."""
    case = await county.case()
    referral = await county.referral(case["id"])
    async with opened(browser) as page:
        await county.sign_in(page, "health")
        await page.goto(f"{county.hub.url}/inbox/{referral['id']}")
        assert "接受後即可看到" in await page.inner_text("main")  # no consent: the summary opens on acceptance
        await county.do(
            "manager", "AnswerReferral", referralId=referral["id"], version=referral["version"], answer="ACCEPT"
        )
        await page.check("input[name=answer][value=RETURN]")
        await page.check("input[name=reason][value=MORE_INFORMATION]")
        await page.click("#answer button.govuk-button:visible")
        await page.wait_for_load_state()
        assert await page.locator(".govuk-error-summary").is_visible()
        assert await page.locator("#report-back").count() == 1
    (sent,) = await county.ask("coordinator", "CaseReferrals", caseId=case["id"])
    assert sent["state"] == "ACCEPTED"


async def test_an_action_item_is_done_from_the_first_page(browser: Browser, county: County) -> None:
    case = await county.case()
    meeting = await county.meeting(case["id"])
    await county.begins(meeting["id"])
    await county.do(
        "coordinator",
        "RecordMinutes",
        itemId=meeting["items"][0]["id"],
        version=meeting["version"],
        text="決議加強巡邏。",
        presentIds=[county.gid("demo-police")],
        actions=[{"agencyId": county.gid("demo-police"), "what": "加強巡邏", "dueAt": meeting["endsAt"]}],
    )
    async with opened(browser) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "police")
        assert await page.locator(f"a[href='/meetings/{meeting['id']}']").count() == 1
        faults = await check_page(page, "zh-Hant", seen) + await focus_faults(page)
        await page.click("#actions button:visible")
        await page.wait_for_url("**/?done=action_done")
        assert await page.locator("#actions button").count() == 0
    assert faults == []
    assert await county.ask("police", "MyActions") == []


async def test_the_directory_is_searched_in_chinese(browser: Browser, county: County) -> None:
    """Words, a need, a place; pages; a service with its phones; nothing found; a shelter has no address."""
    async with opened(browser) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "labour")
        await page.click(".hub-nav a[href='/directory']")
        faults = await check_page(page, "zh-Hant", seen)
        assert await page.locator("tbody tr").count() == 20
        first = await page.locator("tbody a").first.get_attribute("href")
        await page.click("a[rel=next]")
        assert await page.locator("tbody a").first.get_attribute("href") != first
        await page.goto(f"{county.hub.url}/directory")
        await page.fill("#text", "庇護安置")
        await page.click(".hub-search button")
        await page.wait_for_url("**/directory?*")
        names = await page.locator("tbody th").all_inner_texts()
        assert names
        assert all("庇護" in name for name in names)
        assert await page.input_value("#text") == "庇護安置"
        await page.locator("tbody tr", has_text="保密處所").locator("th a").first.click()
        await page.wait_for_url("**/directory/*")
        said = await page.inner_text("main")
        assert "本系統任何地方都沒有它的地址" in said
        assert re.search(r"09\d\d-000-\d{3}", said)
        assert "虛構路" not in said
        faults += await check_page(page, "zh-Hant", seen)
        await page.goto(f"{county.hub.url}/directory?need=counselling&area=99001010&network=health")
        assert await page.locator("tbody tr").count() > 0
        await page.goto(f"{county.hub.url}/directory?text=%E4%B8%8D%E5%AD%98%E5%9C%A8%E7%9A%84%E6%9D%B1%E8%A5%BF")
        assert await page.locator(".hub-empty").is_visible()
        faults += await check_page(page, "zh-Hant", seen)
        answer = await page.goto(f"{county.hub.url}/directory?after=rubbish")
        assert answer is not None
        assert answer.status == 422
    assert faults == []


async def test_the_auditor_verifies_the_chain_and_sees_who_saw_what(browser: Browser, county: County) -> None:
    """One button; filters; from an entry to the disclosures of its case, by ids and categories alone."""
    case = await county.case()
    await county.consent(case["id"])
    referral = await county.referral(case["id"])
    await county.ask("health", "Referral", id=referral["id"])
    await county.hub.work("seal", "head")
    async with opened(browser) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "auditor")
        assert "尚未驗證過" in await page.inner_text("#chain")
        faults = await check_page(page, "zh-Hant", seen) + await focus_faults(page)
        await page.click("#chain button")
        await page.wait_for_load_state()
        assert "稽核鏈完整" in await page.inner_text("#chain")
        faults += await check_page(page, "zh-Hant", seen)
        await page.goto(f"{county.hub.url}/audit?action=referral.send")
        assert await page.locator("tbody tr").count() == 1
        await page.click("tbody a")
        await page.wait_for_url("**/audit/who-saw?case=*")
        rows = await page.locator("tbody tr", has_text="虛構綜合醫院").all_inner_texts()
        assert any("被害人身分" in row and "P3" in row for row in rows)
        assert not any("被害人行蹤" in row for row in rows)
        said = await page.inner_text("main")
        assert not [word for word in (VICTIM, PHONE, ADDRESS, case["number"]) if word in said]
        faults += await check_page(page, "zh-Hant", seen)
        await page.goto(f"{county.hub.url}/audit/who-saw")
        faults += await check_page(page, "zh-Hant", seen)
    assert faults == []


async def test_each_role_has_its_own_first_page_and_no_other(browser: Browser, county: County) -> None:
    """The administrator's agencies; pages of other roles refuse; nobody signed in is asked to."""
    async with opened(browser) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "administrator")
        assert await page.locator("tbody tr").count() == 7
        faults = await check_page(page, "zh-Hant", seen)
        for path in ("/audit", "/report"):
            answer = await page.goto(county.hub.url + path)
            assert answer is not None
            assert answer.status == 403
    assert faults == []
    async with httpx.AsyncClient(base_url=county.hub.url, headers={"accept": "text/html"}) as client:
        for path in ("/audit", "/report", "/directory", "/receipts/x", "/inbox/x", "/audit/who-saw?case=x"):
            assert (await client.get(path)).status_code == 401
        for path in ("/audit", "/report", "/inbox/x", "/my-actions/done"):
            assert (await client.post(path)).status_code == 401


async def test_exit_ends_the_session(browser: Browser, county: County) -> None:
    async with opened(browser) as page:
        await county.sign_in(page, "health")
        kept = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}
        async with page.expect_request("https://www.cwa.gov.tw/"):
            for _ in range(3):
                await page.keyboard.press("Shift")
    async with httpx.AsyncClient(base_url=county.hub.url, cookies=kept) as client:  # not even the old cookie serves
        assert (await client.get("/directory", headers={"accept": "text/html"})).status_code == 401


def test_every_code_has_its_word() -> None:
    """Audited actions, operations, bases and reasons of withholding as the code has them, none more, none less."""
    written = "".join(path.read_text() for path in HUB.rglob("*.py") if "console" not in path.parts)
    calls = "".join(re.findall(r"(?:(?<!\.)append|chain\.append|_done)\([^)]*\)|action = .*", written))
    assert set(re.findall(r'"([a-z]+\.[a-z_]+)"', calls)) <= set(ACTIONS)
    assert not [action for action in ACTIONS if f'"{action}"' not in written]
    assert set(OPERATIONS) <= set(Documents(core(), introspection=True).trusted)
    assert {permit.basis.value for permit in PERMITS} == set(BASES)
    hidden = re.findall(r'WithheldView\(category, "(\w+)", "(\w+)"\)', written)
    assert {code for pair in hidden for code in pair} == set(WITHHELD)


async def test_the_mailbox_is_for_the_demonstration_alone(browser: Browser, settings_env: pytest.MonkeyPatch) -> None:
    """Outside it there is no such page; in it everybody reads what would have been sent."""
    message = Caught(
        id="<1@hub.invalid>",
        subject="有新的轉介",
        to="health@agency.invalid",
        date=datetime(2026, 3, 1, 4, 0, tzinfo=UTC),
        text="請登入查看。",
        has_calendar=True,
    )

    class Kept:
        def messages(self) -> list[Caught]:
            return [message]

    with pytest.raises(RuntimeError, match="demonstration"):
        mailbox.show(FastAPI(), Kept())
    settings_env.setenv("HUB_MODE", "demo")
    current.cache_clear()
    app = FastAPI()
    routes.install(app)
    mailbox.show(app, Kept())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        said = (await client.get("/demo/mail")).text
    for word in (message["subject"], message["to"], message["text"], "附行事曆邀請"):
        assert word in said
