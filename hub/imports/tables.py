"""Tables of packages sent in (state, report, sealed parts, remarks, progress) and of files of the directory."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

MOMENT = DateTime(timezone=True)


def _of_an_import() -> Any:
    return Field(sa_column=Column(SqlUuid, ForeignKey("directory_import.id", ondelete="CASCADE"), primary_key=True))


class DirectoryImport(SQLModel, table=True):
    """A package. `key` opens its parts; without it they are shredded, as soon as nothing more is done with them."""

    __tablename__: ClassVar[str] = "directory_import"
    __table_args__ = (
        CheckConstraint(
            "state in ('receiving', 'waiting', 'tried', 'confirmed', 'written', 'refused', 'failed', 'discarded', "
            "'expired')",
            name="ck_directory_import_state",
        ),
        CheckConstraint(
            "(key is not null) = (state in ('receiving', 'waiting', 'tried', 'confirmed'))",
            name="ck_directory_import_key",
        ),
        CheckConstraint(
            "reason in ('', 'not_allowed', 'file_damaged', 'given_up', 'secret')", name="ck_directory_import_reason"
        ),
        Index("ix_directory_import_staged", "staged_at", "id"),
        Index("ix_directory_import_open", "staged_at", "id", postgresql_where=text("key is not null")),
    )
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    state: str = Field(sa_type=Text)
    version: int = Field(default=1, sa_type=Integer)
    file_name: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    """Whose data it is, as its sender says; empty: as the package says."""
    size: int = Field(default=0, sa_type=BigInteger)
    digest: bytes = Field(default=b"", sa_type=LargeBinary)
    key: bytes | None = Field(default=None, sa_type=LargeBinary)
    staged_by: UUID
    staged_at: datetime = Field(sa_type=MOMENT)
    tried_at: datetime | None = Field(default=None, sa_type=MOMENT)
    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=MOMENT)
    ended_at: datetime | None = Field(default=None, sa_type=MOMENT)
    moved: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether it was confirmed and not written, because the directory had changed since it was tried."""
    reason: str = Field(default="", sa_column=Column(Text, server_default=text("''"), nullable=False))
    """Why it came to nothing, where its report does not say it."""
    report: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))


class ImportPart(SQLModel, table=True):
    """A piece of the file, sealed."""

    __tablename__: ClassVar[str] = "directory_import_part"
    import_id: UUID = _of_an_import()
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    sealed: bytes = Field(sa_type=LargeBinary)


class ImportRemark(SQLModel, table=True):
    """One thing the report says of a row."""

    __tablename__: ClassVar[str] = "directory_import_remark"
    import_id: UUID = _of_an_import()
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    file: str = Field(sa_type=Text)
    row: int = Field(sa_type=BigInteger)
    column: str = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)


class ImportProgress(SQLModel, table=True):
    """How far the worker is. A row of its own: while it works it holds the import's."""

    __tablename__: ClassVar[str] = "directory_import_progress"
    import_id: UUID = _of_an_import()
    begun: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """How often this was begun; what ends a worker each time is not begun for ever."""
    step: str = Field(default="", sa_column=Column(Text, server_default=text("''"), nullable=False))
    done: int = Field(default=0, sa_column=Column(BigInteger, server_default=text("0"), nullable=False))
    share: float = Field(default=0.0, sa_column=Column(Float, server_default=text("0"), nullable=False))
    at: datetime = Field(sa_type=MOMENT)
    stopped_by: UUID | None = None
    """Who wants it stopped."""


class DirectoryExport(SQLModel, table=True):
    """A file of the directory, made by the worker and kept for a day; what is in it lies in clear beside it."""

    __tablename__: ClassVar[str] = "directory_export"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'ready', 'failed')", name="ck_directory_export_state"),
        CheckConstraint(
            "form in ('hsds', 'json', 'xlsx', 'beyond_csv', 'beyond_json')", name="ck_directory_export_form"
        ),
        UniqueConstraint("form", name="uq_directory_export_form"),
    )
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    form: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    asked_by: UUID
    asked_at: datetime = Field(sa_type=MOMENT)
    made_at: datetime | None = Field(default=None, sa_type=MOMENT)
    begun: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    size: int = Field(default=0, sa_column=Column(BigInteger, server_default=text("0"), nullable=False))


class ExportPart(SQLModel, table=True):
    """A piece of such a file."""

    __tablename__: ClassVar[str] = "directory_export_part"
    export_id: UUID = Field(
        sa_column=Column(SqlUuid, ForeignKey("directory_export.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    body: bytes = Field(sa_type=LargeBinary)
