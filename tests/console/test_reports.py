"""Pages of reports in a browser: filed on a telephone, written after an oral one, with scripts and without."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.console.browser import check_page, links, opened, watch
from tests.console.world import VICTIM, County


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_reporter_files_a_report_on_a_telephone(browser: Browser, county: County, scripts: bool) -> None:
    """The form in a hurry: what is missing is named at once, nothing typed is lost, the receipt stays."""
    async with opened(browser, 360, scripts=scripts) as page:
        seen = watch(page, county.hub.url)
        await county.sign_in(page, "reporter")
        faults = await check_page(page, "zh-Hant", seen) if scripts else []
        await page.click("main a[href='/report']")
        await page.fill("#victim-name", VICTIM)
        await page.fill("#victimAge", "三十")
        await page.click("#report button.govuk-button:visible")
        await page.wait_for_load_state()
        assert await links(page) == ["#summary", "#area", "#relationship", "#victimAge"]
        assert await page.input_value("#victim-name") == VICTIM
        faults += await check_page(page, "zh-Hant", seen) if scripts else []
        await page.fill("#summary", "多次在住處外守候。")
        await page.fill("#victimAge", "30")
        await page.select_option("#area", "99001010")
        await page.check("input[name=relationship][value=INTIMATE_PARTNER]")
        await page.check("input[name=stalking]")
        await page.click("#report button.govuk-button:visible")
        await page.wait_for_url("**/receipts/*?done=report_filed")
        receipt = await page.inner_text(".hub-code")
        assert VICTIM not in await page.inner_text("main")  # a receipt, no more
        faults += await check_page(page, "zh-Hant", seen) if scripts else []
        address = page.url
        await page.goto(county.hub.url)
        assert receipt in await page.inner_text("tbody")
        faults += await check_page(page, "zh-Hant", seen) if scripts else []
    assert faults == []
    (waiting,) = await county.ask("intake", "WaitingReports")
    assert (waiting["receipt"], waiting["victimName"]) == (receipt, VICTIM)
    async with opened(browser) as page:
        await county.sign_in(page, "health")
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 404


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_written_form_of_an_oral_report_is_taken_in(browser: Browser, county: County, scripts: bool) -> None:
    """The intake officer finds it under its clock, is told what is missing with nothing lost, and enters it once."""
    report = await county.report(oral=True)
    async with opened(browser, scripts=scripts) as page:
        await county.sign_in(page, "intake")
        seen = watch(page, county.hub.url)
        await page.goto(f"{county.hub.url}/waiting?lang=en")
        await page.click("h2:text('Oral reports') + table tbody a")
        assert report["id"] in page.url
        sent = "#written button.govuk-button:visible"
        await page.click(sent)
        await page.wait_for_selector("#text-error")
        await page.fill("#text", "書面：多次守候，附照片三張。")
        await page.click(sent)
        await page.wait_for_url(f"**/waiting/{report['id']}?done=report_written")
        assert "書面：多次守候" in await page.inner_text("main")
        assert await page.locator("#written").count() == 0
        await page.goto(f"{county.hub.url}/waiting")
        assert await page.locator("h2:text('Oral reports')").count() == 0
        assert not seen.errors
