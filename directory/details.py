"""Tables of what is said of agencies, services and places: how to reach them, when, for whom, at what cost."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, Text, text
from sqlmodel import Field

from .columns import FREQUENCIES, WEEKDAYS, Sourced, blank, found_by, one_of, one_row, owner
from .sql import sql

_OWNED = "num_nonnulls(service_id, organization_id, location_id, service_at_location_id) > 0"
_NUMBERS = sql("~ '^(-?[0-9]{{1,3}}(,|$))*$'")


class Contact(Sourced, table=True):
    """A named person or desk of an agency, a service or an open place."""

    __tablename__: ClassVar[str] = "contact"
    __table_args__ = (
        one_row("contact"),
        CheckConstraint(_OWNED, name="ck_contact_owner"),
        *found_by("contact", "service_id", "organization_id", "location_id", "service_at_location_id"),
    )
    service_id: UUID | None = owner("service", needed=False)
    organization_id: UUID | None = owner("organization", needed=False)
    location_id: UUID | None = owner("location", needed=False)
    service_at_location_id: UUID | None = owner("service_at_location", needed=False)
    name: str = blank()
    title: str = blank()
    department: str = blank()
    email: str = blank()


class Phone(Sourced, table=True):
    """A telephone number of an agency, a service, an open place or a contact."""

    __tablename__: ClassVar[str] = "phone"
    __table_args__ = (
        one_row("phone"),
        CheckConstraint(
            "num_nonnulls(service_id, organization_id, location_id, contact_id, service_at_location_id) > 0",
            name="ck_phone_owner",
        ),
        Index("ix_phone_service", "service_id"),
        Index("ix_phone_organization", "organization_id"),
        Index("ix_phone_location", "location_id"),
        *found_by("phone", "contact_id", "service_at_location_id"),
    )
    service_id: UUID | None = owner("service", needed=False)
    organization_id: UUID | None = owner("organization", needed=False)
    location_id: UUID | None = owner("location", needed=False)
    contact_id: UUID | None = owner("contact", needed=False)
    service_at_location_id: UUID | None = owner("service_at_location", needed=False)
    number: str = Field(sa_type=Text)
    extension: str = blank()
    type: str = blank()
    description: str = blank()


class Language(Sourced, table=True):
    """A language of a service, a place or a telephone; `code` is the BCP 47 tag where the name is known."""

    __tablename__: ClassVar[str] = "language"
    __table_args__ = (
        one_row("language"),
        CheckConstraint("num_nonnulls(service_id, location_id, phone_id) > 0", name="ck_language_owner"),
        Index("ix_language_service", "service_id"),
        Index("ix_language_location", "location_id"),
        *found_by("language", "phone_id"),
    )
    service_id: UUID | None = owner("service", needed=False)
    location_id: UUID | None = owner("location", needed=False)
    phone_id: UUID | None = owner("phone", needed=False)
    name: str = Field(sa_type=Text)
    code: str | None = Field(default=None, sa_type=Text)
    note: str = blank()


class Accessibility(Sourced, table=True):
    """What makes a location usable for people with disabilities; `code` is ours where the words are known."""

    __tablename__: ClassVar[str] = "accessibility"
    __table_args__ = (one_row("accessibility"), Index("ix_accessibility_location", "location_id"))
    location_id: UUID = owner("location")
    description: str = Field(sa_type=Text)
    details: str = blank()
    url: str = blank()
    code: str | None = Field(default=None, sa_type=Text)


class ServiceArea(Sourced, table=True):
    """Where a service is offered. A name that is no known area is kept without a code; `derived` came of addresses."""

    __tablename__: ClassVar[str] = "service_area"
    __table_args__ = (
        one_row("service_area"),
        Index("ix_service_area_service", "service_id"),
        Index("ix_service_area_area", "area_code"),
        *found_by("service_area", "service_at_location_id"),
    )
    service_id: UUID = owner("service")
    service_at_location_id: UUID | None = owner("service_at_location", needed=False)
    area_code: str | None = Field(default=None, sa_type=Text, foreign_key="area.code")
    name: str = blank()
    description: str = blank()
    extent: str = blank()
    extent_type: str = blank()
    uri: str = blank()
    derived: bool = Field(default=False, sa_column_kwargs={"server_default": text("false"), "nullable": False})


class Schedule(Sourced, table=True):
    """When something is open, by the recurrence of RFC 5545; local time.

    Closing before opening runs past midnight; equal is round the clock. Without `freq` the hours repeat each week.
    """

    __tablename__: ClassVar[str] = "schedule"
    __table_args__ = (
        one_row("schedule"),
        CheckConstraint("num_nonnulls(service_id, location_id, service_at_location_id) > 0", name="ck_schedule_owner"),
        CheckConstraint("byday ~ '^(([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)(,|$))*$'", name="ck_schedule_byday"),
        CheckConstraint("valid_from <= valid_to", name="ck_schedule_valid"),
        CheckConstraint(one_of("freq", FREQUENCIES), name="ck_schedule_freq"),
        CheckConstraint(one_of("wkst", WEEKDAYS), name="ck_schedule_wkst"),
        CheckConstraint('"interval" > 0 AND "count" > 0', name="ck_schedule_times"),
        CheckConstraint(
            sql("bymonthday {are} AND byweekno {are} AND byyearday {are}", are=_NUMBERS), name="ck_schedule_numbers"
        ),
        CheckConstraint("timezone BETWEEN -14 AND 14", name="ck_schedule_timezone"),
        Index("ix_schedule_service", "service_id"),
        Index("ix_schedule_location", "location_id"),
        *found_by("schedule", "service_at_location_id"),
    )
    service_id: UUID | None = owner("service", needed=False)
    location_id: UUID | None = owner("location", needed=False)
    service_at_location_id: UUID | None = owner("service_at_location", needed=False)
    valid_from: date | None = None
    valid_to: date | None = None
    dtstart: date | None = None
    timezone: float | None = None  # hours from UTC, as the standard has it
    until: date | None = None
    count: int | None = None
    wkst: str | None = Field(default=None, sa_type=Text)
    freq: str | None = Field(default=None, sa_type=Text)
    interval: int | None = None
    byday: str = blank()
    byweekno: str = blank()
    bymonthday: str = blank()
    byyearday: str = blank()
    description: str = blank()
    opens_at: time | None = None
    closes_at: time | None = None
    schedule_link: str = blank()
    attending_type: str = blank()
    notes: str = blank()


class Eligibility(Sourced, table=True):
    """Whom a service is for, as HSDS 1 and 2 say it: rows beside the service. HSDS 3 says it in the service itself.

    Real packages hold thousands that name no service: they are kept, and wait for someone who knows.
    """

    __tablename__: ClassVar[str] = "eligibility"
    __table_args__ = (
        one_row("eligibility"),
        CheckConstraint(
            "minimum_age >= 0 AND maximum_age >= 0 AND minimum_age <= maximum_age", name="ck_eligibility_ages"
        ),
        Index("ix_eligibility_service", "service_id"),
    )
    service_id: UUID | None = owner("service", needed=False)
    eligibility: str = blank()
    minimum_age: int | None = None
    maximum_age: int | None = None


class CostOption(Sourced, table=True):
    """What a service costs, and on what condition. `currency` is ISO 4217."""

    __tablename__: ClassVar[str] = "cost_option"
    __table_args__ = (
        one_row("cost_option"),
        CheckConstraint("valid_from <= valid_to", name="ck_cost_option_valid"),
        CheckConstraint("currency ~ '^([A-Z]{3})?$'", name="ck_cost_option_currency"),
        Index("ix_cost_option_service", "service_id"),
    )
    service_id: UUID = owner("service")
    valid_from: date | None = None
    valid_to: date | None = None
    option: str = blank()
    currency: str = blank()
    amount: Decimal | None = Field(default=None, sa_type=Numeric)
    amount_description: str = blank()


class RequiredDocument(Sourced, table=True):
    """A document one must bring to be served."""

    __tablename__: ClassVar[str] = "required_document"
    __table_args__ = (one_row("required_document"), Index("ix_required_document_service", "service_id"))
    service_id: UUID = owner("service")
    document: str = blank()
    uri: str = blank()


class Funding(Sourced, table=True):
    """Who pays for an agency or a service: `funder`, which the standard calls `source`."""

    __tablename__: ClassVar[str] = "funding"
    __table_args__ = (
        one_row("funding"),
        CheckConstraint("num_nonnulls(service_id, organization_id) > 0", name="ck_funding_owner"),
        *found_by("funding", "service_id", "organization_id"),
    )
    service_id: UUID | None = owner("service", needed=False)
    organization_id: UUID | None = owner("organization", needed=False)
    funder: str = Field(sa_type=Text)


class Url(Sourced, table=True):
    """One more page of an agency or a service."""

    __tablename__: ClassVar[str] = "url"
    __table_args__ = (
        one_row("url"),
        CheckConstraint("num_nonnulls(service_id, organization_id) > 0", name="ck_url_owner"),
        *found_by("url", "service_id", "organization_id"),
    )
    service_id: UUID | None = owner("service", needed=False)
    organization_id: UUID | None = owner("organization", needed=False)
    label: str = blank()
    url: str = Field(sa_type=Text)


class OrganizationIdentifier(Sourced, table=True):
    """An agency's number in somebody's register."""

    __tablename__: ClassVar[str] = "organization_identifier"
    __table_args__ = (one_row("organization_identifier"), Index("ix_organization_identifier_of", "organization_id"))
    organization_id: UUID = owner("organization")
    identifier_scheme: str = blank()
    identifier_type: str = blank()
    identifier: str = Field(sa_type=Text)
