"""GraphQL: keeping the directory by hand: services changed, added and closed, their history, words mapped to needs."""

from __future__ import annotations

from typing import Any

import strawberry

from directory.terms import Which
from hub.inventory import editing, keeping, purging
from hub.policy.terms import Role

from .context import Info
from .describe import Connection, first_of, key_of, page
from .inventory import OWN, _cursor, _place
from .keeping_inputs import (
    AddServiceInput,
    AskPurgeInput,
    CloseServiceInput,
    DecidePurgeInput,
    MapTermInput,
    UpdateServiceInput,
    draft,
    row_key,
)
from .keeping_types import EditableService, HistoryPurge, OwnService, ServiceChange, VocabularyTerm
from .permissions import OVERSEEING, Asks, Does
from .problems import outcome

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
EDITING = frozenset({Role.AGENCY_MANAGER, Role.ADMINISTRATOR})


def _number(after: str | None) -> int | None:
    return int(after) if after is not None and after.isascii() and after.isdigit() and len(after) < 19 else None


@strawberry.type
class KeepingQuery:
    """Queries of whoever keeps the directory."""

    @strawberry.field(
        description="The services of the caller's own agency by name, closed ones too.",
        extensions=[Asks(OWN)],
        graphql_type=Connection[OwnService],
    )
    async def own_services(self, info: Info, first: int = 50, after: str | None = None) -> Any:
        session, actor = info.context.session, info.context.person
        rows, more = await keeping.own_services(session, actor, first_of(first), _place(after, str))
        return page(rows, [_cursor(row.name, row.id) for row in rows], more=more)

    @strawberry.field(
        description="A service to be changed: a manager's own, any for an administrator; else null.",
        extensions=[Asks(EDITING)],
        graphql_type=EditableService | None,
    )
    async def editable_service(self, info: Info, id: strawberry.ID) -> Any:
        key = key_of(id, "Service", "ReferredService")
        return await keeping.editable(info.context.session, info.context.person, key)

    @strawberry.field(
        description="What was changed of a service, newest first: overseers, and managers of their own agency's. What "
        "was known of a place before it became confidential is not there.",
        extensions=[Asks(OVERSEEING | EDITING)],
        graphql_type=Connection[ServiceChange],
    )
    async def service_history(self, info: Info, id: strawberry.ID, first: int = 50, after: str | None = None) -> Any:
        key = key_of(id, "Service", "ReferredService")
        session, actor = info.context.session, info.context.person
        rows, more = await keeping.service_history(session, actor, key, first_of(first), _number(after))
        return page(rows, [str(row.number) for row in rows], more=more)

    @strawberry.field(
        description="One change of a service; null where its history has none such. Who may read the history.",
        extensions=[Asks(OVERSEEING | EDITING)],
        graphql_type=ServiceChange | None,
    )
    async def service_change(self, info: Info, id: strawberry.ID, change_id: strawberry.ID) -> Any:
        key, change = key_of(id, "Service", "ReferredService"), row_key(change_id, "changeId")
        assert change is not None
        return await keeping.service_change(info.context.session, info.context.person, key, change)

    @strawberry.field(
        description="Requests to forget the past of a field that wait for a second administrator, the oldest first.",
        extensions=[Asks(ADMINISTRATORS)],
        graphql_type=list[HistoryPurge],
    )
    async def waiting_purges(self, info: Info) -> Any:
        return await purging.waiting(info.context.session, info.context.person)

    @strawberry.field(
        description="Words of imports that nobody has mapped to a need, those more services use first; with `chosen` "
        "those a person has, the latest first.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=Connection[VocabularyTerm],
    )
    async def unmapped_terms(self, info: Info, chosen: bool = False, first: int = 50, after: str | None = None) -> Any:
        start = min(_number(after) or 0, 1_000_000)
        which = Which.CHOSEN if chosen else Which.UNMAPPED
        session, actor = info.context.session, info.context.person
        rows, more, total = await keeping.words(session, actor, which, first_of(first), start)
        return page(rows, [str(start + n) for n in range(1, len(rows) + 1)], more=more, total=min(total, 1001))


@strawberry.type
class KeepingMutation:
    """Mutations of whoever keeps the directory."""

    @strawberry.mutation(
        description="Change a service of one's own agency; administrators any.",
        extensions=[Does(EDITING, keeping.editable)],
        graphql_type=outcome("UpdateServiceResult", EditableService),
    )
    async def update_service(self, info: Info, input: UpdateServiceInput) -> Any:
        key = key_of(input.service_id, "Service", "ReferredService", path="serviceId")
        given = draft(input.sections, reopen=input.reopen)
        return await editing.update_service(info.context.session, info.context.person, key, input.version, given)

    @strawberry.mutation(
        description="Add a service to one's own agency; administrators to any.",
        extensions=[Does(EDITING, keeping.editable)],
        graphql_type=outcome("AddServiceResult", EditableService),
    )
    async def add_service(self, info: Info, input: AddServiceInput) -> Any:
        owner = row_key(input.organization_id, "organizationId")
        return await editing.add_service(info.context.session, info.context.person, owner, draft(input.sections))

    @strawberry.mutation(
        description="Close a service of one's own agency, for a while or for good; administrators any.",
        extensions=[Does(EDITING, keeping.editable)],
        graphql_type=outcome("CloseServiceResult", EditableService),
    )
    async def close_service(self, info: Info, input: CloseServiceInput) -> Any:
        return await editing.close_service(
            info.context.session,
            info.context.person,
            key_of(input.service_id, "Service", "ReferredService", path="serviceId"),
            input.version,
            temporarily=input.temporarily,
            day=input.day,
            reason=input.reason,
        )

    @strawberry.mutation(
        description="Say what a word of an import means: no later import changes it, and the services that use it "
        "follow, at once or batch by batch.",
        extensions=[Does(ADMINISTRATORS, keeping.word)],
        graphql_type=outcome("MapTermResult", VocabularyTerm),
    )
    async def map_term(self, info: Info, input: MapTermInput) -> Any:
        key = key_of(input.term_id, "VocabularyTerm", path="termId")
        return await keeping.map_term(info.context.session, info.context.person, key, input.need, input.duty_map)

    @strawberry.mutation(
        description="Ask that the past of a field, or all of a removed row, be forgotten; another administrator "
        "decides.",
        extensions=[Does(ADMINISTRATORS, purging.request)],
        graphql_type=outcome("AskPurgeResult", HistoryPurge),
    )
    async def ask_purge(self, info: Info, input: AskPurgeInput) -> Any:
        key = key_of(input.service_id, "Service", "ReferredService", path="serviceId")
        change = row_key(input.change_id, "changeId")
        assert change is not None
        return await purging.ask_purge(info.context.session, info.context.person, key, change, input.reason)

    @strawberry.mutation(
        description="Decide on another administrator's request to forget; whoever asked may only take it back.",
        extensions=[Does(ADMINISTRATORS, purging.request)],
        graphql_type=outcome("DecidePurgeResult", HistoryPurge),
    )
    async def decide_purge(self, info: Info, input: DecidePurgeInput) -> Any:
        key = row_key(input.purge_id, "purgeId")
        assert key is not None
        session, actor = info.context.session, info.context.person
        return await purging.decide_purge(session, actor, key, agreed=input.agreed)
