"""Requests to forget the past of a field: who asked, who decided, what for. What was said is not among it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, cast
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlmodel import Field, SQLModel

from .columns import one_of

_MOMENT = cast("Any", DateTime(timezone=True))


class PurgeReason(StrEnum):
    """Why the past of a field must not be known any more. Codes alone: free text might say it again."""

    WHEREABOUTS = "whereabouts"
    IDENTITY = "identity"
    SENSITIVE = "sensitive"
    OTHER = "other"


class HistoryPurge(SQLModel, table=True):
    """One request. It is added, and decided by `directory_purge` alone (migration 0015)."""

    __tablename__: ClassVar[str] = "history_purge"
    __table_args__ = (
        CheckConstraint(one_of("reason", PurgeReason), name="ck_history_purge_reason"),
        CheckConstraint("num_nonnulls(decided_by, decided_at, agreed) IN (0, 3)", name="ck_history_purge_decided"),
        CheckConstraint("NOT agreed OR asked_by <> decided_by", name="ck_history_purge_two_persons"),
        Index(
            "ix_history_purge_waiting",
            "resource_id",
            "resource_type",
            "field_name",
            unique=True,
            postgresql_where=text("decided_by IS NULL"),
        ),
    )
    id: UUID = Field(
        default_factory=uuid4, primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")}
    )
    service_id: UUID
    """In whose history it was found. No foreign key: the request outlives the service."""
    change_id: UUID
    """The record it was asked for at."""
    resource_type: str = Field(sa_type=Text)
    resource_id: UUID
    field_name: str = Field(sa_type=Text)
    """Empty: everything that was said of a row, as where it was removed."""
    reason: str = Field(sa_type=Text)
    asked_by: UUID
    asked_at: datetime = Field(sa_type=_MOMENT)
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    agreed: bool | None = None
