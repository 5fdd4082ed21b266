"""The table of tokens that must be refused, each with its reason: one thing is wrong with each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hub.identity.tokens import Rules
from tests.identity.forge import (
    AUDIENCE,
    EC,
    ISSUER,
    OCTETS,
    OTHER_EC,
    OTHER_RSA,
    P384,
    RSA,
    SMALL_RSA,
    es256,
    es256_der,
    hs256,
    pem,
    ps256,
    rs256,
    rs512,
    rsa_jwk,
    segment,
    token,
)

NOW = int(datetime.now(UTC).timestamp())
LIFE = 3000
"""Seconds the good token lives: longer than any test run, less than the longest allowed."""
RULES = Rules(ISSUER, AUDIENCE, frozenset({"at+jwt"}))
HEAD: dict[str, Any] = {"alg": "RS256", "typ": "at+jwt", "kid": "rsa"}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "worker",
    "iat": NOW,
    "exp": NOW + LIFE,
    "client_id": "hub-web",
    "jti": "1",
}
GOOD = token(HEAD, CLAIMS, rs256(RSA))


def head(**changes: Any) -> str:
    """A good token but for its header; None takes a name away."""
    changed = {name: value for name, value in (HEAD | changes).items() if value is not None}
    return token(changed, CLAIMS, rs256(RSA))


def body(**changes: Any) -> str:
    """A good token but for its claims; None takes a name away."""
    changed = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return token(HEAD, changed, rs256(RSA))


def raw_body(text: str) -> str:
    """A well-signed token with claims as written."""
    return token(HEAD, text.encode(), rs256(RSA))


def _spelt_otherwise() -> str:
    """The same octets under another spelling: the unused last bits of the signature are set."""
    start, last = GOOD[:-1], GOOD[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return start + alphabet[alphabet.index(last) + 1]


ES_HEAD = {**HEAD, "alg": "ES256", "kid": "ec"}
PS_HEAD = {**HEAD, "alg": "PS256", "kid": "pss"}
_PLAIN = json.dumps(CLAIMS)

BAD: dict[str, tuple[object, str]] = {
    # shape
    "nothing": ("", "parts"),
    "not text": (None, "size"),
    "octets": (GOOD.encode(), "size"),
    "too long": (GOOD + "A" * 8192, "size"),
    "two parts": (GOOD.rsplit(".", 1)[0], "parts"),
    "four parts": (GOOD + ".AA", "parts"),
    "five parts, as JWE": ("e30.e30.e30.e30.e30", "parts"),
    "empty signature": (GOOD.rsplit(".", 1)[0] + ".", "base64"),
    "padded": (GOOD + "==", "base64"),
    "standard alphabet": (GOOD.rsplit(".", 1)[0] + ".+/+/", "base64"),
    "space at the end": (GOOD + " ", "base64"),
    "newline at the end": (GOOD + "\n", "base64"),
    "fullwidth letters": ("ｅ" + GOOD[1:], "base64"),
    "signature spelt otherwise": (_spelt_otherwise(), "base64"),
    # header
    "header is no JSON": (token(b"{", CLAIMS, rs256(RSA)), "header: not JSON"),
    "header is a list": (token([], CLAIMS, rs256(RSA)), "header: not an object"),
    "header is not UTF-8": (token(b'{"alg":"\xff"}', CLAIMS, rs256(RSA)), "header: not JSON"),
    "header too deep": (token(b'{"x":' + b"[" * 4000, CLAIMS, rs256(RSA)), "header: not JSON"),
    "header names alg twice": (
        token(b'{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"rsa"}', CLAIMS, rs256(RSA)),
        "header: a name twice",
    ),
    "alg none": (token({**HEAD, "alg": "none"}, CLAIMS, lambda _: b"x"), "algorithm"),
    "alg None": (head(alg="None"), "algorithm"),
    "no alg": (head(alg=None), "algorithm"),
    "alg is a list": (head(alg=["RS256"]), "algorithm"),
    "HS256 with the RSA key as secret": (token({**HEAD, "alg": "HS256"}, CLAIMS, hs256(pem(RSA))), "algorithm"),
    "HS256 with a published secret": (
        token({**HEAD, "alg": "HS256", "kid": "oct"}, CLAIMS, hs256(OCTETS)),
        "algorithm",
    ),
    "RS512": (token({**HEAD, "alg": "RS512"}, CLAIMS, rs512(RSA)), "algorithm"),
    "typ JWT": (head(typ="JWT"), "type"),
    "no typ": (head(typ=None), "type"),
    "typ is a number": (head(typ=1), "type"),
    "typ of a logout token": (head(typ="logout+jwt"), "type"),
    "unknown crit": (head(crit=["exp-only"]), "forbidden header"),
    "empty crit": (head(crit=[]), "forbidden header"),
    "b64 false": (head(b64=False), "forbidden header"),
    "brings its own key": (
        token({**HEAD, "jwk": rsa_jwk(OTHER_RSA, "rsa")}, CLAIMS, rs256(OTHER_RSA)),
        "forbidden header",
    ),
    "jku": (head(jku="https://evil.invalid/jwks"), "forbidden header"),
    "x5u": (head(x5u="https://evil.invalid/cert"), "forbidden header"),
    "x5c": (head(x5c=["MIIB"]), "forbidden header"),
    "compressed": (head(zip="DEF"), "forbidden header"),
    "nested": (head(cty="JWT"), "forbidden header"),
    # key
    "no kid": (head(kid=None), "key id"),
    "empty kid": (head(kid=""), "key id"),
    "kid is a list": (head(kid=["rsa"]), "key id"),
    "kid is a path": (head(kid="../../etc/passwd"), "unknown key"),
    "unknown kid, right key": (head(kid="who"), "unknown key"),
    "another key's kid": (head(kid="ec"), "key is for another algorithm"),
    "encryption key": (head(kid="enc"), "unknown key"),
    "key for wrapping": (head(kid="wrap"), "unknown key"),
    "key for RS512": (head(kid="rs512"), "unknown key"),
    "RSA key labelled ES256": (head(kid="mislabelled"), "unknown key"),
    "kid named twice": (head(kid="twice"), "unknown key"),
    "private key published": (head(kid="private"), "unknown key"),
    "1,024 bits": (token({**HEAD, "kid": "small"}, CLAIMS, rs256(SMALL_RSA)), "unknown key"),
    "ES256 with P-384": (token({**ES_HEAD, "kid": "p384"}, CLAIMS, es256(P384)), "unknown key"),
    "RS256 with the PS256 key": (head(kid="pss"), "key is for another algorithm"),
    "PS256 with the RS256 key": (token({**PS_HEAD, "kid": "rsa"}, CLAIMS, ps256(RSA)), "key is for another algorithm"),
    # signature
    "another signer": (token(HEAD, CLAIMS, rs256(OTHER_RSA)), "signature"),
    "another signer, ES256": (token(ES_HEAD, CLAIMS, es256(OTHER_EC)), "signature"),
    "another signer, PS256": (token(PS_HEAD, CLAIMS, ps256(OTHER_RSA)), "signature"),
    "PS256 with a short salt": (token(PS_HEAD, CLAIMS, ps256(RSA, 8)), "signature"),
    "PS256 signed as RS256": (token(PS_HEAD, CLAIMS, rs256(RSA)), "signature"),
    "ES256 in DER": (token(ES_HEAD, CLAIMS, es256_der(EC)), "signature"),
    "ES256 all zero": (token(ES_HEAD, CLAIMS, lambda _: bytes(64)), "signature"),
    "claims changed after signing": (
        ".".join([GOOD.split(".")[0], segment({**CLAIMS, "sub": "chief"}), GOOD.split(".")[2]]),
        "signature",
    ),
    "header changed after signing": (".".join([segment({**HEAD, "x": 1}), *GOOD.split(".")[1:]]), "signature"),
    # claims
    "claims are no JSON": (raw_body("{"), "claims: not JSON"),
    "claims are a list": (raw_body("[1]"), "claims: not an object"),
    "claims too deep": (raw_body('{"x":' + "[" * 4000), "claims: not JSON"),
    "exp named twice": (raw_body(_PLAIN[:-1] + f', "exp": {NOW + 900}}}'), "claims: a name twice"),
    "not a number": (raw_body(_PLAIN[:-1] + ', "x": NaN}'), "claims: not a number"),
    "no iss": (body(iss=None), "issuer"),
    "another issuer": (body(iss="https://evil.invalid"), "issuer"),
    "issuer with a slash more": (body(iss=ISSUER + "/"), "issuer"),
    "issuers as a list": (body(iss=[ISSUER]), "issuer"),
    "no aud": (body(aud=None), "audience"),
    "another audience": (body(aud="urn:other"), "audience"),
    "empty audience": (body(aud=[]), "audience"),
    "audience as an object": (body(aud={AUDIENCE: 1}), "audience"),
    "audience with a number in it": (body(aud=[AUDIENCE, 1]), "audience"),
    "audience within a longer text": (body(aud=f"x {AUDIENCE}"), "audience"),
    "no sub": (body(sub=None), "subject"),
    "empty sub": (body(sub=""), "subject"),
    "sub is a number": (body(sub=7), "subject"),
    "sub with NUL": (body(sub="work\x00er"), "subject"),
    "sub with half a surrogate pair": (body(sub="\ud800"), "subject"),
    "sub too long": (body(sub="a" * 256), "subject"),
    # times
    "no exp": (body(exp=None), "exp is not a whole number of seconds"),
    "exp as text": (body(exp=str(NOW + LIFE)), "exp is not a whole number of seconds"),
    "exp as a fraction": (body(exp=NOW + LIFE + 0.5), "exp is not a whole number of seconds"),
    "exp true": (body(exp=True), "exp is not a whole number of seconds"),
    "exp 1e400": (raw_body(_PLAIN.replace(str(NOW + LIFE), "1e400")), "exp is not a whole number of seconds"),
    "exp of a thousand digits": (
        raw_body(_PLAIN.replace(str(NOW + LIFE), "9" * 1000)),
        "exp is not a whole number of seconds",
    ),
    "expired": (body(iat=NOW - 700, exp=NOW - 31), "expired"),
    "no iat": (body(iat=None), "iat is not a whole number of seconds"),
    "iat as text": (body(iat=str(NOW)), "iat is not a whole number of seconds"),
    "iat in the future": (body(iat=NOW + 60), "issued in the future"),
    "iat negative": (body(iat=-5), "iat is not a whole number of seconds"),
    "lives too long": (body(exp=NOW + 3601), "lifetime"),
    "lives a century": (body(exp=NOW + 3_153_600_000), "lifetime"),
    "ends before it begins": (body(iat=NOW + 20, exp=NOW + 10), "lifetime"),
    "not yet valid": (body(nbf=NOW + 60), "not yet valid"),
    "nbf as text": (body(nbf="0"), "nbf is not a whole number of seconds"),
    "nbf null": (raw_body(_PLAIN[:-1] + ', "nbf": null}'), "nbf is not a whole number of seconds"),
}
