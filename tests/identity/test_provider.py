"""Against a real provider: both flows, each algorithm, rotation, discovery, and how often it is asked."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.base import time
from hub.base.db import Database
from hub.identity.actors import actor_from_bearer
from hub.identity.fetching import Unavailable, get_json
from hub.identity.provider import Oidc, ProviderUnavailable, issuer_of, read_metadata
from hub.identity.tokens import Unauthenticated
from hub.policy.terms import Role
from tests.identity.conftest import MakeSettings
from tests.identity.forge import segment
from tests.support.identity import MACHINE, Provider, make_agency, make_staff, started


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256"])
async def test_both_flows_with_each_algorithm(db: Database, oidc: Provider, hub_oidc: Oidc, alg: str) -> None:
    await oidc.configure(alg=alg)  # another test's token may come out signed by this one: all are good
    async with db.work() as session:
        agency = await make_agency(session, "a-1")
        person = await make_staff(session, oidc.issuer, "worker", agency, Role.AGENCY_WORKER)
        scopes = ["hub:read", "hub:write"]
        program = await make_staff(session, oidc.issuer, MACHINE, agency, Role.MACHINE, scopes=scopes)

        tokens = await oidc.tokens("worker", nonce="once")
        assert {algorithm_of(tokens["id_token"]), algorithm_of(tokens["access_token"])} == {alg}
        assert (await hub_oidc.id_claims(tokens["id_token"], "once"))["sub"] == "worker"
        with pytest.raises(Unauthenticated) as refused:
            await hub_oidc.id_claims(tokens["id_token"], "another")
        assert refused.value.reason == "nonce"
        with pytest.raises(Unauthenticated):  # an ID token opens no API
            await hub_oidc.access_claims(tokens["id_token"])
        with pytest.raises(Unauthenticated):  # nor an access token a session
            await hub_oidc.id_claims(tokens["access_token"], "once")

        actor = await actor_from_bearer(session, hub_oidc, "Bearer " + tokens["access_token"])
        assert (actor.id, actor.agency_id, actor.roles) == (person, agency, frozenset({Role.AGENCY_WORKER}))
        assert actor.network == "health"
        machine = await actor_from_bearer(session, hub_oidc, await oidc.machine())
        assert (machine.id, machine.scopes) == (program, frozenset(scopes))
        narrowed = await actor_from_bearer(session, hub_oidc, await oidc.machine("hub:read"))
        assert narrowed.scopes == {"hub:read"}


def algorithm_of(token: str) -> str:
    """What a token says it is signed with."""
    part = token.split(".")[0]
    algorithm: str = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["alg"]
    return algorithm


async def test_rotated_keys_are_found_and_old_ones_forgotten(make_settings: MakeSettings) -> None:
    with started() as provider, time.at(time.now()) as move:
        async with httpx.AsyncClient() as http:
            hub = Oidc(make_settings(oidc_issuer=provider.issuer), http)
            before = (await provider.tokens("worker"))["access_token"]
            await hub.access_claims(before)
            await provider.configure(rotate=True)
            after = (await provider.tokens("worker"))["access_token"]
            for seconds in (0, 29):  # asked less than 30 s ago
                move(timedelta(seconds=seconds))
                with pytest.raises(Unauthenticated):
                    await hub.access_claims(after)
            move(timedelta(seconds=1))
            await hub.access_claims(after)
            with pytest.raises(Unauthenticated):
                await hub.access_claims(before)
            assert await provider.asked_for_keys() == 2


async def test_a_thousand_unknown_keys_are_one_fetch(oidc: Provider, hub_oidc: Oidc) -> None:
    header, rest = (await oidc.bearer("worker")).removeprefix("Bearer ").split(".", 1)
    asked = await oidc.asked_for_keys()
    strangers = [segment({"alg": "RS256", "typ": "at+jwt", "kid": f"no-{n}"}) + "." + rest for n in range(1000)]
    answers = await asyncio.gather(*map(hub_oidc.access_claims, strangers), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unauthenticated}
    assert await oidc.asked_for_keys() - asked == 1
    await hub_oidc.access_claims(f"{header}.{rest}")
    assert await oidc.asked_for_keys() - asked == 1


async def test_known_keys_serve_a_day_while_the_provider_is_down(make_settings: MakeSettings) -> None:
    async with httpx.AsyncClient() as http:
        begun = time.now()
        with started() as provider, time.at(begun):
            hub = Oidc(make_settings(oidc_issuer=provider.issuer), http)
            kid = (await get_json(http, f"{provider.issuer}/jwks"))["keys"][0]["kid"]
            assert await hub.keys.find(kid) is not None
            metadata = await hub.metadata()
        with time.at(begun) as move:
            for hours in (2, 21):
                move(timedelta(hours=hours))
                assert await hub.keys.find(kid) is not None
                assert await hub.metadata() == metadata
            move(timedelta(hours=2))
            assert await hub.keys.find(kid) is None
            with pytest.raises(ProviderUnavailable):
                await hub.metadata()


async def test_a_caller_who_gives_up_does_not_close_the_door_for_others(oidc: Provider, hub_oidc: Oidc) -> None:
    token = (await oidc.bearer("worker")).removeprefix("Bearer ")
    impatient = asyncio.create_task(hub_oidc.access_claims(token))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert (await hub_oidc.access_claims(token))["sub"] == "worker"


GOOD: dict[str, Any] = {
    "issuer": "https://id.hub.invalid",
    "authorization_endpoint": "https://id.hub.invalid/auth",
    "token_endpoint": "https://id.hub.invalid/token",
    "jwks_uri": "https://id.hub.invalid/jwks",
}


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://id.hub.invalid/"},
        {"issuer": "https://evil.invalid"},
        {"issuer": None},
        {"authorization_endpoint": "http://id.hub.invalid/auth"},
        {"token_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://user:word@id.hub.invalid/token"},
        {"jwks_uri": "/jwks"},
        {"jwks_uri": ["https://id.hub.invalid/jwks"]},
        {"jwks_uri": "file:///etc/passwd"},
        {"end_session_endpoint": "http://id.hub.invalid/end"},
        {"code_challenge_methods_supported": ["plain"]},
    ],
    ids=str,
)
def test_unfit_discovery_is_refused(change: dict[str, Any]) -> None:
    assert read_metadata(GOOD, "https://id.hub.invalid").jwks_uri == GOOD["jwks_uri"]
    with pytest.raises(Unavailable):
        read_metadata(GOOD | change, "https://id.hub.invalid")


@pytest.mark.parametrize("answer", [b"[]", b"{", b"[" * 100_000, b" " * 300_000, b'{"a":"\xff"}'], ids=range(5))
async def test_unfit_documents_are_unavailable(answer: bytes) -> None:
    """Answers served over a real socket: not JSON, not an object, too deep, too large, not UTF-8."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, httpx.AsyncClient() as http:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable):
            await get_json(http, f"http://127.0.0.1:{port}/")


def test_where_the_issuer_is(make_settings: MakeSettings) -> None:
    assert issuer_of(make_settings(oidc_issuer="https://id.hub.invalid")) == "https://id.hub.invalid"
    assert issuer_of(make_settings(port=8123)) == "http://127.0.0.1:8123/dev-issuer"
    with pytest.raises(ValueError, match="HUB_OIDC_ISSUER"):
        issuer_of(make_settings(mode="production"))


@pytest.mark.parametrize("issuer", ["http://id.hub.invalid", "https://id.hub.invalid?x=1", "id.hub.invalid", "ftp://x"])
async def test_an_issuer_over_open_http_is_refused_at_start(
    issuer: str, make_settings: MakeSettings, http: httpx.AsyncClient
) -> None:
    with pytest.raises(ValueError, match="HUB_OIDC_ISSUER"):
        Oidc(make_settings(oidc_issuer=issuer), http)
