"""What routing and search read: tables kept by the writes, one index each. They hold nothing of their own.

`service_route`: one row a (need, area a service covers), everything a ranking needs in one covering index.
`service_search`: one row a service; its vector holds words, Chinese bigrams, and need x area tokens under one GIN.
`search_word`: one row a word or stem, by which beginnings and misspellings are understood.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE, TSVECTOR
from sqlmodel import SQLModel

MINUTES_A_WEEK = 7 * 24 * 60
MOST_RANGES = 40
"""Opening hours of more ranges than this a week are treated as unknown: an index row has its size."""

service_route = Table(
    "service_route",
    SQLModel.metadata,
    Column("need", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("service_id", Uuid, ForeignKey("service.id", ondelete="CASCADE"), nullable=False),
    Column("organization_id", Uuid, ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("mandated", Boolean, nullable=False),  # the agency's network owes the need
    Column("closed", Text, nullable=False),  # '' or why it takes nothing: closed | suspended
    Column("latitude", Double),  # of an open location, else of the area; never of a confidential one
    Column("longitude", Double),
    Column("available", Integer),
    Column("updated", DateTime(timezone=True)),
    Column("expires", DateTime(timezone=True)),
    Column("hours", INT4MULTIRANGE),  # minutes of the week, Monday 00:00 = 0, local; null is unknown
    Column("languages", ARRAY(Text), nullable=False),
    Column("accessibility", ARRAY(Text), nullable=False),
    Column("minimum_age", SmallInteger),
    Column("maximum_age", SmallInteger),
    Column("genders", ARRAY(Text), nullable=False),
    Index(
        "ix_service_route_need_area",
        "need",
        "area",
        "service_id",
        unique=True,
        postgresql_include=[
            "organization_id",
            "mandated",
            "closed",
            "latitude",
            "longitude",
            "available",
            "updated",
            "expires",
            "hours",
            "languages",
            "accessibility",
            "minimum_age",
            "maximum_age",
            "genders",
        ],
    ),
    Index("ix_service_route_service", "service_id"),
    Index("ix_service_route_organization", "organization_id"),
)

service_search = Table(
    "service_search",
    SQLModel.metadata,
    Column("service_id", Uuid, ForeignKey("service.id", ondelete="CASCADE"), primary_key=True),
    Column("organization_id", Uuid, ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),  # normalised names of the service and its agency, all languages
    Column("haystack", Text, nullable=False),  # everything that is searched, normalised
    Column("areas", ARRAY(Text), nullable=False),
    Column("latitude", Double),
    Column("longitude", Double),
    # In the standing order, which is that of entry: what was written together lies together, in the index as on disk.
    Column("place", BigInteger, Identity(), nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("facets", ARRAY(Text), nullable=False),  # the tokens counted for the values of filters
    Column("hours", INT4MULTIRANGE),
    Column("minimum_age", SmallInteger),
    Column("maximum_age", SmallInteger),
    Column("document", TSVECTOR, nullable=False),
    # A list of what is new, merged in bulk: an import is several times faster. How long it grows, the session says.
    Index(
        "ix_service_search_document",
        "document",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "on"},
    ),
    Index("ix_service_search_organization", "organization_id"),
)

search_word = Table(
    "search_word",
    SQLModel.metadata,
    Column("word", Text(collation="C"), primary_key=True),  # a word or a stem the directory holds
    Column("variants", ARRAY(Text), nullable=False),  # the word less one letter each; empty for stems
    Index("ix_search_word_variants", "variants", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
)
