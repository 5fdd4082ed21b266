"""A fixed-seed directory of N services in an invented country of 22 counties, as an HSDS package or as table rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from directory.taxonomy import NEEDS, NETWORKS

SEED = 20260101
COUNTIES, TOWNSHIPS = 22, 16
_FIRST = [
    "虛構雲豹",
    "虛構紙鶴",
    "虛構月兔",
    "虛構彩貝",
    "虛構風箏",
    "虛構螢火",
    "虛構棉花",
    "虛構木馬",
    "虛構鯨歌",
    "虛構雪球",
    "虛構石獅",
    "虛構氣球",
    "虛構星糖",
    "虛構竹馬",
    "虛構海星",
    "虛構陀螺",
]
_KIND = ["基金會", "協會", "診所", "醫院", "中心", "分局", "辦公室", "服務站", "學校", "工作室"]
_WHAT = [
    "家暴防治",
    "心理諮商",
    "庇護安置",
    "法律扶助",
    "職業訓練",
    "陪同出庭",
    "緊急救援",
    "子女會面",
    "驗傷採證",
    "跟蹤騷擾",
    "加害人處遇",
    "通譯服務",
]
_WHOM = ["婦女", "兒少", "新住民", "身心障礙者", "長者", "男性", "原住民族", "勞工"]


def areas() -> Iterator[tuple[str, str, str, str, float, float]]:
    """(code, parent, kind, names, latitude, longitude): the counties, then their townships, all in the sea."""
    for c in range(COUNTIES):
        code, latitude, longitude = f"98{c:03d}", 15 + c * 0.4, 125 + c % 5 * 0.5
        yield code, "", "county", json.dumps({"zh-Hant": f"虛{c:02d}縣", "en": f"County {c}"}), latitude, longitude
    for c in range(COUNTIES):
        for t in range(TOWNSHIPS):
            names = json.dumps({"zh-Hant": f"虛{c:02d}第{t:02d}鄉", "en": f"Township {c}-{t}"})
            yield (
                f"98{c:03d}{t:03d}", f"98{c:03d}", "township", names, 15 + c * 0.4 + t // 4 * 0.08,
                125 + c % 5 * 0.5 + t % 4 * 0.08,
            )  # fmt: skip


def write_package(folder: Path, services: int, seed: int = SEED) -> Path:
    """Write a package of N services (an agency for every four) as a stream, and give its folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    random = Random(seed)
    needs, networks = list(NEEDS), list(NETWORKS)
    places = [a for a in areas() if a[2] == "township"]
    files: dict[str, tuple[str, ...]] = {
        "areas": ("code", "parent", "kind", "names", "latitude", "longitude"),
        "organizations": ("id", "name", "name_i18n", "network", "description"),
        "locations": ("id", "organization_id", "location_type", "name", "latitude", "longitude"),
        "services": ("id", "organization_id", "name", "name_i18n", "description", "status", "minimum_age", "genders"),
        "service_at_locations": ("id", "service_id", "location_id"),
        "languages": ("id", "service_id", "name", "code"),
        "schedules": ("id", "service_id", "byday", "opens_at", "closes_at"),
        "service_areas": ("id", "service_id", "area_code"),
        "service_capacities": ("id", "service_id", "available", "unit", "updated", "expires"),
        "taxonomy_terms": ("id", "code", "name", "taxonomy"),
        "attributes": ("id", "service_id", "taxonomy_term_id"),
    }
    opened = {name: (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") for name in files}
    try:
        out: dict[str, Any] = {name: csv.writer(file, lineterminator="\n") for name, file in opened.items()}
        for name, header in files.items():
            out[name].writerow(header)
        out["areas"].writerows(areas())
        out["taxonomy_terms"].writerows((n, n, NEEDS[n].names["zh-Hant"], "hub-needs") for n in needs)
        for i in range(services):
            place = random.choice(places)
            agency = f"o{i // 4}"
            if i % 4 == 0:
                title = f"{random.choice(_FIRST)}{random.choice(_FIRST)}{random.choice(_KIND)}"
                names = json.dumps({"zh-Hant": title, "en": f"Agency {i // 4}"})
                out["organizations"].writerow((agency, title, names, random.choice(networks), "虛構機構"))
                hidden = i % 40 == 0
                out["locations"].writerow(
                    (agency, agency, "confidential" if hidden else "physical", "",
                     "" if hidden else round(place[4] + random.uniform(-0.03, 0.03), 5),
                     "" if hidden else round(place[5] + random.uniform(-0.03, 0.03), 5))
                )  # fmt: skip
            service, what = f"s{i}", random.choice(_WHAT)
            title = f"{random.choice(_WHOM)}{what}服務"
            said = f"為{random.choice(_WHOM)}提供{what}與{random.choice(_WHAT)}，{random.choice(_FIRST)}計畫第{i}號。"
            out["services"].writerow(
                (service, agency, title, json.dumps({"zh-Hant": title, "en": f"Service {i}"}), said,
                 "active" if random.random() < 0.95 else "temporarily closed", random.choice(("", "", "12", "18")),
                 random.choice(("", "", "", "female")))
            )  # fmt: skip
            out["service_at_locations"].writerow((service, service, agency))
            out["languages"].writerow((service, service, "zh", "zh"))
            if random.random() < 0.3:
                out["languages"].writerow((service + "v", service, "vi", "vi"))
            out["schedules"].writerow((service, service, "MO,TU,WE,TH,FR", "08:00", random.choice(("17:00", "21:00"))))
            out["service_areas"].writerow((service, service, place[1] if random.random() < 0.2 else place[0]))
            if random.random() < 0.7:
                day = random.randrange(1, 29)
                out["service_capacities"].writerow(
                    (service, service, random.randrange(5), "place", f"2026-01-{day:02d}T00:00:00Z",
                     f"2026-02-{day:02d}T00:00:00Z")
                )  # fmt: skip
            for j, need in enumerate(random.sample(needs, random.choice((1, 1, 2)))):
                out["attributes"].writerow((f"{service}-{j}", service, need))
    finally:
        for file in opened.values():
            file.close()
    return folder
