"""Reading a workbook: sheets as tables, cells as text, formulas refused; what could harm is turned away unread."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import PurePosixPath
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import WorkSheetParser

from .packages import Limits, Line, PackageRefused, Resource, Tables
from .reports import Problem
from .sheets import meant
from .template_reader import is_template, unfolded
from .unpacking import Files

MOST_ROWS = 1_048_576
"""Rows a sheet can have; a row that says it stands further down is a lie."""
_MOST_SHARED = 64 << 20
"""Bytes of the parts that are held in memory whole: shared texts, styles, the list of sheets."""
_OUTSIDE = ("xl/externallinks/", "xl/connections.xml", "xl/embeddings/", "xl/activex/", "xl/querytables/")
_BROKEN = (
    zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError, IndexError, TypeError,
    AttributeError, EOFError, NotImplementedError, RecursionError, zlib.error,
)  # fmt: skip
"""openpyxl judges little itself: of what is broken, its own code stumbles."""


def is_workbook(files: Files) -> bool:
    """Whether a zip is a workbook of any spreadsheet program."""
    return files.zip is not None and any(
        name in files for name in ("xl/workbook.xml", "xl/workbook.bin", "[Content_Types].xml", "content.xml")
    )


def opened(files: Files, limits: Limits) -> Tables:
    """The sheets of a workbook as tables; of the filled-in template, the tables its rows are. Closes `files`.

    Raises PackageRefused: a macro, a link to the outside, a part too large or packed too well, a broken workbook.
    """
    _inspect(files, limits)
    files.close()
    book = Book(files, limits)
    try:
        if not any(is_template(book.first(name)) for name in book.sheets):
            return book
        with book:
            return unfolded(book, files.path.name)
    except BaseException:
        book.close()
        raise


def _inspect(files: Files, limits: Limits) -> None:
    label, total = files.path.name, 0
    names = {name.lower() for name in files}
    if "xl/workbook.xml" not in files:
        raise PackageRefused("old_workbook", label)
    types = b"".join(files.chunks("[Content_Types].xml")) if "[Content_Types].xml" in files else b""
    if b"macroenabled" in types.lower() or any("vbaproject" in n or "macrosheets/" in n for n in names):
        raise PackageRefused("macros", label)
    if any(n.startswith(_OUTSIDE) for n in names):
        raise PackageRefused("outside_links", label)
    for name in files:
        size, packed = files.size(name), files.packed(name)
        total += size
        held = not name.startswith("xl/worksheets/")
        if total > limits.total_bytes or size > (_MOST_SHARED if held else limits.file_bytes):
            raise PackageRefused("too_big", name)
        if size > max(limits.ratio_from_bytes, limits.ratio * packed):
            raise PackageRefused("bomb", name)
        # No spreadsheet declares entities; one that does wants them unfolded.
        if PurePosixPath(name).suffix.lower() in {".xml", ".rels"} and b"<!DOCTYPE" in files.start(name):
            raise PackageRefused("damaged", name)


class _Parser(WorkSheetParser):
    """Rows only: what a spreadsheet adds of its own is passed over."""

    def parse_extensions(self, element: object) -> None:
        """Dropdowns of newer spreadsheets."""

    def parse_formatting(self, element: object) -> None:
        """Colours by rule."""


class Book(Tables):
    """A workbook, sheet by sheet, row by row; each sheet a table called as the sheet is."""

    def __init__(self, files: Files, limits: Limits) -> None:
        super().__init__()
        self.limits, self.label = limits, files.path.name
        with _readable(self.label):
            self._book: Any = openpyxl.load_workbook(files.path, read_only=True, data_only=False, keep_links=False)
        self.sheets: dict[str, Any] = {sheet.title: sheet for sheet in self._book.worksheets}
        self._shares: dict[str, float] = {}
        shown = [title for title, sheet in self.sheets.items() if sheet.sheet_state == "visible"]
        self.resources = [Resource(title.lower(), self.path(title)) for title in shown]
        self.other_files = [self.path(title) for title in self.sheets if title not in shown]

    def path(self, title: str) -> str:
        """How reports name a sheet."""
        return f"{self.label}#{title}"

    def close(self) -> None:
        self._book.close()

    def share(self, path: str) -> float:
        return self._shares.get(path, 1.0)

    def first(self, title: str) -> list[str]:
        """The texts of a sheet's first row."""
        return next((cells for _, cells, _ in self.cells(title)), [])

    def cells(self, title: str) -> Iterator[tuple[int, list[str], int]]:
        """(row, texts, column of the first formula or 0) of each row of a sheet that is not blank."""
        with _readable(self.path(title)):
            sheet, before = self.sheets[title], 0
            with sheet._get_source() as source:
                for number, given in _parsed(sheet, source):
                    if not before < number <= MOST_ROWS:
                        raise PackageRefused("damaged", self.path(title), before)
                    before = number
                    if number % 1000 == 1:
                        self._shares[self.path(title)] = number / max(number, sheet.max_row or 0)
                    texts, formula = self._texts(title, number, given)
                    if any(texts) or formula:
                        yield number, texts, formula

    def _texts(self, title: str, number: int, given: list[dict[str, Any]]) -> tuple[list[str], int]:
        texts, formula = list[str](), 0
        for cell in given:
            column = cell["column"]
            said = cell["data_type"] in {"f", "e"}
            text = "" if said else text_of(cell["value"])
            if not (text or said):
                continue
            if column > self.limits.columns:
                raise PackageRefused("too_many_columns", self.path(title), number, str(column))
            texts += [""] * (column - len(texts))
            texts[column - 1] = text
            formula = formula or (column if said else 0)
        return texts, formula

    def rows(self, resource: Resource, _encoding: str) -> Iterator[Line]:
        title = next(title for title in self.sheets if self.path(title) == resource.path)
        header: list[str] | None = None
        for number, texts, formula in self.cells(title):
            if header is None:
                header = texts
                yield number, header
            elif formula:
                column = header[formula - 1] if formula <= len(header) else ""
                self.fallen.append(Problem(resource.path, number, column, "formula"))
            else:
                yield number, texts + [""] * (len(header) - len(texts))


def _parsed(sheet: Any, source: Any) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    book, texts = sheet.parent, sheet._shared_strings
    formats = {"date_formats": book._date_formats, "timedelta_formats": book._timedelta_formats}
    parser: Any = _Parser(source, texts, data_only=False, epoch=book.epoch, **formats)
    for number, cells in parser.parse():
        parser.row_dimensions.clear()  # heights of rows, one kept for each
        yield number, cells


@contextmanager
def _readable(label: str) -> Iterator[None]:
    """What openpyxl raises of a broken workbook, as a refusal."""
    try:
        yield
    except PackageRefused:
        raise
    except _BROKEN as error:
        raise PackageRefused("damaged", label) from error


def text_of(value: object) -> str:
    """What a cell says, as a cell of a CSV file would: days ISO 8601, numbers without decimals that say nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return meant(value) if isinstance(value, str) else str(value)
