"""A fixed-seed HSDS 3 package of N services, streamed to a folder or a zip: what imports are measured with.

Everything in it is invented. Each table is made from the service's number alone, so no row is held and none depends on
another: about 7.5 rows a service, the same bytes each time.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from directory.taxonomy import NEEDS, NETWORKS

from .data_directory import areas

SOURCE = "bench-package"
SERVICES_EACH = 10
"""Services an agency."""
_FIRST = ("虛安", "虛陽", "虛望", "虛行", "虛晨", "虛翅", "虛光", "虛和", "虛海", "虛山", "虛野", "虛星")
_KIND = ("基金會", "協會", "診所", "醫院", "中心", "辦公室", "服務站", "工作室")
_WHAT = ("家暴防治", "心理諮商", "庇護安置", "法律扶助", "職業訓練", "陪同出庭", "緊急救援", "子女會面", "驗傷採證",
         "跟蹤騷擾", "處遇計畫", "通譯服務")  # fmt: skip
_WHOM = ("婦女", "兒少", "新住民", "身心障礙者", "長者", "男性", "原住民族", "勞工")
_WAY = ("可電話預約", "可到宅訪視", "夜間亦受理", "另有線上會談", "備有托育")
_PLACES = [place for place in areas() if place[2] == "township"]
_NEEDS, _NETWORKS = list(NEEDS), list(NETWORKS)
_MASK = (1 << 64) - 1


def _pick(number: int, about: int, most: int) -> int:
    """0 <= n < most from a row's number and what is asked: splitmix64, so that it is the same everywhere."""
    z = (number * 0x9E3779B97F4A7C15 + about * 0xBF58476D1CE4E5B9 + 20260101) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return (z ^ (z >> 31)) % most


Row = Sequence[Any]


def _agencies(services: int) -> range:
    return range((services + SERVICES_EACH - 1) // SERVICES_EACH)


def _organizations(n: int) -> Iterator[Row]:
    for a in _agencies(n):
        name = f"{_FIRST[_pick(a, 1, 12)]}{_FIRST[_pick(a, 2, 12)]}{_KIND[_pick(a, 3, 8)]}{a}"
        names = json.dumps({"zh-Hant": name, "en": f"Invented agency {a}"}, ensure_ascii=False)
        yield f"o{a}", name, names, _NETWORKS[_pick(a, 4, len(_NETWORKS))], "虛構機構", f"o{a}@hub.invalid"


def _locations(n: int) -> Iterator[Row]:
    for a in _agencies(n):
        if a % 40 == 7:
            yield f"o{a}", f"o{a}", "confidential", "保密處所", "", "", ""
        else:
            place = _PLACES[_pick(a, 5, len(_PLACES))]
            at = (round(spot + _pick(a, 6 + n, 600) / 10_000 - 0.03, 5) for n, spot in enumerate(place[4:]))
            yield f"o{a}", f"o{a}", "physical", f"虛構處所{a}", *at, place[0]


def _addresses(n: int) -> Iterator[Row]:
    for a in _agencies(n):
        if a % 40 != 7:
            place = json.loads(_PLACES[_pick(a, 5, len(_PLACES))][3])["zh-Hant"]
            yield f"o{a}", f"o{a}", "physical", f"虛構路{a % 900 + 1}號", place, "虛構縣", f"99{a % 1000:03d}", "TW"


def _services(n: int) -> Iterator[Row]:
    for s in range(n):
        what, whom = _WHAT[_pick(s, 10, 12)], _WHOM[_pick(s, 11, 8)]
        name = f"{whom}{what}服務"
        names = json.dumps({"zh-Hant": name, "en": f"Invented service {s}"}, ensure_ascii=False)
        said = f"為{_WHOM[_pick(s, 12, 8)]}提供{what}與{_WHAT[_pick(s, 13, 12)]}，{_WAY[_pick(s, 14, 5)]}，第{s}號。"
        yield (
            f"s{s}", f"o{s // SERVICES_EACH}", name, names, said,
            "active" if _pick(s, 15, 20) else "temporarily closed", ("", "", "12", "18")[_pick(s, 16, 4)],
            ("", "", "", "female")[_pick(s, 17, 4)], f"2026-01-{_pick(s, 18, 28) + 1:02d}",
        )  # fmt: skip


def _service_areas(n: int) -> Iterator[Row]:
    for s in range(n):
        if _pick(s, 20, 20) == 0:
            continue  # says nowhere where it serves: the import takes its agency's place
        for k in range(1 + (_pick(s, 21, 3) == 0)):
            place = _PLACES[(_pick(s, 22, len(_PLACES)) + k) % len(_PLACES)]
            yield f"s{s}-{k}", f"s{s}", place[1] if _pick(s, 23, 6) == 0 and not k else place[0]


def _attributes(n: int) -> Iterator[Row]:
    for s in range(n):
        for k in range(1 + (_pick(s, 30, 3) == 0)):
            yield f"s{s}-{k}", f"s{s}", _NEEDS[(_pick(s, 31, len(_NEEDS)) + k) % len(_NEEDS)]
        if _pick(s, 32, 50) == 0:
            yield f"s{s}-w", f"s{s}", "own-words"


def _capacities(n: int) -> Iterator[Row]:
    for s in range(n):
        if _pick(s, 40, 2):
            day = _pick(s, 41, 28) + 1
            yield (
                f"s{s}",
                f"s{s}",
                _pick(s, 42, 6),
                "place",
                f"2026-01-{day:02d}T08:00:00Z",
                f"2026-02-{day:02d}T08:00:00Z",
            )


def _terms(_n: int) -> Iterator[Row]:
    yield from ((need, need, NEEDS[need].names["zh-Hant"], "hub-needs") for need in _NEEDS)
    yield "own-words", "own-words", "自訂詞彙", "own"


TABLES: dict[str, tuple[str, Callable[[int], Iterator[Row]]]] = {
    "areas": ("code parent kind names latitude longitude", lambda _n: iter(areas())),
    "organizations": ("id name name_i18n network description email", _organizations),
    "locations": ("id organization_id location_type name latitude longitude area_code", _locations),
    "services": ("id organization_id name name_i18n description status minimum_age genders assured_date", _services),
    "service_at_locations": (
        "id service_id location_id", lambda n: ((f"s{s}", f"s{s}", f"o{s // SERVICES_EACH}") for s in range(n))),
    "addresses": ("id location_id address_type address_1 city state_province postal_code country", _addresses),
    "phones": (
        "id service_id number type",
        lambda n: ((f"s{s}", f"s{s}", f"0900-{s // 1000 % 1000:03d}-{s % 1000:03d}", "voice") for s in range(n))),
    "languages": (
        "id service_id name code",
        lambda n: ((f"s{s}", f"s{s}", "越南語", "vi") for s in range(n) if _pick(s, 50, 4) == 0)),
    "schedules": (
        "id service_id byday opens_at closes_at",
        lambda n: ((f"s{s}", f"s{s}", "MO,TU,WE,TH,FR", "08:00", ("17:00", "21:00")[s % 2]) for s in range(n))),
    "service_areas": ("id service_id area_code", _service_areas),
    "service_capacities": ("id service_id available unit updated expires", _capacities),
    "taxonomy_terms": ("id code name taxonomy", _terms),
    "attributes": ("id service_id taxonomy_term_id", _attributes),
}  # fmt: skip
"""File -> its columns, and its rows given how many services there are."""


def write_package(path: Path, services: int) -> int:
    """Write the package to `path`: a zip where its name ends so, else a folder. Answers how many rows it has.

    A million services are 7.3 million rows; nothing is held in memory.
    """
    descriptor = json.dumps({"name": SOURCE, "resources": [{"name": t, "path": f"{t}.csv"} for t in TABLES]}, indent=2)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("datapackage.json", descriptor)
            rows = 0
            for name in TABLES:
                with archive.open(f"{name}.csv", "w", force_zip64=True) as raw:
                    rows += _write(io.TextIOWrapper(raw, "utf-8", newline=""), name, services)
        return rows
    path.mkdir(parents=True, exist_ok=True)
    (path / "datapackage.json").write_text(descriptor, "utf-8")
    return sum(
        _write((path / f"{name}.csv").open("w", encoding="utf-8", newline=""), name, services) for name in TABLES
    )


def _write(file: io.TextIOWrapper, name: str, services: int) -> int:
    columns, make = TABLES[name]
    count = 0
    with file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns.split())
        for row in make(services):
            writer.writerow(row)
            count += 1
    return count
