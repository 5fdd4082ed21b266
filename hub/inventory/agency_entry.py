"""An agency's own entry in the directory: a manager keeps its own, an administrator any; each deed is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from directory import agency_entry as directory
from directory.agency_entry import Entry
from directory.history import said_by
from directory.kept import ContactRow, PhoneRow
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from hub.identity.reach import in_good_standing
from hub.policy.terms import Actor, Role

from . import kept_rules
from .views import own_organization


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as whoever may change it reads it. `version` is given back with a change."""

    id: UUID
    version: str
    own: bool
    name: str
    names: dict[str, str]
    alternate_name: str
    description: str
    email: str
    website: str
    network: str | None
    phones: tuple[PhoneRow, ...]
    contacts: tuple[ContactRow, ...]


async def editable(session: Session, actor: Actor, organization_id: UUID | None) -> EntryView | None:
    """An agency's entry, one's own without an id; None where there is none the actor may change."""
    in_good_standing(actor)
    mine = await own_organization(session, actor)
    key = organization_id or mine
    if key is None or not _may(actor, key, mine):
        return None
    found = await directory.entry(session, key)
    if found is None:
        return None
    return EntryView(
        found.id, found.version, key == mine, found.name, found.names, found.alternate_name, found.description,
        found.email, found.website, found.network, found.phones, found.contacts,
    )  # fmt: skip


async def read_again(session: Session, actor: Actor, organization_id: UUID) -> EntryView | None:
    """The entry after it was changed."""
    return await editable(session, actor, organization_id)


def _may(actor: Actor, key: UUID, mine: UUID | None) -> bool:
    return actor.has(Role.ADMINISTRATOR) or (actor.has(Role.AGENCY_MANAGER) and key == mine)


async def update(session: Session, actor: Actor, organization_id: UUID, version: str, given: Mapping[str, Any]) -> UUID:
    """Change an agency's entry: fields of `Entry` that are given become what they say, the others stay.

    The network is the authority's to say: administrators alone. Raises `Conflict` if `version` is not what it stands
    at, `InvalidInput` field by field, `NotFound`, `NotPermitted`.
    """
    in_good_standing(actor)
    if not actor.has(Role.AGENCY_MANAGER, Role.ADMINISTRATOR):
        raise NotPermitted
    if not _may(actor, organization_id, await own_organization(session, actor)):
        raise NotPermitted("not_own_agency")
    await directory.hold(session, organization_id)
    before = await directory.entry(session, organization_id)
    if before is None:
        raise NotFound
    if before.version != version:
        raise Conflict("changed_meanwhile")
    after = replace(before, **given)
    phones, contacts = _ordered(before.phones, after.phones), _ordered(before.contacts, after.contacts)
    after = replace(after, phones=phones, contacts=contacts)
    if after.network != before.network and not actor.has(Role.ADMINISTRATOR):
        raise InvalidInput(FieldError("network", "network_is_the_authoritys"))
    if wrong := kept_rules.check_entry(before, after):
        raise InvalidInput(*wrong)
    await said_by(session, str(actor.id), moment(session))
    changed = await directory.write(session, before, after)
    if changed:
        await append(session, actor, "organization.change", organization_id, body={"fields": changed})
    return organization_id


def _ordered(before: tuple[Any, ...], rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """Rows in the order in which they stand, new ones last: another order alone changes nothing."""
    at = {row.id: n for n, row in enumerate(before)}
    return tuple(sorted(rows, key=lambda row: at.get(row.id, len(at))))


__all__ = ["Entry", "EntryView", "editable", "read_again", "update"]
