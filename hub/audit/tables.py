"""Audit entries and the seals that chain them. The application may insert and read them, never change or delete."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, FetchedValue, Identity, Index, LargeBinary, Text, text
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: it tells which entries can no longer be joined by an older transaction."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


class AuditEntry(SQLModel, table=True):
    """One thing that happened or was shown. `body` holds opaque ids and codes only, never what was shown."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_xid", "xid"),
        Index("ix_audit_entry_cases", "case_ids", postgresql_using="gin"),
        Index("ix_audit_entry_agency", "agency_id", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    xid: int | None = Field(
        default=None,
        sa_column=Column(Xid8, FetchedValue(), nullable=False, server_default=text("pg_current_xact_id()")),
    )
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    agency_id: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    action: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(default="", sa_column=Column(Text, nullable=False))
    case_ids: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(SqlUuid), nullable=False))
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))


class AuditSeal(SQLModel, table=True):
    """One link of the chain over a batch of entries, in the order of `entry_ids`."""

    __tablename__ = "audit_seal"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    sealed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    upto: int = Field(sa_column=Column(Xid8, nullable=False))
    last_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    floor: int = Field(sa_column=Column(BigInteger, nullable=False))
    entries: int = Field(sa_column=Column(BigInteger, nullable=False))
    entry_ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    digests: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    head: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DoneOnce(SQLModel, table=True):
    """An idempotency key of a person, bound to the body it came with, and what it made."""

    __tablename__ = "done_once"

    actor_id: UUID = Field(sa_column=Column(SqlUuid, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    body_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    result: UUID = Field(sa_column=Column(SqlUuid, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
