"""What may be shown of stock-taking: overseers read all of it, an agency its own part. No case data anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import orjson

from directory import comparing, inventory, progress, rounds
from directory.comparing import Difference
from directory.inventory import Asking, TaskFilter, TaskRow
from directory.progress import Counts, RoundGroup
from directory.rounds import RoundRow, RoundState
from directory.search import areas
from directory.taxonomy import NETWORKS
from hub.base.db import Session
from hub.base.errors import Conflict, NotFound, NotPermitted
from hub.identity.lookups import AgencyBrief, briefs
from hub.identity.reach import in_good_standing
from hub.identity.views import agencies
from hub.policy.terms import Actor, Role
from scheduling import deadlines

from .rounds import askable

_MOST = 10_000
OVERSEERS = (Role.AUDITOR, Role.ADMINISTRATOR)
KEEPERS = (Role.AGENCY_MANAGER, Role.AGENCY_WORKER, Role.MACHINE)


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round with how far it has come: the whole of it for overseers, one's own part for an agency."""

    id: UUID
    state: RoundState
    networks: tuple[str, ...]
    areas: tuple[str, ...]
    needs: tuple[str, ...]
    note: str
    opens_on: date
    closes_on: date
    due_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    digest: str
    authority: AgencyBrief | None
    counts: Counts
    version: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """A network, county or agency in a round. `key` is its code or id; empty where there is none."""

    key: str
    name: str
    names: dict[str, str]
    asked: bool
    counts: Counts


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A group in two rounds."""

    key: str
    name: str
    names: dict[str, str]
    difference: Difference


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service as its own agency keeps it: when it was last attested and is due again, and what rounds ask of it."""

    id: UUID
    name: str
    names: dict[str, str]
    status: str
    assured_on: date | None
    due_at: datetime | None
    available: int | None
    unit: str | None
    tasks: tuple[TaskRow, ...]


def overseer(actor: Actor) -> None:
    """Auditors and administrators in good standing alone; raises `NotPermitted`."""
    in_good_standing(actor)
    if not actor.has(*OVERSEERS):
        raise NotPermitted


async def own_organization(session: Session, actor: Actor) -> UUID | None:
    """The directory's organization of the actor's agency; None where it stands for none."""
    found = (await agencies(session, [actor.agency_id])).get(actor.agency_id)
    return found.organization_id if found else None


async def _theirs(session: Session, actor: Actor) -> UUID | None:
    """None for overseers, who see all; the own organization for keepers. `NotPermitted` for anybody else."""
    in_good_standing(actor)
    if actor.has(*OVERSEERS):
        return None
    if not actor.has(*KEEPERS):
        raise NotPermitted
    return await own_organization(session, actor) or actor.agency_id  # that of no organization: nothing is found


async def rounds_page(
    session: Session, actor: Actor, first: int, after: tuple[date, UUID] | None
) -> tuple[Sequence[RoundView], bool]:
    """Rounds, the latest first, and whether there are more."""
    mine = await _theirs(session, actor)
    found = await rounds.page(session, first + 1, after, mine)
    return await _views(session, found[:first], mine), len(found) > first


async def round_(session: Session, actor: Actor, round_id: UUID) -> RoundView | None:
    """A round, or None when there is none that concerns the actor."""
    mine = await _theirs(session, actor)
    row = await rounds.get(session, round_id)
    if row is None:
        return None
    if mine is not None and not (row.opened_at and await inventory.count(session, Asking(round_id, mine))):
        return None
    return (await _views(session, [row], mine))[0]


async def _views(session: Session, rows: Sequence[RoundRow], mine: UUID | None) -> list[RoundView]:
    names = await briefs(session, (row.authority_id for row in rows))
    asked = [mine] if mine is not None else list(await askable(session))
    views = []
    for row in rows:
        counted = await progress.progress(
            session, row.id, frozen=row.state is RoundState.CLOSED, asked=asked, organization=mine
        )
        views.append(
            RoundView(
                row.id, row.state, row.networks, row.areas, row.needs, row.note, row.opens_on, row.closes_on,
                row.due_at, row.opened_at, row.closed_at, row.digest, names.get(row.authority_id),
                counted.get("", Counts()), await _waiting(session, row, mine),
            )
        )  # fmt: skip
    return views


async def unanswered(session: Session, round_id: UUID, mine: UUID) -> Sequence[TaskRow]:
    """What a round still asks of an organization."""
    return await inventory.tasks(session, Asking(round_id, mine, TaskFilter.UNANSWERED, (mine,)), _MOST)


def version_of_all(tasks: Sequence[TaskRow]) -> str:
    """A digest of which tasks these are and what each stands at, with its service as it is shown; '' of none."""
    if not tasks:
        return ""
    said = sorted((str(task.id), task.version, task.name, task.status) for task in tasks)
    return hashlib.sha256(orjson.dumps(said)).hexdigest()[:24]


async def _waiting(session: Session, row: RoundRow, mine: UUID | None) -> str:
    if mine is None or row.state is not RoundState.OPEN:
        return ""
    return version_of_all(await unanswered(session, row.id, mine))


async def _overseen(session: Session, actor: Actor, round_id: UUID) -> RoundRow:
    overseer(actor)
    row = await rounds.get(session, round_id)
    if row is None:
        raise NotFound
    return row


async def groups(session: Session, actor: Actor, round_id: UUID, by: RoundGroup, *, open_only: bool) -> list[GroupView]:
    """A round by network, county or agency, the most unanswered first. `open_only`: those with something left to do."""
    row = await _overseen(session, actor, round_id)
    asked = await askable(session)
    counted = await progress.progress(
        session, round_id, frozen=row.state is RoundState.CLOSED, asked=list(asked), by=by
    )
    known = await _names(session, by, [round_id])
    can = {str(key) for key in asked}
    found = [
        GroupView(key, *known.get(key, ("", {})), by is not RoundGroup.AGENCY or key in can, counts)
        for key, counts in counted.items()
        if not open_only or counts.answered < counts.total
    ]
    return sorted(found, key=lambda g: (-(g.counts.unanswered + g.counts.later), -g.counts.nobody, g.name, g.key))


async def _names(session: Session, by: RoundGroup, ids: Sequence[UUID]) -> dict[str, tuple[str, dict[str, str]]]:
    if by is RoundGroup.NETWORK:
        return {net.code: (net.names["en"], dict(net.names)) for net in NETWORKS.values()}
    if by is RoundGroup.COUNTY:
        return {area.code: (area.title("en"), dict(area.names)) for area in await areas(session)}
    return await comparing.organization_names(session, ids)


async def round_tasks(
    session: Session,
    actor: Actor,
    round_id: UUID,
    which: TaskFilter,
    organization: UUID | None,
    first: int,
    after: tuple[str, UUID] | None,
) -> tuple[Sequence[TaskRow], bool, int]:
    """Tasks of a round for overseers, by the service's name; whether there are more, and how many in all."""
    await _overseen(session, actor, round_id)
    asking = Asking(round_id, organization, which, tuple(await askable(session)))
    found = await inventory.tasks(session, asking, first + 1, after)
    return found[:first], len(found) > first, await inventory.count(session, asking)


async def my_tasks(
    session: Session, actor: Actor, which: TaskFilter, first: int, after: tuple[str, UUID] | None
) -> tuple[Sequence[TaskRow], bool, int]:
    """What open rounds ask of the actor's own agency, by name; whether there is more, and how many in all."""
    in_good_standing(actor)
    mine = await own_organization(session, actor)
    if not actor.has(*KEEPERS) or mine is None:
        raise NotPermitted("no_organization" if actor.has(*KEEPERS) else None)
    asking = Asking(None, mine, which, (mine,))
    found = await inventory.tasks(session, asking, first + 1, after)
    return found[:first], len(found) > first, await inventory.count(session, asking)


async def task(session: Session, actor: Actor, task_id: UUID) -> TaskRow | None:
    """One task, or None when it is none of the actor's."""
    mine = await _theirs(session, actor)
    found = await inventory.task(session, task_id)
    return found if found is not None and mine in (None, found.organization_id) else None


async def compare(session: Session, actor: Actor, earlier: UUID, later: UUID, by: RoundGroup) -> list[DifferenceView]:
    """Two closed rounds group by group. `Conflict` while one of them is not closed."""
    for key in (earlier, later):
        if (await _overseen(session, actor, key)).state is not RoundState.CLOSED:
            raise Conflict("round_not_closed")
    known = await _names(session, by, [earlier, later])
    found = await comparing.compare(session, earlier, later, by)
    return [DifferenceView(key, *known.get(key, ("", {})), difference) for key, difference in found.items()]


async def service_state(session: Session, _actor: Actor, service_id: UUID) -> ServiceState | None:
    """A service as it stands after something was said of it; the directory is public to the signed-in."""
    line = (await inventory.lines(session, [service_id])).get(service_id)
    if line is None:
        return None
    running = [row for row in await deadlines.running(session, [service_id]) if row.clock == "attestation"]
    tasks = tuple(await inventory.tasks_of_service(session, service_id))
    due_at = running[0].due_at if running else None
    return ServiceState(
        line.id, line.name, line.names, line.status, line.assured_on, due_at, line.available, line.unit, tasks
    )
