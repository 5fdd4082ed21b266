"""Reading the filled-in template: each row taken apart into the rows of the tables it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from openpyxl.utils import get_column_letter

from .reports import Problem
from .spill import Spill
from .taxonomy import NEEDS
from .template import KEYS, code_of

if TYPE_CHECKING:
    from .workbook import Book

_ADDRESS = ("address_1", "city", "state_province", "postal_code")
_VOCABULARY = "hub"
_Made = tuple[str, dict[str, str], str]
"""Table, row, and the column of the sheet it was made of."""


def is_template(first: list[str]) -> bool:
    """Whether a sheet that begins with this row is one of the template's."""
    return any(key in KEYS for key in first)


def unfolded(book: Book, label: str) -> Spill:
    """The tables that the rows of the template's sheets are; other sheets are left alone."""
    spill = Spill(book.limits, nested=False)
    try:
        used: set[str] = set()
        for title in book.sheets:
            if is_template(book.first(title)):
                used |= _sheet(spill, book, title)
        for code in sorted(used):
            term = {"id": code, "code": code, "name": NEEDS[code].names["zh-Hant"], "taxonomy": _VOCABULARY}
            spill.add(label, "taxonomy_terms", 0, {**term, "need": code})
        return spill.ready()
    except BaseException:
        spill.close()
        raise


def _sheet(spill: Spill, book: Book, title: str) -> set[str]:
    rows, path, used = book.cells(title), book.path(title), set[str]()
    _, keys, _ = next(rows, (0, list[str](), 0))
    _, heads, _ = next(rows, (0, list[str](), 0))
    entity = next(KEYS[key][0].entity for key in keys if key in KEYS)
    known = [(at, KEYS[key][1]) for at, key in enumerate(keys) if key in KEYS]
    shown = {c.key: f"{get_column_letter(at + 1)} {heads[at] if at < len(heads) else ''}".strip() for at, c in known}
    spill.columns(path, entity, _named(shown))
    for number, texts, formula in rows:
        if formula:
            column = shown.get(next((c.key for at, c in known if at + 1 == formula), ""), get_column_letter(formula))
            spill.fall(entity, Problem(path, number, column, "formula"))
            continue
        cells = {c.key: code_of(c.choice, texts[at].strip()) if at < len(texts) else "" for at, c in known}
        if not any(cells.values()):
            continue
        for table, row, key in _MAKERS[entity](cells):
            spill.add(path, table, number, row, shown.get(key, ""))
            if table == "attribute" and row["taxonomy_term_id"] in NEEDS:
                used.add(row["taxonomy_term_id"])
    return used


def _named(shown: Mapping[str, str]) -> dict[str, str]:
    """The sheet's columns by the names their tables have for them."""
    same = {"location_type": "confidential", "area_code": "area", "interpretation_services": "interpretation"}
    return {**shown, **{column: shown[key] for column, key in same.items() if key in shown}}


def _organization(cells: Mapping[str, str]) -> Iterator[_Made]:
    own = cells.get("id", "")
    yield "organization", {k: v for k, v in cells.items() if k != "phone"}, ""
    if own and (number := cells.get("phone", "")):
        yield "phone", {"organization_id": own, "number": number}, "phone"


def _location(cells: Mapping[str, str]) -> Iterator[_Made]:
    own, hidden = cells.get("id", ""), cells.get("confidential", "")
    left = {*_ADDRESS, "confidential", "area", "wheelchair"}
    row = {k: v for k, v in cells.items() if k not in left}
    # What is neither yes nor no must not make a place public.
    kind = {"true": "confidential", "false": "physical", "": "physical"}.get(hidden, hidden)
    yield "location", {**row, "location_type": kind, "area_code": cells.get("area", "")}, ""
    if own and (address := {k: v for k in _ADDRESS if (v := cells.get(k, ""))}):
        yield "address", {"location_id": own, **address}, "address_1"
    if own and cells.get("wheelchair") == "true":
        yield "accessibility", {"location_id": own, "description": "wheelchair"}, "wheelchair"


def _service(cells: Mapping[str, str]) -> Iterator[_Made]:
    own = cells.get("id", "")
    left = {"location_id", "interpretation", "phone", "hours"}
    several = {f"{key}_{i}" for key in ("need", "area", "language") for i in (1, 2, 3)}
    row = {k: v for k, v in cells.items() if k not in left | several}
    if said := cells.get("interpretation", ""):
        row["interpretation_services"] = {"true": "yes", "false": ""}.get(said, said)
    yield "service", row, ""
    if not own:
        return
    for table, column, keys in (
        ("service_at_location", "location_id", ("location_id",)), ("phone", "number", ("phone",)),
        ("schedule", "description", ("hours",)), ("attribute", "taxonomy_term_id", ("need_1", "need_2", "need_3")),
        ("service_area", "area_code", ("area_1", "area_2", "area_3")),
        ("language", "name", ("language_1", "language_2", "language_3")),
    ):  # fmt: skip
        said_already = set[str]()
        for key in keys:
            if (value := cells.get(key, "")) and value not in said_already:
                said_already.add(value)
                yield table, {"service_id": own, column: value}, key


_MAKERS = {"organization": _organization, "location": _location, "service": _service}
