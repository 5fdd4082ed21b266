"""What a service's search row says of it, as tokens of one index: places, people, costs, words. Pure.

A fact a filter asks for has a token; where the directory does not say, the token of the unknown stands in its place,
and a filter takes it along: who says nothing is not left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from .words import name_tokens, tokens

# Marks of tokens that are no words: none is a letter or a digit. `*`: what contains a place that is covered.
COVERS, WITHIN, NEED, NETWORK = "@", "*", "!", "#"
LANGUAGE, ACCESS, COST, GENDER, ACT, NATIONALITY, BUCKET, CELL = "%", "^", "$", "&", "+", "~", "=", "|"
EVERY = "."
"""The token of every row."""
UNSAID = "?"
"""Behind a mark: nothing is said of this."""

COSTS = ("free", "paid")
ACTS = ("SHPA", "DVPA")
NATIONALITIES = ("national", "foreign")
ACCESSIBILITY = ("wheelchair", "sign_language", "braille")
LANGUAGES = ("zh", "nan", "hak", "yue", "en", "ko", "ja", "vi", "id", "th", "fil", "es", "fr", "pt", "ru", "ar", "sgn")
"""Languages and kinds of access that lists offer; a search takes any code."""

_FREE = re.compile(r"免費|不收費|免收|無料|무료|\bfree\b|\bno (?:cost|charge|fee)|\bgratis\b", re.IGNORECASE)
_PAID = re.compile(
    r"自費|付費|部分負擔|\d ?元|유료|본인 ?부담|\bsliding\b|\bco-?pay|\bfees? (?:appl|var)|[$₩€£]\s?\d", re.IGNORECASE
)
_ACTS = {
    "SHPA": re.compile(r"跟蹤|跟騷|\bSHPA\b|stalk|스토킹", re.IGNORECASE),
    "DVPA": re.compile(r"家庭暴力|家暴|\bDVPA\b|domestic violence|가정 ?폭력", re.IGNORECASE),
}
_NATIONALITIES = {
    "national": re.compile(r"本國籍|國民身分|citizens only|nationals? only|내국인", re.IGNORECASE),
    "foreign": re.compile(r"新住民|外籍|外國|移工|陸配|大陸配偶|migrant|immigrant|foreign|이주|외국인", re.IGNORECASE),
}

RUNS = (1 << 10, 1 << 14, 1 << 18)
"""Lengths of the runs of the standing order that have a token, short to long."""

CELLS = (0.01, 0.05, 0.25, 1.25)
"""Degrees of the cells a position is found by, fine to coarse."""


def bucket(level: int, place: int) -> str:
    """Token of the run of RUNS[level] places that holds this one."""
    return f"{BUCKET}{level}:{place // RUNS[level]}"


def cell(level: int, row: int, column: int) -> str:
    """Token of a cell of the grid; columns go round the world."""
    return f"{CELL}{level}:{row}:{column % round(360 / CELLS[level])}"


def cells(latitude: float | None, longitude: float | None) -> set[str]:
    """Tokens of the cells a position lies in."""
    if latitude is None or longitude is None:
        return set()
    return {cell(level, math.floor(latitude / size), math.floor(longitude / size)) for level, size in enumerate(CELLS)}


def costs(fees: str, amounts: Iterable[float | None]) -> set[str]:
    """Whether a service is free, or paid for, or both for some; empty where nothing is said."""
    said = {name for name, words in (("free", _FREE), ("paid", _PAID)) if words.search(fees)}
    return said | {"paid" if amount else "free" for amount in amounts if amount is not None}


def acts(said: str) -> set[str]:
    """The acts whose victims a service names; empty where it names none."""
    return {act for act, words in _ACTS.items() if words.search(said)}


def nationalities(said: str) -> set[str]:
    """Whom a service names by nationality; empty where it says nothing."""
    return {name for name, words in _NATIONALITIES.items() if words.search(said)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a search row is made of. Texts are normalised; `wide` are the areas covered and those that contain them."""

    id: UUID
    title: str
    haystack: str
    closed: bool
    needs: Sequence[str]
    areas: Sequence[str]
    wide: Sequence[str]
    network: str | None
    latitude: float | None
    longitude: float | None
    languages: Sequence[str]
    accessibility: Sequence[str]
    genders: Sequence[str]
    costs: Iterable[str]
    acts: Iterable[str]
    nationalities: Iterable[str]

    def facets(self) -> list[str]:
        """The tokens that are counted for the values of filters."""
        found = [NEED + code for code in self.needs] + ([NETWORK + self.network] if self.network else [])
        found += [LANGUAGE + code for code in self.languages] + [ACCESS + code for code in self.accessibility]
        for mark, said in self._said():
            found += [mark + value for value in said or (UNSAID,)]
        return found + [COVERS + code for code in self.areas] + [WITHIN + code for code in self.wide]

    def _said(self) -> tuple[tuple[str, Iterable[str]], ...]:
        return (GENDER, self.genders), (COST, self.costs), (ACT, self.acts), (NATIONALITY, self.nationalities)

    def document(self, stems: Mapping[str, str]) -> set[str]:
        """All its tokens but those of its place in the standing order, which the database gives."""
        found = tokens(self.haystack, stems) | name_tokens(self.title, stems)
        found |= place_tokens(self.needs, self.areas, self.wide, self.network)
        return found | cells(self.latitude, self.longitude) | set(self.facets()) | {EVERY}


def place_tokens(needs: Sequence[str], areas: Sequence[str], wide: Sequence[str], network: str | None) -> set[str]:
    """Tokens of the needs a service meets, of the areas it covers and lies within, and of each need in each area."""
    found = {NEED + n for n in needs}
    if network:
        found.add(NETWORK + network)
    for mark, codes in ((COVERS, areas), (WITHIN, wide)):
        found.update(mark + code for code in codes)
        found.update(n + mark + code for n in needs for code in codes)
    return found
