"""Declaring that one knows somebody of a case: from that moment its data is closed to them (forbid F2)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from hub.base.db import Session
from hub.base.errors import FieldError, InvalidInput, NotFound
from hub.base.ids import new_id
from hub.consent import standing
from hub.identity.grants import Relation, RelationKind, declare_relation, index_of
from hub.policy.terms import Actor

from . import views
from .rules import PartyKind

_PARTIES = text("select person_index from party where case_id = :case and kind = :kind")


@dataclass(frozen=True, slots=True)
class DeclareRelation:
    """That an account (oneself where none is given) is, lives with or is close to somebody.

    The person by `name`, who need not be in any case yet; or the `party` of one's case, whose name need not be known.
    """

    kind: RelationKind
    staff_id: UUID | None = None
    name: str = ""
    case_id: UUID | None = None
    party: PartyKind | None = None


async def declare(session: Session, actor: Actor, given: DeclareRelation) -> UUID:
    """Declare a relation (F2: SHPA 10; DVPA 50-1). Returns the account it is about.

    Oneself; coordinators and administrators for another. What is answered does not depend on whether a case has such a
    person. Raises `InvalidInput` where nobody or two ways are named, `NotFound` for a case the actor may not see.
    """
    whose = given.staff_id or actor.id
    if bool(given.name.strip()) == (given.case_id is not None):
        raise InvalidInput(FieldError("name", "name_or_case"))
    if given.case_id is None:
        await declare_relation(session, actor, Relation(whose, index_of(session, given.name), given.kind))
        return whose
    if given.party is None:
        raise InvalidInput(FieldError("party", "choose_one"))
    if await views.case(session, actor, given.case_id) is None:
        raise NotFound
    await _in_case(session, actor, whose, given, given.case_id)
    return whose


async def _in_case(session: Session, actor: Actor, whose: UUID, given: DeclareRelation, case_id: UUID) -> None:
    found = (await session.execute(_PARTIES, {"case": case_id, "kind": given.party})).scalars()
    # a party nobody has recorded by name has no index: the account alone is put on record, and the case closed to it
    indexes = [bytes(index) for index in found] or [case_id.bytes]
    for index in indexes:
        await declare_relation(session, actor, Relation(whose, index, given.kind, case_id))
    if given.party is PartyKind.OPPOSITE or given.kind is RelationKind.IS:
        await standing.stand(session, case_id, "conflict", new_id(), staff_id=whose)
