"""What `Sight` and `Disclosed` promise, checked on any copy of the module `decide`: the real one, or a mutant."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from hub.policy.terms import Actor, Category, Facts, Obligation, Purpose, Role, Standing

from .expected import ROWS
from .worlds import NOW, OPEN, actor_of, facts_of

CASE = UUID(int=42)
COORDINATOR = Actor(UUID(int=7), UUID(int=1), frozenset({Role.COORDINATOR}))
ASSIGNED = Facts(standings=frozenset({Standing.ASSIGNED}))
WORKER = Actor(UUID(int=8), UUID(int=1), frozenset({Role.AGENCY_WORKER}))
REFERRED = Facts(standings=frozenset({Standing.REFERRED_TO}))


def _sight(module: ModuleType, actor: Actor = COORDINATOR, facts: Facts = ASSIGNED) -> Any:
    return module.Sight(actor, CASE, Purpose.PROTECTION, facts, NOW)


def sight_remembers_what_was_shown_and_hidden(module: ModuleType) -> None:
    """Shown with its permit, hidden with its reason; asking alone leaves no trace."""
    sight = _sight(module, WORKER, REFERRED)
    assert sight.may(Category.EXISTENCE)
    assert not sight.may(Category.VICTIM_CONTACT)
    assert sight.form(Category.CASE_FACTS) == {Obligation.MASK_UNTIL_ACCEPTED, Obligation.OWN_PART}
    assert sight.form(Category.VICTIM_CONTACT) == frozenset()
    assert (sight.shown, sight.hidden) == ({}, {})
    disclosed = sight.show(Category.EXISTENCE, "it is there")
    assert disclosed.value == "it is there"
    assert disclosed.permit is sight.decision(Category.EXISTENCE) is sight.shown[Category.EXISTENCE]
    assert sight.show(Category.VICTIM_CONTACT, "02-0000-0000") is None
    assert sight.hidden == {Category.VICTIM_CONTACT: "no_basis"}
    assert list(sight.shown) == [Category.EXISTENCE]
    assert (sight.actor, sight.case_id, sight.purpose, sight.facts, sight.now) == (
        WORKER,
        CASE,
        Purpose.PROTECTION,
        REFERRED,
        NOW,
    )


def absent_and_hidden_look_the_same(module: ModuleType) -> None:
    """Both are None; what is absent was not shown, and what is hidden is noted whether or not it exists."""
    sight = _sight(module)
    assert sight.show(Category.VICTIM_CONTACT, None) is None
    assert (sight.shown, sight.hidden) == ({}, {})
    blind = _sight(module, WORKER, Facts())
    assert blind.show(Category.VICTIM_CONTACT, None) is None
    assert blind.show(Category.HEALTH, "x") is None
    assert blind.hidden == {Category.VICTIM_CONTACT: "no_basis", Category.HEALTH: "no_basis"}
    empty = sight.show(Category.HEALTH, "")
    assert empty is not None
    assert empty.value == ""
    assert module.shown(empty) == ""
    assert module.shown(None) is None


def a_decision_is_taken_once_a_category(module: ModuleType) -> None:
    """One sight answers the same thing the same way; another one decides again."""
    sight = _sight(module)
    consented = OPEN.but(roles=frozenset({"agency_worker"}), standings=frozenset({"referred_to"}))
    sight = module.Sight(actor_of(consented), CASE, Purpose.PROTECTION, facts_of(consented), NOW)
    assert sight.decision(Category.EDUCATION).consents
    assert sight.decision(Category.EDUCATION) is sight.decision(Category.EDUCATION)
    assert sight.decision(Category.STATISTICS) is not sight.decision(Category.EDUCATION)
    nobody = module.Sight(actor_of(OPEN), CASE, Purpose.PROTECTION, facts_of(OPEN), NOW)
    assert not nobody.may(Category.HEALTH)


def oversight_sees_pseudonyms(module: ModuleType) -> None:
    """P12: the form says so, and an exit asks the form."""
    auditor = Actor(UUID(int=9), UUID(int=3), frozenset({Role.AUDITOR}))
    sight = module.Sight(auditor, CASE, Purpose.OVERSIGHT, Facts(), NOW)
    assert sight.form(Category.LEDGER) == sight.form(Category.EXISTENCE) == {Obligation.PSEUDONYM}


def the_rows_are_the_transcribed_ones(module: ModuleType) -> None:
    """Row for row, in the statute's order: to whom, for what, which categories, with which obligations."""
    assert [forbid.code for forbid in module.FORBIDS] == ["F1", "F2", "F3", "F4", "F5"]
    assert list(dict.fromkeys(str(row.basis) for row in module.PERMITS)) == [row.code for row in ROWS]
    wanted = {row.code: row for row in ROWS}
    for row in module.PERMITS:
        told = wanted[row.basis]
        assert (row.roles, row.purposes, row.categories) == (told.roles, told.purposes, frozenset(told.categories))
        assert row.standings == (frozenset(Standing) if told.standings == {"*"} else told.standings)
        for category, form in told.categories.items():
            asked = row.obligations | row.narrowed.get(category, frozenset())
            assert asked - {Obligation.MASK_UNTIL_ACCEPTED} == told.duties | form


def only_a_decision_makes_a_disclosed(module: ModuleType) -> None:
    """Neither a call, nor another's parts, nor copying, pickling, replacing or subclassing makes one."""
    sight = _sight(module)
    real = sight.show(Category.HEALTH, "fictional")
    attempts: list[Callable[[], object]] = [
        lambda: module.Disclosed("x", real.permit),
        lambda: module.Disclosed("x", real.permit, None),
        lambda: module.Disclosed("x", real.permit, object()),
        lambda: module.Disclosed("x", real.permit, key=True),
        lambda: dataclasses.replace(real, value="x"),
        lambda: copy.copy(real),
        lambda: copy.deepcopy(real),
        lambda: pickle.dumps(real),
        lambda: type("Mine", (module.Disclosed,), {}),
    ]
    for attempt in attempts:
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(dataclasses.FrozenInstanceError):
        real.value = "x"
    assert "_key" not in dir(real), "the key that makes one must not be found on one"
    assert real.key is None
    hollow = object.__new__(module.Disclosed)
    with pytest.raises(AttributeError):
        _ = hollow.value
    assert "fictional" not in repr(real)
    assert "fictional" not in f"{[real]} {real!s}"


PROMISES = (
    sight_remembers_what_was_shown_and_hidden,
    absent_and_hidden_look_the_same,
    a_decision_is_taken_once_a_category,
    oversight_sees_pseudonyms,
    the_rows_are_the_transcribed_ones,
    only_a_decision_makes_a_disclosed,
)
