"""Tables of stock-taking: rounds, one task a service, sheets sent in, and what a closed round froze.

Who somebody is stays an opaque id here: the directory is told it and decides nothing by it.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from .columns import one_of


class RoundState(StrEnum):
    """Where a round stands."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class TaskAnswer(StrEnum):
    """What an agency says of one of its services. `later` promises an answer and is none yet."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NO_LONGER_OFFERED = "no_longer_offered"
    LATER = "later"


class StopReason(StrEnum):
    """Why a service is no longer offered: codes, so that they can be counted."""

    FUNDING_ENDED = "funding_ended"
    NO_STAFF = "no_staff"
    NO_PLACE = "no_place"
    MERGED = "merged"
    TAKEN_OVER = "taken_over"
    NO_DEMAND = "no_demand"
    OTHER = "other"


MOMENT = DateTime(timezone=True)
_EMPTY_LIST: dict[str, Any] = {"server_default": text("'{}'"), "nullable": False}


def _texts() -> Any:
    return Field(default_factory=list, sa_column=Column(ARRAY(Text), **_EMPTY_LIST))


def _json() -> Any:
    return Field(default_factory=dict, sa_column=Column(JSONB, server_default=text("'{}'::jsonb"), nullable=False))


class InventoryRound(SQLModel, table=True):
    """A round: what it asks about (an empty list asks about all), its days, and the digest of its frozen result."""

    __tablename__: ClassVar[str] = "inventory_round"
    __table_args__ = (
        CheckConstraint(one_of("state", RoundState), name="ck_inventory_round_state"),
        CheckConstraint("opens_on <= closes_on AND opens_at < due_at", name="ck_inventory_round_days"),
        CheckConstraint("(state IN ('open', 'closed')) = (opened_at IS NOT NULL)", name="ck_inventory_round_opened"),
        CheckConstraint(
            "(state IN ('closed', 'cancelled')) = (closed_at IS NOT NULL AND closed_by IS NOT NULL)",
            name="ck_inventory_round_ended",
        ),
        CheckConstraint("(state = 'closed') = (digest <> '')", name="ck_inventory_round_digest"),
        Index("ix_inventory_round_opens", "opens_on", "id"),
    )
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    state: str = Field(sa_type=Text)
    networks: list[str] = _texts()
    areas: list[str] = _texts()
    needs: list[str] = _texts()
    note: str = Field(default="", sa_column=Column(Text, server_default=text("''"), nullable=False))
    opens_on: date
    closes_on: date
    opens_at: datetime = Field(sa_type=MOMENT)
    due_at: datetime = Field(sa_type=MOMENT)
    authority_id: UUID
    """Whose round it is: the agency that is told when answers do not come."""
    planned_by: UUID
    opened_at: datetime | None = Field(default=None, sa_type=MOMENT)
    closed_at: datetime | None = Field(default=None, sa_type=MOMENT)
    closed_by: UUID | None = None
    digest: str = Field(default="", sa_column=Column(Text, server_default=text("''"), nullable=False))


class InventoryTask(SQLModel, table=True):
    """What a round asks of one service. `version` counts its answers; `status_before` takes a mistaken end back."""

    __tablename__: ClassVar[str] = "inventory_task"
    __table_args__ = (
        UniqueConstraint("round_id", "service_id", name="uq_inventory_task_service"),
        CheckConstraint(one_of("answer", TaskAnswer), name="ck_inventory_task_answer"),
        CheckConstraint(one_of("reason", StopReason), name="ck_inventory_task_reason"),
        CheckConstraint(
            "num_nonnulls(answer, answered_at, answered_by, answered_for) IN (0, 4)", name="ck_inventory_task_answered"
        ),
        CheckConstraint(
            "(later_on IS NOT NULL) = coalesce(answer = 'later', false) AND "
            "(stopped_on IS NOT NULL) = coalesce(answer = 'no_longer_offered', false) AND "
            "(stopped_on IS NULL) = (reason IS NULL)",
            name="ck_inventory_task_details",
        ),
        Index("ix_inventory_task_organization", "organization_id", "round_id"),
        Index("ix_inventory_task_asked", "service_id"),
    )
    id: UUID = Field(
        default_factory=uuid4, primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")}
    )
    round_id: UUID = Field(foreign_key="inventory_round.id", ondelete="CASCADE")
    service_id: UUID = Field(foreign_key="service.id", ondelete="CASCADE")
    organization_id: UUID = Field(foreign_key="organization.id", ondelete="CASCADE")
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    answer: str | None = Field(default=None, sa_type=Text)
    answered_at: datetime | None = Field(default=None, sa_type=MOMENT)
    answered_by: UUID | None = None
    answered_for: UUID | None = None
    later_on: date | None = None
    stopped_on: date | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    status_before: str = Field(default="", sa_column=Column(Text, server_default=text("''"), nullable=False))


class InventoryUpload(SQLModel, table=True):
    """A sheet of answers as it was read: judged, and written only once its sender has confirmed it."""

    __tablename__: ClassVar[str] = "inventory_upload"
    __table_args__ = (Index("ix_inventory_upload_agency", "agency_id", "sent_at"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    agency_id: UUID
    sent_by: UUID
    sent_at: datetime = Field(sa_type=MOMENT)
    lines: dict[str, Any] = _json()
    """The rows of the sheet and, once confirmed, what became of each."""
    confirmed_at: datetime | None = Field(default=None, sa_type=MOMENT)


class InventoryResult(SQLModel, table=True):
    """A task as its round closed, with all that it is compared by. Nothing of it is ever changed: see the migration."""

    __tablename__: ClassVar[str] = "inventory_result"
    __table_args__ = (
        CheckConstraint(one_of("answer", TaskAnswer), name="ck_inventory_result_answer"),
        Index("ix_inventory_result_service", "service_id"),
    )
    round_id: UUID = Field(foreign_key="inventory_round.id", primary_key=True)
    service_id: UUID = Field(primary_key=True)
    """No foreign key: the result outlives the service."""
    name: str = Field(sa_type=Text)
    names: dict[str, str] = _json()
    organization_id: UUID
    organization: str = Field(sa_type=Text)
    organization_names: dict[str, str] = _json()
    network: str = Field(sa_type=Text)
    asked: bool = Field(sa_type=Boolean)
    """Whether there was somebody to ask."""
    status: str = Field(sa_type=Text)
    assured_date: date | None = None
    needs: list[str] = _texts()
    areas: list[str] = _texts()
    counties: list[str] = _texts()
    answer: str | None = Field(default=None, sa_type=Text)
    answered_at: datetime | None = Field(default=None, sa_type=MOMENT)
    answered_by: UUID | None = None
    answered_for: UUID | None = None
    later_on: date | None = None
    stopped_on: date | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    available: int | None = None
    unit: str | None = Field(default=None, sa_type=Text)
    capacity_updated: datetime | None = Field(default=None, sa_type=MOMENT)
