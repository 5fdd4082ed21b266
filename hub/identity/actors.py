"""Who is asking, from the database at each request: by account, by access token or by console session."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from directory.hot import Found, Hot, fetch
from directory.sql import sql, statement
from hub.audit.chain import append
from hub.base.db import Session
from hub.base.time import now
from hub.policy.terms import Actor, Role

from .provider import Oidc
from .rules import read_claims
from .sessions import Cookies, SignedIn, user_agent_hash
from .tables import Staff, StaffKind, StaffRole
from .tokens import Unauthenticated, subject_of

log = logging.getLogger(__name__)

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)
_TOUCH: Final = timedelta(minutes=1)

_ACTOR: Final = sql("""
    s.id, s.agency_id, s.kind, s.scopes, s.suspended, s.expires_at, s.claims_managed,
    a.suspended as agency_suspended, a.network, a.code as agency_code,
    array(select r.role from staff_role r where r.staff_id = s.id and not r.pending) as roles
""")
_FROM: Final = sql("from staff s join agency a on a.id = s.agency_id")
_BY_ACCOUNT: Final = Hot(
    sql("select {actor} {tables} where s.issuer = :issuer and s.subject = :subject", actor=_ACTOR, tables=_FROM)
)
_BY_ID: Final = statement("select {actor} {tables} where s.id = :id", actor=_ACTOR, tables=_FROM)
_BY_SESSION: Final = statement(
    """
    select {actor}, s.display_name, s.locale, a.names, w.csrf, w.step_up_until, w.last_seen_at
    from web_session w join staff s on s.id = w.staff_id join agency a on a.id = s.agency_id
    where w.id = :id and w.user_agent_hash = :browser and w.expires_at > :now and w.last_seen_at > :idle_since
    """,
    actor=_ACTOR,
)
# Who holds the row already notes the visit; waiting would queue one person's requests behind each other.
_SEEN: Final = text(
    "update web_session set last_seen_at = :now"
    " where id in (select id from web_session where id = :id for update skip locked)"
)
_AGENCY: Final = text("select id from agency where code = :code and not suspended")


async def actor_of(session: Session, issuer: str, subject: str) -> Actor | None:
    """The account's roles and standing now, or None if there is no such account. Suspension is carried, not judged."""
    row = await _by_account(session, issuer, subject)
    return _actor(row) if row else None


async def _by_account(session: Session, issuer: str, subject: str) -> Found | None:
    rows = await fetch(session, _BY_ACCOUNT, {"issuer": issuer, "subject": subject})
    return rows[0] if rows else None


async def actor_by_id(session: Session, staff_id: UUID) -> Actor | None:
    """The same by id, for work done later in somebody's name."""
    row = (await session.execute(_BY_ID, {"id": staff_id})).first()
    return _actor(row) if row else None


async def actor_from_claims(session: Session, oidc: Oidc, claims: Mapping[str, Any]) -> Actor | None:
    """The account that verified claims speak of; where it is managed by claims, brought in line with them first."""
    settings = oidc.settings
    subject = subject_of(claims, settings.oidc_subject_claim)
    row = await _by_account(session, oidc.issuer, subject)
    if row is not None and row.claims_managed and await _follow(session, row, claims, oidc):
        row = await _by_account(session, oidc.issuer, subject)
    return _actor(row) if row else None


async def actor_from_bearer(session: Session, oidc: Oidc, header: str | None) -> Actor:
    """Who sends this `Authorization` header. A machine's token may narrow its scopes, never widen them.

    Raises `Unauthenticated` for no token, a bad one, or one of somebody who has no account here.
    """
    found = _BEARER.fullmatch(header or "")
    if found is None:
        raise Unauthenticated("no bearer token")
    claims = await oidc.access_claims(found[1])
    actor = await actor_from_claims(session, oidc, claims)
    if actor is None:
        raise Unauthenticated("no account")
    scope = claims.get("scope")
    if isinstance(scope, str) and actor.has(Role.MACHINE):
        actor = replace(actor, scopes=actor.scopes & frozenset(scope.split()))
    return actor


async def signed_in(session: Session, oidc: Oidc, cookies: Cookies, request: Request) -> SignedIn | None:
    """The live console session of a request, or None: unknown, idle too long, too old, or another browser's."""
    session_id = cookies.session_id(request)
    if session_id is None:
        return None
    moment = now()
    idle_since = moment - timedelta(minutes=oidc.settings.session_idle_minutes)
    asked = {"id": session_id, "browser": user_agent_hash(request), "now": moment, "idle_since": idle_since}
    row = (await session.execute(_BY_SESSION, asked)).first()
    if row is None:
        return None
    if row.last_seen_at <= moment - _TOUCH:
        await session.execute(_SEEN, {"id": session_id, "now": moment})
    actor = replace(_actor(row), step_up_until=row.step_up_until)
    return SignedIn(actor, session_id, bytes(row.csrf), row.display_name, row.locale, dict(row.names))


async def actor_from_cookie(session: Session, oidc: Oidc, cookies: Cookies, request: Request) -> Actor | None:
    """The actor of a request's console session, or None."""
    found = await signed_in(session, oidc, cookies, request)
    return found.actor if found else None


def _actor(row: Any) -> Actor:
    return Actor(
        id=row.id,
        agency_id=row.agency_id,
        roles=frozenset(Role(role) for role in row.roles),
        scopes=frozenset(row.scopes),
        suspended=row.suspended,
        expires_at=row.expires_at,
        agency_suspended=row.agency_suspended,
        network=row.network,
    )


async def _follow(session: Session, row: Any, claims: Mapping[str, Any], oidc: Oidc) -> bool:
    """Bring roles and agency in line with the claims; whether anything changed. What is unknown is logged by id."""
    settings = oidc.settings
    granted = read_claims(claims, StaffKind(row.kind), settings.oidc_roles_claim, settings.oidc_agency_claim)
    if granted.unknown:
        log.warning("claims of staff %s: %d unknown roles ignored", row.id, granted.unknown)
    held = frozenset(Role(role) for role in row.roles)
    kept = held & {Role.ADMINISTRATOR}
    roles = held if granted.roles is None else granted.roles | kept
    agency_id = row.agency_id
    if granted.agency_code is not None and granted.agency_code != row.agency_code:
        found = (await session.execute(_AGENCY, {"code": granted.agency_code})).scalar_one_or_none()
        if found is None:
            log.warning("claims of staff %s: unknown agency ignored", row.id)
        agency_id = found or agency_id
    if roles == held and agency_id == row.agency_id:
        return False
    await _write(session, row.id, held, roles, agency_id)
    body = {"roles": sorted(roles), "agency": str(agency_id)}
    await append(session, _actor(row), "identity.follow_claims", row.id, body=body)
    return True


async def _write(
    session: Session, staff_id: UUID, held: frozenset[Role], roles: frozenset[Role], agency_id: UUID
) -> None:
    mine = col(StaffRole.staff_id) == staff_id
    await session.execute(update(Staff).where(col(Staff.id) == staff_id).values(agency_id=agency_id))
    if gone := held - roles:
        await session.execute(delete(StaffRole).where(mine, col(StaffRole.role).in_(gone)))
    for role in sorted(roles - held):
        given = insert(StaffRole).values(staff_id=staff_id, role=role, granted_at=now())
        await session.execute(given.on_conflict_do_nothing())  # another request of the same person may have been first
