"""Goal 10: how many disclosures the policy decides in a second of one core."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import cycle, islice
from random import Random
from statistics import median
from uuid import UUID

from hub.policy.decide import decide
from hub.policy.terms import Actor, Category, ConsentFact, Facts, Permit, Purpose, Role, Standing

from .data import START
from .figures import Figure, Run

_QUESTIONS, _DECISIONS = 2000, 200_000
_WANTED = 200_000
Question = tuple[Actor, Category, Purpose, Facts]


async def measure(run: Run) -> list[Figure]:
    """Decisions a second of CPU time, medians of the rounds; and how many of them are permits."""
    asked = _questions()
    permits = sum(isinstance(decide(*question, START), Permit) for question in asked)
    rates = []
    for _ in range(run.rounds):
        many = list(islice(cycle(asked), _DECISIONS))
        began = time.process_time()
        for actor, category, purpose, facts in many:
            decide(actor, category, purpose, facts, START)
        rates.append(_DECISIONS / (time.process_time() - began))
    rate = median(rates)
    run.say("policy")
    what = f"decisions ({permits / len(asked):.0%} permits, one core)"
    return [Figure(10, what, f"{rate:,.0f}/s", f"{_WANTED:,}/s", rate / _WANTED, ">= 1", rate >= _WANTED)]


def _questions() -> list[Question]:
    """What an inbox asks most: agencies under a referral with a consent, and coordinators of their own cases."""
    random, agency = Random(23), UUID(int=9)
    workers = Actor(UUID(int=1), agency, frozenset({Role.AGENCY_WORKER}))
    coordinator = Actor(UUID(int=2), UUID(int=8), frozenset({Role.COORDINATOR}))
    made = []
    for n in range(_QUESTIONS):
        given = frozenset(random.sample(list(Category), 4))
        purposes = frozenset(random.sample(list(Purpose), 3))
        until = START + timedelta(days=30)
        consent = ConsentFact(UUID(int=n + 1), given, purposes, agency, START, until, written=n % 2 == 0)
        referred = Facts(standings=frozenset({Standing.REFERRED_TO}), consents=(consent,), referral_accepted=n % 3 == 0)
        own = Facts(standings=frozenset({Standing.ASSIGNED}), consents=(consent,))
        actor, facts = (workers, referred) if n % 4 else (coordinator, own)
        made.append((actor, random.choice(list(Category)), random.choice(list(Purpose)), facts))
    return made
