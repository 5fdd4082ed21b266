"""What the tables of the directory are made of: where a row came from, its owner, its texts, its closed lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from .sql import Fragment, joined, literal, name, sql, statement

SERVICE_STATUSES = ("active", "inactive", "defunct", "temporarily closed")
ORGANIZATION_STATUSES = ("active", "suspended", "closed")
LOCATION_TYPES = ("physical", "postal", "virtual", "confidential")
ADDRESS_TYPES = ("physical", "postal", "virtual")
AREA_KINDS = ("country", "state", "county", "township", "city")
GENDERS = ("female", "male", "other")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("WEEKLY", "MONTHLY")
LINKED = (
    "organization", "program", "location", "service_at_location", "address", "phone", "contact", "language",
    "accessibility", "schedule", "service_area", "eligibility", "cost_option", "required_document", "funding", "url",
    "organization_identifier", "unit", "service_capacity", "taxonomy", "taxonomy_term", "meta_table_description",
)  # fmt: skip
"""What an attribute may describe besides a service."""
SPEAK_OF_NO_PLACE = (
    "organization", "program", "service", "eligibility", "cost_option", "required_document", "funding",
    "organization_identifier", "unit", "service_capacity", "taxonomy", "taxonomy_term", "meta_table_description",
)  # fmt: skip
"""Entities none of whose fields can tell where something is."""

_EMPTY: dict[str, Any] = {"server_default": text("'{}'::jsonb"), "nullable": False}
_BLANK: dict[str, Any] = {"server_default": text("''"), "nullable": False}
_ADDED: dict[str, Any] = {
    "server_default": text(
        "COALESCE(CAST(NULLIF(current_setting('hub.now', true), '') AS timestamptz), transaction_timestamp())"
    ),
    "nullable": False,
}


def blank() -> Any:
    """A text column that is empty rather than null."""
    return Field(default="", sa_type=Text, sa_column_kwargs=_BLANK)


def json_object() -> Any:
    """A JSON object column, `{}` when there is nothing."""
    return Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs=_EMPTY)


def one_of(column: str, values: Iterable[str]) -> Fragment:
    """A check that a text column holds one of a closed list."""
    return sql("{column} IN ({values})", column=name(column), values=joined(", ", map(literal, values)))


class Sourced(SQLModel):
    """What every entity has: whose data it is, its id there, the import that last saw it, and what has no column."""

    id: UUID = Field(
        default_factory=uuid4, primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")}
    )
    source: str = Field(sa_type=Text)
    source_id: str = Field(sa_type=Text)
    seen: UUID | None = Field(default=None)
    extra: dict[str, Any] = json_object()
    by_hand: list[str] = Field(
        default_factory=list,
        sa_type=cast("Any", ARRAY(Text)),
        sa_column_kwargs={"server_default": text("'{}'"), "nullable": False},
    )
    """Columns a person changed here, which no import takes back. Triggers fill it (migration 0011)."""
    added: datetime = Field(default=None, sa_type=cast("Any", DateTime(timezone=True)), sa_column_kwargs=_ADDED)
    """When the row came in, by the clock of the history. Nobody writes it but the database."""


def owner(table: str, *, needed: bool = True) -> Any:
    """The row this one belongs to, and goes with."""
    if needed:
        return Field(foreign_key=f"{table}.id", ondelete="CASCADE")
    return Field(default=None, foreign_key=f"{table}.id", ondelete="CASCADE")


def related(table: str) -> Any:
    """A row this one speaks of, and does without once that is gone."""
    return Field(default=None, foreign_key=f"{table}.id", ondelete="SET NULL")


def one_row(table: str) -> UniqueConstraint:
    """One row for each id of a source."""
    return UniqueConstraint("source", "source_id", name=f"uq_{table}_source")


def found_by(table: str, *columns: str) -> tuple[Index, ...]:
    """An index a column; those of owners that are mostly absent hold only the rows that have one."""
    return tuple(
        Index(
            f"ix_{table}_{c.removesuffix('_id')}", c, postgresql_where=statement("{column} IS NOT NULL", column=name(c))
        )
        for c in columns
    )
