"""GraphQL: the types of stock-taking: rounds, tasks, counts, comparisons, sheets sent in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import strawberry

from directory import comparing, progress
from directory.inventory import TaskFilter, TaskRow
from directory.progress import RoundGroup
from directory.rounds import RoundState, StopReason, TaskAnswer
from hub.base.texts import message
from hub.inventory import files, uploads, views
from hub.inventory.uploads import UploadOutcome

from .agencies import Agency
from .context import Info
from .describe import Connection, Language, Node, describes, enum, first_of, gid, localized, page, pure

ALL = frozenset({"*"})

enum(
    RoundState,
    "Where a round of stock-taking stands.",
    PLANNED="Its first day is still to come.",
    OPEN="Agencies answer.",
    CLOSED="Its result is frozen.",
    CANCELLED="Called off before it opened.",
)
enum(
    TaskAnswer,
    "What an agency says of one of its services.",
    UNCHANGED="Everything said of it is right.",
    CHANGED="It has been changed and is right now.",
    NO_LONGER_OFFERED="It is not offered any more.",
    LATER="The answer comes on a later day.",
)
enum(
    StopReason,
    "Why a service is no longer offered.",
    FUNDING_ENDED="The money has ended.",
    NO_STAFF="There is nobody to give it.",
    NO_PLACE="There is no place to give it.",
    MERGED="It is part of another service now.",
    TAKEN_OVER="Another agency gives it now.",
    NO_DEMAND="Nobody asked for it.",
    OTHER="Another reason.",
)
enum(
    TaskFilter,
    "Which tasks of stock-taking are meant.",
    ALL="All of them.",
    UNANSWERED="Asked, and not answered for good.",
    ANSWERED="Answered for good.",
    NOBODY="Of agencies that are not in the hub, so that nobody can be asked.",
)
enum(
    RoundGroup,
    "What a round is counted by.",
    NETWORK="By network.",
    COUNTY="By county; a service in several counts in each.",
    AGENCY="By agency.",
)
enum(
    UploadOutcome,
    "What would become, or has become, of a row of a sheet.",
    READY="It will be written once the sheet is confirmed.",
    WRITTEN="It has been written.",
    SAME="The hub says so already; nothing is written.",
    EMPTY="Nothing was filled in.",
    REFUSED="It cannot be used; its problems say why.",
)


@strawberry.type(description="How far a round, or a part of it, has come, in services.")
@describes(progress.Counts, public=ALL)
class RoundCounts:
    """total = answered + later + unanswered + nobody."""

    total: int = strawberry.field(description="Services asked about.")
    answered: int = strawberry.field(description="Answered for good: unchanged, changed or no longer offered.")
    unchanged: int = strawberry.field(description="Said to be unchanged.")
    changed: int = strawberry.field(description="Changed in the course of the round.")
    stopped: int = strawberry.field(description="No longer offered.")
    later: int = strawberry.field(description="Promised for a later day.")
    unanswered: int = strawberry.field(description="Asked, no answer.")
    nobody: int = strawberry.field(description="No answer, and nobody to ask: the agency is not in the hub.")


@strawberry.type(description="A round of stock-taking: the authority asks agencies whether what is said of them holds.")
@describes(views.RoundView, public=ALL)
class InventoryRound(Node):
    """A round."""

    state: RoundState = strawberry.field(description="Where it stands.")
    networks: list[str] = strawberry.field(description="Codes of the networks it asks; empty: all.")
    areas: list[str] = strawberry.field(description="Codes of the areas it asks about; empty: all.")
    needs: list[str] = strawberry.field(description="Codes of the needs it asks about; empty: all.")
    note: str = strawberry.field(description="What the authority adds.")
    opens_on: date = strawberry.field(description="Its first day, a working day.")
    closes_on: date = strawberry.field(description="Its last day, a working day.")
    due_at: datetime = strawberry.field(description="The midnight that ends its last day: later answers are late.")
    opened_at: datetime | None = strawberry.field(description="When agencies were asked.")
    closed_at: datetime | None = strawberry.field(description="When it was closed or called off.")
    digest: str = strawberry.field(description="SHA-256 of the frozen result; the audit chain holds it too.")
    authority: Agency | None = strawberry.field(description="Whose round it is.")
    counts: RoundCounts = strawberry.field(
        description="How far it has come, now or when it closed: the whole of it for overseers, an agency's own part."
    )
    version: str = strawberry.field(
        description="What an agency's own services still to be answered stand at; give it back with `attestServices`."
    )


@strawberry.type(description="A network, county or agency in a round.")
@describes(views.GroupView, public=ALL)
class RoundPart:
    """A group."""

    key: str = strawberry.field(description="Code of the network or county, id of the organization; empty: none.")
    name = localized("Its name in a language.")
    asked: bool = strawberry.field(description="Whether there is somebody to ask.")
    counts: RoundCounts = strawberry.field(description="How far it has come.")


@strawberry.type(description="How a group differs between two closed rounds, in services.")
@describes(comparing.Difference, public=ALL)
class RoundDifference:
    """Before: the earlier round; else the later."""

    attested_before: int = strawberry.field(description="Unchanged or changed, earlier.")
    attested: int = strawberry.field(description="Unchanged or changed, later.")
    changed_before: int = strawberry.field(description="Of them changed, earlier.")
    changed: int = strawberry.field(description="Of them changed, later.")
    stopped_before: int = strawberry.field(description="No longer offered, earlier.")
    stopped: int = strawberry.field(description="No longer offered, later.")
    silent_before: int = strawberry.field(description="No answer, earlier.")
    silent: int = strawberry.field(description="No answer, later.")
    new_since: int = strawberry.field(description="The later round asked about them, the earlier did not.")
    gone_since: int = strawberry.field(description="The earlier round asked about them, the later did not.")
    fell_silent: int = strawberry.field(description="Attested earlier, without an answer later.")


@strawberry.type(description="A network, county or agency in two closed rounds.")
@describes(views.DifferenceView, public=ALL)
class ComparedPart:
    """A group."""

    key: str = strawberry.field(description="Code of the network or county, id of the organization; empty: none.")
    name = localized("Its name in a language.")
    difference: RoundDifference = strawberry.field(description="How it differs.")


def _ids(name: str, kind: str, description: str) -> Any:
    """A field with the global id of another node, whose key the view holds under `name`."""

    def plain(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
        return gid(kind, getattr(source, name))

    def resolve(root: Any) -> strawberry.ID:
        return strawberry.ID(plain(root, None, {}))

    return pure(plain, resolve, description)


def _organization(source: Any, context: Any, arguments: dict[str, Any]) -> str:
    asked = arguments.get("lang")
    lang = asked.value if asked is not None else context.lang
    return str(source.organization_names.get(lang) or source.organization)


def _organization_field(root: Any, info: Info, lang: Language | None = None) -> str:
    return _organization(root, info.context, {"lang": lang})


@strawberry.type(description="What a round asks of one service, and what was answered.")
@describes(TaskRow, public=ALL)
class InventoryTask(Node):
    """A task."""

    round_id = _ids("round_id", "InventoryRound", "The round that asks.")
    service_id = _ids("service_id", "Service", "The service it asks about.")
    name = localized("The service's name in a language.")
    organization_name = pure(_organization, _organization_field, "Its agency's name in a language.")
    network: str | None = strawberry.field(description="Code of its agency's network.")
    version: int = strawberry.field(description="Counts its answers.")
    answer: TaskAnswer | None = strawberry.field(description="What was answered; null: nothing yet.")
    answered_at: datetime | None = strawberry.field(description="When.")
    later_on: date | None = strawberry.field(description="For `LATER`: when the answer comes.")
    stopped_on: date | None = strawberry.field(description="For `NO_LONGER_OFFERED`: the last day.")
    reason: StopReason | None = strawberry.field(description="For `NO_LONGER_OFFERED`: why.")
    status: str = strawberry.field(description="HSDS status of the service now.")
    assured_on: date | None = strawberry.field(description="When its agency last attested it.")
    available: int | None = strawberry.field(description="Places free, as last said.")
    unit: str | None = strawberry.field(description="Of what: place, bed, hour.")
    capacity_updated: datetime | None = strawberry.field(description="When that was said.")
    closes_on: date = strawberry.field(description="The round's last day.")
    due_at: datetime = strawberry.field(description="The moment after which an answer is late.")


@strawberry.type(description="A service as its own agency keeps it, after something was said of it.")
@describes(views.ServiceState, public=ALL)
class KeptService:
    """A service."""

    service_id = _ids("id", "Service", "The service.")
    name = localized("Its name in a language.")
    status: str = strawberry.field(description="HSDS status.")
    assured_on: date | None = strawberry.field(description="When its agency last attested it.")
    due_at: datetime | None = strawberry.field(description="When it must be attested again; null: no clock runs.")
    available: int | None = strawberry.field(description="Places free, as last said.")
    unit: str | None = strawberry.field(description="Of what: place, bed, hour.")
    tasks: list[InventoryTask] = strawberry.field(description="What open rounds ask of it.")


@strawberry.type(description="A file to keep.")
@describes(files.File, public=ALL)
class InventoryFile:
    """A file."""

    name: str = strawberry.field(description="A file name without anything of a person.")
    media_type: str = strawberry.field(description="Its media type.")
    content: str = strawberry.field(description="The file in base64.")


def _advice(source: Any, context: Any, _arguments: dict[str, Any]) -> str:
    return message(source.code, context.lang)


def _advice_field(root: Any, info: Info) -> str:
    return _advice(root, info.context, {})


@strawberry.type(description="One cell of a sheet that cannot be used.")
@describes(uploads.RowProblem, public=ALL)
class SheetProblem:
    """A cell."""

    column: str = strawberry.field(description="Key of the column, as in the sheet's hidden first row.")
    code: str = strawberry.field(description="Stable code to program against.")
    message = pure(_advice, _advice_field, "What is wrong and what to do, in the language of the request.")


@strawberry.type(description="A row of a sheet, judged.")
@describes(uploads.UploadRow, public=ALL)
class SheetRow:
    """A row."""

    row: int = strawberry.field(description="Its number in the sheet.")
    name: str = strawberry.field(description="The service's name.")
    answer: TaskAnswer | None = strawberry.field(description="The answer in it.")
    day: date | None = strawberry.field(description="The day in it.")
    reason: StopReason | None = strawberry.field(description="The reason in it.")
    free: int | None = strawberry.field(description="The free places in it.")
    unit: str | None = strawberry.field(description="Of what.")
    outcome: UploadOutcome = strawberry.field(description="What would become, or has become, of it.")
    problems: list[SheetProblem] = strawberry.field(description="What is wrong with it, cell by cell.")


@strawberry.type(description="How many rows of a sheet came to what.")
@describes(uploads.UploadTotals, public=ALL)
class SheetTotals:
    """Counts of rows."""

    rows: int = strawberry.field(description="All rows.")
    ready: int = strawberry.field(description="To be written once confirmed.")
    written: int = strawberry.field(description="Written.")
    same: int = strawberry.field(description="Already so.")
    empty: int = strawberry.field(description="Not filled in.")
    refused: int = strawberry.field(description="Not usable.")


def _rows_field(
    root: Any, first: int = 50, after: str | None = None, outcome: UploadOutcome | None = None
) -> Connection[SheetRow]:
    found = [row for row in root.rows if outcome is None or row.outcome is outcome]
    start = int(after) if after is not None and after.isascii() and after.isdigit() and len(after) < 7 else 0
    shown = [row for row in found if row.row > start][: first_of(first)]
    more = bool(shown) and shown[-1].row < found[-1].row
    made: Connection[SheetRow] = page(shown, [str(row.row) for row in shown], more=more, total=len(found))
    return made


@strawberry.type(description="A sheet an agency has sent back: judged row by row, written once confirmed.")
@describes(uploads.UploadView, public=ALL)
class InventorySheet(Node):
    """A sheet."""

    sent_at: datetime = strawberry.field(description="When it came.")
    confirmed_at: datetime | None = strawberry.field(description="When it was written; null: nothing is written yet.")
    totals: SheetTotals = strawberry.field(description="How many rows came to what.")

    rows: Connection[SheetRow] = strawberry.field(
        resolver=_rows_field, description="Its rows in their order, of one outcome or all."
    )
