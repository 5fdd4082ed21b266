"""The one decision, and the only place that can make a `Disclosed`: default hidden, forbids first, bases united."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Generic, NoReturn, TypeVar, final
from uuid import UUID

from .consents import consent_covers
from .rows import Allow
from .rules import FORBIDS, FORMS, PERMITS
from .terms import Actor, Basis, Category, Decision, Deny, Facts, Obligation, Permit, Purpose, Standing

T = TypeVar("T")

_KEY: Final = object()
_CONSENT: Final = Basis.CONSENT
_NOWHERE: Final = frozenset({Standing.NONE})
# The two tables, in their order, laid out by what a question always names: most rows never come into question.
_TABLES: Final = {
    category: {
        purpose: (
            tuple(row for row in FORBIDS if category in row.categories and purpose in row.purposes),
            tuple(row for row in PERMITS if category in row.categories and purpose in row.purposes),
        )
        for purpose in Purpose
    }
    for category in Category
}


def decide(actor: Actor, category: Category, purpose: Purpose, facts: Facts, now: datetime) -> Decision:
    """May `actor` see `category` of the case that `facts` are about, for `purpose`, at `now`?

    Pure. Forbids win over every permit; without a permit the answer is hidden. Duties of all matching permits are
    united; a restriction of form (initials, mask, pseudonym, own part) stands only if every matching permit asks it.
    """
    forbids, permits = _TABLES[category][purpose]
    for forbid in forbids:
        if forbid.when(actor, category, purpose, facts, now):
            return _denied(category, forbid.code)
    standings = facts.standings or _NOWHERE
    matching = [
        row
        for row in permits
        if not row.roles.isdisjoint(actor.roles)
        and not row.standings.isdisjoint(standings)
        and row.when(actor, category, purpose, facts, now)
    ]
    if not matching:
        return _denied(category, "no_basis")
    permit = _united(category, tuple(matching))
    if _CONSENT not in permit.bases:
        return permit
    consents = tuple(x.id for x in facts.consents if consent_covers(x, actor, category, purpose, now))
    return Permit(category, permit.bases, permit.obligations, consents)


@lru_cache(maxsize=4096)
def _united(category: Category, rows: tuple[Allow, ...]) -> Permit:
    """What these rows say together. It depends on the table alone, never on whom or what a decision is about."""
    asked = [row.obligations | row.narrowed.get(category, frozenset()) for row in rows]
    every, union = frozenset.intersection(*asked), frozenset[Obligation]().union(*asked)
    return Permit(category, frozenset(row.basis for row in rows), (union - FORMS) | (every & FORMS))


@lru_cache(maxsize=256)
def _denied(category: Category, reason: str) -> Deny:
    return Deny(category, reason)


@final
@dataclass(frozen=True, slots=True)
class Disclosed(Generic[T]):
    """A value that a decision allowed to be shown. Every exit takes only this; only `Sight.show` can make one.

    It cannot be replaced, copied, pickled or subclassed, and does not print what it holds.
    """

    value: T = field(repr=False)
    permit: Permit
    key: InitVar[object] = None

    def __post_init__(self, key: object) -> None:
        if key is not _KEY:
            raise TypeError("Only a decision of the policy makes a Disclosed.")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("A Disclosed has no subclasses.")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A Disclosed lives in its request alone: it is neither copied nor stored.")


_blank: Final = object.__new__
_put_value, _put_permit = (Disclosed.__dict__[name].__set__ for name in ("value", "permit"))


def _disclosed(value: T, permit: Permit) -> Disclosed[T]:
    """`Disclosed(value, permit, _KEY)` without the ceremony of a frozen dataclass: a page makes a thousand."""
    made: Disclosed[T] = _blank(Disclosed)
    _put_value(made, value)
    _put_permit(made, permit)
    return made


class Sight:
    """What one actor may see of one case for one purpose, decided once a category and kept only for this request.

    `decided` may be shared by the sights of one request that stand on equal terms: same actor, purpose, facts, moment.
    It remembers what it has shown (`shown`) and hidden (`hidden`), so that the ledger can tell afterwards.
    """

    __slots__ = ("_decided", "actor", "case_id", "facts", "hidden", "now", "purpose", "shown")

    def __init__(
        self,
        actor: Actor,
        case_id: UUID,
        purpose: Purpose,
        facts: Facts,
        now: datetime,
        decided: dict[Category, Decision] | None = None,
    ) -> None:
        self.actor, self.case_id, self.purpose, self.facts, self.now = actor, case_id, purpose, facts, now
        self.shown: dict[Category, Permit] = {}
        self.hidden: dict[Category, str] = {}
        self._decided: dict[Category, Decision] = {} if decided is None else decided

    def decision(self, category: Category) -> Decision:
        """The decision for a category, taken at most once."""
        found = self._decided.get(category)
        if found is None:
            found = self._decided[category] = decide(self.actor, category, self.purpose, self.facts, self.now)
        return found

    def may(self, category: Category) -> bool:
        """Whether the category may be shown; shows nothing and leaves no trace."""
        return isinstance(self.decision(category), Permit)

    def show(self, category: Category, value: T | None) -> Disclosed[T] | None:
        """`value` as disclosable, or None: absent and hidden look the same. What is shown is remembered."""
        disclosed: Disclosed[T] | None = self.shows(category, value)[0]
        return disclosed

    def shows(self, category: Category, *values: Any) -> tuple[Any, ...]:
        """`show` of several values of one category, in their order."""
        decision = self.decision(category)
        if isinstance(decision, Deny):
            self.hidden[category] = decision.reason
            return (None,) * len(values)
        made = [None if value is None else _disclosed(value, decision) for value in values]
        if any(made):  # a Disclosed is true whatever it holds
            self.shown[category] = decision
        return tuple(made)

    def form(self, category: Category) -> frozenset[Obligation]:
        """The restrictions of form under which the category is shown (empty when it is hidden)."""
        decision = self.decision(category)
        return decision.obligations & FORMS if isinstance(decision, Permit) else frozenset()


def shown(disclosed: Disclosed[Any] | None) -> Any:
    """What is inside, or None."""
    return None if disclosed is None else disclosed.value
