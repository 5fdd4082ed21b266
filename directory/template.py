"""What the spreadsheet template asks for: its sheets, columns and words, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .taxonomy import LANGUAGES, NEEDS, NETWORKS

FIRST_ROW = 3
"""Where rows begin: above them the hidden keys, then the columns' names."""
_Names = Mapping[str, str]


def _n(zh: str, en: str, ko: str) -> _Names:
    return MappingProxyType(dict(zip(LANGUAGES, (zh, en, ko), strict=True)))


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """A column: its key, its name for people, the list it is chosen from (`CHOICES`, or a sheet's ids) or ''."""

    key: str
    names: _Names
    choice: str = ""
    needed: bool = False
    width: int = 16


@dataclass(frozen=True, slots=True)
class TemplateSheet:
    """A sheet: the entity each of its rows is, its name, its columns."""

    entity: str
    names: _Names
    columns: tuple[TemplateColumn, ...]


_C = TemplateColumn
_ID = _n("編號", "Own number", "번호")
_NAME = _n("名稱", "Name", "이름")
_STATUS = _n("狀態", "Status", "상태")
_PHONE = _n("電話", "Telephone", "전화")
_EMAIL = _n("電子郵件", "E-mail", "이메일")
_WEB = _n("網站", "Website", "웹사이트")
_ABOUT = _n("說明", "Description", "설명")
_AGENCY = _n("機構編號", "Agency's number", "기관 번호")


def _several(key: str, zh: str, en: str, ko: str, choice: str) -> tuple[TemplateColumn, ...]:
    """Three columns for up to three values, so that each has its list."""
    return tuple(_C(f"{key}_{i}", _n(f"{zh} {i}", f"{en} {i}", f"{ko} {i}"), choice) for i in (1, 2, 3))


SHEETS = (
    TemplateSheet("organization", _n("機構", "Agencies", "기관"), (
        _C("id", _ID, needed=True), _C("name", _NAME, needed=True, width=36),
        _C("network", _n("網絡", "Network", "네트워크"), "network"), _C("status", _STATUS, "organization_status"),
        _C("phone", _PHONE), _C("email", _EMAIL), _C("website", _WEB), _C("description", _ABOUT, width=48),
    )),
    TemplateSheet("location", _n("地點", "Places", "장소"), (
        _C("id", _ID, needed=True), _C("organization_id", _AGENCY, "organization"), _C("name", _NAME, width=36),
        _C("confidential", _n("保密處所", "Confidential place", "비공개 장소"), "yes_no"),
        _C("address_1", _n("地址", "Address", "주소"), width=36), _C("city", _n("鄉鎮市區", "Town", "시·구")),
        _C("state_province", _n("縣市", "County", "시·도")),
        _C("postal_code", _n("郵遞區號", "Postal code", "우편번호")),
        _C("area", _n("區域", "Area", "지역"), "area"), _C("latitude", _n("緯度", "Latitude", "위도")),
        _C("longitude", _n("經度", "Longitude", "경도")),
        _C("wheelchair", _n("無障礙", "Wheelchair access", "휠체어 접근"), "yes_no"),
        _C("transportation", _n("交通", "How to get there", "교통"), width=36),
    )),
    TemplateSheet("service", _n("服務", "Services", "서비스"), (
        _C("id", _ID, needed=True), _C("organization_id", _AGENCY, "organization", needed=True),
        _C("location_id", _n("地點編號", "Place's number", "장소 번호"), "location"),
        _C("name", _NAME, needed=True, width=36), _C("status", _STATUS, "service_status"),
        *_several("need", "需求", "Need", "필요", "need"),
        *_several("area", "服務區域", "Area served", "서비스 지역", "area"),
        *_several("language", "語言", "Language", "언어", "language"),
        _C("interpretation", _n("提供通譯", "Interpreters", "통역 제공"), "yes_no"),
        _C("phone", _PHONE), _C("email", _EMAIL), _C("url", _WEB),
        _C("hours", _n("服務時間", "Hours", "운영 시간"), width=24), _C("fees_description", _n("費用", "Fees", "비용")),
        _C("eligibility_description", _n("資格", "Who may come", "자격"), width=36),
        _C("minimum_age", _n("最小年齡", "Age from", "최소 연령")),
        _C("maximum_age", _n("最大年齡", "Age to", "최대 연령")),
        _C("description", _ABOUT, width=48),
    )),
)  # fmt: skip

CHOICES: MappingProxyType[str, Mapping[str, _Names]] = MappingProxyType(
    {
        "need": {need.code: need.names for need in NEEDS.values()},
        "network": {network.code: network.names for network in NETWORKS.values()},
        "organization_status": {
            "active": _n("運作中", "Active", "운영 중"), "suspended": _n("暫停", "Suspended", "중단"),
            "closed": _n("已結束", "Closed", "종료"),
        },
        "service_status": {
            "active": _n("提供中", "Offered", "제공 중"), "inactive": _n("未提供", "Not offered", "미제공"),
            "defunct": _n("已終止", "Ended for good", "종료"),
            "temporarily closed": _n("暫停服務", "Closed for a time", "일시 중단"),
        },
        "yes_no": {"true": _n("是", "Yes", "예"), "false": _n("否", "No", "아니요")},
        "language": {
            "zh": _n("中文", "Chinese", "중국어"), "nan": _n("臺語", "Taiwanese", "대만어"),
            "hak": _n("客語", "Hakka", "하카어"),
            "en": _n("英語", "English", "영어"), "ko": _n("韓語", "Korean", "한국어"),
            "ja": _n("日語", "Japanese", "일본어"),
            "vi": _n("越南語", "Vietnamese", "베트남어"), "id": _n("印尼語", "Indonesian", "인도네시아어"),
            "th": _n("泰語", "Thai", "태국어"), "fil": _n("菲律賓語", "Filipino", "필리핀어"),
            "sgn": _n("手語", "Sign language", "수어"),
        },
    }
)  # fmt: skip
"""What may be chosen: list -> value -> its name. Areas come from the directory itself."""

HELP: tuple[_Names, ...] = (
    _n("每個工作表一列代表一個機構、地點或服務。標示 * 的欄位必填。",
       "Each row is one agency, one place or one service. Columns marked * must be filled in.",
       "한 행이 기관, 장소, 서비스 하나입니다. * 표시된 열은 필수입니다."),
    _n("編號由您自訂，例如 A1；同一編號再次匯入即為更新。",
       "Choose the numbers yourself, such as A1. The same number imported again is an update.",
       "번호는 직접 정하십시오(예: A1). 같은 번호를 다시 가져오면 갱신됩니다."),
    _n("有下拉清單的儲存格請從清單選擇。", "Where a cell has a list, choose from it.",
       "목록이 있는 칸은 목록에서 고르십시오."),
    _n("保密處所（庇護所）絕不可填寫地址、區域、座標或交通。",
       "A confidential place (a shelter) never has an address, an area, coordinates or a way to get there.",
       "비공개 장소(쉼터)에는 주소, 지역, 좌표, 교통을 절대 적지 마십시오."),
    _n("請勿使用公式、巨集或外部連結；請存成 .xlsx。",
       "Use no formulas, macros or links to other files. Save it as .xlsx.",
       "수식, 매크로, 외부 링크를 쓰지 말고 .xlsx로 저장하십시오."),
    _n("請勿更改隱藏的第一列。先以 --dry-run 匯入：每個問題都會列出工作表、列與欄。",
       "Leave the hidden first row as it is. Import with --dry-run first: problems are told by sheet, row and column.",
       "숨겨진 첫 행을 바꾸지 마십시오. 먼저 --dry-run으로 가져오면 문제마다 시트, 행, 열이 표시됩니다."),
)  # fmt: skip
HELP_TITLE = _n("說明", "Instructions", "안내")

KEYS = MappingProxyType({f"{s.entity}.{c.key}": (s, c) for s in SHEETS for c in s.columns})
"""Key of the hidden row -> its sheet and column."""

_SAID = MappingProxyType(
    {
        kind: {name.casefold(): code for code, names in words.items() for name in (code, *names.values())}
        for kind, words in CHOICES.items()
    }
)


def code_of(choice: str, said: str) -> str:
    """The value behind what stands in a cell, in any of the languages; what is on no list is given back as it is."""
    if choice == "area":
        code, _, name = said.partition(" ")
        return code if name and any(map(str.isdigit, code)) else said
    return _SAID.get(choice, {}).get(said.casefold(), said)
