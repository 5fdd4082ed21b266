"""GraphQL: ranked services for a referral with the reasons for their rank, and the authority's weights of reasons."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from directory import matching
from directory.facts import ACTS, NATIONALITIES
from directory.search import UnknownFilterError
from hub.audit.ledger import moment
from hub.base.errors import FieldError, InvalidInput
from hub.inventory import weights
from hub.policy.terms import Role
from scheduling.clocks import Urgency

from .context import Info
from .describe import Node, describes, first_of
from .directory import PUBLIC_DATA, Service
from .permissions import CASE_WORK, OVERSEEING, Asks, Does
from .problems import outcome
from .searching import unknown_filter

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


@strawberry.type(description="Why a service ranks where it does.")
@describes(matching.Reason, public=PUBLIC_DATA)
class MatchReason:
    """A reason."""

    code: str = strawberry.field(description="Stable code, e.g. `covers_area`, `capacity_stale`.")
    effect: str = strawberry.field(description="`up` or `down`: which way it moves the service.")
    points: int = strawberry.field(description="By how many points.")
    detail: str = strawberry.field(description="Its figure, if it has one: kilometres, places free.")


@strawberry.type(description="A ranked service.")
@describes(matching.Match, public=PUBLIC_DATA)
class Match:
    """A match."""

    service: Service = strawberry.field(description="The service.")
    score: int = strawberry.field(description="Sum of the points.")
    reasons: list[MatchReason] = strawberry.field(description="Every reason that moved it.")


@strawberry.type(description="A service that would have come into question, and why it does not.")
@describes(matching.FallenOut, public=PUBLIC_DATA)
class FallenOut:
    """A service left out."""

    service: Service = strawberry.field(description="The service.")
    why: str = strawberry.field(description="Code of the reason: closed, suspended, age, gender, no_capacity.")


@strawberry.type(description="Services of a need near a place, best first, and those that fell out.")
@describes(matching.Matches, public=PUBLIC_DATA)
class Matches:
    """A ranking."""

    found: list[Match] = strawberry.field(description="The ranking; the order is stable.")
    fallen_out: list[FallenOut] = strawberry.field(description="What was left out, with the reason.")


@strawberry.type(description="How much one reason weighs.")
@describes(weights.WeightView, public=PUBLIC_DATA)
class MatchWeight:
    """A weight."""

    name: str = strawberry.field(description="Stable name, e.g. `capacity_free`.")
    value: int = strawberry.field(description="Points, kilometres, hours or a count, as the name says.")
    least: int = strawberry.field(description="The least it may be.")
    most: int = strawberry.field(description="The most it may be.")
    default: int = strawberry.field(description="What the product came with.")


@strawberry.type(description="The weights that a ranking adds up, as the authority set them; each version is kept.")
@describes(weights.WeightsView, public=PUBLIC_DATA)
class MatchWeights(Node):
    """The weights that hold."""

    version: int = strawberry.field(description="0 while the product's own hold; give it back when setting others.")
    set_at: datetime | None = strawberry.field(description="Since when; null for the product's own.")
    note: str = strawberry.field(description="Why, in the words of whoever set them.")
    weights: list[MatchWeight] = strawberry.field(description="Each weight, in a fixed order.")


@strawberry.input(description="One weight to set.")
class WeightInput:
    """A weight."""

    name: str = strawberry.field(description="Its stable name.")
    value: int = strawberry.field(description="Within its bounds.")


@strawberry.input(description="Set weights; those not named stay.")
class SetMatchWeightsInput:
    """Weights to set."""

    version: int = strawberry.field(description="The version that was read; a newer one is a conflict.")
    weights: list[WeightInput] = strawberry.field(description="What to change, at most 100.")
    note: str = strawberry.field(description="Why: others will ask.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.type
class MatchingQuery:
    """Queries about ranking."""

    @strawberry.field(
        description="Services of a need near a place, best first, each with the reasons for its rank.",
        extensions=[Asks(CASE_WORK)],
        graphql_type=Matches,
    )
    async def match_services(
        self,
        info: Info,
        need: str,
        area: str,
        urgency: Urgency = Urgency.NORMAL,
        language: str | None = None,
        accessibility: str | None = None,
        age: int | None = None,
        gender: str | None = None,
        act: str | None = None,
        nationality: str | None = None,
        first: int = 20,
    ) -> Any:
        pressing = matching.Urgency(urgency.value)
        asked = matching.MatchRequest(need, area, pressing, language, accessibility, age, gender, act, nationality)
        if act is not None and act not in ACTS:
            raise InvalidInput(FieldError("act", "choose_one"))
        if nationality is not None and nationality not in NATIONALITIES:
            raise InvalidInput(FieldError("nationality", "choose_one"))
        session = info.context.session
        try:
            return await matching.match(session, asked, moment(session), first_of(first))
        except UnknownFilterError as unknown:
            raise unknown_filter(unknown) from None

    @strawberry.field(
        description="The weights that rank services now.",
        extensions=[Asks(CASE_WORK | OVERSEEING)],
        graphql_type=MatchWeights,
    )
    async def match_weights(self, info: Info) -> Any:
        return await weights.weights(info.context.session)


@strawberry.type
class MatchingMutation:
    """Mutations of ranking."""

    @strawberry.mutation(
        description="Set how much reasons weigh, from now on and for everybody.",
        extensions=[Does(ADMINISTRATORS, weights.shown)],
        graphql_type=outcome("SetMatchWeightsResult", MatchWeights),
    )
    async def set_match_weights(self, info: Info, input: SetMatchWeightsInput) -> Any:
        if len(input.weights) > 100:
            raise InvalidInput(FieldError("weights", "too_many"))
        changes = {weight.name: weight.value for weight in input.weights}
        return await weights.set_weights(info.context.session, info.context.person, changes, input.version, input.note)
