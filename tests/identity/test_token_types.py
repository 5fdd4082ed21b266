"""Access tokens typed `at+jwt` or `JWT`, as configured: either kind alone is believed, and an ID token never."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from hub.base.time import now
from hub.identity.fetching import Cached
from hub.identity.provider import Oidc
from hub.identity.tokens import BoundKey, Keys, Unauthenticated, usable_keys
from tests.identity.conftest import MakeSettings
from tests.identity.forge import AUDIENCE, ISSUER, JWKS, RSA, rs256, token
from tests.support.identity import Provider

CLIENT = "hub-web"


def _forged(typ: str | None, /, **changes: Any) -> str:
    """A well-signed token of now, for us, but for what is changed."""
    moment = int(now().timestamp())
    header = {"alg": "RS256", "kid": "rsa"} | ({"typ": typ} if typ is not None else {})
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "worker", "iat": moment, "exp": moment + 600, "client_id": CLIENT}
    return token(header, claims | changes, rs256(RSA))


def _oidc(make_settings: MakeSettings, http: httpx.AsyncClient, kind: str) -> Oidc:
    async def load() -> Mapping[str, BoundKey]:
        return usable_keys(JWKS)

    made = Oidc(make_settings(oidc_issuer=ISSUER, oidc_audience=AUDIENCE, oidc_access_type=kind), http)
    made.keys = Keys(Cached(load))
    return made


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("at+jwt", ["at+jwt", "AT+JWT", "application/at+jwt"], ["JWT", "jwt", None, "", "logout+jwt", "id+jwt"]),
        ("JWT", ["JWT", "jwt", "application/jwt"], ["at+jwt", None, "", "logout+jwt", "dpop+jwt", "id+jwt"]),
    ],
)
async def test_only_the_configured_type_is_believed(
    kind: str, good: list[str], bad: list[str | None], make_settings: MakeSettings, http: httpx.AsyncClient
) -> None:
    hub = _oidc(make_settings, http, kind)
    for typ in good:
        assert (await hub.access_claims(_forged(typ)))["sub"] == "worker"
    for other in bad:
        with pytest.raises(Unauthenticated) as refused:
            await hub.access_claims(_forged(other))
        assert refused.value.reason == "type"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": CLIENT}, "audience"),
        ({"aud": [CLIENT]}, "audience"),
        ({"aud": [CLIENT, AUDIENCE]}, "an ID token"),
        ({"aud": [AUDIENCE, CLIENT], "azp": CLIENT}, "an ID token"),
        ({"nonce": "n"}, "an ID token"),
        ({"aud": [AUDIENCE], "nonce": None}, "an ID token"),
        ({"at_hash": "x"}, "an ID token"),
        ({"c_hash": "x"}, "an ID token"),
        ({"s_hash": "x"}, "an ID token"),
        ({"typ": "ID"}, "an ID token"),
        ({"typ": "Refresh"}, "an ID token"),
        ({"typ": ["Bearer"]}, "an ID token"),
    ],
    ids=str,
)
async def test_an_id_token_is_told_from_an_access_token_of_the_same_type(
    changes: dict[str, Any], reason: str, make_settings: MakeSettings, http: httpx.AsyncClient
) -> None:
    """Also one into which the provider was made to put our audience."""
    hub = _oidc(make_settings, http, "JWT")
    with pytest.raises(Unauthenticated) as refused:
        await hub.access_claims(_forged("JWT", **changes))
    assert refused.value.reason == reason
    for usual in ({"aud": [AUDIENCE, "account"]}, {"typ": "Bearer", "azp": CLIENT, "scope": "hub:read"}):
        await hub.access_claims(_forged("JWT", **usual))


@pytest.mark.parametrize("audience", [AUDIENCE, CLIENT])
async def test_a_real_providers_id_token_opens_no_api(
    audience: str, oidc: Provider, make_settings: MakeSettings, http: httpx.AsyncClient
) -> None:
    """It is typed as configured and well signed: even where the audience was set to the client's id, which start-up
    refuses, it does not pass. The provider's own access tokens say `at+jwt`, so that they are not the type asked for.
    """
    hub = Oidc(make_settings(oidc_issuer=oidc.issuer, oidc_audience=audience, oidc_access_type="JWT"), http)
    tokens = await oidc.tokens("worker", nonce="once")
    assert (await hub.id_claims(tokens["id_token"], "once"))["sub"] == "worker"
    with pytest.raises(Unauthenticated) as refused:
        await hub.access_claims(tokens["id_token"])
    assert refused.value.reason in ("type", "audience", "an ID token")
    with pytest.raises(Unauthenticated) as refused:
        await hub.access_claims(tokens["access_token"])
    assert refused.value.reason == "type"
