"""Parties of a case as they may be shown: each part by its own category, in the form the policy asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.base.vault import Vault
from hub.policy.decide import Disclosed, Sight
from hub.policy.terms import Category, Obligation

from .rules import PartyKind, initials

IDENTITY_OF = {
    PartyKind.VICTIM: Category.VICTIM_IDENTITY,
    PartyKind.CHILD: Category.CHILD_IDENTITY,
    PartyKind.WITNESS: Category.VICTIM_IDENTITY,
    PartyKind.OPPOSITE: Category.OPPOSITE_IDENTITY,
    PartyKind.ASSOCIATED: Category.VICTIM_IDENTITY,
}


@dataclass(frozen=True, slots=True)
class PartyView:
    """Somebody a case is about, each part by its own category."""

    id: UUID
    kind: Disclosed[PartyKind] | None
    name: Disclosed[str] | None
    birth_date: Disclosed[str] | None
    phone: Disclosed[str] | None
    address: Disclosed[str] | None
    hidden: tuple[str, ...] = ()
    """The fields, by their names in the API, that are closed to the actor, whatever is in them."""


def party_view(vault: Vault, row: Any, sight: Sight) -> PartyView | None:
    """A party by category; None when nothing of them may be shown."""
    kind = PartyKind(row.kind)
    identity = IDENTITY_OF[kind]
    contact, whereabouts = Category.VICTIM_CONTACT, Category.VICTIM_WHEREABOUTS
    if kind is PartyKind.OPPOSITE:
        contact = whereabouts = Category.OPPOSITE_IDENTITY
    elif kind is PartyKind.CHILD:
        contact = whereabouts = Category.CHILD_IDENTITY
    if not (sight.may(identity) or sight.may(contact) or sight.may(whereabouts)):
        for category in (identity, contact, whereabouts):
            sight.show(category, None)
        return None
    person = vault.unlock(f"party:{row.id}", row.person)
    cut = Obligation.INITIALS in sight.form(identity)
    # the opposite party's address may be the victim's home: only who may know that reads it
    apart = kind is not PartyKind.OPPOSITE or sight.may(Category.VICTIM_WHEREABOUTS)
    closed = {
        "name": not sight.may(identity),
        "birthDate": cut or not sight.may(identity),
        "phone": not sight.may(contact),
        "address": not (apart and sight.may(whereabouts)),
    }
    name = person["name"] and (initials(person["name"]) if cut else person["name"])
    return PartyView(
        id=row.id,
        kind=sight.show(identity, kind) or sight.show(contact, kind) or sight.show(whereabouts, kind),
        name=sight.show(identity, name or None),
        birth_date=None if cut else sight.show(identity, person["birth_date"] or None),
        phone=sight.show(contact, person["phone"] or None),
        address=sight.show(whereabouts, person["address"] or None) if apart else None,
        hidden=tuple(field for field, shut in closed.items() if shut),
    )
