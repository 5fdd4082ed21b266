"""What keeps the database from answering now, told from a fault of ours: it passes, and trying again is worth it."""

from __future__ import annotations

from collections.abc import Iterator

from asyncpg import exceptions as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .errors import Conflict, Refusal

SECONDS = 10
"""After how many seconds trying again makes sense."""


class BeingWritten(Conflict):
    """Another transaction holds what is needed."""

    code = "being_written"


class Unavailable(Refusal):
    """The database is not to be had."""

    code = "unavailable"


PASSING = frozenset({BeingWritten.code, Unavailable.code})

_HELD = (pg.LockNotAvailableError, pg.DeadlockDetectedError, pg.SerializationError)
_AWAY = (
    pg.PostgresConnectionError,  # lost, refused, never was
    pg.OperatorInterventionError,  # shut down, starting up
    pg.InsufficientResourcesError,  # too many connections, memory, disk
    pg.ReadOnlySQLTransactionError,  # a standby, until it is promoted
    ConnectionError,
    TimeoutError,
    PoolTimeout,
)


def outage(error: BaseException) -> Refusal | None:
    """What an error of the database comes to; None for anything else, which is a fault.

    SQLAlchemy's wrapping is looked through.
    """
    for cause in _causes(error):
        if isinstance(cause, _HELD):
            return BeingWritten()
        closed = isinstance(cause, pg.InterfaceError) and "closed" in str(cause)  # also raised for mistakes of ours
        if closed or isinstance(cause, _AWAY):
            return Unavailable()
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what SQLAlchemy wraps in it; not whatever else was being handled when it was raised."""
    yield error
    if isinstance(error, DBAPIError) and error.orig is not None:
        yield error.orig
        if error.orig.__cause__ is not None:
            yield error.orig.__cause__
