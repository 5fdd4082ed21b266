"""Hosts, ports and URLs in settings: whether they can be any, before something is opened with them."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import make_url

_HOST = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?")


def is_host(word: str) -> bool:
    """Whether a word can be the name or address of a host."""
    return len(word) < 256 and _HOST.fullmatch(word) is not None


def web(url: str) -> SplitResult | None:
    """The parts of an http(s) URL with a host, and a port that can be one where it names one; None: it is none."""
    try:
        parts = urlsplit(url)
        fit = parts.scheme in {"http", "https"} and is_host(parts.hostname or "") and parts.port != 0
    except ValueError:  # brackets, or a port beyond 65535
        return None
    return parts if fit else None


def unfit_url(url: str) -> str:
    """Why a database cannot be reached by this URL, and what would do; empty if it can. Nothing of it is repeated."""
    try:
        given = make_url(url)
    except Exception:  # SQLAlchemy's own and ValueError; both repeat the URL, with its password
        return "is no URL of a PostgreSQL database: set it to postgresql://user:password@host:5432/name"
    if given.drivername not in {"postgresql", "postgres"}:
        return "is no URL of a PostgreSQL database: set it to postgresql://user:password@host:5432/name"
    if given.host is not None and not is_host(given.host):
        return "names a host that can be none: correct it"
    if given.port is not None and not 1 <= given.port <= 65535:
        return "names a port that can be none: use one of 1 to 65535"
    if given.query.keys() - {"host", "port"}:
        return "may say host and port after its question mark, nothing else: TLS is asked for by PGSSLMODE"
    return ""
