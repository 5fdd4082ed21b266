"""What `hub doctor` says of the work itself: whether a worker runs, and which due rows keep failing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import text

from hub.base.db import Session
from hub.base.fitness import Finding
from hub.base.healthy import WORKER, absent
from hub.base.settings import Settings
from hub.base.time import now
from scheduling import ticker

_SHOWN = 1000
_SEEN = text(
    """
    select max(greatest(query_start, state_change)) from pg_stat_activity
    where application_name = :name and datname = current_database()
    """
)
D = TypeVar("D", bound=ticker.Due)


async def worker(session: Session, settings: Settings, *, waiting: bool) -> AsyncIterator[Finding]:
    """Whether one works on this database now. Without one no clock fires; while none is `waiting` that is no fault."""
    if settings.mode == "demo":  # it works in the same process as everything else
        return
    seen: datetime | None = (await session.execute(_SEEN, {"name": WORKER})).scalar()
    if seen is not None and now() - seen < absent(settings):
        yield Finding("ok", "a worker runs")
        return
    last = f"; the last one was seen at {seen:%Y-%m-%d %H:%M:%S} UTC" if seen is not None else ""
    advice = "start `hub work`: no clock fires without"
    yield Finding("missing" if waiting else "note", f"no worker runs{last}", advice)


async def failing(
    session: Session, table: type[D], what: str, kind: Callable[[D], str], advice: Callable[[str], str],
    longest: timedelta = timedelta(hours=1),
) -> AsyncIterator[Finding]:  # fmt: skip
    """Rows that keep failing, by kind and error: how many, and since when at least. Nothing else of a row is said.

    `advice` is asked with the error's class; `longest` is the longest wait between two attempts.
    """
    groups = defaultdict[tuple[str, str], list[datetime]](list)
    rows = await ticker.failing(session, table, _SHOWN)
    for row in rows:
        groups[kind(row), row.last_error or "unknown"].append(since(row, longest))
    for (code, error), moments in sorted(groups.items()):
        many = f"{len(moments)}{' or more' if len(rows) == _SHOWN else ''}"
        yield Finding(
            "wrong", f"{what} fail: {many} x {code}, {error}, since {min(moments):%Y-%m-%d %H:%M} UTC", advice(error)
        )
    if not groups:
        yield Finding("ok", f"no {what} fail")


def since(row: ticker.Due, longest: timedelta) -> datetime:
    """The latest moment at which a row can have failed first: what it has waited since then, by its own waits."""
    assert row.next_fire_at is not None
    waits = [min(ticker.backoff(attempt), longest) for attempt in range(1, min(row.attempts, 12) + 1)]
    return row.next_fire_at - sum(waits, timedelta()) - max(0, row.attempts - 12) * longest
