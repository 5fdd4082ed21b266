"""Pure rules of packages sent in: what may be sent, how long it is kept, when two reports tell of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from directory.reports import ImportReport
from hub.base.errors import FieldError

KINDS = (".zip", ".csv", ".json", ".ndjson", ".jsonl", ".xlsx")
MOST_BYTES = 256 << 20
PART = 1 << 20
MOST_OPEN = 5
"""Packages kept at once: a disk is not filled by sending."""
MOST_BEGUN = 4
KEPT = timedelta(days=7)
"""How long a package waits for whoever sent it."""
REMARKS_KEPT = timedelta(days=30)
"""How long the remarks of a report stay once nothing more is done with its package; its counts stay."""
LONGEST = 200
_MOST_NAME_BYTES = 200
_MOST_TERMS = 200
_COUNTS = ("read", "created", "updated", "kept", "rejected", "removed")


def check(file_name: str, source: str) -> list[FieldError]:
    """What is wrong with how a package is announced."""
    wrong = []
    if not file_name.strip() or len(file_name) > LONGEST:
        wrong.append(FieldError("fileName", "file_name_form"))
    elif PurePosixPath(file_name.lower()).suffix not in KINDS:
        wrong.append(FieldError("fileName", "package_kind"))
    if len(source) > LONGEST:
        wrong.append(FieldError("source", "too_long"))
    elif not source.strip().isprintable():
        wrong.append(FieldError("source", "plain_text_only"))
    elif source.strip().casefold() == "hub":
        wrong.append(FieldError("source", "source_is_ours"))
    return wrong


def plain_name(file_name: str) -> str:
    """The last part of a file's name, without anything a terminal or a path would act on."""
    last = file_name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "_" for c in last).strip(" .")


def name_on_disk(file_name: str) -> str:
    """A name that any disk takes: what kind of file it is stays, and as much of the rest as there is room for."""
    path = PurePosixPath(file_name)
    stem = path.stem.encode()[: _MOST_NAME_BYTES - len(path.suffix)].decode(errors="ignore")
    return f"{stem or 'package'}{path.suffix}"


def told_of(report: ImportReport) -> dict[str, Any]:
    """The report as it is kept, without the remarks."""
    return {
        "source": report.source,
        "tables": [[table.file, table.entity, *(getattr(table, what) for what in _COUNTS)] for table in report.tables],
        "counts": [[file, code, count] for (file, code), count in sorted(report.counts.items())],
        "terms": [list(asdict(term).values()) for term in report.unknown_terms[:_MOST_TERMS]],
        "not_read": report.not_read[:_MOST_TERMS],
        "known": report.known,
        "changed": report.changed,
        "gone": report.gone,
        "services": report.services,
        "services_without_area": report.services_without_area,
        "services_without_need": report.services_without_need,
        "seconds": round(report.seconds, 3),
    }


def figures(report: ImportReport) -> dict[str, int]:
    """What an import did, as it goes on record: how many rows, of no matter which table."""
    return {**{what: report.total(what) for what in _COUNTS}, "services": report.services}


def same_outcome(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two reports tell of the same deed: the same rows made, changed, kept, refused and removed."""
    return all(one.get(part) == other.get(part) for part in ("source", "tables", "counts", "known", "changed", "gone"))
