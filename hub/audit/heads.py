"""Heads of the chain, signed and kept outside the database: what makes a cut or rewritten chain visible."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import text

from hub.base.db import Session
from hub.base.time import now

_LAST = text(
    """
    select last.number, last.entries, last.head, (select head from audit_seal where number = :known) as known
    from (select) one left join (
      select number, entries, head from audit_seal order by number desc limit 1
    ) last on true
    """
)


class ChainBroken(Exception):
    """The chain no longer holds what was exported: it was cut or rewritten. Only a person decides how to go on."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ended at a moment: seals, entries, hash (hex), time (ISO 8601), Ed25519 signature (hex)."""

    number: int
    entries: int
    head: str
    at: str
    signature: str = ""

    def signed_part(self) -> bytes:
        """The bytes that are signed: everything but the signature."""
        return json.dumps([self.number, self.entries, self.head, self.at]).encode()


def check(head: Head, public_key: bytes) -> bool:
    """Whether the signature is ours."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(head.signature), head.signed_part())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key that belongs to the signing seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def read(path: Path) -> Head:
    """A head from its JSON file; ValueError says the file is none."""
    try:
        data = json.loads(path.read_text("utf-8"))
        number, entries = int(data["number"]), int(data["entries"])
        if not (0 <= number < 2**62 and 0 <= entries < 2**62):  # the database counts little further
            raise ValueError
        return Head(number, entries, str(data["head"]), str(data["at"]), str(data["signature"]))
    except (KeyError, TypeError, OSError, ValueError, OverflowError, RecursionError) as problem:
        raise ValueError(f"{path} is not an audit head") from problem


async def export(session: Session, seed: bytes, folder: Path, *, keep: bool = True) -> Path | None:
    """Write the present head, signed, to `folder`/latest.json and, if it is to be kept, to head-<number>.json too.

    The file written; None if there is nothing new, or nothing is sealed. Raises `ChainBroken`, and touches no file, if
    the database no longer holds the seal that was exported last: the evidence of a cut is never written over. Put the
    folder on storage that the database's administrators cannot write: that is what the signature stands on.
    """
    before = newest(folder)  # read before the chain, which only grows: what is missing there then is truly gone
    last = (await session.execute(_LAST, {"known": before.number if before else 0})).one()
    if before is not None and (last.known is None or last.known.hex() != before.head):
        raise ChainBroken(f"seal {before.number} is not in the database as it was exported to {folder}")
    if last.number is None or not (keep or before is None or before.number < last.number):
        return None
    bare = Head(last.number, last.entries, last.head.hex(), now().isoformat())
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(bare.signed_part()).hex()
    return await asyncio.to_thread(_keep, folder, replace(bare, signature=signature), keep)


def newest(folder: Path) -> Head | None:
    """The last head exported to a folder; None if there never was one. ValueError: what is there is damaged."""
    latest = folder / "latest.json"
    if not latest.exists():
        kept = sorted(folder.glob("head-*.json"))
        return read(kept[-1]) if kept else None
    return read(latest)


def last_kept(folder: Path) -> Head | None:
    """`newest`, to compare a chain with: a damaged one is a head that fits no chain."""
    try:
        return newest(folder)
    except ValueError:
        return Head(-1, -1, "", "")


def _keep(folder: Path, head: Head, keep: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    latest, body = folder / "latest.json", json.dumps(asdict(head), indent=1)
    written = folder / f"head-{head.number:012d}.json" if keep else latest
    if keep:
        _write(written, body)
    with (folder / ".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        further = newest(folder)  # another worker may have been further: the last head never goes back
        if further is None or further.number <= head.number:
            _write(latest, body)
    return written


def _write(target: Path, body: str) -> None:
    """Whole or not at all, also when two workers share the folder."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    with partial.open("w", encoding="utf-8") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
