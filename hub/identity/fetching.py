"""Bounded JSON over HTTP; a value fetched once for everybody, kept an hour, served stale while its source is down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx

from hub.base.time import now

T = TypeVar("T")

MAX_BYTES = 256 * 1024
TIMEOUT_SECONDS = 5.0


class Unavailable(Exception):
    """The provider did not answer, or answered something that cannot be used. Never shown to anybody."""


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def safe_url(url: object) -> str:
    """`url` if it is absolute https (http on loopback only) without credentials or fragment; else `Unavailable`."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or len(url) > 2048:
        raise Unavailable("url")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.fragment or "@" in parts.netloc:
        raise Unavailable("url")
    if parts.scheme == "http" and not is_loopback(url):
        raise Unavailable("url must be https")
    return url


async def get_json(http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """The JSON object at `url`: status 200, no redirect, at most 256 kB, within 5 s in all. Raises `Unavailable`."""
    try:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            http.stream("GET", safe_url(url), headers={"accept": "application/json"}, follow_redirects=False) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise Unavailable(f"status {answer.status_code}")
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise Unavailable("too large")
        found = json.loads(body)
    except (httpx.HTTPError, TimeoutError, ValueError, RecursionError) as problem:
        raise Unavailable(type(problem).__name__) from problem
    if not isinstance(found, dict):
        raise Unavailable("not an object")
    return found


class Cached(Generic[T]):
    """One remote value. Whatever is asked of it, it fetches at most once in `gap`, and callers share that fetch."""

    def __init__(
        self,
        load: Callable[[], Awaitable[T]],
        *,
        life: timedelta = timedelta(hours=1),
        gap: timedelta = timedelta(seconds=30),
        stale: timedelta = timedelta(hours=24),
    ) -> None:
        self._load, self._life, self._gap, self._stale = load, life, gap, stale
        self._value: T | None = None
        self._loaded: datetime | None = None
        self._tried: datetime | None = None
        self._lock = asyncio.Lock()

    async def get(self, suffices: Callable[[T], bool] = lambda _: True) -> T | None:
        """The value; fetched again when it is old or does not suffice. None: never had, or stale for too long."""
        value = self._value
        enough = value is not None and suffices(value)
        if enough and self._within(self._loaded, self._life):
            return value
        under_way = self._lock.locked()
        if enough and under_way:
            return self._value if self._within(self._loaded, self._stale) else None
        if under_way or not self._within(self._tried, self._gap):
            async with self._lock:  # those who waited find the gap closed and go on with what the first one brought
                if not self._within(self._tried, self._gap):
                    await self._refresh()
        return self._value if self._within(self._loaded, self._stale) else None

    async def _refresh(self) -> None:
        before, self._tried = self._tried, now()
        try:
            self._value = await self._load()
            self._loaded = self._tried
        except Unavailable:
            pass  # what is known goes on serving until it is too old
        except asyncio.CancelledError:
            self._tried = before  # a caller who gave up must not close the gap for the others
            raise

    @staticmethod
    def _within(moment: datetime | None, span: timedelta) -> bool:
        return moment is not None and timedelta(0) <= now() - moment < span
