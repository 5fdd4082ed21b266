"""Tables of the directory: the entities of HSDS under the standard's names, and what routing and search read.

Every entity keeps where it came from (`source`, `source_id`), the import that last saw it (`seen`) and, in `extra`,
the columns of that source the directory has no place for: nothing read is lost.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from . import derived as derived  # its tables belong to the same metadata
from .taxonomy import NEEDS, NETWORKS

_EMPTY: dict[str, Any] = {"server_default": text("'{}'::jsonb"), "nullable": False}
_BLANK: dict[str, Any] = {"server_default": text("''"), "nullable": False}


def _text() -> Any:
    """A text column that is empty rather than null."""
    return Field(default="", sa_type=Text, sa_column_kwargs=_BLANK)


def _json() -> Any:
    """A JSON object column, `{}` when there is nothing."""
    return Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs=_EMPTY)


def _one_of(column: str, values: Any) -> str:
    """A check that a text column holds one of a closed list."""
    return f"{column} IN ({', '.join(repr(str(v)) for v in values)})"


SERVICE_STATUSES = ("active", "inactive", "defunct", "temporarily closed")
ORGANIZATION_STATUSES = ("active", "suspended", "closed")
LOCATION_TYPES = ("physical", "postal", "virtual", "confidential")
ADDRESS_TYPES = ("physical", "postal", "virtual")
AREA_KINDS = ("country", "state", "county", "township", "city")
GENDERS = ("female", "male", "other")


class _Sourced(SQLModel):
    """What every entity has."""

    id: UUID = Field(
        default_factory=uuid4, primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")}
    )
    source: str = Field(sa_type=Text)
    source_id: str = Field(sa_type=Text)
    seen: UUID | None = Field(default=None)
    extra: dict[str, Any] = _json()


def _owner(table: str, *, needed: bool = True) -> Any:
    """The row this one belongs to, and goes with."""
    if needed:
        return Field(foreign_key=f"{table}.id", ondelete="CASCADE")
    return Field(default=None, foreign_key=f"{table}.id", ondelete="CASCADE")


def _uq(table: str) -> UniqueConstraint:
    return UniqueConstraint("source", "source_id", name=f"uq_{table}_source")


class Area(SQLModel, table=True):
    """A place services are offered in: official counties and townships, or places derived from addresses."""

    __tablename__: ClassVar[str] = "area"
    __table_args__ = (
        CheckConstraint(_one_of("kind", AREA_KINDS), name="ck_area_kind"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="ck_area_place"),
        CheckConstraint("code <> parent", name="ck_area_parent"),
        Index("ix_area_parent", "parent"),
    )
    code: str = Field(primary_key=True, sa_type=Text)
    parent: str | None = Field(default=None, sa_type=Text, foreign_key="area.code")
    names: dict[str, str] = _json()
    kind: str = Field(sa_type=Text)
    latitude: float | None = None
    longitude: float | None = None


class Organization(_Sourced, table=True):
    """An agency. `network` is empty until someone places it in the duty map."""

    __tablename__: ClassVar[str] = "organization"
    __table_args__ = (
        _uq("organization"),
        CheckConstraint(_one_of("network", NETWORKS), name="ck_organization_network"),
        CheckConstraint(_one_of("status", ORGANIZATION_STATUSES), name="ck_organization_status"),
    )
    name: str = Field(sa_type=Text)
    name_i18n: dict[str, str] = _json()
    alternate_name: str = _text()
    description: str = _text()
    network: str | None = Field(default=None, sa_type=Text)
    status: str = Field(default="active", sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})
    email: str = _text()
    website: str = _text()


class Service(_Sourced, table=True):
    """Something an agency offers. Ages are whole years; `genders` empty means everyone."""

    __tablename__: ClassVar[str] = "service"
    __table_args__ = (
        _uq("service"),
        CheckConstraint(_one_of("status", SERVICE_STATUSES), name="ck_service_status"),
        CheckConstraint("minimum_age >= 0 AND maximum_age >= 0 AND minimum_age <= maximum_age", name="ck_service_ages"),
        CheckConstraint(f"genders <@ ARRAY[{', '.join(map(repr, GENDERS))}]::text[]", name="ck_service_genders"),
        Index("ix_service_organization", "organization_id"),
    )
    organization_id: UUID = Field(foreign_key="organization.id")
    name: str = Field(sa_type=Text)
    name_i18n: dict[str, str] = _json()
    alternate_name: str = _text()
    description: str = _text()
    status: str = Field(default="active", sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})
    url: str = _text()
    email: str = _text()
    application_process: str = _text()
    fees_description: str = _text()
    eligibility_description: str = _text()
    minimum_age: int | None = None
    maximum_age: int | None = None
    genders: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), server_default=text("'{}'"), nullable=False)
    )
    assured_date: date | None = None


class Location(_Sourced, table=True):
    """Where a service is given. A confidential one (a shelter, DVPA 56) can hold nothing that tells where it is."""

    __tablename__: ClassVar[str] = "location"
    __table_args__ = (
        _uq("location"),
        UniqueConstraint("id", "location_type", name="uq_location_type"),
        CheckConstraint(_one_of("location_type", LOCATION_TYPES), name="ck_location_type"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="ck_location_place"),
        CheckConstraint(
            "location_type <> 'confidential' OR (latitude IS NULL AND longitude IS NULL AND area_code IS NULL "
            "AND transportation = '' AND description = '' AND url = '' AND extra = '{}'::jsonb)",
            name="ck_location_confidential",
        ),
        Index("ix_location_organization", "organization_id"),
    )
    organization_id: UUID | None = Field(default=None, foreign_key="organization.id")
    location_type: str = Field(sa_type=Text)
    name: str = _text()
    name_i18n: dict[str, str] = _json()
    description: str = _text()
    transportation: str = _text()
    url: str = _text()
    latitude: float | None = None
    longitude: float | None = None
    area_code: str | None = Field(default=None, sa_type=Text, foreign_key="area.code")


class Address(_Sourced, table=True):
    """An address of a location that is not confidential: the key carries the type, the check refuses the word."""

    __tablename__: ClassVar[str] = "address"
    __table_args__ = (
        _uq("address"),
        ForeignKeyConstraint(
            ["location_id", "location_type"],
            ["location.id", "location.location_type"],
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        CheckConstraint("location_type <> 'confidential'", name="ck_address_confidential"),
        CheckConstraint(_one_of("address_type", ADDRESS_TYPES), name="ck_address_type"),
        Index("ix_address_location", "location_id", "location_type"),
    )
    location_id: UUID
    location_type: str = Field(sa_type=Text)
    address_type: str = Field(default="physical", sa_type=Text)
    attention: str = _text()
    address_1: str = _text()
    address_2: str = _text()
    city: str = _text()
    region: str = _text()
    state_province: str = _text()
    postal_code: str = _text()
    country: str = _text()


class ServiceAtLocation(_Sourced, table=True):
    """A service given at a location."""

    __tablename__: ClassVar[str] = "service_at_location"
    __table_args__ = (
        _uq("service_at_location"),
        Index("ix_service_at_location_service", "service_id"),
        Index("ix_service_at_location_location", "location_id"),
    )
    service_id: UUID = _owner("service")
    location_id: UUID = _owner("location")
    description: str = _text()


class Phone(_Sourced, table=True):
    """A telephone number of an agency, a service or a location."""

    __tablename__: ClassVar[str] = "phone"
    __table_args__ = (
        _uq("phone"),
        CheckConstraint("num_nonnulls(service_id, organization_id, location_id) > 0", name="ck_phone_owner"),
        Index("ix_phone_service", "service_id"),
        Index("ix_phone_organization", "organization_id"),
        Index("ix_phone_location", "location_id"),
    )
    service_id: UUID | None = _owner("service", needed=False)
    organization_id: UUID | None = _owner("organization", needed=False)
    location_id: UUID | None = _owner("location", needed=False)
    number: str = Field(sa_type=Text)
    extension: str = _text()
    type: str = _text()
    description: str = _text()


class Language(_Sourced, table=True):
    """A language a service or a location can be used in; `code` is the BCP 47 tag where the name is known."""

    __tablename__: ClassVar[str] = "language"
    __table_args__ = (
        _uq("language"),
        CheckConstraint("num_nonnulls(service_id, location_id) > 0", name="ck_language_owner"),
        Index("ix_language_service", "service_id"),
        Index("ix_language_location", "location_id"),
    )
    service_id: UUID | None = _owner("service", needed=False)
    location_id: UUID | None = _owner("location", needed=False)
    name: str = Field(sa_type=Text)
    code: str | None = Field(default=None, sa_type=Text)


class Accessibility(_Sourced, table=True):
    """What makes a location usable for people with disabilities; `code` is ours where the words are known."""

    __tablename__: ClassVar[str] = "accessibility"
    __table_args__ = (_uq("accessibility"), Index("ix_accessibility_location", "location_id"))
    location_id: UUID = _owner("location")
    description: str = Field(sa_type=Text)
    details: str = _text()
    code: str | None = Field(default=None, sa_type=Text)


class ServiceArea(_Sourced, table=True):
    """Where a service is offered. A name that is no known area is kept without a code; `derived` came of addresses."""

    __tablename__: ClassVar[str] = "service_area"
    __table_args__ = (
        _uq("service_area"),
        Index("ix_service_area_service", "service_id"),
        Index("ix_service_area_area", "area_code"),
    )
    service_id: UUID = _owner("service")
    area_code: str | None = Field(default=None, sa_type=Text, foreign_key="area.code")
    name: str = _text()
    description: str = _text()
    derived: bool = Field(default=False, sa_column_kwargs={"server_default": text("false"), "nullable": False})


class Schedule(_Sourced, table=True):
    """Weekly opening hours, local time. Closing before opening runs past midnight; equal is round the clock."""

    __tablename__: ClassVar[str] = "schedule"
    __table_args__ = (
        _uq("schedule"),
        CheckConstraint("num_nonnulls(service_id, location_id) > 0", name="ck_schedule_owner"),
        CheckConstraint("byday ~ '^((MO|TU|WE|TH|FR|SA|SU)(,|$))*$'", name="ck_schedule_byday"),
        CheckConstraint("valid_from <= valid_to", name="ck_schedule_valid"),
        Index("ix_schedule_service", "service_id"),
        Index("ix_schedule_location", "location_id"),
    )
    service_id: UUID | None = _owner("service", needed=False)
    location_id: UUID | None = _owner("location", needed=False)
    byday: str = _text()
    opens_at: time | None = None
    closes_at: time | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    description: str = _text()


class ServiceCapacity(_Sourced, table=True):
    """How much of a service is free: `available` units, said at `updated`, no longer to be trusted after `expires`."""

    __tablename__: ClassVar[str] = "service_capacity"
    __table_args__ = (
        _uq("service_capacity"),
        UniqueConstraint("service_id", "unit", name="uq_service_capacity_unit"),
        CheckConstraint("available >= 0", name="ck_service_capacity_available"),
        CheckConstraint("updated <= expires", name="ck_service_capacity_expires"),
    )
    service_id: UUID = _owner("service")
    available: int
    unit: str = Field(sa_type=Text)
    updated: datetime = Field(sa_type=DateTime(timezone=True))
    expires: datetime = Field(sa_type=DateTime(timezone=True))


class TaxonomyTerm(_Sourced, table=True):
    """A word of some vocabulary; `need` is what it means here, empty while nobody has said."""

    __tablename__: ClassVar[str] = "taxonomy_term"
    __table_args__ = (
        _uq("taxonomy_term"),
        CheckConstraint(_one_of("need", NEEDS), name="ck_taxonomy_term_need"),
    )
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    taxonomy: str = _text()
    parent_code: str = _text()
    description: str = _text()
    need: str | None = Field(default=None, sa_type=Text)


class Attribute(_Sourced, table=True):
    """That a service is described by a taxonomy term."""

    __tablename__: ClassVar[str] = "attribute"
    __table_args__ = (
        _uq("attribute"),
        Index("ix_attribute_service", "service_id"),
        Index("ix_attribute_term", "taxonomy_term_id"),
    )
    service_id: UUID = _owner("service")
    taxonomy_term_id: UUID = _owner("taxonomy_term")
    value: str = _text()


class KeptRow(_Sourced, table=True):
    """A row of an HSDS table the directory has no place for yet, as it was read (`extra`): never dropped."""

    __tablename__: ClassVar[str] = "kept_row"
    __table_args__ = (UniqueConstraint("source", "entity", "source_id", name="uq_kept_row_source"),)
    entity: str = Field(sa_type=Text)
