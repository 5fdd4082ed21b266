"""Tables that a ranking reads besides the routes: the authority's weights, and how soon each agency answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Identity, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

_NOW = {"server_default": text("now()")}


class MatchWeights(SQLModel, table=True):
    """A version of the weights of matching, as an administrator set it; the newest holds. None is ever changed."""

    __tablename__: ClassVar[str] = "match_weights"
    version: int | None = Field(default=None, sa_column=Column(Integer, Identity(always=True), primary_key=True))
    weights: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    set_by: UUID
    set_at: datetime = Field(sa_type=DateTime(timezone=True))
    note: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})


class OrganizationPace(SQLModel, table=True):
    """What the hub says of an agency: whether it takes referrals here, and how soon it answered lately.

    `median_minutes` of `answered` referrals; a referral nobody answered counts as long as it has waited. Kept by the
    hub, which alone knows referrals; the directory only ranks by it.
    """

    __tablename__: ClassVar[str] = "organization_pace"
    __table_args__ = (
        CheckConstraint("answered >= 0", name="ck_organization_pace_answered"),
        CheckConstraint("(answered = 0) = (median_minutes IS NULL)", name="ck_organization_pace_median"),
    )
    organization_id: UUID = Field(primary_key=True)
    in_hub: bool = Field(sa_column_kwargs={"server_default": text("false")})
    answered: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    median_minutes: int | None = None
    updated: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW)
