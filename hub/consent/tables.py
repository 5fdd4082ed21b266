"""Consents, and where agencies and persons stand to a case: the facts the policy decides over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, DateTime, Index, Text, text
from sqlalchemy import Uuid as SqlUuid
from sqlmodel import Field, SQLModel

from hub.base.ids import new_id

MOMENT = DateTime(timezone=True)


class Consent(SQLModel, table=True):
    """A consent record (ISO/TS 27560): who agreed that which categories go to whom, for what, for how long."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ck_consent_period"),
        CheckConstraint("cardinality(categories) > 0 and cardinality(purposes) > 0", name="ck_consent_something"),
        CheckConstraint("cardinality(recipient_ids) > 0", name="ck_consent_somebody"),
        CheckConstraint(
            "grantor in ('victim', 'custodian', 'legal_representative', 'opposite')", name="ck_consent_grantor"
        ),
        Index("ix_consent_case", "case_id"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    case_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    grantor: str = Field(sa_column=Column(Text, nullable=False))
    capacity: bool = Field(sa_column=Column(Boolean, nullable=False))
    categories: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purposes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    recipient_ids: list[UUID] = Field(sa_column=Column(ARRAY(SqlUuid), nullable=False))
    written: bool = Field(sa_column=Column(Boolean, nullable=False))
    notice_version: str = Field(sa_column=Column(Text, nullable=False))
    starts_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    ends_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    withdrawn_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    recorded_by: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))


class StandingRow(SQLModel, table=True):
    """One place where an agency (or one of its staff) stands to a case, and until when. Never deleted, only ended.

    `kind` is a policy Standing, or `conflict` (F2). `source_id` is what it comes from: an assignment, a referral, an
    agenda item, a relation.
    """

    __tablename__ = "standing"
    __table_args__ = (
        CheckConstraint(
            "kind in ('assigned','same_centre','referred_to','invited','applicant','enforcer','conflict')",
            name="ck_standing_kind",
        ),
        CheckConstraint("agency_id is not null or staff_id is not null", name="ck_standing_somebody"),
        Index("ix_standing_case", "case_id", "agency_id"),
        Index("ix_standing_source", "source_id"),
        Index("ix_standing_conflict", "staff_id", postgresql_where=text("kind = 'conflict' and ended_at is null")),
        Index(
            "uq_standing_live",
            "case_id",
            "kind",
            "agency_id",
            "staff_id",
            "source_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    case_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    agency_id: UUID | None = Field(default=None, sa_column=Column(SqlUuid))
    staff_id: UUID | None = Field(default=None, sa_column=Column(SqlUuid))
    source_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    accepted: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    treatment: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    listed: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    until: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    ended_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
