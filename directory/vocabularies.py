"""Tables of words and measures, of what is described by them, and of what was changed: taxonomy to metadata."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from .columns import LINKED, SPEAK_OF_NO_PLACE, Sourced, blank, found_by, one_of, one_row, owner, related
from .sql import sql
from .taxonomy import NEEDS


class Taxonomy(Sourced, table=True):
    """A vocabulary."""

    __tablename__: ClassVar[str] = "taxonomy"
    __table_args__ = (one_row("taxonomy"),)
    name: str = Field(sa_type=Text)
    description: str = blank()
    uri: str = blank()
    version: str = blank()


class TaxonomyTerm(Sourced, table=True):
    """A word of some vocabulary; `need` is what it means here, empty while nobody has said."""

    __tablename__: ClassVar[str] = "taxonomy_term"
    __table_args__ = (
        one_row("taxonomy_term"),
        CheckConstraint(one_of("need", NEEDS), name="ck_taxonomy_term_need"),
        CheckConstraint("parent_id <> id", name="ck_taxonomy_term_parent"),
        *found_by("taxonomy_term", "taxonomy_id", "parent_id"),
    )
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    taxonomy: str = blank()
    taxonomy_id: UUID | None = related("taxonomy")
    parent_id: UUID | None = related("taxonomy_term")
    parent_code: str = blank()
    description: str = blank()
    language: str = blank()
    term_uri: str = blank()
    need: str | None = Field(default=None, sa_type=Text)


class Attribute(Sourced, table=True):
    """That something is described by a taxonomy term: a service (`service_id`), or what `link_id` names.

    No foreign key can lead to many tables: the trigger that records a deletion takes its attributes along.
    """

    __tablename__: ClassVar[str] = "attribute"
    __table_args__ = (
        one_row("attribute"),
        CheckConstraint(one_of("link_entity", ("service", *LINKED)), name="ck_attribute_entity"),
        CheckConstraint(
            "(link_entity = 'service') = (service_id IS NOT NULL) AND num_nonnulls(service_id, link_id) = 1",
            name="ck_attribute_link",
        ),
        Index("ix_attribute_service", "service_id"),
        Index("ix_attribute_term", "taxonomy_term_id"),
        Index("ix_attribute_link", "link_id", postgresql_where=text("link_id IS NOT NULL")),
    )
    service_id: UUID | None = owner("service", needed=False)
    link_id: UUID | None = None
    link_entity: str = Field(default="service", sa_type=Text, sa_column_kwargs={"server_default": text("'service'")})
    taxonomy_term_id: UUID = owner("taxonomy_term")
    link_type: str = blank()
    label: str = blank()
    value: str = blank()


class Unit(Sourced, table=True):
    """What capacity is counted in: beds, hours, places."""

    __tablename__: ClassVar[str] = "unit"
    __table_args__ = (one_row("unit"),)
    name: str = Field(sa_type=Text)
    scheme: str = blank()
    identifier: str = blank()
    uri: str = blank()


class ServiceCapacity(Sourced, table=True):
    """How much of a service is free: `available` units, said at `updated`, no longer to be trusted after `expires`.

    `unit` is the name it is counted by, one row a service and name; `unit_id` the unit of that name, if one is known.
    """

    __tablename__: ClassVar[str] = "service_capacity"
    __table_args__ = (
        one_row("service_capacity"),
        UniqueConstraint("service_id", "unit", name="uq_service_capacity_unit"),
        CheckConstraint("available >= 0", name="ck_service_capacity_available"),
        CheckConstraint("maximum >= 0", name="ck_service_capacity_maximum"),
        CheckConstraint("updated <= expires", name="ck_service_capacity_expires"),
        *found_by("service_capacity", "unit_id"),
    )
    service_id: UUID = owner("service")
    unit_id: UUID | None = related("unit")
    available: int
    maximum: int | None = None
    unit: str = Field(sa_type=Text)
    description: str = blank()
    updated: datetime = Field(sa_type=DateTime(timezone=True))
    expires: datetime = Field(sa_type=DateTime(timezone=True))


class MetaTableDescription(Sourced, table=True):
    """What a source says of its package as a whole."""

    __tablename__: ClassVar[str] = "meta_table_description"
    __table_args__ = (one_row("meta_table_description"),)
    name: str = blank()
    language: str = blank()
    character_set: str = blank()


class Metadata(SQLModel, table=True):
    """A change of a field: written by triggers alone, newest by `number`. `places` are the locations it may tell of.

    Nobody changes or deletes it but the trigger that forgets a place which becomes confidential (DVPA 56) and the
    function that empties what two administrators want forgotten. A deletion has no field; its previous value is the
    row.
    """

    __tablename__: ClassVar[str] = "metadata"
    __table_args__ = (
        Index("ix_metadata_resource", "resource_id", "number"),
        Index("ix_metadata_number", "number"),
        Index("ix_metadata_places", "places", postgresql_using="gin"),
        Index("ix_metadata_owners", "owners", postgresql_using="gin", postgresql_where=text("owners <> '{}'")),
        Index("ix_metadata_date", "last_action_date", postgresql_using="brin"),
        Index(
            "ix_metadata_gone",
            text('substring(previous_value, \'"service_id": "([0-9a-f-]{36})"\')'),
            postgresql_where=text("last_action_type = 'delete'"),
        ),
    )
    id: UUID = Field(
        default_factory=uuid4, primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")}
    )
    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    resource_id: UUID
    resource_type: str = Field(sa_type=Text)
    last_action_date: datetime = Field(sa_type=DateTime(timezone=True))
    last_action_type: str = Field(sa_type=Text)
    field_name: str = blank()
    previous_value: str = blank()
    replacement_value: str = blank()
    updated_by: str = Field(sa_type=Text)
    places: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(Uuid), server_default=text("'{}'"), nullable=False)
    )
    owners: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(Uuid), server_default=text("'{}'"), nullable=False)
    )
    """Whose a row was that is deleted or was given to another: what it belonged to does not know any more."""
    purged: UUID | None = Field(default=None, foreign_key="history_purge.id")
    """The request by which its values were emptied."""


class SourceMetadata(Sourced, table=True):
    """A change as a source tells it of its own data (HSDS `metadata` of an import), by the source's own ids.

    Values are kept only where no field of the entity can tell a place: the past of a place that is confidential here
    may stand in a stranger's records.
    """

    __tablename__: ClassVar[str] = "source_metadata"
    __table_args__ = (
        one_row("source_metadata"),
        CheckConstraint(
            sql(
                "{telling_nothing} OR (previous_value = '' AND replacement_value = '' AND extra = '{{}}'::jsonb)",
                telling_nothing=one_of("resource_type", SPEAK_OF_NO_PLACE),
            ),
            name="ck_source_metadata_places",
        ),
        Index("ix_source_metadata_resource", "source", "resource_type", "resource_id"),
    )
    resource_id: str = Field(sa_type=Text)
    resource_type: str = Field(sa_type=Text)
    last_action_date: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    last_action_type: str = blank()
    field_name: str = blank()
    previous_value: str = blank()
    replacement_value: str = blank()
    updated_by: str = blank()


class KeptRow(Sourced, table=True):
    """A row of a table the directory has no place for, as it was read (`extra`); it goes only for a secret."""

    __tablename__: ClassVar[str] = "kept_row"
    __table_args__ = (UniqueConstraint("source", "entity", "source_id", name="uq_kept_row_source"),)
    entity: str = Field(sa_type=Text)


class Sheltered(SQLModel, table=True):
    """What has had to do with a confidential place, and stays so once it has not: nothing beside it is kept.

    The function `directory_shed` alone writes it (migration 0017).
    """

    __tablename__: ClassVar[str] = "sheltered"
    __table_args__ = (Index("ix_sheltered_source", "source", "entity", "source_id"),)
    id: UUID = Field(primary_key=True)
    entity: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    source_id: str = Field(sa_type=Text)


class DroppedByHand(SQLModel, table=True):
    """A row of a source that a person deleted here: no import brings it back. Triggers write it (migration 0011)."""

    __tablename__: ClassVar[str] = "dropped_by_hand"
    entity: str = Field(primary_key=True, sa_type=Text)
    source: str = Field(primary_key=True, sa_type=Text)
    source_id: str = Field(primary_key=True, sa_type=Text)
