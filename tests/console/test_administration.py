"""The administrator's pages in a browser: an agency, its accounts and roles, shutting out; and knowing somebody."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page

from hub.base.texts import LANGUAGES
from tests.console.browser import ALLOWED_LATIN, check_page, opened, watch
from tests.console.world import VICTIM, County

SEND = "#form button.govuk-button:visible"


async def submit(page: Page, selector: str = SEND) -> int:
    """Press it; the status of what comes."""
    async with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        await page.click(selector)
    await page.wait_for_load_state()
    return (await sent.value).status


async def test_every_page_passes_in_every_language(browser: Browser, county: County) -> None:
    case = (await county.case())["id"]
    agency = (await county.ask("administrator", "AgencyRecords"))[0]["id"]
    accounts = [edge["node"] for edge in (await county.ask("administrator", "Staff"))["edges"]]
    health = next(account["id"] for account in accounts if account["subject"] == "health")
    paths = {
        "administrator": ("/", "/agencies/new", f"/agencies/{agency}/standing", f"/staff?agency={agency}",
                          "/staff/new", f"/staff/{health}", f"/staff/{health}/standing",
                          f"/relation?agency={agency}"),
        "manager": ("/staff", "/staff/new", f"/staff/{health}"),
        "coordinator": (f"/relation?case={case}", "/relation"),
    }  # fmt: skip
    faults = []
    for number, (login, mine) in enumerate(paths.items()):
        async with opened(browser, 360 if number % 2 else 1280) as page:
            seen = watch(page, county.hub.url)
            await county.sign_in(page, login)
            for place, path in enumerate(mine):
                for lang in LANGUAGES if not number else (LANGUAGES[place % 3],):
                    answer = await page.goto(f"{county.hub.url}{path}{'&' if '?' in path else '?'}lang={lang}")
                    assert answer is not None
                    assert answer.status == 200, (login, path)
                    found = await check_page(page, lang, seen, ALLOWED_LATIN)
                    faults += [(path, lang, fault) for fault in found]
    assert faults == []


@pytest.mark.parametrize("width", [1280, 360])
async def test_an_agency_begins_and_its_first_person_works(browser: Browser, county: County, width: int) -> None:
    """Without scripts: from a service of the directory to an account with a role, refused forms losing nothing."""
    service = next(found["service"] for found in await county.ranked() if found["service"]["network"] != "health")
    async with opened(browser, width, scripts=False) as page:
        await county.sign_in(page, "administrator")
        await page.goto(f"{county.hub.url}/directory/{service['id']}")
        await page.click("a[href^='/agencies/new']")
        assert await page.input_value("[name=name]") == service["organizationName"]
        assert await submit(page) == 422
        assert await page.input_value("[name=name]") == service["organizationName"]
        await page.fill("[name=code]", "sample-1")
        assert await submit(page) == 303
        row = page.locator("tbody tr", has_text="sample-1")
        agency = (await row.locator("a").first.get_attribute("href") or "").partition("=")[2]
        await row.locator("a").first.click()
        assert "尚無帳號" in await page.inner_text("main")
        await page.goto(f"{county.hub.url}/staff/new?agency={agency}")
        await page.fill("[name=displayName]", "示範 新")
        await page.check("[name=roles][value=AGENCY_WORKER]")
        assert await submit(page) == 422
        assert await page.is_checked("[name=roles][value=AGENCY_WORKER]")
        await page.fill("[name=subject]", "new-person")
        assert await submit(page) == 303
        (made,) = (await county.ask("administrator", "Staff", agencyId=agency))["edges"]
        assert (made["node"]["subject"], made["node"]["roles"]) == ("new-person", ["AGENCY_WORKER"])
    agencies = {found["service"]["id"]: found for found in await county.ranked()}
    assert "not_in_hub" not in {reason["code"] for reason in agencies[service["id"]]["reasons"]}


async def test_roles_and_standing(browser: Browser, county: County) -> None:
    """Grant, an administrator who waits, take away, shut out: the account cannot sign in until it is let back in."""
    accounts = [edge["node"] for edge in (await county.ask("administrator", "Staff"))["edges"]]
    by_name = {account["subject"]: account["id"] for account in accounts}
    async with opened(browser) as page:
        await county.sign_in(page, "administrator")
        await page.goto(f"{county.hub.url}/staff/{by_name['administrator']}")
        assert await page.locator("main form").count() == 0
        await page.goto(f"{county.hub.url}/staff/{by_name['health']}")
        await page.select_option("#role", "REPORTER")
        assert await submit(page) == 303
        await page.select_option("#role", "ADMINISTRATOR")
        assert await submit(page) == 303
        assert "待第二位管理者確認" in await page.inner_text("main")
        assert await submit(page, "li:has-text('通報') button[value=revoke]") == 303
        seen = await county.ask("administrator", "StaffMember", id=by_name["health"])
        assert (seen["roles"], seen["pending"]) == (["AGENCY_WORKER"], ["ADMINISTRATOR"])
        await page.click("a[href$='/standing']")
        assert await submit(page, "main button.govuk-button") == 303
        async with opened(browser) as other:
            await other.goto(f"{county.hub.url}/auth/sign-in")
            await other.click("button[value=health]")
            await other.wait_for_load_state()
            assert "suspended" in await other.inner_text("main")
        await page.click("a[href$='/standing']")
        assert await submit(page, "main button.govuk-button") == 303
    async with opened(browser) as page:
        await county.sign_in(page, "manager")
        await page.goto(f"{county.hub.url}/staff")
        assert await page.locator("tbody tr").count() == 2
        for path in ("/agencies/new", f"/staff/{by_name['police']}"):
            answer = await page.goto(county.hub.url + path)
            assert answer is not None
            assert answer.status in {403, 404}, path
    async with opened(browser) as page:
        await county.sign_in(page, "health")
        for path in ("/staff", "/staff/new", "/agencies/new"):
            answer = await page.goto(county.hub.url + path)
            assert answer is not None
            assert answer.status == 403, path


async def test_a_case_closes_to_who_says_they_know_its_opposite_party(browser: Browser, county: County) -> None:
    """From the case itself, without scripts; afterwards it is not there, and no address told what it was about."""
    case = (await county.case())["id"]
    where: list[str] = []
    async with opened(browser, 360, scripts=False) as page:
        page.on("framenavigated", lambda frame: where.append(frame.url))
        await county.sign_in(page, "coordinator")
        await page.goto(f"{county.hub.url}/cases/{case}")
        await page.click("main a[href^='/relation']")
        assert VICTIM not in await page.inner_text("main")
        assert await submit(page) == 422
        await page.check("[name=party][value=OPPOSITE]")
        await page.check("[name=kind][value=CLOSE_TO]")
        assert await submit(page) == 303
        assert "已登記" in await page.inner_text(".hub-result")
        answer = await page.goto(f"{county.hub.url}/cases/{case}")
        assert answer is not None
        assert answer.status == 404
    assert not [url for url in where if "OPPOSITE" in url]


async def test_an_agency_is_changed(browser: Browser, county: County) -> None:
    """The form shows what stands, refuses with the input kept, and saves; an older page is told that it is old."""
    (found,) = [a for a in await county.ask("administrator", "AgencyRecords") if a["code"] == "demo-hospital"]
    async with opened(browser, scripts=False) as page, opened(browser) as old:
        for one in (page, old):
            await county.sign_in(one, "administrator")
            await one.goto(f"{county.hub.url}/agencies/{found['id']}/edit?lang=en")
        assert await page.input_value("#name") == found["officialName"]
        await page.fill("#names-en", "Fictional hospital")
        await page.fill("#email", "none")
        assert await submit(page, "#form button:text('Save')") == 422
        assert await page.input_value("#names-en") == "Fictional hospital"
        assert await page.inner_text("#email-error")
        await page.fill("#email", "new@agency.invalid")
        assert await submit(page, "#form button:text('Save')") == 303
        await page.wait_for_selector("text=The agency is changed")
        assert "Fictional hospital" in await page.inner_text("tbody")
        await old.fill("#email", "old@agency.invalid")
        assert await submit(old, "#form button:text('Save')") == 422
    (found,) = [a for a in await county.ask("administrator", "AgencyRecords") if a["code"] == "demo-hospital"]
    assert found["email"] == "new@agency.invalid"
