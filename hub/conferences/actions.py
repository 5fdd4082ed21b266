"""What people do with risk conferences: call, answer, cancel, keep minutes, do what was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base import clocks
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, TooSoon
from hub.base.ids import new_id
from hub.base.settings import settings
from hub.base.vault import Vault
from hub.cases.actions import own_case
from hub.cases.rules import require
from hub.consent import standing
from hub.identity.views import agencies
from hub.notices.outbox import Notice, notify
from hub.policy.terms import Actor, Standing
from scheduling import deadlines, meetings
from scheduling.terms import MeetingKind, PlaceKind, Rsvp

from .invitations import invite, uninvite
from .tables import ActionItem, AgendaItem, Attendance, Conference

WINDOW = timedelta(days=14)
"""How long attendees may still read their items after the minutes are final (P5)."""


@dataclass(frozen=True, slots=True)
class CallMeeting:
    """A risk conference over own, listed cases. `agencies`: id -> whether it must be there."""

    cases: tuple[UUID, ...]
    agencies: dict[UUID, bool]
    starts_at: datetime
    minutes: int
    place: PlaceKind


@dataclass(frozen=True, slots=True)
class ActionGiven:
    """An action item as agreed at the meeting."""

    agency_id: UUID
    what: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RecordMinutes:
    """The minutes of one agenda item, who was there, and what was agreed. `final` closes the conference."""

    item_id: UUID
    version: int
    text: str
    present: tuple[UUID, ...]
    actions: tuple[ActionGiven, ...]
    final: bool


async def call_meeting(session: Session, actor: Actor, given: CallMeeting) -> UUID:
    """Call a risk conference: books everyone, opens each case's window to the invited, queues the invitations."""
    now = moment(session)
    _check_call(given, now)
    cases = [await own_case(session, actor, case_id) for case_id in dict.fromkeys(given.cases)]
    if any(case.listed_at is None for case in cases):
        raise Conflict("not_listed")
    found = await agencies(session, [*given.agencies, actor.agency_id])
    invited = [found[a] for a in given.agencies if a in found and not found[a].suspended and a != actor.agency_id]
    if len(invited) != len(given.agencies):
        raise InvalidInput(FieldError("agencies", "unknown_id"))
    meeting = await _book(session, actor, given)
    conference = Conference(id=new_id(), meeting_id=meeting.id, centre_id=actor.agency_id, called_by=actor.id)
    session.add(conference)
    await session.flush()
    for position, case in enumerate(cases, 1):
        item = AgendaItem(id=new_id(), conference_id=conference.id, case_id=case.id, position=position)
        session.add(item)
        await session.flush()
        for agency in invited:
            await standing.stand(session, case.id, Standing.INVITED, item.id, agency_id=agency.id, listed=True)
    await clocks.start(session, "minutes", conference.id, actor.agency_id, meeting.ends_at)
    await invite(session, meeting, found[actor.agency_id], invited)
    body = {"invited": sorted(str(agency.id) for agency in invited)}
    await append(session, actor, "meeting.call", conference.id, cases=[case.id for case in cases], body=body)
    return conference.id


def _check_call(given: CallMeeting, now: datetime) -> None:
    bad = []
    if not given.cases:
        bad.append(FieldError("caseIds", "choose_one"))
    if not given.agencies:
        bad.append(FieldError("agencies", "choose_one"))
    if not 5 <= given.minutes <= 8 * 60:
        bad.append(FieldError("minutes", "out_of_range"))
    if given.starts_at.tzinfo is None:
        bad.append(FieldError("startsAt", "needs_offset"))
    elif given.starts_at <= now:
        bad.append(FieldError("startsAt", "in_the_past"))
    elif given.starts_at.second or given.starts_at.microsecond:
        bad.append(FieldError("startsAt", "whole_minutes"))
    if bad:
        raise InvalidInput(*bad)


async def _book(session: Session, actor: Actor, given: CallMeeting) -> Any:
    people = [meetings.Invitee(actor.agency_id, True)]
    people += [meetings.Invitee(agency, required) for agency, required in given.agencies.items()]
    try:
        return await meetings.call(
            session,
            actor.agency_id,
            MeetingKind.RISK,
            given.starts_at,
            given.starts_at + timedelta(minutes=given.minutes),
            settings().timezone,
            people,
            place_kind=given.place,
        )
    except meetings.DoubleBooked:
        raise Conflict("slot_taken") from None


async def answer_invitation(session: Session, actor: Actor, conference_id: UUID, rsvp: Rsvp) -> UUID:
    """An invited agency says whether it comes. Who declines has no need of the pack: it closes, until they come."""
    conference = await session.get(Conference, conference_id, with_for_update=True)
    if conference is None:
        raise NotFound
    asked = {i.attendee_id for i in await meetings.invitations(session, conference.meeting_id)}
    items = await items_of(session, conference_id)
    facts = await standing.facts_of(session, actor, [item.case_id for item in items])
    if actor.agency_id not in asked or any(known.conflicted for known in facts.values()):
        raise NotFound
    now = moment(session)
    try:
        await meetings.respond(session, conference.meeting_id, actor.agency_id, rsvp, now)
    except meetings.NotConfirmed:
        raise Conflict("meeting_cancelled") from None
    except meetings.DoubleBooked:
        raise Conflict("slot_taken") from None
    if actor.agency_id != conference.centre_id and conference.state in ("called", "held"):
        for item in items:
            await standing.end(session, item.id, Standing.INVITED, now, actor.agency_id)
            if rsvp is not Rsvp.DECLINED:
                await standing.stand(
                    session, item.case_id, Standing.INVITED, item.id, agency_id=actor.agency_id, listed=True
                )
    cases = [item.case_id for item in items]
    await append(session, actor, "meeting.answer", conference_id, cases=cases, body={"rsvp": rsvp.value})
    return conference_id


async def cancel_meeting(session: Session, actor: Actor, conference_id: UUID, version: int) -> UUID:
    """Cancel a called conference: everyone is free again and told, and nobody sees the cases by it any more."""
    conference = await _own_conference(session, actor, conference_id, version)
    if conference.state != "called":
        raise Conflict("meeting_over")
    meeting = await meetings.cancel(session, conference.meeting_id)
    asked = [i.attendee_id for i in await meetings.invitations(session, meeting.id)]
    found = await agencies(session, asked)
    now = moment(session)
    for item in await items_of(session, conference.id):
        await standing.end(session, item.id, Standing.INVITED, now)
    await deadlines.cancel(session, conference.id)
    centre = found[actor.agency_id]
    await uninvite(session, meeting, centre, [a for a in found.values() if a.id != centre.id])
    conference.state = "cancelled"
    await _changed(session, conference)
    cases = [item.case_id for item in await items_of(session, conference.id)]
    await append(session, actor, "meeting.cancel", conference_id, cases=cases)
    return conference_id


async def record_minutes(session: Session, actor: Actor, given: RecordMinutes) -> UUID:
    """Keep an item's minutes and its action items; each action's clock starts and its agency is told.

    `TooSoon` before the meeting has begun: what has not been held cannot end the clock of a high-risk case.
    """
    item = await session.get(AgendaItem, given.item_id, with_for_update=True)
    if item is None:
        raise NotFound
    conference = await _own_conference(session, actor, item.conference_id, given.version)
    if conference.state in ("final", "cancelled"):
        raise Conflict("meeting_over")
    now, begins = moment(session), (await meetings.get(session, conference.meeting_id)).starts_at
    if now < begins:
        raise TooSoon("meeting_not_begun", begins)
    require([("text", given.text, 20_000)])
    case = await own_case(session, actor, item.case_id)
    vault = Vault(session, case.id, case.data_key)
    invited = {i.attendee_id for i in await meetings.invitations(session, conference.meeting_id)}
    _check_minutes(given, invited, now)
    item.minutes, item.recorded_at = vault.lock(f"minutes:{item.id}", given.text), now
    session.add(item)
    await deadlines.meet(session, case.id, "high_risk_meeting", now)  # held, and not merely called
    for agency_id in given.present:
        await session.merge(Attendance(conference_id=conference.id, agency_id=agency_id, present=True))
    for action in given.actions:
        await _give(session, vault, item, action, now)
    conference.state = "held"
    if given.final:
        await _finish(session, conference, now)
    await _changed(session, conference)
    body = {"actions": len(given.actions), "final": given.final}
    await append(session, actor, "minutes.record", item.id, cases=[case.id], body=body)
    return conference.id


def _check_minutes(given: RecordMinutes, invited: set[UUID], now: datetime) -> None:
    if not given.present:
        raise InvalidInput(FieldError("presentIds", "nobody_present"))
    if not invited.issuperset(given.present):
        raise InvalidInput(FieldError("presentIds", "not_invited"))
    for number, action in enumerate(given.actions):
        require([(f"actions.{number}.what", action.what, 2000)])
        if action.agency_id not in invited:
            raise InvalidInput(FieldError(f"actions.{number}.agencyId", "not_invited"))
        if action.due_at.tzinfo is None or action.due_at <= now:
            raise InvalidInput(FieldError(f"actions.{number}.dueAt", "in_the_past"))


async def _give(session: Session, vault: Vault, item: AgendaItem, action: ActionGiven, now: datetime) -> None:
    action_id = new_id()
    session.add(
        ActionItem(
            id=action_id,
            agenda_item_id=item.id,
            case_id=item.case_id,
            agency_id=action.agency_id,
            what=vault.lock(f"action:{action_id}", action.what),
            due_at=action.due_at,
        )
    )
    await session.flush()
    await clocks.start(session, "action_item", action_id, action.agency_id, now, term=action.due_at)
    await notify(session, Notice("action_assigned", action.agency_id, action_id))


async def _finish(session: Session, conference: Conference, now: datetime) -> None:
    items = await items_of(session, conference.id)
    if any(item.minutes is None for item in items):
        raise Conflict("minutes_missing")
    conference.state, conference.final_at = "final", now
    await deadlines.meet(session, conference.id, "minutes", now)
    for item in items:
        await standing.change(session, item.id, Standing.INVITED, until=now + WINDOW)


async def complete_action(session: Session, actor: Actor, action_id: UUID) -> UUID:
    """An agency says its action item is done; returns the conference."""
    action = await session.get(ActionItem, action_id, with_for_update=True)
    if action is None or action.agency_id != actor.agency_id:
        raise NotFound
    facts = await standing.facts(session, actor, action.case_id)
    if facts.conflicted:
        raise NotFound
    if action.done_at is not None:
        raise Conflict("already_done")
    now = moment(session)
    action.done_at, action.done_by = now, actor.id
    session.add(action)
    await session.flush()
    await deadlines.meet(session, action_id, "action_item", now)
    item = await session.get(AgendaItem, action.agenda_item_id)
    assert item is not None
    await append(session, actor, "action.complete", action_id, cases=[action.case_id])
    return item.conference_id


async def items_of(session: Session, conference_id: UUID) -> list[AgendaItem]:
    """A conference's agenda in order."""
    wanted = select(AgendaItem).where(col(AgendaItem.conference_id) == conference_id)
    return list((await session.exec(wanted.order_by(col(AgendaItem.position)))).all())


async def _own_conference(session: Session, actor: Actor, conference_id: UUID, version: int) -> Conference:
    conference = await session.get(Conference, conference_id, with_for_update=True)
    if conference is None or conference.called_by != actor.id:
        raise NotFound
    if conference.version != version:
        raise Conflict("changed_meanwhile")
    return conference


async def _changed(session: Session, conference: Conference) -> None:
    conference.version += 1
    session.add(conference)
    await session.flush()
