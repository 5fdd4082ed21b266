"""What the fictional county tells of its services beyond where and when: programmes, contacts, papers, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .taxonomy import NEEDS

HEADERS: Mapping[str, tuple[str, ...]] = {
    "programs.csv": ("id", "organization_id", "name", "description"),
    "contacts.csv": ("id", "service_id", "name", "title", "department", "email"),
    "cost_options.csv": ("id", "service_id", "option", "currency", "amount", "amount_description"),
    "required_documents.csv": ("id", "service_id", "document"),
    "units.csv": ("id", "name", "scheme", "identifier", "uri"),
}
"""File -> its columns."""

UNITS = (("place", "place 名額"), ("bed", "bed 床位"), ("hour", "hour 時數"), ("session", "session 次"))
_PAPERS = {
    "legal_aid": ("身分證明文件", "全戶戶口名簿影本", "收入證明"),
    "financial_aid": ("身分證明文件", "存摺封面影本", "保護令或報案證明"),
    "housing": ("身分證明文件", "租賃契約影本"),
    "court_companion": ("開庭通知書影本",),
    "medical_accompaniment": ("健保卡",),
    "image_removal": ("影像所在網址清單",),
}
_PRICES = {
    "legal_aid": (("符合資力標準", "0", "免費"), ("未符合資力標準", "1000", "每次諮詢")),
    "counselling": (("前六次", "0", "免費"), ("第七次起", "800", "每次")),
    "interpretation": (("通譯", "0", "由主管機關支付"),),
}
CLINIC = "legal_aid"
"""The need whose services hold a clinic on the first Saturday of the month besides their weekly hours."""


def tell_agency(rows: Mapping[str, list[Sequence[Any]]], agency: str, name: str) -> None:
    """Add what is told of an agency."""
    rows["programs.csv"].append((f"{agency}-program", agency, f"{name}保護方案", "本方案為虛構。"))


def tell_service(rows: Mapping[str, list[Sequence[Any]]], agency: str, need: str, service: str) -> None:
    """Add what is told of a service that meets `need`."""
    title = f"{NEEDS[need].names['zh-Hant']}承辦人"
    rows["contacts.csv"].append((service, service, "虛構值班人員", title, "保護服務", f"{agency}.duty@hub.invalid"))
    for at, document in enumerate(_PAPERS.get(need, ())):
        rows["required_documents.csv"].append((f"{service}/{at}", service, document))
    for at, (option, amount, said) in enumerate(_PRICES.get(need, (("所有人", "0", "免費"),))):
        rows["cost_options.csv"].append((f"{service}/{at}", service, option, "TWD", amount, said))
    if need == CLINIC:
        rows["schedules.csv"].append(
            (f"{service}/clinic", "", "1SA", "09:00", "12:00", "MONTHLY", "需事先預約", "每月第一個星期六", service)
        )
