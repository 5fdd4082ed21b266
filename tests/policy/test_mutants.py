"""Mutation: every fault planted in the rules or the decision is found by the table or by what `Sight` promises.

The short form judges every fifth mutant by a shorter exam; with SOAK=1 in the environment, every one of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import lru_cache

import pytest

from hub.policy import decide as real

from .checks import PROMISES
from .expected import World
from .mutants import Mutant, load, mutants
from .worlds import NOW, Question, plain, questions, worlds

SOAK = bool(os.environ.get("SOAK"))
EVERY = 1 if SOAK else 5


def _worlds() -> Iterator[World]:
    """All of them; for the short exam those of a helping worker, and every seventh other (no cycle of them has a 7)."""
    for number, world in enumerate(worlds()):
        helping = world.roles == {"agency_worker"} and "referred_to" in world.standings
        if SOAK or helping or number % 7 == 0:
            yield world


@lru_cache(maxsize=1)
def _exam() -> list[Question]:
    """Many cells of the table, in a fixed disorder, the open ones thicker: 86,000 long, 50,000 short."""
    chance = random.Random(20260302)  # noqa: S311 - repeatable, no secret
    thick, thin = (0.4, 0.05) if SOAK else (1.0, 0.3)
    asked = [q for q in questions(_worlds()) if chance.random() < (thick if isinstance(q[4], tuple) else thin)]
    chance.shuffle(asked)
    return asked


def _killed(mutant: Mutant) -> str:
    """What found the fault; empty if nothing did."""
    try:
        module = load(mutant.rules, mutant.decide, mutant.consents)
    except Exception as problem:
        raise AssertionError(f"{mutant.what}: the mutant must import, or it proves nothing") from problem
    for promise in PROMISES:
        try:
            promise(module)
        except (AssertionError, AttributeError, TypeError, pytest.fail.Exception):
            return promise.__name__
    judge = module.decide
    for actor, category, purpose, facts, expected in _exam():
        try:
            if plain(judge(actor, category, purpose, facts, NOW)) != expected:
                return "table"
        except (AttributeError, TypeError):
            return "table, by breaking"
    return ""


def test_the_unchanged_copy_passes() -> None:
    """The judge is fair: the real source, loaded the same way, is not found guilty."""
    assert _killed(Mutant("none")) == ""
    assert load().decide is not real.decide


def test_every_mutant_is_killed() -> None:
    """No survivors. Each differs from the source and imports: the fault has landed."""
    judged = list(mutants(EVERY))
    assert len({(mutant.rules, mutant.decide, mutant.consents) for mutant in judged}) >= (300 if SOAK else 60)
    survivors = [mutant.what for mutant in judged if not _killed(mutant)]
    print(f"{len(judged)} mutants judged, {len(survivors)} survive, exam of {len(_exam()):,} cells")
    assert survivors == []
