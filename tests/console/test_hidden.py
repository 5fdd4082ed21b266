"""What is hidden is not a fact: no page says "none", "no" or "not recorded" of what its reader may not see."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio
from playwright.async_api import Browser
from sqlalchemy import text

from tests.console.browser import check_page, look, opened, watch
from tests.console.screens import PAGES
from tests.console.world import ADDRESS, AREA, OPPOSITE, PHONE, VICTIM, County

ABSENT = (
    *("未記載", "尚未評估", "沒有進行中的期限", "尚無轉介", "近期沒有會議", "尚無紀錄", "尚無行動事項"),
    *("目前沒有有效的同意", "尚無同意", "尚未向任何人揭露", "只有列冊案件可以列入"),
)
"""Sentences that say of a case that something is not there."""
NO = re.compile(r"<dd>\s*(否)\s*</dd>")
CLOSED = "未對您顯示"
OF_A_CASE = ("{case}", "{report}", "{referral}", "{meeting}", "{item}", "{consent}")
COLLEAGUE = "shelter"
"""Made another coordinator of the same centre: nobody in the demonstration is one."""
LISTS = ("/", "/cases", "/sent", "/waiting", "/meetings")
EVERYBODY = (
    *("coordinator", COLLEAGUE, "intake", "police", "health", "manager", "labour", "education"),
    *("reporter", "auditor", "administrator"),
)


@pytest_asyncio.fixture(loop_scope="session")
async def county(county: County) -> County:
    """The county, the coordinator having a colleague."""
    given = {"id": county.people[COLLEAGUE], "centre": county.agencies["demo-centre"]}
    async with county.hub.hub.db.work() as session:
        await session.execute(text("update staff set agency_id = :centre where id = :id"), given)
        await session.execute(text("update staff_role set role = 'coordinator' where staff_id = :id"), given)
    return county


async def report(county: County, **more: Any) -> Any:
    """A report by the school; `more` or less is told."""
    given = {
        "learnedAt": (datetime.now(UTC) - timedelta(hours=2)).isoformat(),
        "area": AREA,
        "summary": "多次在住處外守候。",
        "relationship": "INTIMATE_PARTNER",
        "stalking": True,
        "victim": {"name": VICTIM},
        "reporter": {"name": "丙師示範", "phone": "0900-000-222"},
    }
    return await county.do("reporter", "FileReport", **given | more)


async def filled(county: County) -> dict[str, str]:
    """A case in which everything that a page of it names is there: nothing may be said to be missing, to anybody."""
    whole = {"phone": PHONE, "address": ADDRESS, "birthDate": "1996-02-03"}
    told = await report(county, oral=True, victim={"name": VICTIM, **whole}, opposite={"name": OPPOSITE, **whole})
    await county.do("reporter", "SupplementReport", reportId=told["id"], text="書面通報內容。")
    case = await county.do("coordinator", "OpenCase", reportId=told["id"])
    given = {"instrument": "TIPVDA", "score": 9, "judged": "STANDARD", "judgement": "近一個月威脅加劇。"}
    await county.do("coordinator", "RecordRisk", caseId=case["id"], version=case["version"], **given)
    consent = await county.consent(case["id"])
    referral = await county.referral(case["id"])
    asked = [{"agencyId": county.gid(f"demo-{code}")} for code in ("police", "hospital", "education", "labour")]
    before = (datetime.now(UTC) + timedelta(days=20)).isoformat()
    slots = await county.ask("coordinator", "MeetingSlots", agencies=asked, before=before, minutes=60)
    at = {"startsAt": slots[0]["startsAt"], "minutes": 60}
    meeting = await county.do("coordinator", "CallMeeting", caseIds=[case["id"]], agencies=asked, **at)
    ids = {"report": told, "case": case, "consent": consent, "referral": referral, "meeting": meeting}
    return {"item": meeting["items"][0]["id"], **{name: made["id"] for name, made in ids.items()}}


async def meet(county: County, made: dict[str, str]) -> None:
    """The meeting is held: minutes and an action item are there, and its clock runs no more."""
    meeting = await county.ask("coordinator", "Conference", id=made["meeting"])
    await county.begins(made["meeting"])
    action = {"agencyId": county.gid("demo-police"), "what": "加強巡邏", "dueAt": meeting["endsAt"]}
    await county.do(
        "coordinator",
        "RecordMinutes",
        itemId=made["item"],
        version=meeting["version"],
        text="決議加強巡邏。",
        presentIds=[county.gid("demo-police")],
        actions=[action],
    )


async def entered(county: County, browser: Browser, login: str) -> dict[str, str]:
    """The headers of somebody signed in: a session is its browser's alone."""
    async with opened(browser) as page:
        await county.sign_in(page, login)
        kept = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in await page.context.cookies())
        headers = {"cookie": kept, "user-agent": str(await page.evaluate("navigator.userAgent"))}
    return {"accept": "text/html", "accept-language": "zh-Hant", **headers}


async def read(county: County, headers: dict[str, str], path: str) -> str | None:
    """What stands in the middle of a page, or None where there is none for this reader."""
    async with httpx.AsyncClient(base_url=county.hub.url, headers=headers, timeout=60) as client:
        answer = await client.get(path)
    assert answer.status_code in (200, 401, 403, 404), (path, answer.status_code)
    return answer.text.partition("<main")[2] if answer.status_code == 200 else None


def said_absent(page: str) -> list[str]:
    """The sentences and answers of a page that say something is not there."""
    return [sentence for sentence in ABSENT if sentence in page] + NO.findall(page)


def paths(made: dict[str, str]) -> list[str]:
    """Every address of the console that names something of a case, and the lists that lead there."""
    named = {s.path for s in PAGES if s.login and any(word in s.path for word in OF_A_CASE)}
    named |= {"/meetings/{meeting}/items/{item}", "/waiting/{report}", "/receipts/{report}", "/cases/{case}/risk"}
    return [*LISTS, *sorted(path.format_map(Known(made)) for path in named)]


class Known(dict[str, str]):
    """The ids of what was made; what was not names nothing."""

    def __missing__(self, name: str) -> str:
        return "none"


async def walk(
    county: County, who: dict[str, dict[str, str]], made: dict[str, str], true: tuple[str, ...]
) -> tuple[list[str], set[str]]:
    """What pages falsely say, and which pages were read, by reader; `true` is what is absent indeed."""
    false, seen = [], set()
    for login, headers in who.items():
        for path in paths(made):
            page = await read(county, headers, path)
            if page is None:
                continue
            seen.add(f"{login} {re.sub('/[A-Za-z0-9_-]{20,}', '/~', path)}")
            false += [f"{login} {path}: {sentence}" for sentence in said_absent(page) if sentence not in true]
    return false, seen


async def test_hidden_is_never_said_to_be_absent(browser: Browser, county: County) -> None:
    """Everything is there: asked, accepted, withdrawn, whoever reads and whichever page, none says that it is not."""
    made = await filled(county)
    who = {login: await entered(county, browser, login) for login in EVERYBODY}
    false, seen = await walk(county, who, made, ("尚無紀錄", "尚無行動事項"))
    expected = {"auditor /cases/~", "labour /cases/~", "police /meetings/~", "health /inbox/~", "coordinator /cases/~"}
    assert expected | {"intake /waiting/~", "coordinator /cases/~/ledger", "reporter /receipts/~"} <= seen
    await meet(county, made)
    false += (await walk(county, who, made, clocks := ("沒有進行中的期限",)))[0]
    some = {login: who[login] for login in ("health", "manager", "police", "coordinator")}
    referral = await county.ask("health", "Referral", id=made["referral"])
    answer = {"referralId": made["referral"], "version": referral["version"], "answer": "ACCEPT"}
    await county.do("health", "AnswerReferral", **answer)
    false += [f"accepted: {one}" for one in (await walk(county, some, made, clocks))[0]]
    await county.do("coordinator", "WithdrawConsent", consentId=made["consent"])
    withdrawn, _ = await walk(county, some, made, (*clocks, "目前沒有有效的同意"))
    assert false + [f"withdrawn: {one}" for one in withdrawn] == []


def facts(page: str) -> list[tuple[str, str]]:
    """Labels and values of the facts of a page, without marks."""
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return [(label, re.sub(r"<[^>]+>", "", value).strip()) for label, value in pairs]


async def test_absent_is_said_to_whoever_may_know_and_to_nobody_else(browser: Browser, county: County) -> None:
    """Of a case of which nothing is known the coordinator is told so; others read what they read of a full one."""
    told = await report(county)
    bare = (await county.do("coordinator", "OpenCase", reportId=told["id"]))["id"]
    full = (await filled(county))["case"]
    coordinator, auditor = [await entered(county, browser, login) for login in ("coordinator", "auditor")]
    page = await read(county, coordinator, f"/cases/{bare}")
    assert page is not None
    assert {"未記載", "尚未評估", "沒有進行中的期限", "尚無轉介", "否"} <= set(said_absent(page))
    assert CLOSED not in page
    colleague = await entered(county, browser, COLLEAGUE)
    for reader in (auditor, colleague):
        ours, theirs = [await read(county, reader, f"/cases/{case}") for case in (bare, full)]
        assert ours is not None
        assert theirs is not None
        shut = [label for label, value in facts(theirs) if value == CLOSED]
        assert len(shut) > 1
        assert shut == [label for label, value in facts(ours) if value == CLOSED]
        assert ours.count(CLOSED) == theirs.count(CLOSED)
        assert theirs.index("hub-withheld") < theirs.index("<dl")


async def test_pages_that_hide_much_pass_in_every_language(browser: Browser, county: County) -> None:
    """Axe, widths, targets in Chinese, layout and words in the others: of a case, its pack, its referral."""
    made = await filled(county)
    pages = {"auditor": ("/cases/{case}",), "labour": ("/cases/{case}", "/meetings/{meeting}")}
    pages |= {"police": ("/cases/{case}",), COLLEAGUE: ("/cases/{case}", "/meetings/{meeting}", "/waiting/{report}")}
    said = []
    for login, named in pages.items():
        async with opened(browser) as page:
            await county.sign_in(page, login)
            seen = watch(page, county.hub.url)
            for path in (one.format(**made) for one in named):
                for lang in ("en", "ko", "zh-Hant"):
                    await page.goto(f"{county.hub.url}{path}?lang={lang}")
                    assert await page.locator(".hub-withheld").count() == ("waiting" not in path)
                    faults = await (check_page(page, lang, seen) if lang == "zh-Hant" else look(page, lang))
                    said += [f"{login} {path} {lang}: {fault}" for fault in faults]
    assert said == []


async def test_the_forms_of_a_case_are_for_whoever_works_on_it(browser: Browser, county: County) -> None:
    """Who may read a case and not work on it is told so before a form is filled in; who may not read it, that there is
    no such page."""
    made = await filled(county)
    forms = [f"/cases/{made['case']}/{form}" for form in ("risk", "refer", "meeting", "consents/new")]
    told = {}
    for login in ("coordinator", COLLEAGUE, "police", "auditor", "intake", "reporter"):
        headers = await entered(county, browser, login)
        async with httpx.AsyncClient(base_url=county.hub.url, headers=headers, timeout=60) as client:
            reads = (await client.get(f"/cases/{made['case']}")).status_code
            told[login] = (reads, *{(await client.get(form)).status_code for form in forms})
    assert told == {
        "coordinator": (200, 200),
        **dict.fromkeys((COLLEAGUE, "police", "auditor"), (200, 403)),
        **dict.fromkeys(("intake", "reporter"), (404, 404)),
    }
