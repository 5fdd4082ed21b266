"""Reading the history of each field (HSDS `metadata`), and saying who writes it. Triggers write it (migration 0002)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .hsds import ENTITIES
from .sql import joined, listed, literal, name, sql, statement


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field. A deletion names no field; its previous value is the row as JSON."""

    id: UUID
    number: int
    """Its place in the history; also the cursor of a page."""
    resource_id: UUID
    resource_type: str
    last_action_date: datetime
    last_action_type: str
    """`update` or `delete`."""
    field_name: str
    previous_value: str
    replacement_value: str
    updated_by: str
    """What `said_by` was told, else the database's role."""
    purged: UUID | None
    """The request (`purging`) by which its values were emptied."""


_COLUMNS = tuple(f.name for f in fields(Change))
_HISTORY = statement(
    "SELECT {columns} FROM metadata WHERE resource_id = :id AND resource_type = :type "
    "AND (CAST(:after AS bigint) IS NULL OR number < :after) ORDER BY number DESC LIMIT :first",
    columns=listed(_COLUMNS),
)
# What a service has now, what it had, and the places where it is given. What was deleted says itself whose it was.
_OWNED = (
    "contact", "phone", "language", "schedule", "service_area", "eligibility", "cost_option", "required_document",
    "funding", "url", "service_capacity", "attribute", "service_at_location",
)  # fmt: skip
_NOW = joined(
    " ",
    [
        sql("UNION SELECT t.id, {kind} FROM {table} t WHERE t.service_id = :id", kind=literal(table), table=name(table))
        for table in _OWNED
    ],
)
_PART = sql(
    """
WITH place AS (SELECT k.location_id AS id FROM service_at_location k WHERE k.service_id = :id),
part AS (
  SELECT CAST(:id AS uuid) AS id, 'service' AS kind {now}
  UNION SELECT s.organization_id, 'organization' FROM service s WHERE s.id = :id
  UNION SELECT id, 'location' FROM place
  UNION SELECT d.id, 'address' FROM address d WHERE d.location_id IN (SELECT id FROM place)
  UNION SELECT m.resource_id, m.resource_type FROM metadata m WHERE m.last_action_type = 'delete'
    AND substring(m.previous_value, '"service_id": "([0-9a-f-]{{36}})"') = CAST(:text AS text))
SELECT {columns} FROM part p
JOIN metadata m ON m.resource_id = p.id AND m.resource_type = p.kind
WHERE m.field_name NOT IN ('last_modified', 'extra')""",
    now=_NOW,
    columns=listed(_COLUMNS, "m.{name}"),
)
_OF_SERVICE = statement(
    "{part} AND (CAST(:after AS bigint) IS NULL OR m.number < :after) ORDER BY m.number DESC LIMIT :first", part=_PART
)
_ONE_OF_SERVICE = statement("{part} AND m.id = :change", part=_PART)
_SAY = text(
    "SELECT set_config('hub.by', :by, true), "
    "set_config('hub.now', COALESCE(CAST(:now AS text), current_setting('hub.now', true), ''), true)"
)


async def said_by(session: AsyncSession, by: str, now: datetime | None = None) -> None:
    """Say who changes the directory in this transaction: an opaque id, or `import:<source>`.

    `now` is the clock of what is recorded; without it the one said before, else the transaction's.
    """
    await session.execute(_SAY, {"by": by, "now": now.isoformat() if now else None})


async def history(
    session: AsyncSession, resource_type: str, resource_id: UUID, first: int = 50, after: int | None = None
) -> list[Change]:
    """Changes of one entity, newest first; `after` is the `number` of the last one of the page before.

    What was known of a place before it became confidential is not there: it left with the place (DVPA 56). Raises
    ValueError where `resource_type` is no entity.
    """
    if resource_type not in ENTITIES:
        raise ValueError(resource_type)
    given = {"id": resource_id, "type": resource_type, "first": first, "after": after}
    return [Change(*row) for row in (await session.execute(_HISTORY, given)).all()]


async def history_of_service(
    session: AsyncSession, service_id: UUID, first: int = 50, after: int | None = None
) -> list[Change]:
    """Changes of a service, its agency and all it has or had: telephones, hours, places. Newest first, as `history`."""
    given = {"id": service_id, "text": str(service_id), "first": first, "after": after}
    return [Change(*row) for row in (await session.execute(_OF_SERVICE, given)).all()]


async def change_of_service(session: AsyncSession, service_id: UUID, change_id: UUID) -> Change | None:
    """One change of those `history_of_service` answers."""
    given = {"id": service_id, "text": str(service_id), "change": change_id}
    row = (await session.execute(_ONE_OF_SERVICE, given)).first()
    return None if row is None else Change(*row)
