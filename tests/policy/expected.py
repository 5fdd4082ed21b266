"""What the policy's two tables say, transcribed from the statute and the policy in plain words: no row of ours is read.

Each world is described in plain values, and each cell's outcome is told by `outcome`. Nothing here imports the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


def words(text: str) -> list[str]:
    """The words of a line."""
    return text.split()


CATEGORIES = words("""existence case_facts risk_level risk_detail safety_plan victim_identity victim_contact
victim_whereabouts child_identity reporter_identity opposite_identity opposite_treatment health education employment
justice minutes actions clocks ledger statistics""")
PURPOSES = words("""protection treatment schooling employment policing order_enforcement risk_conference
offender_treatment oversight statistics""")
ROLES = words("""coordinator intake_officer agency_worker agency_manager auditor administrator reporter machine""")
STANDINGS = words("assigned same_centre referred_to invited applicant enforcer none")

_CASE = "existence case_facts risk_level risk_detail safety_plan victim_identity victim_contact victim_whereabouts"
_CASE += (
    " child_identity opposite_identity opposite_treatment health education employment justice minutes actions clocks"
)
_HELP = "protection treatment schooling employment policing"
_WORK = _HELP + " order_enforcement risk_conference"
_AGENCY = "coordinator agency_worker agency_manager machine"

# row | to whom | standing | purposes | categories (category/form: shown in that form only) | obligations
_TABLE = f"""
P1  | coordinator | assigned | {_WORK} offender_treatment | {_CASE} reporter_identity ledger | ledger
P2  | coordinator | same_centre | protection | existence risk_level | ledger
P3  | {_AGENCY} | referred_to invited | {_WORK} | {_CASE} | ledger purpose_bound
P4  | {_AGENCY} | referred_to | {_HELP} | existence case_facts/own_part | ledger
P5  | {_AGENCY} | invited | risk_conference | existence risk_level case_facts opposite_identity justice actions \
minutes/own_part victim_identity/initials | ledger watermark expires
P6  | {_AGENCY} | enforcer | order_enforcement | justice opposite_identity victim_identity | ledger
P7  | coordinator intake_officer agency_worker agency_manager | * | {_WORK} | victim_identity victim_contact \
victim_whereabouts case_facts risk_detail safety_plan | ledger reason tell_coordinator review expires
P8  | {_AGENCY} | applicant | {_WORK} offender_treatment | {_CASE} | ledger expires purpose_bound
P9  | {_AGENCY} | referred_to | offender_treatment | opposite_identity opposite_treatment justice/own_part | ledger
P10 | {_AGENCY} | * | protection policing | justice/own_part | ledger at_once
P11 | {_AGENCY} | * | policing | existence/own_part case_facts/own_part opposite_identity/own_part justice/own_part \
victim_identity/own_part | ledger
P12 | auditor | * | oversight | existence/pseudonym actions/pseudonym clocks/pseudonym ledger/pseudonym | ledger
P13 | auditor administrator | * | statistics | statistics | suppress
P14 | coordinator intake_officer agency_worker agency_manager auditor administrator reporter machine | * | protection \
| existence/own_part |
P15 | coordinator | assigned | protection | ledger | ledger
P16 | intake_officer | * | protection | existence/own_part case_facts/own_part victim_identity/own_part \
victim_contact/own_part opposite_identity/own_part reporter_identity/own_part | ledger
"""
_FORMS = frozenset(words("mask_until_accepted initials pseudonym own_part"))
_MUST_BE_WRITTEN = frozenset(words("health opposite_treatment justice"))
_NAMES_OR_LOCATES = frozenset(
    words("victim_identity victim_contact victim_whereabouts child_identity reporter_identity opposite_identity")
)
_VICTIMS_SIDE = frozenset(words("victim_contact victim_whereabouts child_identity"))
HALF_HOUR = 30 * 60 * 1_000_000


@dataclass(frozen=True)
class Grantor:
    """One consent in plain values; times are microseconds from the moment of the question."""

    categories: frozenset[str] = frozenset(CATEGORIES)
    purposes: frozenset[str] = frozenset(PURPOSES)
    mine: bool = True
    starts: int = -1
    ends: int = 1
    withdrawn: int | None = None
    written: bool = True
    opposite: bool = False
    capacity: bool = True

    def covers(self, category: str, purpose: str) -> bool:
        """P3, F6 and PDPA 6, said once more."""
        if self.opposite or not self.capacity or not self.mine:
            return False
        if category in _MUST_BE_WRITTEN and not self.written:
            return False
        withdrawn = self.withdrawn is not None and self.withdrawn <= 0
        return (
            not withdrawn and self.starts <= 0 < self.ends and category in self.categories and purpose in self.purposes
        )


@dataclass(frozen=True)
class World:
    """All that can be true of an actor and a case, in plain values; every default is the closed door."""

    roles: frozenset[str] = frozenset()
    standings: frozenset[str] = frozenset()
    suspended: bool = False
    agency_suspended: bool = False
    token: int | None = None
    step_up: int | None = None
    network: str = "health"
    conflicted: bool = False
    accepted: bool = False
    treatment: bool = False
    listed: bool = False
    window: int | None = None
    glass: tuple[int, frozenset[str]] | None = None
    application: tuple[int, frozenset[str], frozenset[str]] | None = None
    enforces: bool = False
    own_report: bool = False
    police_report: bool = False
    intake: bool = False
    notice: bool = False
    about_treatment: bool = False
    consents: tuple[Grantor, ...] = ()

    def but(self, **changes: Any) -> World:
        """This world with something else in it."""
        return replace(self, **changes)


@dataclass(frozen=True)
class _Row:
    code: str
    roles: frozenset[str]
    standings: frozenset[str]
    purposes: frozenset[str]
    categories: Mapping[str, frozenset[str]]
    duties: frozenset[str] = field(default_factory=frozenset)


def _rows() -> tuple[_Row, ...]:
    found = []
    for line in _TABLE.strip().splitlines():
        code, roles, standings, purposes, categories, duties = (part.strip() for part in line.split("|"))
        shown = {}
        for word in categories.split():
            category, _, form = word.partition("/")
            shown[category] = frozenset({form} - {""})
        found.append(
            _Row(
                code,
                frozenset(roles.split()),
                frozenset(standings.split()),
                frozenset(purposes.split()),
                shown,
                frozenset(duties.split()),
            )
        )
    return tuple(found)


ROWS = _rows()


def _stands(row: _Row, world: World) -> bool:
    """Whether the row is open in this world to this actor, but for category and purpose."""
    if not row.roles & world.roles or not ("*" in row.standings or row.standings & world.standings):
        return False
    match row.code:
        case "P2":
            return "assigned" not in world.standings
        case "P4":
            return not world.treatment  # DVPA 8(1)(3)(5)(7); offender treatment is 8(1)(6) and P9
        case "P5":
            return world.listed and world.window is not None and world.window > 0
        case "P7":
            stepped = world.step_up is not None and world.step_up > 0
            return stepped and world.glass is not None and 0 < world.glass[0] <= HALF_HOUR
        case "P8":
            return world.application is not None and world.application[0] > 0
        case "P9":
            return world.treatment
        case "P10":
            return world.notice and (world.network in ("police", "centre") or "coordinator" in world.roles)
        case "P11":
            return world.police_report and world.network == "police"
        case "P14":
            return world.own_report
        case "P16":
            return world.intake
    return True


def _gives(row: _Row, world: World, category: str, purpose: str) -> bool:
    match row.code:
        case "P3":
            return any(consent.covers(category, purpose) for consent in world.consents)
        case "P6":
            return category != "victim_identity" or world.enforces
        case "P7":
            return world.glass is not None and category in world.glass[1]
        case "P8":
            granted = world.application
            return granted is not None and category in granted[1] and purpose in granted[2]
    return True


def _forbidden(world: World, category: str, purpose: str) -> str:
    if world.suspended or world.agency_suspended or (world.token is not None and world.token <= 0):
        return "F1"
    if world.conflicted:
        return "F2"
    if category == "reporter_identity" and not (world.intake and "intake_officer" in world.roles):
        return "F3"
    if category in _NAMES_OR_LOCATES and purpose in ("oversight", "statistics"):
        return "F4"
    if category in _VICTIMS_SIDE and (purpose == "offender_treatment" or world.about_treatment):
        return "F5"
    return ""


Outcome = str | tuple[frozenset[str], frozenset[str], tuple[int, ...]]
"""A reason of denial; or the bases, the obligations, and which of the world's consents carried it."""


def open_rows(world: World) -> tuple[_Row, ...]:
    """The rows of table 2 that this actor stands under in this world."""
    return tuple(row for row in ROWS if _stands(row, world))


def outcome(world: World, rows: tuple[_Row, ...], category: str, purpose: str) -> Outcome:
    """What must be answered for one cell; `rows` are the world's open rows."""
    forbidden = _forbidden(world, category, purpose)
    if forbidden:
        return forbidden
    matching = [
        row
        for row in rows
        if purpose in row.purposes and category in row.categories and _gives(row, world, category, purpose)
    ]
    if not matching:
        return "no_basis"
    duties: set[str] = set()
    forms = set(_FORMS)
    for row in matching:
        duties |= row.duties
        asked = set(row.categories[category])
        if row.code == "P4" and not world.accepted:
            asked.add("mask_until_accepted")
        forms &= asked
    carried = tuple(i for i, consent in enumerate(world.consents) if consent.covers(category, purpose))
    by_consent = any(row.code == "P3" for row in matching)
    return frozenset(row.code for row in matching), frozenset(duties | forms), carried if by_consent else ()
