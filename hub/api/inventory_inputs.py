"""GraphQL: what is sent in stock-taking: rounds to open and close, answers, capacities, sheets."""

from __future__ import annotations

from datetime import date

import strawberry

from directory.rounds import StopReason, TaskAnswer

from . import inventory_types as inventory_types  # describes the closed lists

KEY = "8 to 100 characters; repeat safely."


@strawberry.input(description="Open a round of stock-taking.")
class OpenRoundInput:
    """A round."""

    opens_on: date = strawberry.field(description="First day; a day off moves to the next working day.")
    closes_on: date = strawberry.field(description="Last day; a day off moves to the next working day.")
    networks: list[str] = strawberry.field(default_factory=list, description="Codes of networks; empty: all.")
    areas: list[str] = strawberry.field(default_factory=list, description="Codes of areas; empty: all.")
    needs: list[str] = strawberry.field(default_factory=list, description="Codes of needs; empty: all.")
    note: str = strawberry.field(default="", description="What to add, at most 500 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Close an open round, or call off a planned one.")
class CloseRoundInput:
    """A round."""

    round_id: strawberry.ID = strawberry.field(description="The round.")
    early: bool = strawberry.field(default=False, description="Close it though its end has not come and answers lack.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="An answer for one of one's own services.")
class AttestServiceInput:
    """An answer."""

    service_id: strawberry.ID = strawberry.field(description="The service.")
    answer: TaskAnswer = strawberry.field(description="The answer; `CHANGED` is given by changing the service.")
    version: int | None = strawberry.field(
        default=None, description="The task's `version` as shown; if it was answered since, it is a `Conflict`."
    )
    day: date | None = strawberry.field(
        default=None, description="`NO_LONGER_OFFERED`: its last day. `LATER`: when the answer comes."
    )
    reason: StopReason | None = strawberry.field(default=None, description="`NO_LONGER_OFFERED`: why.")
    available: int | None = strawberry.field(default=None, description="In the same go: how much is free now.")
    unit: str | None = strawberry.field(default=None, description="Of what: place, bed, hour. Needed with `available`.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="All own services a round still asks about are unchanged.")
class AttestServicesInput:
    """An answer for all."""

    round_id: strawberry.ID = strawberry.field(description="The round.")
    version: str = strawberry.field(
        description="The round's `version` as shown; if any of the services has changed since, it is a `Conflict`."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="How much of an own service is free now.")
class SayCapacityInput:
    """A capacity."""

    service_id: strawberry.ID = strawberry.field(description="The service.")
    available: int = strawberry.field(description="How much is free.")
    unit: str = strawberry.field(description="Of what: place, bed, hour.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="A sheet of answers to be judged.")
class UploadAnswersInput:
    """A sheet."""

    workbook: str = strawberry.field(description="The workbook in base64.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Write what can be written of a sheet.")
class ConfirmAnswersInput:
    """A sheet."""

    sheet_id: strawberry.ID = strawberry.field(description="The sheet.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)
