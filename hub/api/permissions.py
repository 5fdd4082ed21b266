"""Who may call what: every root field states it, and the same place undoes what is refused and words it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from hub.audit import once
from hub.base.db import Session
from hub.base.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refusal
from hub.base.outages import BeingWritten, outage
from hub.base.rows import undone_if_refused
from hub.base.time import now
from hub.policy.terms import Actor, Role

from .context import Info
from .problems import problem_of

Who = frozenset[Role] | str

PUBLIC = "public"
"""Anybody, signed in or not."""
SIGNED_IN: frozenset[Role] = frozenset(Role)
"""Anybody with an account; the policy decides what they see."""
CASE_WORK: frozenset[Role] = frozenset({Role.COORDINATOR})
ANSWERING: frozenset[Role] = frozenset({Role.AGENCY_WORKER, Role.AGENCY_MANAGER, Role.COORDINATOR, Role.MACHINE})
OVERSEEING: frozenset[Role] = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})

Show = Callable[[Session, Actor, UUID], Awaitable[Any]]


READ, WRITE = "hub:read", "hub:write"
"""Scopes a machine needs besides its role."""


def allowed(actor: Actor | None, who: Who, scope: str = READ) -> bool:
    """Whether this account may call a field stating `who`. Suspended or expired accounts may call nothing (F1), and a
    machine only what its scopes name."""
    if who == PUBLIC:
        return True
    if actor is None or actor.suspended or actor.agency_suspended:
        return False
    if actor.expires_at is not None and actor.expires_at <= now():
        return False
    return not actor.roles.isdisjoint(who) and (Role.MACHINE not in actor.roles or scope in actor.scopes)


def refused(actor: Actor | None) -> NotPermitted:
    """Why they may not: nobody has signed in, the account has ended, or it is another's task."""
    if actor is None:
        return NotPermitted("sign_in_first")
    if actor.suspended or actor.agency_suspended or (actor.expires_at is not None and actor.expires_at <= now()):
        return NotPermitted("account_suspended")
    return NotPermitted()


class Asks(FieldExtension):
    """A query: who may ask. Anyone else is refused, whatever they asked about."""

    def __init__(self, who: Who) -> None:
        self.who = who

    def apply(self, field: StrawberryField) -> None:
        """Say it in the SDL too."""
        _say(field, self.who)

    async def resolve_async(self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **kwargs: Any) -> Any:
        """Ask, if they may."""
        if not allowed(info.context.actor, self.who):
            raise refused(info.context.actor)
        return await next_(source, info, **kwargs)


@dataclass(frozen=True, slots=True)
class Done:
    """What a resolver did, where it has the changed thing in hand already: it need not be read back."""

    id: UUID
    view: Any


class Does(FieldExtension):
    """A mutation: who may do it, all of it or nothing; `shows` reads the changed thing back through the policy.

    With `input.idempotencyKey` the same person's same request is done once: a repetition answers the same thing, and
    the same key with another body is refused.
    """

    def __init__(self, who: Who, shows: Show) -> None:
        self.who, self.shows = who, shows

    def apply(self, field: StrawberryField) -> None:
        """Say it in the SDL too."""
        _say(field, self.who)

    async def resolve_async(self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **kwargs: Any) -> Any:
        """Do it, or answer the problem with nothing changed."""
        context = info.context
        try:
            if not allowed(context.actor, self.who, WRITE):
                raise refused(context.actor)
            async with undone_if_refused(context.session):
                return await self._do(next_, source, info, kwargs)
        except Refusal as refusal:
            return problem_of(refusal, context.lang)
        except Exception as error:
            passing = outage(error)
            if not isinstance(passing, BeingWritten):
                raise
            return problem_of(passing, context.lang)

    async def _do(self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, kwargs: dict[str, Any]) -> Any:
        session, actor = info.context.session, info.context.person
        given = kwargs["input"]
        key = getattr(given, "idempotency_key", None)
        done = None
        if key is not None:
            if not 8 <= len(key) <= 100:
                raise InvalidInput(FieldError("idempotencyKey", "key_length"))
            body = hashlib.sha256(orjson.dumps([info.field_name, strawberry.asdict(given)], default=str)).digest()
            done = await once.claim(session, actor, key, body)
        if done is None:
            done = await next_(source, info, **kwargs)
            if key is not None:
                await once.remember(session, actor, key, done.id if isinstance(done, Done) else done)
        view = done.view if isinstance(done, Done) else await self.shows(session, actor, done)
        return view or problem_of(NotFound("done_not_shown"), info.context.lang)


def _say(field: StrawberryField, who: Who) -> None:
    said = "anybody" if who == PUBLIC else ", ".join(sorted(who)) if who != SIGNED_IN else "anybody signed in"
    field.description = f"{field.description}\n\nWho: {said}."
    field.metadata = MappingProxyType({**field.metadata, "who": who})
