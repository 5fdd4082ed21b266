"""GraphQL: risk conferences, each attendee's own pack, action items, slots."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from hub.conferences import actions, views
from scheduling.terms import PlaceKind, Rsvp

from .agencies import Agency
from .cases import HIDDEN, Case
from .context import Info
from .describe import Node, describes, first_of, key_of
from .lookahead import wanted
from .permissions import ANSWERING, CASE_WORK, SIGNED_IN, Asks, Does
from .problems import outcome


@strawberry.type(description="An invited agency and its answer.")
@describes(views.AttendeeView, public=frozenset({"*"}))
class Attendee:
    """An attendee."""

    agency: Agency = strawberry.field(description="The agency.")
    required: bool = strawberry.field(description="Whether the meeting needs it.")
    rsvp: Rsvp = strawberry.field(description="Its answer.")
    present: bool = strawberry.field(description="Whether it was there, as the minutes say.")


@strawberry.type(description="A network that must be asked and is not.")
@describes(views.MissingView, public=frozenset({"*"}))
class MissingNetwork:
    """A gap in the composition."""

    network: str = strawberry.field(description="Code of the network.")
    article: str = strawberry.field(description="The article that asks for it.")


@strawberry.type(description="What an agency took upon itself for a case.")
@describes(views.ActionView, public=frozenset({"agency"}))
class ActionItem(Node):
    """An action item."""

    agency: Agency | None = strawberry.field(description="Who does it.")
    what: str | None = strawberry.field(description="What was agreed.")
    due_at: datetime | None = strawberry.field(description="By when.")
    done_at: datetime | None = strawberry.field(description="When it was done.")
    mine: bool | None = strawberry.field(description="Whether it is the caller's agency's.")


@strawberry.type(description="A case on the agenda, as the caller's pack shows it.")
@describes(views.ItemView, public=frozenset({"position", "hidden"}))
class AgendaItem(Node):
    """An agenda item."""

    position: int = strawberry.field(description="Its place on the agenda.")
    case: Case | None = strawberry.field(description="The case, as far as the caller may see it in this meeting.")
    minutes: str | None = strawberry.field(description="Its minutes.")
    actions: list[ActionItem] = strawberry.field(description="What was agreed, the next due first.")
    hidden: list[str] = strawberry.field(description=HIDDEN)


@strawberry.type(description="A risk conference. Who and when is for all who are asked; the agenda is each one's own.")
@describes(views.ConferenceView, public=frozenset({"*"}))
class Conference(Node):
    """A conference."""

    version: int = strawberry.field(description="Give it back with a change; an older one is a `Conflict`.")
    state: str = strawberry.field(description="`called`, `held`, `final` or `cancelled`.")
    starts_at: datetime = strawberry.field(description="Begin.")
    ends_at: datetime = strawberry.field(description="End.")
    place: PlaceKind = strawberry.field(description="How people meet.")
    mine: bool = strawberry.field(description="Whether the caller has called it.")
    centre: Agency = strawberry.field(description="The centre that calls it.")
    attendees: list[Attendee] = strawberry.field(description="Who is asked, required ones first.")
    missing: list[MissingNetwork] = strawberry.field(description="Networks that must be asked and are not.")
    items: list[AgendaItem] = strawberry.field(description="The caller's pack.")
    watermark: str = strawberry.field(description="Who reads this copy and when; print it on every page.")


@strawberry.type(description="A time at which a meeting could be.")
@describes(views.SlotView, public=frozenset({"*"}))
class Slot:
    """A slot."""

    starts_at: datetime = strawberry.field(description="Begin.")
    ends_at: datetime = strawberry.field(description="End.")
    missing: list[Agency] = strawberry.field(description="Who could not come.")
    reasons: list[str] = strawberry.field(description="Codes of why it ranks where it does.")


@strawberry.input(description="An agency to ask, and whether the meeting needs it.")
class AskedInput:
    """An invitee."""

    agency_id: strawberry.ID = strawberry.field(description="The agency.")
    required: bool = strawberry.field(default=True, description="Whether the meeting needs it.")


@strawberry.input(description="Call a risk conference over one's own, listed cases.")
class CallMeetingInput:
    """A call."""

    case_ids: list[strawberry.ID] = strawberry.field(description="Cases in the order of the agenda.")
    agencies: list[AskedInput] = strawberry.field(description="Whom to ask; the caller's centre comes anyway.")
    starts_at: datetime = strawberry.field(description="Begin, in whole minutes.")
    minutes: int = strawberry.field(description="Length, 5 to 480 minutes.")
    place: PlaceKind = strawberry.field(default=PlaceKind.ONSITE, description="How people meet.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="Answer an invitation for one's own agency.")
class AnswerInvitationInput:
    """An RSVP."""

    conference_id: strawberry.ID = strawberry.field(description="The conference.")
    rsvp: Rsvp = strawberry.field(description="The answer.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="Cancel a conference that has not been held.")
class CancelMeetingInput:
    """A cancellation."""

    conference_id: strawberry.ID = strawberry.field(description="The conference.")
    version: int = strawberry.field(description="Version of the conference as read.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="An action item as agreed.")
class ActionInput:
    """An action item."""

    agency_id: strawberry.ID = strawberry.field(description="Who does it; one of the invited.")
    what: str = strawberry.field(description="What, at most 2,000 characters.")
    due_at: datetime = strawberry.field(description="By when.")


@strawberry.input(description="Keep the minutes of an agenda item.")
class RecordMinutesInput:
    """Minutes."""

    item_id: strawberry.ID = strawberry.field(description="The agenda item.")
    version: int = strawberry.field(description="Version of the conference as read.")
    text: str = strawberry.field(description="The minutes, at most 20,000 characters.")
    present_ids: list[strawberry.ID] = strawberry.field(description="Agencies that were there.")
    actions: list[ActionInput] = strawberry.field(default_factory=list, description="What was agreed.")
    final: bool = strawberry.field(default=False, description="The conference is over; packs close in 14 days (P5).")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.input(description="An action item of one's own agency is done.")
class CompleteActionInput:
    """A completion."""

    action_id: strawberry.ID = strawberry.field(description="The action item.")
    idempotency_key: str | None = strawberry.field(default=None, description="8 to 100 characters; repeat safely.")


@strawberry.type
class ConferenceQuery:
    """Queries about conferences."""

    @strawberry.field(
        description="A conference with the caller's pack, or null for whoever is not asked.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=Conference | None,
    )
    async def conference(self, info: Info, id: strawberry.ID) -> Any:
        return await views.conference(info.context.session, info.context.person, key_of(id, "Conference"))

    @strawberry.field(
        description="The next conferences the caller's agency is asked to.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=list[Conference],
    )
    async def coming_conferences(self, info: Info, first: int = 20) -> Any:
        asked, session, actor = wanted(info), info.context.session, info.context.person
        pack = asked.attributes("items") if "items" in asked.under("") else None
        return await views.coming(session, actor, first_of(first), pack=pack, case=asked.attributes("items.case"))

    @strawberry.field(
        description="Action items the caller's agency has still to do, the next due first.",
        extensions=[Asks(ANSWERING)],
        graphql_type=list[ActionItem],
    )
    async def my_actions(self, info: Info, first: int = 50) -> Any:
        return await views.open_actions(info.context.session, info.context.person, first_of(first))

    @strawberry.field(
        description="The best times before a deadline at which these agencies and the caller's could meet.",
        extensions=[Asks(CASE_WORK)],
        graphql_type=list[Slot],
    )
    async def meeting_slots(
        self, info: Info, agencies: list[AskedInput], before: datetime, minutes: int, first: int = 10
    ) -> Any:
        people = {key_of(a.agency_id, "Agency", path="agencies"): a.required for a in agencies}
        return await views.slots(info.context.session, info.context.person, people, before, minutes, first_of(first))


@strawberry.type
class ConferenceMutation:
    """Mutations of conferences."""

    @strawberry.mutation(
        description="Call a risk conference: everyone is booked and invited, each case opens to the invited.",
        extensions=[Does(CASE_WORK, views.conference)],
        graphql_type=outcome("CallMeetingResult", Conference),
    )
    async def call_meeting(self, info: Info, input: CallMeetingInput) -> Any:
        given = actions.CallMeeting(
            cases=tuple(key_of(i, "Case", path="caseIds") for i in input.case_ids),
            agencies={key_of(a.agency_id, "Agency", path="agencies"): a.required for a in input.agencies},
            starts_at=input.starts_at,
            minutes=input.minutes,
            place=input.place,
        )
        return await actions.call_meeting(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="Say whether one's agency comes.",
        extensions=[Does(ANSWERING, views.conference)],
        graphql_type=outcome("AnswerInvitationResult", Conference),
    )
    async def answer_invitation(self, info: Info, input: AnswerInvitationInput) -> Any:
        key = key_of(input.conference_id, "Conference", path="conferenceId")
        return await actions.answer_invitation(info.context.session, info.context.person, key, input.rsvp)

    @strawberry.mutation(
        description="Cancel a conference: everyone is free and told, and its packs close at once.",
        extensions=[Does(CASE_WORK, views.conference)],
        graphql_type=outcome("CancelMeetingResult", Conference),
    )
    async def cancel_meeting(self, info: Info, input: CancelMeetingInput) -> Any:
        key = key_of(input.conference_id, "Conference", path="conferenceId")
        return await actions.cancel_meeting(info.context.session, info.context.person, key, input.version)

    @strawberry.mutation(
        description="Keep the minutes of an item with its action items.",
        extensions=[Does(CASE_WORK, views.conference)],
        graphql_type=outcome("RecordMinutesResult", Conference),
    )
    async def record_minutes(self, info: Info, input: RecordMinutesInput) -> Any:
        given = actions.RecordMinutes(
            item_id=key_of(input.item_id, "AgendaItem", path="itemId"),
            version=input.version,
            text=input.text,
            present=tuple(key_of(i, "Agency", path="presentIds") for i in input.present_ids),
            actions=tuple(
                actions.ActionGiven(key_of(a.agency_id, "Agency", path="actions.agencyId"), a.what, a.due_at)
                for a in input.actions
            ),
            final=input.final,
        )
        return await actions.record_minutes(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="One's agency has done an action item.",
        extensions=[Does(ANSWERING, views.conference)],
        graphql_type=outcome("CompleteActionResult", Conference),
    )
    async def complete_action(self, info: Info, input: CompleteActionInput) -> Any:
        key = key_of(input.action_id, "ActionItem", path="actionId")
        return await actions.complete_action(info.context.session, info.context.person, key)
