"""The exhaustive table: every cell of roles x standings x situations x categories x purposes, against the statute."""

from __future__ import annotations

from hub.policy.decide import decide
from hub.policy.terms import Category, Permit, Purpose, Role, Standing

from .expected import CATEGORIES, PURPOSES, ROLES, STANDINGS
from .worlds import NOW, plain, questions


def test_the_closed_lists_are_those_of_the_policy() -> None:
    """A new word in a closed list must be judged here first."""
    assert [str(x) for x in Category] == CATEGORIES
    assert [str(x) for x in Purpose] == PURPOSES
    assert [str(x) for x in Role] == ROLES
    assert [str(x) for x in Standing] == STANDINGS


def test_every_cell() -> None:
    """All cells, none left out; the first wrong ones are shown."""
    wrong, cells, permits = [], 0, 0
    for actor, category, purpose, facts, expected in questions():
        cells += 1
        decision = decide(actor, category, purpose, facts, NOW)
        if isinstance(decision, Permit):
            permits += 1
            right = (
                expected.__class__ is tuple
                and decision.category is category
                and decision.bases == expected[0]
                and decision.obligations == expected[1]
                and (not decision.consents if not expected[2] else plain(decision) == expected)
            )
        else:
            right = decision.reason == expected and decision.category is category
        if not right:
            wrong.append((sorted(actor.roles), category, purpose, facts, expected, decision))
    print(f"{cells:,} cells, {permits:,} of them permits")
    assert not wrong[:3], f"{len(wrong)} of {cells} cells are wrong"
    assert cells >= 800_000
    assert permits >= 20_000, "a table in which nothing is open proves nothing"


def test_a_planted_fault_is_seen() -> None:
    """The comparison can fail: a decision that always says yes is found out at once."""

    def always(_category: Category) -> Permit:
        return Permit(_category, frozenset(), frozenset())

    wrong = sum(plain(always(category)) != expected for _, category, _, _, expected in questions(every=100))
    assert wrong > 1_000
