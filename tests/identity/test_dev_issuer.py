"""The built-in issuer: never in production, strict in the demonstration, and good enough for the same sign-in."""

from __future__ import annotations

import stat
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from directory.taxonomy import NETWORKS
from hub.base.db import Database
from hub.identity.actors import actor_from_bearer
from hub.identity.demo_people import MACHINE, demo_people
from hub.identity.dev_issuer import DevIssuer, DevKeys
from hub.identity.provider import Oidc
from hub.identity.tokens import Unauthenticated
from hub.policy.terms import Role
from tests.identity.browser import HOME, application
from tests.identity.conftest import MakeSettings
from tests.support.identity import make_agency, make_staff

VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
ASKED = {
    "client_id": "hub-web",
    "response_type": "code",
    "redirect_uri": f"{HOME}/auth/callback",
    "scope": "openid profile",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def test_it_does_not_start_in_production(make_settings: MakeSettings) -> None:
    with pytest.raises(RuntimeError, match="demo and test mode alone"):
        DevIssuer(make_settings(mode="production"))
    assert not (make_settings().state_dir / "dev-issuer.json").exists()


def test_its_key_is_kept_and_its_owners_alone(make_settings: MakeSettings) -> None:
    settings = make_settings()
    first, again = DevKeys.kept_in(settings.state_dir), DevKeys.kept_in(settings.state_dir)
    assert first.jwks.as_dict(private=True) == again.jwks.as_dict(private=True)
    assert first.machine_secret == again.machine_secret
    mode = (settings.state_dir / "dev-issuer.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


async def test_one_click_signs_in(make_settings: MakeSettings, db: Database) -> None:
    """The console's own sign-in, against the issuer inside the same application."""
    settings = make_settings()
    issuer = DevIssuer(settings)
    app = FastAPI()
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport) as inner,
        httpx.AsyncClient(transport=transport, base_url=HOME) as client,
    ):
        hub = Oidc(settings, inner)
        app.mount("/", application(hub, db))
        app.router.routes[:0] = issuer.routes.routes
        async with db.work() as session:
            agency = await make_agency(session, "demo-police", "police")
            staff = await make_staff(session, hub.issuer, "police", agency, Role.AGENCY_WORKER)
            await make_staff(session, hub.issuer, MACHINE.login, agency, Role.MACHINE, scopes=["hub:read"])

        chooser = (await client.get("/auth/sign-in", params={"next": "/inbox"})).headers["location"]
        page = await client.get(chooser)
        assert page.status_code == 200
        for person in demo_people():
            assert f'value="{person.login}"' in page.text
        back = await client.post(chooser, data={"login": "police"})
        assert back.status_code == 303
        landed = await client.get(back.headers["location"])
        assert landed.headers["location"] == "/inbox"
        csrf = (await client.get("/who")).json()
        assert csrf["id"] == str(staff)
        out = await client.post("/auth/sign-out", data={"csrf": csrf["csrf"]})
        home = await client.get(out.headers["location"])
        assert home.headers["location"] == HOME + "/"

        form = {"grant_type": "client_credentials", "scope": "hub:read"}
        machine = await client.post("/dev-issuer/token", data=form, auth=(MACHINE.login, issuer.keys.machine_secret))
        async with db.work() as session:
            actor = await actor_from_bearer(session, hub, "Bearer " + machine.json()["access_token"])
        assert (actor.roles, actor.scopes) == (frozenset({Role.MACHINE}), frozenset({"hub:read"}))


async def test_it_is_strict(make_settings: MakeSettings) -> None:
    """Codes work once, within a minute, with their own verifier and client; nothing else is a client."""
    issuer = DevIssuer(make_settings())
    app = FastAPI()
    app.include_router(issuer.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOME) as client:

        async def code() -> str:
            answer = await client.post("/dev-issuer/authorize?" + urlencode(ASKED), data={"login": "police"})
            return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

        def redeeming(given: str, **changes: str) -> dict[str, str]:
            form = {"grant_type": "authorization_code", "client_id": "hub-web", "code": given}
            return form | {"redirect_uri": ASKED["redirect_uri"], "code_verifier": VERIFIER} | changes

        for changes in ({"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": HOME}, {"client_id": "x"}):
            spent = await code()
            assert (await client.post("/dev-issuer/token", data=redeeming(spent, **changes))).status_code == 400
            if "client_id" not in changes:  # one wrong try, and the code is gone
                assert (await client.post("/dev-issuer/token", data=redeeming(spent))).status_code == 400
        good = await code()
        answer = await client.post("/dev-issuer/token", data=redeeming(good))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert (await client.post("/dev-issuer/token", data=redeeming(good))).status_code == 400

        for changes in (
            {"redirect_uri": "https://evil.invalid"},
            {"client_id": "evil"},
            {"response_type": "token"},
            {"code_challenge": ""},
            {"code_challenge_method": "plain"},
            {"nonce": ""},
        ):
            url = "/dev-issuer/authorize?" + urlencode(ASKED | changes)
            for answer in (await client.get(url), await client.post(url, data={"login": "police"})):
                assert answer.status_code in (302, 303, 400, 401), changes
                goal = parse_qs(urlsplit(answer.headers.get("location", "")).query)
                assert "code" not in goal
                assert not answer.headers.get("location", "").startswith("https://evil")
        nobody = await client.post("/dev-issuer/authorize?" + urlencode(ASKED), data={"login": "nobody"})
        assert "error=access_denied" in nobody.headers["location"]
        form = {"grant_type": "client_credentials"}
        for auth in ((MACHINE.login, "guess"), ("hub-web", ""), (MACHINE.login, "")):
            assert (await client.post("/dev-issuer/token", data=form, auth=auth)).status_code in (400, 401)


def test_the_people_cover_every_first_screen() -> None:
    people = demo_people()
    assert {role for person in people for role in person.roles} == set(Role) - {Role.MACHINE}
    assert len({person.login for person in people}) == len(people)
    assert all(person.network in NETWORKS and set(person.names) == {"zh-Hant", "en", "ko"} for person in people)


async def test_its_tokens_open_no_other_hub(make_settings: MakeSettings, oidc: object, hub_oidc: Oidc) -> None:
    issuer = DevIssuer(make_settings())
    app = FastAPI()
    app.include_router(issuer.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOME) as client:
        auth = (MACHINE.login, issuer.keys.machine_secret)
        made = await client.post("/dev-issuer/token", data={"grant_type": "client_credentials"}, auth=auth)
    with pytest.raises(Unauthenticated):
        await hub_oidc.access_claims(made.json()["access_token"])
