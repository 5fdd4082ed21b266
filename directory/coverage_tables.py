"""What the coverage matrix reads: sums kept by the writes, what each service puts into them, and frozen rounds.

A sum is of things each worth something until a moment: a service counts as attested until its attestation is too
old, its free places count until they expire. `until` holds the moments in order; the arrays beside it hold, for each,
the sum of what lasts at least that long. One binary search answers for any moment, so that age needs no write.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

SERVICES = ""
"""The measure of a row that counts services; its moments are days since 1970, of attestation."""
FREE = "="
"""What begins the measure of a row that adds up free places, followed by their unit; moments in microseconds."""
NEVER = -1_000_000
"""The day of a service that nobody has ever attested."""

coverage = Table(
    "coverage",
    SQLModel.metadata,
    Column("area", Text, primary_key=True),
    Column("need", Text, primary_key=True),
    Column("network", Text, primary_key=True),  # '' where the agency has not been placed
    Column("measure", Text, primary_key=True),  # SERVICES, or FREE and a unit
    Column("until", ARRAY(BigInteger), nullable=False),
    Column("said", ARRAY(Integer), nullable=False),  # services that reach any part of the area
    Column("free", ARRAY(BigInteger), nullable=False),  # their free places
    Column("whole", ARRAY(Integer), nullable=False),  # of them, those that cover all of it by naming it
    Column("whole_free", ARRAY(BigInteger), nullable=False),
)

coverage_service = Table(
    "coverage_service",
    SQLModel.metadata,
    # No foreign key: what a service has put in must be known until it is taken out again.
    Column("service_id", Uuid, primary_key=True),
    Column("network", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("whole", ARRAY(Text), nullable=False),  # areas it names, without those that lie in another of them
    Column("touched", ARRAY(Text), nullable=False),  # those, and every area they lie in
    Column("units", ARRAY(Text), nullable=False),
    Column("until", ARRAY(BigInteger), nullable=False),
    Column("free", ARRAY(Integer), nullable=False),
)

coverage_area = Table(
    "coverage_area",
    SQLModel.metadata,
    Column("code", Text, primary_key=True),
    Column("parent", Text),  # as the sums know it: an area that moves takes its services along
)

area_population = Table(
    "area_population",
    SQLModel.metadata,
    Column("code", Text, ForeignKey("area.code", ondelete="CASCADE"), primary_key=True),
    Column("population", Integer, nullable=False),
    Column("year", SmallInteger, nullable=False),  # of the count, in the common era
    CheckConstraint("population >= 0", name="ck_area_population"),
    CheckConstraint("year BETWEEN 1900 AND 2200", name="ck_area_population_year"),
)

coverage_round = Table(
    "coverage_round",
    SQLModel.metadata,
    Column("label", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("duty_map", Text, nullable=False),  # version of the yardstick
    Column("needs", ARRAY(Text), nullable=False),  # the duties of then, pairwise with networks
    Column("networks", ARRAY(Text), nullable=False),
    Column("areas", ARRAY(Text), nullable=False),  # the areas of then
)

coverage_frozen = Table(
    "coverage_frozen",
    SQLModel.metadata,
    Column("label", Uuid, ForeignKey("coverage_round.label", ondelete="CASCADE"), primary_key=True),
    Column("area", Text, primary_key=True),
    Column("need", Text, primary_key=True),
    Column("network", Text, primary_key=True),
    Column("services", Integer, nullable=False),
    Column("whole", Integer, nullable=False),
    Column("attested", Integer, nullable=False),
    Column("free", JSONB, nullable=False),  # unit -> free places, of fresh figures
    Index("ix_coverage_frozen_area", "area", "label"),
)
