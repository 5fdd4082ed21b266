"""Table of what people said that words of other vocabularies mean."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlmodel import Field, SQLModel

from .columns import one_of
from .taxonomy import NEEDS

_NONE = {"server_default": text("0")}


class TermChoice(SQLModel, table=True):
    """What a person said a word means: a need, or (`need` null) none of ours. No import changes it.

    `duty_map` is the version of the duty map that was chosen from. The services that use the word follow: `refreshed`
    of `services`, up to `reached` in the order of their ids, until `finished_at`.
    """

    __tablename__: ClassVar[str] = "term_choice"
    __table_args__ = (
        CheckConstraint(one_of("need", NEEDS), name="ck_term_choice_need"),
        CheckConstraint("services >= 0 AND refreshed >= 0", name="ck_term_choice_counts"),
        Index("ix_term_choice_waiting", "chosen_at", postgresql_where=text("finished_at IS NULL")),
    )
    term_id: UUID = Field(primary_key=True, foreign_key="taxonomy_term.id", ondelete="CASCADE")
    need: str | None = Field(default=None, sa_type=Text)
    duty_map: str = Field(sa_type=Text)
    chosen_by: UUID
    chosen_at: datetime = Field(sa_type=DateTime(timezone=True))
    services: int = Field(default=0, sa_column_kwargs=_NONE)
    refreshed: int = Field(default=0, sa_column_kwargs=_NONE)
    reached: UUID | None = None
    finished_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
