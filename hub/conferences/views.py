"""What each attendee may see of a conference: its time and people, and of every item only its own part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.audit.ledger import look, moment
from hub.base import clocks
from hub.base.db import Session
from hub.base.errors import FieldError, InvalidInput
from hub.base.vault import Vault
from hub.cases.views import ALL, CaseView, cases, vault_of
from hub.consent import standing
from hub.identity.lookups import AgencyBrief, briefs
from hub.policy.decide import Disclosed, Sight
from hub.policy.terms import NOBODY, Actor, Category, Facts, Purpose, Standing
from scheduling.composition import missing
from scheduling.diaries import slots_for
from scheduling.terms import MeetingKind, PlaceKind, Rsvp

_CONFERENCE = """
    select c.id, c.meeting_id, c.centre_id, c.called_by, c.state, c.version, m.starts_at, m.ends_at, m.place_kind
    from conference c join meeting m on m.id = c.meeting_id
"""
_ASKED = "exists (select from invitation i where i.meeting_id = c.meeting_id and i.attendee_id = :agency)"
_ONE = text(f"{_CONFERENCE} where c.id = :id and {_ASKED}")
_COMING = text(f"{_CONFERENCE} where {_ASKED} and c.state in ('called', 'held') order by m.starts_at, c.id limit :most")
_PEOPLE = text(
    """
    select i.meeting_id, i.attendee_id, i.required, i.rsvp, coalesce(t.present, false) as present
    from invitation i join conference c on c.meeting_id = i.meeting_id
    left join attendance t on t.conference_id = c.id and t.agency_id = i.attendee_id
    where i.meeting_id = any(:meetings) order by i.required desc, i.attendee_id
    """
)
_ITEMS = text(
    "select id, conference_id, case_id, position, minutes from agenda_item"
    " where conference_id = any(:ids) order by conference_id, position"
)
_ACTIONS = text(
    "select id, agenda_item_id, case_id, agency_id, what, due_at, done_at from action_item"
    " where agenda_item_id = any(:items) order by due_at, id"
)
_OPEN_ACTIONS = text(
    "select id, agenda_item_id, case_id, agency_id, what, due_at, done_at from action_item"
    " where agency_id = :agency and done_at is null order by due_at, id limit :most"
)
_CONVENER = text(
    "select c.centre_id, c.called_by from action_item a join agenda_item i on i.id = a.agenda_item_id"
    " join conference c on c.id = i.conference_id where a.id = :action"
)
_SEALED = frozenset({"minutes", "actions"})
"""The fields of an agenda item that are its own and sealed; its case has fields of its own."""
CENTRE_IS = "social_affairs"
"""The centre that calls the conference stands for social work in its composition (DVPA 8)."""


@dataclass(frozen=True, slots=True)
class AttendeeView:
    """An invited agency and its answer."""

    agency: AgencyBrief
    required: bool
    rsvp: Rsvp
    present: bool


@dataclass(frozen=True, slots=True)
class MissingView:
    """A network that must be asked and is not, with the article."""

    network: str
    article: str


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action item."""

    id: UUID
    agency: AgencyBrief | None
    what: Disclosed[str] | None
    due_at: Disclosed[datetime] | None
    done_at: Disclosed[datetime] | None
    mine: Disclosed[bool] | None


@dataclass(frozen=True, slots=True)
class ItemView:
    """An agenda item as this attendee's pack shows it."""

    id: UUID
    position: int
    case: CaseView | None
    minutes: Disclosed[str] | None
    actions: tuple[ActionView, ...]
    hidden: tuple[str, ...]
    """The fields, by their names in the API, that are closed to the attendee, whatever is in them."""


@dataclass(frozen=True, slots=True)
class ConferenceView:
    """A conference: who and when is for all who are asked; the agenda is each one's own."""

    id: UUID
    version: int
    state: str
    starts_at: datetime
    ends_at: datetime
    place: PlaceKind
    mine: bool
    centre: AgencyBrief
    attendees: tuple[AttendeeView, ...]
    missing: tuple[MissingView, ...]
    items: tuple[ItemView, ...]
    watermark: str


@dataclass(frozen=True, slots=True)
class SlotView:
    """A time at which a meeting could be, who could not come, and why it ranks where it does."""

    starts_at: datetime
    ends_at: datetime
    missing: tuple[AgencyBrief, ...]
    reasons: tuple[str, ...]


async def conference(session: Session, actor: Actor, conference_id: UUID) -> ConferenceView | None:
    """One conference with this attendee's pack, or None for whoever is not asked."""
    rows = (await session.execute(_ONE, {"id": conference_id, "agency": actor.agency_id})).all()
    found = await _conferences(session, actor, rows)
    return found[0] if found else None


async def coming(
    session: Session, actor: Actor, most: int, *, pack: frozenset[str] | None, case: frozenset[str]
) -> list[ConferenceView]:
    """The next conferences the actor's agency is asked to.

    `pack`, `case`: the fields asked of the agenda's items (None: no agenda) and of their cases; what nobody asked for
    stays sealed and out of the ledger.
    """
    rows = (await session.execute(_COMING, {"agency": actor.agency_id, "most": most})).all()
    return await _conferences(session, actor, rows, pack, case)


async def _conferences(
    session: Session,
    actor: Actor,
    rows: Sequence[Any],
    pack: frozenset[str] | None = _SEALED,
    case: frozenset[str] = ALL,
) -> list[ConferenceView]:
    if not rows:
        return []
    people = (await session.execute(_PEOPLE, {"meetings": [row.meeting_id for row in rows]})).all()
    items = (await session.execute(_ITEMS, {"ids": [row.id for row in rows]})).all()
    actions = (await session.execute(_ACTIONS, {"items": [item.id for item in items]})).all()
    names = await briefs(session, [*(p.attendee_id for p in people), *(row.centre_id for row in rows)])
    facts = await standing.facts_of(session, actor, {item.case_id for item in items})
    whole: dict[UUID, CaseView] = {}
    sights: dict[UUID, Sight] = {}
    for case_id in {item.case_id for item in items}:
        known = facts.get(case_id, NOBODY)
        purpose = _purpose(known)
        sights[case_id] = look(session, actor, case_id, purpose, known)
        if pack is not None:
            whole |= await cases(session, actor, [case_id], purpose, asked=case)
    found = []
    for row in rows:
        if any(facts.get(i.case_id, NOBODY).conflicted for i in items if i.conference_id == row.id):
            continue  # one of the cases is none of theirs to know of (F2): neither is the meeting
        here = [person for person in people if person.meeting_id == row.meeting_id]
        networks = [names[p.attendee_id].network for p in here] + [
            "social_affairs"
        ]  # the centre stands for social work
        views = [
            await _item(
                session,
                actor,
                item,
                sights[item.case_id],
                whole,
                [a for a in actions if a.agenda_item_id == item.id],
                names,
                pack,
            )
            for item in items
            if pack is not None and item.conference_id == row.id
        ]
        found.append(
            ConferenceView(
                id=row.id,
                version=row.version,
                state=row.state,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                place=PlaceKind(row.place_kind),
                mine=row.called_by == actor.id,
                centre=names[row.centre_id],
                attendees=tuple(AttendeeView(names[p.attendee_id], p.required, Rsvp(p.rsvp), p.present) for p in here),
                missing=tuple(MissingView(*lack) for lack in missing(MeetingKind.RISK, [*networks, CENTRE_IS])),
                items=tuple(view for view in views if view is not None),
                watermark=f"{names[actor.agency_id].name} · {moment(session):%Y-%m-%d %H:%M}Z · {str(actor.id)[:8]}",
            )
        )
    return found


def _purpose(facts: Facts) -> Purpose:
    inside = {Standing.ASSIGNED, Standing.SAME_CENTRE}
    return Purpose.RISK_CONFERENCE if inside.isdisjoint(facts.standings) else Purpose.PROTECTION


async def _item(
    session: Session,
    actor: Actor,
    item: Any,
    sight: Sight,
    whole: dict[UUID, CaseView],
    actions: Sequence[Any],
    names: dict[UUID, AgencyBrief],
    pack: frozenset[str],
) -> ItemView | None:
    if not sight.may(Category.EXISTENCE):
        return None
    vault = await vault_of(session, item.case_id)
    told = "minutes" in pack and item.minutes and sight.may(Category.MINUTES)
    minutes = vault.unlock(f"minutes:{item.id}", item.minutes) if told else None
    agreed = actions if "actions" in pack and sight.may(Category.ACTIONS) else ()
    return ItemView(
        id=item.id,
        position=item.position,
        case=whole.get(item.case_id),
        minutes=sight.show(Category.MINUTES, minutes),
        actions=tuple(_action(vault, action, sight, actor, names) for action in agreed),
        hidden=tuple(field for field, category in _FIELDS if not sight.may(category)),
    )


_FIELDS = (("minutes", Category.MINUTES), ("actions", Category.ACTIONS))


def _action(vault: Vault, row: Any, sight: Sight, actor: Actor, names: dict[UUID, AgencyBrief]) -> ActionView:
    c, show = Category.ACTIONS, sight.show
    return ActionView(
        id=row.id,
        agency=names.get(row.agency_id),
        what=show(c, vault.unlock(f"action:{row.id}", row.what)),
        due_at=show(c, row.due_at),
        done_at=show(c, row.done_at),
        mine=show(c, row.agency_id == actor.agency_id),
    )


async def open_actions(session: Session, actor: Actor, most: int) -> list[ActionView]:
    """The action items the actor's agency has still to do, the next due first."""
    rows = (await session.execute(_OPEN_ACTIONS, {"agency": actor.agency_id, "most": most})).all()
    facts = await standing.facts_of(session, actor, {row.case_id for row in rows})
    names = await briefs(session, [actor.agency_id])
    found = []
    for row in rows:
        known = facts.get(row.case_id, NOBODY)
        sight = look(session, actor, row.case_id, _purpose(known), known)
        if sight.may(Category.ACTIONS):
            found.append(_action(await vault_of(session, row.case_id), row, sight, actor, names))
    return found


async def slots(
    session: Session, actor: Actor, agencies: dict[UUID, bool], before: datetime, minutes: int, most: int
) -> list[SlotView]:
    """The best times before `before` at which these agencies (id -> required) and the actor's own could meet."""
    now = moment(session)
    if before.tzinfo is None or not now + timedelta(hours=1) < before <= now + timedelta(days=365):
        raise InvalidInput(FieldError("before", "period_out_of_range"))
    if not 5 <= minutes <= 8 * 60:
        raise InvalidInput(FieldError("minutes", "out_of_range"))
    window = (now + timedelta(hours=1), before)
    people = {actor.agency_id: True, **agencies}
    names = await briefs(session, people)
    if len(names) < len(people):  # nobody would be busy there
        raise InvalidInput(FieldError("agencies", "unknown_id"))
    found = await slots_for(
        session, people, window, timedelta(minutes=minutes), tz=clocks.zone(), calendar=clocks.calendar(), limit=most
    )
    return [SlotView(s.starts_at, s.ends_at, tuple(names[i] for i in s.missing), s.reasons) for s in found]


async def convener(session: Session, action_id: UUID) -> tuple[UUID, UUID | None] | None:
    """Which centre, and who there, called the meeting an action item was agreed at: they wait for it."""
    row = (await session.execute(_CONVENER, {"action": action_id})).first()
    return None if row is None else (row.centre_id, row.called_by)
