"""The spreadsheet template, filled in as a person would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl

from directory.template import FIRST_ROW, SHEETS


def filled(path: Path, language: str, **rows: list[dict[str, Any]]) -> Path:
    """The template at `path` with these rows, by entity and key, as a person would fill it in."""
    book = openpyxl.load_workbook(path)
    for sheet in SHEETS:
        page = book[sheet.names[language]]
        keys = [column.key for column in sheet.columns]
        for number, row in enumerate(rows.get(sheet.entity, []), FIRST_ROW):
            for key, value in row.items():
                page.cell(number, keys.index(key) + 1, value)
    book.save(path)
    return path
