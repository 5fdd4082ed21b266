"""Console sessions: begun at sign-in under a fresh token, ended by idleness, age or sign-out; CSRF tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import delete, insert
from sqlmodel import col

from hub.base.db import Session
from hub.base.errors import Refusal
from hub.base.ids import token
from hub.base.settings import Settings
from hub.base.time import now
from hub.policy.terms import Actor

from .fetching import is_loopback
from .provider import base_url
from .tables import WebSession

LIFE = timedelta(hours=12)
"""A session ends after a long shift, however busy it was."""

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"


class CsrfRefused(Refusal):
    """A form that this session did not hand out: the page must be opened again."""

    code = "csrf_refused"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live console session and whose it is."""

    actor: Actor
    session_id: bytes
    csrf: bytes
    display_name: str
    locale: str
    agency_names: dict[str, str]


class Cookies:
    """The hub's two cookies, named and guarded by where it is reached: `__Host-` and Secure unless http on loopback."""

    def __init__(self, settings: Settings) -> None:
        url = base_url(settings)
        self.secure = urlsplit(url).scheme == "https"
        if not self.secure and not is_loopback(url):
            raise ValueError("HUB_PUBLIC_URL must be https, or http on loopback: session cookies would travel openly.")
        prefix = "__Host-" if self.secure else ""
        self.session, self.sign_in = prefix + "hub", prefix + "hub-sign-in"
        parts = urlsplit(url)
        self.origin = f"{parts.scheme}://{parts.netloc}"

    def put(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        """Set a cookie that scripts cannot read and other sites cannot send along with a post."""
        response.set_cookie(name, value, max_age=max_age, path="/", httponly=True, samesite="lax", secure=self.secure)

    def drop(self, response: Response, name: str) -> None:
        """Take a cookie away."""
        response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=self.secure)

    def session_id(self, request: Request) -> bytes | None:
        """The id of the session a request claims, or None."""
        value = request.cookies.get(self.session, "")
        return hash_token(value) if 32 <= len(value) <= 64 else None


def hash_token(value: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(value.encode()).digest()


def user_agent_hash(request: Request) -> bytes:
    """A session belongs to the browser it began in; a stolen cookie used elsewhere usually gives itself away."""
    return hashlib.sha256(request.headers.get("user-agent", "").encode()).digest()[:16]


async def begin(session: Session, cookies: Cookies, request: Request, staff_id: UUID) -> str:
    """Begin a session under a fresh token, ending the one the browser had (rotation). Returns the cookie's value."""
    await end(session, cookies.session_id(request))
    value, moment = token(), now()
    await session.execute(
        insert(WebSession).values(
            id=hash_token(value),
            staff_id=staff_id,
            csrf=secrets.token_bytes(32),
            user_agent_hash=user_agent_hash(request),
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + LIFE,
        )
    )
    return value


async def end(session: Session, session_id: bytes | None) -> None:
    """End a session; nothing happens if there is none."""
    if session_id is not None:
        await session.execute(delete(WebSession).where(col(WebSession.id) == session_id))


def csrf_token(signed_in: SignedIn) -> str:
    """A token for a form of this session. Masked, different each time, so that compression tells nothing of it."""
    pad = secrets.token_bytes(len(signed_in.csrf))
    return base64.urlsafe_b64encode(pad + _xor(pad, signed_in.csrf)).decode()


def csrf_matches(signed_in: SignedIn, sent: str) -> bool:
    """Whether `sent` is a token this session handed out."""
    try:
        raw = base64.b64decode(sent.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        return False
    half = len(signed_in.csrf)
    return len(raw) == 2 * half and hmac.compare_digest(_xor(raw[:half], raw[half:]), signed_in.csrf)


async def check_csrf(request: Request, cookies: Cookies, signed_in: SignedIn) -> None:
    """Refuse a change that another site made the browser send. Raises `CsrfRefused`.

    Looks at the origin, then at the header `x-csrf-token` or the form's field `csrf`.
    """
    if request.headers.get("origin", cookies.origin) != cookies.origin:
        raise CsrfRefused
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CsrfRefused
    sent = request.headers.get(CSRF_HEADER)
    if sent is None:
        field = (await request.form()).get(CSRF_FIELD)
        sent = field if isinstance(field, str) else ""
    if not csrf_matches(signed_in, sent):
        raise CsrfRefused


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
