"""The worlds in which the table is tried, and their translation into the policy's own facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

from hub.policy.terms import Actor, Category, ConsentFact, Decision, Facts, Grant, Permit, Purpose, Role, Standing

from .expected import CATEGORIES, HALF_HOUR, PURPOSES, ROLES, STANDINGS, Grantor, Outcome, World, open_rows, outcome

NOW = datetime(2026, 3, 2, 9, 30, 0, 500, tzinfo=UTC)
MINE, OTHER = UUID(int=1), UUID(int=2)
CELLS = tuple((Category(category), Purpose(purpose)) for category in CATEGORIES for purpose in PURPOSES)

EVERY_CATEGORY, EVERY_PURPOSE = frozenset(CATEGORIES), frozenset(PURPOSES)
OPEN = World(
    token=1,
    step_up=1,
    network="police",
    accepted=True,
    listed=True,
    window=1,
    glass=(1, EVERY_CATEGORY),
    application=(1, EVERY_CATEGORY, EVERY_PURPOSE),
    enforces=True,
    own_report=True,
    police_report=True,
    intake=True,
    notice=True,
    consents=(Grantor(),),
)
"""Every door open that can be open at once."""
CLOSED = World()

_GLASS = CLOSED.but(step_up=1, glass=(1, EVERY_CATEGORY))
_CONSENT = CLOSED.but(consents=(Grantor(),))


def situations() -> tuple[World, ...]:
    """Worlds without an actor: the closed one, each door alone, each door alone shut, each boundary of time."""
    few, purpose = frozenset({"health", "victim_contact", "existence"}), frozenset({"treatment", "risk_conference"})
    return (
        CLOSED,
        OPEN,
        # each fact alone
        CLOSED.but(accepted=True),
        CLOSED.but(treatment=True),
        CLOSED.but(listed=True, window=1),
        CLOSED.but(enforces=True),
        CLOSED.but(own_report=True),
        CLOSED.but(police_report=True),
        CLOSED.but(police_report=True, network="police"),
        CLOSED.but(intake=True),
        CLOSED.but(notice=True),
        CLOSED.but(notice=True, network="centre"),
        CLOSED.but(notice=True, network="police"),
        CLOSED.but(about_treatment=True),
        # forbids over an open world
        OPEN.but(suspended=True),
        OPEN.but(agency_suspended=True),
        OPEN.but(token=0),
        OPEN.but(conflicted=True),
        OPEN.but(suspended=True, conflicted=True, about_treatment=True),
        OPEN.but(about_treatment=True),
        # an open world with one door shut
        OPEN.but(treatment=True),
        OPEN.but(accepted=False),
        OPEN.but(intake=False, token=None),
        OPEN.but(network="health"),
        OPEN.but(consents=(), glass=None, application=None),
        # break-glass
        _GLASS,
        _GLASS.but(step_up=0),
        _GLASS.but(step_up=None),
        _GLASS.but(glass=(0, EVERY_CATEGORY)),
        _GLASS.but(glass=(HALF_HOUR, frozenset({"victim_contact", "health"}))),
        _GLASS.but(glass=(HALF_HOUR + 1, EVERY_CATEGORY)),
        _GLASS.but(listed=True, window=1),
        # conference
        CLOSED.but(listed=True, window=0),
        CLOSED.but(listed=True),
        CLOSED.but(window=1),
        # application
        CLOSED.but(application=(1, few, purpose)),
        CLOSED.but(application=(0, EVERY_CATEGORY, EVERY_PURPOSE)),
        # consents
        _CONSENT,
        CLOSED.but(consents=(Grantor(few, purpose, starts=0), Grantor(few, purpose, written=False))),
        CLOSED.but(consents=(Grantor(written=False),)),
        CLOSED.but(consents=(Grantor(mine=False),)),
        CLOSED.but(consents=(Grantor(starts=1, ends=2),)),
        CLOSED.but(consents=(Grantor(ends=0),)),
        CLOSED.but(consents=(Grantor(withdrawn=0),)),
        CLOSED.but(consents=(Grantor(withdrawn=1),)),
        CLOSED.but(consents=(Grantor(opposite=True),)),
        CLOSED.but(consents=(Grantor(capacity=False),)),
        CLOSED.but(consents=(Grantor(opposite=True), Grantor()), listed=True, window=1),
    )


def actors() -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Roles and standings: each alone, none, and the combinations that can meet in one person."""
    roles = [frozenset({role}) for role in ROLES]
    roles += [frozenset(), frozenset({"coordinator", "intake_officer"})]
    standings = [frozenset({standing}) for standing in STANDINGS]
    standings += [frozenset(), frozenset({"assigned", "same_centre"}), frozenset({"referred_to", "invited"})]
    standings += [frozenset(STANDINGS) - {"none"}]
    yield from product(roles, standings)


def worlds() -> Iterator[World]:
    """Every situation with every actor in it."""
    for roles, standings in actors():
        for situation in situations():
            yield situation.but(roles=roles, standings=standings)


def _at(offset: int | None) -> datetime | None:
    return None if offset is None else NOW + timedelta(microseconds=offset)


def actor_of(world: World) -> Actor:
    """The world's actor in the policy's terms."""
    return Actor(
        UUID(int=7),
        MINE,
        frozenset(Role(role) for role in world.roles),
        suspended=world.suspended,
        expires_at=_at(world.token),
        agency_suspended=world.agency_suspended,
        step_up_until=_at(world.step_up),
        network=world.network,
    )


def _grant(offset: int, categories: frozenset[str], purposes: frozenset[str] = frozenset()) -> Grant:
    return Grant(
        UUID(int=9),
        frozenset(Category(category) for category in categories),
        NOW + timedelta(microseconds=offset),
        frozenset(Purpose(purpose) for purpose in purposes),
    )


def _consent(number: int, consent: Grantor) -> ConsentFact:
    return ConsentFact(
        UUID(int=100 + number),
        frozenset(Category(category) for category in consent.categories),
        frozenset(Purpose(purpose) for purpose in consent.purposes),
        MINE if consent.mine else OTHER,
        NOW + timedelta(microseconds=consent.starts),
        NOW + timedelta(microseconds=consent.ends),
        _at(consent.withdrawn),
        consent.written,
        consent.opposite,
        consent.capacity,
    )


def facts_of(world: World) -> Facts:
    """The world's facts in the policy's terms."""
    return Facts(
        standings=frozenset(Standing(standing) for standing in world.standings),
        conflicted=world.conflicted,
        consents=tuple(_consent(number, consent) for number, consent in enumerate(world.consents)),
        referral_accepted=world.accepted,
        referral_for_treatment=world.treatment,
        conference_until=_at(world.window),
        conference_listed=world.listed,
        break_glass=None if world.glass is None else _grant(*world.glass),
        application=None if world.application is None else _grant(*world.application),
        enforces_identity=world.enforces,
        own_report=world.own_report,
        police_of_report=world.police_report,
        intake_of_report=world.intake,
        release_notice=world.notice,
        about_offender_treatment=world.about_treatment,
    )


def plain(decision: Decision) -> Outcome:
    """A decision in the words of `expected.outcome`."""
    if isinstance(decision, Permit):
        carried = tuple(consent.int - 100 for consent in decision.consents)
        return frozenset(map(str, decision.bases)), frozenset(map(str, decision.obligations)), carried
    return decision.reason


Question = tuple[Actor, Category, Purpose, Facts, Outcome]


def questions(asked: Iterator[World] | None = None, every: int = 1) -> Iterator[Question]:
    """Each cell with what must be answered; `every` n-th world only."""
    for number, world in enumerate(asked or worlds()):
        if number % every:
            continue
        actor, facts, rows = actor_of(world), facts_of(world), open_rows(world)
        for category, purpose in CELLS:
            yield actor, category, purpose, facts, outcome(world, rows, str(category), str(purpose))
