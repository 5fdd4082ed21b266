"""The coordinator's day in a browser: from a waiting report to final minutes, with scripts and without."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.async_api import Browser, Page

from tests.console.browser import ALLOWED_LATIN, Seen, check_page, opened, watch
from tests.console.world import ADDRESS, NEED, OPPOSITE, PHONE, VICTIM, County

CANARIES = (VICTIM, PHONE, ADDRESS, OPPOSITE)
LATIN = ALLOWED_LATIN | {"TIPVDA", "DASH"}


async def press(page: Page, text: str) -> None:
    """Press a button or link by its words and wait for the page that follows."""
    await page.locator(".hub-main").get_by_text(text, exact=True).first.click()
    await page.wait_for_load_state()


async def faults_at(page: Page) -> list[str]:
    """Where the links of the error summary lead."""
    links = page.locator(".govuk-error-summary__list a")
    found: list[str] = await links.evaluate_all("all => all.map(a => a.hash)")
    return found


@pytest.mark.parametrize("scripts", [True, False])
async def test_from_report_to_minutes(browser: Browser, county: County, scripts: bool) -> None:
    """The main job without a program in sight."""
    await county.report()
    async with opened(browser, scripts=scripts) as page:
        seen = watch(page, county.hub.url)
        where: list[str] = []
        page.on("framenavigated", lambda frame: where.append(frame.url))
        await county.sign_in(page, "coordinator")
        case = await _open_and_assess(page)
        await _consent(page, case)
        await _refer(page, case)
        meeting = await _plan(page, case)
        await _minutes(page, county, meeting)
        await page.goto(f"{case}/ledger")
        assert await page.locator("tbody tr").count() > 3
        await _withdraw(page, case)
        await _police(browser, county, meeting, scripts)
    assert [*seen.foreign, *seen.errors] == []
    assert not [url for url in where for word in (*CANARIES, NEED) if word in url]


async def test_a_search_that_was_not_understood_is_not_an_empty_one(browser: Browser, county: County) -> None:
    """The page stands, with what was typed in it and a link to what is wrong; it never says that there is no help."""
    async with opened(browser) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "coordinator")
        for query, field in (("age=999", "#age"), ("need=unicorns", "#need"), ("near=nowhere&withinKm=5", "#near")):
            answer = await page.goto(f"{county.hub.url}/directory?text=諮商&{query}")
            assert answer is not None
            assert answer.status == 422
            assert await faults_at(page) == [field]
            assert await page.input_value("#text") == "諮商"
            assert "查無結果" not in await page.inner_text("main")
            assert await check_page(page, "zh-Hant", seen, LATIN) == []


async def _open_and_assess(page: Page) -> str:
    await page.click(".hub-nav a[href='/waiting']")
    await page.click("tbody a")
    assert VICTIM not in await page.inner_text("main")
    await press(page, "開案")
    case = page.url.split("?")[0]
    assert "已開案" in await page.inner_text(".hub-result")
    assert VICTIM in await page.inner_text("main")
    assert await page.get_by_text("規劃會議").count() == 0  # nothing to meet about before the case is listed
    await page.goto(f"{case}/risk")
    await page.fill("#score", "九")
    await page.fill("#judgement", "揚言同歸於盡。")
    await press(page, "記錄評估")
    assert await faults_at(page) == ["#score", "#judged"]
    assert await page.input_value("#judgement") == "揚言同歸於盡。"
    await page.fill("#score", "9")
    await page.check("input[name=judged][value=STANDARD]")
    await press(page, "記錄評估")
    assert page.url.startswith(case + "?")
    assert await page.locator(".hub-tag--danger").first.is_visible()
    assert await page.locator(".hub-card .hub-clock").count() == 1
    return case


async def _consent(page: Page, case: str) -> None:
    await page.goto(f"{case}/consents/new")
    await page.check("input[name=grantor][value=VICTIM]")
    for name, values in {
        "categories": ["CASE_FACTS", "VICTIM_IDENTITY", "HEALTH"],
        "purposes": ["PROTECTION", "TREATMENT", "RISK_CONFERENCE"],
    }.items():
        for value in values:
            await page.check(f"input[name={name}][value={value}]")
    await page.get_by_label("虛構縣警察局").check()
    await page.check("input[name=informed]")
    await press(page, "記錄同意")
    assert await faults_at(page) == ["#written"]
    assert await page.is_checked("input[name=categories][value=HEALTH]")
    await page.check("input[name=written]")
    await press(page, "記錄同意")
    assert page.url == f"{case}/consents?done=consent_recorded"
    assert "虛構縣警察局" in await page.inner_text(".hub-card")


async def _refer(page: Page, case: str) -> None:
    await page.goto(f"{case}/refer")
    await page.select_option("#need", NEED)
    await press(page, "排序服務")
    assert page.url == f"{case}/refer"
    assert await page.locator("input[name=serviceId]").count() >= 1
    assert "請致電" in await page.inner_text("main")  # agencies that take no referrals here, ranked all the same
    assert await page.locator(".hub-card .hub-tag").count() > 1
    await page.check("input[name=serviceId] >> nth=0")
    await press(page, "送出轉介")
    assert await page.locator(".govuk-error-summary__list a").evaluate_all("all => all.map(a => a.hash)") == [
        "#summary"
    ]
    assert await page.is_checked("input[name=serviceId] >> nth=0")
    await page.fill("#summary", "需要創傷諮商。")
    await press(page, "送出轉介")
    assert page.url == f"{case}?done=referral_sent"
    assert "虛構綜合醫院" in await page.inner_text("main")
    await page.goto(case.split("/cases/")[0] + "/sent")
    assert await page.locator("tbody tr").count() == 1


async def _plan(page: Page, case: str) -> str:
    await page.goto(f"{case}/meeting")
    for agency in ("虛構縣警察局", "虛構綜合醫院"):
        await page.locator("[name=agencies]").and_(page.get_by_label(agency)).check()
    await page.locator("[name=required]").and_(page.get_by_label("虛構縣警察局")).check()
    await press(page, "尋找時間")
    assert page.url == f"{case}/meeting"
    await page.check("input[name=startsAt] >> nth=0")
    await press(page, "召開會議")
    assert page.url.endswith("?done=meeting_called")
    text = await page.inner_text("main")
    assert "教育" in text  # a network of the composition that was not asked
    assert VICTIM in text
    assert "本份資料供" in text
    return page.url.split("?")[0]


async def _minutes(page: Page, county: County, meeting: str) -> None:
    assert await page.get_by_text("撰寫紀錄").count() == 0  # the meeting has not begun
    assert "會議開始後，才能製作紀錄" in await page.inner_text("main")
    conference = meeting.rpartition("/")[2]
    found = await county.ask("coordinator", "Conference", id=conference)
    await page.goto(f"{meeting}/items/{found['items'][0]['id']}")
    assert "會議尚未開始" in await page.inner_text("main")
    assert await page.locator("main textarea").count() == 0
    await county.begins(conference)
    await page.goto(meeting)
    await press(page, "撰寫紀錄")
    await page.fill("#text", "決議加強巡邏並持續諮商。")
    await page.locator("[name=presentIds]").and_(page.get_by_label("虛構縣警察局")).check()
    due = (datetime.now() + timedelta(days=3)).strftime("%Y-%m-%dT10:00")  # noqa: DTZ005 - as typed
    for row, agency in ((0, "虛構縣警察局"), (2, "虛構綜合醫院")):
        await page.select_option(f"#actions-{row}-agencyId", label=agency)
        await page.fill(f"#actions-{row}-what", f"第{row}項")
        await page.fill(f"#actions-{row}-dueAt", due)
    await press(page, "更多列")
    assert await page.locator("fieldset.hub-row").count() == 6
    assert await page.input_value("#actions-2-what") == "第2項"
    await page.fill("#actions-2-dueAt", "2020-01-01T10:00")
    await page.check("input[name=final]")
    await press(page, "儲存紀錄")
    assert await faults_at(page) == ["#actions-2-dueAt"]  # the second action sent stands in the third row of the form
    await page.fill("#actions-2-dueAt", due)
    await press(page, "儲存紀錄")
    assert page.url == f"{meeting}?done=minutes_kept"
    text = await page.inner_text("main")
    assert "決議加強巡邏並持續諮商。" in text
    assert "第0項" in text
    assert "第2項" in text
    assert await page.get_by_text("撰寫紀錄").count() == 0  # final is final


async def _withdraw(page: Page, case: str) -> None:
    await page.goto(f"{case}/consents")
    await page.click("a[href$='/withdraw']")
    assert await page.inner_text("h1") == "要撤回這份同意嗎？"
    await press(page, "撤回同意")
    assert page.url == f"{case}/consents?done=consent_withdrawn"
    assert await page.locator("a[href$='/withdraw']").count() == 0


async def _police(browser: Browser, county: County, meeting: str, scripts: bool) -> None:
    async with opened(browser, 360, scripts=scripts) as page:
        await county.sign_in(page, "police")
        await page.goto(meeting)
        text = await page.inner_text("main")
        assert "甲○○" in text  # the consent is withdrawn
        assert VICTIM not in text
        assert PHONE not in text
        await press(page, "已完成辦理")
        assert page.url == f"{meeting}?done=action_done"
        assert await page.get_by_text("已完成辦理").count() == 0
        answer = await page.goto(meeting.split("/meetings/")[0] + "/cases")
        assert answer is not None
        assert answer.status == 403


async def test_answer_and_cancel_a_meeting(browser: Browser, county: County) -> None:
    """An agency answers, the centre sees it and cancels; the pack closes at once."""
    case = await county.case()
    meeting = f"{county.hub.url}/meetings/{(await county.meeting(case['id']))['id']}"
    async with opened(browser) as page, opened(browser, 360) as telephone:
        await county.sign_in(telephone, "police")
        await telephone.goto(meeting)
        assert "甲○○" in await telephone.inner_text("main")
        await telephone.check("input[name=rsvp][value=DECLINED]")
        await press(telephone, "送出答覆")
        assert telephone.url == f"{meeting}?done=invitation_answered"
        await county.sign_in(page, "coordinator")
        await page.goto(meeting)
        assert await page.locator(".hub-tag--danger").filter(has_text="不克出席").count() == 1
        await press(page, "取消會議")
        assert "要取消這場會議嗎？" in await page.inner_text("h1")
        await press(page, "取消會議")
        assert page.url == f"{meeting}?done=meeting_cancelled"
        await telephone.goto(meeting)
        assert "甲○○" not in await telephone.inner_text("main")


async def test_strangers_find_nothing(browser: Browser, county: County) -> None:
    """What is hidden, absent or nonsense looks the same, and nothing is done without the session's own token."""
    case = await county.case()
    meeting = await county.meeting(case["id"])
    async with opened(browser) as page:
        await county.sign_in(page, "labour")
        for path in (f"/cases/{case['id']}", f"/meetings/{meeting['id']}", "/cases/nonsense", "/meetings/nonsense"):
            answer = await page.goto(county.hub.url + path)
            assert answer is not None
            assert answer.status == 404, path
        posted = await page.request.post(
            f"{county.hub.url}/cases/{case['id']}/consents/new", form={"grantor": "VICTIM"}
        )
        assert posted.status == 403
        for path in ("/sent", "/waiting", f"/cases/{case['id']}/meeting"):
            answer = await page.goto(county.hub.url + path)
            assert answer is not None
            assert answer.status in (403, 404), path


async def test_every_page_passes(browser: Browser, county: County) -> None:
    """Empty and full: axe, words, overflow, targets, at 1280 px, 640 and 360."""
    async with opened(browser) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "coordinator")
        faults = await _check(page, county, seen, ["/", "/waiting", "/cases", "/sent", "/meetings"])
        report = await county.report()
        case = await county.case()
        consent = await county.consent(case["id"])
        await county.referral(case["id"])
        meeting = await county.meeting(case["id"])
        at, met = f"/cases/{case['id']}", f"/meetings/{meeting['id']}"
        item = f"{met}/items/{meeting['items'][0]['id']}"
        paths = ["/", "/waiting", f"/waiting/{report['id']}", "/cases", at, f"{at}/risk", f"{at}/consents"]
        paths += [f"{at}/consents/new", f"{at}/consents/{consent['id']}/withdraw", f"{at}/ledger", f"{at}/refer"]
        paths += ["/sent", "/meetings", f"{at}/meeting", met, f"{met}/cancel", item]
        faults += await _check(page, county, seen, paths)
        await county.begins(meeting["id"])
        faults += await _check(page, county, seen, [met, item])
        await page.goto(f"{county.hub.url}{at}/refer?lang=zh-Hant")
        await page.select_option("#need", NEED)
        await press(page, "排序服務")
        faults += [f"ranked: {fault}" for fault in await check_page(page, "zh-Hant", seen, LATIN)]
        await page.goto(f"{county.hub.url}{at}/meeting?lang=zh-Hant")
        await page.check("input[name=agencies] >> nth=0")
        await press(page, "尋找時間")
        faults += [f"slots: {fault}" for fault in await check_page(page, "zh-Hant", seen, LATIN)]
    assert faults == []


async def _check(page: Page, county: County, seen: Seen, paths: list[str]) -> list[str]:
    faults = []
    for path in paths:
        answer = await page.goto(f"{county.hub.url}{path}?lang=zh-Hant")
        assert answer is not None
        assert answer.status == 200, path
        body = (await answer.body()).decode()
        assert len(body) < 100_000, path
        title = await page.title()
        assert not [word for word in CANARIES if word in title]
        faults += [f"{path}: {fault}" for fault in await check_page(page, "zh-Hant", seen, LATIN)]
    return faults
