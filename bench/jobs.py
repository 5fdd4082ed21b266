"""The hot jobs: what each contender is asked, and what its answer must hold."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import orjson
from joserfc import jwt
from joserfc.jwk import OctKey

from hub.identity.dev_issuer import DevKeys

from . import services
from .ground import Ground
from .load import Expected, Make, post
from .servers import SECRET
from .site import Site

PAGE = 50

_INBOX4 = """query Inbox { inbox(first: 50) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node {
  id version need area urgency state reason outcome sentAt dueAt answeredAt
  agencyByFromAgencyId { id name } agencyByToAgencyId { id name } serviceByServiceId { id name }
  caseFileByCaseId { id number riskLevel } } } } }"""
_INBOX5 = _INBOX4.replace("id version", "rowId version").replace("{ id n", "{ rowId n")
_CREATED = """id version need area urgency state sentAt dueAt fromAgency { id name } toAgency { id name }
  service { id name } case { id number riskLevel }"""
_CREATE = f"""mutation SendReferral($input: SendReferralInput!) {{ sendReferral(input: $input) {{ __typename
  ... on Referral {{ {_CREATED} }} ... on Problem {{ code message }} }} }}"""
_CREATE4 = """mutation SendReferral($input: SendReferralInput!) { sendReferral(input: $input) { referral {
  id version need area urgency state sentAt dueAt agencyByFromAgencyId { id name } agencyByToAgencyId { id name }
  serviceByServiceId { id name } caseFileByCaseId { id number riskLevel } } } }"""
_CREATE5 = (
    _CREATE4.replace("  id version", "  rowId version")
    .replace("{ id n", "{ rowId n")
    .replace("{ referral {", "{ result {")
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job: for each HTTP contender what makes its requests and what its answers must be; for pgbench its scripts."""

    name: str
    ours: Callable[[], Make]
    peers: dict[int, Callable[[], Make]]
    ours_expected: Expected
    peers_expected: Expected
    scripts: dict[str, str]
    """What a raw contender is called -> its pgbench script."""


class Tokens:
    """Bearer tokens of the staff: ours signed RS256 as the built-in issuer does, the peers' HS256 as theirs asks."""

    def __init__(self, at: Ground | Site) -> None:
        self._issuer, self._audience = at.settings.oidc_issuer, at.settings.oidc_audience
        self._key = DevKeys.kept_in(at.settings.state_dir).jwks.keys[0]
        self._secret = OctKey.import_key(SECRET)

    def ours(self, subject: str) -> str:
        """An access token (RFC 9068) of this account, good for an hour."""
        now = int(time.time())
        claims = {"iss": self._issuer, "aud": self._audience, "sub": subject, "iat": now, "exp": now + 3600}
        header = {"alg": "RS256", "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, claims | {"client_id": "hub-web", "jti": subject}, self._key)

    def peers(self, staff: UUID, agency: UUID) -> str:
        """PostGraphile's token: the role and who asks."""
        claims = {"aud": "postgraphile", "role": "peer_staff", "staff": str(staff), "agency": str(agency)}
        return jwt.encode({"alg": "HS256"}, claims | {"exp": int(time.time()) + 3600}, self._secret)


def gid(kind: str, key: UUID) -> str:
    """The hub's global id."""
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")


def _in_turn(requests: Sequence[bytes]) -> Make:
    """Each request after the other, from a place of its own each time."""
    random_ = random.Random(7)
    return lambda: requests[random_.randrange(len(requests))]


def inbox(ground: Ground, tokens: Tokens) -> Job:
    """A worker's inbox: 50 rows of 11 fields with both agencies, the service and the case."""
    made = ground.made
    asked = orjson.dumps({"documentId": "Inbox", "variables": {"first": PAGE}})
    mine = [post(asked, tokens.ours(f"worker-{i}")) for i in range(len(made.agencies))]
    theirs = {}
    for version, query in ((4, _INBOX4), (5, _INBOX5)):
        body = orjson.dumps({"query": query})
        theirs[version] = [post(body, tokens.peers(a.worker_id, a.id)) for a in made.agencies]
    return Job(
        "inbox",
        lambda: _in_turn(mine),
        {version: partial(_in_turn, asked) for version, asked in theirs.items()},
        Expected(b'"riskLevel":', PAGE),
        Expected(b'"riskLevel":', PAGE),
        {"raw SQL": "inbox", "raw SQL, audited": "inbox_audited"},
    )


_SEARCH4 = """query Search($tsquery: String!, $patterns: [String!]!, $first: String!, $area: String!,
  $chain: [String!]!, $lat: Float!, $lon: Float!) {
  searchServices(tsquery: $tsquery, patterns: $patterns, firstTerm: $first, area: $area,
  chain: $chain, lat: $lat, lon: $lon, first: 20) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node {
  id name description status needs areas languages phones confidential available
  organizationByOrganizationId { id name network } } } } }"""
_SEARCH5 = _SEARCH4.replace("id name", "rowId name")


def search(ground: Ground, tokens: Tokens) -> Job:
    """A need near a township with a word: the best 20. The peers get one sorted scan of the same index."""
    made = ground.made
    wanted = ground.searches
    found, expected = wanted.pairs, Expected(b'"confidential":', wanted.least)
    coordinators = range(len(made.coordinators))
    mine = [
        post(
            orjson.dumps(
                {"documentId": "SearchServices", "variables": {"text": services.TEXT, "need": need, "area": area}}
            ),
            tokens.ours(f"coordinator-{coordinators[i % len(coordinators)]}"),
        )
        for i, (need, area) in enumerate(found)
    ]
    asked = [{"variables": services.search_by_hand(need, area)} for need, area in found]
    theirs = {}
    for version, query in ((4, _SEARCH4), (5, _SEARCH5)):
        theirs[version] = [
            post(orjson.dumps({"query": query} | one), tokens.peers(made.coordinators[0], made.centre_id))
            for one in asked
        ]
    return Job(
        "search",
        lambda: _in_turn(mine),
        {version: partial(_in_turn, asked) for version, asked in theirs.items()},
        expected,
        expected,
        {"raw SQL": "search"},
    )


def create(ground: Ground, tokens: Tokens) -> Job:
    """A coordinator sends a referral: referral, standing, deadline, outbox and audit entry in one transaction."""
    made = ground.made
    cases: list[list[UUID]] = [[] for _ in made.coordinators]
    for case in made.cases:
        cases[case.coordinator].append(case.id)
    offered = services.offered(made, ground.found)
    mine = [tokens.ours(f"coordinator-{i}") for i in range(len(made.coordinators))]
    theirs = [tokens.peers(key, made.centre_id) for key in made.coordinators]
    told = "The person asks for counselling near home, on weekday evenings."

    def ours() -> Make:
        pick = random.Random(11)

        def make() -> bytes:
            who, (service, need) = pick.randrange(len(mine)), pick.choice(offered)
            given = {
                "caseId": gid("Case", pick.choice(cases[who])),
                "need": need,
                "area": "B01-01",
                "urgency": "URGENT",
                "serviceId": gid("Service", service),
                "summary": told,
            }
            return post(orjson.dumps({"query": _CREATE, "variables": {"input": given}}), mine[who])

        return make

    def peer(query: str) -> Make:
        pick = random.Random(11)

        def make() -> bytes:
            who, (service, need) = pick.randrange(len(theirs)), pick.choice(offered)
            given = {
                "caseId": str(pick.choice(cases[who])),
                "need": need,
                "area": "B01-01",
                "urgency": "urgent",
                "serviceId": str(service),
                "summary": told,
            }
            return post(orjson.dumps({"query": query, "variables": {"input": given}}), theirs[who])

        return make

    expected = Expected(b'"riskLevel":', 1)
    peers = {4: lambda: peer(_CREATE4), 5: lambda: peer(_CREATE5)}
    return Job("create", ours, peers, expected, expected, {"raw SQL": "create"})


def every(ground: Ground, tokens: Tokens) -> list[Job]:
    """The jobs in the order they are run."""
    return [make(ground, tokens) for make in (inbox, search, create)]


def picks(ground: Ground) -> dict[str, int]:
    """How many numbered rows pgbench's scripts may pick from."""
    made = ground.made
    return {
        "agencies": len(made.agencies),
        "cases": len(made.cases),
        "services": sum(map(len, made.services)),
        "searches": len(ground.searches.pairs),
    }
