"""Writing the template that agencies fill in: sheets with lists to choose from, and how to fill them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .sheets import harmless
from .taxonomy import LANGUAGES
from .template import CHOICES, FIRST_ROW, HELP, HELP_TITLE, SHEETS, TemplateColumn, TemplateSheet

ROWS = 2000
"""Rows that have lists; a row below them is read as well."""
_AREAS = text("SELECT code, names FROM area WHERE kind IN ('county', 'township', 'city', 'state') ORDER BY code")


async def areas_of(session: AsyncSession, language: str) -> list[str]:
    """The areas of the directory as the template lists them: code and name."""
    rows = (await session.execute(_AREAS)).all()
    return [f"{code} {names.get(language) or next(iter(names.values()), code)}" for code, names in rows]


def write_template(path: Path, language: str, areas: Sequence[str]) -> None:
    """Write the empty template for a reader of `language` (zh-Hant, en or ko)."""
    book: Any = openpyxl.Workbook()
    book.remove(book.active)
    guide = book.create_sheet(HELP_TITLE[language])
    for sentence in HELP:
        guide.append([sentence[language]])
    guide.column_dimensions["A"].width = 110
    pages = {sheet.entity: book.create_sheet(sheet.names[language]) for sheet in SHEETS}
    lists = book.create_sheet("lists")
    lists.sheet_state = "hidden"
    sources = {entity: _ids(page.title) for entity, page in pages.items()}
    words = {kind: [names[language] for names in values.values()] for kind, values in CHOICES.items()}
    sources |= _listed(lists, {**words, "area": [harmless(area) for area in areas]})
    for sheet in SHEETS:
        _page(pages[sheet.entity], sheet, language, sources)
    book.active = 0
    book.save(path)


def _ids(title: str) -> str:
    return f"{quote_sheetname(title)}!$A${FIRST_ROW}:$A${FIRST_ROW + ROWS - 1}"


def _listed(lists: Worksheet, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Write the lists side by side; answers where each stands. A list of nothing is none."""
    found = {}
    for number, (kind, values) in enumerate(words.items(), 1):
        for place, word in enumerate(values, 1):
            lists.cell(place, number, word)
        letter = get_column_letter(number)
        if values:
            found[kind] = f"lists!${letter}$1:${letter}${len(values)}"
    return found


def _page(page: Worksheet, sheet: TemplateSheet, language: str, sources: Mapping[str, str]) -> None:
    needed = PatternFill("solid", fgColor="E8EDEF")
    page.append([f"{sheet.entity}.{column.key}" for column in sheet.columns])
    page.append([column.names[language] + (" *" if column.needed else "") for column in sheet.columns])
    page.row_dimensions[1].hidden = True
    page.freeze_panes = f"B{FIRST_ROW}"
    for number, column in enumerate(sheet.columns, 1):
        letter, head = get_column_letter(number), page.cell(2, number)
        page.column_dimensions[letter].width = column.width
        page.column_dimensions[letter].number_format = "@"  # or a telephone number loses its first zero
        head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        if column.needed:
            head.fill = needed
        head.comment = Comment(" / ".join(column.names[lang] for lang in LANGUAGES), "hub")
        _choose(page, column, letter, sources)


def _choose(page: Worksheet, column: TemplateColumn, letter: str, sources: Mapping[str, str]) -> None:
    if column.choice not in sources:
        return
    rule = DataValidation("list", formula1=sources[column.choice], allow_blank=True)
    # A number of another sheet may be filled in before that sheet is; the lists are closed.
    rule.showErrorMessage = column.choice in {*CHOICES, "area"}
    page.add_data_validation(rule)
    rule.add(f"{letter}{FIRST_ROW}:{letter}{FIRST_ROW + ROWS - 1}")
