"""Makes the pictures of docs/screens: `python -m tests.console.screens [name ...]`. A line of PAGES is a picture."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from tests.console.browser import launch, opened, serve
from tests.console.gallery.app import make
from tests.console.pictures import reduced
from tests.console.world import NEED, County, alone

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"


@dataclass(frozen=True, slots=True)
class Screen:
    """A picture: file name, address, language, window width.

    With `login` it is of the county of `tests.console.world`, seen by that person; the address may then name `{case}`
    and what else `County.stage` made, and `steps` are (selector, value to choose; empty: press it).
    """

    name: str
    path: str
    lang: str = "zh-Hant"
    width: int = 1280
    login: str = ""
    steps: tuple[tuple[str, str], ...] = ()


def _work(name: str, path: str, *steps: tuple[str, str], width: int = 1280, login: str = "coordinator") -> Screen:
    return Screen(name, path, width=width, login=login, steps=steps)


RANKED = (("#need", NEED), ("button[value=find]", ""))
SLOTS = (("[name=agencies] >> nth=0", ""), ("[name=agencies] >> nth=1", ""), ("button[value=find]", ""))


PAGES = (
    Screen("start", "/"),
    Screen("start-en", "/", "en"),
    Screen("start-ko-360", "/", "ko", 360),
    Screen("choose", "/choose"),
    Screen("gallery", "/gallery"),
    Screen("gallery-en", "/gallery", "en"),
    Screen("gallery-ko", "/gallery", "ko"),
    Screen("gallery-360", "/gallery", "zh-Hant", 360),
    Screen("error-403", "/fails/403"),
    Screen("error-404", "/fails/404"),
    Screen("error-500-ko", "/fails/500", "ko"),
    Screen("help-en", "/help", "en"),
    _work("coordinator-home", "/"),
    _work("coordinator-home-360", "/", width=360),
    _work("intake-home", "/", login="intake"),
    _work("waiting", "/waiting"),
    _work("report", "/waiting/{report}", login="intake"),
    _work("cases", "/cases"),
    _work("case", "/cases/{case}"),
    _work("case-360", "/cases/{case}", width=360),
    _work("case-auditor", "/cases/{case}", login="auditor"),
    _work("case-police-360", "/cases/{case}", width=360, login="police"),
    _work("risk", "/cases/{case}/risk"),
    _work("consents", "/cases/{case}/consents"),
    _work("consent", "/cases/{case}/consents/new"),
    _work("consent-withdraw", "/cases/{case}/consents/{consent}/withdraw"),
    _work("ledger", "/cases/{case}/ledger"),
    _work("refer", "/cases/{case}/refer", *RANKED),
    _work("refer-360", "/cases/{case}/refer", *RANKED, width=360),
    _work("sent", "/sent"),
    _work("meetings", "/meetings"),
    _work("plan", "/cases/{case}/meeting", *SLOTS),
    _work("meeting", "/meetings/{meeting}"),
    _work("meeting-police", "/meetings/{meeting}", login="police"),
    _work("meeting-police-360", "/meetings/{meeting}", login="police", width=360),
    _work("meeting-cancel", "/meetings/{meeting}/cancel"),
    _work("inbox", "/", login="health"),
    _work("inbox-360", "/", login="health", width=360),
    _work("referral", "/inbox/{referral}", login="health"),
    _work("referral-360", "/inbox/{referral}", login="health", width=360),
    _work("reporter-home", "/", login="reporter"),
    _work("report-form-360", "/report", ("#report button.govuk-button:visible", ""), login="reporter", width=360),
    _work("receipt-360", "/receipts/{report}", login="reporter", width=360),
    _work("directory", "/directory", login="labour"),
    Screen("directory-found-en", "/directory?text=counsellng&near=99001020&language=zh", "en", login="labour"),
    Screen("directory-found-ko-360", "/directory?text=심리상담&cost=free", "ko", 360, login="labour"),
    _work("coverage", "/coverage?inside=99001", login="auditor"),
    _work("coverage-360", "/coverage?inside=99001", login="auditor", width=360),
    _work("coverage-cell", "/coverage/cell?area=99001&need=counselling"),
    _work("coverage-map", "/coverage/map?inside=99001&need=counselling", login="auditor"),
    _work("coverage-map-360", "/coverage/map?inside=99001&need=counselling", login="auditor", width=360),
    _work("coverage-gaps", "/coverage/gaps", login="auditor"),
    _work("coverage-trend", "/coverage/trend?before={earlier}", login="auditor"),
    _work("service", "/directory", ("tbody a >> nth=8", ""), login="labour"),
    _work("service-360", "/directory/{service}", login="labour", width=360),
    _work("audit", "/audit", ("#chain button", ""), login="auditor"),
    _work("who-saw", "/audit/who-saw?case={case}", login="auditor"),
    _work("administrator-home", "/", login="administrator"),
    _work("agency-new", "/agencies/new", login="administrator"),
    _work("staff", "/staff", login="administrator"),
    _work("staff-new-360", "/staff/new", login="administrator", width=360),
    _work("staff-member", "/staff/{account}", login="administrator"),
    _work("staff-suspend-360", "/staff/{account}/standing", login="administrator", width=360),
    _work("agency-edit", "/agencies/{agency}/edit", login="administrator"),
    _work("agency-suspend", "/agencies/{agency}/standing", login="administrator"),
    _work("relation", "/relation?case={case}"),
    _work("rounds", "/rounds", login="administrator"),
    _work("round-new-360", "/rounds/new", login="administrator", width=360),
    _work("round", "/rounds/{round}", login="auditor"),
    _work("round-silent", "/rounds/{round}?by=agency&silent=1", login="auditor"),
    _work("round-360", "/rounds/{round}", login="auditor", width=360),
    _work("round-close", "/rounds/{round}/close", login="administrator"),
    _work("round-compare", "/rounds/compare?earlier={earlier}&later={later}&by=network", login="auditor"),
    _work("round-nobody", "/rounds/{round}/services?which=nobody", login="auditor"),
    _work("imports", "/imports", login="administrator"),
    _work("import", "/imports/{package}", login="administrator"),
    _work("import-360", "/imports/{package}", login="auditor", width=360),
    _work("exports", "/imports/exports", ("button[value=HSDS]", ""), login="administrator"),
    _work("aside", "/imports/aside", login="auditor"),
    _work("words", "/words", login="administrator"),
    _work("weights", "/weights", login="administrator"),
    _work("own-services", "/services", login="manager"),
    _work("service-edit", "/services/{service}/edit", login="manager"),
    _work("service-new-360", "/services/new", login="manager", width=360),
    _work("agency-entry", "/services/agency", login="manager"),
    _work("agency-entry-360", "/services/agency", login="manager", width=360),
    _work("service-close", "/services/{service}/close", login="manager"),
    _work("service-history", "/services/{service}/history", login="manager"),
    _work("service-change", "/services/{service}/history/{change}", login="administrator"),
    _work("my-services", "/my-services", login="manager"),
    _work("my-services-360", "/my-services", login="manager", width=360),
    _work("my-services-all", "/my-services/all/{round}", login="manager"),
    _work("my-service", "/my-services/{task}", login="manager"),
    _work("minutes", "/meetings/{meeting}/items/{item}"),
)


async def take(page: Page, blank: Page, screen: Screen, home: str, made: Mapping[str, str]) -> None:
    """Take a picture whole, at one pixel a pixel."""
    path = screen.path.format(**made)
    await page.goto(f"{home}{path}{'&' if '?' in path else '?'}lang={screen.lang}")
    for selector, value in screen.steps:
        if value:
            await page.select_option(selector, value)
        else:
            await page.click(selector)
            await page.wait_for_load_state()
    png = await page.screenshot(full_page=True)
    (FOLDER / f"{screen.name}.png").write_bytes(await reduced(blank, png))


@contextmanager
def folder() -> Iterator[Path]:
    """A folder the database's own account may enter, removed afterwards."""
    made = Path(tempfile.mkdtemp(prefix="hub-screens-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


async def main(names: list[str]) -> None:
    """All pictures, or those named."""
    wanted = [screen for screen in PAGES if not names or screen.name in names]
    async with AsyncExitStack() as stack:
        browser = await launch(await stack.enter_async_context(async_playwright()))
        stack.push_async_callback(browser.close)
        if any(not screen.login for screen in wanted):
            home = await stack.enter_async_context(serve(make()))
            await _pictures(browser, [screen for screen in wanted if not screen.login], home)
        if any(screen.login for screen in wanted):
            county = await stack.enter_async_context(alone(stack.enter_context(folder())))
            seen = [screen for screen in wanted if screen.login]
            await _pictures(browser, seen, county.hub.url, county, await county.stage())


async def _pictures(
    browser: Browser,
    screens: list[Screen],
    home: str,
    county: County | None = None,
    made: Mapping[str, str] | None = None,
) -> None:
    async with opened(browser) as blank:
        for screen in screens:
            async with opened(browser, screen.width) as page:
                if county is not None:
                    await county.hub.work("seal", "head")  # as the worker does
                    if screen.name == "minutes":
                        await county.begins((made or {})["meeting"])
                    await county.sign_in(page, screen.login)
                await take(page, blank, screen, home, made or {})


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(sys.argv[1:]))
