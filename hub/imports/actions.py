"""What a person does with a package: announce it, send it, confirm what was tried, or let it go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.crypto import open_data_key, seal
from hub.base.db import Session, keys_of
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from hub.base.ids import new_id
from hub.base.vault import new_key
from hub.policy.terms import Actor, Role

from .rules import MOST_BYTES, MOST_OPEN, PART, check, plain_name
from .states import OPEN, ImportReason, ImportState
from .tables import DirectoryImport, ImportPart, ImportProgress, ImportRemark

_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtext('directory.import.stage'))")


@dataclass(frozen=True, slots=True)
class StageImport:
    """A package to come: what its file is called and whose data it is; empty: as the package says."""

    file_name: str
    source: str


async def stage(session: Session, actor: Actor, given: StageImport) -> UUID:
    """Announce a package, whose bytes come next (`receive`). Administrators alone; five at once."""
    _administers(actor)
    name = plain_name(given.file_name)
    if wrong := check(name, given.source):
        raise InvalidInput(*wrong)
    await session.execute(_ONE_BY_ONE)  # several at once would all count the same
    kept = select(func.count()).where(col(DirectoryImport.key).is_not(None))
    if (await session.execute(kept)).scalar_one() >= MOST_OPEN:
        raise Conflict("too_many_packages")
    key = new_id()
    row = DirectoryImport(
        id=key,
        state=ImportState.RECEIVING,
        file_name=name,
        source=given.source.strip(),
        key=new_key(session, key),
        staged_by=actor.id,
        staged_at=moment(session),
    )
    session.add(row)
    await session.flush()
    await append(session, actor, "import.stage", key)
    return key


async def receive(session: Session, actor: Actor, import_id: UUID, file: IO[bytes]) -> UUID:
    """Take in the bytes of a package one has announced, once. Refused whole when they are none or too many."""
    _administers(actor)
    row = await held(session, import_id)
    if row is None:
        known = await session.get(DirectoryImport, import_id)
        if known is not None and known.staged_by == actor.id:
            raise Conflict("package_already_there")  # somebody sends it at this moment
    if row is None or row.staged_by != actor.id:
        raise NotFound
    if row.state != ImportState.RECEIVING or row.key is None:
        raise Conflict("package_already_there")
    key, digest, size = open_data_key(keys_of(session), row.key, row.id.bytes), hashlib.sha256(), 0
    for number, part in enumerate(_parts(file)):
        size += len(part)
        if size > MOST_BYTES:
            raise InvalidInput(FieldError("file", "package_too_big"))
        digest.update(part)
        sealed = seal(key, part, bound(import_id, number))
        await session.execute(insert(ImportPart).values(import_id=import_id, number=number, sealed=sealed))
    if size == 0:
        raise InvalidInput(FieldError("file", "choose_a_file"))
    row.state, row.size, row.digest, row.version = ImportState.WAITING, size, digest.digest(), row.version + 1
    session.add(row)
    await session.flush()
    await append(session, actor, "import.receive", import_id, body={"bytes": size, "sha256": digest.hexdigest()})
    return import_id


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(PART):
        yield part


def bound(import_id: UUID, number: int) -> bytes:
    """The place a sealed part is bound to."""
    return import_id.bytes + b"part" + str(number).encode()


async def confirm(session: Session, actor: Actor, import_id: UUID, version: int) -> UUID:
    """Have written what was tried. `Conflict` unless the package stands as it was shown."""
    _administers(actor)
    row = await _still(session, import_id)
    if row.state != ImportState.TRIED:
        raise Conflict("package_not_tried")
    if row.version != version:
        raise Conflict
    row.state, row.version, row.moved = ImportState.CONFIRMED, row.version + 1, False
    row.confirmed_by, row.confirmed_at = actor.id, moment(session)
    session.add(row)
    await session.execute(delete(ImportProgress).where(col(ImportProgress.import_id) == row.id))
    await session.flush()
    await append(session, actor, "import.confirm", row.id, body={"sha256": row.digest.hex()})
    return row.id


async def discard(session: Session, actor: Actor, import_id: UUID) -> UUID:
    """Let a package go that is not written; one that is being worked on is stopped, and nothing of it stays."""
    _administers(actor)
    row = await held(session, import_id)
    if row is None:
        known = await session.get(DirectoryImport, import_id)
        if known is None:
            raise NotFound
        stop = insert(ImportProgress).values(import_id=import_id, at=moment(session), stopped_by=actor.id)
        await session.execute(stop.on_conflict_do_update(index_elements=["import_id"], set_={"stopped_by": actor.id}))
        await append(session, actor, "import.stop", import_id)
        return import_id
    if row.state not in OPEN:
        raise Conflict("package_closed")
    await end(session, row, ImportState.DISCARDED)
    await append(session, actor, "import.discard", row.id)
    return row.id


async def end(session: Session, row: DirectoryImport, state: ImportState, reason: ImportReason | None = None) -> None:
    """Nothing more is done with a package: its file goes, its report stays."""
    row.reason = reason or ""
    row.state, row.version, row.key, row.ended_at = state, row.version + 1, None, moment(session)
    session.add(row)
    await session.execute(delete(ImportPart).where(col(ImportPart.import_id) == row.id))
    if state in (ImportState.DISCARDED, ImportState.EXPIRED):
        row.report = None
        await session.execute(delete(ImportRemark).where(col(ImportRemark.import_id) == row.id))
    await session.flush()


async def held(session: Session, import_id: UUID) -> DirectoryImport | None:
    """A package for this transaction alone, or None: there is none, or somebody works on it."""
    found = select(DirectoryImport).where(col(DirectoryImport.id) == import_id)
    taken = await session.execute(found.with_for_update(skip_locked=True, key_share=True))
    row: DirectoryImport | None = taken.scalar_one_or_none()
    return row


async def _still(session: Session, import_id: UUID) -> DirectoryImport:
    """A package nobody works on."""
    row = await held(session, import_id)
    if row is None:
        raise NotFound if await session.get(DirectoryImport, import_id) is None else Conflict("package_in_work")
    return row


def _administers(actor: Actor) -> None:
    if Role.ADMINISTRATOR not in actor.roles:
        raise NotPermitted
