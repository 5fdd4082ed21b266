"""Whether this machine's own web server or worker works, for whoever starts it anew: quick, and nothing is changed."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import httpx

from hub.base.databases import databases
from hub.base.fitness import NotFit
from hub.base.settings import Settings

WORKER = "hub work"
"""What a worker's connections call themselves: by them it is seen."""
ABSENT = timedelta(seconds=30)
"""A worker that has asked the database nothing for so long, at many looks a minute, is none."""
_SOON = 5.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared
_HERE = """
SELECT max(greatest(query_start, state_change)) > clock_timestamp() - $2::interval FROM pg_stat_activity
WHERE application_name = $1 AND datname = current_database() AND client_addr IS NOT DISTINCT FROM inet_client_addr()
"""


def here(settings: Settings) -> str:
    """Where this machine's own web server is asked."""
    return f"http://{_EVERYWHERE.get(settings.host, settings.host)}:{settings.port}"


async def serving(settings: Settings) -> None:
    """Raises `NotFit` unless the web server of this machine answers that it is ready."""
    try:
        async with httpx.AsyncClient(timeout=_SOON, trust_env=False) as client:
            answer = await client.get(f"{here(settings)}/readyz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotFit(f"no web server answers at {here(settings)}: {type(error).__name__}") from None
    if answer.status_code != 200:
        raise NotFit(f"the web server at {here(settings)} is not ready: see that it reaches its database")


async def working(settings: Settings) -> None:
    """Raises `NotFit` unless a worker of this machine (of this address, to the database) asked it something lately."""
    if not settings.database_url:
        raise NotFit("with the embedded database ask `hub doctor`: this would start it")
    late = absent(settings)
    async with databases(settings) as urls:
        connection = await asyncpg.connect(urls.app, timeout=_SOON)
        try:
            if not await connection.fetchval(_HERE, WORKER, late):
                raise NotFit(f"no worker here has asked the database anything for {late.total_seconds():.0f} s")
        finally:
            await connection.close()


def absent(settings: Settings) -> timedelta:
    """For how long a worker with these settings may ask nothing."""
    return max(ABSENT, timedelta(seconds=4 * settings.worker_tick))
