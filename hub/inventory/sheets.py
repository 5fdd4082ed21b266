"""An agency's tasks as a workbook with dropdowns, in any of the three languages, and what comes back in it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from directory.inventory import TaskRow
from directory.rounds import StopReason, TaskAnswer
from directory.sheets import harmless
from hub.base.errors import FieldError, InvalidInput
from hub.base.texts import LANGUAGES, catalogue, mark, term

from .rules import UNITS
from .versions import version_of

KEYS = ("service_id", "version", "name", "status", "attested", "last_free", "answer", "day", "reason", "free", "unit")
HEADS = {
    "service_id": mark("Id (leave as it is)"),
    "version": mark("State (leave as it is)"),
    "name": mark("Service"),
    "status": mark("Status"),
    "attested": mark("Last confirmed"),
    "last_free": mark("Free, as last said"),
    "answer": mark("Your answer"),
    "day": mark("Day"),
    "reason": mark("Reason"),
    "free": mark("Free now"),
    "unit": mark("Counted in"),
}
HELP = (
    mark(
        "Fill in the white columns only: your answer, day, reason, free now, counted in. Save, and send the file back."
    ),
    mark("Unchanged: everything the hub says of the service is right. No day, no reason."),
    mark("No longer offered: give the last day and the reason. The service is found no more from then."),
    mark("Later: give the day, at the latest the last of the round."),
    mark("Something changed: change the service in the hub itself; that answers for it."),
    mark(
        "Rows you leave without an answer stay as they are. You are shown what would happen before anything is written."
    ),
)
ANSWERS = (TaskAnswer.UNCHANGED, TaskAnswer.NO_LONGER_OFFERED, TaskAnswer.LATER)
_WIDTHS = {"service_id": 12, "version": 7, "name": 44, "reason": 24, "answer": 20}
_OPEN = frozenset({"answer", "day", "reason", "free", "unit"})
_FIRST = 3
"""The first row of services: above it the columns' own names, hidden, and their names for people."""
_VERSION = re.compile("[0-9a-f]{16}-[0-9a-f]{16}")
MOST_ROWS = 10_000
MOST_BYTES = 3_000_000
MOST_UNPACKED = 60_000_000


UNIT_WORDS = {"place": mark("places"), "bed": mark("beds"), "hour": mark("hours")}
STATUS_WORDS = {
    "active": mark("Offered"),
    "inactive": mark("Not offered"),
    "defunct": mark("Ended for good"),
    "temporarily closed": mark("Closed for a time"),
}
"""HSDS statuses of a service as people say them."""


@dataclass(slots=True)
class Line:
    """A row of a sheet as it was understood; `wrong` says what was not, by column."""

    row: int
    service_id: UUID | None = None
    name: str = ""
    version: str = ""
    answer: TaskAnswer | None = None
    day: date | None = None
    reason: StopReason | None = None
    free: int | None = None
    unit: str | None = None
    wrong: list[FieldError] = field(default_factory=list)


def by_service(tasks: Sequence[TaskRow]) -> dict[UUID, list[TaskRow]]:
    """Tasks by service in the order given: two rounds may ask of one service, and one answer serves both."""
    found: dict[UUID, list[TaskRow]] = {}
    for task in tasks:
        found.setdefault(task.service_id, []).append(task)
    return found


def write(tasks: Sequence[TaskRow], lang: str) -> bytes:
    """The workbook of these tasks for a reader of `lang`; the help stands in it in every language."""
    say = catalogue(lang).gettext
    book = openpyxl.Workbook()
    sheet, guide, lists = book.active, book.create_sheet(say(mark("Help"))), book.create_sheet("lists")
    assert isinstance(sheet, Worksheet)
    sheet.title = say(mark("Services"))
    sheet.append(list(KEYS))
    sheet.append([say(HEADS[key]) for key in KEYS])
    for asked in by_service(tasks).values():
        sheet.append(_cells(asked, lang))
    _dress(sheet)
    choices = {
        "answer": [term("TaskAnswer", answer, lang) for answer in ANSWERS],
        "reason": [term("StopReason", reason, lang) for reason in StopReason],
        "unit": [say(UNIT_WORDS[unit]) for unit in UNITS],
    }
    for number, (key, words) in enumerate(choices.items(), 1):
        for place, word in enumerate(words, 1):
            lists.cell(place, number, word)
        letter, column = get_column_letter(number), get_column_letter(KEYS.index(key) + 1)
        rule = DataValidation("list", formula1=f"lists!${letter}$1:${letter}${len(words)}", allow_blank=True)
        sheet.add_data_validation(rule)
        rule.add(f"{column}{_FIRST}:{column}{max(sheet.max_row, _FIRST)}")
    lists.sheet_state = "hidden"
    for other in (lang, *(tag for tag in LANGUAGES if tag != lang)):
        for sentence in HELP:
            guide.append([catalogue(other).gettext(sentence)])
        guide.append([])
    guide.column_dimensions["A"].width = 110
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cells(asked: Sequence[TaskRow], lang: str) -> list[Any]:
    task = asked[0]
    say, unit = catalogue(lang).gettext, task.unit or ""
    free = "" if task.available is None else f"{task.available} {say(UNIT_WORDS.get(unit, unit))}"
    day = task.later_on or task.stopped_on
    return [
        str(task.service_id),
        version_of(asked),
        shown_name(task, lang),
        say(STATUS_WORDS[task.status]),
        task.assured_on,
        harmless(free),
        term("TaskAnswer", task.answer, lang) if task.answer else None,
        day,
        term("StopReason", task.reason, lang) if task.reason else None,
        None,
        None,
    ]


def shown_name(task: TaskRow, lang: str) -> str:
    """The name of a service as a cell holds it."""
    return harmless(task.names.get(lang) or task.name)


def _dress(sheet: Worksheet) -> None:
    grey = PatternFill("solid", fgColor="E8EDEF")
    for number, key in enumerate(KEYS, 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = _WIDTHS.get(key, 15)
        for (cell,) in sheet.iter_rows(min_row=_FIRST, min_col=number, max_col=number):
            cell.protection = Protection(locked=key not in _OPEN)
            cell.alignment = Alignment(wrap_text=key == "name", vertical="top")
            if key not in _OPEN:
                cell.fill = grey
            if key in {"day", "attested"}:
                cell.number_format = "yyyy-mm-dd"
        sheet.cell(2, number).font = Font(bold=True)
    sheet.row_dimensions[1].hidden = True
    sheet.freeze_panes = f"D{_FIRST}"
    sheet.protection.sheet = True  # without a password: against slips, not against people


def read(raw: bytes) -> list[Line]:
    """The rows of a sheet that came back. `InvalidInput` when it is none of ours, or too large to be one."""
    if len(raw) > MOST_BYTES:
        raise InvalidInput(FieldError("workbook", "workbook_too_big"))
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise InvalidInput(FieldError("workbook", "workbook_too_big"))
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_col=40, max_row=MOST_ROWS + _FIRST, values_only=True)
        keys = [str(cell or "") for cell in next(rows, ())]
        if not set(KEYS) <= set(keys):
            raise InvalidInput(FieldError("workbook", "workbook_not_ours"))
        place = {key: keys.index(key) for key in KEYS}
        next(rows, None)
        lines = [
            _line(number, {key: row[at] for key, at in place.items()})
            for number, row in enumerate(rows, _FIRST)
            if any(cell not in (None, "") for cell in row)
        ]
    except InvalidInput:
        raise
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        OSError,
        SyntaxError,
        IndexError,
        TypeError,
    ):
        raise InvalidInput(FieldError("workbook", "workbook_unreadable")) from None
    if len(lines) > MOST_ROWS:
        raise InvalidInput(FieldError("workbook", "workbook_too_big"))
    return lines


def _line(number: int, cells: dict[str, Any]) -> Line:
    line = Line(number, name=_text(cells["name"])[:300])
    try:
        line.service_id = UUID(_text(cells["service_id"]))
    except ValueError:
        line.wrong.append(FieldError("service_id", "unknown_id"))
    line.version = _text(cells["version"])
    if not _VERSION.fullmatch(line.version):
        line.wrong.append(FieldError("version", "leave_as_it_is"))
        line.version = ""
    line.answer = _chosen(line, "answer", cells["answer"], _ANSWER_WORDS)
    line.reason = _chosen(line, "reason", cells["reason"], _REASON_WORDS)
    line.unit = _chosen(line, "unit", cells["unit"], _UNIT_WORDS)
    line.day = _day(line, cells["day"])
    if _text(cells["free"]):
        line.free = _whole(cells["free"])
        if line.free is None:
            line.wrong.append(FieldError("free", "free_places_form"))
    return line


def _words(kind: str, values: type[StrEnum]) -> dict[str, Any]:
    said = {term(kind, value, lang).casefold(): value for lang in LANGUAGES for value in values}
    return said | {value.value: value for value in values}


_ANSWER_WORDS = _words("TaskAnswer", TaskAnswer)
_REASON_WORDS = _words("StopReason", StopReason)
_UNIT_WORDS = {unit: unit for unit in UNITS} | {
    catalogue(lang).gettext(word).casefold(): unit for lang in LANGUAGES for unit, word in UNIT_WORDS.items()
}


def _chosen(line: Line, column: str, cell: Any, words: dict[str, Any]) -> Any:
    text = _text(cell).casefold()
    if text and text not in words:
        line.wrong.append(FieldError(column, "not_in_the_list"))
    return words.get(text)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _whole(cell: Any) -> int | None:
    """A whole number, however the spreadsheet keeps it."""
    if isinstance(cell, bool):
        return None
    try:
        number = float(_text(cell))
        return int(number) if number.is_integer() and abs(number) < 2**31 else None
    except (ValueError, OverflowError):
        return None


def _day(line: Line, cell: Any) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _text(cell).replace("/", "-").replace(".", "-")
    if not text:
        return None
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year + 1911 if 0 < year < 200 else year, month, day)  # years of the Republic are written too
    except ValueError:
        line.wrong.append(FieldError("day", "day_form"))
        return None
