"""GraphQL: files of the directory to keep, the template to fill in, and what sources said beyond the standard."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from directory import aside
from hub.base.errors import FieldError, InvalidInput
from hub.imports import exports
from hub.imports.states import ExportForm, ExportState

from .context import Info
from .describe import Connection, Node, describes, enum, first_of, page, pure
from .imports_types import ALL, KEY
from .inventory_types import InventoryFile
from .permissions import OVERSEEING, SIGNED_IN, Asks, Does
from .problems import outcome

enum(
    ExportForm,
    "What the directory is given away as.",
    HSDS="An HSDS package: a zip of CSV files.",
    JSON="HSDS as JSON.",
    XLSX="A workbook, a sheet a table.",
    BEYOND_CSV="What sources said beyond the standard, a line a value.",
    BEYOND_JSON="The same as JSON, an object a row.",
)
enum(
    ExportState,
    "Where a file stands.",
    WAITING="It is being made, or will be.",
    READY="It can be taken.",
    FAILED="It could not be made; ask again.",
)


def _path(source: Any, _context: Any, _arguments: dict[str, Any]) -> str | None:
    return f"/downloads/{source.id}" if source.state is ExportState.READY else None


def _path_field(root: Any, info: Info) -> str | None:
    return _path(root, info.context, {})


@strawberry.type(description="A file of the directory, as it stood when it was made. No confidential place is in it.")
@describes(exports.ExportView, public=ALL)
class DirectoryExport(Node):
    """A file."""

    form: ExportForm = strawberry.field(description="What it is.")
    state: ExportState = strawberry.field(description="Where it stands.")
    name: str = strawberry.field(description="Its name.")
    media_type: str = strawberry.field(description="Its media type.")
    size: int = strawberry.field(description="Its bytes; 0 before it is made.")
    asked_at: datetime = strawberry.field(description="When it was asked for.")
    made_at: datetime | None = strawberry.field(description="When it was made; null: not yet.")
    expires_at: datetime | None = strawberry.field(description="When it goes.")
    download_path = pure(
        _path, _path_field, "Where it is, for a `GET` with the same bearer token; null while it is not made."
    )


@strawberry.type(description="A column no standard knows, or of a table there is no place for, and what stands in it.")
class SaidAside:
    """A value."""

    column: str = strawberry.field(description="The column, as the source called it.")
    value: str = strawberry.field(description="What stands there.")


def _said(source: Any, _context: Any, _arguments: dict[str, Any]) -> list[SaidAside]:
    return [SaidAside(column=column, value=value) for column, value in sorted(source.said.items())]


def _said_field(root: Any, info: Info) -> list[SaidAside]:
    return _said(root, info.context, {})


@strawberry.type(description="What a row of a source said beyond the standard: kept, and in no HSDS export.")
@describes(aside.Aside, public=ALL)
class KeptAside:
    """A row."""

    entity: str = strawberry.field(description="The HSDS entity it is of, or the table as the source called it.")
    source: str = strawberry.field(description="Whose data it is.")
    source_id: str = strawberry.field(description="Its id there.")
    said = pure(_said, _said_field, "The values.")


@strawberry.type(description="How many rows of an entity said more.")
@describes(aside.AsideCount, public=ALL)
class KeptAsideCount:
    """A count."""

    entity: str = strawberry.field(description="The entity.")
    source: str = strawberry.field(description="The source.")
    rows: int = strawberry.field(description="Rows that are listed.")
    hidden: int = strawberry.field(
        description="Rows that are not, because they have to do with a confidential place or whoever runs it."
    )


@strawberry.input(description="A file to be made.")
class MakeExportInput:
    """A file."""

    form: ExportForm = strawberry.field(description="What it is to be.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


def _place(after: str | None) -> tuple[str, UUID] | None:
    if after is None:
        return None
    try:
        table, _, key = base64.urlsafe_b64decode(after).decode().partition("|")
        if table not in aside.TABLES:
            raise ValueError
        return table, UUID(key)
    except (ValueError, binascii.Error):
        raise InvalidInput(FieldError("after", "unknown_cursor")) from None


@strawberry.type
class ExportQuery:
    """Queries about files of the directory."""

    @strawberry.field(
        description="The files of the directory there are, one a form; each is kept for a day.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=list[DirectoryExport],
    )
    async def directory_exports(self, info: Info) -> Any:
        return await exports.exports(info.context.session, info.context.person)

    @strawberry.field(
        description="The empty workbook agencies fill in, with lists to choose from, in the language of the request.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=InventoryFile,
    )
    async def directory_template(self, info: Info) -> Any:
        return await exports.template(info.context.session, info.context.person, info.context.lang)

    @strawberry.field(
        description="What sources said beyond the standard, row by row: columns of their own, rows of tables there is "
        "no place for. Nothing of a confidential place.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=Connection[KeptAside],
    )
    async def kept_aside(
        self,
        info: Info,
        entity: str | None = None,
        of_source: str | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> Any:
        session, actor = info.context.session, info.context.person
        found, more = await exports.aside(session, actor, first_of(first), _place(after), entity or "", of_source or "")
        cursors = [base64.urlsafe_b64encode(f"{row.table}|{row.id}".encode()).decode() for row in found]
        return page(found, cursors, more=more)

    @strawberry.field(
        description="How much sources said beyond the standard, by entity and source.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=list[KeptAsideCount],
    )
    async def kept_aside_counts(self, info: Info) -> Any:
        return await exports.aside_counts(info.context.session, info.context.person)


@strawberry.type
class ExportMutation:
    """Mutations of files of the directory."""

    @strawberry.mutation(
        description="Have a file of the directory made as it now stands; one of that form that is there goes.",
        extensions=[Does(OVERSEEING, exports.export)],
        graphql_type=outcome("MakeExportResult", DirectoryExport),
    )
    async def make_export(self, info: Info, input: MakeExportInput) -> Any:
        return await exports.make(info.context.session, info.context.person, input.form)
