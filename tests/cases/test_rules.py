"""The act router, the risk instruments and initials, cell by cell."""

from __future__ import annotations

import pytest

from hub.base.errors import InvalidInput
from hub.cases.rules import INSTRUMENTS, Relationship, RiskLevel, governing_acts, initials, level_of, require


@pytest.mark.parametrize(
    ("relationship", "age", "stalking", "acts"),
    [
        (Relationship.SPOUSE, 40, False, [("DVPA", "DVPA 3")]),
        (Relationship.COHABITANT, 40, True, [("DVPA", "DVPA 3"), ("SHPA", "SHPA 5 IV")]),
        (Relationship.FAMILY, 9, False, [("DVPA", "DVPA 3")]),
        (Relationship.INTIMATE_PARTNER, 16, False, [("DVPA", "DVPA 63-1")]),
        (Relationship.INTIMATE_PARTNER, 15, False, [("SHPA", "SHPA 3")]),
        (Relationship.INTIMATE_PARTNER, None, True, [("DVPA", "DVPA 63-1"), ("SHPA", "SHPA 5 IV")]),
        (Relationship.INTIMATE_PARTNER, 15, True, [("SHPA", "SHPA 3")]),
        (Relationship.OTHER, 30, True, [("SHPA", "SHPA 3")]),
        (Relationship.UNKNOWN, None, False, [("SHPA", "SHPA 3")]),
    ],
)
def test_which_act_governs(
    relationship: Relationship, age: int | None, stalking: bool, acts: list[tuple[str, str]]
) -> None:
    """DVPA 3 and 63-1, SHPA 3 and 5 IV."""
    assert [(g.act, g.article) for g in governing_acts(relationship, age, stalking=stalking)] == acts


@pytest.mark.parametrize(
    ("instrument", "score", "judged", "level", "raised"),
    [
        ("TIPVDA", 8, RiskLevel.STANDARD, RiskLevel.HIGH, False),
        ("TIPVDA", 7, RiskLevel.STANDARD, RiskLevel.MEDIUM, False),
        ("TIPVDA", 3, RiskLevel.STANDARD, RiskLevel.STANDARD, False),
        ("TIPVDA", 0, RiskLevel.HIGH, RiskLevel.HIGH, True),
        ("TIPVDA", 15, RiskLevel.UNASSESSED, RiskLevel.HIGH, False),
        ("DASH", 14, RiskLevel.MEDIUM, RiskLevel.HIGH, False),
        ("DASH", 13, RiskLevel.MEDIUM, RiskLevel.MEDIUM, False),
        ("DASH", 13, RiskLevel.HIGH, RiskLevel.HIGH, True),
    ],
)
def test_what_a_score_means(instrument: str, score: int, judged: RiskLevel, level: RiskLevel, raised: bool) -> None:
    """A judgement may raise a level, never lower it."""
    assert level_of(instrument, score, judged) == (level, raised)


@pytest.mark.parametrize(("instrument", "score"), [("TIPVDA", 16), ("TIPVDA", -1), ("TIPVDA", None), ("TAROT", 3)])
def test_scores_that_cannot_be(instrument: str, score: int | None) -> None:
    """Unknown instruments and impossible scores are refused."""
    with pytest.raises(InvalidInput):
        level_of(instrument, score, RiskLevel.HIGH)
    assert all(known.medium_from < known.high_from <= known.highest for known in INSTRUMENTS.values())


@pytest.mark.parametrize(
    ("name", "cut"),
    [("王小明", "王○○"), ("Mary Ann Sample", "M. A. S."), ("Sample", "S."), ("", ""), ("  ", ""), ("김가나", "김○○")],
)
def test_initials(name: str, cut: str) -> None:
    """What a pack may show of a name."""
    assert initials(name) == cut


def test_texts_are_judged_together() -> None:
    """Every bad text is told at once, with its path."""
    with pytest.raises(InvalidInput) as refused:
        require([("a", "", 5), ("b", "123456", 5), ("c", "x\x07", 5), ("d", "fine\n", 5)])
    assert [(f.path, f.code) for f in refused.value.fields] == [
        ("a", "required"),
        ("b", "too_long"),
        ("c", "control_characters"),
    ]
