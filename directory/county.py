"""A fictional county: its places, agencies and services as an HSDS package, for the demonstration and the tests.

Nothing here exists: codes begin with 99, coordinates lie in the open sea, telephone numbers are 09xx-000-xxx.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True)
class _Agency:
    code: str
    network: str
    zh: str
    en: str
    ko: str
    place: int
    needs: str
    """Needs it serves; `need@2` in place 2 alone, else in the whole county."""
    hours: str = "week"
    languages: str = "zh"
    confidential: bool = False


_AGENCIES = (
    _Agency(
        "centre",
        "centre",
        "虛構縣家庭暴力防治中心",
        "Fictional County Prevention Centre",
        "허구현 가정폭력방지센터",
        1,
        "hotline rescue case_management safety_planning emergency_placement medical_accompaniment visitation "
        "court_desk financial_aid legal_aid interpretation",
        "always",
        "zh en vi",
    ),
    _Agency(
        "social",
        "social_affairs",
        "虛構縣政府社會處",
        "Fictional County Social Affairs Department",
        "허구현 사회처",
        1,
        "protection_assistance financial_aid housing",
    ),
    _Agency(
        "social-north",
        "social_affairs",
        "想像鎮社會福利服務中心",
        "Imagined Township Welfare Centre",
        "상상진 복지센터",
        2,
        "protection_assistance@2 case_management@2",
    ),
    _Agency(
        "social-south",
        "social_affairs",
        "夢境鄉社會福利服務中心",
        "Dreamland Welfare Centre",
        "몽경향 복지센터",
        4,
        "protection_assistance@4 case_management@4",
    ),
    _Agency(
        "police",
        "police",
        "虛構縣警察局婦幼警察隊",
        "Fictional County Police, Women and Children Unit",
        "허구현 경찰국",
        1,
        "police_protection written_warning order_enforcement",
        "always",
    ),
    _Agency(
        "police-north",
        "police",
        "想像分局",
        "Imagined Precinct",
        "상상 분국",
        2,
        "police_protection@2 written_warning@2",
        "always",
    ),
    _Agency(
        "police-south",
        "police",
        "夢境分局",
        "Dreamland Precinct",
        "몽경 분국",
        4,
        "police_protection@4 order_enforcement@4",
        "always",
    ),
    _Agency(
        "health",
        "health",
        "虛構縣衛生局",
        "Fictional County Health Bureau",
        "허구현 위생국",
        1,
        "offender_treatment offender_assessment counselling",
    ),
    _Agency(
        "hospital",
        "health",
        "虛構綜合醫院",
        "Fictional General Hospital",
        "허구 종합병원",
        1,
        "medical_treatment injury_certificate evidence_collection counselling",
        "always",
        "zh en id sgn",
    ),
    _Agency(
        "hospital-sea",
        "health",
        "幻海醫院",
        "Phantom Sea Hospital",
        "환해 병원",
        6,
        "medical_treatment@6 injury_certificate@6",
        "always",
    ),
    _Agency(
        "clinic",
        "health",
        "無有身心診所",
        "Nowhere Mind Clinic",
        "무유 정신건강의원",
        3,
        "counselling@3 child_counselling@3",
    ),
    _Agency(
        "treatment",
        "health",
        "夢境處遇中心",
        "Dreamland Treatment Centre",
        "몽경 치료센터",
        4,
        "offender_treatment offender_assessment",
    ),
    _Agency(
        "labour",
        "labour",
        "虛構縣政府勞工處",
        "Fictional County Labour Department",
        "허구현 노동처",
        1,
        "workplace_safety occupational_counselling",
    ),
    _Agency(
        "training",
        "labour",
        "虛構就業服務站",
        "Fictional Employment Office",
        "허구 고용센터",
        1,
        "vocational_training employment",
        "week",
        "zh vi",
    ),
    _Agency(
        "education",
        "education",
        "虛構縣政府教育處",
        "Fictional County Education Department",
        "허구현 교육처",
        1,
        "schooling prevention_education",
    ),
    _Agency(
        "school",
        "education",
        "虛構縣學生輔導諮商中心",
        "Fictional Student Counselling Centre",
        "허구 학생상담센터",
        1,
        "school_counselling child_counselling",
    ),
    _Agency(
        "prosecutors",
        "justice",
        "虛構地方檢察署",
        "Fictional District Prosecutors Office",
        "허구 지방검찰서",
        1,
        "prosecution release_notice",
    ),
    _Agency("court", "justice", "虛構地方法院", "Fictional District Court", "허구 지방법원", 1, "protection_order"),
    _Agency("prison", "justice", "幻海監獄", "Phantom Sea Prison", "환해 교도소", 6, "release_notice"),
    _Agency(
        "immigration",
        "immigration",
        "移民署虛構縣服務站",
        "Immigration, Fictional County Station",
        "출입국 허구현 사무소",
        1,
        "residence_permit interpretation",
        "week",
        "zh en vi id th",
    ),
    _Agency(
        "household",
        "household_registration",
        "虛構市戶政事務所",
        "Fictional City Household Registration",
        "허구시 호적사무소",
        1,
        "household_record@1",
    ),
    _Agency(
        "household-utopia",
        "household_registration",
        "烏有鄉戶政事務所",
        "Utopia Household Registration",
        "오유향 호적사무소",
        5,
        "household_record@5",
    ),
    _Agency(
        "images",
        "communications",
        "虛構網路內容防護中心",
        "Fictional Content Protection Centre",
        "허구 인터넷보호센터",
        1,
        "image_removal",
    ),
    _Agency(
        "culture", "culture", "虛構縣文化局", "Fictional County Culture Bureau", "허구현 문화국", 1, "image_removal"
    ),
    _Agency(
        "civil",
        "civil_affairs",
        "虛構縣政府民政處",
        "Fictional County Civil Affairs Department",
        "허구현 민정처",
        1,
        "prevention_education",
    ),
    _Agency(
        "shelter",
        "ngo",
        "安心虛構基金會",
        "Peace of Mind Fictional Foundation",
        "안심 허구 재단",
        1,
        "shelter emergency_placement counselling",
        "always",
        "zh en vi",
        True,
    ),
    _Agency(
        "companions",
        "ngo",
        "同行虛構協會",
        "Walking Together Fictional Association",
        "동행 허구 협회",
        1,
        "court_companion legal_aid case_management",
        "week",
        "zh en ko",
    ),
)

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
    for at, agency in enumerate(_AGENCIES):
        serial = _agency(rows, agency, at, serial, now)
    return found


def _agency(rows: dict[str, list[Sequence[Any]]], a: _Agency, at: int, serial: int, now: datetime) -> int:
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
