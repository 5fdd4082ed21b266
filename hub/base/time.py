"""The one seam for time: everything that asks what time it is asks `now()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_source: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """This moment, timezone-aware, in UTC."""
    return _source()


@contextmanager
def at(moment: datetime) -> Iterator[Callable[[timedelta], None]]:
    """Hold time still at `moment` inside the block; the yielded function moves it on. For tests and rehearsals."""
    global _source  # noqa: PLW0603 - the seam itself
    before, held = _source, [moment]

    def move(step: timedelta) -> None:
        held[0] += step

    _source = lambda: held[0]  # noqa: E731
    try:
        yield move
    finally:
        _source = before
