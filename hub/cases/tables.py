"""Reports, cases, parties and risk assessments. Whatever tells of a person is sealed under the case's own key."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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


class Report(SQLModel, table=True):
    """A report of suspected violence or stalking (DVPA 50; SHPA 4). The reporter's identity is sealed apart."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("receipt", name="uq_report_receipt"),
        CheckConstraint("state in ('received', 'opened', 'closed')", name="ck_report_state"),
        CheckConstraint("(state = 'opened') = (case_id is not null)", name="ck_report_case"),
        CheckConstraint("oral or supplemented_at is null", name="ck_report_supplemented"),
        Index(
            "ix_report_unwritten",
            "centre_id",
            "received_at",
            postgresql_where=text("oral and supplemented_at is null"),
        ),
        Index("ix_report_centre", "centre_id", "state", "received_at"),
        Index("ix_report_reporter", "filed_by"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    receipt: str = Field(sa_column=Column(Text, nullable=False))
    centre_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    filed_by: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    filed_agency_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    learned_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    received_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    oral: bool = Field(sa_column=Column(Boolean, nullable=False))
    area: str = Field(sa_column=Column(Text, nullable=False))
    acts: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    data_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    reporter: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    victim_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    opposite_index: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    state: str = Field(default="received", sa_column=Column(Text, nullable=False))
    case_id: UUID | None = Field(default=None, sa_column=Column(SqlUuid))
    supplemented_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    """When the written form of an oral report came in (DVPA ER 21)."""


class CaseFile(SQLModel, table=True):
    """A case of a prevention centre. `number` is random: it says nothing of when, where or how many."""

    __tablename__ = "case_file"
    __table_args__ = (
        UniqueConstraint("number", name="uq_case_file_number"),
        CheckConstraint("state in ('open', 'closed')", name="ck_case_file_state"),
        CheckConstraint("risk_level in ('unassessed', 'standard', 'medium', 'high')", name="ck_case_file_risk"),
        Index("ix_case_file_coordinator", "coordinator_id", "state"),
        Index("ix_case_file_centre", "centre_id", "state"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    number: str = Field(sa_column=Column(Text, nullable=False))
    centre_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    coordinator_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    area: str = Field(sa_column=Column(Text, nullable=False))
    acts: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(default="open", sa_column=Column(Text, nullable=False))
    risk_level: str = Field(default="unassessed", sa_column=Column(Text, nullable=False))
    listed_at: datetime | None = Field(default=None, sa_column=Column(MOMENT))
    opened_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    data_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    facts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False))


class Party(SQLModel, table=True):
    """Somebody a case is about. `person` holds name, birth date, contact and whereabouts, sealed."""

    __tablename__ = "party"
    __table_args__ = (
        CheckConstraint("kind in ('victim', 'child', 'witness', 'opposite', 'associated')", name="ck_party_kind"),
        Index("ix_party_case", "case_id"),
        Index("ix_party_person", "person_index"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    case_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("case_file.id"), nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    person: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    person_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class RiskAssessment(SQLModel, table=True):
    """One assessment with a named instrument and its version; never changed, only followed by another."""

    __tablename__ = "risk_assessment"
    __table_args__ = (
        CheckConstraint("level in ('standard', 'medium', 'high')", name="ck_risk_assessment_level"),
        Index("ix_risk_assessment_case", "case_id", "assessed_at"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    case_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("case_file.id"), nullable=False))
    instrument: str = Field(sa_column=Column(Text, nullable=False))
    version: str = Field(sa_column=Column(Text, nullable=False))
    score: int | None = Field(default=None, sa_column=Column(Integer))
    level: str = Field(sa_column=Column(Text, nullable=False))
    by_judgement: bool = Field(sa_column=Column(Boolean, nullable=False))
    judgement: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    assessed_by: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    assessed_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
