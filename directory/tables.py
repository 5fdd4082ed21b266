"""Tables of the directory: agencies, their services and where they are given, under the names of HSDS.

Every entity keeps where it came from (`source`, `source_id`), the import that last saw it (`seen`) and, in `extra`,
the columns of that source the directory has no place for: nothing read is lost. What else is said of these three is
in `details`; vocabularies, capacity and the history in `vocabularies`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from . import coverage_tables as coverage_tables  # these belong to the same metadata
from . import derived as derived  # its tables belong to the same metadata
from . import purge_tables as purge_tables  # it belongs to the same metadata
from . import term_tables as term_tables  # it belongs to the same metadata
from .columns import ADDRESS_TYPES as ADDRESS_TYPES
from .columns import AREA_KINDS as AREA_KINDS
from .columns import GENDERS as GENDERS
from .columns import LOCATION_TYPES as LOCATION_TYPES
from .columns import ORGANIZATION_STATUSES as ORGANIZATION_STATUSES
from .columns import SERVICE_STATUSES as SERVICE_STATUSES
from .columns import Sourced, blank, found_by, json_object, one_of, one_row, owner, related
from .details import Accessibility as Accessibility
from .details import Contact as Contact
from .details import CostOption as CostOption
from .details import Eligibility as Eligibility
from .details import Funding as Funding
from .details import Language as Language
from .details import OrganizationIdentifier as OrganizationIdentifier
from .details import Phone as Phone
from .details import RequiredDocument as RequiredDocument
from .details import Schedule as Schedule
from .details import ServiceArea as ServiceArea
from .details import Url as Url
from .sql import joined, literal, sql
from .taxonomy import NETWORKS
from .vocabularies import Attribute as Attribute
from .vocabularies import KeptRow as KeptRow
from .vocabularies import Metadata as Metadata
from .vocabularies import MetaTableDescription as MetaTableDescription
from .vocabularies import ServiceCapacity as ServiceCapacity
from .vocabularies import SourceMetadata as SourceMetadata
from .vocabularies import Taxonomy as Taxonomy
from .vocabularies import TaxonomyTerm as TaxonomyTerm
from .vocabularies import Unit as Unit


class Area(SQLModel, table=True):
    """A place services are offered in: official counties and townships, or places derived from addresses."""

    __tablename__: ClassVar[str] = "area"
    __table_args__ = (
        CheckConstraint(one_of("kind", AREA_KINDS), name="ck_area_kind"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="ck_area_place"),
        CheckConstraint("code <> parent", name="ck_area_parent"),
        Index("ix_area_parent", "parent"),
    )
    code: str = Field(primary_key=True, sa_type=Text)
    parent: str | None = Field(default=None, sa_type=Text, foreign_key="area.code")
    names: dict[str, str] = json_object()
    kind: str = Field(sa_type=Text)
    latitude: float | None = None
    longitude: float | None = None


class Organization(Sourced, table=True):
    """An agency. `network` is empty until someone places it in the duty map."""

    __tablename__: ClassVar[str] = "organization"
    __table_args__ = (
        one_row("organization"),
        CheckConstraint(one_of("network", NETWORKS), name="ck_organization_network"),
        CheckConstraint(one_of("status", ORGANIZATION_STATUSES), name="ck_organization_status"),
        CheckConstraint("parent_organization_id <> id", name="ck_organization_parent"),
        *found_by("organization", "parent_organization_id"),
    )
    name: str = Field(sa_type=Text)
    name_i18n: dict[str, str] = json_object()
    alternate_name: str = blank()
    description: str = blank()
    network: str | None = Field(default=None, sa_type=Text)
    status: str = Field(default="active", sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})
    email: str = blank()
    website: str = blank()
    tax_status: str = blank()
    tax_id: str = blank()
    year_incorporated: int | None = None
    legal_status: str = blank()
    logo: str = blank()
    uri: str = blank()
    parent_organization_id: UUID | None = related("organization")


class Program(Sourced, table=True):
    """A collection of related services of one agency."""

    __tablename__: ClassVar[str] = "program"
    __table_args__ = (one_row("program"), Index("ix_program_organization", "organization_id"))
    organization_id: UUID = owner("organization")
    name: str = Field(sa_type=Text)
    alternate_name: str = blank()
    description: str = blank()


class Service(Sourced, table=True):
    """Something an agency offers. Ages are whole years; `genders` empty means everyone."""

    __tablename__: ClassVar[str] = "service"
    __table_args__ = (
        one_row("service"),
        CheckConstraint(one_of("status", SERVICE_STATUSES), name="ck_service_status"),
        CheckConstraint("minimum_age >= 0 AND maximum_age >= 0 AND minimum_age <= maximum_age", name="ck_service_ages"),
        CheckConstraint(
            sql("genders <@ ARRAY[{known}]::text[]", known=joined(", ", map(literal, GENDERS))),
            name="ck_service_genders",
        ),
        Index("ix_service_organization", "organization_id"),
        *found_by("service", "program_id"),
    )
    organization_id: UUID = Field(foreign_key="organization.id")
    program_id: UUID | None = related("program")
    name: str = Field(sa_type=Text)
    name_i18n: dict[str, str] = json_object()
    alternate_name: str = blank()
    description: str = blank()
    status: str = Field(default="active", sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})
    url: str = blank()
    email: str = blank()
    interpretation_services: str = blank()
    application_process: str = blank()
    wait_time: str = blank()
    fees_description: str = blank()
    accreditations: str = blank()
    licenses: str = blank()
    alert: str = blank()
    eligibility_description: str = blank()
    minimum_age: int | None = None
    maximum_age: int | None = None
    genders: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), server_default=text("'{}'"), nullable=False)
    )
    assured_date: date | None = None
    assurer_email: str = blank()
    last_modified: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Location(Sourced, table=True):
    """Where a service is given. A confidential one (a shelter, DVPA 56) can hold nothing that tells where it is."""

    __tablename__: ClassVar[str] = "location"
    __table_args__ = (
        one_row("location"),
        UniqueConstraint("id", "location_type", name="uq_location_type"),
        CheckConstraint(one_of("location_type", LOCATION_TYPES), name="ck_location_type"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="ck_location_place"),
        CheckConstraint(
            "location_type <> 'confidential' OR (latitude IS NULL AND longitude IS NULL AND area_code IS NULL "
            "AND transportation = '' AND description = '' AND url = '' AND extra = '{}'::jsonb)",
            name="ck_location_confidential",
        ),
        # An id in someone's register of buildings leads to the building, a second name often is its street.
        CheckConstraint(
            "location_type <> 'confidential' OR (alternate_name = '' AND external_identifier = '' "
            "AND external_identifier_type = '')",
            name="ck_location_confidential_names",
        ),
        Index("ix_location_organization", "organization_id"),
        Index("ix_location_confidential", "id", postgresql_where=text("location_type = 'confidential'")),
        *found_by("location", "area_code"),
    )
    organization_id: UUID | None = Field(default=None, foreign_key="organization.id")
    location_type: str = Field(sa_type=Text)
    name: str = blank()
    name_i18n: dict[str, str] = json_object()
    alternate_name: str = blank()
    description: str = blank()
    transportation: str = blank()
    url: str = blank()
    latitude: float | None = None
    longitude: float | None = None
    external_identifier: str = blank()
    external_identifier_type: str = blank()
    area_code: str | None = Field(default=None, sa_type=Text, foreign_key="area.code")


class Address(Sourced, table=True):
    """An address of a location that is not confidential: the key carries the type, the check refuses the word."""

    __tablename__: ClassVar[str] = "address"
    __table_args__ = (
        one_row("address"),
        ForeignKeyConstraint(
            ["location_id", "location_type"],
            ["location.id", "location.location_type"],
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        CheckConstraint("location_type <> 'confidential'", name="ck_address_confidential"),
        CheckConstraint(one_of("address_type", ADDRESS_TYPES), name="ck_address_type"),
        Index("ix_address_location", "location_id", "location_type"),
    )
    location_id: UUID
    location_type: str = Field(sa_type=Text)
    address_type: str = Field(default="physical", sa_type=Text)
    attention: str = blank()
    address_1: str = blank()
    address_2: str = blank()
    city: str = blank()
    region: str = blank()
    state_province: str = blank()
    postal_code: str = blank()
    country: str = blank()


class ServiceAtLocation(Sourced, table=True):
    """A service given at a location."""

    __tablename__: ClassVar[str] = "service_at_location"
    __table_args__ = (
        one_row("service_at_location"),
        Index("ix_service_at_location_service", "service_id"),
        Index("ix_service_at_location_location", "location_id"),
    )
    service_id: UUID = owner("service")
    location_id: UUID = owner("location")
    description: str = blank()


# What came in lately lies together on disk: the ranges of pages tell it, and cost an import next to nothing.
for _sourced in Sourced.__subclasses__():
    _table = SQLModel.metadata.tables[str(_sourced.__tablename__)]
    Index(f"ix_{_table.name}_added", _table.c.added, postgresql_using="brin")
