"""An agency's own entry as whoever keeps it sees and writes it: its names, words, telephones and contacts."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .coverage_keeping import keep
from .editing import write_details
from .kept import DETAILS, ContactRow, PhoneRow
from .refresh import refresh_services
from .sql import listed, statement


@dataclass(frozen=True, slots=True)
class Entry:
    """All that can be changed of an agency's entry. The fields are those of HSDS; `names` are by language.

    Telephones and contacts are those of the agency alone, not of one of its services or places.
    """

    id: UUID
    name: str = ""
    names: dict[str, str] = field(default_factory=dict)
    alternate_name: str = ""
    description: str = ""
    email: str = ""
    website: str = ""
    network: str | None = None
    phones: tuple[PhoneRow, ...] = ()
    contacts: tuple[ContactRow, ...] = ()

    @property
    def version(self) -> str:
        """A digest of all of it: whoever changes anything, by hand or by an import, makes it another."""
        said = orjson.dumps(asdict(self), default=str, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).hexdigest()[:24]


WORDS = ("name", "alternate_name", "description", "email", "website", "network")
ROWS = ("phones", "contacts")
_CHUNK = 1000
_ENTRY = statement(
    "SELECT o.id, o.name_i18n, {words} FROM organization o WHERE o.id = :id", words=listed(WORDS, "o.{name}")
)
_DETAILS = {
    "phones": statement(
        "SELECT t.id, {columns} FROM phone t WHERE t.organization_id = :id AND num_nonnulls(t.service_id, "
        "t.location_id, t.contact_id, t.service_at_location_id) = 0 ORDER BY {columns}, t.id",
        columns=listed(DETAILS["phones"][2], "t.{name}"),
    ),
    "contacts": statement(
        "SELECT t.id, {columns} FROM contact t WHERE t.organization_id = :id AND num_nonnulls(t.service_id, "
        "t.location_id, t.service_at_location_id) = 0 ORDER BY {columns}, t.id",
        columns=listed(DETAILS["contacts"][2], "t.{name}"),
    ),
}
_HOLD = text("SELECT id FROM organization WHERE id = :id FOR NO KEY UPDATE")
_WRITE = statement(
    "UPDATE organization SET {words}, name_i18n = CAST(:names AS jsonb) WHERE id = :id",
    words=listed(WORDS, "{name} = :{name}"),
)
_SERVICES = text("SELECT id FROM service WHERE organization_id = :id ORDER BY id")


async def entry(session: AsyncSession, organization_id: UUID) -> Entry | None:
    """The entry as it stands, or None where there is no such agency."""
    given = {"id": organization_id}
    row = (await session.execute(_ENTRY, given)).first()
    if row is None:
        return None
    rows: dict[str, Any] = {}
    for section in ROWS:
        made = DETAILS[section][1]
        rows[section] = tuple(made(*found) for found in (await session.execute(_DETAILS[section], given)).all())
    words = {word: getattr(row, word) for word in WORDS}
    return Entry(row.id, names=dict(row.name_i18n), **words, **rows)


async def hold(session: AsyncSession, organization_id: UUID) -> None:
    """Keep an agency's entry to this transaction until it ends."""
    await session.execute(_HOLD, {"id": organization_id})


def changes(before: Entry, after: Entry) -> list[str]:
    """Names of the fields in which two entries differ."""
    return [name for name in ("names", *WORDS, *ROWS) if getattr(before, name) != getattr(after, name)]


async def write(session: AsyncSession, before: Entry, after: Entry) -> list[str]:
    """Bring a held entry from `before` to `after`; what its services say of their agency follows. What was changed."""
    found = changes(before, after)
    if {"names", *WORDS} & set(found):
        words = {word: getattr(after, word) for word in WORDS}
        await session.execute(_WRITE, {**words, "names": orjson.dumps(after.names).decode(), "id": after.id})
    for section in ROWS:
        if section in found:
            await write_details(session, section, after.id, getattr(before, section), getattr(after, section))
    if {"names", "name", "alternate_name", "network"} & set(found):
        services = list((await session.execute(_SERVICES, {"id": after.id})).scalars().all())
        for start in range(0, len(services), _CHUNK):
            await refresh_services(session, services[start : start + _CHUNK])
            await keep(session, services[start : start + _CHUNK])
    return found
