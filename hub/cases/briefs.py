"""A case's heading, as statements that join it can bring it along: only what is asked is read, shown and told."""

from __future__ import annotations

from typing import Any

from directory.sql import Fragment, joined, sql
from hub.policy.decide import Sight
from hub.policy.terms import Category, Obligation, Standing

from .rules import RiskLevel
from .views import ALL, CaseView, closed, pseudonym_of, withheld

_BRIEF = {
    "number": sql("c.number as case_number"),
    "state": sql("c.state as case_state"),
    "area": sql("c.area as case_area"),
    "acts": sql("c.acts as case_acts"),
    "opened_at": sql("c.opened_at as case_opened"),
    "risk_level": sql("c.risk_level as case_risk"),
    "listed_at": sql("c.listed_at as case_listed"),
}
"""Fields of a `brief`, and what a statement that joins `case_file c` selects for each."""
BRIEF = frozenset({"assigned", "hidden", "withheld", *_BRIEF})
BEYOND = ALL - BRIEF - {"id", "version"}
"""Fields of a case that no `brief` has: whoever is asked for one reads the case itself (`cases`)."""


def brief_columns(fields: frozenset[str]) -> Fragment:
    """What a statement that joins `case_file c` selects for `brief(..., fields)`."""
    wanted = [column for field, column in _BRIEF.items() if field in fields]
    return joined(", ", [sql("c.version as case_version"), *wanted])


BRIEF_COLUMNS = sql("{brief}, c.data_key", brief=brief_columns(BRIEF))
"""All of them, and the key to what is sealed."""

_LEVELS = {level.value: level for level in RiskLevel}


def brief(row: Any, sight: Sight, fields: frozenset[str] = BRIEF) -> CaseView:
    """A case's heading out of a joined row (`brief_columns`): these fields of it, no parties, risks or clocks."""
    pseudonym = Obligation.PSEUDONYM in sight.form(Category.EXISTENCE)
    number, state, area, acts, opened_at, assigned = sight.shows(
        Category.EXISTENCE,
        (pseudonym_of(row["case_id"]) if pseudonym else row["case_number"]) if "number" in fields else None,
        row["case_state"] if "state" in fields else None,
        row["case_area"] if "area" in fields and not pseudonym else None,
        row["case_acts"] if "acts" in fields else None,
        row["case_opened"] if "opened_at" in fields and not pseudonym else None,
        Standing.ASSIGNED in sight.facts.standings if "assigned" in fields else None,
    )
    risk_level, listed_at = sight.shows(
        Category.RISK_LEVEL,
        _LEVELS[row["case_risk"]] if "risk_level" in fields else None,
        row["case_listed"] if "listed_at" in fields else None,
    )
    return CaseView(
        row["case_id"],
        row["case_version"],
        number,
        state,
        area,
        acts,
        opened_at,
        assigned,
        None,
        None,
        risk_level,
        listed_at,
        (),
        (),
        (),
        withheld(sight) if "withheld" in fields else (),
        closed(sight, pseudonym=pseudonym) if "hidden" in fields else (),
    )
