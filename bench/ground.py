"""The county of a run: written once into a database of the server, and copied for the peers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from directory.taxonomy import NEEDS
from hub.base.crypto import keys_of
from hub.base.databases import Urls
from hub.base.db import Database
from hub.base.settings import Settings

from . import data, services
from .data import County, Scale
from .site import Place, Say, Site, started, teller

PEER_PASSWORD = "peer"
_SERVICES_EACH = 20


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything the contenders run on."""

    site: Site
    home: Path
    made: County
    found: list[services.Entry]
    searches: services.Searches
    settings: Settings
    urls: Urls
    raw: Place
    peer: Place


@asynccontextmanager
async def laid(scale: Scale, issuer: str, say: Say | None = None) -> AsyncIterator[Ground]:
    """A server with the county in it, and its copies; all of it gone after the block."""
    tell = say or teller(time.monotonic())
    async with started(issuer) as site:
        yield await lay(site, scale, tell)


async def lay(site: Site, scale: Scale, say: Say) -> Ground:
    """Write the county into the database `hub`, then copy it as `raw` for pgbench and as `peer` for PostGraphile."""
    urls = await site.copy("hub")
    made, found = await fill(urls, site.settings, scale, say)
    say("copying the county for raw SQL and for the peers")
    for name in ("raw", "peer"):
        await site.copy(name, "hub")
    await site.administer(
        f"create role peer_server login noinherit password '{PEER_PASSWORD}'",
        "create role peer_staff nologin; grant peer_staff to peer_server",
        "checkpoint",
    )
    for name in ("raw", "peer"):
        await _script(site.urls(name).owner, f"{name}.sql")
    searches = services.searches(found)
    await _pick_searches(site.urls("raw").owner, searches)
    places = site.place("raw"), site.place("peer", "peer_server", PEER_PASSWORD)
    return Ground(site, site.home, made, found, searches, site.settings, urls, *places)


async def fill(urls: Urls, settings: Settings, scale: Scale, say: Say) -> tuple[County, list[services.Entry]]:
    """Write the county of a scale into an empty, migrated database."""
    made = data.county(scale, list(NEEDS), services.areas(), _SERVICES_EACH)
    found = list(services.entries(made, scale.services))
    owner = await asyncpg.connect(urls.owner)
    db = Database(urls.app, keys=keys_of(settings))
    try:
        say(f"writing {scale.cases:,} cases and {scale.referrals:,} referrals")
        await data.load(owner, made, keys_of(settings), settings.oidc_issuer)
        await services.load(owner, db, found, say)
        await owner.execute("vacuum analyze")
    finally:
        await db.close()
        await owner.close()
    return made, found


async def _pick_searches(url: str, searches: services.Searches) -> None:
    picked = [services.search_by_hand(need, area) for need, area in searches.pairs]
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(
            "insert into pick_search values ($1, $2::text::tsquery, $3, $4, $5, $6, $7, $8)",
            [(n, *values.values()) for n, values in enumerate(picked, 1)],
        )
        await connection.execute("analyze")
    finally:
        await connection.close()


async def _script(url: str, name: str) -> None:
    path = Path(__file__).parent / "sql" / name
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(path.read_text("utf-8"))
    finally:
        await connection.close()
