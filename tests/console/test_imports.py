"""The pages of packages in a browser: one is sent, watched, read, confirmed; with scripts and without."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser
from sqlalchemy import text
from starlette.requests import Request

from directory.template_writer import write_template
from hub.app import LARGEST, _refused
from hub.imports.rules import MOST_BYTES
from tests.console.browser import opened, watch
from tests.console.world import County
from tests.support.filling import filled


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_package_is_sent_read_and_confirmed(
    browser: Browser, county: County, tmp_path: Path, scripts: bool
) -> None:
    path = tmp_path / "虛構.xlsx"
    write_template(path, "zh-Hant", [])
    rows = [{"id": f"F{n}", "organization_id": "A1", "name": f"虛構 {n}"} for n in range(3)]
    filled(path, "zh-Hant", organization=[{"id": "A1", "name": "虛構協會"}], service=[*rows, {"id": "F9"}])
    async with opened(browser, scripts=scripts) as page:
        await county.sign_in(page, "administrator")
        seen = watch(page, county.hub.url)
        await page.goto(f"{county.hub.url}/imports?lang=en")
        await page.click("text=Try the package")
        assert "Choose" in await page.inner_text("#file-error")
        await page.set_input_files("#file", {"name": "a.exe", "mimeType": "text/plain", "buffer": b"x"})
        await page.click("text=Try the package")
        assert ".zip" in await page.inner_text("#file-error")
        await page.set_input_files("#file", path)
        await page.fill("#source", "filled")
        await page.click("text=Try the package")
        await page.wait_for_selector("progress")
        await county.hub.work("imports")
        if not scripts:
            await page.click("text=Look again")
        await page.wait_for_selector("text=Write it as tried")
        assert "Nothing is written yet" in await page.inner_text("main")
        assert await page.locator("progress").count() == 0
        async with page.expect_download() as download:
            await page.click("text=Download as CSV")
        assert (await download.value).suggested_filename.endswith(".csv")
        await page.click("text=Write it as tried")
        await page.wait_for_selector("text=exactly as it was tried")
        await county.hub.work("imports")
        await page.goto(page.url.partition("?")[0])
        assert "Written" in await page.inner_text("h1")
        assert not seen.errors
        assert not seen.foreign
        await page.goto(f"{county.hub.url}/imports")
        await page.set_input_files("#file", path)
        await page.click("text=Try the package")
        await page.click("text=Let it go")
        await page.wait_for_selector("h1 >> text=Let go")


async def test_why_nothing_came_of_a_package(browser: Browser, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused: no row counts as new, and what was not read is named. Failed: told why. Too big: told on the page."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("organizations.csv", "id,name\no1,Fictional\n")
        made.writestr("services.csv", "id,id\n")
        made.writestr("notes.txt", "nothing")
        made.writestr("strange.csv", "a\n1\n")
    async with opened(browser) as page:
        await county.sign_in(page, "administrator")
        await page.goto(f"{county.hub.url}/imports?lang=en")
        await page.set_input_files("#file", {"name": "a.zip", "mimeType": "x/y", "buffer": file.getvalue()})
        await page.fill("#source", "refused")
        await page.click("text=Try the package")
        await county.hub.work("imports")
        await page.goto(page.url.partition("?")[0])
        said = await page.inner_text("main")
        assert "A column is there twice" in said
        assert "New rows" not in said
        assert "notes.txt" in said
        assert "strange.csv" in said
        await page.goto(f"{county.hub.url}/imports")
        await page.set_input_files("#file", {"name": "a.csv", "mimeType": "x/y", "buffer": b"id"})
        await page.click("text=Try the package")
        async with county.hub.hub.db.work() as session:
            await session.execute(text("update directory_import set digest = '' where state = 'waiting'"))
        await county.hub.work("imports")
        await page.goto(page.url.partition("?")[0])
        assert "not what was sent" in await page.inner_text("main")
        monkeypatch.setattr("hub.console.imports.MOST_BYTES", 1)
        await page.goto(f"{county.hub.url}/imports")
        await page.set_input_files("#file", {"name": "a.csv", "mimeType": "x/y", "buffer": b"id"})
        await page.click("text=Try the package")
        assert "256 MB" in await page.inner_text("#file-error")


async def test_who_may_not_send_is_not_read(browser: Browser, county: County) -> None:
    async with opened(browser) as page:
        await county.sign_in(page, "auditor")
        await page.goto(f"{county.hub.url}/imports")
        assert await page.locator("#file").count() == 0
        cookies = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}
    http = county.hub.http
    agent = {"User-Agent": await _agent(browser)}
    for cookie, status in ((cookies, 403), ({}, 401)):
        given = {**agent, "Cookie": "; ".join(f"{k}={v}" for k, v in cookie.items()), "Accept": "text/html"}
        answer = await http.post("/imports", content=b"no form at all", headers=given)
        assert answer.status_code == status
    most = LARGEST + MOST_BYTES
    for path, size, said in (("/imports", most, None), ("/imports", most + 1, 413), ("/services/new", most, 413)):
        headers = [(b"content-length", str(size).encode())]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"",
                 "server": ("hub", 80)}  # fmt: skip
        assert _refused(Request(scope)) == said
    for length, refusal in ((b"0000000000001000000", None), (b"000000000000099999999", 413), (b"9" * 5000, 413)):
        scope = {**scope, "path": "/report", "headers": [(b"content-length", length)]}
        assert _refused(Request(scope)) == refusal


async def test_a_form_too_large_is_told_so_and_never_read(county: County) -> None:
    """In words, with every header, to people and to programs; whoever would stream without end is told as well."""
    address = urlsplit(county.hub.url)
    assert address.hostname
    for size, accept, status, said in (
        ("content-length: 0001000001", "text/html", "413", "超過此表單的上限"),
        ("content-length: 1000001", "*/*", "413", "超過此表單的上限"),
        ("transfer-encoding: chunked", "*/*", "411", "Content-Length"),
    ):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(f"POST /report HTTP/1.1\r\nhost: hub\r\naccept: {accept}\r\n{size}\r\n\r\n".encode())
        answer = (await asyncio.wait_for(reader.read(), 10)).decode()
        writer.close()
        assert answer.startswith(f"HTTP/1.1 {status}"), answer[:200]
        assert said in answer
        for name in ("content-security-policy", "x-content-type-options: nosniff", "cache-control: no-store"):
            assert name in answer


async def _agent(browser: Browser) -> str:
    async with opened(browser) as page:
        return str(await page.evaluate("navigator.userAgent"))


async def test_the_directory_is_taken_as_a_file(browser: Browser, county: County) -> None:
    async with opened(browser) as page:
        await county.sign_in(page, "auditor")
        seen = watch(page, county.hub.url)
        await page.goto(f"{county.hub.url}/imports/exports?lang=en")
        await page.click("button[value=BEYOND_CSV]")
        await page.wait_for_selector("text=Being made")
        await county.hub.work("exports")
        async with page.expect_download() as download:
            await page.click("tbody a >> text=Download")
        assert (await download.value).suggested_filename.startswith("beyond-the-standard-")
        await page.goto(f"{county.hub.url}/imports/aside?lang=en")
        assert "Beyond the standard" in await page.inner_text("h1")
        async with page.expect_download() as download:
            await page.goto(f"{county.hub.url}/imports")
            await page.click("text=The Excel template to fill in")
        assert (await download.value).suggested_filename == "template-en.xlsx"
        assert not seen.errors
