"""The token wrapper: what it believes, what it refuses, and which keys it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jose import jwt
from jose.exceptions import JWTError

from hub.base import time
from hub.identity.fetching import Cached, Unavailable
from hub.identity.tokens import BoundKey, Keys, Rules, Unauthenticated, usable_keys, verify
from tests.identity.bad_tokens import BAD, CLAIMS, ES_HEAD, GOOD, HEAD, LIFE, NOW, PS_HEAD, RULES, body, head
from tests.identity.forge import AUDIENCE, EC, ISSUER, JWKS, RSA, es256, ps256, rs256, rsa_jwk, token


@pytest.fixture(autouse=True)
def _one_moment() -> Iterator[None]:
    """The table was made at one moment and is judged at it."""
    with time.at(datetime.fromtimestamp(NOW, UTC)):
        yield


def keys() -> Keys:
    """The keys of the careless provider."""

    async def load() -> Mapping[str, BoundKey]:
        return usable_keys(JWKS)

    return Keys(Cached(load))


@pytest.mark.parametrize("name", BAD)
async def test_bad_token_is_refused(name: str) -> None:
    bad, reason = BAD[name]
    with pytest.raises(Unauthenticated) as refused:
        await verify(bad, keys(), RULES)
    assert (refused.value.reason, refused.value.code) == (reason, "unauthenticated")


def test_plain_python_jose_would_believe_many_of_them() -> None:
    """The control: the table is made of tokens that a wrapper less strict lets in, or breaks on."""
    believed, broke = set(), set()
    usable = [entry for entry in JWKS["keys"] if isinstance(entry, dict)]
    usable.sort(key=lambda entry: "d" in entry)  # it computes a private key's primes anew for each token
    for name, (bad, _) in BAD.items():
        for key in usable:
            try:
                jwt.decode(str(bad), key, audience=AUDIENCE, issuer=ISSUER)
            except JWTError:
                continue
            except Exception:  # whatever a caller would have answered 500 to
                broke.add(name)
            else:
                believed.add(name)
                break
    assert len(BAD) >= 46
    assert len(believed) >= 45, sorted(believed)
    assert {"no aud", "no exp", "exp as text", "unknown crit", "b64 false", "typ JWT", "encryption key"} <= believed
    assert {"1,024 bits", "unknown kid, right key", "HS256 with a published secret", "iat in the future"} <= believed
    assert "exp 1e400" in broke


@pytest.mark.parametrize(
    "good",
    [
        GOOD,
        token(ES_HEAD, CLAIMS, es256(EC)),
        token(PS_HEAD, CLAIMS, ps256(RSA)),
        head(typ="AT+JWT"),
        head(typ="application/at+jwt"),
        head(x5t="c2hh"),
        body(aud=["urn:other", AUDIENCE]),
        body(iat=NOW + 30, exp=NOW + 60),
        body(iat=NOW - 300, exp=NOW - 29),
        body(nbf=NOW + 30),
        body(exp=NOW + 3600),
        body(sub="王-示範"),
    ],
)
async def test_good_token_is_believed(good: str) -> None:
    """Each stands at the edge of a row above: the wrapper is strict, not deaf."""
    assert (await verify(good, keys(), RULES))["iss"] == ISSUER


async def test_an_id_token_is_for_one_client_alone() -> None:
    rules = Rules(ISSUER, AUDIENCE, frozenset({"jwt", ""}), only_audience=True)
    assert await verify(head(typ="JWT"), keys(), rules)
    assert await verify(head(typ=None), keys(), rules)
    for bad in (GOOD, token({**HEAD, "typ": "JWT"}, {**CLAIMS, "aud": [AUDIENCE, "urn:other"]}, rs256(RSA))):
        with pytest.raises(Unauthenticated):
            await verify(bad, keys(), rules)


def test_only_fit_keys_of_a_jwks_are_used() -> None:
    assert {kid: key.algorithm for kid, key in usable_keys(JWKS).items()} == {
        "rsa": "RS256",
        "pss": "PS256",
        "ec": "ES256",
    }
    without_alg = usable_keys({"keys": [{k: v for k, v in rsa_jwk(RSA, "plain").items() if k != "alg"}]})
    assert without_alg["plain"].algorithm == "RS256"


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}, {"keys": [{}] * 65}], ids=str)
def test_what_is_no_jwks_wipes_out_nothing(document: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        usable_keys(document)


async def test_failing_fetches_are_no_oracle_and_no_storm() -> None:
    """With no keys at all every token is refused alike, and the provider is asked once in 30 s."""
    asked = 0

    async def load() -> Mapping[str, BoundKey]:
        nonlocal asked
        asked += 1
        raise Unavailable("down")

    down = Keys(Cached(load))
    with time.at(datetime.fromtimestamp(NOW, UTC)) as move:
        for _ in range(3):
            for _ in range(50):
                with pytest.raises(Unauthenticated):
                    await verify(GOOD, down, RULES)
            move(timedelta(seconds=30))
    assert asked == 3


async def test_the_houses_clock_decides() -> None:
    with time.at(datetime.fromtimestamp(NOW, UTC)) as move:
        move(timedelta(seconds=LIFE + 29))  # the leeway is 30 s
        assert await verify(GOOD, keys(), RULES)
        move(timedelta(seconds=1))
        with pytest.raises(Unauthenticated):
            await verify(GOOD, keys(), RULES)
