"""The outbox: what is still to be told to whom. It holds ids and a kind, never anything about a person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, Text, text
from sqlalchemy import Uuid as SqlUuid
from sqlmodel import Field, SQLModel

from hub.base.ids import new_id

MOMENT = DateTime(timezone=True)


class Outbox(SQLModel, table=True):
    """One notice to one agency (or one of its staff). Its id is the message's stable id: sent at least once."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_next_fire", "next_fire_at", "id", postgresql_where=text("next_fire_at is not null")),
        Index("ix_outbox_agency", "agency_id", "created_at"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    agency_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("agency.id"), nullable=False))
    staff_id: UUID | None = Field(default=None, sa_column=Column(SqlUuid, ForeignKey("staff.id")))
    subject_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    calendar: str | None = Field(default=None, sa_column=Column(Text))
    created_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    next_fire_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    sent_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    last_error: str | None = Field(default=None, sa_column=Column(Text))

    @property
    def topic(self) -> str:
        """Which handler answers for this row."""
        return "mail"
