"""Network meetings over cases: agenda items, minutes, attendance, action items. Times and seats are scheduling's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import Uuid as SqlUuid
from sqlmodel import Field, SQLModel

from hub.base.ids import new_id

MOMENT = DateTime(timezone=True)


class Conference(SQLModel, table=True):
    """A risk conference: one meeting, called by a centre. Final minutes close the window of its items (P5)."""

    __tablename__ = "conference"
    __table_args__ = (
        UniqueConstraint("meeting_id", name="uq_conference_meeting"),
        CheckConstraint("state in ('called', 'held', 'final', 'cancelled')", name="ck_conference_state"),
        Index("ix_conference_called_by", "called_by"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    meeting_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("meeting.id"), nullable=False))
    centre_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    called_by: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    state: str = Field(default="called", sa_column=Column(Text, nullable=False))
    final_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False))


class AgendaItem(SQLModel, table=True):
    """A case on an agenda, in its place; its minutes are sealed under the case's key."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        UniqueConstraint("conference_id", "case_id", name="uq_agenda_item_case"),
        UniqueConstraint("conference_id", "position", name="uq_agenda_item_position"),
        Index("ix_agenda_item_case", "case_id"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    conference_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("conference.id"), nullable=False))
    case_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    position: int = Field(sa_column=Column(Integer, nullable=False))
    minutes: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    recorded_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))


class Attendance(SQLModel, table=True):
    """Which agency was there."""

    __tablename__ = "attendance"

    conference_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("conference.id"), primary_key=True))
    agency_id: UUID = Field(sa_column=Column(SqlUuid, primary_key=True))
    present: bool = Field(sa_column=Column(Boolean, nullable=False))


class ActionItem(SQLModel, table=True):
    """What an agency took upon itself for a case, by when; chased by its clock until done."""

    __tablename__ = "action_item"
    __table_args__ = (
        CheckConstraint("(done_at is null) = (done_by is null)", name="ck_action_item_done"),
        Index("ix_action_item_agency", "agency_id", "due_at", postgresql_where=text("done_at is null")),
        Index("ix_action_item_item", "agenda_item_id"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    agenda_item_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("agenda_item.id"), nullable=False))
    case_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    agency_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    what: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    due_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    done_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    done_by: UUID | None = Field(default=None, sa_column=Column(SqlUuid))
