"""Sealed columns: objects encrypted under their owner's data key and bound to the place where they lie."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from .crypto import new_data_key, open_data_key, seal, unseal
from .db import Session, keys_of


class Vault:
    """The data key of one owner (a case or a report), open for this request only."""

    __slots__ = ("_key", "owner")

    def __init__(self, session: Session, owner: UUID, wrapped: bytes) -> None:
        self.owner = owner
        self._key = open_data_key(keys_of(session), wrapped, owner.bytes)

    def lock(self, place: str, value: Any) -> bytes:
        """`value` (anything JSON can hold) sealed for `place`, such as `party:<id>`."""
        return seal(self._key, orjson.dumps(value), self._bound(place))

    def unlock(self, place: str, sealed: bytes) -> Any:
        """What was locked there; `UnreadableError` if it was moved or altered."""
        return orjson.loads(unseal(self._key, sealed, self._bound(place)))

    def _bound(self, place: str) -> bytes:
        return self.owner.bytes + place.encode()


def new_key(session: Session, owner: UUID) -> bytes:
    """A fresh wrapped data key for an owner. Deleting it shreds everything sealed under it."""
    return new_data_key(keys_of(session), owner.bytes)
