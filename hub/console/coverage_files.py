"""Coverage as files: CSV that spreadsheets open in any language, and a workbook; no cell of them is a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

Value = str | int | None
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(value: Value) -> Value:
    """A value that no spreadsheet runs: texts come from imports, and one that starts like a formula is quoted."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_csv(heads: Sequence[str], rows: Sequence[Sequence[Value]]) -> bytes:
    """UTF-8 with the mark by which Excel knows it."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([plain(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(heads: Sequence[str], rows: Sequence[Sequence[Value]]) -> bytes:
    """A workbook of one sheet, its first row and two columns held in place, filters on."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("coverage")
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{chr(ord('A') + len(heads) - 1)}{len(rows) + 1}"
    for column, width in zip("ABCDEFGHIJKLM", (12, 18, 12, 24, 18, 10, 14, 10, 12, 14, 12, 18, 40), strict=True):
        sheet.column_dimensions[column].width = width
    bold = [WriteOnlyCell(sheet, value=head) for head in heads]
    for cell in bold:
        cell.font = Font(bold=True)
    sheet.append(bold)
    for row in rows:
        sheet.append([plain(value) for value in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()
