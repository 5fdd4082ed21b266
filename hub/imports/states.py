"""The states of a package, apart from its tables so that others may name them."""

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


DUE = (ImportState.WAITING, ImportState.CONFIRMED)
"""States in which the worker has something to do."""
OPEN = (ImportState.RECEIVING, ImportState.WAITING, ImportState.TRIED, ImportState.CONFIRMED)
"""States in which the file is kept."""
