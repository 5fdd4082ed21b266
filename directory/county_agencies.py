"""The agencies of the fictional county: their names, where they stand, which needs they serve and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency of the county, named in zh-Hant, en and ko."""

    code: str
    network: str
    zh: str
    en: str
    ko: str
    place: int
    """Which of the county's places it stands in, counted from the county as 0."""
    needs: str
    """Needs it serves; `need@2` in place 2 alone, else in the whole county."""
    hours: str = "week"
    languages: str = "zh"
    confidential: bool = False


AGENCIES = (
    Agency(
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
    Agency(
        "social",
        "social_affairs",
        "虛構縣政府社會處",
        "Fictional County Social Affairs Department",
        "허구현 사회처",
        1,
        "protection_assistance financial_aid housing",
    ),
    Agency(
        "social-north",
        "social_affairs",
        "想像鎮社會福利服務中心",
        "Imagined Township Welfare Centre",
        "상상진 복지센터",
        2,
        "protection_assistance@2 case_management@2",
    ),
    Agency(
        "social-south",
        "social_affairs",
        "夢境鄉社會福利服務中心",
        "Dreamland Welfare Centre",
        "몽경향 복지센터",
        4,
        "protection_assistance@4 case_management@4",
    ),
    Agency(
        "police",
        "police",
        "虛構縣警察局婦幼警察隊",
        "Fictional County Police, Women and Children Unit",
        "허구현 경찰국",
        1,
        "police_protection written_warning order_enforcement",
        "always",
    ),
    Agency(
        "police-north",
        "police",
        "想像分局",
        "Imagined Precinct",
        "상상 분국",
        2,
        "police_protection@2 written_warning@2",
        "always",
    ),
    Agency(
        "police-south",
        "police",
        "夢境分局",
        "Dreamland Precinct",
        "몽경 분국",
        4,
        "police_protection@4 order_enforcement@4",
        "always",
    ),
    Agency(
        "health",
        "health",
        "虛構縣衛生局",
        "Fictional County Health Bureau",
        "허구현 위생국",
        1,
        "offender_treatment offender_assessment counselling",
    ),
    Agency(
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
    Agency(
        "hospital-sea",
        "health",
        "幻海醫院",
        "Phantom Sea Hospital",
        "환해 병원",
        6,
        "medical_treatment@6 injury_certificate@6",
        "always",
    ),
    Agency(
        "clinic",
        "health",
        "無有身心診所",
        "Nowhere Mind Clinic",
        "무유 정신건강의원",
        3,
        "counselling@3 child_counselling@3",
    ),
    Agency(
        "treatment",
        "health",
        "夢境處遇中心",
        "Dreamland Treatment Centre",
        "몽경 치료센터",
        4,
        "offender_treatment offender_assessment",
    ),
    Agency(
        "labour",
        "labour",
        "虛構縣政府勞工處",
        "Fictional County Labour Department",
        "허구현 노동처",
        1,
        "workplace_safety occupational_counselling",
    ),
    Agency(
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
    Agency(
        "education",
        "education",
        "虛構縣政府教育處",
        "Fictional County Education Department",
        "허구현 교육처",
        1,
        "schooling prevention_education",
    ),
    Agency(
        "school",
        "education",
        "虛構縣學生輔導諮商中心",
        "Fictional Student Counselling Centre",
        "허구 학생상담센터",
        1,
        "school_counselling child_counselling",
    ),
    Agency(
        "prosecutors",
        "justice",
        "虛構地方檢察署",
        "Fictional District Prosecutors Office",
        "허구 지방검찰서",
        1,
        "prosecution release_notice",
    ),
    Agency("court", "justice", "虛構地方法院", "Fictional District Court", "허구 지방법원", 1, "protection_order"),
    Agency("prison", "justice", "幻海監獄", "Phantom Sea Prison", "환해 교도소", 6, "release_notice"),
    Agency(
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
    Agency(
        "household",
        "household_registration",
        "虛構市戶政事務所",
        "Fictional City Household Registration",
        "허구시 호적사무소",
        1,
        "household_record@1",
    ),
    Agency(
        "household-utopia",
        "household_registration",
        "烏有鄉戶政事務所",
        "Utopia Household Registration",
        "오유향 호적사무소",
        5,
        "household_record@5",
    ),
    Agency(
        "images",
        "communications",
        "虛構網路內容防護中心",
        "Fictional Content Protection Centre",
        "허구 인터넷보호센터",
        1,
        "image_removal",
    ),
    Agency(
        "culture", "culture", "虛構縣文化局", "Fictional County Culture Bureau", "허구현 문화국", 1, "image_removal"
    ),
    Agency(
        "civil",
        "civil_affairs",
        "虛構縣政府民政處",
        "Fictional County Civil Affairs Department",
        "허구현 민정처",
        1,
        "prevention_education",
    ),
    Agency(
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
    Agency(
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
