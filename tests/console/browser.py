"""Looks at pages as a person does: a real server on loopback, Debian's Chromium, and what every page must pass."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import uvicorn
from playwright.async_api import Browser, Page, Playwright
from starlette.types import ASGIApp

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--metrics-recording-only",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
AXE = Path(__file__).resolve().parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
ALLOWED_LATIN = frozenset({"Shift", "GraphQL", "API", "OIDC", "ID", "PDF", "CSV", "ICS", "HSDS", "Excel"})
"""Latin words a Traditional Chinese page may show."""
_LATIN = re.compile(r"[A-Za-z]{2,}")


@asynccontextmanager
async def serve(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Run an ASGI application on a loopback port in this event loop; yields its URL without a final slash."""
    listener = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="on", timeout_graceful_shutdown=2, server_header=False)
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if running.done():
                await running
                raise RuntimeError("the server stopped at its start")
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


async def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, headless, talking to nobody but us."""
    return await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))


@dataclass(slots=True)
class Seen:
    """What a page did behind the picture: requests to other hosts, errors of scripts and of the console."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def watch(page: Page, home: str) -> Seen:
    """Note what `page` asks of other hosts than `home`, and every error. 4xx pages are not errors of the page."""
    seen = Seen()
    page.on("request", lambda r: seen.foreign.append(r.url) if not r.url.startswith((home + "/", "data:")) else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on(
        "console",
        lambda m: seen.errors.append(m.text) if m.type == "error" and "Failed to load resource" not in m.text else None,
    )
    return seen


@asynccontextmanager
async def opened(browser: Browser, width: int = 1280, scripts: bool = True) -> AsyncIterator[Page]:
    """A page in a fresh browser profile of a given width, closed at the end whatever happens."""
    profile = await browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=scripts, reduced_motion="reduce"
    )
    profile.set_default_timeout(15_000)
    try:
        yield await profile.new_page()
    finally:
        await profile.close()


@cache
def script(name: str) -> str:
    """A script of this folder, to be evaluated in a page."""
    return (Path(__file__).parent / name).read_text()


@cache
def axe_source() -> str:
    """axe-core as installed for the tests."""
    return AXE.read_text()


async def axe(page: Page) -> list[str]:
    """Serious and critical violations: rule, first place. Runs outside the page's own content policy."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(axe_source())
    found = await page.evaluate(
        "() => axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
        "v => ({id: v.id, impact: v.impact, where: v.nodes.map(n => n.target.join(' ')).slice(0, 3)})))"
    )
    return [f"axe {v['id']}: {v['where']}" for v in found if v["impact"] in {"serious", "critical"}]


async def look(page: Page, lang: str, allowed: frozenset[str] = ALLOWED_LATIN) -> list[str]:
    """What is wrong with the page as laid out now: language, overflow, targets, leftovers, foreign words."""
    found = await page.evaluate(script("measure.js"))
    said = []
    if found["lang"] != lang:
        said.append(f"html lang is {found['lang']!r}, not {lang!r}")
    if found["overflow"] > 0:
        said.append(f"{found['overflow']} px wider than the window")
    if found["h1"] != 1:
        said.append(f"{found['h1']} first-level headings")
    said += [f"target below 24 px: {what}" for what in found["small"]]
    said += [f"visible {mark!r}" for mark in ("{{", "}}", "</", "{%", "None", "undefined") if mark in found["text"]]
    if lang == "zh-Hant":
        foreign = {word for word in _LATIN.findall(found["own"] + " " + found["title"]) if word not in allowed}
        if foreign:
            said.append(f"English on a Chinese page: {sorted(foreign)}")
    return said


async def links(page: Page) -> list[str]:
    """Where the error summary leads."""
    found: list[str] = await page.locator(".govuk-error-summary__list a").evaluate_all("all => all.map(a => a.hash)")
    return found


async def focus_faults(page: Page, most: int = 60) -> list[str]:
    """Walk by Tab: the skip link comes first, and whatever has the focus shows it."""
    said: list[str] = []
    await page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    for step in range(most):
        await page.keyboard.press("Tab")
        at = await page.evaluate(script("focus.js"))
        if at is None:
            break
        if step == 0 and not at["skip"]:
            said.append(f"the first stop is {at['what']}, not the skip link")
        if not at["seen"]:
            said.append(f"focus not visible on {at['what']}")
    return said


async def check_page(page: Page, lang: str, seen: Seen, allowed: frozenset[str] = ALLOWED_LATIN) -> list[str]:
    """Everything a page must pass at its present width, at 360 px and at 200 % zoom of 1280. Empty when it passes.

    Axe looks at both widths of the Chinese page alone: what it finds hangs on how a page is built, which is the same in
    every language; what words do to the layout is measured in each, at every width.
    """
    said = await look(page, lang, allowed) + (await axe(page) if lang == "zh-Hant" else [])
    before = page.viewport_size or {"width": 1280, "height": 900}
    for width in {360, 640} - {before["width"]}:
        await page.set_viewport_size({"width": width, "height": 900})
        said += [f"at {width} px: {fault}" for fault in await look(page, lang, allowed)]
        if width == 360 and lang == "zh-Hant":
            said += [f"at {width} px: {fault}" for fault in await axe(page)]
    await page.set_viewport_size(before)
    return said + [f"asked {url}" for url in seen.foreign] + seen.errors
