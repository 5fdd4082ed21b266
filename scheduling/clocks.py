"""THE STATUTORY TABLE: every clock of the law and of the cooperation guideline, one row each, as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from scheduling.counting import (
    Above,
    Clock,
    Counting,
    Kind,
    Limit,
    Nature,
    TermNeeded,
    TermTooLong,
    Text,
    Urgency,
    UrgencyNeeded,
    WorkingDays,
    due,
    last_day,
)

__all__ = [
    "CLOCKS",
    "Clock",
    "Counting",
    "Kind",
    "Limit",
    "Nature",
    "TermNeeded",
    "TermTooLong",
    "Text",
    "Urgency",
    "UrgencyNeeded",
    "WorkingDays",
    "due",
    "last_day",
]


def _h(*hours: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(hours=count) for count in hours)


def _d(*days: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(days=count) for count in days)


_HOURS, _DAYS, _WORK, _ASKER = Counting.HOURS, Counting.DAYS, Counting.WORKING_DAYS, Above.ASKER
_MONTHS, _YEARS, _OWN, _BEFORE = Counting.MONTHS, Counting.YEARS, Counting.OWN_TERM, Counting.BEFORE

REPORTER = Text("通報人所屬機關", "the reporter's agency", "신고자 소속 기관")
POLICE = Text("警察機關", "police", "경찰")
COURT = Text("法院", "court", "법원")
CENTRE = Text("家庭暴力防治中心", "prevention centre", "가정폭력방지센터")
COORDINATOR = Text("個案主責人員", "case coordinator", "사례 담당자")
RECEIVER = Text("受轉介機關", "the agency referred to", "의뢰받은 기관")
CONVENER = Text("會議召集人", "the meeting's convener", "회의 소집자")

COUNSEL = Text("待法律顧問確認", "to be confirmed by counsel", "법률 자문 확인 필요")
SATURDAY = Text(
    "待法律顧問確認：末日為星期六時，行政程序法第48條第4項可能使期間於次星期一上午屆滿",
    "to be confirmed by counsel: where the last day is a Saturday, Administrative Procedure Act 48 IV may end it on "
    "Monday at noon",
    "법률 자문 확인 필요: 말일이 토요일이면 행정절차법 제48조 제4항에 따라 월요일 오전에 끝날 수 있음",
)
AT_ONCE = Text(
    "法條僅稱「立即」，時限待法律顧問確認",
    "the text says only 'at once'; its length is to be confirmed by counsel",
    "법문은 '즉시'라고만 규정함; 기한은 법률 자문 확인 필요",
)
PENDING = Text(
    "依法聲請延長者，於裁定前原保護令不失其效力",
    "while a timely extension is pending the order stays valid",
    "기한 내 연장 신청이 계류 중이면 명령은 효력을 유지함",
)
GUIDE = Text("由主管機關合作指引訂定", "set by the authority's cooperation guideline", "관할 당국의 협력 지침으로 정함")

_ROWS = (
    Clock(
        "report",
        Text("責任通報", "Mandatory report", "의무 신고"),
        Text("知有疑似家庭暴力情事", "a duty-bound person learns of suspected violence", "의무자가 폭력 의심을 안 때"),
        Limit(24, _HOURS), REPORTER, "DVPA 50", _h(6, 1),
        escalate_after=timedelta(hours=1),
    ),
    Clock(
        "report_supplement",
        Text("補送通報表", "Written supplement of an oral report", "구두 신고의 서면 보완"),
        Text("緊急言詞通報", "an oral emergency report", "긴급 구두 신고"),
        Limit(24, _HOURS), REPORTER, "DVPA ER 21", _h(6, 1), escalates_to=_ASKER,
    ),
    Clock(
        "warning_objection",
        Text("對書面告誡表示異議", "Objection to a written warning", "서면 경고에 대한 이의"),
        Text("收受告誡或不核發通知", "notice of the warning or its refusal is received", "경고 또는 거부 통지 수령"),
        Limit(10, _DAYS), Text("行為人或被害人", "victim or opposite party", "피해자 또는 상대방"), "SHPA 4 III",
        _d(3, 1), nature=Nature.WINDOW, note=SATURDAY,
    ),
    Clock(
        "objection_forward",
        Text("異議送上級警察機關", "Objection sent to the higher police authority", "이의의 상급 경찰 송부"),
        Text("警察收受異議", "the police receive the objection", "경찰의 이의 접수"),
        Limit(5, _DAYS), POLICE, "SHPA 4 IV", _d(2, 1), note=SATURDAY,
    ),
    Clock(
        "repeat_window",
        Text("告誡後二年內再犯期間", "Two years after a warning", "경고 후 2년의 재발 기간"),
        Text("書面告誡送達行為人", "the warning is served on the opposite party", "서면 경고가 상대방에게 송달된 때"),
        Limit(2, _YEARS), Text("被害人、警察、檢察官", "victim, police, prosecutor", "피해자, 경찰, 검사"),
        "SHPA 5 I; SHPA ER 14", _d(30, 7), nature=Nature.WINDOW, roll=False, first_day_counts=True, note=COUNSEL,
    ),
    Clock(
        "substitute_petitioner",
        Text("聲明承受程序", "Taking over a petition", "절차 승계 신고"),
        Text("聲請人不能續行程序", "the petitioner cannot go on", "신청인이 절차를 계속할 수 없게 된 때"),
        Limit(10, _DAYS), Text("其他有聲請權人", "the other petitioners", "다른 신청권자"), "SHPA 11",
        _d(3, 1), nature=Nature.WINDOW,
    ),
    Clock(
        "emergency_order",
        Text("核發緊急保護令", "Emergency protection order", "긴급 보호명령 발부"),
        Text("受理緊急保護令聲請", "the emergency petition is accepted", "긴급 신청 접수"),
        Limit(4, _HOURS), COURT, "DVPA 16", _h(1), escalate_after=timedelta(hours=1), note=COUNSEL,
    ),
    Clock(
        "order_service",
        Text("發送保護令", "Sending the order", "보호명령 송부"),
        Text("核發保護令（家暴法緊急保護令除外）", "the order is issued (not a DVPA emergency)", "발부(긴급 제외)"),
        Limit(24, _HOURS), COURT, "DVPA 18; SHPA 14", _h(6, 1), escalate_after=timedelta(hours=4),
    ),
    Clock(
        "order_expiry",
        Text("保護令屆滿", "The order runs out", "보호명령 만료"),
        Text("核發保護令", "the order is issued", "보호명령 발부"),
        Limit(2, _OWN, _YEARS), COORDINATOR, "DVPA 15; SHPA 13", _d(60, 30, 7),
        nature=Nature.WINDOW, roll=False, first_day_counts=True, note=PENDING,
    ),
    Clock(
        "enforcement_objection",
        Text("執行異議送法院", "Objection to enforcement sent to the court", "집행 이의의 법원 송부"),
        Text("執行機關認異議無理由", "the objection is found unfounded", "이의가 이유 없다고 판단된 때"),
        Limit(10, _DAYS), Text("執行機關", "the enforcing agency", "집행 기관"), "DVPA 27; SHPA 16", _d(3, 1),
        note=SATURDAY,
    ),
    Clock(
        "release_conditions",
        Text("釋放附條件期間", "Conditions of a release", "석방 조건 기간"),
        Text("具保、責付、限制住居或釋放", "bail or release with conditions", "보석 또는 조건부 석방"),
        Limit(1, _OWN, _YEARS), Text("檢察官、法院", "prosecutor, court", "검사, 법원"), "DVPA 31", _d(30, 7),
        nature=Nature.WINDOW, roll=False, first_day_counts=True, note=COUNSEL,
    ),
    Clock(
        "release_notice",
        Text("釋放前通知", "Notice before a release", "석방 전 통지"),
        Text("預定釋放", "a release is planned", "석방 예정"),
        Limit(0, _BEFORE), Text("法院、檢察署、矯正機關", "court, prosecution, prison", "법원, 검찰, 교정기관"),
        "DVPA 34-1, 42", _h(24, 4), roll=False, escalate_after=timedelta(0),
    ),
    Clock(
        "release_victim_notice",
        Text("通知被害人釋放", "The victim is told of the release", "피해자에게 석방 통지"),
        Text("接獲釋放通知", "the notice of release is received", "석방 통지 접수"),
        Limit(0, _HOURS), Text("警察機關、家庭暴力防治中心", "police, prevention centre", "경찰, 가정폭력방지센터"),
        "DVPA 34-1 II", escalate_after=timedelta(hours=1), note=AT_ONCE,
    ),
    Clock(
        "image_retention",
        Text("性影像移除後保留證據", "Evidence kept after an image is removed", "영상 삭제 후 증거 보존"),
        Text("移除或限制瀏覽", "the image is removed", "영상 삭제"),
        Limit(180, _DAYS), Text("網際網路業者", "the provider", "인터넷 사업자"), "DVPA 50-2", _d(30, 7),
        nature=Nature.KEEP, roll=False, note=COUNSEL,
    ),
    Clock(
        "database_transfer",
        Text("傳輸至資料庫", "Transfer to the national database", "국가 데이터베이스 전송"),
        Text("取得資料", "the report or record is received", "자료 취득"),
        Limit(7, _DAYS), Text("警察機關、主管機關", "police, competent authority", "경찰, 관할 당국"), "D0050073 5",
        _d(3, 1), note=SATURDAY,
    ),
    Clock(
        "coordination_meeting",
        Text("半年業務協調會報", "Half-yearly coordination meeting", "반기 업무 조정 회의"),
        Text("上次會報", "the last meeting", "직전 회의"),
        Limit(6, _MONTHS), CENTRE, "DVPA ER 3", _d(60, 30, 7), escalate_after=timedelta(days=7), note=COUNSEL,
    ),
    Clock(
        "survey",
        Text("四年調查分析", "Four-yearly survey", "4년 주기 실태조사"),
        Text("上次調查", "the last survey", "직전 조사"),
        Limit(4, _YEARS), Text("中央主管機關", "central authority", "중앙 관할 당국"), "DVPA 5(9)", _d(365, 180, 30),
        escalate_after=timedelta(days=30), note=COUNSEL,
    ),
    Clock(
        "training",
        Text("每學年四小時家暴防治課程", "Four hours of lessons each school year", "학년당 4시간 예방 교육"),
        Text("學年開始", "the school year starts", "학년 시작"),
        Limit(1, _OWN, _YEARS), Text("學校", "schools", "학교"), "DVPA 60", _d(90, 30), roll=False,
        first_day_counts=True, escalate_after=timedelta(days=7),
    ),
    Clock(
        "retention",
        Text("資料保存", "Records kept", "자료 보존"),
        Text("結案；未成年人自成年起", "the case is closed; a minor comes of age", "사례 종결; 미성년자는 성년 도달"),
        Limit(7, _YEARS), Text("主管機關", "the authority", "관할 당국"), "D0050073 11", _d(90, 30),
        nature=Nature.KEEP, roll=False, note=COUNSEL,
    ),
)  # fmt: skip

_G, _GUIDELINE = Kind.GUIDELINE, "cooperation guideline"

_GUIDED = (
    Clock(
        "referral_answer",
        Text("轉介回覆", "Answer to a referral", "의뢰 회신"),
        Text("轉介送出", "the referral is sent", "의뢰 발송"),
        Limit(3, _WORK), RECEIVER, _GUIDELINE, _h(24, 1), _G,
        by_urgency={
            Urgency.IMMEDIATE: Limit(4, _HOURS),
            Urgency.URGENT: Limit(24, _HOURS),
            Urgency.NORMAL: Limit(3, _WORK),
        },
        escalate_after=timedelta(hours=4), escalates_to=_ASKER, note=GUIDE,
    ),
    Clock(
        "first_contact",
        Text("首次聯繫被害人", "First contact after acceptance", "수락 후 첫 연락"),
        Text("受案", "the referral is accepted", "의뢰 수락"),
        Limit(2, _WORK), RECEIVER, _GUIDELINE, _h(24), _G,
        by_urgency={
            Urgency.IMMEDIATE: Limit(4, _HOURS),
            Urgency.URGENT: Limit(24, _HOURS),
            Urgency.NORMAL: Limit(2, _WORK),
        },
        escalates_to=_ASKER, note=GUIDE,
    ),
    Clock(
        "report_back",
        Text("回覆處理情形", "Report back to the referrer", "처리 결과 회신"),
        Text("受案", "the referral is accepted", "의뢰 수락"), Limit(1, _MONTHS), RECEIVER,
        "cooperation guideline; N0090047 4", _d(7, 1), _G, escalates_to=_ASKER, note=GUIDE,
    ),
    Clock(
        "high_risk_meeting",
        Text("高危機會議", "High-risk network meeting", "고위험 네트워크 회의"),
        Text("列為高危機", "the case is listed as high-risk", "고위험 등재"),
        Limit(10, _WORK), CENTRE, "cooperation guideline; DVPA 8(1)(9)", _d(7, 2), _G, note=GUIDE,
    ),
    Clock(
        "minutes",
        Text("會議紀錄", "Minutes", "회의록"), Text("會議結束", "the meeting ends", "회의 종료"),
        Limit(3, _WORK), CONVENER, _GUIDELINE, _d(1), _G, note=GUIDE,
    ),
    Clock(
        "action_item",
        Text("決議事項", "Action item", "조치 사항"), Text("會議決議", "the meeting decides", "회의 결정"),
        Limit(0, _OWN), Text("決議承辦機關", "the agency named", "지정 기관"), _GUIDELINE, _d(3, 1), _G,
        escalates_to=_ASKER, note=GUIDE,
    ),
    Clock(
        "reassessment",
        Text("除管前再評估", "Re-assessment before delisting", "등재 해제 전 재평가"),
        Text("擬除管", "delisting is proposed", "등재 해제 제안"),
        Limit(0, _BEFORE), COORDINATOR, _GUIDELINE, _d(3, 1), _G, note=GUIDE,
    ),
    Clock(
        "attestation",
        Text("服務確認", "Attestation of a service", "서비스 확인"),
        Text("上次確認", "the last attestation", "직전 확인"),
        Limit(6, _MONTHS), Text("服務機關", "the service's agency", "서비스 기관"), _GUIDELINE, _d(30, 7), _G,
        escalate_after=timedelta(days=14), note=GUIDE,
    ),
    Clock(
        "capacity_attestation",
        Text("服務量能更新", "Update of a service's capacity", "서비스 수용 능력 갱신"),
        Text("上次更新", "the last update", "직전 갱신"),
        Limit(7, _DAYS), Text("服務機關", "the service's agency", "서비스 기관"), _GUIDELINE, _d(1), _G,
        escalate_after=timedelta(days=7), note=GUIDE,
    ),
    Clock(
        "stock_taking_opening",
        Text("資源盤點開始", "Opening of a stock-taking", "자원 점검 시작"),
        Text("訂定盤點", "the stock-taking is planned", "점검 계획"),
        Limit(0, _OWN), Text("主管機關", "the authority", "관할 당국"), _GUIDELINE, (), _G, nature=Nature.WINDOW,
        note=GUIDE,
    ),
    Clock(
        "stock_taking",
        Text("資源盤點回覆", "Answers to a stock-taking", "자원 점검 회신"),
        Text("盤點開始", "the stock-taking opens", "점검 시작"),
        Limit(0, _OWN), Text("服務機關", "the services' agencies", "서비스 기관"), _GUIDELINE, _d(7, 1), _G,
        escalate_after=timedelta(days=1), note=GUIDE,
    ),
)  # fmt: skip

CLOCKS: Mapping[str, Clock] = MappingProxyType({row.code: row for row in (*_ROWS, *_GUIDED)})
"""Every clock by its code."""
