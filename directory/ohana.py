"""The CSV dialect of the Ohana API: lists in cells, places under services, read as the tables of HSDS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .packages import Package, PackageRefused, Resource
from .reports import Problem
from .spill import Spill

_COMMAS = re.compile(r",(?![^(]*\))")
"""Commas between the items of a list, not those inside brackets: `Chinese (Cantonese, Toisan), Spanish`."""
_YES = {"true", "t", "1", "yes", "y"}
_RENAMED = {
    "locations": {"website": "url"},
    "services": {"website": "url", "fees": "fees_description", "eligibility": "eligibility_description"},
    "phones": {"number_type": "type", "department": "description"},
    "regular_schedules": {"weekday": "byday"},
    "taxonomy": {"taxonomy_id": "id"},
}
"""Columns of HSDS under the dialect's names."""
_NAMES = {"mail_addresses": "postal_addresses", "regular_schedules": "schedules", "taxonomy": "taxonomy_terms"}
"""Files of HSDS under the dialect's names."""
_LISTS = {
    "organizations": {"funding_sources": ("funding", "organization_id", "source")},
    "locations": {
        "accessibility": ("accessibility", "location_id", "description"),
        "languages": ("languages", "location_id", "name"),
    },
    "services": {
        "service_areas": ("service_areas", "service_id", "name"),
        "languages": ("languages", "service_id", "name"),
        "required_documents": ("required_documents", "service_id", "document"),
        "funding_sources": ("funding", "service_id", "source"),
        "taxonomy_ids": ("attributes", "service_id", "taxonomy_term_id"),
    },
}
"""Columns that hold a list: the table whose rows its items are, the column of their owner, and of what they say."""


def is_ohana(package: Package) -> bool:
    """Whether services stand at a location and name no agency of their own: HSDS 1 and later always name it."""
    if package.descriptor:
        return False
    names = {r.name.lower(): r for r in package.resources}
    if not {"services", "locations"} <= names.keys():
        return False
    header = _header(package, names["services"])
    return "location_id" in header and "organization_id" not in header


def unfolded(package: Package) -> Spill:
    """The tables of HSDS that these files are. Raises PackageRefused where a file cannot be read."""
    spill = Spill(package.limits, nested=False)
    try:
        agencies: dict[str, str] = {}
        order = {"locations": 0, "services": 2}
        for resource in sorted(package.resources, key=lambda r: (order.get(r.name.lower(), 1), r.path)):
            agencies |= _file(spill, package, resource, agencies)
        spill.other_files = package.other_files
        package.close()
        return spill.ready()
    except BaseException:
        spill.close()
        raise


def _header(package: Package, resource: Resource) -> list[str]:
    rows = package.rows(resource, package.encoding(resource))
    return [h.strip().lower() for h in next(rows, (0, []))[1]]


def _file(spill: Spill, package: Package, resource: Resource, agencies: Mapping[str, str]) -> dict[str, str]:
    """Lay down one file; answers location -> agency where the file is that of locations."""
    name, path, found = resource.name.lower(), resource.path, dict[str, str]()
    encoding = package.encoding(resource)
    lines = package.rows(resource, encoding)
    header = [h.strip().lower() for h in next(lines, (0, []))[1]]
    if not header:
        raise PackageRefused("empty_file", path)
    if twice := next((h for h in header if h and header.count(h) > 1), ""):
        raise PackageRefused("column_twice", path, 1, twice)
    table, renamed = _NAMES.get(name, name), _RENAMED.get(name, {})
    spill.columns(path, table, {new: old for old, new in renamed.items()})
    if encoding == "cp950":
        spill.notes.append(Problem(path, 0, "", "big5"))
    for line, given in lines:
        if len(given) != len(header):
            spill.fall(table, Problem(path, line, "", "cells"))
            continue
        cells = {column: cell for column, cell in zip(header, given, strict=True) if column}
        if name == "locations":
            found[cells.get("id", "").strip()] = cells.get("organization_id", "").strip()
        for other, row, where in _rows(name, cells, agencies):
            spill.add(path, other or table, line, row, where)
    return found


def _rows(name: str, cells: dict[str, str], agencies: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """The rows one row is: of its own table (''), then of others, each with the column it comes from."""
    own = cells.get("id", "").strip()
    lists = _LISTS.get(name, {})
    row = {_RENAMED.get(name, {}).get(c, c): cell for c, cell in cells.items() if c not in lists}
    if name == "locations":
        virtual = row.pop("virtual", "").strip().lower() in _YES
        row["location_type"] = "virtual" if virtual else "physical"
    elif name == "organizations" and (year := re.search(r"\b(1[5-9]|20)\d\d\b", row.get("date_incorporated", ""))):
        row["year_incorporated"] = year[0]
    elif name == "taxonomy":
        row["code"] = row.get("id", "")
    elif name == "services":
        there = row.pop("location_id", "").strip()
        # A place nobody knows leads to no agency, and is told as such rather than as an agency left out.
        row.setdefault("organization_id", agencies.get(there) or (there and f"location {there}"))
        yield "", row, ""
        if there:
            yield "service_at_locations", {"service_id": own, "location_id": there}, "location_id"
    if name != "services":
        yield "", row, ""
    for column, (table, owner, says) in lists.items():
        for item in dict.fromkeys(part.strip() for part in _COMMAS.split(cells.get(column, ""))):
            if item:
                yield table, {owner: own, says: item}, column
