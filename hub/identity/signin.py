"""Signing in to the console and out of it: authorization code with PKCE, state and nonce (OAuth 2.0 BCP, RFC 9700)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hub.audit.chain import append
from hub.base.db import Database
from hub.base.errors import Refusal
from hub.base.ids import token
from hub.base.time import now
from hub.policy.terms import Actor

from .actors import actor_from_claims, signed_in
from .answers import Render, plain_page
from .fetching import MAX_BYTES, TIMEOUT_SECONDS
from .provider import Oidc, ProviderUnavailable, base_url
from .rules import safe_next
from .sessions import Cookies, CsrfRefused, begin, check_csrf, end
from .tokens import Unauthenticated

log = logging.getLogger(__name__)

SIGN_IN_SECONDS: Final = 600
SCOPE: Final = "openid profile"
_MAX_PARAMETER: Final = 4096
_CLEAR: Final = '"cache", "cookies", "storage"'


class NoAccount(Refusal):
    """The provider knows this person, the hub does not. Accounts are never made by signing in."""

    code = "no_account"


class AccountSuspended(Refusal):
    """The account or its agency is suspended or expired (F1)."""

    code = "account_suspended"


class SignInExpired(Refusal):
    """The answer fits no sign-in this browser has begun."""

    code = "sign_in_expired"


class SignInRefused(Refusal):
    """The provider said no, or what it said cannot be believed."""

    code = "sign_in_refused"


STATUS: Final[dict[type[Refusal], int]] = {
    NoAccount: 403,
    AccountSuspended: 403,
    CsrfRefused: 403,
    ProviderUnavailable: 503,
    SignInExpired: 400,
    SignInRefused: 400,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in one browser has begun. All its secrets follow from one seed in a cookie: nothing is stored here.

    The provider sees `state`, `nonce` and the hash of `verifier`; none of them tells another or the seed.
    """

    seed: str
    next: str
    until: int

    @property
    def state(self) -> str:
        """Binds the answer to this browser."""
        return self._derive("state")

    @property
    def nonce(self) -> str:
        """Binds the ID token to this sign-in."""
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        """Proves to the provider that who redeems the code began the sign-in (RFC 7636)."""
        return self._derive("verifier")

    def _derive(self, what: str) -> str:
        mac = hmac.digest(self.seed.encode(), what.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def dump(self) -> str:
        """The cookie's value."""
        return base64.urlsafe_b64encode(json.dumps([self.seed, self.next, self.until]).encode()).decode()

    @staticmethod
    def load(value: str | None) -> Attempt:
        """The attempt a cookie holds; raises `SignInExpired`. What it says is this browser's word, so checked again."""
        try:
            seed, after, until = json.loads(base64.urlsafe_b64decode(value or ""))
            if not isinstance(seed, str) or len(seed) < 40 or type(until) is not int or until < now().timestamp():
                raise SignInExpired
        except (ValueError, TypeError, RecursionError):
            raise SignInExpired from None
        return Attempt(seed, safe_next(after), until)


class _Client(OAuth2Client):
    """Authlib's client over the hub's own HTTP client: bounded in time and size, and it follows no redirect."""

    session: httpx.AsyncClient

    def __init__(self, oidc: Oidc, redirect_uri: str) -> None:
        settings = oidc.settings
        super().__init__(
            oidc.http,
            settings.oidc_client_id,
            settings.oidc_client_secret.get_secret_value() or None,
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )

    async def _fetch_token(
        self, url: str, body: str, headers: dict[str, str], auth: ClientAuth, method: str, **_: Any
    ) -> dict[str, Any]:
        sign: Any = auth  # Authlib's own annotations are partial
        url, headers, body = sign.prepare(method, url, dict(headers), body)
        answer = await self.session.request(method, url, content=body, headers=headers, follow_redirects=False)
        if len(answer.content) > MAX_BYTES:
            raise ValueError("token answer too large")
        read: Any = self.parse_response_token
        found: dict[str, Any] = read(answer)
        return found


class SignIn:
    """The sign-in of one process: `routes` for the application; `render` makes the page of a refusal."""

    def __init__(self, oidc: Oidc, database: Database, render: Render = plain_page) -> None:
        self.oidc, self.database, self.render = oidc, database, render
        self.cookies = Cookies(oidc.settings)
        self.home = base_url(oidc.settings) + "/"
        self.routes = APIRouter(prefix="/auth", tags=["sign-in"])
        self.routes.add_api_route("/sign-in", self.start, methods=["GET"], response_class=Response)
        self.routes.add_api_route("/callback", self.callback, methods=["GET"], response_class=Response)
        self.routes.add_api_route("/sign-out", self.sign_out, methods=["POST"], response_class=Response)

    async def start(self, request: Request) -> Response:
        """Send the browser to the provider. Open to everybody."""
        attempt = Attempt(
            token(), safe_next(request.query_params.get("next", "/")), int(now().timestamp()) + SIGN_IN_SECONDS
        )
        try:
            metadata = await self.oidc.metadata()
        except Refusal as refusal:
            return self._refuse(request, refusal)
        url, _ = self._client().create_authorization_url(
            metadata.authorization_endpoint,
            state=attempt.state,
            code_verifier=attempt.verifier,
            nonce=attempt.nonce,
        )
        response = _no_store(RedirectResponse(url, 303))
        self.cookies.put(response, self.cookies.sign_in, attempt.dump(), SIGN_IN_SECONDS)
        return response

    async def callback(self, request: Request) -> Response:
        """Take the provider's answer and begin a session. Open to everybody who began a sign-in in this browser."""
        try:
            attempt, code = await self._answered(request)
            claims = await self._redeem(attempt, code)
            value = await self._begin(request, claims)
        except Refusal as refusal:
            return self._refuse(request, refusal)
        response = _no_store(RedirectResponse(attempt.next, 303))
        self.cookies.drop(response, self.cookies.sign_in)
        self.cookies.put(response, self.cookies.session, value)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session here and at the provider (RP-initiated logout), and have the browser forget the pages."""
        goal = "/"
        try:
            async with self.database.work() as session:
                mine = await signed_in(session, self.oidc, self.cookies, request)
                if mine is not None:
                    await check_csrf(request, self.cookies, mine)
                    await end(session, mine.session_id)
                    await append(session, mine.actor, "session.end")
            metadata = await self.oidc.metadata()
            if metadata.end_session_endpoint:
                asked = {"client_id": self.oidc.settings.oidc_client_id, "post_logout_redirect_uri": self.home}
                joint = "&" if "?" in metadata.end_session_endpoint else "?"
                goal = metadata.end_session_endpoint + joint + urlencode(asked)
        except ProviderUnavailable:
            pass  # the session here has ended, which is what counts
        except Refusal as refusal:
            return self._refuse(request, refusal)
        response = _no_store(RedirectResponse(goal, 303))
        self.cookies.drop(response, self.cookies.session)
        response.headers["clear-site-data"] = _CLEAR
        return response

    def _client(self) -> _Client:
        """Authlib keeps the last token in its client, so each sign-in has its own."""
        return _Client(self.oidc, self.home + "auth/callback")

    async def _answered(self, request: Request) -> tuple[Attempt, str]:
        """The attempt an answer belongs to, and its code."""
        asked = request.query_params
        attempt = Attempt.load(request.cookies.get(self.cookies.sign_in))
        if not hmac.compare_digest(asked.get("state", "").encode(), attempt.state.encode()):
            raise SignInExpired
        metadata = await self.oidc.metadata()
        issuer = asked.get("iss")
        if issuer != self.oidc.issuer and (issuer is not None or metadata.names_issuer):
            raise SignInRefused  # another provider's answer (mix-up, RFC 9207)
        code = asked.get("code", "")
        if "error" in asked or not 0 < len(code) <= _MAX_PARAMETER:
            raise SignInRefused
        return attempt, code

    async def _redeem(self, attempt: Attempt, code: str) -> dict[str, Any]:
        """The ID token's claims for a code. The token comes straight from the provider and is checked all the same."""
        metadata = await self.oidc.metadata()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._client().fetch_token(
                    metadata.token_endpoint, grant_type="authorization_code", code=code, code_verifier=attempt.verifier
                )
            return await self.oidc.id_claims(answer.get("id_token"), attempt.nonce)
        except Unauthenticated as refusal:
            log.warning("ID token refused: %s", refusal.reason)
        except (httpx.TransportError, TimeoutError):
            raise ProviderUnavailable from None
        except (AuthlibBaseError, httpx.HTTPError, ValueError) as problem:
            log.warning("code not redeemed: %s", type(problem).__name__)
        raise SignInRefused

    async def _begin(self, request: Request, claims: dict[str, Any]) -> str:
        """Begin the session of whom the claims name; raises `NoAccount` or `AccountSuspended`."""
        async with self.database.work() as session:
            try:
                actor = await actor_from_claims(session, self.oidc, claims)
            except Unauthenticated:
                raise SignInRefused from None
            if actor is None:
                raise NoAccount
            allowed = _in_standing(actor)
            await append(session, actor, "session.begin" if allowed else "session.refuse")
            value = await begin(session, self.cookies, request, actor.id) if allowed else ""
        if not value:
            raise AccountSuspended
        return value

    def _refuse(self, request: Request, refusal: Refusal) -> Response:
        response = _no_store(self.render(request, STATUS[type(refusal)], refusal.code))
        if not isinstance(refusal, CsrfRefused | SignInExpired):  # an answer that is not ours must not end one that is
            self.cookies.drop(response, self.cookies.sign_in)
        return response


def _in_standing(actor: Actor) -> bool:
    expired = actor.expires_at is not None and actor.expires_at <= now()
    return not (actor.suspended or actor.agency_suspended or expired)


def _no_store(response: Response) -> Response:
    response.headers["cache-control"] = "no-store"
    response.headers["referrer-policy"] = "no-referrer"
    return response
