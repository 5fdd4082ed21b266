"""Keeping the directory by hand: a manager its own agency's services, an administrator any; each deed is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from directory import actions as directory
from directory import editing
from directory.history import said_by
from directory.inventory import Said
from directory.kept import About, ContactRow, CostRow, DocumentRow, HoursRow, PhoneRow, PlaceRow, Sheet, Whom, sheet
from directory.rounds import StopReason, TaskAnswer
from directory.search import areas
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base import clocks
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from hub.identity.reach import in_good_standing
from hub.policy.terms import Actor, Role
from scheduling import deadlines
from scheduling.clocks import CLOCKS
from scheduling.counting import due

from . import kept_rules, rules
from .actions import organization_of, tell_capacity
from .rounds import attested, today

EDITS = (Role.AGENCY_MANAGER, Role.ADMINISTRATOR)
_LIVE = {"active", "temporarily closed"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What shall be of a service: sections that are None stay as they are, the others become what they say.

    Of `about` only the fields it names.
    """

    about: Mapping[str, Any] | None = None
    whom: Whom | None = None
    needs: tuple[str, ...] | None = None
    areas: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    phones: tuple[PhoneRow, ...] | None = None
    contacts: tuple[ContactRow, ...] | None = None
    hours: tuple[HoursRow, ...] | None = None
    costs: tuple[CostRow, ...] | None = None
    documents: tuple[DocumentRow, ...] | None = None
    places: tuple[PlaceRow, ...] | None = None
    capacity: tuple[int, str] | None = None
    reopen: bool = False

    def on(self, before: Sheet) -> Sheet:
        """The sheet as it would be."""
        given: dict[str, Any] = {
            field.name: value
            for field in fields(self)
            if field.name not in ("capacity", "reopen") and (value := getattr(self, field.name)) is not None
        }
        if "about" in given:
            given["about"] = replace(before.about, **given["about"])
        for name in ("needs", "areas", "languages"):
            if name in given:
                given[name] = tuple(sorted(set(given[name])))
        if "places" in given:
            shared = {place.id: place.shared for place in before.places}
            given["places"] = tuple(replace(row, shared=shared.get(row.id, False)) for row in given["places"])
        return replace(before, **{name: _ordered(before, name, value) for name, value in given.items()})

    @property
    def says_something(self) -> bool:
        """Whether any section is given, or that it is offered again."""
        return self.reopen or any(
            getattr(self, field.name) is not None for field in fields(self) if field.name not in ("capacity", "reopen")
        )


def _ordered(before: Sheet, name: str, value: Any) -> Any:
    """Rows in the order in which they stand, new ones last: another order alone changes nothing."""
    if not isinstance(value, tuple) or not value or isinstance(value[0], str):
        return value
    at = {row.id: n for n, row in enumerate(getattr(before, name))}
    return tuple(sorted(value, key=lambda row: at.get(row.id, len(at))))


async def update_service(session: Session, actor: Actor, service_id: UUID, version: str, draft: Draft) -> UUID:
    """Change a service, and by that answer for it where it is one's own: `changed`, or `unchanged` where nothing is.

    Raises `Conflict` if `version` is not what it stands at, `InvalidInput` field by field, `NotFound`, `NotPermitted`.
    """
    before, own = await _kept(session, actor, service_id)
    if before.version != version:
        raise Conflict("changed_meanwhile")
    after = draft.on(before)
    await _judge(session, actor, before, after, draft)
    now, changed = moment(session), _fields(before, after)
    await said_by(session, str(actor.id), now)
    live = before.status in _LIVE or draft.reopen
    if own and live and draft.says_something:
        answer = TaskAnswer.CHANGED if changed or draft.reopen else TaskAnswer.UNCHANGED
        await attested(session, service_id, answer, actor)
    # Rounds and tasks are held before services, here as everywhere; then nobody else changes this one any more.
    await editing.hold(session, service_id)
    held = await sheet(session, service_id)
    if held is None or replace(held, status=before.status) != before:
        raise Conflict("changed_meanwhile")
    await editing.write(session, before, after, now)
    reopened = draft.reopen and before.status != "active"
    if reopened:
        await editing.reopen(session, service_id)
    await _tell_free(session, actor, service_id, draft, own=own)
    if changed or reopened:
        body = {"fields": changed, "reopened": reopened}
        await append(session, actor, "service.change", service_id, body=body)
    return service_id


async def add_service(session: Session, actor: Actor, organization_id: UUID | None, draft: Draft) -> UUID:
    """Add a service: a manager to its own agency, an administrator to the one named. Needs, places and a name it has.

    Returns the service. It counts as answered for on the day it is added.
    """
    if actor.has(Role.ADMINISTRATOR) and organization_id is not None:
        in_good_standing(actor)
        owner = organization_id
    else:
        owner = await organization_of(session, actor, (Role.AGENCY_MANAGER,))
        if organization_id not in (None, owner):
            raise NotPermitted("not_own_service")
    own = owner == await _own(session, actor)
    before = Sheet(UUID(int=0), owner)
    after = draft.on(before)
    missing = [FieldError(name, "choose_one") for name in ("needs", "areas") if not getattr(after, name)]
    if not after.about.name.strip():
        missing.insert(0, FieldError("about.name", "required"))
    await _judge(session, actor, before, after, draft, missing)
    now = moment(session)
    await said_by(session, str(actor.id), now)
    key = await editing.add(session, owner, now)
    if key is None:
        raise InvalidInput(FieldError("organizationId", "unknown_id"))
    await editing.write(session, replace(before, id=key), replace(after, id=key), now)
    if own:
        await attested(session, key, TaskAnswer.CHANGED, actor)
    await _tell_free(session, actor, key, draft, own=own)
    body = {"organization": str(owner), "fields": _fields(before, after)}
    await append(session, actor, "service.add", key, body=body)
    return key


async def close_service(
    session: Session,
    actor: Actor,
    service_id: UUID,
    version: str,
    *,
    temporarily: bool,
    day: date | None = None,
    reason: StopReason | None = None,
) -> UUID:
    """Close a service: it takes no referrals from now. `temporarily`, or for good with its last day and a reason.

    Of one's own service it is an answer too (`changed`, `no_longer_offered`). Raises as `update_service`, and
    `Conflict` where it is closed already.
    """
    before, own = await _kept(session, actor, service_id)
    if before.version != version:
        raise Conflict("changed_meanwhile")
    status = "temporarily closed" if temporarily else "inactive"
    if before.status == status:
        raise Conflict("already_closed")
    answer = TaskAnswer.CHANGED if temporarily else TaskAnswer.NO_LONGER_OFFERED
    said = Said(answer, day, reason)
    if wrong := rules.check_answer(said, today(session), None):
        raise InvalidInput(*wrong)
    await said_by(session, str(actor.id), moment(session))
    if own:
        await attested(session, service_id, answer, actor, said)
    elif not temporarily:
        for clock in ("attestation", "capacity_attestation"):
            await deadlines.cancel(session, service_id, clock)
    await directory.set_status(session, [service_id], status)
    body = {"temporarily": temporarily, "reason": reason.value if reason else None}
    await append(session, actor, "service.close", service_id, body=body)
    return service_id


async def _kept(session: Session, actor: Actor, service_id: UUID) -> tuple[Sheet, bool]:
    """A service the actor may change, and whether it is their own agency's. The directory is public: no secret here."""
    in_good_standing(actor)
    if not actor.has(*EDITS):
        raise NotPermitted
    mine = await _own(session, actor)
    if mine is None and not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted("no_organization")
    found = await sheet(session, service_id)
    if found is None:
        raise NotFound
    own = found.organization_id == mine
    if not own and not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted("not_own_service")
    return found, own


async def _own(session: Session, actor: Actor) -> UUID | None:
    """The organization a manager answers for; None for anybody else."""
    if not actor.has(Role.AGENCY_MANAGER):
        return None
    try:
        return await organization_of(session, actor, (Role.AGENCY_MANAGER,))
    except NotPermitted:
        return None


async def _judge(
    session: Session, actor: Actor, before: Sheet, after: Sheet, draft: Draft, wrong: Collection[FieldError] = ()
) -> None:
    places = [area.code for area in await areas(session)]
    everywhere = actor.has(Role.ADMINISTRATOR)
    found = [*wrong, *kept_rules.check(before, after, places, all_places=everywhere)]
    if draft.capacity is not None:
        free = rules.check_capacity(*draft.capacity)
        found += [FieldError(f"capacity.{fault.path}", fault.code) for fault in free]
    if found:
        raise InvalidInput(*found)


async def _tell_free(session: Session, actor: Actor, service_id: UUID, draft: Draft, *, own: bool) -> None:
    if draft.capacity is None:
        return
    available, unit = draft.capacity
    if own:
        await tell_capacity(session, actor, service_id, available, unit)
        return
    # Said for an agency by somebody else: it holds as long, and leaves that agency's own clock alone.
    now: datetime = moment(session)
    until = due(CLOCKS["capacity_attestation"], now, clocks.calendar(), clocks.zone())
    await directory.set_capacity(session, service_id, available, unit, now, until)
    await append(session, actor, "service.capacity", service_id, body={"available": available, "unit": unit})


def _fields(before: Sheet, after: Sheet) -> list[str]:
    """Names of what differs: fields of the first sections, the others by their own name. Never a value."""
    found: list[str] = []
    for section in editing.changes(before, after):
        was, is_ = getattr(before, section), getattr(after, section)
        if isinstance(was, About | Whom):
            found += [
                f"{section}.{field.name}"
                for field in fields(was)
                if getattr(was, field.name) != getattr(is_, field.name)
            ]
        else:
            found.append(section)
    return found
