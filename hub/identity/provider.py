"""The OIDC provider of this hub: its discovered endpoints, its signing keys, and what its tokens must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from hub.base.errors import Refusal
from hub.base.settings import Settings

from .fetching import Cached, Unavailable, get_json, safe_url
from .tokens import UNKNOWN_KEY, BoundKey, Keys, Rules, Unauthenticated, usable_keys, verify

DEV_ISSUER_PATH: Final = "/dev-issuer"
ID_TYPES: Final = frozenset({"jwt", ""})
_OF_ID_TOKENS: Final = frozenset({"nonce", "at_hash", "c_hash", "s_hash"})
"""Claims that bind an ID token to its sign-in (OpenID Connect Core 2, 3.3.2.11); no access token needs them."""


class ProviderUnavailable(Refusal):
    """The provider cannot be reached now: signing in must wait, and so must tokens whose keys are not known yet."""

    code = "provider_unavailable"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider says of itself, checked."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    names_issuer: bool = False
    """It sends `iss` with every authorization answer (RFC 9207), so an answer without one is a forgery."""


def base_url(settings: Settings) -> str:
    """The URL people use, without a final slash."""
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


def issuer_of(settings: Settings) -> str:
    """The issuer, exactly as in its tokens; outside production the built-in one where none is set."""
    if settings.oidc_issuer:
        return settings.oidc_issuer
    if settings.mode == "production":
        raise ValueError("HUB_OIDC_ISSUER is not set.")
    return base_url(settings) + DEV_ISSUER_PATH


def read_metadata(document: Mapping[str, Any], issuer: str) -> Metadata:
    """Check a discovery document (OpenID Connect Discovery 4.3): the issuer must match to the letter.

    Raises `Unavailable` if it is another's, or lacks an endpoint, PKCE or a safe URL.
    """
    if document.get("issuer") != issuer:
        raise Unavailable("issuer does not match")
    methods = document.get("code_challenge_methods_supported", ["S256"])
    if not isinstance(methods, list) or "S256" not in methods:
        raise Unavailable("no PKCE with S256")
    end_session = document.get("end_session_endpoint")
    return Metadata(
        authorization_endpoint=safe_url(document.get("authorization_endpoint")),
        token_endpoint=safe_url(document.get("token_endpoint")),
        jwks_uri=safe_url(document.get("jwks_uri")),
        end_session_endpoint=safe_url(end_session) if end_session else "",
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


class Oidc:
    """One per process: everything the hub asks of its provider goes through here and through one HTTP client."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.http = http
        self.issuer = safe_issuer(issuer_of(settings))
        self._metadata = Cached(self._discover)
        self.keys = Keys(Cached(self._fetch_keys))
        self._access = Rules(self.issuer, settings.oidc_audience, frozenset({settings.oidc_access_type.lower()}))
        self._id = Rules(self.issuer, settings.oidc_client_id, ID_TYPES, only_audience=True)

    async def metadata(self) -> Metadata:
        """The provider's endpoints; raises `ProviderUnavailable`."""
        found = await self._metadata.get()
        if found is None:
            raise ProviderUnavailable
        return found

    async def access_claims(self, token: object) -> dict[str, Any]:
        """The claims of an access token for this hub; raises `Unauthenticated`, and `ProviderUnavailable` while the
        keys of the provider are not known.

        By RFC 9068 the header says that it is one. Where the provider only says `JWT`, an ID token is told by what it
        alone has: it is for the client itself, or bound to one sign-in, or names its kind.
        """
        try:
            claims = await verify(token, self.keys, self._access)
        except Unauthenticated as refusal:
            if refusal.reason == UNKNOWN_KEY and not await self.keys.known():
                raise ProviderUnavailable from None
            raise
        if self.settings.oidc_access_type == "JWT":
            named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
            kind = claims.get("typ", "Bearer")
            if self.settings.oidc_client_id in named or kind != "Bearer" or not _OF_ID_TOKENS.isdisjoint(claims):
                raise Unauthenticated("an ID token")
        return claims

    async def id_claims(self, token: object, nonce: str) -> dict[str, Any]:
        """The claims of the ID token that answers the sign-in with this `nonce`; raises `Unauthenticated`."""
        claims = await verify(token, self.keys, self._id)
        if claims.get("nonce") != nonce:
            raise Unauthenticated("nonce")
        if claims.get("azp", self.settings.oidc_client_id) != self.settings.oidc_client_id:
            raise Unauthenticated("authorized party")
        return claims

    async def _discover(self) -> Metadata:
        url = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        return read_metadata(await get_json(self.http, url), self.issuer)

    async def _fetch_keys(self) -> dict[str, BoundKey]:
        metadata = await self._metadata.get()
        if metadata is None:
            raise Unavailable("no discovery")
        return usable_keys(await get_json(self.http, metadata.jwks_uri))


def safe_issuer(issuer: str) -> str:
    """`issuer` if it is https (http on loopback only) without query; raises `ValueError` at start-up otherwise."""
    try:
        safe_url(issuer)
    except Unavailable as problem:
        raise ValueError(f"HUB_OIDC_ISSUER must be an https URL: {issuer!r}") from problem
    if urlsplit(issuer).query:
        raise ValueError("HUB_OIDC_ISSUER must have no query.")
    return issuer
