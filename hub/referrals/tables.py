"""Referrals: a need of a case sent to an agency that owes it, and what became of it. States are FHIR Task's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, LargeBinary, Text, text
from sqlalchemy import Uuid as SqlUuid
from sqlmodel import Field, SQLModel

from hub.base.ids import new_id

MOMENT = DateTime(timezone=True)
_STATES = "('requested', 'accepted', 'rejected', 'returned', 'completed', 'cancelled')"


class Referral(SQLModel, table=True):
    """One need of one case, at one service of one agency. `summary` is what the coordinator tells, sealed."""

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint(f"state in {_STATES}", name="ck_referral_state"),
        CheckConstraint("urgency in ('immediate', 'urgent', 'normal')", name="ck_referral_urgency"),
        CheckConstraint("(state in ('rejected', 'returned')) = (reason is not null)", name="ck_referral_reason"),
        Index(
            "ix_referral_inbox",
            "to_agency_id",
            "due_at",
            "id",
            postgresql_where=text("state in ('requested', 'accepted')"),
        ),
        Index("ix_referral_case", "case_id", "sent_at"),
        Index("ix_referral_sender", "sent_by", "state", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    case_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    need: str = Field(sa_column=Column(Text, nullable=False))
    area: str = Field(sa_column=Column(Text, nullable=False))
    urgency: str = Field(sa_column=Column(Text, nullable=False))
    from_agency_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    to_agency_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    service_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    summary: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = Field(default="requested", sa_column=Column(Text, nullable=False))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    sent_by: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    sent_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    due_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    answered_by: UUID | None = Field(default=None, sa_column=Column(SqlUuid))
    answered_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    outcome: str | None = Field(default=None, sa_column=Column(Text))
    report: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False))
