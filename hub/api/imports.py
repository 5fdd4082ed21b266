"""GraphQL: packages sent to the directory: announced, tried by the worker, confirmed, let go; their reports."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from hub.base.errors import FieldError, InvalidInput
from hub.imports import actions, files, views
from hub.policy.terms import Role

from .context import Info
from .describe import Connection, first_of, key_of, page
from .imports_types import ConfirmImportInput, DirectoryImport, DiscardImportInput, ImportRemark, StageImportInput
from .inventory_types import InventoryFile
from .permissions import OVERSEEING, Asks, Does
from .problems import outcome

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


def _cursor(row: views.ImportView) -> str:
    return base64.urlsafe_b64encode(f"{row.staged_at.isoformat()}|{row.id}".encode()).decode()


def _place(after: str | None) -> tuple[datetime, UUID] | None:
    if after is None:
        return None
    try:
        head, _, key = base64.urlsafe_b64decode(after).decode().rpartition("|")
        return datetime.fromisoformat(head), UUID(key)
    except (ValueError, binascii.Error):
        raise InvalidInput(FieldError("after", "unknown_cursor")) from None


def number_after(after: str | None) -> int:
    """The number a cursor of a numbered list stands for; -1 without one."""
    if after is None:
        return -1
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise InvalidInput(FieldError("after", "unknown_cursor"))
    return int(after)


@strawberry.type
class ImportQuery:
    """Queries about packages."""

    @strawberry.field(
        description="Packages sent to the directory, the latest first.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=Connection[DirectoryImport],
    )
    async def directory_imports(self, info: Info, first: int = 20, after: str | None = None) -> Any:
        session, actor = info.context.session, info.context.person
        found, more = await views.packages(session, actor, first_of(first), _place(after))
        return page(found, [_cursor(row) for row in found], more=more)

    @strawberry.field(
        description="A package sent to the directory, or null.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=DirectoryImport | None,
    )
    async def directory_import(self, info: Info, id: strawberry.ID) -> Any:
        return await views.package(info.context.session, info.context.person, key_of(id, "DirectoryImport"))

    @strawberry.field(
        description="What the report of a package says row by row, in the order of its files. Kept for 30 days "
        "once nothing more is done with the package; `report.counts` stays.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=Connection[ImportRemark],
    )
    async def import_remarks(
        self,
        info: Info,
        id: strawberry.ID,
        file: str | None = None,
        code: str | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> Any:
        session, actor, key = info.context.session, info.context.person, key_of(id, "DirectoryImport")
        found, more, total = await views.remarks(session, actor, key, first_of(first), number_after(after), file, code)
        return page(found, [str(row.number) for row in found], more=more, total=total)

    @strawberry.field(
        description="The same remarks as a CSV file, in the language of the request. More than 20,000 come by "
        "`remarksPath` alone.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=InventoryFile,
    )
    async def import_remarks_file(self, info: Info, id: strawberry.ID) -> Any:
        session, actor, key = info.context.session, info.context.person, key_of(id, "DirectoryImport")
        return await files.remarks_file(session, actor, key, info.context.lang)


@strawberry.type
class ImportMutation:
    """Mutations of packages."""

    @strawberry.mutation(
        description="Announce a package; its bytes go to `uploadPath`. It is then tried, and nothing of it is written "
        "before `confirmImport`. Five at once, 256 MiB each.",
        extensions=[Does(ADMINISTRATORS, views.package)],
        graphql_type=outcome("StageImportResult", DirectoryImport),
    )
    async def stage_import(self, info: Info, input: StageImportInput) -> Any:
        given = actions.StageImport(input.file_name, input.source)
        return await actions.stage(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="Have a package written exactly as it was tried. If the directory has changed since, so that it "
        "would do something else, it is tried again instead (`moved`).",
        extensions=[Does(ADMINISTRATORS, views.package)],
        graphql_type=outcome("ConfirmImportResult", DirectoryImport),
    )
    async def confirm_import(self, info: Info, input: ConfirmImportInput) -> Any:
        key = key_of(input.import_id, "DirectoryImport", path="importId")
        return await actions.confirm(info.context.session, info.context.person, key, input.version)

    @strawberry.mutation(
        description="Let a package go that is not written. One that is being worked on is stopped, and nothing of it "
        "stays.",
        extensions=[Does(ADMINISTRATORS, views.package)],
        graphql_type=outcome("DiscardImportResult", DirectoryImport),
    )
    async def discard_import(self, info: Info, input: DiscardImportInput) -> Any:
        key = key_of(input.import_id, "DirectoryImport", path="importId")
        return await actions.discard(info.context.session, info.context.person, key)
