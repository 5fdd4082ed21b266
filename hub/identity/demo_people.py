"""The fictional people of the demonstration, one a first screen. The demo's data give each an account at an agency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.policy.terms import Role


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody who can be chosen at the development issuer. `agency` is the code of their agency in the demo's data."""

    login: str
    name: str
    names: dict[str, str]
    agency: str
    network: str
    roles: frozenset[Role]


def _person(place: str, roles: str, zh: str, en: str, ko: str) -> DemoPerson:
    login, agency, network = place.split()
    names = {"zh-Hant": zh, "en": en, "ko": ko}
    return DemoPerson(login, f"{zh} · {en} · {ko}", names, agency, network, frozenset(map(Role, roles.split())))


_PEOPLE: Final = (
    _person(
        "coordinator demo-centre centre", "coordinator", "個案管理 示範甲", "Coordinator Sample-A", "사례관리 가나다"
    ),
    _person("intake demo-centre centre", "intake_officer", "受理人員 示範乙", "Intake Sample-B", "접수 라마바"),
    _person("police demo-police police", "agency_worker", "員警 示範丙", "Officer Sample-C", "경찰 사아자"),
    _person("health demo-hospital health", "agency_worker", "醫療社工 示範丁", "Health Sample-D", "의료 차카타"),
    _person("labour demo-labour labour", "agency_worker", "就業輔導 示範戊", "Labour Sample-E", "고용 파하가"),
    _person("education demo-education education", "agency_worker", "學校輔導 示範己", "School Sample-F", "교육 나다라"),
    _person("shelter demo-shelter ngo", "agency_worker", "庇護社工 示範庚", "Shelter Sample-G", "쉼터 마바사"),
    _person(
        "manager demo-hospital health",
        "agency_manager agency_worker",
        "機關主管 示範辛",
        "Manager Sample-H",
        "관리자 아자차",
    ),
    _person("reporter demo-education education", "reporter", "通報人 示範壬", "Reporter Sample-I", "신고자 카타파"),
    _person("auditor demo-authority social_affairs", "auditor", "稽核 示範癸", "Auditor Sample-J", "감사 하가나"),
    _person(
        "administrator demo-authority social_affairs",
        "administrator",
        "系統管理 示範子",
        "Administrator Sample-K",
        "운영자 다라마",
    ),
)

MACHINE: Final = _person("hub-machine demo-police police", "machine", "警政系統", "Police system", "경찰 시스템")
"""The program that signs in by client credentials."""


def demo_people() -> Sequence[DemoPerson]:
    """Everybody who can be chosen, in the order of the page."""
    return _PEOPLE
