"""What a row of the disclosure table is: a forbid, which hides, or a permit, which shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .terms import Actor, Basis, Category, Facts, Obligation, Purpose, Role, Standing

When = Callable[[Actor, Category, Purpose, Facts, datetime], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Forbid:
    """One row of table 1. For its categories and purposes, `when` true means hidden, whatever any permit says."""

    code: str
    says: str
    articles: str
    categories: frozenset[Category]
    purposes: frozenset[Purpose]
    when: When


@dataclass(frozen=True, slots=True, eq=False)
class Allow:
    """One row of table 2. It matches when role, standing, purpose, category and `when` all agree."""

    basis: Basis
    says: str
    roles: frozenset[Role]
    standings: frozenset[Standing]
    """Any of these will do."""
    purposes: frozenset[Purpose]
    categories: frozenset[Category]
    obligations: frozenset[Obligation]
    articles: str
    when: When = lambda _a, _c, _p, _f, _now: True
    narrowed: Mapping[Category, frozenset[Obligation]] = field(default_factory=dict)
    """Restrictions of form that bind one category of the row only."""
