"""The directory as a workbook: one sheet a table, and no cell a spreadsheet would run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_RUNS = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_767  # Excel's own limit of a cell


def harmless(value: str) -> str:
    """A cell text that no spreadsheet takes for a formula; ordinary numbers are left alone."""
    value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST]
    return ("'" + value)[:_LONGEST] if _would_run(value) else value


def meant(cell: str) -> str:
    """The text that `harmless` made a cell of."""
    return cell[1:] if cell.startswith("'") and _would_run(cell[1:]) else cell


def _would_run(value: str) -> bool:
    """Whether a spreadsheet might take a text for a formula, or for one already made harmless."""
    bare = value.lstrip("'")
    if not bare.startswith(_RUNS):
        return False
    try:
        float(bare)
    except ValueError:
        return True
    return False


class Workbook:
    """Writes tables to an .xlsx file as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet: WriteOnlyWorksheet | None = None

    def table(self, name: str, columns: Sequence[str]) -> None:
        """Begin a sheet with its header."""
        self._sheet = self._book.create_sheet(name.removesuffix(".csv")[:31])
        self._sheet.append(list(columns))

    def row(self, cells: Sequence[str]) -> None:
        """Add a row to the sheet."""
        assert self._sheet is not None
        self._sheet.append([harmless(c) for c in cells])

    def done(self, _descriptor: bytes) -> None:
        """Write the file."""
        self._book.save(self._path)
