"""GraphQL types of packages sent to the directory: state, progress, report, remarks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from directory.messages import MESSAGES
from hub.base.texts import term
from hub.imports import views
from hub.imports.states import ImportReason, ImportState

from .context import Info
from .describe import Node, describes, enum, pure

KEY = "Makes sending the same request twice harmless: 8 to 100 characters of your own."
ALL = frozenset({"*"})

enum(
    ImportState,
    "Where a package stands. Nothing of it is in the directory before `WRITTEN`.",
    RECEIVING="Announced; its bytes have not come yet.",
    WAITING="There; it is being tried, or will be.",
    TRIED="Tried, its report is there; to be confirmed or let go.",
    CONFIRMED="Confirmed; it is being written, or will be.",
    WRITTEN="In the directory.",
    REFUSED="It cannot be used as a whole; the report says why.",
    FAILED="It could not be worked on, or whoever sent it may no more. Nothing of it was written.",
    DISCARDED="Let go.",
    EXPIRED="Nobody confirmed it in a week.",
)
enum(
    ImportReason,
    "Why a package came to nothing, where its report does not say it.",
    NOT_ALLOWED="Whoever sent or confirmed it may no more.",
    FILE_DAMAGED="What is kept of its file is not what was sent.",
    GIVEN_UP="It was begun four times and never ended.",
    SECRET="A place became confidential, or a past was forgotten: what is kept might tell of it.",  # noqa: S106 - no password
)


def _said(source: Any, context: Any, _arguments: dict[str, Any]) -> str:
    return MESSAGES[source.code][context.lang][0]


def _said_field(root: Any, info: Info) -> str:
    return _said(root, info.context, {})


def _advised(source: Any, context: Any, _arguments: dict[str, Any]) -> str:
    return MESSAGES[source.code][context.lang][1]


def _advised_field(root: Any, info: Info) -> str:
    return _advised(root, info.context, {})


def _why(source: Any, context: Any, _arguments: dict[str, Any]) -> str | None:
    return None if source.reason is None else term("ImportReason", source.reason.value, context.lang)


def _why_field(root: Any, info: Info) -> str | None:
    return _why(root, info.context, {})


def _remarks(source: Any, _context: Any, _arguments: dict[str, Any]) -> str | None:
    return f"/downloads/{source.id}/remarks.csv" if source.report else None


def _remarks_field(root: Any, info: Info) -> str | None:
    return _remarks(root, info.context, {})


def _path(source: Any, _context: Any, _arguments: dict[str, Any]) -> str | None:
    return f"/uploads/{source.id}" if source.state is ImportState.RECEIVING else None


def _path_field(root: Any, info: Info) -> str | None:
    return _path(root, info.context, {})


@strawberry.type(description="One thing the report says of a row of a package.")
@describes(views.RemarkView, public=ALL)
class ImportRemark:
    """A remark."""

    file: str = strawberry.field(description="The file, or the sheet, it stands in.")
    row: int = strawberry.field(description="Its line or row there (the header's is 1); 0 speaks of the file.")
    column: str = strawberry.field(description="The column, or the path inside the object; empty: of the row.")
    code: str = strawberry.field(description="Stable code to program against.")
    detail: str = strawberry.field(description="What stands there, where that says more; never an address.")
    message = pure(_said, _said_field, "What is wrong, in the language of the request.")
    advice = pure(_advised, _advised_field, "What to do about it, in the language of the request.")


@strawberry.type(description="How many remarks of one kind a file has, also those that are not listed one by one.")
@describes(views.CountView, public=ALL)
class ImportCount:
    """A count of remarks."""

    file: str = strawberry.field(description="The file.")
    code: str = strawberry.field(description="Stable code of the kind.")
    count: int = strawberry.field(description="How many.")
    message = pure(_said, _said_field, "What is wrong, in the language of the request.")
    advice = pure(_advised, _advised_field, "What to do about it, in the language of the request.")


@strawberry.type(description="What became, or would become, of the rows of one file.")
@describes(views.TableView, public=ALL)
class ImportTable:
    """A table."""

    file: str = strawberry.field(description="The file, or the sheet.")
    entity: str = strawberry.field(description="The HSDS entity its rows are.")
    read: int = strawberry.field(description="Rows read: created, updated, kept and rejected together.")
    created: int = strawberry.field(description="New here.")
    updated: int = strawberry.field(description="Here before, from this source.")
    kept: int = strawberry.field(description="Kept aside, because nothing here is like them yet.")
    rejected: int = strawberry.field(description="Not usable; the remarks say why. What stands of them here stays.")
    removed: int = strawberry.field(description="Rows of an earlier import that are in the package no more.")


@strawberry.type(description="A word of the package's own vocabulary that has no meaning here yet.")
@describes(views.WordView, public=ALL)
class ImportWord:
    """A word."""

    taxonomy: str = strawberry.field(description="The vocabulary.")
    code: str = strawberry.field(description="Its code there.")
    name: str = strawberry.field(description="The word.")
    services: int = strawberry.field(description="How many services say it.")


@strawberry.type(description="What became, or would become, of a package.")
@describes(views.ReportView, public=ALL)
class ImportReport:
    """A report."""

    source: str = strawberry.field(description="Whose data it was taken for.")
    tables: list[ImportTable] = strawberry.field(description="File by file.")
    counts: list[ImportCount] = strawberry.field(description="Remarks by file and kind.")
    words: list[ImportWord] = strawberry.field(description="Words to be given a meaning, the first 200.")
    not_read: list[str] = strawberry.field(description="Files that were not read, the first 200.")
    known: int = strawberry.field(description="Rows of this source that were here before.")
    changed: int = strawberry.field(description="Of those: changed or removed.")
    gone: int = strawberry.field(description="Services of this source not in the package; they stay as they are.")
    services: int = strawberry.field(description="Services in the package.")
    services_without_area: int = strawberry.field(description="Of those: reaching no area known here.")
    services_without_need: int = strawberry.field(description="Of those: serving no need of the duty map.")
    seconds: float = strawberry.field(description="How long it took.")


@strawberry.type(description="How far the work on a package is.")
@describes(views.ProgressView, public=ALL)
class ImportProgress:
    """Progress."""

    step: str = strawberry.field(description="The file being read, or `finishing`, `routes`, `search`.")
    done: int = strawberry.field(description="Rows, or services, done in this step.")
    share: float = strawberry.field(description="How much of this step, 0 to 1.")
    at: datetime = strawberry.field(description="As of when.")
    stopping: bool = strawberry.field(description="Whether somebody wants it stopped.")


@strawberry.type(description="A package sent to the directory: tried first, written once that is confirmed.")
@describes(views.ImportView, public=ALL)
class DirectoryImport(Node):
    """A package."""

    state: ImportState = strawberry.field(description="Where it stands.")
    version: int = strawberry.field(description="Counts its changes; `confirmImport` needs it.")
    file_name: str = strawberry.field(description="Its file's name.")
    source: str = strawberry.field(description="Whose data it is, as its sender says; empty: as the package says.")
    size: int = strawberry.field(description="Its bytes; 0 before they have come.")
    digest: str = strawberry.field(description="SHA-256 of its bytes: what is written is what was tried.")
    staged_at: datetime = strawberry.field(description="When it was announced.")
    tried_at: datetime | None = strawberry.field(description="When it was tried; null: not yet.")
    confirmed_at: datetime | None = strawberry.field(description="When it was confirmed; null: not yet.")
    ended_at: datetime | None = strawberry.field(description="When it was written, refused or let go; null: it waits.")
    expires_at: datetime | None = strawberry.field(description="When its file goes, if nobody confirms it.")
    moved: bool = strawberry.field(
        description="Whether it was confirmed and not written, because the directory had changed meanwhile and it "
        "would have done something else: it was tried again, and the report is the new one."
    )
    reason: ImportReason | None = strawberry.field(
        description="Why it came to nothing, where its report does not say it; else null."
    )
    reason_message = pure(_why, _why_field, "That reason and what to do, in the language of the request; else null.")
    progress: ImportProgress | None = strawberry.field(description="How far the work is; null: nobody works on it.")
    report: ImportReport | None = strawberry.field(description="What became, or would become, of it; null: not tried.")
    remarks_path = pure(
        _remarks,
        _remarks_field,
        "Where every remark of the report is, as CSV in the language asked for: one `GET` with the same bearer token.",
    )
    upload_path = pure(
        _path,
        _path_field,
        "While `RECEIVING`: where its bytes go, as the body of one `PUT` with the same bearer token; else null.",
    )


@strawberry.input(description="A package to be announced.")
class StageImportInput:
    """A package."""

    file_name: str = strawberry.field(
        description="Its file's name: .zip, .csv, .json, .ndjson, .jsonl or .xlsx. What it is, is told by its content."
    )
    source: str = strawberry.field(
        default="", description="Whose data it is, if the package does not say. The same name again is an update."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="A package whose report was read.")
class ConfirmImportInput:
    """A package."""

    import_id: strawberry.ID = strawberry.field(description="The package.")
    version: int = strawberry.field(description="Its `version` as read.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="A package to let go.")
class DiscardImportInput:
    """A package."""

    import_id: strawberry.ID = strawberry.field(description="The package.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)
