"""What whoever keeps the directory reads: a service to be changed, its history, words that nobody has mapped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from directory import inventory, terms
from directory.history import Change, change_of_service, history_of_service, said_by
from directory.kept import (
    About,
    ContactRow,
    CostRow,
    DocumentRow,
    HoursRow,
    PhoneRow,
    PlaceRow,
    Sheet,
    Whom,
    own,
    sheet,
)
from directory.purging import Purge, PurgeReason, purges_of
from directory.taxonomy import DUTY_MAP_VERSION, NEEDS
from directory.terms import Term, Which
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from hub.identity.lookups import staff_names
from hub.identity.reach import administrator, in_good_standing
from hub.policy.terms import Actor, Role

from .views import KEEPERS, OVERSEERS, overseer, own_organization


@dataclass(frozen=True, slots=True)
class SheetView:
    """A service as whoever may change it reads it. `version` is given back with a change."""

    id: UUID
    version: str
    status: str
    names: dict[str, str]
    name: str
    about: About
    whom: Whom
    needs: tuple[str, ...]
    areas: tuple[str, ...]
    languages: tuple[str, ...]
    phones: tuple[PhoneRow, ...]
    contacts: tuple[ContactRow, ...]
    hours: tuple[HoursRow, ...]
    costs: tuple[CostRow, ...]
    documents: tuple[DocumentRow, ...]
    places: tuple[PlaceRow, ...]
    available: int | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class OwnView:
    """A service in the list of its own agency's services, closed ones too."""

    id: UUID
    name: str
    names: dict[str, str]
    status: str
    assured_on: date | None
    available: int | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class PurgeView:
    """A request to forget the past of a field. `decided_by` is empty while it waits; `own`: the reader asked for it."""

    id: UUID
    service_id: UUID
    change_id: UUID
    what: str
    field: str
    reason: PurgeReason
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    agreed: bool | None
    own: bool


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of one field of a service or of what it has. `by` is a person's name, or empty for an import."""

    id: UUID
    number: int
    at: datetime
    by: str
    imported_from: str
    what: str
    action: str
    field: str
    before: str
    after: str
    purge: PurgeView | None


async def editable(session: Session, actor: Actor, service_id: UUID) -> SheetView | None:
    """A service to be changed: a manager's own, any for an administrator; else None, as where there is none."""
    in_good_standing(actor)
    found = await sheet(session, service_id)
    if found is None or not await _may(session, actor, found, Role.ADMINISTRATOR):
        return None
    line = (await inventory.lines(session, [service_id]))[service_id]
    return SheetView(
        found.id, found.version, found.status, found.about.names, found.about.name, found.about, found.whom,
        found.needs, found.areas, found.languages, found.phones, found.contacts, found.hours, found.costs,
        found.documents, found.places, line.available, line.unit,
    )  # fmt: skip


async def own_services(
    session: Session, actor: Actor, first: int, after: tuple[str, UUID] | None
) -> tuple[Sequence[OwnView], bool]:
    """The services of the actor's own agency by name, and whether there are more: its managers and workers."""
    in_good_standing(actor)
    mine = await own_organization(session, actor)
    if not actor.has(*KEEPERS) or mine is None:
        raise NotPermitted("no_organization" if actor.has(*KEEPERS) else None)
    ids = await own(session, mine, first + 1, after)
    lines = await inventory.lines(session, ids)
    found = (lines[key] for key in ids[:first])
    return [
        OwnView(row.id, row.name, row.names, row.status, row.assured_on, row.available, row.unit) for row in found
    ], len(ids) > first


async def _may(session: Session, actor: Actor, found: Sheet, *roles: Role) -> bool:
    """Whether the actor has one of `roles`, or manages the service's own agency."""
    if actor.has(*roles):
        return True
    return actor.has(Role.AGENCY_MANAGER) and found.organization_id == await own_organization(session, actor)


async def service_history(
    session: Session, actor: Actor, service_id: UUID, first: int, after: int | None
) -> tuple[Sequence[ChangeView], bool]:
    """Changes of a service, newest first, and whether there are more: overseers, and its own agency's managers.

    What was known of a place before it became confidential is not there (DVPA 56).
    """
    await _reads_history(session, actor, service_id)
    changes = await history_of_service(session, service_id, first + 1, after)
    return await _views(session, actor, changes[:first]), len(changes) > first


async def service_change(session: Session, actor: Actor, service_id: UUID, change_id: UUID) -> ChangeView | None:
    """One change of a service, or None where there is none such. Who may: as `service_history`."""
    await _reads_history(session, actor, service_id)
    change = await change_of_service(session, service_id, change_id)
    return None if change is None else (await _views(session, actor, [change]))[0]


async def _reads_history(session: Session, actor: Actor, service_id: UUID) -> None:
    in_good_standing(actor)
    found = await sheet(session, service_id)
    if found is None:
        raise NotFound
    if not await _may(session, actor, found, *OVERSEERS):
        raise NotPermitted


async def _views(session: Session, actor: Actor, changes: Sequence[Change]) -> list[ChangeView]:
    purges = await purges_of(session, changes)
    people = {key for change in changes if (key := _person(change)) is not None}
    names = await staff_names(session, people | deciders(purges.values()))
    return [_view(change, names, purges.get(change.id), actor) for change in changes]


def deciders(purges: Iterable[Purge]) -> set[UUID]:
    """Who asked and who decided."""
    return {key for one in purges for key in (one.asked_by, one.decided_by) if key is not None}


def purge_view(found: Purge, names: dict[UUID, str], actor: Actor) -> PurgeView:
    """A request with the names of its people."""
    decided_by = names.get(found.decided_by, "") if found.decided_by is not None else ""
    return PurgeView(
        found.id, found.service_id, found.change_id, found.resource_type, found.field_name, PurgeReason(found.reason),
        names.get(found.asked_by, ""), found.asked_at, decided_by, found.decided_at, found.agreed,
        found.asked_by == actor.id,
    )  # fmt: skip


def _person(change: Change) -> UUID | None:
    try:
        return UUID(change.updated_by)
    except ValueError:
        return None


def _view(change: Change, names: dict[UUID, str], purge: Purge | None, actor: Actor) -> ChangeView:
    person = _person(change)
    kind, _, source = change.updated_by.partition(":")
    return ChangeView(
        change.id,
        change.number,
        change.last_action_date,
        names.get(person, "") if person is not None else "",
        source if kind == "import" else "",
        change.resource_type,
        change.last_action_type,
        change.field_name,
        change.previous_value,
        change.replacement_value,
        None if purge is None else purge_view(purge, names, actor),
    )


async def words(
    session: Session, actor: Actor, which: Which, first: int, start: int
) -> tuple[Sequence[Term], bool, int]:
    """Words of imports, those more services use first; whether there are more, and how many. For overseers."""
    overseer(actor)
    found = await terms.terms(session, which, first + 1, start)
    return found[:first], len(found) > first, await terms.count(session, which)


async def word(session: Session, actor: Actor, term_id: UUID) -> Term | None:
    """One word of an import, or None where there is none or the actor is no overseer."""
    in_good_standing(actor)
    return await terms.term(session, term_id) if actor.has(*OVERSEERS) else None


async def map_term(session: Session, actor: Actor, term_id: UUID, need: str | None, duty_map: str) -> UUID:
    """Say what a word of an import means: a need, or None for no need of ours. Administrators alone.

    Every later import leaves it so; the services that use it are found by it at once, or batch by batch where they
    are more than `terms.AT_ONCE`. `duty_map` is the version that was chosen from: another one is a `Conflict`.
    """
    administrator(actor)
    if need is not None and need not in NEEDS:
        raise InvalidInput(FieldError("need", "unknown_need"))
    if duty_map != DUTY_MAP_VERSION:
        raise Conflict("changed_meanwhile")
    now = moment(session)
    await said_by(session, str(actor.id), now)
    if not await terms.choose(session, term_id, need, actor.id, now):
        raise NotFound
    await append(session, actor, "term.map", term_id, body={"need": need, "duty_map": duty_map})
    return term_id
