"""Pure rules of cases: which act governs, what a score means, whether a report can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub.base.errors import FieldError, InvalidInput


class Relationship(StrEnum):
    """What the opposite party is to the victim, as far as the choice of the act asks (DVPA 3, 63-1; SHPA 3)."""

    SPOUSE = "spouse"
    COHABITANT = "cohabitant"
    FAMILY = "family"
    INTIMATE_PARTNER = "intimate_partner"
    OTHER = "other"
    UNKNOWN = "unknown"


class RiskLevel(StrEnum):
    """Standing of a case's risk."""

    UNASSESSED = "unassessed"
    STANDARD = "standard"
    MEDIUM = "medium"
    HIGH = "high"


class PartyKind(StrEnum):
    """Who somebody is in a case."""

    VICTIM = "victim"
    CHILD = "child"
    WITNESS = "witness"
    OPPOSITE = "opposite"
    ASSOCIATED = "associated"


FAMILY = frozenset({Relationship.SPOUSE, Relationship.COHABITANT, Relationship.FAMILY})
PARTNER_AGE = 16
"""DVPA 63-1 protects intimate partners of this age and above."""


@dataclass(frozen=True, slots=True)
class Governs:
    """An act that governs a case, the article that says so, and why (a message code)."""

    act: str
    article: str
    why: str


def governing_acts(relationship: Relationship, victim_age: int | None, *, stalking: bool) -> tuple[Governs, ...]:
    """The act router: which acts govern, in the order of the duties they bring. Unknown facts leave both doors open."""
    found = []
    if relationship in FAMILY:
        found.append(Governs("DVPA", "DVPA 3", "act_family"))
    elif relationship is Relationship.INTIMATE_PARTNER and (victim_age is None or victim_age >= PARTNER_AGE):
        found.append(Governs("DVPA", "DVPA 63-1", "act_partner"))
    if stalking or not found:
        article = "SHPA 5 IV" if found else "SHPA 3"
        found.append(Governs("SHPA", article, "act_stalking_family" if found else "act_stalking"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A risk instrument by name and version. Items are never held, only the score and the assessor's judgement."""

    code: str
    version: str
    highest: int
    high_from: int
    medium_from: int


INSTRUMENTS: dict[str, Instrument] = {
    "TIPVDA": Instrument("TIPVDA", "2023", 15, 8, 4),
    "DASH": Instrument("DASH", "2009", 24, 14, 7),
}
"""TIPVDA: 8 of 15 is high risk; DASH: 14 ticks. Where `medium` begins is the authority's guideline, not statute."""


def level_of(instrument: str, score: int | None, judged: RiskLevel) -> tuple[RiskLevel, bool]:
    """The level an assessment gives, and whether judgement raised it. A judgement may raise a score, never lower it."""
    known = INSTRUMENTS.get(instrument)
    if known is None:
        raise InvalidInput(FieldError("instrument", "unknown_instrument"))
    if score is None or not 0 <= score <= known.highest:
        raise InvalidInput(FieldError("score", "score_out_of_range"))
    by_score = RiskLevel.STANDARD
    if score >= known.high_from:
        by_score = RiskLevel.HIGH
    elif score >= known.medium_from:
        by_score = RiskLevel.MEDIUM
    order = list(RiskLevel)
    return (judged, True) if order.index(judged) > order.index(by_score) else (by_score, False)


def initials(name: str) -> str:
    """A name cut to what a pack may show: the first character of a CJK name, the initials of any other."""
    parts = name.split()
    if not parts:
        return ""
    if len(parts) == 1 and not name.isascii():
        return f"{name[0]}○○"
    return " ".join(f"{part[0]}." for part in parts)


def require(texts: Sequence[tuple[str, str, int]]) -> None:
    """Each (path, text, longest): present, not too long, no control characters. Raises InvalidInput naming all."""
    bad = []
    for path, value, longest in texts:
        if not value.strip():
            bad.append(FieldError(path, "required"))
        elif len(value) > longest:
            bad.append(FieldError(path, "too_long"))
        elif any(ch < " " and ch not in "\n\t\r" for ch in value):
            bad.append(FieldError(path, "control_characters"))
    if bad:
        raise InvalidInput(*bad)
