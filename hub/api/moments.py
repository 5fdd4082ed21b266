"""GraphQL: moments, with an offset where somebody says one, within the centuries this hub will see."""

from __future__ import annotations

from datetime import datetime

import strawberry

EARLIEST, LATEST = 2000, 2099
"""Years a moment may lie in: far enough for any duty, near enough that sums of days cannot overflow."""


def moment_of(text: object) -> datetime:
    """A moment from ISO 8601; ValueError says what is wrong without repeating it."""
    if not isinstance(text, str) or len(text) > 40:
        raise ValueError("a moment is a text in ISO 8601")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a moment is a text in ISO 8601") from None
    if not EARLIEST < found.year < LATEST:
        raise ValueError(f"a moment lies between {EARLIEST} and {LATEST}")
    return found


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A moment in ISO 8601 with its offset, e.g. 2026-11-22T13:00:00+08:00; between 2000 and 2099.",
    serialize=datetime.isoformat,
    parse_value=moment_of,
)
