"""The pages of coverage in a real browser, by every role that has them, and their files."""

from __future__ import annotations

import csv
import io
import math
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from playwright.async_api import Browser

from directory.county import POPULATION
from directory.coverage_gaps import set_population
from directory.coverage_rounds import snapshot
from hub.base.time import now
from hub.console.coverage_files import as_csv, as_xlsx
from hub.console.coverage_map import MOST, RADIUS, WIDTH, spread
from tests.console.browser import check_page, opened, watch
from tests.console.world import County

COUNTY = "99001"
PATHS = (
    "/coverage",
    f"/coverage?inside={COUNTY}",
    f"/coverage?inside={COUNTY}&need=shelter&network=centre",
    "/coverage?inside=99001010",
    f"/coverage/cell?area={COUNTY}&need=shelter",
    "/coverage/map",
    f"/coverage/map?inside={COUNTY}&need=shelter",
    "/coverage/map?inside=99001010",
    "/coverage/gaps",
    "/coverage/gaps?kind=township&months=12",
    "/coverage/gaps?need=hotline",
)


@pytest_asyncio.fixture(loop_scope="session")
async def county(county: County) -> County:
    """The fictional county with its people counted and two frozen rounds."""
    async with county.hub.hub.db.work() as session:
        await set_population(session, POPULATION)
        for days in (200, 30):
            await snapshot(session, uuid4(), now() - timedelta(days=days))
    return county


@pytest.mark.parametrize("lang", ["zh-Hant", "en", "ko"])
async def test_every_page_passes(browser: Browser, county: County, lang: str) -> None:
    async with opened(browser) as page:
        await county.sign_in(page, "auditor")
        seen, said = watch(page, county.hub.url), []
        for path in (*PATHS, "/coverage/trend", f"/coverage/trend?inside={COUNTY}"):
            answer = await page.goto(f"{county.hub.url}{path}{'&' if '?' in path else '?'}lang={lang}")
            assert answer is not None
            assert answer.status == 200, path
            said += [f"{path}: {fault}" for fault in await check_page(page, lang, seen)]
    assert said == []


async def test_from_the_map_to_the_cell_without_scripts(browser: Browser, county: County) -> None:
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "coordinator")
        await page.goto(f"{county.hub.url}/coverage?lang=en")
        await page.click("thead a")  # the county, then its townships
        assert await page.locator("thead th").count() == 8  # need, the county as a whole, six townships
        await page.click("tbody tr:has(th:text-is('Shelter')) td >> nth=0 >> a")
        text = await page.inner_text("main")
        assert "DVPA 8(1)(4)" in text
        assert "Gap" in text
        await page.goto(f"{county.hub.url}/coverage/gaps?lang=en")
        text = await page.inner_text("main")
        assert "Fewer than" not in text  # a coordinator is not told how many went unmet
        assert await page.locator("tbody tr").count() > 5
        assert (await page.goto(f"{county.hub.url}/coverage/trend")).status == 403  # type: ignore[union-attr]
        for path in (
            "/coverage?inside=nowhere",
            "/coverage?need=x",
            "/coverage/cell?area=99001",
            "/coverage/gaps?months=7",
            "/coverage/map?need=x",
            "/coverage/map?inside=nowhere",
        ):
            answer = await page.goto(f"{county.hub.url}{path}")
            assert answer is not None
            assert answer.status == 404, path


async def test_the_map_says_what_its_table_says(browser: Browser, county: County) -> None:
    """A circle for each area whose middle is known, none over another, each leading to its cell; without scripts."""
    lines = await county.ask("auditor", "CoverageMap", inside=COUNTY, need="counselling")
    known = [line for line in lines if line["area"]["latitude"] is not None]
    assert len(known) == 6
    async with opened(browser, scripts=False) as page:
        await county.sign_in(page, "auditor")
        await page.goto(f"{county.hub.url}/coverage/map?inside={COUNTY}&need=counselling&lang=en")
        spots = await page.locator("svg.hub-map circle").all()
        at = [(int(await s.get_attribute("cx") or 0), int(await s.get_attribute("cy") or 0)) for s in spots]
        drawn = [await a.get_attribute("aria-label") for a in await page.locator("svg.hub-map a").all()]
        told = [await row.locator("th, td").all_inner_texts() for row in await page.locator("tbody tr").all()]
        await page.locator("svg.hub-map a").first.click()
        assert "/coverage/cell?area=" in page.url
    assert all(math.dist(one, other) >= 2 * RADIUS for i, one in enumerate(at) for other in at[:i])
    assert len(at) == len(known)
    words = {"GAP": "Gap", "STALE": "Stale", "PARTLY": "Partly", "OFFERED": "Offered"}
    for number, line in enumerate(known, 1):
        cell, name = line["needs"][0], line["area"]["name"]
        assert (drawn[number - 1] or "").startswith(f"{number} ")
        row = next(row for row in told if row[0] == str(number))
        assert row[3:] == [str(cell["services"]), str(cell["attested"])]
        assert drawn[number - 1] == f"{number} {row[1]}: {row[2].split(maxsplit=1)[1]}"
        assert words[cell["state"]] in row[2], name


@given(st.lists(st.tuples(st.floats(-60, 60), st.floats(-180, 180)) | st.just((24.0, 121.0)), max_size=MOST))
def test_no_area_covers_another(middles: list[tuple[float, float]]) -> None:
    spots, height = spread(middles)
    assert spread(middles) == (spots, height)
    assert all(RADIUS <= x <= WIDTH - RADIUS and RADIUS <= y <= height - RADIUS for x, y in spots)
    assert all(math.dist(one, other) >= 2 * RADIUS - 2 for i, one in enumerate(spots) for other in spots[:i])


async def test_the_file_says_what_the_page_says(browser: Browser, county: County) -> None:
    async with opened(browser) as page:
        await county.sign_in(page, "auditor")
        lines = await county.ask("auditor", "CoverageCells", inside=COUNTY)
        asked = f"{county.hub.url}/coverage/file?inside={COUNTY}&lang=en&form="
        told, book, other = [await page.request.get(asked + form) for form in ("csv", "xlsx", "pdf")]
        assert (told.status, book.status, other.status) == (200, 200, 404)
        rows = list(csv.reader(io.StringIO((await told.body()).decode("utf-8-sig"))))
        sheet = load_workbook(io.BytesIO(await book.body())).active
    cells = [(line["area"]["code"], str(cell["services"])) for line in lines for cell in line["cells"]]
    assert [(row[0], row[7]) for row in rows[1:]] == cells
    assert len(rows) > 200
    assert sheet is not None
    assert [["" if v is None else str(v) for v in row] for row in sheet.iter_rows(values_only=True)] == rows


def test_no_cell_is_a_formula() -> None:
    bad = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"]
    assert as_csv(["a"] * 6, [bad]).decode("utf-8-sig").count("'") == 6
    heads = [f"h{n}" for n in range(13)]
    sheet = load_workbook(io.BytesIO(as_xlsx(heads, [[*bad, *([""] * 7)]]))).active
    assert sheet is not None
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
