"""GraphQL: stock-taking: rounds of the authority, answers of agencies, sheets to and fro, results compared."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from directory.inventory import Said, TaskFilter
from directory.progress import RoundGroup
from directory.rounds import Scope
from hub.base.errors import FieldError, InvalidInput
from hub.inventory import actions, files, uploads, views
from hub.inventory.files import FileForm
from hub.policy.terms import Role

from .context import Info
from .describe import Connection, enum, first_of, key_of, page
from .inventory_inputs import (
    AttestServiceInput,
    AttestServicesInput,
    CloseRoundInput,
    ConfirmAnswersInput,
    OpenRoundInput,
    SayCapacityInput,
    UploadAnswersInput,
)
from .inventory_types import (
    ComparedPart,
    InventoryFile,
    InventoryRound,
    InventorySheet,
    InventoryTask,
    KeptService,
    RoundPart,
)
from .permissions import OVERSEEING, Asks, Does
from .problems import outcome

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
KEEPING = frozenset({Role.AGENCY_MANAGER})
OWN = frozenset({Role.AGENCY_MANAGER, Role.AGENCY_WORKER, Role.MACHINE})

enum(FileForm, "What a result is handed out as.", CSV="Comma-separated, UTF-8.", XLSX="A workbook.")


def _cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode("|".join(map(str, parts)).encode()).decode()


def _place(after: str | None, read: Callable[[str], Any]) -> tuple[Any, UUID] | None:
    if after is None:
        return None
    try:
        head, _, key = base64.urlsafe_b64decode(after).decode().rpartition("|")
        return read(head), UUID(key)
    except (ValueError, binascii.Error):
        raise InvalidInput(FieldError("after", "unknown_cursor")) from None


def _tasks(found: tuple[Any, bool, int]) -> Any:
    rows, more, total = found
    return page(rows, [_cursor(row.name, row.id) for row in rows], more=more, total=min(total, 1001))


@strawberry.type
class InventoryQuery:
    """Queries about stock-taking."""

    @strawberry.field(
        description="Rounds of stock-taking, the latest first; an agency's own people see those that ask it.",
        extensions=[Asks(OVERSEEING | OWN)],
        graphql_type=Connection[InventoryRound],
    )
    async def rounds(self, info: Info, first: int = 20, after: str | None = None) -> Any:
        place = _place(after, date.fromisoformat)
        found, more = await views.rounds_page(info.context.session, info.context.person, first_of(first), place)
        return page(found, [_cursor(row.opens_on, row.id) for row in found], more=more)

    @strawberry.field(
        description="A round, or null when there is none that concerns the caller.",
        extensions=[Asks(OVERSEEING | OWN)],
        graphql_type=InventoryRound | None,
    )
    async def round(self, info: Info, id: strawberry.ID) -> Any:
        return await views.round_(info.context.session, info.context.person, key_of(id, "InventoryRound"))

    @strawberry.field(
        description="A round by network, county or agency, the most unanswered first.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=Connection[RoundPart],
    )
    async def round_parts(
        self,
        info: Info,
        id: strawberry.ID,
        by: RoundGroup,
        open_only: bool = False,
        first: int = 50,
        after: str | None = None,
    ) -> Any:
        key = key_of(id, "InventoryRound")
        found = await views.groups(info.context.session, info.context.person, key, by, open_only=open_only)
        start = int(after) if after is not None and after.isascii() and after.isdigit() and len(after) < 7 else 0
        shown = found[start : start + first_of(first)]
        cursors = [str(start + n) for n in range(1, len(shown) + 1)]
        return page(shown, cursors, more=start + len(shown) < len(found), total=len(found))

    @strawberry.field(
        description="Tasks of a round by the service's name, of one organization of the directory or all.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=Connection[InventoryTask],
    )
    async def round_tasks(
        self,
        info: Info,
        id: strawberry.ID,
        which: TaskFilter = TaskFilter.ALL,
        organization_id: strawberry.ID | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> Any:
        key, organization = key_of(id, "InventoryRound"), _uuid(organization_id, "organizationId")
        session, actor = info.context.session, info.context.person
        return _tasks(
            await views.round_tasks(session, actor, key, which, organization, first_of(first), _place(after, str))
        )

    @strawberry.field(
        description="Two closed rounds compared by network, county or agency.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=list[ComparedPart],
    )
    async def compare_rounds(
        self, info: Info, earlier: strawberry.ID, later: strawberry.ID, by: RoundGroup = RoundGroup.NETWORK
    ) -> Any:
        before = key_of(earlier, "InventoryRound", path="earlier")
        after = key_of(later, "InventoryRound", path="later")
        return await views.compare(info.context.session, info.context.person, before, after, by)

    @strawberry.field(
        description="The frozen result of a closed round, a row a service, as a file.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=InventoryFile,
    )
    async def round_result(self, info: Info, id: strawberry.ID, form: FileForm = FileForm.CSV) -> Any:
        return await files.result(info.context.session, info.context.person, key_of(id, "InventoryRound"), form)

    @strawberry.field(
        description="What open rounds ask of the caller's own agency, by the service's name.",
        extensions=[Asks(OWN)],
        graphql_type=Connection[InventoryTask],
    )
    async def my_inventory_tasks(
        self, info: Info, which: TaskFilter = TaskFilter.ALL, first: int = 50, after: str | None = None
    ) -> Any:
        session, actor = info.context.session, info.context.person
        return _tasks(await views.my_tasks(session, actor, which, first_of(first), _place(after, str)))

    @strawberry.field(
        description="The same as a workbook with dropdowns, to fill in and send back with `uploadAnswers`.",
        extensions=[Asks(KEEPING)],
        graphql_type=InventoryFile,
    )
    async def my_inventory_sheet(self, info: Info) -> Any:
        return await files.task_sheet(info.context.session, info.context.person, info.context.lang)

    @strawberry.field(
        description="A sheet the caller's agency has sent back, or null.",
        extensions=[Asks(KEEPING)],
        graphql_type=InventorySheet | None,
    )
    async def inventory_sheet(self, info: Info, id: strawberry.ID) -> Any:
        return await uploads.view(info.context.session, info.context.person, key_of(id, "InventorySheet"))


def _uuid(text: str | None, path: str) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise InvalidInput(FieldError(path, "unknown_id")) from None


@strawberry.type
class InventoryMutation:
    """Mutations of stock-taking."""

    @strawberry.mutation(
        description="Open a round: every agency in it is asked, once. A first day to come is waited for.",
        extensions=[Does(ADMINISTRATORS, views.round_)],
        graphql_type=outcome("OpenRoundResult", InventoryRound),
    )
    async def open_round(self, info: Info, input: OpenRoundInput) -> Any:
        scope = Scope(tuple(input.networks), tuple(input.areas), tuple(input.needs))
        given = actions.OpenRound(scope, input.opens_on, input.closes_on, input.note)
        return await actions.open_round(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="Freeze an open round's result for good, or call off a planned round.",
        extensions=[Does(ADMINISTRATORS, views.round_)],
        graphql_type=outcome("CloseRoundResult", InventoryRound),
    )
    async def close_round(self, info: Info, input: CloseRoundInput) -> Any:
        key = key_of(input.round_id, "InventoryRound", path="roundId")
        return await actions.close_round(info.context.session, info.context.person, key, early=input.early)

    @strawberry.mutation(
        description="Say that an own service is unchanged, no longer offered, or will be looked at later.",
        extensions=[Does(KEEPING, views.service_state)],
        graphql_type=outcome("AttestServiceResult", KeptService),
    )
    async def attest_service(self, info: Info, input: AttestServiceInput) -> Any:
        key = key_of(input.service_id, "Service", "ReferredService", path="serviceId")
        said = Said(input.answer, input.day, input.reason)
        given = actions.Attest(key, said, input.available, input.unit, input.version)
        return await actions.attest(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="Say of all own services a round still asks about that they are unchanged.",
        extensions=[Does(KEEPING, views.round_)],
        graphql_type=outcome("AttestServicesResult", InventoryRound),
    )
    async def attest_services(self, info: Info, input: AttestServicesInput) -> Any:
        key = key_of(input.round_id, "InventoryRound", path="roundId")
        return await actions.attest_all(info.context.session, info.context.person, key, input.version)

    @strawberry.mutation(
        description="Say how much of an own service is free; it holds for a week.",
        extensions=[Does(OWN, views.service_state)],
        graphql_type=outcome("SayCapacityResult", KeptService),
    )
    async def say_capacity(self, info: Info, input: SayCapacityInput) -> Any:
        key = key_of(input.service_id, "Service", "ReferredService", path="serviceId")
        session, actor = info.context.session, info.context.person
        return await actions.say_capacity(session, actor, key, input.available, input.unit)

    @strawberry.mutation(
        description="Have a filled-in sheet judged row by row. Nothing of it is written before `confirmAnswers`.",
        extensions=[Does(KEEPING, uploads.view)],
        graphql_type=outcome("UploadAnswersResult", InventorySheet),
    )
    async def upload_answers(self, info: Info, input: UploadAnswersInput) -> Any:
        try:
            raw = base64.b64decode(input.workbook, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput(FieldError("workbook", "workbook_unreadable")) from None
        return await uploads.upload(info.context.session, info.context.person, raw)

    @strawberry.mutation(
        description="Write every usable row of a sheet, judged again as things now stand. A second time does nothing.",
        extensions=[Does(KEEPING, uploads.view)],
        graphql_type=outcome("ConfirmAnswersResult", InventorySheet),
    )
    async def confirm_answers(self, info: Info, input: ConfirmAnswersInput) -> Any:
        key = key_of(input.sheet_id, "InventorySheet", path="sheetId")
        return await uploads.confirm(info.context.session, info.context.person, key)
