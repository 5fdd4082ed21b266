"""What people do in stock-taking: open and close a round, attest services, say what is free. Each is recorded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from directory import inventory, progress, rounds
from directory.actions import set_capacity
from directory.history import said_by
from directory.inventory import Said, ServiceLine
from directory.progress import Counts
from directory.rounds import InventoryRound, RoundState, Scope, TaskAnswer
from directory.search import areas
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base import clocks
from hub.base.db import Session
from hub.base.errors import Conflict, InvalidInput, NotFound, NotPermitted, TooSoon
from hub.base.ids import new_id
from hub.identity.reach import administrator, in_good_standing
from hub.policy.terms import Actor, Role
from scheduling import deadlines
from scheduling.clocks import CLOCKS
from scheduling.counting import due

from . import coverage as coverage  # keeps the matrix when a round closes
from . import rules
from .rounds import askable, attested_all, begin, today
from .views import own_organization, unanswered, version_of_all

KEEPS = (Role.AGENCY_MANAGER,)
SAYS_FREE = (Role.AGENCY_MANAGER, Role.AGENCY_WORKER, Role.MACHINE)


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A round to open on its first day: today, or a day to come."""

    scope: Scope
    opens_on: date
    closes_on: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Attest:
    """An answer for one of one's own services, and in the same go what is free of it."""

    service_id: UUID
    said: Said
    available: int | None = None
    unit: str | None = None
    version: int | None = None
    """That of the task that was shown; None: none was."""


async def open_round(session: Session, actor: Actor, given: OpenRound) -> UUID:
    """Plan a round, and open it if its day has come. Administrators alone; the round is their agency's."""
    administrator(actor)
    rules.check_scope(given.scope, [area.code for area in await areas(session)], given.note)
    now = moment(session)
    first, last = rules.days(given.opens_on, given.closes_on, today(session), clocks.calendar())
    opens_at = max(datetime.combine(first, time(), clocks.zone()), now)
    row = InventoryRound(
        id=new_id(),
        state=RoundState.PLANNED,
        networks=sorted(set(given.scope.networks)),
        areas=sorted(set(given.scope.areas)),
        needs=sorted(set(given.scope.needs)),
        note=given.note.strip(),
        opens_on=first,
        closes_on=last,
        opens_at=opens_at,
        due_at=rules.end_of(last, clocks.zone()),
        authority_id=actor.agency_id,
        planned_by=actor.id,
    )
    await rounds.plan_round(session, row)
    body = {"opens": first.isoformat(), "closes": last.isoformat(), "networks": row.networks, "areas": row.areas}
    await append(session, actor, "round.open", row.id, body={**body, "needs": row.needs})
    if opens_at > now:
        await clocks.start(session, "stock_taking_opening", row.id, actor.agency_id, now, term=opens_at)
        return row.id
    planned = await rounds.get(session, row.id)
    assert planned is not None
    if not await begin(session, planned, actor):
        raise Conflict("nothing_in_scope")
    return row.id


async def close_round(session: Session, actor: Actor, round_id: UUID, *, early: bool = False) -> UUID:
    """Freeze an open round's result, or call off a planned round. Administrators alone.

    Raises `TooSoon` before the round's end while answers are missing, unless `early`.
    """
    administrator(actor)
    row = await rounds.get(session, round_id, lock=True)
    if row is None:
        raise NotFound
    now = moment(session)
    if row.state is RoundState.PLANNED:
        await rounds.cancel(session, round_id, actor.id, now)
        await deadlines.cancel(session, round_id)
        await append(session, actor, "round.cancel", round_id)
        return round_id
    if row.state is not RoundState.OPEN:
        raise Conflict("round_closed")
    asked = list(await askable(session))
    if now < row.due_at and not early:
        counts = (await progress.progress(session, round_id, frozen=False, asked=asked)).get("", Counts())
        if counts.unanswered or counts.later:
            raise TooSoon("round_still_runs")
    digest, count = await rounds.close(session, round_id, actor.id, now, asked)
    await deadlines.meet(session, round_id, "stock_taking", now)
    await append(session, actor, "round.close", round_id, body={"digest": digest, "services": count, "early": early})
    return round_id


async def attest(session: Session, actor: Actor, given: Attest) -> UUID:
    """Say that an own service is unchanged, no longer offered, or will be looked at on a later day. Managers alone.

    `changed` is not said but done, by editing the service. Returns the service.
    """
    line = await _own(session, actor, given.service_id, KEEPS)
    asked = await inventory.tasks_of_service(session, line.id)
    wrong = rules.check_answer(given.said, today(session), asked[0].closes_on if asked else None)
    wrong += rules.check_capacity(given.available, given.unit)
    if wrong:
        raise InvalidInput(*wrong)
    if given.said.answer is TaskAnswer.CHANGED:
        raise Conflict("change_it_first")
    if given.version is not None and all(task.version != given.version for task in asked):
        raise Conflict("changed_meanwhile")
    if given.said.answer is TaskAnswer.UNCHANGED and not rules.can_be_unchanged(line.status, asked):
        raise Conflict("service_closed")
    if given.said.answer is TaskAnswer.LATER and all(task.answer not in (None, TaskAnswer.LATER) for task in asked):
        raise Conflict("already_answered")
    await attested_all(session, [line.id], given.said, actor)
    if given.available is not None and given.unit is not None:
        await tell_capacity(session, actor, line.id, given.available, given.unit)
    return line.id


async def attest_all(session: Session, actor: Actor, round_id: UUID, version: str) -> UUID:
    """Say of all own services a round still asks about that they are unchanged. Managers alone.

    `version` is what the manager was shown (`views.waiting`): if any of them is another one by now or was answered, or
    one is closed, it is a `Conflict`: nobody attests what they have not seen. Returns the round.
    """
    mine = await organization_of(session, actor, KEEPS)
    row = await rounds.get(session, round_id)
    if row is None or row.state is not RoundState.OPEN:
        raise NotFound
    found = await unanswered(session, round_id, mine)
    if not found or version != version_of_all(found):
        raise Conflict("changed_meanwhile")
    if not all(rules.can_be_unchanged(task.status, [task]) for task in found):
        raise Conflict("service_closed")
    said = Said(TaskAnswer.UNCHANGED)
    await attested_all(session, [task.service_id for task in found], said, actor, round_id)
    return round_id


async def say_capacity(session: Session, actor: Actor, service_id: UUID, available: int, unit: str) -> UUID:
    """Say how much of an own service is free. Its managers, workers and machines. Returns the service."""
    line = await _own(session, actor, service_id, SAYS_FREE)
    if wrong := rules.check_capacity(available, unit):
        raise InvalidInput(*wrong)
    await tell_capacity(session, actor, line.id, available, unit)
    return line.id


async def tell_capacity(session: Session, actor: Actor, service_id: UUID, available: int, unit: str) -> None:
    """Write a capacity that has been judged: it holds until its clock says it must be said again."""
    now = moment(session)
    await said_by(session, str(actor.id), now)
    until = due(CLOCKS["capacity_attestation"], now, clocks.calendar(), clocks.zone())
    await set_capacity(session, service_id, available, unit, now, until)
    await clocks.renew(session, "capacity_attestation", [service_id], actor.agency_id, now)
    await append(session, actor, "service.capacity", service_id, body={"available": available, "unit": unit})


async def organization_of(session: Session, actor: Actor, roles: Collection[Role]) -> UUID:
    """The directory's organization the actor's agency stands for; `NotPermitted` without one of `roles`, or none."""
    in_good_standing(actor)
    if not actor.has(*roles):
        raise NotPermitted
    mine = await own_organization(session, actor)
    if mine is None:
        raise NotPermitted("no_organization")
    return mine


async def _own(session: Session, actor: Actor, service_id: UUID, roles: Collection[Role]) -> ServiceLine:
    """A service of the actor's own agency. The directory is public, so another's service is refused as such."""
    mine = await organization_of(session, actor, roles)
    line = (await inventory.lines(session, [service_id])).get(service_id)
    if line is None:
        raise NotFound
    if line.organization_id != mine:
        raise NotPermitted("not_own_service")
    return line
