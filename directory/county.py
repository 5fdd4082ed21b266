"""A fictional county: its places, agencies and services as an HSDS package, for the demonstration and the tests.

Nothing here exists: codes begin with 99, coordinates lie in the open sea, telephone numbers are 09xx-000-xxx.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .county_agencies import AGENCIES, Agency
from .county_details import HEADERS, UNITS, tell_agency, tell_service
from .taxonomy import NEEDS

SOURCE = "fictional-county"
COUNTY = "99001"
PLACES: tuple[tuple[str, str, str, str, str, float, float], ...] = (
    (COUNTY, "", "虛構縣", "Fictional County", "허구현", 22.20, 122.70),
    ("99001010", COUNTY, "虛構市", "Fictional City", "허구시", 22.20, 122.70),
    ("99001020", COUNTY, "想像鎮", "Imagined Township", "상상진", 22.30, 122.62),
    ("99001030", COUNTY, "無有鄉", "Nowhere Township", "무유향", 22.34, 122.80),
    ("99001040", COUNTY, "夢境鄉", "Dreamland Township", "몽경향", 22.08, 122.64),
    ("99001050", COUNTY, "烏有鄉", "Utopia Township", "오유향", 22.05, 122.79),
    ("99001060", COUNTY, "幻海鄉", "Phantom Sea Township", "환해향", 22.22, 122.95),
)
"""(code, parent, zh-Hant, en, ko, latitude, longitude)."""


POPULATION: dict[str, tuple[int, int]] = {
    COUNTY: (412_300, 2025), "99001010": (168_900, 2025), "99001020": (87_400, 2025), "99001030": (41_200, 2025),
    "99001040": (52_600, 2025), "99001050": (38_100, 2025), "99001060": (24_100, 2025),
}  # fmt: skip
"""Fictional people of each place, and the year of the count."""


STALE_SERVICE = "social-south/case_management"
"""Source id of the entry nobody has confirmed for two years."""


def _names(zh: str, en: str, ko: str) -> str:
    return json.dumps({"zh-Hant": zh, "en": en, "ko": ko}, ensure_ascii=False)


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tables(now: datetime) -> dict[str, tuple[Sequence[str], list[Sequence[Any]]]]:
    """File name -> (header, rows) of the county's package as of `now`."""
    found: dict[str, tuple[Sequence[str], list[Sequence[Any]]]] = {
        "areas.csv": (("code", "parent", "kind", "names", "latitude", "longitude"), []),
        "organizations.csv": (("id", "name", "name_i18n", "description", "network", "status", "email", "website"), []),
        "locations.csv": (
            ("id", "organization_id", "location_type", "name", "name_i18n", "latitude", "longitude", "area_code"), []),
        "addresses.csv": (
            ("id", "location_id", "address_type", "address_1", "city", "state_province", "postal_code", "country"), []),
        "services.csv": (("id", "organization_id", "name", "name_i18n", "description", "status", "assured_date"), []),
        "service_at_locations.csv": (("id", "service_id", "location_id"), []),
        "phones.csv": (("id", "service_id", "number", "type"), []),
        "languages.csv": (("id", "service_id", "name", "code"), []),
        "accessibility.csv": (("id", "location_id", "description"), []),
        "schedules.csv": (
            ("id", "service_id", "byday", "opens_at", "closes_at", "freq", "attending_type", "notes",
             "service_at_location_id"), []),
        "service_areas.csv": (("id", "service_id", "area_code", "name"), []),
        "service_capacities.csv": (("id", "service_id", "available", "unit", "updated", "expires"), []),
        "taxonomy_terms.csv": (("id", "code", "name", "taxonomy", "description"), []),
        "attributes.csv": (("id", "service_id", "taxonomy_term_id"), []),
        **{name: (columns, []) for name, columns in HEADERS.items()},
    }  # fmt: skip
    rows = {name: table[1] for name, table in found.items()}
    for code, parent, zh, en, ko, latitude, longitude in PLACES:
        kind = "township" if parent else "county"
        rows["areas.csv"].append((code, parent, kind, _names(zh, en, ko), latitude, longitude))
    for need in NEEDS.values():
        rows["taxonomy_terms.csv"].append((need.code, need.code, need.names["zh-Hant"], "hub-needs", need.names["en"]))
    rows["units.csv"].extend((code, name, "", "", "") for code, name in UNITS)
    serial = 0
    for at, agency in enumerate(AGENCIES):
        serial = _agency(rows, agency, at, serial, now)
    return found


def _agency(rows: dict[str, list[Sequence[Any]]], a: Agency, at: int, serial: int, now: datetime) -> int:
    area, _, city, _, _, latitude, longitude = PLACES[a.place]
    rows["organizations.csv"].append(
        (a.code, a.zh, _names(a.zh, a.en, a.ko), f"{a.zh}（虛構）", a.network, "active", f"{a.code}@hub.invalid",
         f"https://{a.code}.hub.invalid")
    )  # fmt: skip
    tell_agency(rows, a.code, a.zh)
    place = f"{a.code}-place"
    if a.confidential:
        rows["locations.csv"].append(
            (
                place,
                a.code,
                "confidential",
                "保密處所",
                _names("保密處所", "Confidential place", "비공개 장소"),
                "",
                "",
                "",
            )
        )
    else:
        rows["locations.csv"].append(
            (place, a.code, "physical", a.zh, _names(a.zh, a.en, a.ko), round(latitude + at % 5 * 0.004, 4),
             round(longitude + at % 7 * 0.004, 4), area)
        )  # fmt: skip
        rows["addresses.csv"].append(
            (place, place, "physical", f"虛構路{at + 1}號", city, PLACES[0][2], f"990{a.place:02d}", "TW")
        )
        rows["accessibility.csv"].append((place, place, "無障礙坡道 wheelchair ramp"))
    for wanted in a.needs.split():
        need_code, _, only = wanted.partition("@")
        need, serial = NEEDS[need_code], serial + 1
        service = f"{a.code}/{need_code}"
        stale = service == STALE_SERVICE
        zh, en, ko = need.names["zh-Hant"], need.names["en"], need.names["ko"]
        assured = (now - timedelta(days=730 if stale else serial % 90)).date().isoformat()
        rows["services.csv"].append(
            (service, a.code, f"{zh}（{a.zh}）", _names(f"{zh}（{a.zh}）", f"{en} ({a.en})", f"{ko} ({a.ko})"),
             f"{a.zh}提供之{zh}服務，本資料為虛構。", "active", assured)
        )  # fmt: skip
        rows["service_at_locations.csv"].append((service, service, place))
        rows["phones.csv"].append((service, service, f"09{serial % 100:02d}-000-{serial:03d}", "voice"))
        for tag in a.languages.split():
            rows["languages.csv"].append((f"{service}/{tag}", service, tag, tag))
        days, opens, closes = ("MO,TU,WE,TH,FR,SA,SU", "00:00", "00:00")
        if a.hours == "week":
            days, opens, closes = "MO,TU,WE,TH,FR", "08:00", "17:00"
        rows["schedules.csv"].append((service, service, days, opens, closes, "WEEKLY", "", "", ""))
        tell_service(rows, a.code, need_code, service)
        place_code, _, place_name, *_ = PLACES[int(only or 0)]
        rows["service_areas.csv"].append((service, service, place_code, place_name))
        said = now - timedelta(days=400 if stale else serial % 5)
        rows["service_capacities.csv"].append(
            (service, service, 0 if serial % 17 == 0 else 1 + serial % 6, "place", _moment(said),
             _moment(said + timedelta(days=7)))
        )  # fmt: skip
        rows["attributes.csv"].append((service, service, need_code))
    return serial


def write_county(folder: Path, now: datetime) -> Path:
    """Write the county's package into `folder` (made if need be) and give the folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    found = tables(now)
    for name, (header, rows) in found.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
    descriptor = {
        "name": SOURCE,
        "title": "Fictional county (nothing in it exists)",
        "profile": "tabular-data-package",
        "resources": [{"name": name.removesuffix(".csv"), "path": name} for name in found],
    }
    (folder / "datapackage.json").write_text(json.dumps(descriptor, indent=2), encoding="utf-8")
    return folder
