"""No page is forgotten: each has a picture, and those of stock-taking pass in every language."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules

from fastapi.routing import APIRoute
from playwright.async_api import Browser

import hub.console
from tests.console.browser import check_page, look, opened, watch
from tests.console.screens import FOLDER, PAGES
from tests.console.world import County

NO_PICTURE = {
    "/exit": "leads away",
    "/static/{name:path}": "files",
    "/graphiql": "a tool of the demo, with its own test",
    "/graphiql/examples": "data of that tool",
    "/graphiql/schema": "data of that tool",
    "/coverage/file": "a download",
    "/rounds/{round_id}/result.{form}": "a download",
    "/imports/{import_id}/remarks.csv": "a download",
    "/imports/template": "a download",
    "/imports/exports/{export_id}/file": "a download",
    "/my-services/sheet": "a download",
    "/my-services/sheets/{sheet_id}": "comes of an uploaded file; tests/inventory reads one",
    "/demo/mail": "the demo's mail catcher",
}
"""Routes without a picture, each with its reason."""
STOCK_TAKING = {
    "administrator": (
        "/rounds",
        "/rounds/new",
        "/rounds/{round}/close",
        "/imports",
        "/imports/{package}",
        "/imports/exports",
        "/imports/aside",
    ),
    "auditor": (
        "/rounds/{round}",
        "/rounds/{round}?by=agency&silent=1",
        "/rounds/{round}/services?which=nobody",
        "/rounds/compare?earlier={earlier}&later={later}&by=network",
        "/coverage/trend?before={earlier}",
    ),
    "manager": ("/services/agency", "/my-services", "/my-services/all/{round}", "/my-services/{task}"),
    "labour": ("/directory/{service}",),
}


def paths() -> list[str]:
    """Every address of the console that is read, as its routes write it."""
    modules = [import_module(f"hub.console.{found.name}") for found in iter_modules(hub.console.__path__)]
    routers = [module.router for module in modules if hasattr(module, "router")]
    return sorted(
        {r.path for one in routers for r in one.routes if isinstance(r, APIRoute) and "GET" in (r.methods or ())}
    )


def test_every_page_has_a_picture() -> None:
    """A line of PAGES for each route, and a file for each line; what has none says why."""
    taken = [screen.path.partition("?")[0] for screen in PAGES]
    assert len(paths()) > 40
    missing = []
    for path in paths():
        like = re.compile(re.sub(r"\\\{\w+(:path)?\\\}", r"[^/]+", re.escape(path)))
        if path not in NO_PICTURE and not any(like.fullmatch(one) for one in taken):
            missing.append(path)
    assert missing == []
    assert [screen.name for screen in PAGES if not (FOLDER / f"{screen.name}.png").is_file()] == []
    assert {path.stem for path in FOLDER.glob("*.png")} == {screen.name for screen in PAGES}


async def test_stock_taking_passes_in_every_language(browser: Browser, county: County) -> None:
    """Axe, widths, targets in Chinese; layout and words in the others, whose pages are built alike."""
    made = await county.stage()
    said = []
    for login, pages in STOCK_TAKING.items():
        async with opened(browser) as page:
            await county.sign_in(page, login)
            seen = watch(page, county.hub.url)
            for path in (one.format(**made) for one in pages):
                for lang in ("en", "ko", "zh-Hant"):
                    answer = await page.goto(f"{county.hub.url}{path}{'&' if '?' in path else '?'}lang={lang}")
                    assert answer is not None
                    faults = [f"status {answer.status}"] if answer.status != 200 else []
                    faults += await (check_page(page, lang, seen) if lang == "zh-Hant" else look(page, lang))
                    said += [f"{login} {path} {lang}: {fault}" for fault in faults]
    assert not said, "\n".join(said)
