"""A remote value fetched once: also by those who ask while the first fetch is still under way."""

from __future__ import annotations

import asyncio

from hub.identity.fetching import Cached, Unavailable


async def test_the_first_askers_share_one_fetch_and_all_get_it() -> None:
    """After a start, ten requests at once: one fetch, ten answers, none refused."""
    fetched = 0

    async def load() -> str:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0.05)
        return "keys"

    cached = Cached(load)
    assert await asyncio.gather(*(cached.get() for _ in range(10))) == ["keys"] * 10
    assert fetched == 1


async def test_those_who_wait_for_a_failure_do_not_fetch_again() -> None:
    """The gap holds for those who waited, too."""
    fetched = 0

    async def load() -> str:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0.05)
        raise Unavailable("away")

    cached = Cached(load)
    assert await asyncio.gather(*(cached.get() for _ in range(10))) == [None] * 10
    assert fetched == 1
