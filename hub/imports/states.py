"""The states of packages and exports, apart from their tables so that others may name them."""

from __future__ import annotations

from enum import StrEnum


class ImportState(StrEnum):
    """Where a package stands. Nothing of it is in the directory before `written`."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    TRIED = "tried"
    CONFIRMED = "confirmed"
    WRITTEN = "written"
    REFUSED = "refused"
    FAILED = "failed"
    DISCARDED = "discarded"
    EXPIRED = "expired"


class ImportReason(StrEnum):
    """Why a package came to nothing, where its report does not say it. The values are codes of messages."""

    NOT_ALLOWED = "not_allowed"
    FILE_DAMAGED = "file_damaged"
    GIVEN_UP = "given_up"
    SECRET = "secret"  # noqa: S105 - no password


DUE = (ImportState.WAITING, ImportState.CONFIRMED)
"""States in which the worker has something to do."""
OPEN = (ImportState.RECEIVING, ImportState.WAITING, ImportState.TRIED, ImportState.CONFIRMED)
"""States in which the file is kept."""


class ExportForm(StrEnum):
    """What the directory is given away as."""

    HSDS = "hsds"
    JSON = "json"
    XLSX = "xlsx"
    BEYOND_CSV = "beyond_csv"
    BEYOND_JSON = "beyond_json"


class ExportState(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
