"""Pages of coverage: the matrix as a heat map, one cell network by network, the gap list, the trend between rounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from directory.taxonomy import NEEDS, NETWORKS
from hub.base.clocks import zone
from hub.base.errors import InvalidInput, NotFound
from hub.base.texts import catalogue, mark, mark_plural, term

from .client import ask
from .coverage_files import MEDIA, as_csv, as_xlsx
from .coverage_map import MOST, RADIUS, WIDTH, spread
from .dates import day
from .inputs import Data, area_names
from .naming import need_options, places, words
from .pages import language, render
from .words import article

router = APIRouter(default_response_class=Response, include_in_schema=False)
FILTERS = ("inside", "need", "network")
MONTHS = mark_plural("%(n)s month", "%(n)s months")
PERIODS = ("3", "6", "12")
COLUMNS = {
    "code": mark("Area code"),
    "area": mark("Area"),
    "population": mark("Population"),
    "need": mark("Need"),
    "network": mark("Network"),
    "owed": mark("Owed by law"),
    "state": mark("State"),
    "services": mark("Services"),
    "whole": mark("Of the whole area"),
    "attested": mark("Attested within six months"),
    "stale": mark("Not attested"),
    "free": mark("Places free"),
    "articles": mark("Article"),
}
"""Columns of the files, by what they hold."""


def _asked(request: Request, *names: str) -> dict[str, str]:
    """What was asked for in the address, without what was left empty."""
    found = {name: request.query_params.get(name, "").strip() for name in names}
    return {name: value for name, value in found.items() if value}


async def _read(request: Request, operation: str, root: str, variables: Mapping[str, Any]) -> Any:
    """Data of a page; an address nobody gave out (an unknown code or id) is a page that does not exist."""
    try:
        return (await ask(request, operation, dict(variables)))[root]
    except (InvalidInput, NotFound):
        raise HTTPException(404) from None


def _networks(request: Request) -> list[dict[str, str]]:
    lang = language(request)
    return [{"value": net.code, "text": net.names[lang]} for net in NETWORKS.values()]


async def _frame(request: Request, asked: Mapping[str, str]) -> dict[str, Any]:
    """What every page of coverage needs: the filters with their choices, and the way up from an area."""
    areas = await area_names(request)
    inside = asked.get("inside") or asked.get("area")
    if inside and inside not in areas:
        raise HTTPException(404)
    trail: list[Data] = []
    while inside and inside in areas and areas[inside] not in trail:
        trail.insert(0, areas[inside])
        inside = areas[inside]["parent"]
    any_ = {"value": "", "text": ""}
    known = await places(request)
    parents = {area["parent"] for area in areas.values() if area["parent"]}
    return {
        "asked": asked,
        "query": urlencode(asked),
        "trail": trail,
        "places": known,
        "values": {name: [value] for name, value in asked.items()},
        "needs": [any_, *need_options(request)],
        "networks": [any_, *_networks(request)],
        "areas": [any_, *({"value": code, "text": name} for code, name in known.items() if code in parents)],
        "link": lambda path, **more: f"{path}?{urlencode({k: v for k, v in more.items() if v})}",
        "law": lambda articles: ", ".join(article(text, language(request)) for text in articles),
        **words(request),
    }


@router.get("/coverage")
async def matrix(request: Request) -> Response:
    """The matrix of the counties, or of the areas inside one. For anybody signed in."""
    asked = _asked(request, *FILTERS)
    lines: list[Data] = await _read(request, "CoverageMatrix", "coverage", asked)
    frame = await _frame(request, asked)
    around: list[Data] = []
    if inside := asked.get("inside"):
        narrow = {name: value for name, value in asked.items() if name != "inside"}
        around = await _read(request, "CoverageMatrix", "coverage", {**narrow, "area": inside})
    columns = [*around, *lines]
    by_area = {line["area"]["code"]: {cell["need"]: cell for cell in line["needs"]} for line in columns}
    rows = [code for code in NEEDS if any(code in cells for cells in by_area.values())]
    owed = [cell for line in lines for cell in line["needs"] if cell["owing"]]
    count = {state: sum(cell["state"] == state for cell in owed) for state in ("GAP", "STALE", "PARTLY", "OFFERED")}
    return render(request, "coverage.html", columns=columns, cells=by_area, rows=rows, count=count, **frame)


@router.get("/coverage/cell")
async def cell(request: Request) -> Response:
    """One need in one area, network by network. For anybody signed in."""
    asked = _asked(request, "area", "need")
    if len(asked) < 2:
        raise HTTPException(404)
    frame = await _frame(request, asked)
    lines: list[Data] = await _read(request, "CoverageCells", "coverage", asked)
    return render(request, "coverage_cell.html", line=lines[0], **frame)


@router.get("/coverage/map")
async def drawn(request: Request) -> Response:
    """One need on a map of the counties, or of the areas inside one, with the same numbers as a table. For anybody
    signed in."""
    asked = {"need": next(iter(NEEDS)), **_asked(request, *FILTERS)}
    lines: list[Data] = await _read(request, "CoverageMap", "coverage", asked)
    frame = await _frame(request, asked)
    shown = [{**line["area"], **(line["needs"][0] if line["needs"] else {})} for line in lines]
    placed = [area for area in shown if area["latitude"] is not None and area["longitude"] is not None]
    placed = placed if len(placed) <= MOST else []
    spots, height = spread([(area["latitude"], area["longitude"]) for area in placed])
    numbers = {area["code"]: number for number, area in enumerate(placed, 1)}
    marks = [
        {**area, "x": x, "y": y, "number": numbers[area["code"]]} for area, (x, y) in zip(placed, spots, strict=True)
    ]
    picture = {"marks": marks, "width": WIDTH, "height": height, "radius": RADIUS}
    return render(request, "coverage_map.html", picture=picture, lines=shown, numbers=numbers, **frame)


@router.get("/coverage/gaps")
async def gaps(request: Request) -> Response:
    """What is owed and offered by nobody who owes it, the gravest first. For anybody signed in."""
    asked = _asked(request, *FILTERS, "kind", "months")
    months = asked.get("months", "6")
    if months not in PERIODS:
        raise HTTPException(404)
    after = request.query_params.get("after")
    found = await _read(request, "CoverageGaps", "gaps", {**asked, "months": int(months), "first": 50, "after": after})
    href = f"/coverage/gaps?{urlencode(asked)}" if asked else "/coverage/gaps"
    frame = await _frame(request, asked)
    say = catalogue(language(request))
    periods = [{"value": n, "text": say.ngettext(*MONTHS, int(n)) % {"n": n}} for n in PERIODS]
    kinds = [
        {"value": "", "text": say.gettext(mark("The widest areas"))},
        {"value": "county", "text": say.gettext(mark("Each county"))},
        {"value": "township", "text": say.gettext(mark("Each township"))},
    ]
    frame["values"] = {**frame["values"], "months": [months]}
    return render(request, "coverage_gaps.html", found=found, href=href, periods=periods, kinds=kinds, **frame)


@router.get("/coverage/trend")
async def trend(request: Request) -> Response:
    """What has changed since a round of stock-taking, or between two. For auditors and administrators."""
    asked = _asked(request, *FILTERS, "before", "after")
    rounds: list[Data] = (await ask(request, "CoverageRounds"))["coverageRounds"]
    lines: list[Data] = []
    if rounds:
        asked.setdefault("before", rounds[min(1, len(rounds) - 1)]["roundId"])
        lines = await _read(request, "CoverageTrend", "coverageTrend", asked)
    lang, frame = language(request), await _frame(request, asked)
    choices = [{"value": r["roundId"], "text": day(r["at"], lang, zone())} for r in rounds]
    now = {"value": "", "text": catalogue(lang).gettext(mark("Now"))}
    return render(
        request, "coverage_trend.html", rounds=rounds, lines=lines, befores=choices, afters=[now, *choices], **frame
    )


@router.get("/coverage/file")
async def file(request: Request) -> Response:
    """The matrix, a row a cell, as CSV or a workbook. For anybody signed in."""
    asked = _asked(request, *FILTERS)
    form = request.query_params.get("form", "csv")
    if form not in MEDIA:
        raise HTTPException(404)
    lines: list[Data] = await _read(request, "CoverageCells", "coverage", asked)
    lang = language(request)
    say, said = catalogue(lang), words(request)
    rows = [_row(line, found, lang, said) for line in lines for found in line["cells"]]
    heads = [say.gettext(COLUMNS[name]) for name in COLUMNS]
    content = as_csv(heads, rows) if form == "csv" else as_xlsx(heads, rows)
    name = f'attachment; filename="coverage.{form}"'
    return Response(content, media_type=MEDIA[form], headers={"content-disposition": name})


def _row(line: Data, found: Data, lang: str, said: Mapping[str, Any]) -> list[str | int | None]:
    say = catalogue(lang).gettext
    free = ", ".join(f"{one['places']} {said['unit_word'](one['unit'])}" for one in found["free"])
    return [
        line["area"]["code"], line["area"]["name"], line["population"], said["need"](found["need"]),
        said["network"](found["network"]) if found["network"] else say(mark("Not placed")),
        say(mark("Yes")) if found["owed"] else say(mark("No")), term("CoverageState", found["state"], lang),
        found["services"], found["whole"], found["attested"], found["stale"], free,
        ", ".join(article(text, lang) for text in found["articles"]),
    ]  # fmt: skip
