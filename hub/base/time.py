"""The one seam for time: everything that asks what time it is asks `now()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


def _clock() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _clock


def now() -> datetime:
    """This moment, timezone-aware, in UTC."""
    return _source()


@contextmanager
def at(moment: datetime) -> Iterator[Callable[[timedelta], None]]:
    """Hold time still at `moment` inside the block; the yielded function moves it on. For tests and rehearsals."""
    global _source  # noqa: PLW0603 - the seam itself
    before, held = _source, [moment]

    def still() -> datetime:
        return held[0]

    def move(step: timedelta) -> None:
        held[0] += step

    _source = still
    try:
        yield move
    finally:
        _source = before
