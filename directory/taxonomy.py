"""The needs and who owes them: networks, the duty map, and how other vocabularies speak of the same needs."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

LANGUAGES = ("zh-Hant", "en", "ko")
"""Languages in which every name held by the directory exists."""


@dataclass(frozen=True, slots=True)
class Network:
    """One network of agencies (DVPA 4 and 8, SHPA 2). `names` are keyed by LANGUAGES."""

    code: str
    names: MappingProxyType[str, str]


@dataclass(frozen=True, slots=True)
class Need:
    """Something a person may need, the networks that owe it and the articles that say so.

    `confirm` is true where the text is silent on who owes it: to be confirmed by counsel, an authority may override.
    """

    code: str
    networks: tuple[str, ...]
    articles: tuple[str, ...]
    names: MappingProxyType[str, str]
    confirm: bool = False


def _names(zh: str, en: str, ko: str) -> MappingProxyType[str, str]:
    return MappingProxyType({"zh-Hant": zh, "en": en, "ko": ko})


def _network(code: str, zh: str, en: str, ko: str) -> Network:
    return Network(code, _names(zh, en, ko))


def _need(code: str, networks: str, articles: str, zh: str, en: str, ko: str, *, confirm: bool = False) -> Need:
    return Need(code, tuple(networks.split()), tuple(articles.split("; ")), _names(zh, en, ko), confirm)


NETWORKS: MappingProxyType[str, Network] = MappingProxyType(
    {
        n.code: n
        for n in (
            _network("centre", "家庭暴力防治中心", "Prevention centre", "가정폭력방지센터"),
            _network("social_affairs", "社政", "Social affairs", "사회복지"),
            _network("health", "衛生醫療", "Health", "보건의료"),
            _network("education", "教育", "Education", "교육"),
            _network("labour", "勞政", "Labour", "노동"),
            _network("police", "警政", "Police", "경찰"),
            _network("justice", "司法及法務", "Justice", "사법"),
            _network("immigration", "移民", "Immigration", "출입국"),
            _network("culture", "文化", "Culture", "문화"),
            _network("communications", "通訊傳播", "Communications", "방송통신"),
            _network("household_registration", "戶政", "Household registration", "호적등록"),
            _network("civil_affairs", "民政", "Civil affairs", "민정"),
            _network("news", "新聞", "News and publicity", "공보"),
            _network("ngo", "民間團體", "Non-governmental body", "민간단체"),
        )
    }
)
"""Closed list of networks."""

NEEDS: MappingProxyType[str, Need] = MappingProxyType(
    {
        n.code: n
        for n in (
            _need("protection_assistance", "centre social_affairs", "SHPA 2(2); DVPA 8(1)(10)",
                  "保護扶助", "Protection and assistance", "보호 및 지원"),
            _need("safety_planning", "centre social_affairs", "SHPA 2(2); DVPA 8(1)(9)",
                  "安全計畫", "Safety planning", "안전 계획"),
            _need("case_management", "centre social_affairs", "SHPA 2(2); DVPA 8(1)(7)",
                  "個案管理", "Case management", "사례 관리"),
            _need("hotline", "centre", "DVPA 8(1)(1)",
                  "二十四小時電話專線", "24-hour hotline", "24시간 상담 전화"),
            _need("rescue", "centre", "DVPA 8(1)(2)",
                  "緊急救援", "Emergency rescue", "긴급 구조"),
            _need("medical_accompaniment", "centre", "DVPA 8(1)(2)",
                  "陪同就醫", "Medical accompaniment", "의료 동행"),
            _need("emergency_placement", "centre", "DVPA 8(1)(2)",
                  "緊急安置", "Emergency placement", "긴급 보호 조치"),
            _need("shelter", "centre social_affairs", "DVPA 8(1)(4)",
                  "庇護安置", "Shelter", "쉼터"),
            _need("housing", "centre social_affairs", "DVPA 8(1)(3); DVPA 58(1)(4)",
                  "住宅輔導", "Housing guidance", "주거 지원"),
            _need("financial_aid", "centre social_affairs", "DVPA 8(1)(3); DVPA 58",
                  "經濟扶助", "Financial aid", "경제적 지원"),
            _need("legal_aid", "centre", "DVPA 8(1)(3); DVPA 58(1)(3)",
                  "法律服務", "Legal aid", "법률 지원"),
            _need("medical_treatment", "health", "SHPA 2(3); DVPA 4(2); DVPA 52",
                  "醫療診治", "Medical treatment", "의료 치료"),
            _need("counselling", "health centre", "SHPA 2(3); DVPA 4(2); DVPA 8(1)(5)",
                  "心理治療與諮商", "Counselling and psychological treatment", "심리 치료 및 상담"),
            _need("child_counselling", "health education centre", "DVPA 4(3); DVPA 8(1)(5)",
                  "目睹兒少輔導", "Counselling for witnessing children", "목격 아동 상담"),
            _need("injury_certificate", "health", "DVPA 4(2); DVPA 52",
                  "驗傷診斷書", "Injury certificate", "상해 진단서"),
            _need("evidence_collection", "health", "DVPA 4(2); DVPA 8(1)(2)",
                  "驗傷採證", "Evidence collection", "증거 채취"),
            _need("offender_assessment", "health centre", "DVPA 14(1)(10); DVPA 54",
                  "相對人鑑定評估", "Offender assessment", "가해자 평가"),
            _need("offender_treatment", "health centre",
                  "SHPA 2(3); SHPA 12; DVPA 8(1)(6); DVPA 14(1)(10); DVPA 54; DVPA 55",
                  "加害人處遇計畫", "Offender treatment programme", "가해자 치료 프로그램"),
            _need("schooling", "education", "SHPA 2(4); DVPA 4(3); DVPA 8(1)(3)",
                  "就學權益維護", "Schooling and confidential transfer", "취학 및 비밀 전학"),
            _need("school_counselling", "education", "SHPA 2(4); DVPA 4(3)",
                  "學校輔導諮商", "School counselling", "학교 상담"),
            _need("workplace_safety", "labour", "SHPA 2(5)",
                  "職場安全", "Workplace safety", "직장 안전"),
            _need("occupational_counselling", "labour", "SHPA 2(5)",
                  "職場諮商", "Occupational counselling", "직업 상담"),
            _need("vocational_training", "labour", "DVPA 4(4); DVPA 8(1)(3); DVPA 58-1",
                  "職業訓練", "Vocational training", "직업 훈련"),
            _need("employment", "labour", "DVPA 4(4); DVPA 58-1; N0090047 3; N0090047 4",
                  "就業服務", "Preparatory and supported employment", "취업 지원"),
            _need("police_protection", "police", "DVPA 4(5); DVPA 48; SHPA 4",
                  "人身安全維護", "Police protection", "신변 보호"),
            _need("written_warning", "police", "SHPA 4",
                  "書面告誡", "Written warning", "서면 경고"),
            _need("order_enforcement", "police", "DVPA 21; DVPA 22",
                  "保護令執行", "Protection order enforcement", "보호명령 집행"),
            _need("prosecution", "justice", "SHPA 2(6); DVPA 4(6)",
                  "偵查與起訴", "Investigation and prosecution", "수사 및 기소"),
            _need("protection_order", "justice", "DVPA 13; SHPA 12",
                  "保護令審理", "Protection order proceedings", "보호명령 심리"),
            _need("release_notice", "justice", "DVPA 34-1; DVPA 42",
                  "釋放通知", "Release notice", "석방 통지"),
            _need("residence_permit", "immigration", "DVPA 4(7)",
                  "居留權益", "Residence permit", "체류 허가"),
            _need("household_record", "household_registration", "DVPA 4(10); DVPA 26; DVPA 58-2",
                  "戶籍資料保護", "Household record protection", "호적 기록 보호"),
            _need("image_removal", "communications culture", "DVPA 4(8); DVPA 4(9); DVPA 50-2",
                  "性影像移除", "Image removal", "성적 영상 삭제"),
            _need("visitation", "centre", "DVPA 46",
                  "未成年子女會面交往", "Supervised visitation and handover", "면접교섭 감독"),
            _need("court_companion", "centre ngo", "DVPA 13; DVPA 19",
                  "陪同出庭", "Court companion", "법정 동행"),
            _need("court_desk", "centre ngo", "DVPA 19",
                  "法院家暴事件服務處", "Court service desk", "법원 가정폭력 상담실"),
            _need("prevention_education", "education news civil_affairs", "SHPA 2(4); DVPA 4(3); DVPA 8(1)(8)",
                  "防治教育宣導", "Prevention education", "예방 교육", confirm=True),
            _need("interpretation", " ".join(NETWORKS), "good practice",
                  "通譯服務", "Interpretation", "통역", confirm=True),
        )
    }
)  # fmt: skip
"""The duty map, version `DUTY_MAP_VERSION`: the yardstick of stock-taking and the first weight of matching."""

DUTY_MAP_VERSION = "2024.1"

# AIRS/211 LA County taxonomy: the longest prefix wins; an empty need says "known, and none of ours".
_AIRS: tuple[tuple[str, str], ...] = (
    ("BH-1800", "emergency_placement"), ("BH-1800.1500-100", "shelter"), ("BH-1800.1500-080", "shelter"),
    ("BH-1800.1500-308", "shelter"), ("BH-8600", "shelter"), ("BH-3800", "financial_aid"), ("BH-3900", "housing"),
    ("BH-7000.4600", "housing"), ("BH-8400", "housing"), ("FC-8200.8100-200", "protection_order"),
    ("FL", "police_protection"), ("FN-1500.1900", "prevention_education"),
    ("FN-1500.9100-180", "offender_treatment"), ("FN-1700", "police_protection"),
    ("FN-1900", "protection_assistance"), ("FN-1900.0500", "court_companion"), ("FN-1900.1500", "financial_aid"),
    ("FP-4000", "legal_aid"), ("FP-4500", "legal_aid"), ("FT", "legal_aid"), ("FT-3000.6900", "protection_order"),
    ("FT-3500", "residence_permit"), ("FT-3600", "residence_permit"), ("FT-1000", "financial_aid"),
    ("HD-0500", "schooling"), ("HD-8000", "schooling"), ("HD-8200", "schooling"), ("HH-3000", "schooling"),
    ("HH-9000", "vocational_training"), ("HL-8120.7950", "school_counselling"), ("HL-2500", "school_counselling"),
    ("JP-6300", "workplace_safety"), ("LD-1700", "medical_treatment"), ("LE", "medical_treatment"),
    ("LF-7000.1550", "evidence_collection"), ("LL-3000", "medical_treatment"), ("LN", "medical_treatment"),
    ("LH-5100", "financial_aid"), ("LT-1750.7935", "medical_treatment"), ("ND-2000", "vocational_training"),
    ("ND-2000.1500", "occupational_counselling"), ("ND-3400", "employment"), ("ND-3500", "employment"),
    ("ND-6500", "employment"), ("ND-9000", "vocational_training"), ("NL-1000", "financial_aid"),
    ("NT-8900", "financial_aid"), ("PH-1000", "case_management"), ("PH-3500", "interpretation"),
    ("PH-6000", "visitation"), ("PH-6500", "protection_assistance"), ("PN-8100.0200", "counselling"),
    ("PN-8100.5000", "counselling"), ("RD", "counselling"), ("RF", "counselling"), ("RM", "counselling"),
    ("RP", "counselling"), ("RP-1400.8000-020.15", "child_counselling"), ("RP-1400.8000-020.18", "child_counselling"),
    ("RP-1400.8000-020.21", "child_counselling"), ("RP-1400.8000-070", "offender_treatment"),
    ("RP-1500.1400", "hotline"), ("RP-1500.3300", "rescue"), ("RP-5000.2000", "offender_assessment"),
    ("RP-6400.8000-600", "case_management"), ("YB", ""), ("YF", ""), ("YL", ""),
)  # fmt: skip
_AIRS_BY_CODE = dict(_AIRS)

# English words and Open Eligibility labels; the first that occurs in the term wins, so the narrower stand first.
_WORDS: tuple[tuple[str, str], ...] = (
    ("school counsel", "school_counselling"), ("witnessing child", "child_counselling"),
    ("occupational counsel", "occupational_counselling"), ("career counsel", "occupational_counselling"),
    ("hotline", "hotline"), ("helpline", "hotline"), ("injury certificate", "injury_certificate"),
    ("forensic exam", "evidence_collection"), ("evidence collection", "evidence_collection"),
    ("offender assess", "offender_assessment"), ("offender treatment", "offender_treatment"),
    ("batterer", "offender_treatment"), ("perpetrator", "offender_treatment"),
    ("anger management", "offender_treatment"),
    ("workplace safety", "workplace_safety"), ("vocational train", "vocational_training"),
    ("skills & training", "vocational_training"), ("job training", "vocational_training"),
    ("supported employment", "employment"), ("help find work", "employment"), ("job placement", "employment"),
    ("restraining order", "protection_order"), ("protective order", "protection_order"),
    ("protection order", "protection_order"), ("police protection", "police_protection"),
    ("prosecut", "prosecution"), ("residence permit", "residence_permit"), ("immigration", "residence_permit"),
    ("household regist", "household_record"), ("image removal", "image_removal"),
    ("supervised visitation", "visitation"), ("visitation", "visitation"), ("court companion", "court_companion"),
    ("court accompan", "court_companion"), ("interpret", "interpretation"), ("translation", "interpretation"),
    ("case management", "case_management"), ("navigating the system", "case_management"),
    ("safety plan", "safety_planning"), ("emergency shelter", "emergency_placement"),
    ("domestic violence shelter", "shelter"), ("temporary shelter", "shelter"), ("shelter", "shelter"),
    ("help find housing", "housing"), ("housing", "housing"), ("crisis intervention", "rescue"), ("rescue", "rescue"),
    ("legal", "legal_aid"), ("financial assistance", "financial_aid"), ("financial aid", "financial_aid"),
    ("help pay for", "financial_aid"), ("cash assistance", "financial_aid"), ("counsel", "counselling"),
    ("psychotherap", "counselling"), ("mental health", "counselling"), ("medical care", "medical_treatment"),
    ("hospital", "medical_treatment"), ("emergency room", "medical_treatment"),
    ("physical safety", "protection_assistance"),
    ("help escape violence", "protection_assistance"), ("victim", "protection_assistance"),
)  # fmt: skip


def map_vocabulary(term: str) -> str | None:
    """The need that a code or label of another vocabulary speaks of, or None when nobody has said.

    Knows our own codes and names, AIRS/211 codes (longest prefix) and English labels, Open Eligibility's among them.
    An unmapped term is kept by the import and listed in its report; it is never dropped.
    """
    text = unicodedata.normalize("NFKC", term).strip()
    if text.lower().replace("-", "_").replace(" ", "_") in NEEDS:
        return text.lower().replace("-", "_").replace(" ", "_")
    if text in _OWN_NAMES:
        return _OWN_NAMES[text]
    head, _, tail = text.partition("-")
    if len(head) <= 2 and head.isalpha() and head.isupper() and (not tail or tail[:4].isdigit()):
        code = text
        while code:
            if code in _AIRS_BY_CODE:
                return _AIRS_BY_CODE[code] or None
            code = code[: max(code.rfind("."), code.rfind("-"), 0)]
        return None
    lowered = text.casefold()
    return next((need for word, need in _WORDS if word in lowered), None)


_OWN_NAMES = {name: need.code for need in NEEDS.values() for name in need.names.values()}


def owes(network: str | None, need: str) -> bool:
    """Whether the duty map says that agencies of `network` owe `need`."""
    return network is not None and need in NEEDS and network in NEEDS[need].networks
