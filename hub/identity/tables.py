"""Agencies, the people and programs that act for them, their roles and close relations, and console sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from directory.taxonomy import LANGUAGES, NETWORKS
from hub.base.ids import new_id
from hub.base.time import now
from hub.policy.terms import Role


class StaffKind(StrEnum):
    """A person, or a program that acts for one agency within its scopes."""

    PERSON = "person"
    MACHINE = "machine"


class RelationKind(StrEnum):
    """How a member of staff stands to somebody who may be a party of a case (conflict of interest, forbid F2)."""

    IS = "is"
    LIVES_WITH = "lives_with"
    CLOSE_TO = "close_to"


def _within(column: str, values: Iterable[str]) -> str:
    """The check that a text column holds one of a closed list."""
    return f"{column} in ({', '.join(repr(str(value)) for value in values)})"


def _moment(**kwargs: Any) -> Column[datetime]:
    """A timestamptz column."""
    return Column(DateTime(timezone=True), **kwargs)


class Agency(SQLModel, table=True):
    """An agency that takes part. Not its services: those are the directory's, joined by `organization_id`."""

    __tablename__ = "agency"
    __table_args__ = (
        UniqueConstraint("code", name="uq_agency_code"),
        CheckConstraint("code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'", name="ck_agency_code"),
        CheckConstraint(_within("network", NETWORKS), name="ck_agency_network"),
        CheckConstraint("jsonb_typeof(names) = 'object'", name="ck_agency_names"),
        CheckConstraint("name <> ''", name="ck_agency_name"),
        Index("ix_agency_organization", "organization_id"),
        Index("ix_agency_county", "county", "network"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    code: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    names: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'"))
    )
    """Names by language: `zh-Hant`, `en`, `ko`."""
    network: str = Field(sa_column=Column(Text, nullable=False))
    """Code of directory.taxonomy's networks, e.g. `police`."""
    organization_id: UUID | None = Field(default=None, sa_column=Column(SqlUuid, nullable=True))
    """The directory's organization; no foreign key, because the directory knows nothing of the hub."""
    is_centre: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    """A county's prevention centre: coordinates cases (DVPA 8; SHPA 2)."""
    county: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))
    """Area code of its county; empty for a national agency."""
    email: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))
    """Mailbox of notices, which never carry personal data."""
    suspended: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    created_at: datetime = Field(default_factory=now, sa_column=_moment(nullable=False))


class Staff(SQLModel, table=True):
    """A person or program as one provider knows it: (issuer, subject) is the account, the token says no more."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="uq_staff_issuer_subject"),
        CheckConstraint("issuer <> '' and subject <> ''", name="ck_staff_account"),
        CheckConstraint(_within("kind", StaffKind), name="ck_staff_kind"),
        CheckConstraint(_within("locale", LANGUAGES), name="ck_staff_locale"),
        CheckConstraint("kind = 'machine' or scopes = '{}'", name="ck_staff_scopes"),
        Index("ix_staff_agency", "agency_id"),
    )

    id: UUID = Field(default_factory=new_id, sa_column=Column(SqlUuid, primary_key=True))
    issuer: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    display_name: str = Field(sa_column=Column(Text, nullable=False))
    agency_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("agency.id"), nullable=False))
    email: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))
    kind: StaffKind = Field(
        default=StaffKind.PERSON, sa_column=Column(Text, nullable=False, server_default=text("'person'"))
    )
    scopes: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    """What a machine may do, e.g. `hub:read`; a person's reach follows from roles alone."""
    locale: str = Field(default="zh-Hant", sa_column=Column(Text, nullable=False, server_default=text("'zh-Hant'")))
    claims_managed: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    """Roles and agency follow the provider's claims at each sign-in and each token (hub.identity.rules)."""
    suspended: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    expires_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=_moment(nullable=False))


class StaffRole(SQLModel, table=True):
    """A role somebody holds. `pending` waits for a second administrator and gives nothing until then."""

    __tablename__ = "staff_role"
    __table_args__ = (CheckConstraint(_within("role", Role), name="ck_staff_role_role"),)

    staff_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True))
    role: Role = Field(sa_column=Column(Text, primary_key=True))
    pending: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    granted_by: UUID | None = Field(default=None, sa_column=Column(SqlUuid, ForeignKey("staff.id"), nullable=True))
    """Who granted it; null where the provider's claims or the first installation did."""
    granted_at: datetime = Field(default_factory=now, sa_column=_moment(nullable=False))


class StaffRelation(SQLModel, table=True):
    """That a member of staff is, lives with or is close to somebody, known here only by blind index."""

    __tablename__ = "staff_relation"
    __table_args__ = (
        CheckConstraint(_within("kind", RelationKind), name="ck_staff_relation_kind"),
        Index("ix_staff_relation_person", "person_index"),
    )

    staff_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True))
    person_index: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    """HMAC of the person under the index key (hub.base.crypto), never a name."""
    kind: RelationKind = Field(sa_column=Column(Text, primary_key=True))
    declared_at: datetime = Field(default_factory=now, sa_column=_moment(nullable=False))


class WebSession(SQLModel, table=True):
    """A console session. `id` is the SHA-256 of the cookie's token, so that the table alone opens nothing."""

    __tablename__ = "web_session"
    __table_args__ = (
        CheckConstraint("octet_length(id) = 32", name="ck_web_session_id"),
        CheckConstraint("octet_length(csrf) = 32", name="ck_web_session_csrf"),
        CheckConstraint("expires_at > created_at", name="ck_web_session_life"),
        Index("ix_web_session_staff", "staff_id"),
        Index("ix_web_session_expires", "expires_at"),
    )

    id: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    staff_id: UUID = Field(sa_column=Column(SqlUuid, ForeignKey("staff.id", ondelete="CASCADE"), nullable=False))
    csrf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    user_agent_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_column=_moment(nullable=False))
    last_seen_at: datetime = Field(sa_column=_moment(nullable=False))
    expires_at: datetime = Field(sa_column=_moment(nullable=False))
    step_up_until: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
