"""Tokens made by hand, good and bad, and the keys they are signed with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER, AUDIENCE = "https://id.hub.invalid", "urn:hub:api"
Sign = Callable[[bytes], bytes]


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def segment(value: object) -> str:
    """One part of a token: JSON, or bytes as they are."""
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def token(header: object, claims: object, sign: Sign) -> str:
    """A signed token of any header and claims, also of bytes that are no JSON."""
    signed = segment(header) + "." + segment(claims)
    return f"{signed}.{b64(sign(signed.encode()))}"


def rs256(key: rsa.RSAPrivateKey) -> Sign:
    """RSASSA-PKCS1-v1_5 with SHA-256."""
    return lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def rs512(key: rsa.RSAPrivateKey) -> Sign:
    """The same with SHA-512."""
    return lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA512())


def ps256(key: rsa.RSAPrivateKey, salt: int = 32) -> Sign:
    """RSASSA-PSS with SHA-256."""
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
    return lambda message: key.sign(message, scheme, hashes.SHA256())


def es256(key: ec.EllipticCurvePrivateKey) -> Sign:
    """ECDSA with SHA-256, raw r and s."""
    size = (key.curve.key_size + 7) // 8

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return sign


def es256_der(key: ec.EllipticCurvePrivateKey) -> Sign:
    """ECDSA in DER, which JWS does not know."""
    return lambda message: key.sign(message, ec.ECDSA(hashes.SHA256()))


def hs256(secret: bytes) -> Sign:
    """HMAC with SHA-256."""
    return lambda message: hmac.digest(secret, message, hashlib.sha256)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public key as PEM: what an attacker takes for an HMAC secret."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def rsa_jwk(key: rsa.RSAPrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """The public key as JWK."""
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "kid": kid,
        "n": _number(numbers.n),
        "e": _number(numbers.e),
        "use": "sig",
        "alg": "RS256",
    } | more


def ec_jwk(key: ec.EllipticCurvePrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """The public key as JWK."""
    numbers, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
    crv = {"secp256r1": "P-256", "secp384r1": "P-384"}[key.curve.name]
    x, y = (b64(v.to_bytes(size, "big")) for v in (numbers.x, numbers.y))
    return {"kty": "EC", "kid": kid, "crv": crv, "x": x, "y": y, "use": "sig", "alg": "ES256"} | more


RSA, OTHER_RSA = (rsa.generate_private_key(65537, 2048) for _ in range(2))
SMALL_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the weak key that must be refused
EC, OTHER_EC = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
P384 = ec.generate_private_key(ec.SECP384R1())
OCTETS = b"thirty-two octets of a test key!"

JWKS: dict[str, Any] = {
    "keys": [
        rsa_jwk(RSA, "rsa"),
        rsa_jwk(RSA, "pss", alg="PS256"),
        ec_jwk(EC, "ec"),
        ec_jwk(P384, "p384"),
        rsa_jwk(SMALL_RSA, "small"),
        rsa_jwk(RSA, "enc", use="enc"),
        rsa_jwk(RSA, "wrap", use="sig", key_ops=["wrapKey"]),
        rsa_jwk(RSA, "rs512", alg="RS512"),
        rsa_jwk(RSA, "mislabelled", alg="ES256"),
        rsa_jwk(RSA, "twice"),
        rsa_jwk(OTHER_RSA, "twice"),
        rsa_jwk(RSA, "private", d=_number(RSA.private_numbers().d)),
        rsa_jwk(RSA, ""),
        {"kty": "oct", "kid": "oct", "k": b64(OCTETS), "alg": "HS256", "use": "sig"},
        {"kty": "RSA", "kid": "broken", "n": 7, "e": "AQAB", "alg": "RS256"},
        {"kty": "EC", "kid": "off-curve", "crv": "P-256", "x": b64(b"\x01" * 32), "y": b64(b"\x02" * 32)},
        "not a key",
    ]
}
"""A JWKS as a careless provider might publish it; three of its keys are fit."""
