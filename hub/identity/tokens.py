"""The one strict wrapper around python-jose: which keys may sign, and which tokens are believed."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from jose import jwk, jws
from jose.backends.base import Key
from jose.exceptions import JWSError

from hub.base.errors import Refusal
from hub.base.time import now

from .fetching import Cached, Unavailable

MAX_BYTES: Final = 8192
MAX_KEYS: Final = 64
MAX_SUBJECT: Final = 255
LEEWAY: Final = 30
"""Seconds two clocks may differ."""

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+")
_FORBIDDEN: Final = frozenset({"crit", "b64", "jwk", "jku", "x5u", "x5c", "zip", "enc", "cty", "epk", "p2c", "p2s"})
"""Headers that bring their own key or change what is signed: no honest issuer needs them here."""

_KTY: Final[Mapping[str, str]] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
ALGORITHMS: Final = frozenset(_KTY)


UNKNOWN_KEY = "unknown key"


class Unauthenticated(Refusal):
    """Nobody we know is asking: an answer 401. `reason` is for tests and logs, never for the caller."""

    code = "unauthenticated"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Rules:
    """What a token must say to be believed."""

    issuer: str
    audience: str
    types: frozenset[str]
    """Allowed `typ` headers in lower case; the empty string allows none to be given."""
    max_lifetime: int = 3600
    """Seconds from `iat` to `exp` at most."""
    only_audience: bool = False
    """The audience must stand alone (an ID token is for one client)."""


@dataclass(frozen=True, slots=True)
class BoundKey:
    """A public key that may verify one algorithm under one key id."""

    kid: str
    algorithm: str
    key: Key


class _PssKey(Key):
    """PS256 (RFC 7518, 3.5), which python-jose lacks: RSASSA-PSS with SHA-256 and a salt of 32 bytes."""

    def __init__(self, public: rsa.RSAPublicKey) -> None:
        super().__init__(public, "PS256")
        self._public = public

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Whether `sig` is this key's signature of `msg`."""
        scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)
        try:
            self._public.verify(sig, msg, scheme, hashes.SHA256())
        except InvalidSignature:
            return False
        return True


class Keys:
    """A provider's signing keys by key id. `cached` fetches its JWKS document."""

    def __init__(self, cached: Cached[Mapping[str, BoundKey]]) -> None:
        self._cached = cached

    async def find(self, kid: str) -> BoundKey | None:
        """The one key of that id; an unknown id asks the provider again, but once in 30 s whoever asks."""
        known = await self._cached.get(lambda keys: kid in keys)
        return known.get(kid) if known is not None else None

    async def known(self) -> bool:
        """Whether the provider's keys are known at all: without them a good token looks like a bad one."""
        return await self._cached.get() is not None


def usable_keys(document: Mapping[str, Any]) -> dict[str, BoundKey]:
    """The keys of a JWKS document that may sign for us; unfit and doubly named ones are left out.

    Raises `Unavailable` if it is no JWKS at all, so that a broken answer does not wipe out good keys.
    """
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise Unavailable("not a JWKS")
    kids = [entry.get("kid") for entry in listed if isinstance(entry, dict)]
    return {bound.kid: bound for bound in _bound(listed) if kids.count(bound.kid) == 1}


def _bound(entries: Iterable[object]) -> Iterator[BoundKey]:
    for entry in entries:
        if isinstance(entry, dict) and (found := _bind(entry)):
            yield found


def _bind(entry: dict[str, Any]) -> BoundKey | None:
    """Bind one JWK to the algorithm it is for, or None: one purpose, one curve, enough bits, no private part."""
    kid, kty = entry.get("kid"), entry.get("kty")
    algorithm = entry.get("alg", {"RSA": "RS256", "EC": "ES256"}.get(str(kty)))
    operations = entry.get("key_ops", ["verify"])
    if (
        not isinstance(kid, str)
        or not 0 < len(kid) <= MAX_SUBJECT
        or not isinstance(algorithm, str)
        or _KTY.get(algorithm) != kty
        or entry.get("use", "sig") != "sig"
        or not isinstance(operations, list)
        or "verify" not in operations
        or (kty == "EC" and entry.get("crv") != "P-256")
    ):
        return None
    try:
        key = jwk.construct(entry, "RS256" if kty == "RSA" else "ES256")
        public: object = getattr(key, "prepared_key", None)
    except Exception:  # python-jose lets KeyError, TypeError and ValueError through
        return None
    # A private key that was published is nobody's secret: it is neither of these two.
    if isinstance(public, rsa.RSAPublicKey):
        if not 2048 <= public.key_size <= 8192:
            return None
        return BoundKey(kid, algorithm, _PssKey(public) if algorithm == "PS256" else key)
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return BoundKey(kid, algorithm, key)
    return None


async def verify(token: object, keys: Keys, rules: Rules) -> dict[str, Any]:
    """The claims of a token that keeps every rule. Whatever else it is, and whatever breaks: `Unauthenticated`."""
    try:
        return await _verify(token, keys, rules)
    except Unauthenticated:
        raise
    except Exception as problem:  # the libraries raise OverflowError, RecursionError, AttributeError and more
        raise Unauthenticated(type(problem).__name__) from None


async def _verify(token: object, keys: Keys, rules: Rules) -> dict[str, Any]:
    if not isinstance(token, str) or len(token) > MAX_BYTES:
        raise Unauthenticated("size")
    parts = token.split(".")
    if len(parts) != 3:
        raise Unauthenticated("parts")
    header = _object(_decode(parts[0]), "header")
    _decode(parts[2])
    if not _FORBIDDEN.isdisjoint(header):
        raise Unauthenticated("forbidden header")
    kid, algorithm, kind = header.get("kid"), header.get("alg"), header.get("typ", "")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unauthenticated("algorithm")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in rules.types:
        raise Unauthenticated("type")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_SUBJECT:
        raise Unauthenticated("key id")
    bound = await keys.find(kid)
    if bound is None:
        raise Unauthenticated(UNKNOWN_KEY)
    if bound.algorithm != algorithm:
        raise Unauthenticated("key is for another algorithm")
    try:  # the signature alone: python-jose's own look at the claims lets absent and misspelt ones through
        payload = jws.verify(token, bound.key, [bound.algorithm])
    except JWSError:
        raise Unauthenticated("signature") from None
    claims = _object(payload, "claims")
    _check(claims, rules)
    return claims


def _decode(segment: str) -> bytes:
    """Base64url without padding and in its one canonical spelling: two spellings of a token are two tokens."""
    if not _SEGMENT.fullmatch(segment) or len(segment) % 4 == 1:
        raise Unauthenticated("base64")
    raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != segment:
        raise Unauthenticated("base64")
    return raw


def _object(raw: bytes, what: str) -> dict[str, Any]:
    """A JSON object in which no name stands twice and every number is finite."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Unauthenticated(f"{what}: a name twice")
        return found

    def refuse(_: str) -> Any:
        raise Unauthenticated(f"{what}: not a number")

    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Unauthenticated(f"{what}: not JSON") from None
    if not isinstance(found, dict):
        raise Unauthenticated(f"{what}: not an object")
    return found


def _check(claims: Mapping[str, Any], rules: Rules) -> None:
    """Who issued it, for whom, about whom and when. By the house's clock; every claim named here must be there."""
    if claims.get("iss") != rules.issuer:
        raise Unauthenticated("issuer")
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        raise Unauthenticated("audience")
    if rules.audience not in named or (rules.only_audience and named != [rules.audience]):
        raise Unauthenticated("audience")
    subject_of(claims, "sub")
    moment = now().timestamp()
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if issued > moment + LEEWAY:
        raise Unauthenticated("issued in the future")
    if expires <= moment - LEEWAY:
        raise Unauthenticated("expired")
    if not 0 < expires - issued <= rules.max_lifetime:
        raise Unauthenticated("lifetime")
    if "nbf" in claims and _seconds(claims, "nbf") > moment + LEEWAY:
        raise Unauthenticated("not yet valid")


def subject_of(claims: Mapping[str, Any], claim: str) -> str:
    """The text of the claim that names somebody: 1 to 255 characters, none of them a control character."""
    subject = claims.get(claim)
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise Unauthenticated("subject")
    return subject


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    """A time claim as whole seconds since 1970; neither a string, nor a fraction, nor a boolean."""
    value = claims.get(name)
    if type(value) is not int or not 0 < value < 1 << 40:
        raise Unauthenticated(f"{name} is not a whole number of seconds")
    return value
